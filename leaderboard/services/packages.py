"""Opening what may be a bomb: a ZIP package and the XML in it, read piece by piece within limits.

Nothing that a header says of sizes is believed: what counts is what comes out.
"""

import zlib
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, cast
from xml.parsers import expat
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile

from leaderboard.domain.errors import Refused

PIECE = 65_536
MOST_LISTED = 2 * 1024 * 1024  # bytes of the list of what is in the package
MOST_ENTRIES = 5_000
MOST_UNPACKED = 4 * 1024**3
MOST_TIMES = 250  # so many times its size is what a workbook unpacks to at most, beyond what is little anyway
LITTLE = 32 * 1024 * 1024
LONGEST_TOKEN = 1_048_576  # a tag with its attributes, or a comment
DEEPEST = 64
MOST_NAMES = 2_000  # of elements and attributes
SAVE_ANEW = "save it anew as .xlsx, or as CSV, and hand that in"
Start = Callable[[str, dict[str, str]], None]
End = Callable[[str], None]
DAMAGED = f"The workbook is damaged; {SAVE_ANEW}."


class _Counted:
    """A stream that counts what is read of it, and gives no more than it may while the package is opened."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.taken = 0
        self.limit: int | None = MOST_LISTED + 2 * PIECE
        self.seek, self.tell, self.seekable = stream.seek, stream.tell, stream.seekable

    def read(self, size: int = -1) -> bytes:
        if self.limit is not None and self.taken + max(size, 0) > self.limit:
            raise Refused(f"The file holds more than {MOST_ENTRIES:,} files, so it is no workbook; {SAVE_ANEW}.")
        content = self._stream.read(size)
        self.taken += len(content)
        return content


class Package:
    """A ZIP package. stream: must be seekable."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = _Counted(stream)
        self._unpacked = 0
        try:
            self._zip = ZipFile(cast(BinaryIO, self._stream))
        except (BadZipFile, ValueError, OSError, NotImplementedError) as error:
            raise Refused(DAMAGED) from error
        self._stream.limit = None
        self.names = frozenset(self._zip.namelist())
        if len(self._zip.infolist()) > MOST_ENTRIES:
            raise Refused(f"The file holds more than {MOST_ENTRIES:,} files, so it is no workbook; {SAVE_ANEW}.")

    def pieces(self, name: str) -> Iterator[bytes]:
        """Yield what a file in the package unpacks to; Refused for more than a workbook ever holds."""
        info = self._zip.getinfo(name)
        if info.flag_bits & 1:
            raise Refused("The workbook has a password; save it without one and hand it in again.")
        if info.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
            raise Refused(DAMAGED)
        try:
            with self._zip.open(info) as file:
                while piece := file.read(PIECE):
                    self._unpacked += len(piece)
                    self._check_size()
                    yield piece
        except (BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, ValueError) as error:
            raise Refused(DAMAGED) from error

    def _check_size(self) -> None:
        if self._unpacked > MOST_UNPACKED:
            raise Refused(
                f"The workbook unpacks to more than {MOST_UNPACKED // 1024**2:,} MB; hand it in as several, or as CSV."
            )
        if self._unpacked > LITTLE and self._unpacked > MOST_TIMES * self._stream.taken:
            raise Refused(
                f"The workbook unpacks to more than {MOST_TIMES} times its size, as no table does; {SAVE_ANEW}."
            )


class XmlReader:
    """Reads XML piece by piece; tells of elements by their names without a prefix.

    start(name, attributes), end(name), data(text): what is told. Entities and document types, which workbooks never
    have, are refused, and so is what could fill the memory: endless tags, endless nesting, endlessly many names.
    """

    def __init__(self, start: Start, end: End, data: Callable[[str], None] | None = None) -> None:
        self._start, self._end = start, end
        self._depth = 0
        self._names = LocalNames()
        self._pieces = XmlPieces(self._started, self._ended, data)
        self.feed = self._pieces.feed

    def _started(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > DEEPEST:
            raise Refused(DAMAGED)
        self._start(self._names[name], attributes)

    def _ended(self, name: str) -> None:
        self._depth -= 1
        self._end(self._names[name])


class XmlPieces:
    """As XmlReader, but names come with their prefix, and whoever is told minds how deeply elements are nested."""

    def __init__(self, start: Start, end: End, data: Callable[[str], None] | None = None) -> None:
        self._fed = 0
        self._interned: dict[str, str] = {}
        parser: Any = expat.ParserCreate(intern=self._interned)
        parser.buffer_text = True
        parser.buffer_size = PIECE
        parser.StartElementHandler = start
        parser.EndElementHandler = end
        parser.CharacterDataHandler = data
        parser.StartDoctypeDeclHandler = _refuse_doctype
        parser.EntityDeclHandler = _refuse_doctype
        self._parser = parser

    def feed(self, piece: bytes) -> None:
        """Take the next piece; an empty one is the end. Refused for what is no sound XML."""
        try:
            self._parser.Parse(piece, not piece)
        except expat.ExpatError as error:
            raise Refused(DAMAGED) from error
        self._fed += len(piece)
        if self._fed - self._parser.CurrentByteIndex > LONGEST_TOKEN + PIECE or len(self._interned) > MOST_NAMES:
            raise Refused(DAMAGED)


class LocalNames(dict[str, str]):
    """Names without their prefix."""

    def __missing__(self, name: str) -> str:
        local = self[name] = name.rpartition(":")[2]
        return local


def _refuse_doctype(*_declared: object) -> None:
    raise Refused(f"The workbook declares entities, which no workbook needs; {SAVE_ANEW}.")
