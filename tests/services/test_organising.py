"""The organisation: loading and reloading it; what it decides shifts with it, and nothing of the old stays."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from leaderboard.domain.actors import COMMAND_LINE
from leaderboard.domain.errors import CurrencyRefused, Refused
from leaderboard.services.agreeing import load_agreement
from leaderboard.services.drafting import discard_draft, start_draft
from leaderboard.services.organising import load_organisation, show_organisation
from leaderboard.services.scoring import score_due, score_everything
from leaderboard.services.verifying import verify
from leaderboard.storage.tables import EvidenceRow, OrganisationRow, PeriodRow, Total
from tests.services.bonus_examples import bonus
from tests.services.examples import (
    NOW,
    ON_TIME,
    ORGANISATION,
    PIPELINE,
    SPEED,
    WINS,
    agreement,
    attained,
    count,
    csv_of,
    hand_in,
    ledger,
    log,
    set_up,
    state,
)

TOKYO = ORGANISATION.replace("America/Sao_Paulo", "Asia/Tokyo")
HONOLULU = ORGANISATION.replace("America/Sao_Paulo", "Pacific/Honolulu")
WINS_AT_THE_END = """
    10-31 20:00 opportunity.won ana subject=L1 amount=600
    10-31 23:00 opportunity.won ana subject=L2 amount=600
    11-02 10:00 opportunity.won ana subject=L3 amount=600
"""


def is_right(session, now=NOW):
    """Whatever was loaded: all is as if everything had been worked out from nothing."""
    assert list(verify(session, now=now)) == []
    before = state(session)
    assert score_everything(session, now=now, by=COMMAND_LINE) == 0
    assert state(session) == before
    return True


def test_the_organisation_is_shown_as_it_was_loaded(session):
    assert show_organisation(session) is None
    loaded = load_organisation(session, ORGANISATION, now=NOW, by=COMMAND_LINE)
    assert (loaded.name, loaded.time_zone, loaded.currency) == ("Aurora", "America/Sao_Paulo", "BRL")
    assert show_organisation(session) == ORGANISATION


def test_loading_it_again_replaces_it(session):
    load_organisation(session, ORGANISATION, now=NOW, by=COMMAND_LINE)
    load_organisation(session, ORGANISATION.replace("Aurora", "Borealis"), now=NOW, by=COMMAND_LINE)
    assert session.execute(select(OrganisationRow.name)).scalars().all() == ["Borealis"]


def test_a_file_with_a_mistake_changes_nothing(session):
    load_organisation(session, ORGANISATION, now=NOW, by=COMMAND_LINE)
    with pytest.raises(Refused, match="time_zone"):
        load_organisation(
            session, ORGANISATION.replace("America/Sao_Paulo", "Brazil/Nowhere"), now=NOW, by=COMMAND_LINE
        )
    assert show_organisation(session) == ORGANISATION


def test_k2_the_currency_stays_once_there_are_amounts_in_it(session):
    set_up(session)
    euros = ORGANISATION.replace("BRL", "EUR")
    load_organisation(session, euros, now=NOW, by=COMMAND_LINE)
    load_organisation(session, ORGANISATION, now=NOW, by=COMMAND_LINE)
    log(session, "10-05 09:00 opportunity.won ana amount=10")
    with pytest.raises(Refused, match="amounts in BRL are stored already; keep currency"):
        load_organisation(session, euros, now=NOW, by=COMMAND_LINE)
    assert show_organisation(session) == ORGANISATION


def test_k2_an_agreement_and_a_draft_keep_a_currency_that_their_amounts_need(session):
    set_up(session, agreement(WINS))
    yen, how = ORGANISATION.replace("BRL", "JPY"), {"now": NOW, "by": COMMAND_LINE}
    half = agreement(WINS, bonus("win", 'places = ["10.50"]'), effective_from="2027-01-01")
    draft = start_draft(session, half, **how)
    with pytest.raises(CurrencyRefused, match="has amounts that are none in it"):
        load_organisation(session, yen, **how)
    discard_draft(session, draft, 1, **how)
    load_organisation(session, yen, **how)
    load_organisation(session, ORGANISATION, **how)
    load_agreement(session, half, **how)
    with pytest.raises(CurrencyRefused):
        load_organisation(session, yen, **how)
    load_agreement(session, half.replace("10.50", "10.00"), **how)
    load_organisation(session, yen, **how)


def test_t1_in_another_time_zone_events_fall_into_other_months(session):
    set_up(session, agreement(WINS, PIPELINE))
    log(session, WINS_AT_THE_END)
    assert ledger(session) == {
        ("ana@example.com", "North", "2026-10"): 100,  # two wins
        (None, "North", "2026-10"): 200,  # 1,200.00
    }
    load_organisation(session, TOKYO, now=NOW, by=COMMAND_LINE)  # twelve hours earlier there: all three are November's
    assert ledger(session) == {("ana@example.com", "North", "2026-11"): 100, (None, "North", "2026-11"): 200}
    assert {each.month for each in session.execute(select(EvidenceRow.month))} == {"2026-11"}
    points = select(Total.points).where(Total.period == "2026-10", Total.points != 0)
    assert session.execute(points).all() == []
    assert is_right(session)
    load_organisation(session, ORGANISATION, now=NOW, by=COMMAND_LINE)
    assert ledger(session) == {("ana@example.com", "North", "2026-10"): 100, (None, "North", "2026-10"): 200}
    assert is_right(session)


def test_t1_in_another_time_zone_months_begin_and_end_at_other_instants(session):
    set_up(session, agreement(WINS))
    log(session, WINS_AT_THE_END)
    load_organisation(session, TOKYO, now=NOW, by=COMMAND_LINE)
    bounds = {row.key: (row.starts_at, row.ends_at) for row in session.scalars(select(PeriodRow))}
    assert bounds["2026-11"] == (datetime(2026, 10, 31, 15, tzinfo=UTC), datetime(2026, 11, 30, 15, tzinfo=UTC))
    assert bounds["2026-Q4"] == (datetime(2026, 9, 30, 15, tzinfo=UTC), datetime(2026, 12, 31, 15, tzinfo=UTC))


@pytest.mark.parametrize("document", [TOKYO, HONOLULU])
def test_t1_a_month_is_decided_when_it_ends_in_the_zone_loaded_last(session, document):
    early = datetime(2026, 10, 20, tzinfo=UTC)
    set_up(session, agreement(WINS), now=early)
    log(session, "10-05 09:00 opportunity.won ana", now=early)
    load_organisation(session, document, now=early, by=COMMAND_LINE)
    end = datetime(2026, 10, 31, 15, tzinfo=UTC) if document == TOKYO else datetime(2026, 11, 1, 10, tzinfo=UTC)
    score_due(session, now=end - timedelta(microseconds=1))
    assert {level for _, _, level, _ in attained(session, "2026-10", "wins")} == {"pending"}
    score_due(session, now=end)
    assert {level for _, _, level, _ in attained(session, "2026-10", "wins")} == {"missed"}


def test_a_result_that_lost_its_ground_and_regains_it_in_another_zone_is_the_same_one(session):
    """Its month's first instant is part of what it is: a row left at the old one stood in the way."""
    set_up(session, agreement(SPEED, ON_TIME))
    cases = "10-05 09:00 lead.assigned ana subject={0}\n10-05 09:30 lead.disposed ana subject={0}"
    log(session, cases.format("L1"))
    log(session, "10-06 09:00 lead.reopened ana")  # void: the rate has no case left
    for document in (TOKYO, ORGANISATION, HONOLULU):
        load_organisation(session, document, now=NOW, by=COMMAND_LINE)
        log(session, cases.format(f"A{hash(document)}"))
        log(session, cases.format(f"B{hash(document)}"))
        assert is_right(session)


