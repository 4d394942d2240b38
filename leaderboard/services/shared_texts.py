"""The texts that the cells of a workbook share: there may be millions, so they lie on the disk."""

from array import array
from collections.abc import Iterable

from leaderboard.domain.sheet_values import unescaped
from leaderboard.services.packages import XmlReader
from leaderboard.services.scratch import Scratch

KEPT = 50_000  # short texts that stay in memory
SHORT = 200
AT_ONCE = 65_536
LONGEST_SHARED = 131_072  # characters; a spreadsheet allows 32,767


class SharedTexts:
    """Texts by number. pieces: of the XML that holds them."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._texts, self._ends = Scratch(), Scratch()
        self._waiting: array[int] = array("Q", [0])
        self._end = self.number = 0
        self._parts: list[str] = []
        self._length = 0
        self._is_text, self._aside = False, 0
        self._kept: dict[int, str] = {}
        reader = XmlReader(self._start, self._finish, self._data)
        for piece in pieces:
            reader.feed(piece)
        reader.feed(b"")
        self._write_ends()
        self._texts.flush()

    def text(self, number: int) -> str | None:
        """Return a text, None where there is none of that number; beyond LONGEST_SHARED it is cut."""
        found = self._kept.get(number)
        if found is None:
            if not 0 <= number < self.number:
                return None
            found = self._read(number)
            if len(found) <= SHORT:
                if len(self._kept) >= KEPT:
                    self._kept.clear()
                self._kept[number] = found
        return found

    def _read(self, number: int) -> str:
        bounds = array("Q")
        bounds.frombytes(self._ends.at(8 * number, 16))
        return self._texts.at(bounds[0], bounds[1] - bounds[0]).decode(errors="surrogatepass")

    def _start(self, name: str, _attributes: dict[str, str]) -> None:
        if name == "si":
            self._parts, self._length = [], 0
        elif name == "rPh":  # how a Japanese text is pronounced
            self._aside += 1
        elif name == "t":
            self._is_text = not self._aside

    def _finish(self, name: str) -> None:
        if name == "t":
            self._is_text = False
        elif name == "rPh":
            self._aside -= 1
        elif name == "si":
            self._write(unescaped("".join(self._parts)))
            self._parts = []

    def _data(self, text: str) -> None:
        if self._is_text and self._length <= LONGEST_SHARED:
            self._parts.append(text)
            self._length += len(text)

    def _write(self, text: str) -> None:
        self._end += self._texts.write(text[: LONGEST_SHARED + 1].encode(errors="surrogatepass"))
        self.number += 1
        self._waiting.append(self._end)
        if len(self._waiting) >= AT_ONCE:
            self._write_ends()

    def _write_ends(self) -> None:
        self._ends.write(self._waiting.tobytes())
        self._ends.flush()
        self._waiting = array("Q")
