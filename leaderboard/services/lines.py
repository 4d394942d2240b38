"""The lines of a file that people hand in: read in blocks, as text, and kept as they stand while their row is read."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from io import BytesIO, StringIO
from typing import BinaryIO

from leaderboard.domain.errors import Refused

LONGEST_LINE = 1_048_576
BLOCK = 1_048_576
LONGEST_ROW = 4 * BLOCK  # a row may hold lines in quotation marks
UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
UTF8_MARK = b"\xef\xbb\xbf"
ZIP_MARK = b"PK\x03\x04"
SAVE_AS_UTF8 = 'save it as "CSV UTF-8" and hand it in again'
UNCLOSED = "a quotation mark is never closed; look for one in this line"


class _Block:
    """A piece of the file that ends with a line. before: how many lines precede it."""

    def __init__(self, before: int, content: bytes) -> None:
        self.before = before
        self.content = content

    @cached_property
    def lines(self) -> list[bytes]:
        return BytesIO(self.content).readlines()


@dataclass
class Lines:
    """The lines of a file as text; remembers what was wrong since it was last asked.

    row_begins: the line at which the row being read begins; the file is kept from there on, for `raw`.
    """

    stream: BinaryIO
    number: int = 0
    problem: str | None = None
    row_begins: int = 1
    mark: bytes = b""
    _kept: list[_Block] = field(default_factory=list)

    def __iter__(self) -> Iterator[str]:
        """Yield the lines with their ends. Blocks without a fault are taken whole, the others line by line."""
        for block in self._blocks():
            self._keep(block)
            try:
                text = None if b"\0" in block else block.decode()
            except UnicodeDecodeError:
                text = None
            if text is None:
                for raw in BytesIO(block):
                    self.number += 1
                    yield self.mended(raw)
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
                _refuse_other_kinds(block)
                self.mark = UTF8_MARK if block.startswith(UTF8_MARK) else b""
                block = block.removeprefix(UTF8_MARK)
            cut = block.rfind(b"\n") + 1
            rest = block[cut:]
            if len(rest) > LONGEST_LINE:
                number = self.number + block[:cut].count(b"\n") + 1
                ends = "save it with line ends of LF or CRLF" if b"\r" in rest else "hand in one row a line"
                raise Refused(f"line {number} is longer than {LONGEST_LINE:,} bytes; {ends}.")
            if cut:
                yield block[:cut]
        if rest:
            yield rest

    def _keep(self, block: bytes) -> None:
        """Keep a block, and let go of those that end before the row being read."""
        self._kept.append(_Block(self.number, block))
        while len(self._kept) > 1 and self._kept[1].before < self.row_begins:
            del self._kept[0]
        if sum(len(each.content) for each in self._kept) > LONGEST_ROW:
            raise Refused(f"line {self.row_begins}: the row that begins here does not end; {UNCLOSED}.")

    def raw(self, first: int, last: int) -> list[bytes]:
        """Return lines of the row being read as they stand in the file, with their ends."""
        found: list[bytes] = []
        for block in self._kept:
            found += block.lines[max(0, first - 1 - block.before) : max(0, last - block.before)]
        return found

    def mended(self, raw: bytes) -> str:
        """Return a line as far as it can be read, and note its fault."""
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


def _refuse_other_kinds(start: bytes) -> None:
    if is_utf16(start):
        raise Refused(f"line 1: the file is UTF-16, not UTF-8; {SAVE_AS_UTF8}.")
    if start.startswith(ZIP_MARK):
        raise Refused(f"line 1: this is a workbook or an archive, not a text; {SAVE_AS_UTF8}.")


def is_utf16(start: bytes) -> bool:
    """Tell by its mark, or by every other byte of its first two letters being NUL."""
    if start[:2] in UTF16_MARKS:
        return True
    even, odd = start[0:4:2], start[1:4:2]
    return (odd == b"\0\0" and 0 not in even) or (even == b"\0\0" and 0 not in odd)
