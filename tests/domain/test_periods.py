from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderboard.domain.errors import PeriodRefused
from leaderboard.domain.periods import Month, MonthFinder, Quarter, midnight, month_finder, month_of_key, parse_period
from tests.domain.examples import BERLIN, MICROSECOND, NEW_YORK, SAO_PAULO, properties

ZONES = (SAO_PAULO, NEW_YORK, BERLIN, "Asia/Kolkata", "Pacific/Kiritimati", "UTC")
months = st.builds(Month, st.integers(1971, 2198), st.integers(1, 12))


@pytest.mark.parametrize(("zone", "month"), [(NEW_YORK, "2026-03"), ("UTC", "2026-04"), ("Asia/Kolkata", "2026-04")])
def test_t1_the_time_zone_decides_the_month(zone, month):
    instant = datetime(2026, 4, 1, 1, 30, tzinfo=UTC)
    assert str(MonthFinder(ZoneInfo(zone)).month_of(instant)) == month


@pytest.mark.parametrize("zone", ZONES)
def test_t1_a_month_holds_its_first_instant_and_not_its_last(zone):
    finder = MonthFinder(ZoneInfo(zone))
    start, end = finder.bounds(Month(2026, 10))
    assert finder.month_of(start) == finder.month_of(end - MICROSECOND) == Month(2026, 10)
    assert finder.month_of(start - MICROSECOND) == Month(2026, 9)
    assert finder.month_of(end) == Month(2026, 11)


@pytest.mark.parametrize(
    ("month", "hours"),
    [
        (Month(2026, 3), 743),  # an hour less in spring
        (Month(2026, 10), 745),
        (Month(2024, 2), 29 * 24),  # 29 February
        (Month(2026, 2), 28 * 24),
    ],
)
def test_t1_a_month_lasts_as_long_as_it_does_in_berlin(month, hours):
    start, end = month.bounds(ZoneInfo(BERLIN))
    assert end - start == timedelta(hours=hours)


def test_t1_a_day_whose_midnight_does_not_exist_begins_after_the_gap():
    zone = ZoneInfo(SAO_PAULO)
    began = midnight(date(2018, 11, 4), zone)  # 00:00 became 01:00
    assert began == datetime(2018, 11, 4, 3, tzinfo=UTC)
    assert began.astimezone(zone).isoformat() == "2018-11-04T01:00:00-02:00"
    assert (began - MICROSECOND).astimezone(zone).date() == date(2018, 11, 3)


@properties
@given(month=months, zone=st.sampled_from(ZONES))
def test_t1_months_follow_each_other_without_gap(month, zone):
    zone = ZoneInfo(zone)
    assert month.bounds(zone)[1] == month.next.bounds(zone)[0]
    assert month.next.previous == month
    assert month_finder(zone.key).bounds(month) == month.bounds(zone)


@properties
@given(month=months, before=st.sampled_from(ZONES), after=st.sampled_from(ZONES))
def test_p5_a_closed_month_keeps_its_bounds_in_another_zone_and_no_instant_is_in_two_or_none(month, before, after):
    kept = {each: each.bounds(ZoneInfo(before)) for each in (month, month.next)}
    finder, here = MonthFinder(ZoneInfo(after), kept), month_finder(after)
    start, end = finder.bounds(month)[0], finder.bounds(month.next)[1]
    assert (finder.bounds(month), finder.bounds(month.next)) == (kept[month], kept[month.next])
    assert finder.bounds(month.previous) == (here.bounds(month.previous)[0], start)
    assert finder.bounds(month.plus(2)) == (end, here.bounds(month.plus(2))[1])
    assert [finder.month_of(at) for at in (start - MICROSECOND, start)] == [month.previous, month]
    assert [finder.month_of(at) for at in (end - MICROSECOND, end)] == [month.next, month.plus(2)]
    quarter = month.quarter
    assert finder.bounds_of(quarter) == (finder.bounds(quarter.months[0])[0], finder.bounds(quarter.months[2])[1])


@properties
@given(month=months)
def test_s4_a_quarter_is_its_three_months(month):
    quarter = month.quarter
    zone = ZoneInfo(SAO_PAULO)
    assert month in quarter.months
    assert [each.quarter for each in quarter.months] == [quarter] * 3
    assert quarter.bounds(zone) == (quarter.months[0].bounds(zone)[0], quarter.months[2].bounds(zone)[1])
    assert quarter.next.previous == quarter
    assert quarter.next.first_day == quarter.months[2].next.first_day


@properties
@given(month=months)
def test_a_period_reads_back_as_it_is_written(month):
    assert parse_period(str(month)) == month == month_of_key(month.key)
    assert parse_period(str(month.quarter)) == month.quarter


@properties
@given(month=months, step=st.integers(-240, 240))
def test_so_many_months_there_and_back_is_the_same_month(month, step):
    assert month.plus(step).plus(-step) == month


def test_quarters_turn_with_the_year():
    assert Quarter(2026, 4).next == Quarter(2027, 1)
    assert Quarter(2026, 1).previous == Quarter(2025, 4)
    assert Month(2026, 12).next == Month(2027, 1)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026",
        "2026-00",
        "2026-13",
        "2026-1",
        "2026-Q0",
        "2026-Q5",
        "2026-q1",
        " 2026-01",
        "2026-01\n",
        "\uff12\uff10\uff12\uff16-01",
    ],
)
def test_what_is_no_period_is_refused_with_what_is_accepted(text):
    with pytest.raises(PeriodRefused, match=r"such as 2026-10 or a quarter such as 2026-Q4"):
        parse_period(text)
