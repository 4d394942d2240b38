"""Queries of files that came in by the browser: their pieces, how far their import has come, and kept mappings."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, and_, delete, func, insert, or_, select, update

from leaderboard.storage.accounts_tables import UserAccount
from leaderboard.storage.bulk import insert_into
from leaderboard.storage.upload_tables import KeptMapping, Upload, UploadPart

SENT, REFUSED = "sent", "refused"  # roles of pieces
ARRIVING, READY, WAITING, RUNNING, DONE, FAILED = "arriving", "ready", "waiting", "running", "done", "failed"
OPEN = (WAITING, RUNNING)


class UploadRow(NamedTuple):
    """A file that came in; see storage/upload_tables.Upload. by: the e-mail of who handed it in."""

    id: int
    user_id: int
    file_name: str
    size: int
    state: str
    source: str | None
    mapping: str | None
    create_members: str | None
    is_dry_run: int
    rows_done: int
    bytes_done: int
    report: str | None
    told: str | None
    changed_at: datetime
    beat_at: datetime | None
    import_id: int | None
    by: str


class ListedRow(NamedTuple):
    """A file that came in, as a list shows it: without its mapping and its report, which may be long."""

    id: int
    file_name: str
    state: str
    is_dry_run: int
    changed_at: datetime
    by: str


class KeptRow(NamedTuple):
    """A mapping that is kept; see storage/upload_tables.KeptMapping."""

    id: int
    name: str
    columns: str
    document: str
    created_by: str
    used_at: datetime


_KEPT = [getattr(KeptMapping, name) for name in KeptRow._fields]


def add_upload(connection: Connection, values: Mapping[str, Any]) -> int:
    """Store a file that begins to arrive, and return its id."""
    usual = {"state": ARRIVING, "is_dry_run": 0, "rows_done": 0, "bytes_done": 0}
    return connection.execute(insert(Upload).values(usual | dict(values)).returning(Upload.id)).scalar_one()


def find_upload(connection: Connection, upload_id: int) -> UploadRow | None:
    """Return a file that came in, or None."""
    row = connection.execute(_with_email(UploadRow).where(Upload.id == upload_id)).first()
    return None if row is None else UploadRow._make(row)


def list_uploads(connection: Connection, most: int) -> list[ListedRow]:
    """Return the files that came in, newest first."""
    rows = connection.execute(_with_email(ListedRow).order_by(Upload.id.desc()).limit(most))
    return list(map(ListedRow._make, rows))


def _with_email(row: type[UploadRow | ListedRow]) -> Select[Any]:
    columns = [getattr(Upload, name) for name in row._fields[:-1]]
    return select(*columns, UserAccount.email).join(UserAccount, UserAccount.id == Upload.user_id)


def count_uploads(connection: Connection, states: Sequence[str]) -> int:
    """Return how many files are in some states."""
    return connection.execute(select(func.count()).select_from(Upload).where(Upload.state.in_(states))).scalar_one()


def change_upload(
    connection: Connection,
    upload_id: int,
    states: Sequence[str],
    values: Mapping[str, Any],
    *,
    beat_at: datetime | None = None,
) -> bool:
    """Change a file that is in one of some states; tell whether it was.

    beat_at: who works on it gives its own last sign of life, so that nobody else's work is changed.
    """
    query = update(Upload).where(Upload.id == upload_id, Upload.state.in_(states)).values(values)
    if beat_at is not None:
        query = query.where(Upload.beat_at == beat_at)
    return connection.execute(query).rowcount == 1


def next_waiting(connection: Connection, silent_since: datetime) -> int | None:
    """Return the id of the oldest file that waits, or whose worker has given no sign of life since an instant."""
    is_open = Upload.state.in_(OPEN)
    query = select(Upload.id).where(is_open, _is_free(silent_since)).order_by(Upload.id).limit(1)
    return connection.execute(query).scalar()


def claim(connection: Connection, upload_id: int, silent_since: datetime, now: datetime) -> bool:
    """Take a file to work on, unless somebody else has meanwhile."""
    query = update(Upload).where(Upload.id == upload_id, _is_free(silent_since))
    return connection.execute(query.values(state=RUNNING, beat_at=now)).rowcount == 1


def _is_free(silent_since: datetime) -> ColumnElement[bool]:
    return or_(Upload.state == WAITING, and_(Upload.state == RUNNING, Upload.beat_at <= silent_since))


def delete_upload(connection: Connection, upload_id: int) -> None:
    """Forget a file and its pieces."""
    connection.execute(delete(UploadPart).where(UploadPart.upload_id == upload_id))
    connection.execute(delete(Upload).where(Upload.id == upload_id))


def forget_uploads(connection: Connection, until: datetime) -> int:
    """Forget the files that nothing was done with since an instant, but for those in work; return how many."""
    old = select(Upload.id).where(Upload.changed_at <= until, Upload.state.not_in(OPEN))
    connection.execute(delete(UploadPart).where(UploadPart.upload_id.in_(old)))
    return connection.execute(delete(Upload).where(Upload.changed_at <= until, Upload.state.not_in(OPEN))).rowcount


def put_part(connection: Connection, upload_id: int, role: str, number: int, content: bytes) -> None:
    """Store a piece; the same one again takes its place."""
    new = insert_into(connection, UploadPart)
    query = new.values(upload_id=upload_id, role=role, number=number, content=content)
    key = ["upload_id", "role", "number"]
    connection.execute(query.on_conflict_do_update(index_elements=key, set_={"content": content}))


def read_part(connection: Connection, upload_id: int, role: str, number: int) -> bytes | None:
    """Return a piece, or None."""
    query = select(UploadPart.content).where(
        UploadPart.upload_id == upload_id, UploadPart.role == role, UploadPart.number == number
    )
    return connection.execute(query).scalar()


def count_parts(connection: Connection, upload_id: int, role: str) -> int:
    """Return how many pieces there are."""
    query = select(func.count()).where(UploadPart.upload_id == upload_id, UploadPart.role == role)
    return connection.execute(query).scalar_one()


def delete_parts(connection: Connection, upload_id: int, role: str) -> None:
    """Forget the pieces of a role."""
    connection.execute(delete(UploadPart).where(UploadPart.upload_id == upload_id, UploadPart.role == role))


def kept_mappings(connection: Connection, most: int) -> list[KeptRow]:
    """Return the kept mappings, those used last first."""
    query = select(*_KEPT).order_by(KeptMapping.used_at.desc(), KeptMapping.id.desc()).limit(most)
    return list(map(KeptRow._make, connection.execute(query)))


def kept_for(connection: Connection, columns: str) -> list[KeptRow]:
    """Return the mappings kept for a header's hash, those used last first."""
    query = select(*_KEPT).where(KeptMapping.columns == columns).order_by(KeptMapping.used_at.desc())
    return list(map(KeptRow._make, connection.execute(query)))


def find_kept(connection: Connection, mapping_id: int) -> KeptRow | None:
    """Return a kept mapping, or None."""
    row = connection.execute(select(*_KEPT).where(KeptMapping.id == mapping_id)).first()
    return None if row is None else KeptRow._make(row)


def keep_mapping(connection: Connection, values: Mapping[str, Any]) -> None:
    """Keep a mapping under its name, in the place of one of that name."""
    new = insert_into(connection, KeptMapping).values(dict(values))
    changed = {name: each for name, each in values.items() if name != "name"}
    connection.execute(new.on_conflict_do_update(index_elements=["name"], set_=changed))


def change_kept(connection: Connection, mapping_id: int, values: Mapping[str, Any]) -> None:
    """Change what is kept with a mapping."""
    connection.execute(update(KeptMapping).where(KeptMapping.id == mapping_id).values(values))


def delete_kept(connection: Connection, mapping_id: int) -> None:
    """Forget a mapping."""
    connection.execute(delete(KeptMapping).where(KeptMapping.id == mapping_id))
