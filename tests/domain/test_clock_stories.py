"""The story of a clock: what each event did to it, and the hours that counted (P8)."""

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given

from leaderboard.domain.agreement import Level
from leaderboard.domain.clock_stories import Part, clock_stories
from leaderboard.domain.events import in_order
from leaderboard.domain.working_time import ALL_TIME
from tests.domain.examples import (
    EIGHT_HOURS,
    HOUR,
    OFFICE_HOURS,
    TEN_YEARS_ON,
    clocks,
    happened,
    local,
    properties,
    response_time,
)
from tests.domain.test_clock_properties import logs, measures, moments


def stories(events, *, measure=None, now=TEN_YEARS_ON, is_elapsed=False):
    time = ALL_TIME if is_elapsed else OFFICE_HOURS.working_time
    seen = [each for each in in_order(events) if each.occurred_at <= now]
    return clock_stories(
        measure or response_time(), EIGHT_HOURS, seen, now, lambda e: e.member_id, lambda _owner, _at: time
    )


def parts(story):
    return [str(part) for _, part in story.parts]


@properties
@given(log=logs(), measure=measures, now=moments)
def test_p8_the_hours_that_counted_add_up_to_what_the_clock_says(log, measure, now):
    told = stories(log, measure=measure, now=now)
    assert [each.result for each in told] == clocks(log, measure=measure, now=now).results
    for each in told:
        assert sum((end - start for start, end in each.counted), timedelta(0)) == each.used
        assert each.result.value in (None, each.used)
        assert all(start < end for start, end in each.counted)
        assert all(before[1] <= after[0] for spans in (each.counted, each.running) for before, after in pairwise(spans))
        assert [part for _, part in each.parts].count(Part.FROM) == 1
        assert (Part.VOID_BY in parts(each)) == (each.result.level is Level.VOID)
        ends = (Part.TO, Part.TAKEN)
        assert [part in ends for _, part in each.parts].count(True) == (each.result.stopped_at is not None)


@properties
@given(log=logs(), now=moments)
def test_p8_on_a_clock_that_never_stops_all_time_between_pauses_counts(log, now):
    for each in stories(log, now=now, is_elapsed=True):
        assert each.counted == each.running


def test_p8_only_open_hours_between_start_and_stop_count_and_not_the_pause():
    (story,) = stories(
        happened("""
        02 17:00 lead.assigned 1
        05 10:00 lead.paused 1
        05 15:00 lead.resumed 1
        05 16:30 lead.disposed 1
    """)
    )
    at = [
        (local(f"2026-10-{start}"), local(f"2026-10-{end}"))
        for start, end in (("02T17:00", "02T18:00"), ("05T09:00", "05T10:00"), ("05T15:00", "05T16:30"))
    ]
    assert list(story.counted) == at
    assert (story.used, parts(story)) == (3.5 * HOUR, ["from", "pause", "resume", "to"])


@pytest.mark.parametrize(
    ("log", "told"),
    [
        ("02 09:00 lead.assigned 1\n02 09:30 lead.assigned 1\n02 10:00 lead.disposed 1\n02 10:30 lead.disposed 1",
         [["from", "again", "to", "again"]]),  # C2, C6
        ("02 09:00 lead.assigned 1\n02 09:30 lead.disposed 1\n03 09:30 lead.reopened 1\n03 10:30 lead.reopened 1",
         [["from", "to", "void_by", "again"]]),  # C7
        ("02 09:00 lead.assigned 1\n02 09:30 lead.disposed 1\n17 09:30 lead.reopened 1", [["from", "to", "late"]]),
        # C2: taken away once it was missed; C5: the pause outlasts that, and the new owner's clock waits for its end
        (("02 09:00 lead.assigned 1\n06 09:30 lead.paused 1\n06 09:40 lead.assigned 2\n06 10:00 lead.resumed 2\n"
         "06 11:00 lead.disposed 2"), [["from", "pause", "taken"], ["pause", "from", "resume", "to"]]),
        (("02 09:00 lead.paused 1\n02 09:10 lead.resumed 1\n02 09:30 lead.assigned 1\n02 09:40 lead.resumed 1\n"
         "02 10:00 lead.disposed 1"), [["from", "again", "to"]]),
    ],
)  # fmt: skip
def test_p8_each_event_says_what_part_it_played(log, told):
    assert [parts(each) for each in stories(happened(log))] == told


def test_c10_the_closers_clock_runs_on_from_hand_to_hand():
    log = "02 09:00 lead.assigned 1\n02 09:10 lead.assigned 1\n02 09:20 lead.assigned 2\n02 10:00 lead.disposed 3"
    (story,) = stories(happened(log), measure=response_time("closer"))
    assert (parts(story), story.used, story.result.owner) == (["from", "again", "handed", "to"], HOUR, 3)
