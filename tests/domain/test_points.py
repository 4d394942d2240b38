from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderboard.domain.agreement import Count, Level, Levels, Sla
from leaderboard.domain.periods import Month
from leaderboard.domain.points import Attainment, Credit, Posting, postings
from tests.domain.examples import ANA, BIA, properties

OCTOBER, NOVEMBER = Month(2026, 10), Month(2026, 11)
NORTH, SOUTH = 10, 20
SLA = Sla("wins", "Wins", "sales", "member", Count(frozenset({"opportunity.won"})), Levels(3, 5), 100, 150)
MET = Attainment(
    "wins", "member", ANA, "2026-10", datetime(2026, 10, 1, 3, tzinfo=UTC), NORTH, OCTOBER, Level.MET, 100, 3, None,
    None, None, datetime(2026, 10, 9, tzinfo=UTC), 1,
)  # fmt: skip
HERE = MET.credit


@pytest.mark.parametrize(
    ("level", "points"),
    [("met", 100), ("exceeded", 150), ("missed", 0), ("pending", 0), ("void", 0), ("none", 0)],
)
def test_p1_a_level_earns_what_the_sla_says_and_a_miss_nothing(level, points):
    assert SLA.points_of(Level(level)) == points


def test_p1_points_of_nothing_stay_nothing():
    assert replace(SLA, met_points=0).points_of(Level.MET) == 0


@pytest.mark.parametrize(
    ("old", "new", "rows"),
    [
        (None, MET, [(HERE, 100, "met")]),
        (MET, MET, []),
        (MET, None, [(HERE, -100, "reversed")]),
        (None, None, []),
        (None, MET._replace(level=Level.MISSED, points=0), []),
        (MET, MET._replace(level=Level.EXCEEDED, points=150), [(HERE, 50, "exceeded")]),
        (MET._replace(level=Level.EXCEEDED, points=150), MET, [(HERE, -50, "met")]),
        (MET, MET._replace(level=Level.VOID, points=0), [(HERE, -100, "reversed")]),
        (MET, MET._replace(value=4), []),
    ],
)
def test_p2_the_difference_is_posted_and_nothing_else(old, new, rows):
    assert postings(old, new) == [Posting(*row) for row in rows]


@pytest.mark.parametrize("change", [{"participant": BIA}, {"team_id": SOUTH}, {"month": NOVEMBER}])
def test_p2_what_moves_is_reversed_where_it_was_and_posted_where_it_is(change):
    moved = MET._replace(**change)
    assert postings(MET, moved) == [Posting(HERE, -100, "reversed"), Posting(moved.credit, 100, "met")]


attainments = st.none() | st.builds(
    lambda member, team, month, points: MET._replace(
        participant=member, team_id=team, month=month, points=points, level=Level.MET if points else Level.MISSED
    ),
    st.sampled_from([ANA, BIA]),
    st.sampled_from([NORTH, SOUTH, None]),
    st.sampled_from([OCTOBER, NOVEMBER]),
    st.sampled_from([0, 5, 100]),
)


@properties
@given(history=st.lists(attainments, max_size=8))
def test_p2_whatever_the_history_the_net_is_what_it_is_worth_now(history):
    ledger: dict[Credit, int] = {}
    before = None
    for now in history:
        for row in postings(before, now):
            assert row.points != 0
            ledger[row.credit] = ledger.get(row.credit, 0) + row.points
        before = now
    worth = {} if before is None or not before.points else {before.credit: before.points}
    assert {credit: points for credit, points in ledger.items() if points} == worth


@properties
@given(old=attainments, new=attainments)
def test_p1_no_entry_is_negative_but_what_takes_back_an_earlier_one(old, new):
    for row in postings(old, new):
        assert row.points > 0 or (old is not None and row.credit == old.credit and -row.points <= old.points)
