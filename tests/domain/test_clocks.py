"""Response-time clocks, case by case; owners are numbers, hours are 9-12 and 13-18, 2026-10-05 is a Monday."""

from datetime import datetime, timedelta

import pytest

from leaderboard.domain.agreement import Level, Levels
from leaderboard.domain.clocks import level_of
from tests.domain.examples import (
    ANA,
    BIA,
    DAY,
    EIGHT_HOURS,
    HOUR,
    MICROSECOND,
    MINUTE,
    SECOND,
    brief,
    calendar,
    clocks,
    happened,
    local,
    response_time,
)

NOTHING = timedelta(0)


def one(log, **options):
    """Return the only result of a log."""
    (result,) = clocks(log, **options).results
    return result


def october(text):
    return local(f"2026-10-{text}")


# Targets


@pytest.mark.parametrize(
    ("elapsed", "level"),
    [
        (NOTHING, Level.EXCEEDED),
        (HOUR, Level.EXCEEDED),  # T4: the target is inclusive
        (HOUR + MICROSECOND, Level.MET),
        (8 * HOUR, Level.MET),
        (8 * HOUR + MICROSECOND, Level.MISSED),
    ],
)
def test_t4_a_target_is_inclusive(elapsed, level):
    assert level_of(elapsed, EIGHT_HOURS) == level


def test_t4_without_a_second_target_nothing_exceeds():
    assert level_of(NOTHING, Levels(HOUR)) == Level.MET


def test_t4_time_never_runs_backwards():
    with pytest.raises(ValueError, match="stops before it starts"):
        level_of(-MICROSECOND, EIGHT_HOURS)


# One clock


@pytest.mark.parametrize(
    ("stop", "level", "value"),
    [
        ("05 09:00", "exceeded", NOTHING),
        ("05 10:00", "exceeded", HOUR),
        ("05 10:00:00.000001", "met", HOUR + MICROSECOND),
        ("05 18:00", "met", 8 * HOUR),
        ("05 23:00", "met", 8 * HOUR),
        ("06 09:00", "met", 8 * HOUR),  # until the clock runs again
        ("06 09:00:00.000001", "missed", 8 * HOUR + MICROSECOND),
    ],
)
def test_c1_c3_a_clock_runs_from_the_assignment_to_the_disposal(stop, level, value):
    found = one(f"05 09:00 lead.assigned {ANA}\n{stop} lead.disposed {ANA}")
    assert (found.level, found.value, found.owner) == (level, value, ANA)
    assert found.started_at == october("05T09:00")
    assert found.stopped_at == october(stop.replace(" ", "T"))


def test_c1_other_event_types_are_passed_over():
    log = f"05 09:00 lead.assigned {ANA}\n05 09:10 lead.accepted {BIA}\n05 09:30 lead.disposed {ANA}"
    assert brief(clocks(log).results) == [(ANA, "exceeded", 30 * MINUTE)]
    assert clocks(f"05 09:10 lead.accepted {BIA}") == ([], [])
    assert clocks("") == ([], [])


def test_c3_in_time_is_decided_when_it_stops_and_missed_when_it_falls_due():
    met = one(f"05 09:00 lead.assigned {ANA}\n05 12:30 lead.disposed {ANA}")
    assert met.decided_at == met.stopped_at == october("05T12:30")
    late = one(f"05 10:00 lead.assigned {ANA}\n09 10:00 lead.disposed {ANA}")
    assert (late.due_at, late.decided_at) == (october("06T10:00"), october("06T10:00"))
    assert (late.stopped_at, late.value) == (october("09T10:00"), 4 * 8 * HOUR)


def test_c3_a_lead_due_at_fridays_close_and_disposed_of_on_saturday_is_met():
    found = one(f"09 09:00 lead.assigned {ANA}\n10 11:00 lead.disposed {ANA}")
    assert (found.level, found.due_at, found.decided_at) == ("met", october("09T18:00"), october("10T11:00"))
    late = one(f"09 09:00 lead.assigned {ANA}\n12 09:00:01 lead.disposed {ANA}")
    assert (late.level, late.due_at, late.decided_at) == ("missed", october("09T18:00"), october("12T09:00"))


