"""What is missing to the next level: enough of it, and not one more than needed (K1, K3, K5)."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderboard.domain.agreement import Level, Levels
from leaderboard.domain.courses import course_of_rate, course_of_total
from leaderboard.domain.monthly import level_of_rate, level_of_total
from tests.domain.examples import properties

ORDER = (Level.NONE, Level.MISSED, Level.MET, Level.EXCEEDED)
shares = st.integers(0, 100).map(lambda percent: Decimal(percent) / 100)
rates = st.tuples(shares, shares).map(lambda pair: Levels(min(pair), max(pair)))


@properties
@given(total=st.integers(0, 60), targets=st.tuples(st.integers(1, 40), st.integers(0, 40)))
def test_k1_what_is_missing_to_a_total_reaches_the_next_level_and_one_less_does_not(total, targets):
    levels = Levels(targets[0], sum(targets))
    course = course_of_total(total, levels)
    assert course.level is level_of_total(total, levels.met, levels.exceeded)
    if course.level is Level.EXCEEDED:
        assert course.next is None
        return
    reached = level_of_total(total + course.next.missing, levels.met, levels.exceeded)
    before = level_of_total(total + course.next.missing - 1, levels.met, levels.exceeded)
    assert ORDER.index(reached) >= ORDER.index(course.next.level) > ORDER.index(before)


@properties
@given(in_time=st.integers(0, 30), late=st.integers(0, 10), levels=rates, at_least=st.integers(0, 12))
def test_k3_so_many_in_time_bring_the_next_level_and_one_less_does_not(in_time, late, levels, at_least):
    cases = in_time + late
    course = course_of_rate(in_time, cases, levels, at_least)
    assert course.level is level_of_rate(in_time, cases, levels, at_least)
    if course.next is None:
        assert course.level is Level.EXCEEDED
        return
    if course.next.missing is None:
        assert late
        assert levels.met == 1 or levels.exceeded == 1
        return

    def level_after(more):
        return ORDER.index(level_of_rate(in_time + more, cases + more, levels, at_least))

    assert level_after(course.next.missing) >= ORDER.index(course.next.level) > level_after(course.next.missing - 1)


@pytest.mark.parametrize(
    ("in_time", "cases", "missing"),
    [
        (2, 10, 1),  # 3 of 10 are met
        (0, 10, 3),
        (2, 4, 2),  # two more cases are needed, if both turn out well
        (3, 10, 2),  # met already: 5 of 10 exceed (0.45)
    ],
)
def test_k3_of_a_rate_of_events_the_cases_there_are_have_to_turn_out_well(in_time, cases, missing):
    levels = Levels(Decimal("0.3"), Decimal("0.45"))
    assert course_of_rate(in_time, cases, levels, 6, is_fixed=True).next.missing == missing


def test_without_a_level_above_nothing_is_missing():
    assert course_of_total(2, Levels(2)).next is None
    assert course_of_total(1, Levels(2)).next == (Level.MET, 1)
