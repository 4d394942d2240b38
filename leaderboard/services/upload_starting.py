"""Starting the import of a file that came in, or a dry run of it; cancelling it, and going on with it."""

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from leaderboard.domain.actors import Actor
from leaderboard.domain.agreement import SIDES
from leaderboard.domain.errors import UploadRefused
from leaderboard.domain.inbound import checked_source
from leaderboard.domain.mapping import parse_mapping
from leaderboard.storage import imports, trail, uploads
from leaderboard.storage.database import DOOR_LOCK, all_or_nothing
from leaderboard.storage.uploads import UploadRow

NOTHING_DONE: dict[str, Any] = {"rows_done": 0, "bytes_done": 0, "report": None, "told": None}


class Choice(NamedTuple):
    """How a file is to be imported. mapping: TOML, None for our own columns; source: None for the mapping's own.

    create_members: the side on which unknown people are created, None for not at all.
    """

    mapping: str | None
    source: str | None
    create_members: str | None


def choose(session: Session, upload_id: int, choice: Choice, *, by: Actor, now: datetime) -> None:
    """Keep how a file is to be imported; raises as start_import does."""
    _begin(session, upload_id, choice, {"state": uploads.READY}, by=by, now=now)


def start_import(
    session: Session, upload_id: int, choice: Choice, *, is_dry_run: bool, by: Actor, now: datetime
) -> None:
    """Let a file wait for its import, or for a dry run.

    Raises UploadRefused `busy` if it is not here for that (any more); Refused for a mapping or source that is none.
    """
    values = {"state": uploads.WAITING, "is_dry_run": int(is_dry_run), "user_id": by.user_id}
    _begin(session, upload_id, choice, values, by=by, now=now)


def _begin(
    session: Session, upload_id: int, choice: Choice, values: dict[str, Any], *, by: Actor, now: datetime
) -> None:
    if choice.mapping is not None:
        parse_mapping(choice.mapping)
    if choice.source is not None:
        checked_source(choice.source)
    if choice.create_members not in (None, *SIDES):
        raise UploadRefused("side", f"Unknown people are created on a side: {' or '.join(SIDES)}.")
    with all_or_nothing(session, DOOR_LOCK):
        connection = session.connection()
        upload = uploads.find_upload(connection, upload_id)
        if upload is None or not can_begin(upload):
            raise UploadRefused("busy", "This file is imported already, or being worked on; look at it again.")
        begun = {**NOTHING_DONE, **values, **choice._asdict(), "changed_at": now}
        uploads.change_upload(connection, upload_id, [upload.state], begun)


def can_begin(upload: UploadRow) -> bool:
    """Tell whether a file is there to be imported: whole, not in work, and nothing of it taken yet."""
    is_idle = upload.state in (uploads.READY, uploads.DONE, uploads.FAILED)
    return is_idle and upload.import_id is None


def go_on(session: Session, upload_id: int, *, by: Actor, now: datetime) -> None:
    """Let an import that failed or was cancelled go on after the rows that are in; else UploadRefused `busy`.

    One that was undone meanwhile begins anew.
    """
    with all_or_nothing(session, DOOR_LOCK):
        connection = session.connection()
        upload = uploads.find_upload(connection, upload_id)
        if upload is None or upload.state != uploads.FAILED or upload.import_id is None:
            raise UploadRefused("busy", "This import did not stop; look at it again.")
        changes = {"state": uploads.WAITING, "told": None, "changed_at": now, "user_id": by.user_id}
        if is_undone(session, upload):
            uploads.delete_parts(connection, upload_id, uploads.REFUSED)
            changes |= {**NOTHING_DONE, "import_id": None}
        uploads.change_upload(connection, upload_id, [uploads.FAILED], changes)


def is_undone(session: Session, upload: UploadRow) -> bool:
    """Tell whether what was imported of a file was taken away again."""
    found = None if upload.import_id is None else imports.find_import(session.connection(), upload.import_id)
    return found is not None and found.undone_at is not None


def cancel(session: Session, upload_id: int, *, by: Actor, now: datetime) -> None:
    """Stop what waits or runs; what came before is in, and can be undone. UploadRefused `busy` if it is over."""
    with all_or_nothing(session, DOOR_LOCK):
        connection = session.connection()
        upload = uploads.find_upload(connection, upload_id)
        if upload is None or upload.state not in uploads.OPEN:
            raise UploadRefused("busy", "This import is over already; look at it again.")
        if upload.import_id is None:
            changes = {**NOTHING_DONE, "state": uploads.READY}
        else:
            changes = {"state": uploads.FAILED, "told": None}
            trail.note(connection, by, "import.cancelled", f"file {upload.file_name}", at=now)
        uploads.change_upload(connection, upload_id, uploads.OPEN, {"changed_at": now, **changes})
