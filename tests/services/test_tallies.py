"""Tallies: in step with the attainments whatever happens, and named by `verify` where they are not."""

import pytest
from sqlalchemy import delete, select, update

from leaderboard.domain.bands import NEVER, band_of
from leaderboard.services.verifying import verify
from leaderboard.storage.compliance_tables import Tally
from leaderboard.storage.tables import Team
from tests.factories import ids_of
from tests.services.examples import NOW, PIPELINE, SPEED, agreement, log, set_up

HOUR = 3_600_000_000
IN_TIME = "10-05 09:00 lead.assigned ana\n10-05 09:30 lead.disposed ana"


@pytest.fixture
def aurora(session):
    set_up(session, agreement(SPEED, PIPELINE))
    return session


def tallies(session, scope, sla="speed"):
    """Return participant, team and band of each tally, with met, exceeded, missed and points."""
    columns = (Tally.participant_id, Tally.team_id, Tally.band, Tally.met, Tally.exceeded, Tally.missed, Tally.points)
    rows = session.execute(select(*columns).where(Tally.scope == scope, Tally.sla == sla, Tally.month == "2026-10"))
    return {tuple(row[:3]): tuple(row[3:]) for row in rows}


def test_what_a_member_did_is_tallied_for_them_and_by_the_band_of_its_value_for_their_team(aurora):
    log(aurora, IN_TIME)
    ana, north = ids_of(aurora)["ana"], ids_of(aurora, Team)["North"]
    assert tallies(aurora, "member") == {(ana, north, 0): (0, 1, 0, 10)}
    assert tallies(aurora, "team") == {(north, north, band_of(HOUR // 2)): (0, 1, 0, 10)}


def test_a_teams_own_promise_is_tallied_for_the_team_alone_and_of_a_month_without_a_band(aurora):
    log(aurora, "10-05 09:00 opportunity.won ana amount=1000")
    north, south = (ids_of(aurora, Team)[name] for name in ("North", "South"))
    assert tallies(aurora, "member", "pipeline") == {}
    assert tallies(aurora, "team", "pipeline") == {
        (north, north, 0): (1, 0, 0, 200),
        (south, south, 0): (0, 0, 1, 0),
    }


def test_tallies_follow_each_change_and_leave_no_row_of_nothing(aurora):
    ana, north = ids_of(aurora)["ana"], ids_of(aurora, Team)["North"]
    for line, band, counts in (
        ("10-05 09:00 lead.assigned ana", NEVER, (0, 0, 1, 0)),
        ("10-07 11:00 lead.disposed ana", band_of(18 * HOUR), (0, 0, 1, 0)),  # late, but done
        ("10-05 13:00 lead.disposed ana", band_of(3 * HOUR), (1, 0, 0, 5)),
    ):
        log(aurora, line)
        assert tallies(aurora, "member") == {(ana, north, 0): counts}
        assert tallies(aurora, "team") == {(north, north, band): counts}
        assert list(verify(aurora, now=NOW)) == []
    log(aurora, "10-06 09:00 lead.reopened ana")  # C7: void counts nowhere
    assert (tallies(aurora, "member"), tallies(aurora, "team")) == ({}, {})
    assert list(verify(aurora, now=NOW)) == []


def test_tallies_move_with_people_who_were_elsewhere_after_all(aurora):
    log(aurora, IN_TIME)
    set_up(aurora, agreement(SPEED, PIPELINE).replace("exceeded = 10", "exceeded = 11"))
    assert list(tallies(aurora, "member").values()) == [(0, 1, 0, 11)]
    assert list(verify(aurora, now=NOW)) == []


@pytest.mark.parametrize("change", [update(Tally).values(missed=7), delete(Tally)])
def test_a_tally_that_was_changed_or_taken_away_is_named(aurora, change):
    log(aurora, IN_TIME)
    aurora.execute(change)
    aurora.commit()
    found = list(verify(aurora, now=NOW))
    assert found != []
    assert all(each.startswith("tally of ") for each in found)
