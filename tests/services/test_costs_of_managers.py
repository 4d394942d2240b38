"""What the pages of managers cost, without a clock: no great table is read from end to end, however much there is."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from benchmarks.data import NOW
from benchmarks.growth import fill
from leaderboard.domain.periods import Month, parse_period
from leaderboard.services import due_lists
from leaderboard.services.comparing import compare
from leaderboard.services.compliance import read_compliance
from leaderboard.services.compliance_people import read_people
from leaderboard.services.compliance_sla import read_sla
from leaderboard.services.due_lists import DueAsked
from leaderboard.services.figures import Asked
from leaderboard.services.leads import read_leads
from leaderboard.services.monthly_report import monthly_report
from leaderboard.services.scopes import EVERYTHING, Scope
from leaderboard.storage.tables import AttainmentRow, Team
from tests.services import test_costs
from tests.services.test_costs import scans_in, sent_by

MONTH = Month(NOW.year, NOW.month)
QUARTER = parse_period(str(MONTH.quarter))
engine = test_costs.engine


def read_all(session: Session, scope: Scope, team_id: int | None) -> None:
    """Read every page of managers, each with what it can be asked for."""
    for period in (MONTH, QUARTER):
        asked = Asked(period, team_id=team_id)
        read_compliance(session, asked, scope, now=NOW)
        read_people(session, asked, scope, now=NOW)
        compare(session, asked, period.previous, scope, now=NOW)
        for sla in ("speed-to-lead", "on-time-rate", "leads-disposed"):
            about = Asked(period, team_id=team_id, sla=sla)
            read_sla(session, about, scope, now=NOW)
            page = read_leads(session, about, scope)
            read_leads(session, about, scope, after=page.after)
        for level in ("missed", "exceeded"):
            read_leads(session, asked, scope, level=level)
            read_leads(session, asked, scope, level=level, member_id=3)
    for due_asked in (DueAsked(7, team_id), DueAsked(1, team_id, 3)):
        due_lists.read_due(session, due_asked, scope, now=NOW)
        due_lists.read_waiting(session, due_asked, scope, (NOW, 5), now=NOW)
        due_lists.read_overdue(session, due_asked, scope, (NOW, 5), now=NOW)
    monthly_report(session, Asked(MONTH, team_id=team_id), scope, now=NOW)


def some_late_some_waiting(session: Session) -> None:
    """Let a few of the leads be overdue and a few be waiting, as most of a great history is neither."""
    ids = session.execute(select(AttainmentRow.id).where(AttainmentRow.is_monthly == 0).limit(400)).scalars().all()
    late = {"level": "missed", "stopped_at": None, "points": 0}
    waiting = {"level": "pending", "stopped_at": None, "decided_at": None, "month": None, "points": 0}
    session.execute(update(AttainmentRow).where(AttainmentRow.id.in_(ids[:200])).values(**late))
    soon = {**waiting, "due_at": NOW + timedelta(hours=1)}
    session.execute(update(AttainmentRow).where(AttainmentRow.id.in_(ids[200:])).values(**soon))
    session.commit()


def test_no_page_of_managers_scans_attainments_and_the_statements_are_as_many_at_any_size(engine):
    fill(engine, 20_000)
    with Session(engine) as session:
        some_late_some_waiting(session)
        team = session.execute(select(Team.id).limit(1)).scalar_one()
    with engine.begin() as connection:
        connection.exec_driver_sql("ANALYZE")
    counts = []
    for scope, team_id in (
        (EVERYTHING, None),
        (EVERYTHING, team),
        (Scope(is_all=False, team_ids=frozenset({team})), None),
    ):
        sent = sent_by(engine, lambda session, scope=scope, team_id=team_id: read_all(session, scope, team_id))
        assert scans_in(engine, [each for each in sent if not each[0].startswith("SET ")]) == []
        counts.append(len(sent))
    assert max(counts) < 160
    fill(engine, 5_000, first=20_000)
    again = sent_by(engine, lambda session: read_all(session, EVERYTHING, None))
    assert len(again) <= counts[0] + 4  # the rules are read anew


@pytest.mark.databases("sqlite")
def test_what_waits_and_what_is_late_is_found_by_the_indexes_of_these_alone(engine):
    fill(engine, 5_000)
    with Session(engine) as session:
        some_late_some_waiting(session)
    with engine.begin() as connection:
        connection.exec_driver_sql("ANALYZE")
    sent = sent_by(engine, lambda session: due_lists.read_due(session, DueAsked(), EVERYTHING, now=NOW))
    plans = " ".join(test_costs.plans_of(engine, [each for each in sent if "attainment" in each[0]]))
    used = {"ix_attainment_pending", "ix_attainment_overdue", "ix_attainment_late"}
    assert {name for name in used if name in plans} == used
    assert "ix_attainment_month" not in plans
