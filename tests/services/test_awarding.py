"""Closing a quarter proposes what it pays, from the frozen totals and the ledger (M2, B1-B5)."""

import io

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.exc import DBAPIError

from leaderboard.domain.errors import OrganisationRefused
from leaderboard.services.agreeing import load_agreement
from leaderboard.services.closing import close_period
from leaderboard.services.organising import load_organisation
from leaderboard.services.people import load_people
from leaderboard.services.scoring import score_everything
from leaderboard.services.verifying import verify
from leaderboard.storage.bonus_tables import AwardShare, BonusAward
from leaderboard.storage.closing_tables import CorrectionRow
from tests.services.bonus_examples import (
    BEST_REP,
    BY_POINTS,
    CLOSED_AT,
    DECIDABLE_AT,
    DORA,
    MONTHLY,
    SALES,
    TEAM_WIN,
    bonus,
    close,
    proposed,
    shared,
    sold,
)
from tests.services.examples import NOW, ORGANISATION, WINS, agreement, count, log


def test_b2_b3_b5_what_was_won_is_proposed_and_divided_among_all_who_were_in_the_team(session):
    sold(session, TEAM_WIN, BY_POINTS, BEST_REP, MONTHLY)
    assert close(session) == 5
    assert proposed(session) == [
        ("team-win", 1, 1, "North", 100_000),
        ("team-win", 2, 1, "South", 50_000),
        ("by-points", 1, 1, "North", 20_000),
        ("by-points", 2, 1, "South", 10_000),
        ("best-rep", 1, 1, "Ana", "A trip"),
    ]
    assert shared(session, "team-win") == {
        "North": [("Ana", 1, 50_000, False), ("Bia", 1, 50_000, False)],  # Bia was there until 15 October
        "South": [("Bia", 1, 25_000, False), ("Eva", 1, 25_000, False)],
    }
    assert shared(session, "by-points") == {  # what they earned for that team
        "North": [("Ana", 400, 20_000, False), ("Bia", 0, 0, False)],
        "South": [("Bia", 100, 3_333, False), ("Eva", 200, 6_667, True)],
    }
    assert shared(session, "best-rep") == {"Ana": [("Ana", 1, None, False)]}
    row = session.execute(select(BonusAward).where(BonusAward.id == 1)).scalar_one()
    assert (row.points, row.members, row.side, row.currency, row.status) == (400, None, "sales", "BRL", "proposed")
    assert (row.proposed_at, row.decidable_at, row.decided_at) == (CLOSED_AT, DECIDABLE_AT, None)


def test_b2_a_month_pays_by_its_own_points(session):
    sold(session, MONTHLY)
    assert (close(session, "2026-11"), close(session, "2026-10"), close(session)) == (2, 1, 0)
    assert proposed(session) == [
        ("month-win", 1, 2, "Ana", 5),
        ("month-win", 1, 2, "Eva", 5),
        ("month-win", 1, 1, "Ana", 10),
    ]


def test_b2_without_points_nothing_is_proposed(session):
    sold(session, TEAM_WIN, BEST_REP, events="10-05 09:00 opportunity.won ana")
    assert (close(session), count(session, BonusAward), count(session, AwardShare)) == (0, 0, 0)


def test_p4_the_average_decides_the_quarter_where_it_is_set(session):
    sold(session, bonus("quarter-win", 'places = ["10.00"]\nside = "sales"'))
    alone = "email,name,team,side,from,until,role,external_id\neva@example.com,Eva,East,sales,2026-10-01,,rep,\n"
    load_people(session, io.BytesIO(alone.encode()), now=CLOSED_AT, by=DORA)
    by_average = ORGANISATION.replace("[calendar]", 'quarter_winner_by = "average"\nquestion_days = 0\n[calendar]')
    load_organisation(session, by_average, now=CLOSED_AT, by=DORA)
    close(session)
    assert proposed(session) == [("quarter-win", 1, 2, "East", 500), ("quarter-win", 1, 2, "North", 500)]
    rows = session.execute(select(BonusAward).order_by(BonusAward.name)).scalars()
    assert [(row.points, row.members, row.decidable_at) for row in rows] == [(200, 1, CLOSED_AT), (400, 2, CLOSED_AT)]


def test_p6_the_version_in_force_when_the_quarter_began_says_what_it_pays(session):
    sold(session, TEAM_WIN)
    load_agreement(session, agreement(WINS, BEST_REP, effective_from="2026-11-01"), now=CLOSED_AT, by=DORA)
    close(session)
    assert {row[0] for row in proposed(session)} == {"team-win"}


def test_m2_proposing_takes_a_number_of_queries_that_does_not_grow_with_the_awards(session, query_counter):
    sold(session, TEAM_WIN, BY_POINTS, BEST_REP)
    with query_counter() as statements:
        assert close(session) == 5
    # awards: two totals, the ledger, the awards, their ids, their shares; the rest is the closing of this test
    assert len([each for each in statements if "total.points >" in each or "point_entry.team_id IN" in each]) == 3
    assert len([each for each in statements if "award" in each]) == 3


def test_b4_the_database_itself_refuses_to_change_what_was_won(session):
    sold(session, TEAM_WIN)
    close(session)
    for change in (
        update(BonusAward).values(amount_minor=1),
        update(BonusAward).values(status="paid", paid_at=NOW, paid_by="x"),
        delete(BonusAward),
        update(AwardShare).values(amount_minor=1),
        delete(AwardShare),
    ):
        with pytest.raises(DBAPIError, match=r"bonus award goes from|append-only"):
            session.execute(change)
        session.rollback()


def test_b1_the_currency_stays_once_a_bonus_was_proposed(session):
    sold(session, TEAM_WIN)
    in_euros = ORGANISATION.replace("BRL", "EUR")
    load_organisation(session, in_euros, now=CLOSED_AT, by=DORA)
    load_organisation(session, ORGANISATION, now=CLOSED_AT, by=DORA)
    close(session)
    with pytest.raises(OrganisationRefused, match="amounts in BRL are stored already"):
        load_organisation(session, in_euros, now=CLOSED_AT, by=DORA)


def test_p5_what_comes_after_the_close_changes_no_award(session):
    """Closed in order as the product does it; then Ana's wins of October turn out to be more."""
    sold(session, TEAM_WIN, BY_POINTS, BEST_REP, MONTHLY, events=SALES.replace("subject=A4", "subject=A3"))
    closed = close_period(session, "2026-Q4", now=CLOSED_AT, by=DORA)
    assert [(each.period, each.awards) for each in closed] == [
        ("2026-10", 2), ("2026-11", 2), ("2026-12", 0), ("2026-Q4", 5),
    ]  # fmt: skip
    before = proposed(session)
    log(session, "10-07 09:00 opportunity.won ana subject=A9", now=CLOSED_AT)
    assert score_everything(session, now=CLOSED_AT, by=DORA) == 0
    assert count(session, CorrectionRow) == 1
    assert proposed(session) == before
    assert list(verify(session, now=CLOSED_AT)) == []
