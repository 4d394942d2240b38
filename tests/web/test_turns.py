"""Turns: pages go on however many send slowly."""

import errno
import io
import json
import logging
from threading import Event, Thread

import pytest
from flask import Flask, request

from leaderboard import gunicorn_settings
from leaderboard.web.turns import AT_ONCE, IN_MEMORY, WRITING, Turns

MOST = 100
PATIENCE = 10


class Dribble:
    """What one sends who does not go on."""

    def __init__(self):
        self.is_asked, self.ends = Event(), Event()

    def read(self, _size):
        self.is_asked.set()
        assert self.ends.wait(PATIENCE)
        raise TimeoutError("timed out")


def ask(turns, body=None, **more):
    """Return the status of the answer and what the application was given."""
    told = []
    environ = {"REQUEST_METHOD": "POST" if body else "GET", "wsgi.input": body or io.BytesIO(), **more}
    answer = b"".join(turns(environ, lambda status, _headers: told.append(status)))
    return told[0], answer


@pytest.fixture
def turns():
    def app(environ, start_response):
        start_response("200 OK", [])
        return [environ["wsgi.input"].read()]

    return Turns(app, MOST)


def test_who_sends_slowly_keeps_nobody_from_a_turn(turns):
    slow, found = [Dribble() for _ in range(AT_ONCE + 1)], []
    for each in slow:
        Thread(target=lambda each=each: found.append(ask(turns, each, CONTENT_LENGTH="9")), daemon=True).start()
    assert all(each.is_asked.wait(PATIENCE) for each in slow)
    quick = Thread(target=lambda: found.append(ask(turns)), daemon=True)
    quick.start()
    quick.join(PATIENCE)
    assert found == [("200 OK", b"")]
    for each in slow:
        each.ends.set()
    while len(found) < len(slow) + 1:
        Event().wait(0.005)
    assert {status for status, _ in found[1:]} == {"408 Request Timeout"}
    slow[0].is_asked.clear()
    _, told = ask(turns, slow[0], CONTENT_LENGTH="9", PATH_INFO="/api/v1/events")
    assert json.loads(told)["status"] == 408  # to programs as everything that goes wrong


def test_however_many_wait_to_write_pages_are_read():
    is_full, go_on, found = Event(), Event(), []
    waiting = []

    def app(environ, start_response):
        if environ["REQUEST_METHOD"] == "POST":
            waiting.append(environ)
            if len(waiting) == WRITING:
                is_full.set()
            assert go_on.wait(PATIENCE)
        start_response("200 OK", [])
        return [environ["REQUEST_METHOD"].encode()]

    turns = Turns(app, MOST)
    writers = [
        Thread(target=lambda: found.append(ask(turns, io.BytesIO(b"x"), CONTENT_LENGTH="1")), daemon=True)
        for _ in range(2 * AT_ONCE)
    ]
    for each in writers:
        each.start()
    assert is_full.wait(PATIENCE)
    reader = Thread(target=lambda: found.append(ask(turns)), daemon=True)
    reader.start()
    reader.join(PATIENCE)
    assert found == [("200 OK", b"GET")]
    assert len(waiting) == WRITING
    go_on.set()
    for each in writers:
        each.join(PATIENCE)
    assert len(found) == 2 * AT_ONCE + 1


@pytest.mark.parametrize(
    ("sent", "more", "given"),
    [
        (b"x" * MOST, {"CONTENT_LENGTH": str(MOST)}, MOST),
        (b"x" * (MOST + 1), {"CONTENT_LENGTH": str(MOST + 1)}, MOST + 1),  # the application refuses it, unread
        (b"x" * 7, {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}, 7),
        (b"", {"CONTENT_LENGTH": "0"}, 0),
        (b"", {"CONTENT_LENGTH": "some"}, 0),
    ],
)
def test_what_is_sent_comes_whole(turns, sent, more, given):
    assert ask(turns, io.BytesIO(sent), **more) == ("200 OK", b"x" * given)


def test_what_ends_before_its_length_is_not_taken(turns):
    assert ask(turns, io.BytesIO(b"x" * 8), CONTENT_LENGTH="9")[0] == "408 Request Timeout"


def test_nothing_is_read_past_the_end_of_what_is_sent(turns):
    sent = io.BytesIO(b"x" * 9 + b"the next request")
    assert ask(turns, sent, CONTENT_LENGTH="9") == ("200 OK", b"x" * 9)
    assert sent.read() == b"the next request"


def test_of_what_never_ends_only_so_much_is_taken_in_that_it_is_refused(turns):
    endless = type("Endless", (), {"read": lambda self, size: b"x" * size})()
    _, given = ask(turns, endless, HTTP_TRANSFER_ENCODING="chunked", **{"wsgi.input_terminated": True})
    assert MOST < len(given) <= IN_MEMORY


@pytest.mark.parametrize(("beyond", "status"), [(0, 200), (1, 413), (MOST, 413)])
def test_what_comes_in_chunks_is_whole_or_refused_but_never_cut(beyond, status):
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = MOST
    app.add_url_rule("/", view_func=lambda: request.get_data(), methods=["POST"])
    app.wsgi_app = Turns(app.wsgi_app, 2 * MOST)
    chunks = {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True, "CONTENT_LENGTH": ""}
    answer = app.test_client().post("/", input_stream=io.BytesIO(b"x" * (MOST + beyond)), environ_overrides=chunks)
    assert answer.status_code == status
    assert status == 413 or len(answer.data) == MOST + beyond


def test_there_is_a_connection_for_every_turn_and_for_the_watcher(pool):
    assert pool.pool.size() + pool.pool._max_overflow > AT_ONCE


@pytest.mark.parametrize(
    ("number", "is_told"), [(errno.ETIMEDOUT, False), (errno.EHOSTUNREACH, False), (errno.EIO, True)]
)
def test_that_a_screen_was_unplugged_is_no_news(number, is_told):
    failed = OSError(number, "as the system says it")
    record = logging.LogRecord("gunicorn.error", logging.ERROR, "", 1, "Socket error", (), (OSError, failed, None))
    assert gunicorn_settings.is_news(record) is is_told
    assert gunicorn_settings.is_news(logging.LogRecord("gunicorn.error", logging.ERROR, "", 1, "else", (), None))
