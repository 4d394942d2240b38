"""Pairing a screen: codes that end, are good once and cannot be guessed, and the token that comes of it."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text

from leaderboard.domain.actors import Actor
from leaderboard.domain.displays import CODE_LETTERS, Settings
from leaderboard.domain.errors import DisplayRefused, Throttled
from leaderboard.services import pairing
from leaderboard.services.displays import change_message, find_display, list_displays, resume_display, revoke_display
from leaderboard.services.pairing import (
    CODE_LIFE,
    FETCH_WITHIN,
    MOST_OF_ADDRESS,
    begin_pairing,
    collect_token,
    pairing_of,
)
from leaderboard.storage.display_tables import DisplayRow, Pairing, Screens
from leaderboard.storage.trail_tables import AuditEntry
from tests.services.examples import set_up
from tests.services.screens import DORA, ELSEWHERE, LIMITS, NOW, OFFICE, claim, pair

SECOND = timedelta(seconds=1)


def refused(session, code, **entered):
    with pytest.raises(DisplayRefused) as caught:
        claim(session, code, **entered)
    return caught.value.what


def waiting(session, code, secret, now):
    return pairing_of(session, code, secret, now=now)


def screens_version(session):
    session.rollback()
    return session.scalar(select(Screens.version)) or 0


def test_a_screen_is_paired_by_its_code_and_only_its_secret_fetches_the_token(session):
    set_up(session)
    before = screens_version(session)
    code, secret = begin_pairing(session, address=OFFICE, now=NOW)
    assert set(code) <= set(CODE_LETTERS)
    assert waiting(session, code, secret, NOW).expires_at == NOW + CODE_LIFE
    assert not waiting(session, code, secret, NOW).is_claimed
    assert waiting(session, code, "another", NOW) is None
    assert waiting(session, code[::-1], secret, NOW) is None
    assert collect_token(session, secret, now=NOW) is None
    display_id = claim(session, f" {code[:4].lower()}-{code[4:]}", name=" Sales  floor ", settings=Settings(top=5))
    assert waiting(session, code, secret, NOW).is_claimed
    assert collect_token(session, code, now=NOW) is None
    token = collect_token(session, secret, now=NOW)
    device = resume_display(session, token, now=NOW)
    assert (device.id, device.name, device.settings.top) == (display_id, "Sales floor", 5)
    entry = session.execute(select(AuditEntry).order_by(AuditEntry.id.desc())).scalars().first()
    assert (entry.actor, entry.action, entry.about, entry.after) == (
        DORA.name,
        "display.paired",
        f"display {display_id}",
        "Sales floor",
    )
    assert screens_version(session) == before + 1
    stored = str(
        session.execute(text("SELECT * FROM display")).all() + session.execute(text("SELECT * FROM pairing")).all()
    )
    assert not any(each in stored for each in (code, secret, token))


def test_a_code_is_good_for_ten_minutes_and_once(session):
    code, secret = begin_pairing(session, address=OFFICE, now=NOW)
    assert waiting(session, code, secret, NOW + CODE_LIFE - SECOND) is not None
    assert waiting(session, code, secret, NOW + CODE_LIFE) is None
    assert refused(session, code, now=NOW + CODE_LIFE) == "code"
    claim(session, code, now=NOW + CODE_LIFE - SECOND)
    assert refused(session, code, name="Another", now=NOW + CODE_LIFE - SECOND) == "code"
    assert [each.name for each in list_displays(session)] == ["Sales floor"]


def test_a_token_can_be_fetched_again_until_it_has_been_used(session):
    code, secret = begin_pairing(session, address=OFFICE, now=NOW)
    claim(session, code)
    lost = collect_token(session, secret, now=NOW)
    token = collect_token(session, secret, now=NOW + FETCH_WITHIN - SECOND)  # its network was away that long
    assert resume_display(session, lost, now=NOW) is not None  # two loads at once: either may come last
    assert resume_display(session, token, now=NOW) is not None
    assert collect_token(session, secret, now=NOW) is None
    assert waiting(session, code, secret, NOW) is None
    assert session.scalars(select(Pairing)).all() == []


def test_who_comes_a_day_later_gets_no_token(session):
    code, secret = begin_pairing(session, address=OFFICE, now=NOW)
    claim(session, code)
    assert collect_token(session, secret, now=NOW + FETCH_WITHIN) is None
    begin_pairing(session, address=OFFICE, now=NOW + FETCH_WITHIN)
    assert len(session.scalars(select(Pairing)).all()) == 1
    assert list_displays(session)[0].is_waiting


def test_guessing_is_throttled_by_account_and_by_address_and_ends_with_the_window(session):
    code, _ = begin_pairing(session, address=ELSEWHERE, now=NOW)
    wrong = code[1:] + ("3" if code[0] != "3" else "4")
    for _ in range(LIMITS.per_account):
        assert refused(session, wrong) == "code"
    with pytest.raises(Throttled) as caught:
        claim(session, code)
    assert caught.value.seconds == LIMITS.window.total_seconds()
    for name in ("enzo", "eva"):
        assert refused(session, wrong, by=Actor(name)) == "code"
    with pytest.raises(Throttled):  # five from this address
        claim(session, code, by=Actor("carla"))
    later = NOW + LIMITS.window
    code, _ = begin_pairing(session, address=ELSEWHERE, now=later)
    assert refused(session, wrong, now=later) == "code"
    claim(session, code, now=later)
    for number in range(LIMITS.per_account):  # the right one has made the account's slate clean
        assert refused(session, wrong, now=later, name=f"{number}", address=ELSEWHERE) == "code"


def test_what_can_be_no_code_is_no_attempt_and_a_bad_name_tells_nothing_of_the_code(session):
    code, _ = begin_pairing(session, address=OFFICE, now=NOW)
    for typed in ("", "12345678", code[:-1], f"{code}X"):
        for _ in range(LIMITS.per_account + 1):
            assert refused(session, typed) == "code"
    for name in ("", "x" * 61, "a\x1bb"):
        assert refused(session, code, name=name) == "name"
    pair(session)
    assert refused(session, code, name="SALES floor") == "taken"
    claim(session, code, name="x" * 60)


def test_few_screens_wait_at_one_address_and_the_count_ends_with_their_codes(session, monkeypatch):
    for number in range(MOST_OF_ADDRESS):
        begin_pairing(session, address=f"2001:db8:0:1::{number + 1}", now=NOW + number * SECOND)  # one subscriber
    with pytest.raises(Throttled) as caught:
        begin_pairing(session, address="2001:db8:0:1::ffff", now=NOW + 60 * SECOND)
    assert caught.value.seconds == CODE_LIFE.total_seconds() - 60
    begin_pairing(session, address="2001:db8:0:2::1", now=NOW)
    begin_pairing(session, address="2001:db8:0:1::1", now=NOW + CODE_LIFE)
    monkeypatch.setattr(pairing, "MOST_IN_ALL", 2)
    with pytest.raises(Throttled):
        begin_pairing(session, address=ELSEWHERE, now=NOW + CODE_LIFE)


def test_a_screen_takes_the_place_of_another_which_ends(session):
    old_id, old_token = pair(session, settings=Settings(names="nickname"))
    change_message(session, old_id, message="Hello", until=None, now=NOW, by=DORA)
    code, secret = begin_pairing(session, address=OFFICE, now=NOW)
    how = {"now": NOW, "by": DORA, "address": OFFICE, "limits": LIMITS}
    new_id = pairing.claim_in_place(session, code, old_id, **how)
    new = find_display(session, new_id)
    assert (new.name, new.settings.names, new.message, new.is_waiting) == ("Sales floor", "nickname", "Hello", True)
    assert resume_display(session, old_token, now=NOW) is None
    assert resume_display(session, collect_token(session, secret, now=NOW), now=NOW).id == new_id
    for code_now, display_id, what in ((code, new_id, "code"), (code, old_id, "gone")):
        with pytest.raises(DisplayRefused) as caught:
            pairing.claim_in_place(session, code_now, display_id, **how)
        assert caught.value.what == what


def test_a_display_that_is_revoked_before_its_screen_came_gets_no_token(session):
    code, secret = begin_pairing(session, address=OFFICE, now=NOW)
    revoke_display(session, claim(session, code), now=NOW, by=DORA)
    assert collect_token(session, secret, now=NOW) is None
    assert session.scalars(select(DisplayRow.key)).all() == [None]
