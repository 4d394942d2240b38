from datetime import date
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderboard.domain.people import Membership, Teams, overlapping
from leaderboard.domain.periods import Month, Quarter
from tests.domain.examples import ANA, BIA, CAIO, MICROSECOND, SAO_PAULO, local, properties

NORTH, SOUTH = 10, 20
ZONE = ZoneInfo(SAO_PAULO)
MEMBERSHIPS = [
    Membership(ANA, SOUTH, date(2026, 10, 15), date(2026, 11, 1)),
    Membership(ANA, NORTH, date(2026, 1, 1), date(2026, 10, 15)),
    Membership(BIA, NORTH, date(2026, 10, 31)),
]
TEAMS = Teams(MEMBERSHIPS, ZONE)


@pytest.mark.parametrize(
    ("at", "team", "or_before"),
    [
        ("2025-12-31T23:59:59.999999", None, None),
        ("2026-01-01T00:00", NORTH, NORTH),
        ("2026-10-14T23:59:59.999999", NORTH, NORTH),
        ("2026-10-15T00:00", SOUTH, SOUTH),  # the day begins in the organisation's zone
        ("2026-10-31T23:59:59.999999", SOUTH, SOUTH),
        ("2026-11-01T00:00", None, SOUTH),  # P3: the last one before it
        ("2030-01-01T00:00", None, SOUTH),
    ],
)
def test_p3_the_team_is_that_of_the_instant_or_else_the_last_one_before(at, team, or_before):
    assert TEAMS.team_at(ANA, local(at)) == team
    assert TEAMS.team_at_or_before(ANA, local(at)) == or_before


def test_p3_somebody_unknown_has_no_team():
    assert TEAMS.team_at(CAIO, local("2026-10-01T00:00")) is None
    assert TEAMS.team_at_or_before(CAIO, local("2026-10-01T00:00")) is None


@pytest.mark.parametrize(
    ("member", "month", "team"),
    [
        (ANA, Month(2026, 9), NORTH),
        (ANA, Month(2026, 10), SOUTH),
        (ANA, Month(2026, 12), SOUTH),
        (BIA, Month(2026, 10), NORTH),
        (BIA, Month(2026, 9), None),
    ],
)
def test_k7_a_months_result_goes_to_the_team_they_were_last_in(member, month, team):
    assert TEAMS.last_team_in(member, month) == team


def test_s2_the_active_are_those_who_belonged_to_a_team_on_some_day():
    assert TEAMS.active_in(Month(2026, 9)) == {ANA: NORTH}
    assert TEAMS.active_in(Month(2026, 10)) == {ANA: SOUTH, BIA: NORTH}
    assert TEAMS.active_in(Month(2026, 11)) == {BIA: NORTH}
    assert TEAMS.active_in(Quarter(2026, 4)) == {ANA: SOUTH, BIA: NORTH}


def test_p4_a_teams_members_are_all_who_belonged_to_it_in_the_period():
    assert TEAMS.members_of(Month(2026, 10)) == {NORTH: {ANA, BIA}, SOUTH: {ANA}}
    assert TEAMS.members_of(Month(2025, 1)) == {}


def test_t1_a_membership_begins_after_a_midnight_that_does_not_exist():
    teams = Teams([Membership(ANA, NORTH, date(2018, 11, 4))], ZONE)
    begins = local("2018-11-04T01:00")
    assert teams.team_at(ANA, begins) == NORTH
    assert teams.team_at(ANA, begins - MICROSECOND) is None


@pytest.mark.parametrize(
    ("until", "start", "overlaps"),
    [
        (date(2026, 10, 15), date(2026, 10, 15), False),
        (date(2026, 10, 16), date(2026, 10, 15), True),
        (None, date(2027, 1, 1), True),
    ],
)
def test_a_member_is_in_one_team_at_a_time(until, start, overlaps):
    earlier, later = Membership(ANA, NORTH, date(2026, 1, 1), until), Membership(ANA, SOUTH, start)
    assert (overlapping([later, earlier]) == (earlier, later)) == overlaps
    assert (overlapping([later, earlier]) is not None) == overlaps


@properties
@given(data=st.data())
def test_p3_the_order_of_memberships_changes_nothing(data):
    teams = Teams(data.draw(st.permutations(MEMBERSHIPS)), ZONE)
    for at in (local("2026-05-01T00:00"), local("2026-10-20T00:00"), local("2027-05-01T00:00")):
        assert teams.team_at(ANA, at) == TEAMS.team_at(ANA, at)
    assert teams.active_in(Quarter(2026, 4)) == TEAMS.active_in(Quarter(2026, 4))
