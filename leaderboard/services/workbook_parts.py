"""What a workbook (XLSX) consists of: its sheets, how its numbers are shown, and where its shared texts lie."""

import posixpath
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from leaderboard.domain.errors import Refused
from leaderboard.domain.sheet_values import is_time_format
from leaderboard.domain.shown import quoted
from leaderboard.services.packages import DAMAGED, SAVE_ANEW, End, Package, Start, XmlReader

MOST_SHEETS = 1_000
MOST_STYLES = 100_000
ROOT = "_rels/.rels"
OTHERS = {
    "xl/workbook.bin": "This is a binary workbook (.xlsb)",
    "word/document.xml": "This is a text document",
    "mimetype": "This is an OpenDocument file",
}


class Sheet(NamedTuple):
    """A sheet: its name, and where it lies in the package."""

    name: str
    path: str


class Parts:
    """The parts of a workbook. stream: seekable; Refused for what is no workbook."""

    def __init__(self, stream: BinaryIO) -> None:
        self._package = Package(stream)
        root = self._targets(ROOT, "")
        path = next((path for kind, path in root.values() if kind == "officeDocument"), "")
        if path not in self._package.names or not path.endswith(".xml"):
            raise Refused(f"{self._what_else()}; {SAVE_ANEW}.")
        folder, name = posixpath.split(path)
        self._related = self._targets(posixpath.join(folder, "_rels", f"{name}.rels"), folder)
        self.is_1904 = False
        self.sheets: list[Sheet] = []
        self._parse(path, self._workbook)
        self.time_styles = self._time_styles()

    def sheet(self, name: str | None) -> Sheet:
        """Return the sheet of a name, or without one the first; Refused where there is none."""
        found = next((each for each in self.sheets if name is None or each.name == name), None)
        if found is None and name is not None:
            there = ", ".join(quoted(each.name) for each in self.sheets[:30])
            raise Refused(f"The workbook has no sheet {quoted(name)}; it has {there or 'none with rows'}.")
        if found is None:
            raise Refused(f"The workbook has no sheet with rows; {SAVE_ANEW}.")
        return found

    def shared_texts(self) -> Iterator[bytes]:
        """Yield the XML of the shared texts; nothing where there are none."""
        path = self._path_of("sharedStrings")
        return self._package.pieces(path) if path else iter((b"<sst/>",))

    def rows_of(self, sheet: Sheet) -> Iterator[bytes]:
        """Yield the XML of a sheet."""
        return self._package.pieces(sheet.path)

    def _what_else(self) -> str:
        return next((told for name, told in OTHERS.items() if name in self._package.names), "The file is no workbook")

    def _path_of(self, kind: str) -> str | None:
        return next(
            (path for each, path in self._related.values() if each == kind and path in self._package.names), None
        )

    def _targets(self, path: str, folder: str) -> dict[str, tuple[str, str]]:
        """Return what a part refers to, by id: of which kind it is and where it lies."""
        found: dict[str, tuple[str, str]] = {}

        def start(name: str, attributes: dict[str, str]) -> None:
            if name == "Relationship" and attributes.get("TargetMode") != "External" and len(found) < MOST_STYLES:
                target = posixpath.normpath(posixpath.join("/", folder, attributes.get("Target", ""))).lstrip("/")
                found[attributes.get("Id", "")] = (attributes.get("Type", "").rpartition("/")[2], target)

        if path in self._package.names:
            self._parse(path, start)
        return found

    def _workbook(self, name: str, attributes: dict[str, str]) -> None:
        if name == "workbookPr":
            self.is_1904 = attributes.get("date1904") in ("1", "true")
        elif name == "sheet":
            relation = next((value for key, value in attributes.items() if key.rpartition(":")[2] == "id"), "")
            kind, path = self._related.get(relation, ("", ""))
            if kind == "worksheet" and path in self._package.names:
                self.sheets.append(Sheet(attributes.get("name", ""), path))
            if len(self.sheets) > MOST_SHEETS:
                raise Refused(f"The workbook has more than {MOST_SHEETS:,} sheets; hand in one of them alone.")

    def _time_styles(self) -> frozenset[str]:
        """Return the numbers of those styles that show a number as a day or a time, as cells name them."""
        codes: dict[str, str] = {}
        formats: list[str] = []
        path: list[str] = []

        def start(name: str, attributes: dict[str, str]) -> None:
            path.append(name)
            if name == "numFmt":
                codes[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")
            elif name == "xf" and path[-2:-1] == ["cellXfs"]:
                formats.append(attributes.get("numFmtId", "0"))
            if len(codes) + len(formats) > MOST_STYLES:
                raise Refused(DAMAGED)

        def end(_name: str) -> None:
            path.pop()

        styles = self._path_of("styles")
        if styles:
            self._parse(styles, start, end)
        shown = {each: each.isdigit() and is_time_format(int(each[:9]), codes.get(each)) for each in set(formats)}
        return frozenset(str(number) for number, each in enumerate(formats) if shown[each])

    def _parse(self, path: str, start: Start, end: End = lambda _name: None) -> None:
        reader = XmlReader(start, end)
        for piece in self._package.pieces(path):
            reader.feed(piece)
        reader.feed(b"")