@pytest.mark.parametrize(
    ("now", "level", "decided_at"),
    [
        ("05T09:00", "pending", None),
        ("05T18:00", "pending", None),
        ("06T09:00", "pending", None),
        ("06T09:00:00.000001", "missed", "06T09:00"),
        ("30T00:00", "missed", "06T09:00"),
    ],
)
def test_c3_without_a_disposal_it_is_pending_until_it_goes_over(now, level, decided_at):
    found = one(f"05 09:00 lead.assigned {ANA}", now=october(now))
    assert (found.level, found.stopped_at, found.value) == (level, None, None)
    assert found.decided_at == (decided_at and october(decided_at))
    assert found.due_at == october("05T18:00")


@pytest.mark.parametrize(("now", "level"), [("05T10:00", "pending"), ("05T10:00:00.000001", "missed")])
def test_c3_a_target_reached_in_the_middle_of_the_day_is_missed_right_after(now, level):
    found = one(f"05 09:00 lead.assigned {ANA}", levels=Levels(HOUR), now=october(now))
    assert (found.level, found.due_at) == (level, october("05T10:00"))


def test_t4_a_clock_started_while_closed_starts_at_the_next_opening():
    found = one(f"10 11:00 lead.assigned {ANA}\n12 09:59 lead.disposed {ANA}")
    assert (found.level, found.value, found.due_at) == ("exceeded", 59 * MINUTE, october("12T18:00"))
    assert found.started_at == october("10T11:00")
    at_night = one(f"10 11:00 lead.assigned {ANA}\n11 03:00 lead.disposed {ANA}")
    assert (at_night.level, at_night.value) == ("exceeded", NOTHING)


def test_t2_an_elapsed_clock_runs_through_the_weekend():
    found = one(f"09 17:00 lead.assigned {ANA}\n12 09:00 lead.disposed {ANA}", is_elapsed=True)
    assert (found.level, found.due_at, found.value) == ("missed", october("10T01:00"), 64 * HOUR)
    assert found.decided_at == found.due_at


def test_t3_a_night_shift_over_a_dst_change_is_due_in_real_hours():
    night = calendar("America/New_York", saturday=["22:00-06:00"])
    start = local("2026-10-31T22:00", "America/New_York")
    event = happened(f"31 12:00 lead.assigned {ANA}")[0]._replace(occurred_at=start)
    found = one([event], hours=night, levels=Levels(9 * HOUR))
    assert found.due_at == start + 9 * HOUR == local("2026-11-01T06:00", "America/New_York")
    assert found.level == "missed"
    assert found.decided_at == local("2026-11-07T22:00", "America/New_York")  # when it runs again


def test_t5_a_calendar_that_never_opens_again_leaves_it_pending_without_a_due_date():
    once = calendar(opened={local("2026-10-05T12:00").date(): ["09:00-10:00"]})
    found = one(f"05 09:00 lead.assigned {ANA}", hours=once)
    assert (found.level, found.due_at, found.decided_at) == ("pending", None, None)
    full = one(f"05 09:00 lead.assigned {ANA}", hours=once, levels=Levels(HOUR))
    assert (full.level, full.due_at) == ("pending", october("05T10:00"))


# Cycles


def test_c4_a_later_assignment_opens_a_new_cycle():
    log = f"""
05 09:00 lead.assigned {ANA}
05 09:30 lead.disposed {ANA}
06 09:00 lead.assigned {ANA}
06 11:00 lead.disposed {ANA}
07 09:00 lead.assigned {BIA}
"""
    found = clocks(log, now=october("07T09:01")).results
    assert brief(found) == [(ANA, "exceeded", 30 * MINUTE), (ANA, "met", 2 * HOUR), (BIA, "pending", None)]


def test_c6_a_second_disposal_changes_nothing():
    log = f"05 09:00 lead.assigned {ANA}\n05 09:30 lead.disposed {ANA}"
    assert clocks(log + f"\n05 10:00 lead.disposed {BIA}") == clocks(log)


