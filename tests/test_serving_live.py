"""Streams from real server processes: they end when told to, and a wall outlives whatever becomes of the server."""

import signal
import urllib.request
from datetime import UTC, datetime, timedelta
from time import monotonic

import pytest
from playwright.sync_api import expect

from leaderboard.app import create_app
from leaderboard.domain.events import Event
from leaderboard.services.recording import record_event
from tests.browser import guarded_page
from tests.conftest import SETTINGS
from tests.factories import ids_of, opened
from tests.services.screens import pair
from tests.test_cli import House
from tests.test_serving import KEY, Server, is_gone, until
from tests.web import worlds


@pytest.fixture
def server(tmp_path, monkeypatch):
    """A server whose organisation is loaded; `token`: of a paired screen."""
    monkeypatch.setenv("SECRET_KEY", KEY)
    monkeypatch.setenv("COOKIE_SECURE", "0")
    server = Server(House(tmp_path, monkeypatch), "--no-scheduler")
    with opened(server.house.address) as session:
        worlds.build(session)
        _, server.token = pair(session, now=datetime.now(UTC))
    until(server.answers)
    yield server
    if server.process.poll() is None:
        server.end()


def stream_of(server):
    request = urllib.request.Request(f"http://127.0.0.1:{server.port}/display/stream")
    request.add_header("Cookie", f"display={server.token}")
    return urllib.request.urlopen(request, timeout=30)


def exceed(server, number):
    """Let Bia dispose of a lead well in time, just now."""
    now = datetime.now(UTC)
    with opened(server.house.address) as session:
        member = ids_of(session)["bia"]
        for kind, ago in (("assigned", 2), ("disposed", 1)):
            at = now - timedelta(minutes=ago)
            event = Event(f"{kind}-{number}", at, f"lead.{kind}", f"win-{number}", member, source="crm")
            record_event(session, event, now=now)


def test_streams_end_with_a_word_when_the_server_stops_and_keep_nobody_waiting(server):
    with stream_of(server) as stream:
        assert stream.readline() == b"event: beat\n"
        until(lambda: stream.readline() == b"event: frame\n")
        since = monotonic()
        errors = server.end()
        rest = stream.read()
    assert rest.endswith(b"event: bye\ndata: {}\n\n")
    assert monotonic() - since < 5  # and not the ten seconds that requests under way are given
    assert "Traceback" not in errors


@pytest.mark.browser
def test_a_wall_outlives_its_server_and_shows_what_came_meanwhile(server, chromium):
    app = create_app(SETTINGS)
    address = f"http://127.0.0.1:{server.port}"
    with guarded_page(chromium, app, viewport={"width": 1920, "height": 1080}, service_workers="block") as tv:
        tv.context.add_cookies([{"name": "display", "value": server.token, "url": address}])
        tv.goto(f"{address}/display")
        wall = tv.locator("#display-wall")
        exceed(server, 1)
        expect(tv.locator("#slide-quarter-teams")).to_contain_text("110", timeout=3_000)  # North's points
        shown = wall.text_content()
        server.end(signal.SIGKILL)
        expect(tv.locator("#mark")).to_be_visible(timeout=20_000)
        assert wall.text_content() == shown
        server.start_again()
        exceed(server, 2)
        expect(tv.locator("#mark")).to_be_hidden(timeout=20_000)
        until(lambda: tv.wait_for_timeout(50) or wall.text_content() != shown)
        shown = wall.text_content()
        (worker,) = server.children(server.pid_of("gunicorn"))
        server.process.send_signal(signal.SIGHUP)  # a reload: other processes, and nobody notices
        until(lambda: is_gone(worker) and server.answers())
        exceed(server, 3)
        until(lambda: tv.wait_for_timeout(50) or wall.text_content() != shown)
        tv.guard.faults.clear()  # the browser names what it could not reach
