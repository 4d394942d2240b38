"""The API in real server processes: what was acknowledged is there whoever is killed, the rest can be sent again."""

import json
import os
import signal
import threading
import urllib.request
from datetime import UTC, datetime

import pytest

from leaderboard.services.verifying import verify
from tests.factories import opened
from tests.test_cli import House
from tests.test_serving import KEY, Server, until
from tests.web import worlds
from tests.web.api import token_of


@pytest.fixture
def server(tmp_path, monkeypatch):
    """A server whose organisation is loaded; `token`: of a program that sends events."""
    monkeypatch.setenv("SECRET_KEY", KEY)
    monkeypatch.setenv("COOKIE_SECURE", "0")
    server = Server(House(tmp_path, monkeypatch), "--no-scheduler")
    with opened(server.house.address) as session:
        worlds.build(session)
        server.token = token_of(session, "enzo", "events:write", now=datetime.now(UTC))
    until(server.answers)
    yield server
    if server.process.poll() is None:
        server.end()


def batch(name, size=1000):
    """Return so many events: leads that Bia gets and disposes of."""
    rows = []
    for number in range(size // 2):
        for kind, minute in (("assigned", 0), ("disposed", 30)):
            at = f"2026-11-16T12:{minute:02}:00Z"
            lead = f"{name}-{number}"
            row = {"event_id": f"{kind}-{lead}", "occurred_at": at, "type": f"lead.{kind}", "subject": lead}
            rows.append(row | {"member": "bia@example.com"})
    return json.dumps({"source": "crm", "events": rows}).encode()


def send(server, body):
    request = urllib.request.Request(f"http://127.0.0.1:{server.port}/api/v1/events", body)
    request.add_header("Authorization", f"Bearer {server.token}")
    request.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def test_what_was_acknowledged_is_on_disk_and_what_was_not_can_be_sent_again(server):
    before, answers = server.house.stored(), []

    def send_both():
        answers.append(send(server, batch("first")))
        try:
            answers.append(send(server, batch("second")))
        except OSError:
            answers.append(None)

    (worker,) = server.children(server.pid_of("gunicorn"))
    sending = threading.Thread(target=send_both)
    sending.start()
    until(lambda: answers)
    until(lambda: server.house.is_being_written(0.001) or len(answers) > 1)
    os.kill(worker, signal.SIGKILL)  # one answer is there just now; the other batch is being written
    sending.join()
    assert answers[0]["new"] == 1000
    stored = server.house.stored() - before
    assert stored in (1000, 2000)  # of a batch all or nothing
    until(server.answers)
    again = send(server, batch("second"))
    assert (again["new"], again["duplicate"]) == (2000 - stored, stored - 1000)
    with opened(server.house.address) as session:
        assert list(verify(session, now=datetime.now(UTC))) == []