def test_c6_a_disposal_before_every_assignment_is_an_anomaly_and_no_error():
    log = f"05 08:00 lead.disposed {ANA}\n05 09:00 lead.assigned {ANA}\n05 09:30 lead.disposed {ANA}"
    found = clocks(log)
    assert [each.event_id for each in found.anomalies] == ["000"]
    assert brief(found.results) == [(ANA, "exceeded", 30 * MINUTE)]
    alone = clocks(f"05 08:00 lead.disposed {ANA}")
    assert (alone.results, len(alone.anomalies)) == ([], 1)


# Pauses


def test_c5_working_time_in_a_pause_does_not_count():
    log = f"""
05 09:00 lead.assigned {ANA}
05 10:00 lead.paused -
06 10:00 lead.resumed -
06 11:00 lead.disposed {ANA}
"""
    found = one(log)
    assert (found.value, found.level) == (2 * HOUR, "met")
    assert found.due_at == october("06T18:00")  # one hour before the pause and seven after it


def test_c5_a_paused_clock_does_not_fall_due():
    log = f"05 09:00 lead.assigned {ANA}\n05 10:00 lead.paused -"
    found = one(log)
    assert (found.level, found.due_at) == ("pending", None)


def test_c5_a_pause_after_the_target_keeps_the_due_date():
    log = f"05 09:00 lead.assigned {ANA}\n05 11:00 lead.paused -"
    found = one(log, levels=Levels(HOUR))
    assert (found.level, found.due_at, found.decided_at) == ("missed", october("05T10:00"), october("05T10:00"))


@pytest.mark.parametrize(
    ("now", "level"),
    [("05T12:00", "pending"), ("06T10:00", "pending"), ("06T10:00:00.000001", "missed")],
)
def test_c3_c5_a_clock_paused_on_its_due_instant_is_missed_when_it_runs_again(now, level):
    log = f"05 09:00 lead.assigned {ANA}\n05 10:00 lead.paused -\n06 10:00 lead.resumed -"
    found = one(log, levels=Levels(HOUR), now=october(now))
    assert (found.level, found.due_at) == (level, october("05T10:00"))
    assert found.decided_at == (october("06T10:00") if level == "missed" else None)


def test_c3_c5_resumed_while_closed_it_is_missed_at_the_next_opening():
    log = f"05 09:00 lead.assigned {ANA}\n05 10:00 lead.paused -\n05 20:00 lead.resumed -"
    assert one(log, levels=Levels(HOUR)).decided_at == october("06T09:00")


def test_c5_a_pause_outlasts_a_reassignment():
    log = f"""
05 09:00 lead.assigned {ANA}
05 10:00 lead.paused -
05 11:00 lead.assigned {BIA}
06 11:00 lead.resumed -
06 12:00 lead.disposed {BIA}
"""
    assert brief(clocks(log).results) == [(BIA, "exceeded", HOUR)]


def test_c5_a_pause_ends_with_a_disposal():
    log = f"""
05 09:00 lead.assigned {ANA}
05 10:00 lead.paused -
05 15:00 lead.disposed {ANA}
06 09:00 lead.assigned {ANA}
06 11:00 lead.disposed {ANA}
"""
    assert brief(clocks(log).results) == [(ANA, "exceeded", HOUR), (ANA, "met", 2 * HOUR)]


def test_c5_a_pause_before_the_assignment_holds():
    log = f"05 08:00 lead.paused -\n05 09:00 lead.assigned {ANA}\n05 17:00 lead.resumed -\n05 17:30 lead.disposed -"
    assert brief(clocks(log).results) == [(ANA, "exceeded", 30 * MINUTE)]


def test_c5_pauses_do_not_nest():
    log = f"""
05 09:00 lead.resumed -
05 09:00 lead.assigned {ANA}
05 10:00 lead.paused -
05 10:30 lead.paused -
05 11:00 lead.resumed -
05 11:30 lead.resumed -
05 12:00 lead.disposed {ANA}
"""
    assert one(log).value == 2 * HOUR


# Reopened


