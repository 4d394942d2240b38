"""Queries of totals: what is added adds up, and what differs is found."""

from sqlalchemy import insert, select

from leaderboard.storage import totals
from leaderboard.storage.bulk import insert_rows
from leaderboard.storage.tables import AttainmentRow, PointEntry
from tests.factories import ids_of
from tests.services.examples import NOW, SPEED, agreement, log, set_up


def row(period, participant, *numbers, scope="member"):
    return (period, scope, participant, "sales", None, "Ana", "ana", *numbers)


def stored(session):
    return sorted(totals.stored(session.connection()))


def test_numbers_are_added_to_those_that_are_there(session):
    connection = session.connection()
    insert_rows(connection, *totals.addition([row("2026-10", 1, 5, 1, 0, 0), row("2026-Q4", 1, 5, 1, 0, 0)]))
    insert_rows(connection, *totals.addition([row("2026-10", 1, -2, 0, 1, 0)]))
    assert stored(session) == [("2026-10", "member", 1, [3, 1, 1, 0]), ("2026-Q4", "member", 1, [5, 1, 0, 0])]


def test_many_are_added_as_one_is(session):
    """From 200 rows on PostgreSQL takes them by COPY."""
    connection = session.connection()
    for _ in range(2):
        insert_rows(connection, *totals.addition([row("2026-10", number, 5, 1, 2, 3) for number in range(1, 301)]))
    assert stored(session) == [("2026-10", "member", number, [10, 2, 4, 6]) for number in range(1, 301)]


def test_only_an_empty_total_is_forgotten(session):
    connection = session.connection()
    rows = [row("2026-10", 1, 0, 0, 0, 0), row("2026-10", 2, 1, 0, 0, 0), row("2026-10", 3, 0, 0, 0, 1)]
    rows += [row("2026-11", 1, 0, 0, 0, 0), row("2026-10", 1, 0, 0, 0, 0, scope="team")]
    insert_rows(connection, *totals.addition(rows))
    for participant in (1, 2, 3):
        totals.forget_if_empty(connection, [("2026-10", "member", participant)])
    assert [(period, scope, number) for period, scope, number, _ in stored(session)] == [
        ("2026-10", "member", 2),
        ("2026-10", "member", 3),
        ("2026-10", "team", 1),
        ("2026-11", "member", 1),
    ]


def test_all_are_cleared(session):
    insert_rows(session.connection(), *totals.addition([row("2026-10", 1, 5, 1, 0, 0)]))
    totals.clear(session.connection())
    assert stored(session) == []


def test_the_ledger_is_summed_by_month_member_and_team(session):
    set_up(session, agreement(SPEED))
    log(session, "10-05 09:00 lead.assigned ana\n10-05 09:30 lead.disposed ana")
    log(session, "10-06 09:00 lead.assigned ana subject=L2\n10-06 11:30 lead.disposed ana subject=L2")
    ana = ids_of(session)["ana"]
    connection = session.connection()
    assert list(totals.ledger_sums(connection)) == [("2026-10", ana, 1, 15)]
    assert sorted(totals.level_counts(connection)) == [
        ("2026-10", "member", ana, 1, "exceeded", 1),
        ("2026-10", "member", ana, 1, "met", 1),
    ]
    assert list(totals.ledger_nets_that_differ(connection)) == []


def test_an_attainment_whose_entries_add_up_to_something_else_is_found(session):
    set_up(session, agreement(SPEED))
    log(session, "10-05 09:00 lead.assigned ana\n10-05 09:30 lead.disposed ana")
    row_id = session.scalar(select(AttainmentRow.id))
    session.execute(
        insert(PointEntry).values(attainment_id=row_id, month="2026-10", points=1, reason="met", posted_at=NOW)
    )
    assert list(totals.ledger_nets_that_differ(session.connection())) == [(row_id, 10, 11)]
