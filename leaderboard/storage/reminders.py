"""Queries of what needs a reminder, and of what was reminded of."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, delete, exists, or_, select, tuple_, union_all

from leaderboard.storage.bulk import insert_rows
from leaderboard.storage.database import to_micros
from leaderboard.storage.due import place, waits
from leaderboard.storage.mail_tables import Reminder
from leaderboard.storage.tables import AttainmentRow

COLUMNS = (
    AttainmentRow.id,
    AttainmentRow.subject,
    AttainmentRow.sla,
    AttainmentRow.started_at,
    AttainmentRow.scope,
    AttainmentRow.participant_id,
    AttainmentRow.team_id,
    AttainmentRow.due_at,
    AttainmentRow.version_id,
)


def unreminded(
    connection: Connection, now: datetime, until: Mapping[str, datetime], after: tuple[datetime, int] | None, limit: int
) -> Sequence[Any]:
    """Return what is pending, falls due after now, and was not reminded of, the soonest first.

    until: for each SLA up to when it falls due. after: due instant and id of the last one seen.
    """
    order = (AttainmentRow.due_at, AttainmentRow.id)
    soon = or_(*(and_(AttainmentRow.sla == sla, AttainmentRow.due_at <= last) for sla, last in until.items()))
    was = exists().where(Reminder.attainment_id == AttainmentRow.id, Reminder.due_at == AttainmentRow.due_at)
    span = (AttainmentRow.due_at > now, AttainmentRow.due_at <= max(until.values()))
    where = [*waits(), *span, soon, ~was]
    if after is not None:
        where.append(tuple_(*order) > place(*after))
    return connection.execute(select(*COLUMNS).where(*where).order_by(*order).limit(limit)).all()


def note_reminders(connection: Connection, rows: Sequence[tuple[int, datetime]]) -> set[int]:
    """Note of which attainments, due when, is reminded now; return those of which nobody was reminded before."""
    ids = [attainment_id for attainment_id, _ in rows]
    query = select(Reminder.attainment_id, Reminder.due_at).where(Reminder.attainment_id.in_(ids))
    known = {row.attainment_id: row.due_at for row in connection.execute(query)}
    new = [(each, to_micros(due_at)) for each, due_at in rows if known.get(each) != due_at]
    columns = ("attainment_id", "due_at")
    on_conflict = "(attainment_id) DO UPDATE SET due_at = excluded.due_at"
    insert_rows(connection, Reminder.__tablename__, columns, new, on_conflict)
    return {each for each, _ in new}


def still_pending(connection: Connection, ids: Sequence[int]) -> dict[int, datetime | None]:
    """Return those of some attainments that are pending, each with when it is due."""
    query = select(AttainmentRow.id, AttainmentRow.due_at).where(AttainmentRow.id.in_(ids), *waits())
    return {row.id: row.due_at for row in connection.execute(query)}


def waiting_for(connection: Connection, owners: Sequence[tuple[str, int]], limit: int) -> Sequence[Any]:
    """Return what is pending and has a due instant of some participants, given by scope and id, the soonest first."""
    order = (AttainmentRow.due_at, AttainmentRow.id)
    each = [  # each by itself, or else SQLite goes through all that waits
        select(*COLUMNS)
        .where(*waits(), AttainmentRow.scope == scope, AttainmentRow.participant_id == who)
        .where(AttainmentRow.due_at.is_not(None))
        .order_by(*order)
        .limit(limit)
        .subquery()
        for scope, who in owners
    ]
    found = union_all(*(select(part) for part in each)).subquery()
    return connection.execute(select(found).order_by(found.c.due_at, found.c.id).limit(limit)).all()


def forget_reminders(connection: Connection, until: datetime) -> int:
    """Delete what was due before an instant: it can be pending no more."""
    return connection.execute(delete(Reminder).where(Reminder.due_at < until)).rowcount
