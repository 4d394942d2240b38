"""Displays: known by a token that changes, seen, changed, revoked; and each change reaches the screens."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select

from leaderboard.domain.displays import Settings
from leaderboard.domain.errors import DisplayRefused
from leaderboard.services import displays
from leaderboard.services.displays import (
    LIVE_FOR,
    TOKEN_CHANGES_AFTER,
    Screen,
    find_display,
    renew_token,
    resume_display,
)
from leaderboard.storage.database import begin_write
from leaderboard.storage.display_tables import DisplayRow, Screens
from leaderboard.storage.tables import OrganisationRow
from leaderboard.storage.trail_tables import AuditEntry
from tests.factories import opened
from tests.services.examples import set_up
from tests.services.screens import DORA, NOW, pair

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)


def renewed(session, token, now):
    """Load the page with a token: return the token that the screen keeps."""
    return renew_token(session, resume_display(session, token, now=now), token, now=now)


def test_a_token_changes_after_a_day_and_the_one_before_ends_when_the_new_one_is_used(session):
    _, first = pair(session)
    assert renewed(session, first, NOW + TOKEN_CHANGES_AFTER - SECOND) == first
    second = renewed(session, first, NOW + TOKEN_CHANGES_AFTER)
    assert second not in (first, None)
    assert renewed(session, first, NOW + DAY) is None  # another load: what the first got is not taken away
    assert resume_display(session, first, now=NOW + DAY) is not None
    assert resume_display(session, second, now=NOW + DAY) is not None
    assert resume_display(session, first, now=NOW + DAY) is None
    assert resume_display(session, second, now=NOW + DAY) is not None


def test_an_answer_that_got_lost_with_the_new_token_locks_no_screen_out(session):
    _, first = pair(session)
    for days in range(1, 4):
        lost = renewed(session, first, NOW + days * DAY)
    assert renewed(session, lost, NOW + 3 * DAY) == lost
    assert resume_display(session, first, now=NOW + 3 * DAY) is None


def test_of_two_loads_at_once_one_gets_a_new_token(session, database_url):
    _, token = pair(session)
    device = resume_display(session, token, now=NOW + DAY)
    session.rollback()

    def load(_):
        with opened(database_url) as other:
            return renew_token(other, device, token, now=NOW + DAY)

    with ThreadPoolExecutor(4) as pool:
        got = [each for each in pool.map(load, range(4)) if each is not None]
    assert len(got) <= 1  # none where the database was busy: the next load comes
    kept = got[0] if got else token
    assert resume_display(session, kept, now=NOW + DAY) is not None


def test_a_display_is_known_in_one_statement_and_noted_once_a_minute(session, query_counter):
    set_up(session)
    display_id, token = pair(session)

    def seen():
        session.rollback()
        return find_display(session, display_id)

    screen = Screen("Mozilla/5.0\x1b[2J (X11; Linux) Chrome/128.0", 1920, 1080)
    device = resume_display(session, token, now=NOW, screen=screen)
    assert (device.scores_version, device.rules_version) == session.execute(
        select(OrganisationRow.scores_version, OrganisationRow.rules_version)
    ).one()
    told = seen()
    assert (told.width, told.height, told.last_seen_at) == (1920, 1080, NOW)
    assert "\x1b" not in told.user_agent
    with query_counter() as statements:
        resume_display(session, token, now=NOW + 59 * SECOND, screen=screen)
    assert len([each for each in statements if each.startswith("SELECT")]) == len(statements) == 1
    assert seen().last_seen_at == NOW
    resume_display(session, token, now=NOW + 60 * SECOND, screen=Screen(screen.user_agent))
    assert (seen().last_seen_at, seen().width) == (NOW + 60 * SECOND, 1920)
    resume_display(session, token, now=NOW + 61 * SECOND, screen=screen._replace(width=3840))
    assert seen().width == 3840
    other_id, _ = pair(session, "Kitchen")
    displays.mark_seen(session, [display_id, other_id], now=NOW + DAY)
    listed = displays.list_displays(session)
    assert [each.name for each in listed] == ["Kitchen", "Sales floor"]
    assert all(each.is_live(NOW + DAY + LIVE_FOR - SECOND) for each in listed)
    assert not any(each.is_live(NOW + DAY + LIVE_FOR) for each in listed)


def test_a_screen_waits_for_no_writer(session, database_url):
    _, token = pair(session)
    resume_display(session, token, now=NOW)
    with opened(database_url) as writer:
        begin_write(writer)
        writer.execute(select(DisplayRow).with_for_update()).all()
        device = resume_display(session, token, now=NOW + DAY)
        assert renew_token(session, device, token, now=NOW + DAY) is None  # it keeps what it has
        writer.rollback()
    assert renewed(session, token, NOW + DAY) != token


def test_what_managers_change_is_noted_and_raises_the_version_of_the_screens(session):
    set_up(session)
    display_id, token = pair(session)
    by = {"now": NOW, "by": DORA}

    def version():
        session.rollback()
        return session.scalar(select(Screens.version)) or 0

    def raised_by(change, **values):
        before = version()
        change(session, display_id, **values, **by)
        return version() - before

    new = {"name": "Kitchen", "settings": Settings(top=3)}
    assert (raised_by(displays.change_display, **new), raised_by(displays.change_display, **new)) == (1, 0)
    message = {"message": " Cake  \r\nat four \n", "until": NOW + SECOND}
    assert (raised_by(displays.change_message, **message), raised_by(displays.change_message, **message)) == (1, 0)
    device = resume_display(session, token, now=NOW)
    assert (device.name, device.settings.top) == ("Kitchen", 3)
    assert (device.message_at(NOW), device.message_at(NOW + SECOND)) == ("Cake\nat four", "")
    assert raised_by(displays.change_message, message="", until=NOW - DAY) == 1
    assert raised_by(displays.ask_for_celebration) == 1
    assert find_display(session, display_id).tested_at == NOW
    assert raised_by(displays.revoke_display) == 1
    assert resume_display(session, token, now=NOW) is None
    assert (find_display(session, display_id), displays.list_displays(session)) == (None, [])
    actions = session.scalars(select(AuditEntry.action).where(AuditEntry.about == f"display {display_id}")).all()
    assert [each.removeprefix("display.") for each in actions] == [
        "paired",
        "changed",
        "message",
        "message",
        "tested",
        "revoked",
    ]


@pytest.mark.databases("sqlite")
def test_what_is_refused_changes_nothing(session):
    display_id, _ = pair(session)
    other_id, _ = pair(session, "Kitchen")
    by = {"now": NOW, "by": DORA}

    def refused(change, **values):
        with pytest.raises(DisplayRefused) as caught:
            change(session, values.pop("display_id", display_id), **values, **by)
        return caught.value.what

    assert refused(displays.change_display, name="KITCHEN", settings=Settings()) == "taken"
    assert refused(displays.change_display, name=" ", settings=Settings()) == "name"
    assert refused(displays.change_message, message="x" * 281, until=None) == "message"
    assert refused(displays.change_message, message="a\x00b", until=None) == "message"
    assert refused(displays.change_message, message="Cake", until=NOW) == "until"
    displays.change_message(session, display_id, message="x" * 280, until=NOW + SECOND, **by)
    displays.change_display(session, display_id, name="SALES FLOOR", settings=Settings(), **by)
    displays.revoke_display(session, other_id, **by)
    for change in (displays.revoke_display, displays.ask_for_celebration):
        assert refused(change, display_id=other_id) == refused(change, display_id=999) == "gone"
