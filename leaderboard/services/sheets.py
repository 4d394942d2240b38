"""Opening a file that people hand in, whatever program wrote it: CSV, JSON lines or a workbook."""

import shutil
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import PurePath
from typing import BinaryIO, cast

from leaderboard.domain.errors import Refused
from leaderboard.domain.inbound import REQUIRED
from leaderboard.domain.mapping import EventMapping
from leaderboard.services.encodings import LOOKED_AT, WESTERN, Utf8, encoding_of
from leaderboard.services.lines import UTF8_MARK
from leaderboard.services.packages import SAVE_ANEW
from leaderboard.services.reading import FileRow, JsonLines, Table
from leaderboard.services.scratch import Scratch
from leaderboard.services.workbook_rows import Workbook

JSON_SUFFIXES = (".json", ".jsonl", ".ndjson")
ZIP_MARKS = (b"PK\x03\x04", b"PK\x05\x06")
OLD_MARK = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # what .xls is packed in, and an .xlsx with a password
SAMPLED_ROWS = 2_000
MOST_SAMPLED = 8 * 1_048_576  # bytes
Rows = Table | JsonLines | Workbook


def open_rows(
    stream: BinaryIO, file_name: str = "", mapping: EventMapping | None = None, *, is_json: bool = False
) -> Rows:
    """Return a reader of a file's rows: `header`, `raw_header`, `notes`, `rows()`, and `raw()` of the row just read.

    What the file is shows in its beginning: a workbook (XLSX), JSON lines, or else CSV. mapping: what it says of the
    sheet, the encoding and the delimiter is followed; a CSV with a mapping, or with other columns than ours, may be in
    Windows-1252 (`notes` then tells of it). file_name, is_json: a name as JSON lines have makes it those.
    stream: a workbook in one that cannot be wound back is copied to the disk first. Raises Refused for what is none.
    """
    source = _Ahead(stream)
    start = source.start
    if start.startswith(ZIP_MARKS):
        return _workbook(source.seekable(), mapping)
    if start.startswith(OLD_MARK):
        raise Refused(f"This is an old workbook (.xls), or one with a password; {SAVE_ANEW}.")
    bare = start.removeprefix(UTF8_MARK).lstrip()
    if is_json or bare.startswith(b"{") or PurePath(file_name).suffix.lower() in JSON_SUFFIXES:
        return JsonLines(cast(BinaryIO, source))
    encoding = (mapping and mapping.encoding) or _found_out(start, mapping)
    text = source if encoding == "utf-8" else Utf8(cast(BinaryIO, source), encoding)
    table = Table(cast(BinaryIO, text), mapping.delimiter if mapping else None)
    if encoding == WESTERN and not (mapping and mapping.encoding):
        table.notes = (
            'the file is not UTF-8 and is read as Windows-1252; look at its accents, or save it as "CSV UTF-8"',
        )
    return table


def _found_out(start: bytes, mapping: EventMapping | None) -> str:
    """Return the encoding of a CSV. Our own columns are UTF-8: programs write them, and each wrong line is named."""
    encoding = encoding_of(start)
    is_ours = mapping is None and all(name.encode() in start.partition(b"\n")[0] for name in REQUIRED)
    return "utf-8" if encoding == WESTERN and is_ours else encoding


def _workbook(stream: BinaryIO, mapping: EventMapping | None) -> Workbook:
    if mapping is None:
        return Workbook(stream)
    decimal_mark = (mapping.amounts and mapping.amounts.decimal_mark) or "."
    return Workbook(stream, mapping.sheet, mapping.delimiter or ",", decimal_mark)


def fitted(rows: Rows, header: Sequence[str], mapping: EventMapping) -> "tuple[Rows | Sampled, EventMapping]":
    """Return a file's rows, and the mapping for how they are written.

    header: by which names the mapping knows their cells. Raises Refused where dates could be day or month first.
    """
    if mapping.is_settled:
        return rows, mapping
    sampled = Sampled(rows)
    sample = (row.cells for row, _ in sampled.sample if row.problem is None)
    return sampled, mapping.settled([dict(zip(header, cells, strict=True)) for cells in sample])


class Sampled:
    """A reader of which the first rows were looked at already. sample: these, each with its raw form."""

    def __init__(self, rows: Rows) -> None:
        self._rows, self._rest = rows, rows.rows()
        self._raw: bytes | None = None
        self.header, self.raw_header, self.notes = rows.header, rows.raw_header, rows.notes
        self.sample: list[tuple[FileRow, bytes]] = []
        left = MOST_SAMPLED
        for row in islice(self._rest, SAMPLED_ROWS):
            self.sample.append((row, rows.raw()))
            left -= len(self.sample[-1][1])
            if left < 0:
                break

    def raw(self) -> bytes:
        """Return the row just read as it stands in the file."""
        return self._rows.raw() if self._raw is None else self._raw

    def rows(self) -> Iterator[FileRow]:
        """Yield all rows, from the first on."""
        for row, raw in self.sample:
            self._raw = raw
            yield row
        self._raw = None
        self.sample.clear()
        yield from self._rest


class _Ahead:
    """A stream of which the beginning was looked at, and which begins there all the same."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._waiting = stream.read(LOOKED_AT)

    @property
    def start(self) -> bytes:
        """How it begins; asked before it is read."""
        return self._waiting

    def read(self, size: int = -1) -> bytes:
        if not self._waiting:
            return self._stream.read(size)
        if size < 0:
            piece, self._waiting = self._waiting, b""
            return piece + self._stream.read()
        piece, self._waiting = self._waiting[:size], self._waiting[size:]
        return piece

    def seekable(self) -> BinaryIO:
        """Return the stream, at its beginning, in a form that can be wound back."""
        if getattr(self._stream, "seekable", bool)():
            return self._stream
        copy = Scratch()
        shutil.copyfileobj(self, copy)
        copy.seek(0)
        return cast(BinaryIO, copy)
