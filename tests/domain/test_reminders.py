"""When somebody is reminded, against a slow, obvious version of the same."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leaderboard.domain.agreement import Completion, Levels, Sla
from leaderboard.domain.reminders import Waiting, deadline_of, digest_day, is_near, remind_at
from leaderboard.domain.working_time import ALL_TIME
from tests.domain.examples import (
    BERLIN,
    DAY,
    HOUR,
    MINUTE,
    NEW_YORK,
    SAO_PAULO,
    SECOND,
    calendar,
    local,
    office,
    properties,
)

HERE = ZoneInfo(SAO_PAULO)
OFFICE = office().working_time  # 09:00-12:00, 13:00-18:00, Monday to Friday
NIGHT_SHIFT = calendar(monday=["22:00-06:00"], tuesday=["22:00-06:00"]).working_time


def asked(started, deadline, remind, clockwork=OFFICE):
    return remind_at(Waiting(local(started), local(deadline), clockwork, HERE), remind)


@pytest.mark.parametrize(
    ("started", "deadline", "remind", "at"),
    [
        ("2026-10-05T09:00", "2026-10-05T18:00", HOUR, "2026-10-05T17:00"),
        # T5: over lunch and over a weekend no working time goes by
        ("2026-10-05T09:00", "2026-10-05T13:30", HOUR, "2026-10-05T11:30"),
        ("2026-10-09T09:00", "2026-10-12T09:30", HOUR, "2026-10-09T17:30"),
        # an hour is left from Friday's close on: the reminder comes when the clock runs again
        ("2026-10-09T09:00", "2026-10-12T10:00", HOUR, "2026-10-12T09:00"),
        # less is left from the beginning on: at once, when the clock runs
        ("2026-10-05T17:30", "2026-10-05T18:00", HOUR, "2026-10-05T17:30"),
        ("2026-10-05T12:30", "2026-10-05T13:30", HOUR, "2026-10-05T13:00"),
    ],
)
def test_t2_t3_t5_a_reminder_comes_so_much_of_the_clocks_own_time_before_the_deadline(started, deadline, remind, at):
    assert asked(started, deadline, remind) == local(at)


@pytest.mark.parametrize(
    ("deadline", "at"),
    [
        ("2026-10-05T08:00", "2026-10-05T07:00"),
        ("2026-10-05T07:59", "2026-10-05T07:00"),  # held over the night
        ("2026-10-05T07:01", "2026-10-05T07:00"),
        ("2026-10-05T07:00", None),  # its deadline has passed by then
        ("2026-10-05T20:59", "2026-10-05T19:59"),
        ("2026-10-05T21:00", None),  # an hour before is night already, and the deadline is too
        ("2026-10-05T03:00", None),
    ],
)
def test_none_comes_at_night_and_what_was_held_over_it_is_dropped_if_it_is_too_late(deadline, at):
    assert asked("2026-10-03T12:00", deadline, HOUR, ALL_TIME) == (None if at is None else local(at))


def test_who_works_by_night_is_reminded_of_nothing_at_night():
    assert asked("2026-10-05T22:00", "2026-10-06T05:00", HOUR, NIGHT_SHIFT) is None


def test_k4_a_task_is_met_so_long_before_its_date_as_is_agreed():
    sla = Sla("training", "", "sales", "member", Completion(), Levels(3 * DAY), 1, 1, 2 * DAY)
    due_at = local("2026-10-20T12:00")
    assert deadline_of(sla, due_at) == local("2026-10-17T12:00")


@pytest.mark.parametrize(
    ("at", "near"), [("16:59:59", False), ("17:00:00", True), ("18:00:00", True), ("18:00:01", False)]
)
def test_a_page_says_what_is_near_up_to_its_deadline(at, near):
    waiting = Waiting(local("2026-10-05T09:00"), local("2026-10-05T18:00"), OFFICE, HERE)
    assert is_near(waiting, HOUR, local(f"2026-10-05T{at}")) == near


@pytest.mark.parametrize(
    ("at", "day"), [("07:29:59", None), ("07:30:00", 5), ("19:59:59", 5), ("20:00:00", None), ("00:00:00", None)]
)
def test_a_digest_goes_out_from_half_past_seven_until_the_night(at, day):
    found = digest_day(HERE, local(f"2026-10-05T{at}"))
    assert (found and found.day) == day


def slow_remind_at(waiting, remind):
    """Look each minute: is so little left, does the clock run, and is it day?"""
    at = waiting.started_at
    while at < waiting.deadline:
        is_day = time(7) <= at.astimezone(waiting.zone).time() < time(20)
        runs = waiting.clockwork.elapsed(at, at + SECOND) > timedelta(0)
        if is_day and runs and waiting.clockwork.elapsed(at, waiting.deadline) <= remind:
            return at
        at += MINUTE
    return None


hours = st.lists(
    st.sampled_from(["09:00-12:00", "13:00-18:00", "22:00-06:00", "06:00-08:30", "19:30-21:00"]), max_size=2
)


@settings(properties, max_examples=60)
@given(
    zone=st.sampled_from([SAO_PAULO, NEW_YORK, BERLIN]),
    week=st.fixed_dictionaries({"monday": hours, "tuesday": hours, "thursday": hours, "sunday": hours}),
    start=st.integers(0, 5 * 24 * 60),
    length=st.integers(1, 4 * 24 * 60),
    remind=st.integers(1, 900),
    is_working=st.booleans(),
)
def test_a_reminder_is_when_looking_each_minute_first_finds_it_due(zone, week, start, length, remind, is_working):
    here = calendar(zone, friday=["09:00-17:00"], **week)
    clockwork = here.working_time if is_working else ALL_TIME
    started = datetime(2026, 10, 23, tzinfo=UTC) + start * MINUTE  # Berlin's clocks change on the 25th
    waiting = Waiting(started, started + length * MINUTE, clockwork, ZoneInfo(zone))
    assert remind_at(waiting, remind * MINUTE) == slow_remind_at(waiting, remind * MINUTE)
