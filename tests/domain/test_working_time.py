"""Working time by cases worked out by hand; the properties are in test_working_time_properties.py."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from leaderboard.domain.errors import CalendarRefused
from leaderboard.domain.instants import from_micros, to_micros
from leaderboard.domain.working_time import (
    ALL_TIME,
    WEEKDAYS,
    clockwork_of,
    local_instant,
    public_holidays,
)
from tests.domain.examples import (
    BERLIN,
    DAY,
    HOUR,
    MICROSECOND,
    MINUTE,
    NEW_YORK,
    SAO_PAULO,
    SECOND,
    calendar,
    local,
    office,
)

NOTHING = timedelta(0)
FRIDAY_5PM, MONDAY_9AM = local("2026-10-09T17:00"), local("2026-10-12T09:00")


def week(zone=SAO_PAULO, **options):
    """Office hours from Monday to Friday, 9 to 18, without the public holidays."""
    return calendar(zone, **{key: ["09:00-18:00"] for key in WEEKDAYS[:5]}, **options).working_time


# Calendars


def test_t2_a_weekday_has_any_number_of_intervals():
    time = office().working_time
    assert time.elapsed(local("2026-10-05T00:00"), local("2026-10-06T00:00")) == 8 * HOUR
    assert time.elapsed(local("2026-10-05T12:00"), local("2026-10-05T13:00")) == NOTHING
    assert time.elapsed(local("2026-10-05T11:59"), local("2026-10-05T13:01")) == 2 * MINUTE


def test_t2_a_night_shift_goes_on_past_midnight():
    time = calendar(friday=["22:00-06:00"]).working_time
    assert time.elapsed(local("2026-10-09T23:00"), local("2026-10-10T03:00")) == 4 * HOUR
    assert time.elapsed(local("2026-10-10T05:59"), local("2026-10-11T00:00")) == MINUTE


@pytest.mark.parametrize(
    ("hours", "length"),
    [("00:00-24:00", 24), ("09:00-24:00", 15), ("00:00-00:00", 24), ("09:00-09:00", 24), ("22:00-21:00", 23)],
)
def test_t2_an_interval_that_ends_at_or_before_its_start_ends_on_the_next_day(hours, length):
    time = calendar(monday=[hours]).working_time
    assert time.elapsed(local("2026-10-04T00:00"), local("2026-10-10T00:00")) == length * HOUR


def test_t2_round_the_clock_has_no_seams():
    always = calendar(**{day: ["00:00-24:00"] for day in WEEKDAYS})
    time = always.working_time
    start = local("2026-10-01T00:00")
    assert time.elapsed(start, start + 30 * DAY + SECOND) == 30 * DAY + SECOND
    assert time.due_at(start, 30 * DAY) == start + 30 * DAY
    assert len(time.spans_between(start, start + 30 * DAY)) == 1


def test_t2_overlapping_and_touching_intervals_are_one():
    time = calendar(monday=["09:00-12:00", "11:00-13:00", "13:00-14:00"], tuesday=["00:00-01:00"]).working_time
    assert time.elapsed(local("2026-10-05T00:00"), local("2026-10-06T00:00")) == 5 * HOUR
    assert time.spans_between(local("2026-10-05T00:00"), local("2026-10-06T00:00")) == [
        (local("2026-10-05T09:00"), local("2026-10-05T14:00"))
    ]


@pytest.mark.parametrize(
    ("place", "day", "is_open"),
    [
        ("BR", date(2026, 9, 7), False),  # independence
        ("BR", date(2026, 7, 9), True),
        ("BR-SP", date(2026, 7, 9), False),  # a holiday of the state
        ("BR-RJ", date(2026, 7, 9), True),
        (None, date(2026, 9, 7), True),
    ],
)
def test_t2_public_holidays_by_country_and_subdivision_are_closed(place, day, is_open):
    assert bool(office(holidays=place).hours_on(day)) == is_open


def test_t2_a_holiday_takes_what_starts_on_it_and_leaves_the_night_before():
    hours = {key: ["22:00-06:00"] for key in ("sunday", "monday")}
    time = calendar(holidays="BR", **hours).working_time  # Monday 2026-09-07
    assert time.elapsed(local("2026-09-06T22:00"), local("2026-09-08T12:00")) == 8 * HOUR


def test_t2_extra_closed_and_extra_open_dates():
    christmas_eve, saturday = date(2026, 12, 24), date(2026, 12, 19)
    here = office(closed=[christmas_eve], opened={saturday: ["09:00-13:00"]})
    assert here.hours_on(christmas_eve) == ()
    assert here.working_time.elapsed(local("2026-12-19T00:00"), local("2026-12-20T00:00")) == 4 * HOUR


def test_t2_an_open_date_wins_over_everything_else_said_of_it():
    holiday = date(2026, 9, 7)
    here = office(holidays="BR", closed=[holiday], opened={holiday: ["10:00-11:00"]})
    assert here.working_time.elapsed(local("2026-09-07T00:00"), local("2026-09-08T00:00")) == HOUR
    shut = office(opened={date(2026, 10, 5): []})
    assert shut.hours_on(date(2026, 10, 5)) == ()


def test_t2_an_unknown_holiday_place_is_refused_with_the_remedy():
    for place in ("XX", "BR-XX", "", "Brazil!"):
        with pytest.raises(CalendarRefused, match='such as "BR"'):
            public_holidays(place)


def test_t2_elapsed_clocks_ignore_calendars():
    start = FRIDAY_5PM
    assert clockwork_of(None) is ALL_TIME
    assert ALL_TIME.elapsed(start, start + 3 * DAY) == 3 * DAY
    assert ALL_TIME.elapsed(start, start - DAY) == NOTHING
    assert ALL_TIME.due_at(start, 2 * DAY) == start + 2 * DAY
    assert ALL_TIME.next_running(start) == start
    here = office()
    assert clockwork_of(here) is here.working_time


def test_t2_the_29th_of_february_is_a_day_like_others():
    time = week()  # 2024-02-29 is a Thursday
    assert time.elapsed(local("2024-02-28T00:00"), local("2024-03-02T00:00")) == 3 * 9 * HOUR
    assert time.due_at(local("2024-02-28T17:00"), 10 * HOUR) == local("2024-02-29T18:00")


# Daylight saving


@pytest.mark.parametrize(
    ("zone", "saturday", "hours"),
    [
        (NEW_YORK, "2026-03-07", 7),  # 02:00 becomes 03:00
        (NEW_YORK, "2026-10-31", 9),  # 02:00 becomes 01:00
        (BERLIN, "2026-03-28", 7),
        (BERLIN, "2026-10-24", 9),
        (SAO_PAULO, "2018-11-03", 7),  # midnight itself becomes 01:00
        (SAO_PAULO, "2018-02-17", 9),  # midnight becomes 23:00
        (NEW_YORK, "2026-06-06", 8),
    ],
)
def test_t3_a_night_over_a_dst_change_counts_real_seconds(zone, saturday, hours):
    time = calendar(zone, saturday=["22:00-06:00"]).working_time
    start = local(f"{saturday}T12:00", zone)
    assert time.elapsed(start, start + 2 * DAY) == hours * HOUR
    assert time.due_at(start, hours * HOUR) == local(f"{saturday}T22:00", zone) + hours * HOUR


@pytest.mark.parametrize(
    ("zone", "friday"),
    [
        (NEW_YORK, "2026-03-06"),
        (NEW_YORK, "2026-10-30"),
        (BERLIN, "2026-03-27"),
        (BERLIN, "2026-10-23"),
        (SAO_PAULO, "2018-11-02"),
        (SAO_PAULO, "2018-02-16"),
    ],
)
def test_t3_a_weekend_with_a_dst_change_adds_nothing(zone, friday):
    time = week(zone)
    start = local(f"{friday}T17:00", zone)
    monday_ten = datetime.fromisoformat(f"{friday}T10:00") + 3 * DAY
    end = local(monday_ten.isoformat(), zone)
    assert time.elapsed(start, end) == 2 * HOUR
    assert time.due_at(start, 2 * HOUR) == end


@pytest.mark.parametrize(
    ("hours", "minutes"),
    [
        ("02:00-03:00", 0),  # the hour that does not exist
        ("01:00-03:00", 60),
        ("02:00-04:00", 60),
        ("01:00-04:00", 120),
    ],
)
def test_t3_the_hour_that_does_not_exist_counts_nothing(hours, minutes):
    time = calendar(BERLIN, sunday=[hours]).working_time
    start = datetime(2026, 3, 28, 12, tzinfo=UTC)
    assert time.elapsed(start, start + DAY) == minutes * MINUTE


def test_t3_intervals_within_the_missing_hour_take_nothing_from_their_neighbours():
    time = calendar(BERLIN, sunday=["02:30-02:45", "03:00-03:10", "04:00-05:00"]).working_time
    start = datetime(2026, 3, 28, 12, tzinfo=UTC)
    # By fold=0 the first is 03:30 to 03:45 of the new time; the second lies before it.
    assert time.elapsed(start, start + DAY) == 85 * MINUTE
    assert [first for first, _ in time.spans_between(start, start + DAY)] == [
        local("2026-03-29T03:00", BERLIN),
        local("2026-03-29T03:30", BERLIN),
        local("2026-03-29T04:00", BERLIN),
    ]


@pytest.mark.parametrize(
    ("hours", "minutes"),
    [("01:00-02:00", 60), ("02:00-03:00", 120), ("02:00-02:30", 30), ("01:00-04:00", 240)],
)
def test_t3_the_hour_that_comes_twice_counts_twice_if_it_is_open_throughout(hours, minutes):
    time = calendar(BERLIN, sunday=[hours]).working_time
    start = datetime(2026, 10, 24, 12, tzinfo=UTC)
    assert time.elapsed(start, start + DAY) == minutes * MINUTE


def test_t3_wall_clock_times_are_taken_as_fold_0():
    zone = ZoneInfo(BERLIN)
    assert local_instant(date(2026, 3, 29), 150, zone) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert local_instant(date(2026, 10, 25), 150, zone) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert local_instant(date(2026, 12, 31), 24 * 60, zone) == local("2027-01-01T00:00", BERLIN)


# Starting and falling due


@pytest.mark.parametrize("start", ["2026-10-09T18:00", "2026-10-10T11:00", "2026-10-12T08:59:59", "2026-10-12T09:00"])
def test_t4_a_clock_started_while_closed_starts_at_the_next_opening(start):
    time = week()
    assert time.next_running(local(start)) == MONDAY_9AM
    assert time.due_at(local(start), HOUR) == local("2026-10-12T10:00")
    assert time.elapsed(local(start), local("2026-10-12T09:30")) == 30 * MINUTE


def test_t4_while_open_time_runs_at_once():
    assert week().next_running(FRIDAY_5PM) == FRIDAY_5PM
    assert week().next_running(local("2026-10-09T18:00") - MICROSECOND) == local("2026-10-09T18:00") - MICROSECOND


@pytest.mark.parametrize(
    ("target", "due"),
    [
        (NOTHING, "2026-10-09T17:00"),
        (HOUR - MICROSECOND, "2026-10-09T17:59:59.999999"),
        (HOUR, "2026-10-09T18:00"),  # at closing time, not at the next opening
        (HOUR + MICROSECOND, "2026-10-12T09:00:00.000001"),
        (10 * HOUR, "2026-10-12T18:00"),
    ],
)
def test_t5_due_is_the_first_instant_at_which_elapsed_is_the_target(target, due):
    assert week().due_at(FRIDAY_5PM, target) == local(due)


def test_t5_a_target_of_nothing_is_due_at_once_even_while_closed():
    assert week().due_at(local("2026-10-10T11:00"), NOTHING) == local("2026-10-10T11:00")


def test_t5_a_due_date_years_away_is_found():
    time = week()
    assert time.due_at(local("2026-01-01T00:00"), 9 * HOUR * 261 * 3) > local("2028-12-01T00:00")


def test_t5_a_calendar_with_too_little_time_left_is_never_due():
    time = calendar(opened={date(2028, 1, 3): ["09:00-10:00"]}).working_time
    start = local("2026-10-09T10:00")
    assert time.due_at(start, 30 * MINUTE) == local("2028-01-03T09:30")
    assert time.due_at(start, HOUR) == local("2028-01-03T10:00")
    assert time.due_at(start, HOUR + MICROSECOND) is None
    assert time.next_running(start) == local("2028-01-03T09:00")
    assert time.next_running(local("2028-01-03T10:00")) is None
    assert time.elapsed(local("2030-01-01T00:00"), local("2031-01-01T00:00")) == NOTHING


def test_t3_the_end_before_the_start_is_no_time():
    assert week().elapsed(MONDAY_9AM, FRIDAY_5PM) == NOTHING
    assert week().elapsed(FRIDAY_5PM, FRIDAY_5PM) == NOTHING


def test_t1_instants_and_microseconds_are_exact_both_ways():
    for instant in (datetime(1970, 1, 1, tzinfo=UTC), datetime(2199, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)):
        assert from_micros(to_micros(instant)) == instant


@pytest.mark.parametrize(
    ("first", "last"), [("1970-01-05T00:00", "1970-01-10T00:00"), ("2199-12-02T00:00", "2199-12-07T00:00")]
)
def test_t2_calendars_reach_to_the_ends_of_the_known_years(first, last):
    assert week().elapsed(local(first), local(last)) == 5 * 9 * HOUR


def test_p8_the_hours_that_counted_are_cut_to_the_clock():
    time = office().working_time
    assert time.spans_between(local("2026-10-05T10:00"), local("2026-10-05T15:00")) == [
        (local("2026-10-05T10:00"), local("2026-10-05T12:00")),
        (local("2026-10-05T13:00"), local("2026-10-05T15:00")),
    ]
    assert time.spans_between(local("2026-10-05T12:00"), local("2026-10-05T13:00")) == []
