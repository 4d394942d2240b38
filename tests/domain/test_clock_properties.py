"""What holds for the clocks of every log, however wild (C1-C10, P2)."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from leaderboard.domain.agreement import Level
from leaderboard.domain.clocks import level_of
from leaderboard.domain.events import Event
from tests.domain.examples import (
    EIGHT_HOURS,
    HOUR,
    MICROSECOND,
    MINUTE,
    OFFICE_HOURS,
    clocks,
    local,
    properties,
    response_time,
)

START = local("2026-10-02T08:00")  # a Friday
TYPES = ("lead.assigned", "lead.paused", "lead.resumed", "lead.disposed", "lead.reopened", "lead.accepted")
IN_TIME = (Level.MET, Level.EXCEEDED)

steps = st.tuples(
    st.sampled_from((*TYPES, "lead.assigned", "lead.disposed")),
    st.integers(0, 60).map(lambda number: START + number * 90 * MINUTE),
    st.sampled_from([None, 1, 2, 3]),
)


@st.composite
def logs(draw):
    return [
        Event(f"{number:02}", at, event_type, "L1", member)
        for number, (event_type, at, member) in enumerate(draw(st.lists(steps, max_size=12)))
    ]


measures = st.sampled_from(["owner", "closer"]).map(response_time)
moments = st.integers(0, 80).map(lambda number: START + number * 90 * MINUTE)


@properties
@given(log=logs(), measure=measures, now=moments, data=st.data())
def test_p2_the_order_of_the_input_changes_nothing(log, measure, now, data):
    shuffled = data.draw(st.permutations(log))
    assert clocks(shuffled, measure=measure, now=now) == clocks(log, measure=measure, now=now)


@properties
@given(log=logs(), measure=measures, now=moments)
def test_p2_events_that_come_twice_change_nothing(log, measure, now):
    twice, once = clocks(log + log, measure=measure, now=now), clocks(log, measure=measure, now=now)
    assert twice.results == once.results
    assert set(twice.anomalies) == set(once.anomalies)


@properties
@given(log=logs(), measure=measures, now=moments)
def test_c3_each_result_agrees_with_itself(log, measure, now):
    for each in clocks(log, measure=measure, now=now).results:
        assert each.owner is not None
        assert each.started_at <= now
        assert (each.value is None) == (each.stopped_at is None)
        if each.level is Level.PENDING:
            assert (each.stopped_at, each.decided_at) == (None, None)
        elif each.level in IN_TIME:
            assert each.decided_at == each.stopped_at
            assert each.level == level_of(each.value, EIGHT_HOURS)
        elif each.level is Level.MISSED:
            assert each.due_at <= each.decided_at <= now
            assert each.value is None or each.value > EIGHT_HOURS.met


@properties
@given(log=logs(), measure=measures, now=moments, later=st.integers(0, 40))
def test_c3_c7_what_is_decided_changes_only_to_void(log, measure, now, later):
    """Time alone takes nothing back: only a reopening does, or an event that names somebody else meanwhile."""
    seen = [each for each in log if each.occurred_at <= now]
    before = clocks(seen, measure=measure, now=now).results
    after = clocks(seen, measure=measure, now=now + later * HOUR).results
    assert len(after) >= len(before) or measure.credit == "closer"  # a miss may come while nobody holds it
    for each in before:
        if each.level is not Level.PENDING:
            assert each in after


@properties
@given(log=logs(), now=moments)
def test_c3_a_pending_clock_is_missed_one_tick_after_it_runs_over(log, now):
    seen = [each for each in log if each.occurred_at <= now and each.type != "lead.paused"]
    for each in clocks(seen, now=now).results:
        if each.level is Level.PENDING:
            over = OFFICE_HOURS.working_time.next_running(each.due_at)
            assert now <= over
            assert clocks(seen, now=over).results[-1].level is Level.PENDING
            assert clocks(seen, now=over + MICROSECOND).results[-1].decided_at == over


@properties
@given(log=logs(), now=moments)
def test_c1_without_pauses_the_value_is_the_working_time_between_start_and_stop(log, now):
    log = [each for each in log if each.type != "lead.paused"]
    for each in clocks(log, now=now).results:
        if each.stopped_at is not None:
            assert each.value == OFFICE_HOURS.working_time.elapsed(each.started_at, each.stopped_at)
            assert each.due_at == OFFICE_HOURS.working_time.due_at(each.started_at, EIGHT_HOURS.met)


@properties
@given(log=logs(), now=moments)
def test_c5_pauses_only_ever_help(log, now):
    without = [each for each in log if each.type not in ("lead.paused", "lead.resumed")]
    plain = {(each.owner, each.started_at): each for each in clocks(without, now=now).results}
    for each in clocks(log, now=now).results:
        other = plain.get((each.owner, each.started_at))
        if other is not None and each.value is not None and other.value is not None:
            assert each.value <= other.value


@properties
@given(log=logs(), now=moments)
def test_c2_clocks_of_owners_never_overlap(log, now):
    found = sorted(clocks(log, now=now).results, key=lambda each: each.started_at)
    for earlier, later in itertools.pairwise(found):
        assert earlier.stopped_at is not None
        assert earlier.stopped_at <= later.started_at


@properties
@given(log=logs(), now=moments)
def test_c10_a_subject_has_at_most_one_closers_clock_a_cycle(log, now):
    stops = sum(each.type == "lead.disposed" and each.occurred_at <= now for each in log)
    assert len(clocks(log, measure=response_time("closer"), now=now).results) <= stops + 1


@properties
@given(instants=st.tuples(moments, moments), member=st.sampled_from([None, 1]), now=moments)
def test_c6_a_lone_from_and_to_come_to_what_they_do_with_a_second_to(instants, member, now):
    """Two events take a shorter way through the code than three."""
    start, stop = sorted(instants)
    events = [Event("1", start, "lead.assigned", "L1", member), Event("2", stop, "lead.disposed", "L1", member)]
    again = Event("3", stop, "lead.disposed", "L1", member)
    assert clocks(events, now=now) == clocks([*events, again], now=now)
