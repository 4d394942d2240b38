"""Verifying finds each kind of tampering and names it; what is right passes."""

import pytest
from sqlalchemy import delete, insert, select, text, update

from leaderboard.services.verifying import verify
from leaderboard.storage.tables import AttainmentRow, EventRow, EvidenceRow, PointEntry, Total
from tests.factories import at, ids_of, opened
from tests.services.examples import NOW, ON_TIME, PIPELINE, SPEED, WINS, agreement, log, set_up

EVENTS = """
    10-05 09:00 lead.assigned ana
    10-05 09:30 lead.disposed ana
    10-06 09:00 lead.assigned ana subject=L2
    10-07 09:00 opportunity.won ana amount=700
    10-07 09:00 opportunity.won ana amount=700 subject=L2
"""
SPEEDY = (AttainmentRow.sla == "speed") & (AttainmentRow.subject == "L1")
MONTHLY = (AttainmentRow.sla == "wins") & (AttainmentRow.points == 100)


@pytest.fixture
def aurora(session):
    set_up(session, agreement(SPEED, WINS, PIPELINE, ON_TIME))
    log(session, EVENTS)
    assert list(verify(session, now=NOW)) == []
    return session


def found(session, *changes):
    for change in changes:
        session.execute(change)
    session.commit()
    return list(verify(session, now=NOW))


def names_all(told, *starts):
    return all(any(each.startswith(start) for each in told) for start in starts)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"level": "met"}, "level is met, should be exceeded"),
        ({"value": 60_000_000}, "value is 60000000, should be 1800000000"),
        ({"decided_at": at("10-05 09:31")}, "decided_at is"),
        ({"month": "2026-11"}, "month is 2026-11, should be 2026-10"),
        ({"team_id": 2}, "team_id is 2, should be 1"),
        ({"points": 1000}, "points is 1000, should be 10"),
    ],
)
def test_an_attainment_that_was_changed_is_named_with_what_it_should_be(aurora, values, said):
    told = found(aurora, update(AttainmentRow).where(SPEEDY).values(**values))
    assert told[0].startswith("attainment differs: speed of member 1, L1, started 2026-10-05T12:00:00+00:00")
    assert said in told[0]


def test_a_monthly_result_that_was_changed_is_named(aurora):
    told = found(aurora, update(AttainmentRow).where(MONTHLY).values(value=3))
    assert told == [
        "attainment differs: wins of member 1, 2026-10, started 2026-10-01T03:00:00+00:00: value is 3, should be 2."
    ]


def test_an_attainment_that_was_taken_away_is_named(aurora):
    told = found(aurora, update(AttainmentRow).where(SPEEDY).values(level="none"))
    assert told[0].startswith("attainment missing: speed of member 1, L1")
    assert told[0].endswith("should be exceeded with 10 points.")


def copy_of(session, **changes):
    row = session.execute(select(AttainmentRow.__table__).where(SPEEDY)).mappings().one()
    return insert(AttainmentRow).values(**{**row, "id": 9_999, **changes})


@pytest.mark.parametrize("subject", ["L2", "L-that-no-event-names"])
def test_an_attainment_without_ground_is_named(aurora, subject):
    told = found(aurora, copy_of(aurora, subject=subject, started_at=at("10-05 09:01")))
    assert told[0].startswith(f"attainment without ground: speed of member 1, {subject}")


def test_a_monthly_result_of_a_month_without_standings_is_named(aurora):
    told = found(aurora, copy_of(aurora, subject="2031-01", month="2031-01", is_monthly=1, sla="wins"))
    assert names_all(told, "attainment without ground: wins of member 1, 2031-01")


def test_evidence_that_was_changed_taken_away_or_added_is_named(aurora):
    mine = EvidenceRow.subject == "L1"
    assert found(aurora, update(EvidenceRow).where(mine).values(amount=9))[0].startswith("evidence of L1: stored {")
    assert found(aurora, delete(EvidenceRow).where(mine))[0].startswith("evidence of L1: stored {}, expected {")


def test_evidence_of_a_subject_without_events_is_named(aurora):
    row = aurora.execute(select(EvidenceRow.__table__).where(EvidenceRow.sla == "wins").limit(1)).mappings().one()
    told = found(aurora, insert(EvidenceRow).values(**{**row, "subject": "L-that-no-event-names"}))
    assert told[0].startswith("evidence of L-that-no-event-names: stored for wins in 2026-10, expected none")


