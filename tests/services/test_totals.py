"""Totals: in step with the ledger and the attainments after every change, by month and quarter, member and team."""

import pytest
from sqlalchemy import delete, select, update

from leaderboard.domain.actors import COMMAND_LINE
from leaderboard.services.scoring import score_everything
from leaderboard.services.verifying import verify
from leaderboard.storage.tables import Member, Team, Total
from tests.services.examples import NOW, PIPELINE, SPEED, WINS, agreement, log, set_up, state

IN_TIME = "10-05 09:00 lead.assigned ana\n10-05 09:30 lead.disposed ana"


@pytest.fixture
def aurora(session):
    set_up(session, agreement(SPEED, PIPELINE))
    return session


def totals(session, period, scope):
    key = Member.key if scope == "member" else Team.name
    table = Member if scope == "member" else Team
    rows = session.execute(
        select(key, Total.points, Total.met, Total.exceeded, Total.missed)
        .join(table, table.id == Total.participant_id)
        .where(Total.period == period, Total.scope == scope)
    )
    return {name.removesuffix("@example.com"): tuple(numbers) for name, *numbers in rows}


def test_a_members_points_count_for_them_and_their_team_in_month_and_quarter(aurora):
    log(aurora, IN_TIME)
    nothing = (0, 0, 0, 0)
    for period in ("2026-10", "2026-Q4"):
        mine = totals(aurora, period, "member")
        assert mine == {"ana": (10, 0, 1, 0), "bia": nothing, "caio": nothing, "eva": nothing}
        # the pipeline of each sales team is missed: October is over
        months = totals(aurora, period, "team")
        assert months == {"North": (10, 0, 1, 1), "South": (0, 0, 0, 1), "Leads": nothing}


def test_a_teams_own_points_count_for_no_member(aurora):
    log(aurora, "10-05 09:00 opportunity.won ana amount=1000")
    assert totals(aurora, "2026-10", "team")["North"] == (200, 1, 0, 0)
    assert totals(aurora, "2026-10", "member")["ana"] == (0, 0, 0, 0)


def test_levels_are_counted_as_they_change(aurora):
    steps = [
        ("10-05 09:00 lead.assigned ana", (0, 0, 0, 1)),  # long missed by now
        ("10-05 13:00 lead.disposed ana", (5, 1, 0, 0)),
        ("10-05 09:45 lead.disposed ana", (10, 0, 1, 0)),
        ("10-06 09:00 lead.reopened ana", (0, 0, 0, 0)),  # C7: void
    ]
    for line, numbers in steps:
        log(aurora, line)
        assert totals(aurora, "2026-10", "member")["ana"] == numbers
        assert totals(aurora, "2026-Q4", "member")["ana"] == numbers
        assert list(verify(aurora, now=NOW)) == []


def test_a_change_of_teams_moves_no_points_of_before(session):
    """Bia: in North until 15 October, in South since."""
    set_up(session, agreement(SPEED))
    for day in ("10-14", "10-15"):
        log(session, f"{day} 09:00 lead.assigned bia subject={day}\n{day} 09:30 lead.disposed bia subject={day}")
    assert totals(session, "2026-10", "member")["bia"] == (20, 0, 2, 0)
    assert totals(session, "2026-10", "team")["North"] == (10, 0, 1, 0)
    assert totals(session, "2026-10", "team")["South"] == (10, 0, 1, 0)


@pytest.mark.parametrize("damage", [delete(Total), update(Total).values(points=Total.points + 7, met=3, name="?")])
def test_scoring_everything_makes_totals_anew(session, damage):
    set_up(session, agreement(SPEED, WINS, PIPELINE))
    log(session, IN_TIME)
    before = state(session)
    session.execute(damage)
    session.commit()
    assert score_everything(session, now=NOW, by=COMMAND_LINE) == 0
    assert state(session) == before
    assert set(session.scalars(select(Total.name))) == {"Ana", "Bia", "Caio", "Eva", "North", "South", "Leads"}
