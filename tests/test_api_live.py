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


def kill_worker(server):
    (worker,) = server.children(server.pid_of("gunicorn"))
    os.kill(worker, signal.SIGKILL)


def test_what_was_acknowledged_is_on_disk_and_what_was_not_can_be_sent_again(server):
    before = server.house.stored()
    assert send(server, batch("first"))["new"] == 1000
    kill_worker(server)  # the moment its answer is there
    assert server.house.stored() == before + 1000

    until(server.answers)
    lost = []

    def try_to_send():
        try:
            lost.append(send(server, batch("second")))
        except OSError:
            lost.append(None)

    sending = threading.Thread(target=try_to_send)
    sending.start()
    until(lambda: server.house.is_being_written(0.001) or lost)
    kill_worker(server)  # while it writes, unless it was quicker
    sending.join()
    until(server.answers)
    stored = server.house.stored() - before - 1000
    assert stored in (0, 1000)  # all of it or nothing
    again = send(server, batch("second"))
    assert (again["new"], again["duplicate"]) == (1000 - stored, stored)
    with opened(server.house.address) as session:
        assert list(verify(session, now=datetime.now(UTC))) == []
