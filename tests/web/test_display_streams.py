"""Live displays over HTTP: what comes, what is celebrated, and that a revoked one ends at once."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from leaderboard.domain.actors import COMMAND_LINE
from leaderboard.domain.displays import Settings
from leaderboard.services.displays import (
    ask_for_celebration,
    change_display,
    change_message,
    find_display,
    revoke_display,
)
from leaderboard.services.recording import record_event
from leaderboard.storage.display_tables import DisplayRow
from tests.factories import at, event, ids_of
from tests.services.screens import pair
from tests.web.listening import Stream, until
from tests.web.worlds import NOW

LIVE = "/display/stream"


@pytest.fixture(autouse=True)
def _moment(world, monkeypatch):
    for module in ("display_streams", "devices", "streams"):
        monkeypatch.setattr(f"leaderboard.web.{module}.utc_now", lambda: NOW)


@pytest.fixture
def screen(app, session):
    """`screen(settings)` pairs a display and returns its id and its client."""

    def paired(settings=None, **more):
        display_id, token = pair(session, settings=settings, **more)
        client = app.test_client()
        client.set_cookie(app.config["DISPLAY_COOKIE_NAME"], token)
        return display_id, client

    return paired


def exceed(session, number=1, name="bia"):
    """Let somebody dispose of a lead well in time, just now."""
    member, lead = ids_of(session)[name], f"win-{number}"
    record_event(session, event(f"a-{lead}", "11-18 09:00", "lead.assigned", member, lead), now=at("11-18 11:00"))
    record_event(session, event(f"d-{lead}", "11-18 09:30", "lead.disposed", member, lead), now=at("11-18 11:00"))


def celebrated(stream):
    return [
        (each["kind"], each["name"]) for name, data in stream.events if name == "celebrate" for each in data["items"]
    ]


def test_a_display_follows_what_is_scored_and_celebrates_it_in_its_own_words(screen, session):
    _, english = screen()
    _, first_names = screen(Settings(names="initial", language="pt_BR"), name="Cozinha")
    _, quiet = screen(Settings(celebrates=False), name="Quiet room")
    streams = [Stream(each, LIVE) for each in (english, first_names, quiet)]
    for each in streams:
        until(lambda each=each: each.names() == ["beat", "frame"])
    exceed(session)
    for each in streams:
        until(lambda each=each: "patch" in each.names())
    until(lambda: celebrated(streams[0]) and celebrated(streams[1]))
    assert ("exceeded", "Bia Souza") in celebrated(streams[0])
    assert ("exceeded", "Bia S.") in celebrated(streams[1])
    assert celebrated(streams[2]) == []
    everything = str([each.events for each in streams])
    assert "@example.com" not in everything
    assert "win-1" not in everything
    again = Stream(english, f"{LIVE}?seen=an-older-one")  # it was away for a moment: it knows what it has shown
    until(lambda: celebrated(again) == celebrated(streams[0]))
    fresh = Stream(english, LIVE)
    until(lambda: fresh.names() == ["beat", "frame"])


def test_the_only_screen_gets_what_happened_while_it_was_away_for_a_moment(screen, session, app):
    display_id, client = screen()
    stream = Stream(client, LIVE)
    until(lambda: stream.names() == ["beat", "frame"])
    change_message(session, display_id, message="Cake", until=None, now=NOW, by=COMMAND_LINE)
    until(lambda: stream.has_ended and not app.extensions["hub"].listeners("display"))
    exceed(session)
    again = Stream(client, f"{LIVE}?seen=an-older-one")
    until(lambda: ("exceeded", "Bia Souza") in celebrated(again))


def test_a_revoked_display_ends_at_once_and_is_not_let_in_again(screen, session):
    display_id, client = screen()
    _, other = screen(name="Kitchen")
    gone, stays = Stream(client, LIVE), Stream(other, LIVE)
    for each in (gone, stays):
        until(lambda each=each: each.names() == ["beat", "frame"])
    revoke_display(session, display_id, now=NOW, by=COMMAND_LINE)
    until(lambda: gone.has_ended)
    assert gone.names() == ["beat", "frame", "gone"]
    assert client.get(LIVE).status_code == 401
    assert stays.names() == ["beat", "frame"]


def test_what_a_manager_changes_or_says_is_on_the_screen_at_once(screen, session):
    display_id, client = screen()
    stream = Stream(client, LIVE)
    until(lambda: stream.names() == ["beat", "frame"])
    change_message(
        session, display_id, message="Cake at four", until=NOW + timedelta(hours=1), now=NOW, by=COMMAND_LINE
    )
    until(lambda: stream.has_ended)
    assert stream.names()[-1] == "bye"  # it comes again
    stream = Stream(client, LIVE)
    until(lambda: stream.names() == ["beat", "frame"])
    assert "Cake at four" in str(stream.events)
    settings = replace(find_display(session, display_id).settings, shows_people=False)
    change_display(session, display_id, name="Hall", settings=settings, now=NOW, by=COMMAND_LINE)
    until(lambda: stream.has_ended)
    stream = Stream(client, LIVE)
    until(lambda: stream.names() == ["beat", "frame"])
    assert "Ana" not in str(stream.events)


def test_celebrate_now_is_seen_on_that_display_alone(screen, session):
    display_id, client = screen(name="Hall")
    _, other = screen(name="Kitchen")
    tried, still = Stream(client, LIVE), Stream(other, LIVE)
    for each in (tried, still):
        until(lambda each=each: each.names() == ["beat", "frame"])
    ask_for_celebration(session, display_id, now=NOW, by=COMMAND_LINE)
    until(lambda: celebrated(tried))
    assert [name for _, name in celebrated(tried)] == ["Hall"]
    assert celebrated(still) == []


def test_screens_that_are_there_are_noted_and_managers_may_look_on(screen, session, app, reader):
    display_id, client = screen()
    stream, preview = (
        Stream(client, f"{LIVE}?w=1920&h=1080"),
        Stream(reader("dora"), f"/manage/displays/{display_id}/stream"),
    )
    for each in (stream, preview):
        until(lambda each=each: each.names() == ["beat", "frame"])
    session.execute(DisplayRow.__table__.update().values(last_seen_at=NOW - timedelta(hours=1)))
    session.commit()
    app.extensions["screens"].note_seen()
    session.rollback()
    assert session.execute(select(DisplayRow.last_seen_at, DisplayRow.width, DisplayRow.height)).one() == (
        NOW,
        1920,
        1080,
    )
    assert reader("ana").get(f"/manage/displays/{display_id}/stream").status_code == 403
    assert reader("dora").get("/manage/displays/99/stream").status_code == 404


def test_a_screen_that_joins_just_while_it_is_revoked_or_changed_learns_it_all_the_same(screen, session, app):
    (gone_id, gone), (changed_id, changed), (_, sound) = screen(), screen(name="Kitchen"), screen(name="Hall")
    app.extensions["hub"].changed.clear()  # the watcher has told everybody before they were there
    streams = [Stream(each, LIVE) for each in (gone, changed, sound)]
    for each in streams:
        each.has("beat", "frame")
    revoke_display(session, gone_id, now=NOW, by=COMMAND_LINE)
    change_message(session, changed_id, message="Cake!", until=None, now=NOW, by=COMMAND_LINE)
    app.extensions["screens"].check()
    streams[0].has("beat", "frame", "gone")
    streams[1].has("beat", "frame", "bye")
    assert streams[2].names() == ["beat", "frame"]
