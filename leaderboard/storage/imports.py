"""Queries of imports: files that came in, what they brought, and taking that away again."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, delete, exists, func, select, update

from leaderboard.storage.tables import EventImport, EventRow
from leaderboard.storage.upload_tables import ImportPart, Upload

Bounds = tuple[datetime, datetime]


def newest(connection: Connection, limit: int) -> Sequence[Any]:
    """Return the newest imports, the newest first."""
    table = EventImport.__table__
    return connection.execute(select(table).order_by(table.c.id.desc()).limit(limit)).all()


def import_with(connection: Connection, import_id: int) -> Any:
    """Return an import, None if there is none of that id."""
    table = EventImport.__table__
    return connection.execute(select(table).where(table.c.id == import_id)).one_or_none()


def is_under_way(connection: Connection, import_id: int) -> bool:
    """Tell whether more of its file is still to come."""
    is_open = and_(Upload.import_id == import_id, Upload.state.in_(("waiting", "running")))
    return bool(connection.execute(select(exists().where(is_open))).scalar())


def subjects_of(connection: Connection, import_id: int) -> list[str]:
    """Return the subjects of an import's events, in order."""
    theirs = select(EventRow.subject).join(ImportPart, _within()).where(ImportPart.import_id == import_id)
    return list(connection.execute(theirs.distinct().order_by(EventRow.subject)).scalars())


def span_of(connection: Connection, import_id: int) -> tuple[int, Bounds | None]:
    """Return how many events an import has, and the first and last instant at which one happened."""
    at = EventRow.occurred_at
    query = select(func.count(), func.min(at), func.max(at)).select_from(EventRow).join(ImportPart, _within())
    number, first, last = connection.execute(query.where(ImportPart.import_id == import_id)).one()
    return number, (first, last) if number else None


def empty_spans(connection: Connection, spans: Sequence[Bounds], now: datetime) -> list[bool]:
    """Return for each span, end excluded, whether no event that has happened by now falls in it."""
    found: list[bool] = []
    at = EventRow.occurred_at
    for start in range(0, len(spans), 100):
        each = [exists().where(at >= first, at < end, at <= now) for first, end in spans[start : start + 100]]
        found += (not has_one for has_one in connection.execute(select(*each)).one())
    return found


def undo(connection: Connection, import_id: int, now: datetime, by: str) -> None:
    """Take an import's events away, and what says where they lay: their ids may be given anew."""
    parts = connection.execute(select(ImportPart).where(ImportPart.import_id == import_id)).all()
    for part in parts:
        lies_there = EventRow.id.between(part.first_event_id, part.last_event_id)
        connection.execute(delete(EventRow).where(lies_there))
    connection.execute(delete(ImportPart).where(ImportPart.import_id == import_id))
    nothing = {"first_event_id": None, "last_event_id": None}
    mine = update(EventImport).where(EventImport.id == import_id)
    connection.execute(mine.values(undone_at=now, undone_by=by, **nothing))


def _within() -> Any:
    return EventRow.id.between(ImportPart.first_event_id, ImportPart.last_event_id)
