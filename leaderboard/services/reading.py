"""Reads tables and texts that people hand in, in bounded memory, whatever is in them."""

import csv
import json
import re
from collections import Counter, deque
from collections.abc import Collection, Iterator, Sequence
from itertools import chain
from typing import Any, BinaryIO, ClassVar, NamedTuple

from leaderboard.domain.errors import Refused
from leaderboard.domain.inbound import COLUMNS
from leaderboard.domain.shown import quoted, shown
from leaderboard.services.lines import LONGEST_LINE, UNCLOSED, UTF8_MARK, Lines, is_utf16

QUOTED = re.compile(r'"[^"]*"')
MOST_COLUMNS = 2_000
MOST_REREAD = 1_000_000  # lines read again after a quotation mark that was never closed
CSV_FAULTS = {
    "field larger": f"a cell is longer than {csv.field_size_limit():,} characters; shorten it",
    "new-line character": "a cell holds a carriage return; remove it, or put the cell in quotation marks",
    "unexpected end of data": UNCLOSED,
    "expected after": f'{UNCLOSED}, or write "" for one inside a cell',
}


class FileRow(NamedTuple):
    """One row. cells: as they stand, in the order of the header. problem: why it cannot be read, or None."""

    line: int
    cells: list[str]
    problem: str | None


class Table:
    """A CSV file: its header at once, its rows one by one.

    delimiter: None finds out between comma, semicolon and tab from the header.
    """

    def __init__(self, stream: BinaryIO, delimiter: str | None = None) -> None:
        self._lines = Lines(stream)
        self.notes: tuple[str, ...] = ()
        self._rest = iter(self._lines)
        self._again: deque[bytes] = deque()
        self._offset = self._reread = 0
        first = next(self._rest, "")
        if (problem := self._lines.take_problem()) is not None:
            raise Refused(f"line 1: {problem}.")
        if not first.strip():
            raise Refused("line 1 is empty; the file must begin with a row of column names.")
        if "\r" in first.rstrip("\r\n") and '"' not in first:
            raise Refused("line 1: the lines end in CR alone; save the file with line ends of LF or CRLF.")
        self.delimiter = delimiter or _delimiter_of(first)
        self._reader = self._csv(chain([first], self._rest))
        self.header = self._header()

    def _csv(self, lines: Iterator[str]) -> Any:
        return csv.reader(lines, delimiter=self.delimiter, strict=True)

    def _header(self) -> list[str]:
        try:
            header = [name.strip() for name in next(self._reader)]
        except csv.Error as error:
            raise Refused(f"line 1: {_csv_fault(error)}.") from error
        check_width(len(header), 1)
        self.raw_header = self._lines.mark + self.raw()
        return header

    def raw(self) -> bytes:
        """Return the row just read as it stands in the file, with its line's end."""
        return _joined(self._lines.raw(self._lines.row_begins, self._reader.line_num + self._offset))

    def rows(self) -> Iterator[FileRow]:
        """Yield the rows below the header; wholly empty lines are passed over."""
        width, lines = len(self.header), self._lines
        while True:
            line = lines.row_begins = self._reader.line_num + self._offset + 1
            try:
                cells = next(self._reader, None)
            except csv.Error as error:
                yield FileRow(line, [], self._recovered(line, error))
                continue
            if cells is None:
                return
            problem = None if lines.problem is None else lines.take_problem()
            if len(cells) != width and problem is None:
                if not any(cells):
                    continue
                problem = width_fault(len(cells), width)
            elif not cells[0] and problem is None and not any(cells):
                continue
            yield FileRow(line, cells, problem)

    def _recovered(self, line: int, error: csv.Error) -> str:
        """Go on after the line at which a faulty row begins, and return its fault.

        A quotation mark that is never closed swallows the lines below it: they are read again without it.
        """
        again = self._lines.raw(line + 1, self._reader.line_num + self._offset)
        self._reread += len(again)
        if again and self._reread <= MOST_REREAD:
            self._again.extendleft(reversed(again))
            self._reader = self._csv(chain(self._taken_again(), self._rest))
            self._offset = line
        self._lines.take_problem()
        return f"the row is not CSV: {UNCLOSED}" if again else _csv_fault(error)

    def _taken_again(self) -> Iterator[str]:
        while self._again:
            yield self._lines.mended(self._again.popleft())