@pytest.mark.parametrize(
    ("reopened", "level"),
    [
        ("05 10:00", "void"),
        ("19 10:00", "void"),  # 14 days to the instant: the window's end is included
        ("19 10:00:00.000001", "exceeded"),
    ],
)
def test_c7_a_lead_reopened_within_the_window_is_void(reopened, level):
    log = f"05 09:30 lead.assigned {ANA}\n05 10:00 lead.disposed {ANA}\n{reopened} lead.reopened -"
    found = one(log)
    assert (found.level, found.value) == (level, 30 * MINUTE)


def test_c7_the_window_is_plain_elapsed_time_of_a_length_of_its_own():
    log = f"05 09:30 lead.assigned {ANA}\n05 10:00 lead.disposed {ANA}\n"
    for reopened, level in (("07 10:00", "void"), ("07 10:00:01", "exceeded")):
        assert one(log + f"{reopened} lead.reopened -", measure=response_time(within=2 * DAY)).level == level


def test_c7_a_missed_one_is_void_too_and_a_pending_one_is_not():
    late = f"05 09:30 lead.assigned {ANA}\n08 10:00 lead.disposed {ANA}\n08 11:00 lead.reopened -"
    assert one(late).level == "void"
    open_still = f"05 09:30 lead.assigned {ANA}\n05 11:00 lead.reopened -\n05 11:30 lead.disposed {ANA}"
    assert one(open_still).level == "met"


@pytest.mark.parametrize("reopened", ["06 09:00", "06 10:00"])
def test_c7_a_new_cycle_makes_the_earlier_one_safe(reopened):
    log = f"""
05 09:30 lead.assigned {ANA}
05 10:00 lead.disposed {ANA}
06 09:00 lead.assigned {BIA}
{reopened} lead.reopened -
"""
    assert clocks(log).results[0].level == "exceeded"


def test_c7_a_new_cycle_of_nobody_makes_the_earlier_one_safe_too():
    log = f"""
05 09:30 lead.assigned {ANA}
05 10:00 lead.disposed {ANA}
06 09:00 lead.assigned -
06 10:00 lead.reopened -
"""
    assert [each.level for each in clocks(log).results] == ["exceeded"]


def test_c7_only_the_last_cycle_is_void():
    log = f"""
05 09:30 lead.assigned {ANA}
05 10:00 lead.disposed {ANA}
06 09:00 lead.assigned {BIA}
06 09:10 lead.disposed {BIA}
06 09:20 lead.reopened -
"""
    assert [each.level for each in clocks(log).results] == ["exceeded", "void"]


# Ties


def test_c8_at_one_instant_from_comes_before_pause_resume_to_and_void():
    log = f"""
05 10:00 lead.reopened - id=a
05 10:00 lead.disposed {ANA} id=b
05 10:00 lead.resumed - id=c
05 10:00 lead.paused - id=d
05 10:00 lead.assigned {ANA} id=e
"""
    found = one(log)
    assert (found.level, found.value, clocks(log).anomalies) == ("void", NOTHING, [])


@pytest.mark.parametrize(("ids", "owner"), [(("1", "2"), BIA), (("2", "1"), ANA), (("10", "9"), BIA)])
def test_c8_then_the_event_id_decides(ids, owner):
    log = f"05 10:00 lead.assigned {ANA} id={ids[0]}\n05 10:00 lead.assigned {BIA} id={ids[1]}"
    assert one(f"{log}\n05 10:10 lead.disposed -").owner == owner


def test_c3_clocks_do_not_know_the_future():
    log = f"05 09:00 lead.assigned {ANA}\n05 10:00 lead.disposed {ANA}"
    before = one(log, now=october("05T10:00") - SECOND)
    assert (before.level, before.stopped_at) == ("pending", None)
    assert one(log, now=october("05T10:00")).level == "exceeded"


def test_c1_microseconds_are_kept():
    log = f"05 09:00:00.000001 lead.assigned {ANA}\n05 09:00:00.000003 lead.disposed {ANA}"
    assert one(log).value == 2 * MICROSECOND
    assert isinstance(one(log).started_at, datetime)
