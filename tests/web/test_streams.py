"""Live boards over HTTP: who may have one, what comes, and when it ends."""

import json
from datetime import UTC, date, datetime
from time import monotonic

import pytest
from sqlalchemy import update

from leaderboard.domain.actors import COMMAND_LINE
from leaderboard.services.account_admin import deactivate
from leaderboard.services.recording import record_event
from leaderboard.storage.accounts_tables import UserAccount
from leaderboard.web import hub, streams
from tests.factories import at, event, ids_of
from tests.web import worlds
from tests.web.listening import Stream, until

PEOPLE = "/stream?period=2026-11&scope=member"


@pytest.fixture(autouse=True)
def _at_the_moment_of_the_world(monkeypatch):
    monkeypatch.setattr(streams, "today", lambda *_args, **_more: worlds.NOW.date())


def test_a_scored_event_is_on_every_open_board_within_a_second(reader, session):
    ana, dora = Stream(reader("ana"), PEOPLE), Stream(reader("dora"), PEOPLE)
    teams = Stream(reader("bia"), "/stream?period=2026-11")
    for each in (ana, dora, teams):
        each.has("beat", "frame")
    assert ana.answer.mimetype == "text/event-stream"
    assert ana.answer.headers["X-Accel-Buffering"] == "no"
    assert ana.answer.headers["Cache-Control"] == "no-store"
    assert "Missed" in "".join(dora.events[1][1]["lines"])
    assert "Missed" not in "".join(ana.events[1][1]["lines"])  # reps see what was reached
    bia = ids_of(session)["bia"]
    record_event(session, event("a1", "11-18 09:00", "lead.assigned", bia), now=at("11-18 11:00"))
    record_event(session, event("d1", "11-18 09:30", "lead.disposed", bia), now=at("11-18 11:00"))
    committed_at = monotonic()
    for each in (ana, dora, teams):
        each.has("beat", "frame", "patch")
    assert max(each.came_at[-1] for each in (ana, dora, teams)) - committed_at < 1
    change = json.dumps(ana.events[2][1]["patch"])
    assert '"score\\">30' in change  # Bia now has as many points as Ana; whom it does not concern stays out
    assert "Dora" not in change


def test_a_stream_asks_for_sign_in_and_for_a_board_that_there_is(client, reader):
    assert client.get(PEOPLE).status_code == 303
    assert reader("ana").get("/stream?period=2026-13").status_code == 400


def test_a_stream_ends_when_its_user_is_signed_out(reader, session, app):
    ana, dora = Stream(reader("ana"), PEOPLE), Stream(reader("dora"), PEOPLE)
    for each in (ana, dora):
        each.has("beat", "frame")
    user = session.query(UserAccount.id).filter_by(email="ana@example.com").scalar()
    deactivate(session, user, now=datetime.now(UTC), by=COMMAND_LINE)
    streams._check_sessions(app)
    ana.has("beat", "frame", "gone")
    until(lambda: ana.has_ended)
    assert dora.names() == ["beat", "frame"]


@pytest.mark.parametrize("less", [{"role": "rep"}, {"teams_seen": "own"}])
def test_who_answers_for_all_no_more_loses_at_once_what_only_they_see(reader, session, app, less):
    ana, dora = Stream(reader("ana"), PEOPLE), Stream(client := reader("dora"), PEOPLE)
    for each in (ana, dora):
        each.has("beat", "frame")
    session.execute(update(UserAccount).where(UserAccount.email == "dora@example.com").values(**less))
    session.commit()
    streams._check_sessions(app)
    dora.has("beat", "frame", "bye")  # it comes again
    assert ana.names() == ["beat", "frame"]
    again = Stream(client, PEOPLE)
    again.has("beat", "frame")
    assert "Missed" not in "".join(again.events[1][1]["lines"])


def test_a_board_of_this_month_is_that_of_the_next_when_it_has_begun(reader, monkeypatch):
    monkeypatch.setattr(hub, "TIMED_EVERY", 0.0)
    named, present = (Stream(reader("ana"), f"/stream?scope=member{more}") for more in ("&period=2026-11", ""))
    for each in (named, present):
        each.has("beat", "frame")
    monkeypatch.setattr(streams, "today", lambda *_args, **_more: date(2026, 12, 1))
    present.has("beat", "frame", "patch")
    assert "December 2026" in str(present.events[2])
    assert named.names() == ["beat", "frame"]


def test_who_waits_for_a_board_keeps_no_connection_to_the_database(reader, app, pool, monkeypatch):
    asked, join = [], app.extensions["hub"].join
    monkeypatch.setattr(
        app.extensions["hub"], "join", lambda *args, **more: asked.append(pool.pool.checkedout()) or join(*args, **more)
    )
    Stream(reader("ana"), PEOPLE).has("beat", "frame")
    assert asked == [0]


def test_who_comes_when_all_streams_are_taken_is_asked_to_come_again(reader, app):
    app.extensions["hub"].most = 1
    client = reader("ana")
    first = Stream(client, PEOPLE)
    first.has("beat", "frame")
    answer = client.get(PEOPLE)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == streams.RETRY_SECONDS
    app.extensions["hub"].listeners(streams.SESSION)[0].end()
    until(lambda: client.get(PEOPLE).status_code == 200)