@pytest.mark.parametrize("number", ["points", "met", "exceeded", "missed"])
def test_a_total_that_was_changed_is_named(aurora, number):
    mine = (Total.period == "2026-10") & (Total.scope == "member") & (Total.participant_id == 1)
    told = found(aurora, update(Total).where(mine).values({number: 77}))
    assert len(told) == 1
    assert told[0].startswith("total of member 1 in 2026-10: stored [")
    assert "77" in told[0]


def test_a_total_that_was_taken_away_or_added_is_named(aurora):
    mine = (Total.period == "2026-Q4") & (Total.scope == "team")
    assert names_all(found(aurora, delete(Total).where(mine)), "total of team 1 in 2026-Q4: stored None, expected [")
    row = aurora.execute(select(Total.__table__).limit(1)).mappings().one()
    told = found(aurora, insert(Total).values(**{**row, "period": "2031-01", "points": 5}))
    assert names_all(told, f"total of {row['scope']} {row['participant_id']} in 2031-01: stored [5,")


def entry(**changes):
    values = {"month": "2026-10", "points": 7, "reason": "met", "posted_at": NOW, "team_id": 1, "member_id": 1}
    return insert(PointEntry).values(**{**values, **changes})


def test_a_ledger_entry_too_many_is_named(aurora):
    row_id = aurora.scalar(select(AttainmentRow.id).where(SPEEDY))
    told = found(aurora, entry(attainment_id=row_id))
    assert names_all(told, f"ledger: attainment {row_id} is worth 10 points, but its entries add up to 17.")


def test_a_ledger_entry_for_nothing_is_named(aurora):
    told = found(aurora, entry())
    assert names_all(told, "ledger: entry ", "total of member 1 in 2026-10")
    assert "names no attainment" in next(each for each in told if each.startswith("ledger"))


def test_points_that_went_to_someone_else_are_named_though_they_add_up(aurora):
    """Ten points from Ana to Bia, with totals to match: only the attainment says whose they are."""
    row_id = aurora.scalar(select(AttainmentRow.id).where(SPEEDY))
    bia = ids_of(aurora)["bia"]
    changes = [entry(attainment_id=row_id, points=-10), entry(attainment_id=row_id, points=10, member_id=bia)]
    for member_id, points in ((1, -10), (bia, 10)):
        mine = (Total.scope == "member") & (Total.participant_id == member_id) & (Total.period != "2026-09")
        changes.append(update(Total).where(mine).values(points=Total.points + points))
    told = found(aurora, *changes)
    assert sorted(told) == [
        f"ledger: attainment {row_id}: its entries give {points} points to member {member}, team 1 in 2026-10, "
        "which is not what it earned there."
        for points, member in ((0, 1), (10, bia))
    ]


def test_an_event_that_was_changed_is_found_by_what_it_comes_to(aurora):
    disposed = (EventRow.type == "lead.disposed") & (EventRow.subject == "L1")
    told = found(aurora, update(EventRow).where(disposed).values(occurred_at=at("10-05 13:30")))
    assert names_all(told, "attainment differs: speed of member 1, L1")


def test_rows_that_were_retired_are_no_difference(aurora):
    log(aurora, "10-08 09:00 lead.reopened ana")
    assert list(verify(aurora, now=NOW)) == []


def test_what_the_scheduler_has_not_decided_yet_is_named_until_it_has(session):
    set_up(session, agreement(SPEED), now=at("10-05 08:00"))
    log(session, "10-05 09:00 lead.assigned ana", now=at("10-05 09:00"))
    assert list(verify(session, now=at("10-05 18:00"))) == []
    assert names_all(list(verify(session, now=at("10-07 18:00"))), "attainment differs: speed of member 1, L1")


@pytest.mark.databases("postgresql")
def test_verifying_sees_one_moment_while_others_write(aurora, database_url):
    steps = iter([lambda: log(other, "10-09 09:00 opportunity.won ana subject=A7 amount=1")])
    with opened(database_url) as other:
        told = list(verify(aurora, now=NOW, progress=lambda _done: next(steps, lambda: None)()))
    assert told == []
    assert list(verify(aurora, now=NOW)) == []


def test_without_a_difference_nothing_is_written(aurora):
    before = aurora.execute(text("SELECT count(*) FROM point_entry")).scalar_one()
    assert list(verify(aurora, now=NOW)) == []
    assert aurora.execute(text("SELECT count(*) FROM point_entry")).scalar_one() == before
