"""Verifying names each decision, question, export, adjustment and closing that the audit trail has otherwise."""

from datetime import timedelta

import pytest
from sqlalchemy import delete, update

from leaderboard.services.adjusting import adjust, take_back
from leaderboard.services.asking import answer, ask
from leaderboard.services.closing import close_period
from leaderboard.services.deciding import approve, decline, mark_paid
from leaderboard.services.exporting import create_export
from leaderboard.services.trail_checks import trail_differences
from leaderboard.services.verifying import verify
from leaderboard.storage.bonus_tables import BonusAward, BonusQuestion, PayrollExport
from leaderboard.storage.closing_tables import Closing
from leaderboard.storage.trail_tables import AdjustmentRow, AuditEntry
from tests.factories import ids_of
from tests.services.bonus_examples import BEST_REP, BY_POINTS, CLOSED_AT, DORA, ENZO, TEAM_WIN, account, award_id, sold

LATER = CLOSED_AT + timedelta(days=4)
WON, GIFT, LOST = ("by-points", "North"), ("best-rep", "Ana"), ("by-points", "South")
PAID = {"status": "paid", "paid_at": LATER, "paid_by": "dora@example.com"}


@pytest.fixture
def decided(session):
    """A quarter is closed; one award is exported, a prize is handed over, one is declined; points come and go."""
    sold(session, TEAM_WIN, BY_POINTS, BEST_REP)
    close_period(session, "2026-Q4", now=CLOSED_AT, by=DORA)
    asked = ask(session, award_id(session, *GIFT), "Where to?", by=account(session, "ana"), now=CLOSED_AT)
    answer(session, asked, "To Recife.", by=ENZO, now=LATER)
    approve(session, [award_id(session, *each) for each in (WON, GIFT)], by=DORA, now=LATER)
    decline(session, [award_id(session, *LOST)], reason="Won twice.", by=ENZO, now=LATER)
    create_export(session, by=ENZO, now=LATER)
    mark_paid(session, [award_id(session, *GIFT)], by=DORA, now=LATER)
    given = adjust(session, ids_of(session)["bia"], 5, "Helped out", "2027-01", by=DORA, now=LATER)
    take_back(session, given.id, "By mistake", by=ENZO, now=LATER)
    return session


def of(session, *award):
    return BonusAward.id == award_id(session, *award)


def cases(session):
    """Yield changes and what has to be told of each."""
    number = award_id(session, *GIFT)
    unpaid = {"status": "approved", "paid_at": None, "paid_by": None}
    yield update(BonusAward).where(of(session, *GIFT)).values(unpaid), f"it has award.paid of award {number} by dora"
    yield update(BonusAward).where(of(session, *WON)).values(PAID), "award.paid of award"
    yield update(BonusAward).where(of(session, *LOST)).values(reason="Lost."), '"Lost." is stored, but'
    yield update(BonusAward).where(of(session, *WON)).values(decided_by="eve@example.com"), "by eve@example.com at"
    forged = {"status": "approved", "decided_at": LATER, "decided_by": "eve@example.com"}
    yield update(BonusAward).where(of(session, "team-win", "North")).values(forged), "by eve@example.com at 2027-01-07"
    other = {"document": "line\r\n", "digest": "0" * 64}
    yield update(PayrollExport).values(other), "sha256 000000000000"
    yield update(PayrollExport).values(currency="USD"), "200.00 USD; sha256"
    yield delete(PayrollExport), "audit trail: it has export.created of export 1 by enzo@example.com"
    yield update(Closing).where(Closing.period == "2026-11").values(closed_by="eve"), "period.closed of 2026-11 by eve"
    yield update(AdjustmentRow).values(reason="Something else"), '"2027-01: +5", "Something else" is stored'
    yield update(AdjustmentRow).values(made_by="eve"), "adjustment.taken-back by eve at"
    yield update(BonusQuestion).values(text="Why?"), "question.asked of award 5 by ana@example.com"
    yield update(BonusQuestion).values(answer="Nowhere."), '"Nowhere." is stored, but'
    yield delete(AuditEntry).where(AuditEntry.action == "award.declined"), "award.declined of award"


@pytest.mark.databases("sqlite")  # its triggers are dropped; what is read is the same on both
def test_b4_what_was_done_and_the_audit_trail_say_the_same_or_verify_says_so(decided):
    assert list(verify(decided, now=LATER)) == []
    connection = decided.connection()
    connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
    triggers = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").scalars().all()
    for trigger in triggers:
        connection.exec_driver_sql(f"DROP TRIGGER {trigger}")
    for change, said in cases(decided):
        with decided.begin_nested() as change_of_one:
            decided.execute(change)
            told = list(trail_differences(decided.connection()))
            change_of_one.rollback()
        assert any(said in each for each in told), (said, told)
    assert list(trail_differences(decided.connection())) == []
    decided.rollback()