def test_zones_and_agreements_may_change_in_any_order(session):
    set_up(session, agreement(SPEED, ON_TIME, WINS, PIPELINE))
    log(session, WINS_AT_THE_END)
    log(session, "10-31 09:00 lead.assigned ana\n10-31 23:30 lead.disposed ana")
    for document, text in (
        (TOKYO, agreement(SPEED)),
        (HONOLULU, agreement(WINS)),
        (ORGANISATION, agreement(SPEED, ON_TIME, WINS, PIPELINE)),
        (TOKYO, agreement(PIPELINE, ON_TIME, SPEED)),
        (ORGANISATION, agreement(SPEED, ON_TIME, WINS, PIPELINE)),
    ):
        load_organisation(session, document, now=NOW, by=COMMAND_LINE)
        assert is_right(session)
        load_agreement(session, text, now=NOW, by=COMMAND_LINE)
        assert is_right(session)


def test_t2_another_calendar_changes_what_was_in_time(session):
    set_up(session, agreement(SPEED))
    log(session, "10-05 09:00 lead.assigned ana\n10-06 09:00 lead.disposed ana")
    assert attained(session, "2026-10") == [("speed", "ana@example.com", "met", 5)]
    longer = ORGANISATION.replace('monday = ["09:00-12:00", "13:00-18:00"]', 'monday = ["09:00-18:00"]')
    load_organisation(session, longer, now=NOW, by=COMMAND_LINE)
    assert attained(session, "2026-10") == [("speed", "ana@example.com", "missed", 0)]
    assert ledger(session) == {}
    assert is_right(session)


def test_without_an_organisation_there_is_nothing_to_score(session):
    assert score_due(session, now=NOW) == 0
    with pytest.raises(Refused, match="No organisation is loaded yet"):
        score_everything(session, now=NOW, by=COMMAND_LINE)


def test_loading_leaves_nothing_locked_when_it_is_refused(session, app):
    load_organisation(session, ORGANISATION, now=NOW, by=COMMAND_LINE)
    set_up(session)
    hand_in(session, csv_of("e1,2026-10-05T09:00,opportunity.won,L1,,,,1"))
    with pytest.raises(Refused):
        load_organisation(session, ORGANISATION.replace("BRL", "EUR"), now=NOW, by=COMMAND_LINE)
    assert not session.in_transaction()
    assert count(session) == 1
