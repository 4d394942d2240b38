"""Whose clock it is, case by case (C2, C9, C10); hours are 9-12 and 13-18, 2026-10-05 is a Monday."""

import pytest

from leaderboard.domain.clocks import run_clocks
from leaderboard.domain.working_time import ALL_TIME
from tests.domain.examples import (
    ANA,
    BIA,
    CAIO,
    EIGHT_HOURS,
    HOUR,
    MICROSECOND,
    MINUTE,
    OFFICE_HOURS,
    TEN_YEARS_ON,
    brief,
    clocks,
    happened,
    local,
    response_time,
)

CLOSER = response_time(credit="closer")


def one(log, **options):
    """Return the only result of a log."""
    (result,) = clocks(log, **options).results
    return result


def october(text):
    return local(f"2026-10-{text}")


# Owners


def test_c2_the_owner_counts_whoever_disposes():
    assert one(f"05 09:00 lead.assigned {ANA}\n05 10:00 lead.disposed {CAIO}").owner == ANA
    assert one(f"05 09:00 lead.assigned {ANA}\n05 10:00 lead.disposed -").owner == ANA


@pytest.mark.parametrize(
    ("at", "earlier"),
    [
        ("05 12:00", []),
        ("05 18:00", []),
        ("06 09:00", []),  # the last instant in time
        ("06 09:00:00.000001", [(ANA, "missed", 8 * HOUR + MICROSECOND)]),
    ],
)
def test_c2_a_reassignment_drops_the_earlier_clock_unless_it_was_missed(at, earlier):
    log = f"05 09:00 lead.assigned {ANA}\n{at} lead.assigned {BIA}\n07 09:30 lead.disposed {ANA}"
    found = clocks(log).results
    assert brief(found[:-1]) == earlier
    assert found[-1].owner == BIA
    assert found[-1].started_at == october(at.replace(" ", "T"))


def test_c2_a_missed_clock_that_was_reassigned_stops_there():
    found = clocks(f"05 09:00 lead.assigned {ANA}\n07 09:00 lead.assigned {BIA}").results[0]
    assert (found.level, found.stopped_at, found.decided_at) == ("missed", october("07T09:00"), october("06T09:00"))


def test_c2_the_same_owner_again_changes_nothing():
    log = f"05 09:00 lead.assigned {ANA}\n05 11:00 lead.assigned {ANA}\n05 11:30 lead.disposed {ANA}"
    assert brief(clocks(log).results) == [(ANA, "met", 150 * MINUTE)]


def test_c2_an_owner_who_gets_it_back_starts_anew():
    log = f"05 09:00 lead.assigned {ANA}\n05 11:00 lead.assigned {BIA}\n05 14:00 lead.assigned {ANA}"
    log += f"\n05 14:20 lead.disposed {ANA}"
    assert brief(clocks(log).results) == [(ANA, "exceeded", 20 * MINUTE)]


@pytest.mark.parametrize(("at", "expected"), [("05 11:00", []), ("06 11:00", [(ANA, "missed", 10 * HOUR)])])
def test_c2_assigned_to_nobody_closes_the_clock_and_opens_none(at, expected):
    log = f"05 09:00 lead.assigned {ANA}\n{at} lead.assigned -\n07 11:30 lead.disposed {ANA}"
    assert brief(clocks(log).results) == expected
    assert clocks(log).anomalies == []


# Calendars of owners


def test_c9_a_clock_asks_for_the_hours_of_its_owner_at_its_start():
    asked = []

    def hours_of(owner, at):
        asked.append((owner, at))
        return OFFICE_HOURS.working_time if owner == ANA else ALL_TIME

    events = happened(f"09 17:00 lead.assigned {ANA}\n09 18:00 lead.assigned {BIA}\n10 01:00 lead.disposed -")
    found = run_clocks(response_time(), EIGHT_HOURS, events, TEN_YEARS_ON, lambda e: e.member_id, hours_of)
    assert brief(found.results) == [(BIA, "met", 7 * HOUR)]
    assert asked == [(ANA, october("09T17:00")), (BIA, october("09T18:00"))]


