"""Queries of imports: what came in, by whom, between which ids its events lie, and taking those away again."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, and_, delete, exists, func, insert, select, update

from leaderboard.storage.tables import Anomaly, EventImport, EventRow
from leaderboard.storage.upload_tables import ImportPart, Upload
from leaderboard.storage.uploads import OPEN

Bounds = tuple[datetime, datetime]


class ImportRow(NamedTuple):
    """One import; see storage/tables.EventImport."""

    id: int
    source: str
    file_name: str
    imported_at: datetime
    imported_by: str | None
    read: int
    new: int
    duplicate: int
    refused: int
    undone_at: datetime | None
    undone_by: str | None


_COLUMNS = [getattr(EventImport, name) for name in ImportRow._fields]


def list_imports(connection: Connection, most: int, before: int | None = None) -> list[ImportRow]:
    """Return the newest imports, of those with an id below one if it is given."""
    query = select(*_COLUMNS).order_by(EventImport.id.desc()).limit(most)
    if before is not None:
        query = query.where(EventImport.id < before)
    return [ImportRow(*row) for row in connection.execute(query)]


def find_import(connection: Connection, import_id: int) -> ImportRow | None:
    """Return an import, or None."""
    row = connection.execute(select(*_COLUMNS).where(EventImport.id == import_id)).first()
    return None if row is None else ImportRow(*row)


def begin_import(connection: Connection, source: str, file_name: str, at: datetime, by: str) -> int:
    """Store an import of which nothing has come yet, and return its id."""
    counts = {"read": 0, "new": 0, "duplicate": 0, "refused": 0}
    query = insert(EventImport).values(
        source=source, file_name=file_name, imported_at=at, imported_by=by, first_event_id=None, **counts
    )
    return connection.execute(query.returning(EventImport.id)).scalar_one()


def count_import(
    connection: Connection, import_id: int, counts: Sequence[int], new_ids: tuple[int, int] | None
) -> None:
    """Store how far an import has come. counts: read, new, duplicate, refused; new_ids: of what has come since."""
    values = dict(zip(("read", "new", "duplicate", "refused"), counts, strict=True))
    query = update(EventImport).where(EventImport.id == import_id).values(**values)
    if new_ids is not None:
        first, last = new_ids
        query = query.values(first_event_id=func.coalesce(EventImport.first_event_id, first), last_event_id=last)
        part = insert(ImportPart).values(import_id=import_id, first_event_id=first, last_event_id=last)
        connection.execute(part)
    connection.execute(query)


def anomalies_of(connection: Connection, import_id: int, most: int) -> tuple[int, list[Anomaly]]:
    """Return how many of an import's events came before every start (C6), and the first of them."""
    same = and_(EventRow.event_id == Anomaly.event_id, EventRow.source == Anomaly.source)
    columns = (Anomaly.subject, Anomaly.sla, Anomaly.event_id, Anomaly.occurred_at)
    found = (
        select(*columns)
        .select_from(Anomaly)
        .join(EventRow, same)
        .join(ImportPart, _within())
        .where(ImportPart.import_id == import_id)
    )
    number = connection.execute(select(func.count()).select_from(found.subquery())).scalar_one()
    first = list(connection.execute(found.order_by(Anomaly.occurred_at, Anomaly.event_id, Anomaly.sla).limit(most)))
    return number, first  # type: ignore[return-value]


def is_under_way(connection: Connection, import_id: int) -> bool:
    """Tell whether more of its file is still to come."""
    is_open = and_(Upload.import_id == import_id, Upload.state.in_(OPEN))
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
