"""A file that lies in the database in pieces, read like one on the disk."""

import io
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

from sqlalchemy.orm import Session

from leaderboard.storage import uploads

PART = 1_048_576  # bytes of each piece that was sent but the last
BUFFER = 65_536


class PartsStream(io.RawIOBase):
    """The bytes of a file of a known size, piece after piece; one piece is held at a time.

    read: gives the piece of a number, from 0.
    """

    def __init__(self, read: Callable[[int], bytes | None], size: int) -> None:
        self._read_part, self._size = read, size
        self._place = 0
        self._number, self._content = -1, b""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._place

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        begin = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._size}[whence]
        if begin + offset < 0:
            raise ValueError(f"{begin + offset} lies before the file's beginning")
        self._place = begin + offset
        return self._place

    def readinto(self, buffer: Any, /) -> int:
        if self._place >= self._size:
            return 0
        number, start = divmod(self._place, PART)
        if number != self._number:
            self._number, self._content = number, self._part(number)
        piece = memoryview(self._content)[start : start + len(buffer)]
        buffer[: len(piece)] = piece
        self._place += len(piece)
        return len(piece)

    def _part(self, number: int) -> bytes:
        content = self._read_part(number)
        if content is None or len(content) != min(PART, self._size - number * PART):
            raise OSError(f"piece {number} of the file is not there any more")
        return content


def open_upload(session: Session, upload: uploads.UploadRow) -> tuple[PartsStream, BinaryIO]:
    """Return a file's stream twice: as it is, to tell where it is read, and buffered, to be read.

    Each piece is read in a transaction of its own, beside that of the session.
    """
    bind = session.get_bind()

    def part(number: int) -> bytes | None:
        with Session(bind) as aside:
            return uploads.read_part(aside.connection(), upload.id, uploads.SENT, number)

    raw = PartsStream(part, upload.size)
    return raw, io.BufferedReader(raw, BUFFER)


def refused_parts(session: Session, upload_id: int) -> Iterator[bytes]:
    """Yield the file of an import's refused rows, piece after piece."""
    number = 0
    while (content := uploads.read_part(session.connection(), upload_id, uploads.REFUSED, number)) is not None:
        session.rollback()
        yield content
        number += 1
