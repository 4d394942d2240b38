"""Verifying names each award, share and export that is not what the frozen standings say; what is right passes."""

import io
from datetime import timedelta

import pytest
from sqlalchemy import delete, insert, select, update

from leaderboard.services.award_checks import award_differences
from leaderboard.services.deciding import approve
from leaderboard.services.exporting import create_export
from leaderboard.services.organising import load_organisation
from leaderboard.services.people import load_people
from leaderboard.services.rules import rule_book
from leaderboard.storage.bonus_tables import AwardShare, BonusAward
from leaderboard.storage.tables import Team, Total
from tests.factories import ids_of
from tests.services.bonus_examples import (
    BEST_REP,
    BY_POINTS,
    CLOSED_AT,
    DECIDABLE_AT,
    DORA,
    TEAM_WIN,
    close,
    sold,
)
from tests.services.examples import ORGANISATION

GUARDS = (
    "bonus_award_way", "bonus_award_no_delete", "award_share_no_update", "award_share_no_delete",
    "total_frozen_update", "total_frozen_delete",
)  # fmt: skip
LONG_AGO, TOO_LATE = CLOSED_AT - timedelta(days=100), DECIDABLE_AT + timedelta(days=1)
pytestmark = pytest.mark.databases("sqlite")  # its triggers are dropped; what is read is the same on both


@pytest.fixture
def aurora(session):
    """Awards 1 to 5: North and South by places, North and South by points, Ana's trip."""
    sold(session, TEAM_WIN, BY_POINTS, BEST_REP)
    for period in ("2026-10", "2026-11", "2026-12", "2026-Q4"):
        close(session, period)
    approve(session, range(1, 6), by=DORA, now=DECIDABLE_AT)
    create_export(session, by=DORA, now=DECIDABLE_AT)
    assert differences(session) == []
    for guard in GUARDS:
        session.connection().exec_driver_sql(f"DROP TRIGGER {guard}")
    session.commit()
    return session


def differences(session):
    return list(award_differences(session.connection(), rule_book(session.connection())))


def found(session, *changes):
    for change in changes:
        session.execute(change)
    return differences(session)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"amount_minor": 99_999}, "award 1: amount_minor is 99999, should be 100000."),
        ({"place": 2}, "award 1: place is 2, should be 1."),
        ({"sharers": 2}, "award 1: sharers is 2, should be 1."),
        ({"points": 1}, "award 1: points is 1, should be 400."),
        ({"name": "South"}, "award 1: name is South, should be North."),
        ({"side": "marketing"}, "award 1: side is marketing, should be sales."),
        ({"currency": "USD"}, "award 1: currency is USD, should be BRL."),
        ({"proposed_at": LONG_AGO}, f"award 1: proposed_at is {LONG_AGO}, should be {CLOSED_AT}."),
        ({"decidable_at": LONG_AGO}, f"award 1: decidable_at is {LONG_AGO}, before it was proposed."),
        (
            {"decidable_at": TOO_LATE},
            f"award 1: decided_at is {DECIDABLE_AT}, within its question window until {TOO_LATE}.",
        ),
        ({"prize": "A car", "amount_minor": None}, "award 1: prize is A car, should be None."),
    ],
)
def test_an_award_that_was_changed_is_named(aurora, values, said):
    assert said in found(aurora, update(BonusAward).where(BonusAward.id == 1).values(**values))


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"amount_minor": 50_001}, "award 1: amount_minor of the share of member 1 is 50001, should be 50000."),
        ({"weight": 2}, "award 1: weight of the share of member 1 is 2, should be 1."),
        ({"name": "Eva"}, "award 1: name of the share of member 1 is Eva, should be Ana."),
        ({"has_remainder": 1}, "award 1: has_remainder of the share of member 1 is 1, should be False."),
    ],
)
def test_b3_a_share_that_was_changed_is_named(aurora, values, said):
    mine = (AwardShare.award_id == 1) & (AwardShare.member_id == 1)
    assert said in found(aurora, update(AwardShare).where(mine).values(**values))


def test_b3_a_share_that_was_taken_away_added_or_given_to_somebody_else_is_named(aurora):
    ids = ids_of(aurora)
    mine = (AwardShare.award_id == 1) & (AwardShare.member_id == ids["ana"])
    told = found(aurora, update(AwardShare).where(mine).values(member_id=ids["caio"]))
    assert told == [  # another award of the same team tells whose it was
        "award 1: the share of member 1 is missing, expected 50000.",
        f"award 1: member {ids['caio']} has a share, expected none.",
    ]
    assert "award 1: 1 members share in it, but the team had 2." in found(
        aurora, delete(AwardShare).where(AwardShare.member_id == ids["caio"])
    )
    stranger = {"award_id": 5, "member_id": ids["bia"], "name": "Bia", "weight": 1, "has_remainder": 0}
    told = found(aurora, insert(AwardShare).values(**stranger))
    assert f"award 5: member {ids['bia']} has a share, expected none." in told


def test_an_award_that_was_taken_away_or_added_is_named(aurora):
    row = aurora.execute(select(BonusAward.__table__).where(BonusAward.id == 1)).mappings().one()
    told = found(aurora, insert(BonusAward).values(**{**row, "id": 99, "programme": "other"}))
    assert "award 99 of team 1 for other in 2026-Q4: stored with place 1, expected none." in told
    told = found(
        aurora, *(delete(AwardShare).where(AwardShare.award_id == each) for each in (1, 5)),
        delete(BonusAward).where(BonusAward.id.in_((1, 5))),
    )  # fmt: skip
    assert "award of team 1 for team-win in 2026-Q4: missing, expected place 1 with 100000 minor units." in told
    assert 'award of member 1 for best-rep in 2026-Q4: missing, expected place 1 with "A trip".' in told


def test_an_award_whose_standings_were_changed_is_named(aurora):
    mine = (Total.period == "2026-Q4") & (Total.scope == "team") & (Total.name == "South")
    told = found(aurora, update(Total).where(mine).values(points=500))
    assert "award 2: place is 2, should be 1." in told


def test_what_people_and_settings_become_later_is_no_difference(aurora):
    """Bia was never in North, Ana has another name, and the average decides from now on."""
    people = """email,name,team,side,from,until,role,external_id
ana@example.com,Zenaide,North,sales,2026-01-01,,rep,
bia@example.com,Bia,South,sales,2026-01-01,,rep,
gil@example.com,Gil,North,sales,2026-10-01,,rep,
"""
    load_people(aurora, io.BytesIO(people.encode()), now=CLOSED_AT, by=DORA)
    load_organisation(
        aurora, ORGANISATION.replace("[calendar]", 'quarter_winner_by = "average"\n[calendar]'), now=CLOSED_AT, by=DORA
    )
    assert differences(aurora) == []
    assert aurora.scalar(select(Team.name).where(Team.id == 1)) == "North"
