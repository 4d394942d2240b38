"""Working time on prefix sums against slow, obvious versions of the same (T2-T5)."""

import itertools
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from leaderboard.domain.instants import EPOCH, from_micros, to_micros
from leaderboard.domain.working_time import WEEKDAYS, WorkingTime
from tests.domain.examples import BERLIN, DAY, MICROSECOND, NEW_YORK, SAO_PAULO, SECOND, calendar, properties

CHANGES = {  # a month in which clocks change, one way or the other
    NEW_YORK: [datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 10, 20, tzinfo=UTC)],
    BERLIN: [datetime(2026, 3, 15, tzinfo=UTC), datetime(2026, 10, 10, tzinfo=UTC)],
    SAO_PAULO: [datetime(2018, 2, 5, tzinfo=UTC), datetime(2018, 10, 25, tzinfo=UTC)],
    "Australia/Lord_Howe": [datetime(2026, 4, 1, tzinfo=UTC), datetime(2026, 9, 25, tzinfo=UTC)],  # by half an hour
}
NOTHING = timedelta(0)

clock_times = st.integers(0, 95).map(lambda quarter: f"{quarter // 4:02}:{quarter % 4 * 15:02}")
intervals = st.builds("{}-{}".format, clock_times, clock_times)
weeks = st.fixed_dictionaries({}, optional=dict.fromkeys(WEEKDAYS, st.lists(intervals, max_size=3)))


@st.composite
def cases(draw):
    """A calendar, and an instant near a change of its clocks."""
    zone = draw(st.sampled_from(sorted(CHANGES)))
    month = draw(st.sampled_from(CHANGES[zone]))
    days = st.integers(0, 27).map(lambda number: (month + number * DAY).date())
    here = calendar(
        zone,
        holidays=draw(st.sampled_from([None, "BR-SP", "US", "DE-BE"])),
        closed=draw(st.lists(days, max_size=3)),
        opened=draw(st.dictionaries(days, st.lists(intervals, max_size=2), max_size=3)),
        **draw(weeks),
    )
    start = month + draw(st.integers(0, 20 * 86_400)) * SECOND + draw(st.sampled_from([0, 1, 500_000])) * MICROSECOND
    return here, start


lengths = st.one_of(
    st.integers(0, 10 * 86_400).map(lambda seconds: timedelta(seconds=seconds)),
    st.integers(0, 3 * 10**6).map(lambda number: timedelta(microseconds=number)),
)


def open_spans(here, first, last):
    """Return a calendar's open intervals around two days, unmerged: as a person would list them."""
    zone = ZoneInfo(here.time_zone)
    found = []
    day = first - 3 * DAY
    while day <= last + 3 * DAY:
        for opening, closing in here.hours_on(day):
            start, end = (
                datetime.combine(day, datetime.min.time(), zone) + timedelta(minutes=each)
                for each in (opening, closing)
            )
            found.append((start.astimezone(UTC), end.astimezone(UTC)))
        day += DAY
    return found


def slow_elapsed(here, start, end):
    """Return the open time between two instants: cut at every edge, and take the pieces that lie in some interval."""
    spans = open_spans(here, start.date(), end.date())
    edges = sorted({start, end, *(edge for span in spans for edge in span if start < edge < end)})
    total = NOTHING
    for one, other in itertools.pairwise(edges):
        if any(opening <= one and other <= closing for opening, closing in spans):
            total += other - one
    return total


@properties
@given(case=cases(), length=lengths)
def test_t2_t3_elapsed_is_what_adding_up_the_pieces_gives(case, length):
    here, start = case
    assert here.working_time.elapsed(start, start + length) == slow_elapsed(here, start, start + length)


@properties
@given(case=cases(), minutes=st.integers(0, 2_000))
def test_t2_t3_elapsed_is_what_counting_minute_by_minute_gives(case, minutes):
    here, start = case
    start = start.replace(second=0, microsecond=0)
    spans = open_spans(here, start.date(), (start + timedelta(minutes=minutes)).date())
    ticks = (start + timedelta(minutes=number) for number in range(minutes))
    counted = sum(any(opening <= tick < closing for opening, closing in spans) for tick in ticks)
    assert here.working_time.elapsed(start, start + timedelta(minutes=minutes)) == timedelta(minutes=counted)


@properties
@given(case=cases(), one=lengths, other=lengths)
def test_t3_elapsed_adds_up(case, one, other):
    here, start = case
    time = here.working_time
    middle, end = start + one, start + one + other
    assert time.elapsed(start, middle) + time.elapsed(middle, end) == time.elapsed(start, end)
    assert NOTHING <= time.elapsed(start, middle) <= one


@properties
@given(case=cases(), target=lengths)
def test_t5_due_at_is_the_first_instant_at_which_elapsed_is_the_target(case, target):
    here, start = case
    time = here.working_time
    due = time.due_at(start, target)
    if due is None:
        assert slow_elapsed(here, start, start + 365 * DAY) < target
        return
    assert due >= start
    assert time.elapsed(start, due) == target
    assert due == start or time.elapsed(start, due - MICROSECOND) < target


@properties
@given(case=cases())
def test_t4_next_running_is_the_first_instant_after_which_time_counts(case):
    here, start = case
    time = here.working_time
    running = time.next_running(start)
    if running is None:
        assert slow_elapsed(here, start, start + 365 * DAY) == NOTHING
        return
    assert running >= start
    assert time.elapsed(start, running) == NOTHING
    assert time.elapsed(running, running + MICROSECOND) == MICROSECOND


@properties
@given(case=cases(), length=lengths)
def test_p8_the_spans_between_two_instants_add_up_to_elapsed(case, length):
    here, start = case
    spans = here.working_time.spans_between(start, start + length)
    assert sum((end - opening for opening, end in spans), NOTHING) == here.working_time.elapsed(start, start + length)
    assert all(start <= opening < end <= start + length for opening, end in spans)
    assert all(earlier[1] < later[0] for earlier, later in itertools.pairwise(spans))


@settings(properties, max_examples=20)
@given(case=cases(), length=lengths, asked=st.lists(st.integers(1972, 2100), max_size=3))
def test_t2_what_was_asked_before_changes_no_answer(case, length, asked):
    here, start = case
    fresh, used = WorkingTime(here), WorkingTime(here)
    for year in asked:
        used.elapsed(datetime(year, 1, 1, tzinfo=UTC), datetime(year, 2, 1, tzinfo=UTC))
    assert used.elapsed(start, start + length) == fresh.elapsed(start, start + length)


def test_t3_a_thousand_years_of_seconds_stay_integers():
    here = calendar(BERLIN, monday=["00:00-24:00"]).working_time
    first, last = datetime(1971, 1, 1, tzinfo=UTC), datetime(2199, 1, 1, tzinfo=UTC)
    mondays = (date(2199, 1, 1) - date(1971, 1, 4)).days // 7 + 1
    assert abs(here.elapsed(first, last) - mondays * DAY) < DAY


@properties
@given(since_epoch=st.integers(-86_400 * 10**6, to_micros(datetime(2201, 1, 3, tzinfo=UTC))))
def test_t1_instants_are_exact_to_the_microsecond(since_epoch):
    assert from_micros(since_epoch) == EPOCH + since_epoch * MICROSECOND
    assert to_micros(from_micros(since_epoch)) == since_epoch


@properties
@given(case=cases(), length=lengths, target=lengths)
def test_one_look_up_for_both_agrees_with_one_for_each(case, length, target):
    here, start = case
    time, end = WorkingTime(here), start + length
    assert time.run(start, end, target) == (time.elapsed(start, end), time.due_at(start, target))