def _delimiter_of(header: str) -> str:
    """Return what stands most often between names; what stands in quotation marks is part of one."""
    return max(",;\t", key=QUOTED.sub("", header).count)


def refuse_repeated(header: Sequence[str], read: Collection[str]) -> None:
    """Refuse a header in which one of the columns to be read stands twice; others may."""
    repeated = [name for name, number in Counter(header).items() if name in read and number > 1]
    if repeated:
        raise Refused(f"line 1: column {quoted(repeated[0])} stands twice; give each column a name of its own.")


def check_width(columns: int, line: int) -> None:
    """Refuse a table that is wider than any that people make."""
    if columns > MOST_COLUMNS:
        raise Refused(f"line {line}: there are more than {MOST_COLUMNS:,} columns; hand in those that are needed.")


def width_fault(cells: int, width: int) -> str:
    """Return what is wrong with a row that has more or fewer cells than the header."""
    return f"the row has {cells} {'cell' if cells == 1 else 'cells'}, but the header has {width}"


def _csv_fault(error: csv.Error) -> str:
    found = next((fault for words, fault in CSV_FAULTS.items() if words in str(error)), str(error))
    return f"the row is not CSV: {found}"


def _joined(lines: list[bytes]) -> bytes:
    row = b"".join(lines)
    return row if row.endswith(b"\n") else row + b"\n"


class JsonLines:
    """A file of one JSON object a line, with the names of our columns."""

    header: ClassVar = list(COLUMNS)
    raw_header = b""
    notes: tuple[str, ...] = ()

    def __init__(self, stream: BinaryIO) -> None:
        self._lines = Lines(stream)

    def raw(self) -> bytes:
        """Return the line just read as it stands in the file, with its end."""
        return _joined(self._lines.raw(self._lines.row_begins, self._lines.row_begins))

    def rows(self) -> Iterator[FileRow]:
        """Yield the objects; numbers are taken as they are written."""
        for number, text in enumerate(self._lines, 1):
            self._lines.row_begins = number
            problem = self._lines.take_problem()
            if not text.strip():
                continue
            values: dict[str, str] = {}
            if problem is None:
                values, problem = _json_values(text)
            cells = [values.get(name, "") for name in self.header] if problem is None else []
            yield FileRow(number, cells, problem)


def _json_values(text: str) -> tuple[dict[str, str], str | None]:
    try:
        found: Any = json.loads(
            text, parse_float=str, parse_int=str, parse_constant=_no_constant, object_pairs_hook=_once_each
        )
    except _Twice as error:
        return {}, f"{quoted(str(error))} stands twice; write each name once"
    except RecursionError:
        return {}, "the line is nested too deeply; write one flat JSON object a line"
    except json.JSONDecodeError as error:
        return {}, f"the line is not JSON ({error.msg} at character {error.pos + 1}); write one JSON object a line"
    except ValueError as error:
        return {}, f"the line is not JSON ({shown(error)}); write one JSON object a line"
    if not isinstance(found, dict):
        return {}, "the line is not a JSON object; write one a line"
    odd = [key for key, value in found.items() if not isinstance(value, str | None)]
    if odd:
        return {}, f"{quoted(odd[0])} is neither a text nor a number; write one of these"
    if "\\u" in text and any(is_unfit(value or "") for value in found.values()):
        return {}, "the row holds a NUL character or half a character; remove it"
    return {key: value or "" for key, value in found.items()}, None


class _Twice(Exception):
    """A name that stands twice in an object."""


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Twice(next(name for name, number in Counter(name for name, _ in pairs).items() if number > 1))
    return found


def _no_constant(text: str) -> None:
    raise ValueError(f"{text} is no number")


def is_unfit(text: str) -> bool:
    """Tell whether a text cannot be stored: it holds NUL, or half of a character (a lone surrogate)."""
    return "\0" in text or (not text.isascii() and any("\ud800" <= each <= "\udfff" for each in text))


def read_text(stream: BinaryIO, what: str, limit: int = LONGEST_LINE) -> str:
    """Return a small file's text; Refused if it is not UTF-8 or larger than `limit` bytes."""
    raw = stream.read(limit + 1)
    if len(raw) > limit:
        raise Refused(f"{what} is larger than {limit:,} bytes; check that it is the right file.")
    if is_utf16(raw):
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
    text = text.replace("\r\n", "\n")
    return text if "\n" in text else text.replace("\r", "\n")
