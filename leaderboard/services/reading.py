"""Reads files that people hand in, in bounded memory, whatever is in them."""

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO, StringIO
from typing import Any, BinaryIO, ClassVar, NamedTuple

from leaderboard.domain.errors import Refused
from leaderboard.domain.inbound import COLUMNS

LONGEST_LINE = 1_048_576
BLOCK = 1_048_576
UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
UTF8_MARK = b"\xef\xbb\xbf"
SAVE_AS_UTF8 = 'save it as "CSV UTF-8" and hand it in again'


class FileRow(NamedTuple):
    """One row. cells: as they stand, in the order of the header. problem: why it cannot be read, or None."""

    line: int
    cells: list[str]
    problem: str | None


@dataclass
class Lines:
    """The lines of a file as text; remembers what was wrong since it was last asked."""

    stream: BinaryIO
    number: int = 0
    problem: str | None = None

    def __iter__(self) -> Iterator[str]:
        """Yield the lines with their ends. Blocks without a fault are taken whole, the others line by line."""
        for block in self._blocks():
            try:
                text = None if b"\0" in block else block.decode()
            except UnicodeDecodeError:
                text = None
            if text is None:
                for raw in BytesIO(block):
                    self.number += 1
                    yield self._mended(raw)
            else:
                before = self.number
                yield from StringIO(text, newline="\n")
                self.number = before + text.count("\n")

    def _blocks(self) -> Iterator[bytes]:
        """Yield the file in blocks that end with a line; Refused for a line that is no line."""
        rest = b""
        while more := self.stream.read(BLOCK):
            block = rest + more
            if not self.number and len(rest) == 0:
                if _is_utf16(block):
                    raise Refused(f"line 1: the file is UTF-16, not UTF-8; {SAVE_AS_UTF8}.")
                block = block.removeprefix(UTF8_MARK)
            cut = block.rfind(b"\n") + 1
            rest = block[cut:]
            if len(rest) > LONGEST_LINE:
                number = self.number + block[:cut].count(b"\n") + 1
                raise Refused(
                    f"line {number} is longer than {LONGEST_LINE:,} bytes; this is not a table with one row a line."
                )
            if cut:
                yield block[:cut]
        if rest:
            yield rest

    def _mended(self, raw: bytes) -> str:
        """Return a faulty line as far as it can be read, and note its fault."""
        if b"\0" in raw:
            self.problem = "the row holds a NUL byte; remove it"
            raw = raw.replace(b"\0", b"")
        try:
            return raw.decode()
        except UnicodeDecodeError as error:
            self.problem = f"byte {raw[error.start]:#04x} is not UTF-8; {SAVE_AS_UTF8}"
            return raw.decode(errors="replace")

    def take_problem(self) -> str | None:
        """Return what was wrong with the lines read since the last call."""
        problem, self.problem = self.problem, None
        return problem


def _is_utf16(start: bytes) -> bool:
    """Tell by its mark, or by every other byte of its first two letters being NUL."""
    return start[:2] in UTF16_MARKS or start[1:4:2] == b"\0\0" or start[0:3:2] == b"\0\0"


class Table:
    """A CSV file: its header at once, its rows one by one.

    delimiter: None finds out between comma, semicolon and tab from the header.
    """

    def __init__(self, stream: BinaryIO, delimiter: str | None = None) -> None:
        self._lines = Lines(stream)
        lines = iter(self._lines)
        first = next(lines, "")
        if (problem := self._lines.take_problem()) is not None:
            raise Refused(f"line 1: {problem}.")
        if not first.strip():
            raise Refused("line 1 is empty; the file must begin with a row of column names.")
        self.delimiter = delimiter or max(",;\t", key=first.count)
        self._reader = csv.reader(_chain(first, lines), delimiter=self.delimiter, strict=True)
        self.header = [name.strip() for name in self._next() or []]
        repeated = sorted({name for name in self.header if name and self.header.count(name) > 1})
        if repeated:
            raise Refused(f"line 1: column {repeated[0]} stands twice; give each column a name of its own.")

    def rows(self) -> Iterator[FileRow]:
        """Yield the rows below the header; wholly empty lines are passed over."""
        width, lines, reader = len(self.header), self._lines, self._reader
        while True:
            line = reader.line_num + 1
            cells = self._next()
            if cells is None:
                return
            problem = None if lines.problem is None else lines.take_problem()
            if len(cells) != width and problem is None:
                if not any(cells):
                    continue
                problem = f"the row has {len(cells)} cells, but the header has {width}"
            elif not cells[0] and problem is None and not any(cells):
                continue
            yield FileRow(line, cells, problem)

    def _next(self) -> list[str] | None:
        begins = self._reader.line_num + 1
        try:
            return next(self._reader, None)
        except csv.Error as error:
            raise Refused(
                f"line {begins}: the row is not CSV ({error}); look for a quotation mark that is never closed."
            ) from error


class JsonLines:
    """A file of one JSON object a line, with the names of our columns."""

    header: ClassVar = list(COLUMNS)
    delimiter = ","

    def __init__(self, stream: BinaryIO) -> None:
        self._lines = Lines(stream)

    def rows(self) -> Iterator[FileRow]:
        """Yield the objects; numbers are taken as they are written."""
        for number, text in enumerate(self._lines, 1):
            problem = self._lines.take_problem()
            if not text.strip():
                continue
            values: dict[str, str] = {}
            if problem is None:
                values, problem = _json_values(text)
            cells = [values.get(name, "") for name in self.header] if problem is None else [text.rstrip("\r\n")]
            yield FileRow(number, cells, problem)


def _json_values(text: str) -> tuple[dict[str, str], str | None]:
    try:
        found: Any = json.loads(text, parse_float=str, parse_int=str, parse_constant=str)
    except (ValueError, RecursionError) as error:
        return {}, f"the line is not JSON ({error})"
    if not isinstance(found, dict):
        return {}, "the line is not a JSON object"
    odd = [key for key, value in found.items() if not isinstance(value, str | None)]
    if odd:
        return {}, f"{odd[0]} is neither a text nor a number"
    values = {key: value or "" for key, value in found.items()}
    if any("\0" in value for value in values.values()):
        return {}, "the row holds a NUL character; remove it"
    return values, None


def _chain(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first
    yield from rest


def read_text(stream: BinaryIO, what: str, limit: int = LONGEST_LINE) -> str:
    """Return a small file's text; Refused if it is not UTF-8 or larger than `limit` bytes."""
    raw = stream.read(limit + 1)
    if len(raw) > limit:
        raise Refused(f"{what} is larger than {limit:,} bytes; hand in a file of that kind.")
    if raw[:2] in UTF16_MARKS:
        raise Refused(f"{what} is UTF-16, not UTF-8; save it as UTF-8 and hand it in again.")
    try:
        text = raw.removeprefix(UTF8_MARK).decode()
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise Refused(
            f"{what}, line {line}: byte {raw[error.start]:#04x} is not UTF-8; save the file as UTF-8."
        ) from error
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise Refused(f"{what}, line {line}: holds a NUL byte; remove it.")
    return text.replace("\r\n", "\n")
