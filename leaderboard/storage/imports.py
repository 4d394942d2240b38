"""Queries of imports: what came in, by whom, and between which ids its events lie."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, and_, func, insert, select, update

from leaderboard.storage.tables import Anomaly, EventImport, EventRow
from leaderboard.storage.upload_tables import ImportPart


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
    theirs = and_(EventRow.id >= ImportPart.first_event_id, EventRow.id <= ImportPart.last_event_id)
    same = and_(EventRow.event_id == Anomaly.event_id, EventRow.source == Anomaly.source)
    columns = (Anomaly.subject, Anomaly.sla, Anomaly.event_id, Anomaly.occurred_at)
    found = (
        select(*columns)
        .select_from(Anomaly)
        .join(EventRow, same)
        .join(ImportPart, theirs)
        .where(ImportPart.import_id == import_id)
    )
    number = connection.execute(select(func.count()).select_from(found.subquery())).scalar_one()
    first = list(connection.execute(found.order_by(Anomaly.occurred_at, Anomaly.event_id, Anomaly.sla).limit(most)))
    return number, first  # type: ignore[return-value]
