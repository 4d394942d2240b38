"""Files that administrators hand in by the browser: they arrive in pieces, wait, and are forgotten."""

from datetime import datetime, timedelta
from typing import BinaryIO

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from leaderboard.domain.actors import Actor
from leaderboard.domain.errors import UploadRefused
from leaderboard.domain.shown import visible
from leaderboard.services.upload_streams import PART
from leaderboard.storage import trail, uploads
from leaderboard.storage.database import DOOR_LOCK, all_or_nothing
from leaderboard.storage.uploads import ListedRow, UploadRow

MOST_BYTES = 200 * 1024 * 1024
MOST_HELD = 20  # files that nothing was done with yet
LONGEST_NAME = 255
KEPT_FOR = timedelta(days=7)


def begin_upload(session: Session, file_name: str, size: int, *, by: Actor, now: datetime) -> int:
    """Begin to take a file of so many bytes, and return its id.

    Raises UploadRefused: `large`, `empty`, or `many` while MOST_HELD others lie there unused.
    """
    if size > MOST_BYTES:
        raise UploadRefused("large", f"The file is larger than {MOST_BYTES // 1024**2} MB; split it, or export less.")
    if size < 1:
        raise UploadRefused("empty", "The file is empty; choose the one that your CRM exported.")
    with all_or_nothing(session, DOOR_LOCK):
        connection = session.connection()
        if uploads.count_uploads(connection, (uploads.ARRIVING, uploads.READY)) >= MOST_HELD:
            raise UploadRefused("many", f"{MOST_HELD} files lie there unused; import or discard some of them first.")
        name = visible(file_name.strip())[-LONGEST_NAME:] or "file"
        values = {"user_id": by.user_id, "file_name": name, "size": size}
        return uploads.add_upload(connection, {**values, "created_at": now, "changed_at": now})


def take_piece(session: Session, upload_id: int, number: int, content: bytes, *, by: Actor, now: datetime) -> bool:
    """Store a piece of a file that arrives, from number 0; the same again changes nothing. Tell if it was the last.

    Raises UploadRefused: `gone` if it does not arrive from whoever sends, `piece` for one that has not its length, or
    the last one while others are missing.
    """
    with all_or_nothing(session, DOOR_LOCK):
        connection = session.connection()
        upload = uploads.find_upload(connection, upload_id)
        if upload is None or upload.state != uploads.ARRIVING or upload.user_id != by.user_id:
            raise UploadRefused("gone", "This file does not arrive any more; begin again.")
        due = min(PART, upload.size - number * PART)
        if due < 1 or len(content) != due:
            raise UploadRefused("piece", f"Piece {number} of the file has not its length; begin again.")
        uploads.put_part(connection, upload_id, uploads.SENT, number, content)
        pieces = -(-upload.size // PART)
        if number < pieces - 1:
            uploads.change_upload(connection, upload_id, [uploads.ARRIVING], {"changed_at": now})
            return False
        if uploads.count_parts(connection, upload_id, uploads.SENT) != pieces:
            raise UploadRefused("piece", "Some pieces of the file are missing; begin again.")
        arrived = {"state": uploads.READY, "changed_at": now}
        uploads.change_upload(connection, upload_id, [uploads.ARRIVING], arrived)
    return True


def take_file(session: Session, file_name: str, stream: BinaryIO, *, by: Actor, now: datetime) -> int:
    """Take a file that is here as a whole, each piece in a transaction of its own; return its id, or raise as above."""
    stream.seek(0, 2)
    size = stream.tell()
    stream.seek(0)
    upload_id = begin_upload(session, file_name, size, by=by, now=now)
    for number in range(-(-size // PART)):
        take_piece(session, upload_id, number, stream.read(PART), by=by, now=now)
    return upload_id


def find_upload(session: Session, upload_id: int) -> UploadRow | None:
    """Return a file that came in, or None if there is none of that id."""
    return uploads.find_upload(session.connection(), upload_id)


def list_uploads(session: Session) -> list[ListedRow]:
    """Return the files that are kept, newest first."""
    return uploads.list_uploads(session.connection(), 2 * MOST_HELD)


def discard_upload(session: Session, upload_id: int, *, by: Actor, now: datetime) -> None:
    """Forget a file and its refused rows; what was imported of it stays. UploadRefused `busy` while it is worked on."""
    with all_or_nothing(session, DOOR_LOCK):
        connection = session.connection()
        upload = uploads.find_upload(connection, upload_id)
        if upload is None:
            return
        if upload.state in uploads.OPEN:
            raise UploadRefused("busy", "This file is being worked on; cancel that first.")
        uploads.delete_upload(connection, upload_id)
        trail.note(connection, by, "upload.discarded", f"file {upload.file_name}", at=now)


def forget_uploads(connection: Connection, now: datetime) -> int:
    """Forget the files with which nothing was done for KEPT_FOR, within the caller's transaction; return how many."""
    return uploads.forget_uploads(connection, now - KEPT_FOR)
