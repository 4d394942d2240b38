"""Verifying names each correction and each bound of a closed period that is not what it was."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from leaderboard.domain.actors import SCHEDULER
from leaderboard.services.closed_periods import closing_differences
from leaderboard.services.closing import close_period
from leaderboard.services.organising import load_organisation
from leaderboard.services.rules import rule_book
from leaderboard.services.verifying import verify
from leaderboard.storage.closing_tables import Closing, CorrectionRow
from tests.factories import at
from tests.services.examples import ORGANISATION, SPEED, agreement, log, set_up

AFTER_OCTOBER, AFTER_NOVEMBER = at("11-03 00:00"), at("12-03 00:00")
AFTER_YEAR = AFTER_NOVEMBER + timedelta(days=40)


@pytest.fixture
def corrected(session):
    """Of October, November takes that Ana was in time after all, December that the lead was Bia's by then."""
    set_up(session, agreement(SPEED), now=AFTER_OCTOBER)
    log(session, "10-05 09:00 lead.assigned ana", now=AFTER_OCTOBER)
    close_period(session, "2026-10", now=AFTER_OCTOBER, by=SCHEDULER)
    log(session, "10-05 09:30 lead.disposed ana", now=AFTER_OCTOBER)
    close_period(session, "2026-11", now=AFTER_NOVEMBER, by=SCHEDULER)
    log(session, "10-05 09:20 lead.assigned bia", now=AFTER_NOVEMBER)
    return session


def differences(session):
    return list(closing_differences(session.connection(), rule_book(session.connection())))


CHANGES = [
    (CorrectionRow.id == 1, {"points_after": 11}, "correction 3 of attainment 97 in 2026-10 begins with another"),
    (
        CorrectionRow.id == 1,
        {"points_before": 1},
        "corrections of attainment 97 in 2026-10 come to 9 points in 2026-11",
    ),
    (
        CorrectionRow.id == 1,
        {"month": "2026-12"},
        "corrections of attainment 97 in 2026-10 come to 0 points in 2026-11",
    ),
    (CorrectionRow.id == 3, {"team_before": 2}, "correction 3 of attainment 97 in 2026-10 begins with another level"),
    (CorrectionRow.id == 3, {"level_after": "pending"}, "correction 3 of attainment 97 in 2026-10 ends with another"),
    (CorrectionRow.id == 3, {"corrects": "2026-11"}, "corrections of attainment 97 in 2026-11 come to -10 points"),
    (Closing.period == "2026-11", {"starts_at": at("11-01 01:00")}, "closing of 2026-11: starts_at is"),
    (Closing.period == "2026-10", {"ends_at": at("11-01 01:00")}, "closing of 2026-11: starts_at is"),
    (Closing.period == "2026-10", {"as_of": at("10-31 23:00")}, "closing of 2026-10: as_of is 2026-11-01 02:00"),
    (Closing.period == "2026-10", {"as_of": AFTER_NOVEMBER}, "closing of 2026-10: as_of is 2026-12-03 03:00"),
]


@pytest.mark.databases("sqlite")  # its triggers are dropped
def test_p5_a_correction_or_a_bound_that_was_changed_is_named(corrected):
    connection = corrected.connection()
    for table in ("correction", "closing"):
        connection.exec_driver_sql(f"DROP TRIGGER {table}_no_update")
    for where, values, said in CHANGES:
        with corrected.begin_nested() as change:
            corrected.execute(update(CorrectionRow if said.startswith("corr") else Closing).where(where).values(values))
            told = differences(corrected)
            change.rollback()
        assert any(each.startswith(said) for each in told), (said, told)
    corrected.rollback()


def test_p5_corrections_one_after_another_are_right(corrected):
    """Also once the quarter is closed, and the organisation has moved to another time zone."""
    rows = corrected.execute(select(CorrectionRow).order_by(CorrectionRow.id)).scalars()
    assert [(row.month, row.points_before, row.points_after) for row in rows] == [
        ("2026-11", 0, 10),  # Ana
        ("2026-12", 0, 10),  # Bia
        ("2026-12", 10, 0),  # Ana
    ]
    assert list(verify(corrected, now=AFTER_NOVEMBER)) == []
    moved = ORGANISATION.replace("America/Sao_Paulo", "Asia/Tokyo")
    load_organisation(corrected, moved, now=AFTER_NOVEMBER, by=SCHEDULER)
    close_period(corrected, "2026-Q4", now=AFTER_YEAR, by=SCHEDULER)
    assert differences(corrected) == []
    assert list(verify(corrected, now=AFTER_YEAR)) == []
