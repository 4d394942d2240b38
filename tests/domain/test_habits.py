"""Habits that make times untrue: what counts as a burst, and as the last hour of a day; boundaries on both sides."""

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderboard.domain.habits import (
    BURST_SIZE,
    BURST_WITHIN,
    Bursts,
    DayEnds,
    DayEndShare,
    open_days_between,
)
from leaderboard.domain.instants import to_micros
from leaderboard.domain.working_time import Calendar
from tests.domain.examples import properties

MINUTE, SECOND, HOUR = timedelta(minutes=1), timedelta(seconds=1), timedelta(hours=1)
START = datetime(2026, 11, 2, 12, tzinfo=UTC)  # a Monday, nine in the morning in São Paulo
OFFICE = ((540, 720), (780, 1080))  # 9-12 and 13-18
WEEK = Calendar("America/Sao_Paulo", (OFFICE,) * 5 + ((), ()))
HOURS_8 = 8 * 3_600_000_000


def taken(*moments: datetime) -> Bursts:
    found = Bursts()
    for each in moments:
        found.add(to_micros(each))
    return found


def evenly(number: int, over: timedelta) -> list[datetime]:
    return [START + over * place / (number - 1) for place in range(number)]


@pytest.mark.parametrize(
    ("number", "over", "bursts", "count"),
    [
        (BURST_SIZE, BURST_WITHIN, 1, BURST_SIZE),  # the end is included
        (BURST_SIZE, BURST_WITHIN + timedelta(microseconds=9), 0, 0),
        (BURST_SIZE - 1, MINUTE, 0, 0),
        (25, 12 * MINUTE, 1, 25),  # one long burst, each counted once
    ],
)
def test_a_burst_is_ten_or_more_within_five_minutes(number, over, bursts, count):
    found = taken(*evenly(number, over))
    assert (found.bursts, found.count) == (bursts, count)
    assert found.first_at == (to_micros(START) if bursts else None)


def test_bursts_apart_from_each_other_are_counted_apart():
    first, second = evenly(12, MINUTE), [each + HOUR for each in evenly(10, MINUTE)]
    found = taken(*first, START + 30 * MINUTE, *second)
    assert (found.bursts, found.count) == (2, 22)


@properties
@given(gaps=st.lists(st.integers(0, 90), max_size=60))
def test_what_lies_in_bursts_is_what_any_five_minutes_with_ten_hold(gaps):
    moments, at = [], START
    for gap in gaps:
        at += gap * SECOND
        moments.append(at)
    inside = set()
    for first in range(len(moments) - BURST_SIZE + 1):
        if moments[first + BURST_SIZE - 1] - moments[first] <= BURST_WITHIN:
            inside |= set(range(first, first + BURST_SIZE))
    assert taken(*moments).count == len(inside)


@pytest.mark.parametrize(
    ("after", "place"),
    [
        (timedelta(0), (False, HOURS_8)),
        (-SECOND, None),  # before nine
        (3 * HOUR, None),  # lunch
        (8 * HOUR - SECOND, (False, HOURS_8)),
        (8 * HOUR, (True, HOURS_8)),  # from five on
        (9 * HOUR - SECOND, (True, HOURS_8)),
        (9 * HOUR, None),
        (5 * 24 * HOUR, None),  # Saturday
    ],
)
def test_t2_the_last_hour_is_the_last_of_the_days_open_time(after, place):
    assert DayEnds(WEEK).place(to_micros(START + after)) == place


def test_t2_a_night_shift_ends_on_the_next_day_and_its_last_hour_may_lie_in_two_parts():
    night = Calendar("America/Sao_Paulo", (((1320, 1770), (1790, 1820)),) + ((),) * 6)  # 22:00-5:30 and 5:50-6:20
    ends = DayEnds(night)
    midnight = datetime(2026, 11, 3, 3, tzinfo=UTC)
    length = 8 * 3_600_000_000
    for hours, minutes, is_last in ((4, 59, False), (5, 0, True), (5, 29, True), (6, 0, True)):
        assert ends.place(to_micros(midnight + hours * HOUR + minutes * MINUTE)) == (is_last, length)
    assert ends.place(to_micros(midnight + 5 * HOUR + 40 * MINUTE)) is None


def test_a_day_shorter_than_an_hour_is_all_last_hour_and_even_days_have_it_so_too():
    short = DayEnds(Calendar("UTC", (((720, 750),),) * 7))
    share = DayEndShare()
    place = short.place(to_micros(START + 10 * MINUTE))
    share.add(*place)
    assert (share.last, share.even) == (1, Fraction(1))


def test_even_days_have_the_last_hours_share_of_each_days_length():
    share, other = DayEndShare(), DayEndShare()
    for _ in range(8):
        share.add(False, HOURS_8)
    other.add(True, HOURS_8 // 2)
    share.join(other)
    assert (share.count, share.last, share.even) == (9, 1, Fraction(1) + Fraction(1, 4))


@pytest.mark.parametrize(
    ("last", "now", "days"),
    [
        ("2026-11-06T21:00", "2026-11-09T12:00", 0),  # Friday evening to Monday morning
        ("2026-11-06T21:00", "2026-11-10T12:00", 1),
        ("2026-11-02T12:00", "2026-11-06T12:00", 3),
        ("2026-11-02T12:00", "2026-11-02T20:00", 0),
        ("2026-11-02T12:00", "2030-11-02T12:00", 7),  # no more than are asked for
    ],
)
def test_days_without_anything_are_working_days_between(last, now, days):
    first, second = (datetime.fromisoformat(each).replace(tzinfo=UTC) for each in (last, now))
    assert open_days_between(WEEK, first, second, 7) == days


def test_a_holiday_is_no_day_without_events():
    calendar = Calendar("America/Sao_Paulo", WEEK.week, closed=frozenset({date(2026, 11, 3)}))
    assert open_days_between(calendar, START, START + timedelta(days=2), 9) == 0
