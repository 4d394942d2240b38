"""Run as a program: hands in what would fill the memory, and prints what was said and how much it took.

Each is refused before much of it was looked at; what is counted is the most memory that the process ever had.
"""

import io
import json
import resource
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

from leaderboard.domain.errors import Refused
from leaderboard.services import importing, packages
from leaderboard.services.sheets import open_rows
from tests.services.workbooks_by_hand import book, cell, package, parts, sheet_of

MB = 1_048_576
HEAD = "<row>" + "".join(map(cell, ("a", "b", "c"))) + "</row>"
assert importing  # what a program that imports has in memory anyway


class Endless(io.RawIOBase):
    """So many bytes: a beginning, and then the same piece again and again."""

    def __init__(self, start: bytes, piece: bytes, size: int) -> None:
        self.start, self.piece, self.left = start, piece * max(1, MB // len(piece)), size

    def read(self, size: int = -1) -> bytes:
        content, self.start = self.start, b""
        content += self.piece[: max(0, min(size, self.left) - len(content))]
        self.left -= len(content)
        return content[: max(size, 0)] if size >= 0 else content

    def seekable(self) -> bool:
        return False


def again(start: str, piece: str, megabytes: int, end: str = "") -> Iterator[bytes]:
    """Yield a beginning, so much of the same, and an end."""
    yield start.encode()
    block = (piece * (MB // len(piece))).encode()
    for _ in range(megabytes):
        yield block
    yield end.encode()


def sheet(start: str, piece: str, megabytes: int) -> bytes:
    """Return a workbook whose sheet is the same again and again."""
    begun = sheet_of(HEAD).removesuffix("</sheetData></worksheet>")
    return package(parts(again(begun + start, piece, megabytes)))


def lying(content: bytes) -> bytes:
    """Return a package that says its files are of one byte each."""
    found = bytearray(content)
    start = found.find(b"PK\x01\x02")
    while start >= 0:
        found[start + 24 : start + 28] = (1).to_bytes(4, "little")
        start = found.find(b"PK\x01\x02", start + 4)
    return bytes(found)


def many_files() -> bytes:
    """Return a package of very many files."""
    return package({f"{number}": b"" for number in range(30_000)})


GB = 1024 * MB
TEXT = "x" * 1_000
BOMBS: dict[str, Any] = {
    "rows without end": lambda: sheet("", f"<row>{cell(TEXT)}</row>", 30),
    "a size that is a lie": lambda: lying(sheet("", f"<row>{cell(TEXT)}</row>", 12)),
    "a cell without end": lambda: sheet("<row><c t='str'><v>", TEXT, 30),
    "cells without end": lambda: sheet("<row>", cell("x", at="A2"), 12),
    "columns without end": lambda: sheet("<row>", cell("x"), 12),
    "a tag without end": lambda: sheet("<row><c t='", TEXT, 12),
    "a comment without end": lambda: sheet("<!-- ", TEXT, 12),
    "nesting without end": lambda: sheet("", "<x>", 12),
    "names without end": lambda: package(
        parts(b"".join([b"<worksheet>", *(b"<n%d/>" % number for number in range(300_000))]))
    ),
    "shared texts without end": lambda: package(parts(sheet_of(HEAD), again("<sst>", f"<si><t>{TEXT}</t></si>", 30))),
    "a shared text without end": lambda: package(parts(sheet_of(HEAD), again("<sst><si><t>", TEXT, 30))),
    "styles without end": lambda: package(
        {**parts(sheet_of(HEAD)), "xl/styles.xml": again("<s><cellXfs>", '<xf numFmtId="14"/>', 12)}
    ),
    "sheets without end": lambda: package(
        {**parts(sheet_of(HEAD)), "xl/_rels/workbook.xml.rels": again("<r>", '<Relationship Id="x" Target="y"/>', 12)}
    ),
    "files without end": many_files,
    "a package in a package": lambda: package({"a.xlsx": sheet("", f"<row>{cell(TEXT)}</row>", 2)}),
    "one text for all cells": lambda: book(
        HEAD + "".join(f"<row>{cell('0', 's') * 1_000}</row>" for _ in range(10)), f"<si><t>{'x' * 100_000}</t></si>"
    ),
    "a million columns": lambda: Endless(b"", b"c,", 2_000_000),
    "a line of 10 GB": lambda: Endless(b"a,b\n", b"x", 10 * GB),
    "a quotation mark without end": lambda: Endless(b'a,b\n1,"', b"x\n", MB),
    "10 GB of NUL": lambda: Endless(b"", b"\0", 10 * GB),
    "a line of 10 GB in UTF-16": lambda: Endless(b"\xff\xfea\0,\0b\0\n\0", b"x\0", 10 * GB),
    "deep JSON": lambda: Endless(b"", b'{"a":', 5 * 200_000),
    "JSON without end": lambda: Endless(b"", b'{"a":', 10 * GB),
    "a cell of quotation marks": lambda: Endless(b'a,b\n1,"', b'""', 10 * GB),
}


def said_of(content: bytes | BinaryIO) -> str:
    """Return the refusal of a file, or else how many of its rows were refused."""
    stream = io.BytesIO(content) if isinstance(content, bytes) else content
    problems = 0
    try:
        for row in open_rows(cast(BinaryIO, stream)).rows():
            problems += row.problem is not None
    except Refused as error:
        return str(error)
    return f"{problems} rows refused"


def peak_mb() -> int:
    """Return the most memory that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    packages.MOST_UNPACKED, packages.LITTLE = 20 * MB, 4 * MB  # lower than they are, and reached in no time
    if sys.argv[1] == "make":  # what takes memory to make is made by another process than the one that is measured
        for number, make in enumerate(BOMBS.values()):
            made = make()
            if isinstance(made, bytes):
                (Path(sys.argv[2]) / f"{number}.xlsx").write_bytes(made)
    else:
        found = {}
        said_of(book(HEAD))
        base = peak_mb()
        for number, (name, make) in enumerate(BOMBS.items()):
            path = Path(sys.argv[2]) / f"{number}.xlsx"
            if path.exists():
                with path.open("rb") as file:
                    found[name] = (said_of(file), peak_mb() - base)
            else:
                found[name] = (said_of(make()), peak_mb() - base)
        print(json.dumps(found))
