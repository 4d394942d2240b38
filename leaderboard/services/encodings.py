"""How the bytes of a text file are to be read: found out, and turned into UTF-8 as the file is read."""

import codecs
import re
from typing import BinaryIO

from leaderboard.services.lines import UTF8_MARK, UTF16_MARKS, is_utf16

LOOKED_AT = 1_048_576
MARKS = {UTF16_MARKS[0]: "utf-16-le", UTF16_MARKS[1]: "utf-16-be"}
WESTERN = "cp1252"
SEQUENCE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
NOT_ASCII = re.compile(rb"[\x80-\xff]")
# Windows-1252 leaves five bytes open; browsers take them for control characters, and so do we.
TABLE = "".join(bytes([each]).decode(WESTERN, "ignore") or chr(each) for each in range(256))


def encoding_of(start: bytes) -> str:
    """Return the encoding of a text by its beginning: UTF-16 with a mark or without, UTF-8, or else Windows-1252.

    A wrong byte among letters that are well written as UTF-8 does not make a file Windows-1252: its row is refused.
    """
    if is_utf16(start[:4]):
        return MARKS.get(start[:2]) or ("utf-16-le" if start[1:2] == b"\0" else "utf-16-be")
    if start.isascii():
        return "utf-8"
    lengths = [len(each[0]) for each in SEQUENCE.finditer(start)]
    others = sum(1 for _ in NOT_ASCII.finditer(start)) - sum(lengths)
    return WESTERN if others > max(3, len(lengths)) or (others and not lengths) else "utf-8"


class Utf8:
    """A stream in another encoding, read as UTF-8 with a byte order mark. What cannot be read becomes U+FFFD."""

    def __init__(self, stream: BinaryIO, encoding: str) -> None:
        self._stream = stream
        self._decode = None if encoding == WESTERN else codecs.getincrementaldecoder(encoding)("replace").decode
        self._has_begun = False

    def read(self, size: int = -1) -> bytes:
        """Read the next piece; it may be longer than so many bytes."""
        content = self._stream.read(size)
        if self._decode is None:
            text = codecs.charmap_decode(content, "strict", TABLE)[0]
        else:
            text = self._decode(content, not content)
        if not self._has_begun and text:
            self._has_begun = True
            return UTF8_MARK + text.removeprefix("\ufeff").encode(errors="replace")
        return text.encode(errors="replace")