def test_c9_the_owner_may_be_the_events_team():
    events = happened("05 09:00 lead.assigned - team=7\n05 10:00 lead.disposed - team=8")
    found = run_clocks(response_time(), EIGHT_HOURS, events, TEN_YEARS_ON, lambda e: e.team_id, lambda _o, _a: ALL_TIME)
    assert brief(found.results) == [(7, "exceeded", HOUR)]


# How long the lead waited


@pytest.mark.parametrize(
    ("log", "expected"),
    [
        (f"05 09:00 lead.assigned {ANA}\n05 11:00 lead.disposed {BIA}", (BIA, "met", 2 * HOUR)),
        (f"05 09:00 lead.assigned {ANA}\n05 11:00 lead.disposed -", (ANA, "met", 2 * HOUR)),
        (f"05 09:00 lead.assigned -\n05 11:00 lead.disposed {BIA}", (BIA, "met", 2 * HOUR)),
        (f"05 09:00 lead.assigned {ANA}\n07 09:00 lead.disposed {BIA}", (ANA, "missed", 16 * HOUR)),
    ],
)
def test_c10_in_time_it_is_the_closers_and_missed_the_holders(log, expected):
    assert brief(clocks(log, measure=CLOSER).results) == [expected]


def test_c10_a_reassignment_does_not_start_the_clock_again():
    log = f"05 09:00 lead.assigned {ANA}\n05 11:00 lead.assigned {BIA}\n05 12:00 lead.disposed -"
    assert brief(clocks(log, measure=CLOSER).results) == [(BIA, "met", 3 * HOUR)]


@pytest.mark.parametrize(
    ("reassigned", "holder"),
    [("06 09:59", BIA), ("06 10:00", BIA), ("06 10:00:00.000001", ANA)],
)
def test_c10_missed_it_is_the_holders_at_that_instant(reassigned, holder):
    log = f"05 10:00 lead.assigned {ANA}\n{reassigned} lead.assigned {BIA}\n07 10:00 lead.disposed {CAIO}"
    found = one(log, measure=CLOSER)
    assert (found.owner, found.level, found.decided_at) == (holder, "missed", october("06T10:00"))
    still = one(log.rpartition("\n")[0], measure=CLOSER)
    assert (still.owner, still.level) == (holder, "missed")


def test_c10_missed_while_nobody_holds_it_is_nobodys():
    assert clocks("05 09:00 lead.assigned -\n07 10:00 lead.disposed 3", measure=CLOSER).results == []
    assert clocks("05 09:00 lead.assigned -", measure=CLOSER).results == []


def test_c10_in_time_with_neither_closer_nor_holder_it_is_nobodys():
    log = f"05 09:00 lead.assigned {ANA}\n05 09:10 lead.assigned -\n05 09:20 lead.disposed -"
    assert clocks(log, measure=CLOSER).results == []


def test_c10_pending_it_is_with_the_present_holder():
    log = f"05 09:00 lead.assigned {ANA}\n05 11:00 lead.assigned {BIA}"
    found = one(log, measure=CLOSER, now=october("05T12:00"))
    assert (found.owner, found.level, found.started_at) == (BIA, "pending", october("05T09:00"))


def test_c10_each_cycle_has_holders_of_its_own():
    log = f"""
05 09:00 lead.assigned {ANA}
05 10:00 lead.disposed -
06 09:00 lead.assigned -
06 10:00 lead.disposed -
07 09:00 lead.assigned {BIA}
07 10:00 lead.disposed -
"""
    assert brief(clocks(log, measure=CLOSER).results) == [(ANA, "exceeded", HOUR), (BIA, "exceeded", HOUR)]


def test_c7_c10_a_cycle_that_was_nobodys_is_not_void_for_the_one_before():
    log = f"""
05 09:00 lead.assigned {ANA}
05 10:00 lead.disposed -
06 09:00 lead.assigned -
06 10:00 lead.disposed -
06 11:00 lead.reopened -
"""
    assert [each.level for each in clocks(log, measure=CLOSER).results] == ["exceeded"]
