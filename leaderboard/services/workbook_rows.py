"""Reads the rows of a workbook (XLSX), in bounded memory, whatever is in it."""

import csv
from collections.abc import Iterator
from io import StringIO
from typing import BinaryIO, NamedTuple

from leaderboard.domain.errors import Refused
from leaderboard.domain.sheet_values import number_text, place_of, time_text, unescaped
from leaderboard.domain.shown import inert
from leaderboard.services.lines import LONGEST_ROW
from leaderboard.services.packages import DAMAGED, DEEPEST, LocalNames, XmlPieces
from leaderboard.services.reading import FileRow, check_width, width_fault
from leaderboard.services.shared_texts import SharedTexts
from leaderboard.services.workbook_parts import Parts

MOST_ROWS = 1_048_576
LONGEST_CELL = csv.field_size_limit()
BOOLEANS = {"0": "FALSE", "1": "TRUE"}


class _Cell(NamedTuple):
    """A cell as it stands: at which place, of which kind and style."""

    place: int
    kind: str
    style: str
    text: str


class _Rows:
    """The rows of a sheet's XML, as far as it was fed. ready: their numbers and filled cells."""

    def __init__(self) -> None:
        self.ready: list[tuple[int, list[_Cell]]] = []
        self._names = LocalNames()
        self.feed = XmlPieces(self._start, self._end, self._data).feed
        self._number, self._cells = 0, list[_Cell]()
        self._place, self._kind, self._style = -1, "", ""
        self._parts: list[str] = []
        self._length = 0
        self._is_text = self._is_in_cell = False
        self._aside = self._depth = 0

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        name = self._names[name]
        if name == "c":
            if self._is_in_cell:
                raise Refused(DAMAGED)
            reference = attributes.get("r")
            place = self._place + 1 if reference is None else place_of(reference)
            if place is None:
                raise Refused(DAMAGED)
            self._place, self._is_in_cell = place, True
            self._kind, self._style = attributes.get("t", "n"), attributes.get("s", "0")
            self._parts, self._length = [], 0
        elif name == "v":
            if self._is_text:
                raise Refused(DAMAGED)
            self._is_text = True
        else:
            self._start_other(name, attributes)

    def _start_other(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > DEEPEST:
            raise Refused(DAMAGED)
        if name == "row":
            number = attributes.get("r", "")
            self._number = int(number[:9]) if number.isdecimal() else self._number + 1
            if self._number > MOST_ROWS:
                raise Refused(f"The sheet has more than {MOST_ROWS:,} rows; hand it in as several.")
            self._cells, self._place = [], -1
        elif name == "t":
            self._is_text = not self._aside
        elif name == "rPh":  # how a Japanese text is pronounced
            self._aside += 1

    def _end(self, name: str) -> None:
        name = self._names[name]
        if name == "v":
            self._is_text = False
        elif name == "c":
            self._is_in_cell = False
            if self._parts:
                check_width(max(self._place, len(self._cells)) + 1, self._number)
                self._cells.append(_Cell(self._place, self._kind, self._style, "".join(self._parts)))
        else:
            self._end_other(name)

    def _end_other(self, name: str) -> None:
        self._depth -= 1
        if name == "row":
            if self._cells:
                self.ready.append((self._number, self._cells))
            self._cells = []
        elif name == "t":
            self._is_text = False
        elif name == "rPh":
            self._aside -= 1

    def _data(self, text: str) -> None:
        if self._is_text and self._length <= LONGEST_CELL:
            self._parts.append(text)
            self._length += len(text)


class Workbook:
    """A sheet of a workbook: its header at once, its rows one by one.

    stream: seekable. sheet: its name, None for the first. delimiter: of the CSV as which `raw` gives rows;
    decimal_mark: with which numbers are written, as they would be in such a CSV. Formulas give what they came to when
    the workbook was saved.
    """

    def __init__(
        self, stream: BinaryIO, sheet: str | None = None, delimiter: str = ",", decimal_mark: str = "."
    ) -> None:
        self._parts = Parts(stream)
        self.sheet_names = [each.name for each in self._parts.sheets]
        self._sheet = self._parts.sheet(sheet)
        self._shared = SharedTexts(self._parts.shared_texts())
        self._rest = self._filled()
        self.delimiter, self._decimal_mark = delimiter, decimal_mark
        self.notes: tuple[str, ...] = ()
        first = next(self._rest, None)
        if first is None:
            raise Refused("The sheet is empty; it must begin with a row of column names.")
        self._row, problem = self._texts(first[1])
        if problem is not None:
            raise Refused(f"line {first[0]}: {problem}.")
        self.header = [name.strip() for name in self._row]
        self.raw_header = self.raw()

    def raw(self) -> bytes:
        """Return the row just read as a line of CSV: what was no formula in the workbook is none there either."""
        line = StringIO()
        csv.writer(line, delimiter=self.delimiter, lineterminator="\n").writerow(map(inert, self._row))
        return line.getvalue().encode(errors="replace")

    def rows(self) -> Iterator[FileRow]:
        """Yield the rows below the header; empty ones are passed over."""
        width = len(self.header)
        for number, cells in self._rest:
            self._row, problem = self._texts(cells)
            if not any(self._row):
                continue
            if len(self._row) > width and problem is None:
                problem = width_fault(len(self._row), width)
            self._row += [""] * (width - len(self._row))
            yield FileRow(number, self._row, problem)

    def _filled(self) -> Iterator[tuple[int, list[_Cell]]]:
        rows = _Rows()
        for piece in self._parts.rows_of(self._sheet):
            rows.feed(piece)
            yield from rows.ready
            rows.ready.clear()
        rows.feed(b"")

    def _texts(self, cells: list[_Cell]) -> tuple[list[str], str | None]:
        """Return the texts of a row up to its last filled cell, and what is wrong with it."""
        texts = [""] * (max(each.place for each in cells) + 1)
        problem, left = None, LONGEST_ROW
        for each in cells:
            text = self._text(each)
            left -= len(text)
            if len(text) > LONGEST_CELL:
                problem, text = f"a cell is longer than {LONGEST_CELL:,} characters; shorten it", text[:LONGEST_CELL]
            if left < 0:
                problem = f"the row is longer than {LONGEST_ROW:,} characters; shorten its cells"
                break
            texts[each.place] = text
        while texts and not texts[-1]:
            texts.pop()
        return texts, problem

    def _text(self, cell: _Cell) -> str:
        _, kind, style, text = cell
        if kind == "s":
            shared = self._shared.text(int(text)) if text.isdigit() and len(text) < 10 else None
            if shared is None:
                raise Refused(DAMAGED)
            return shared
        if kind == "n":
            time = time_text(text, is_1904=self._parts.is_1904) if style in self._parts.time_styles else None
            return number_text(text).replace(".", self._decimal_mark) if time is None else time
        return BOOLEANS.get(text, text) if kind == "b" else unescaped(text)
