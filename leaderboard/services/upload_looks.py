"""Looking at a file that came in: its columns, its first rows, and which mapping was made for such files."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO

from sqlalchemy.orm import Session

from leaderboard.domain.inbound import REQUIRED
from leaderboard.services.mappings import built_in_mappings, mapping_file, recognise
from leaderboard.services.reading import JsonLines, read_text
from leaderboard.services.sheets import Rows, open_rows
from leaderboard.services.upload_streams import open_upload
from leaderboard.storage import uploads
from leaderboard.storage.uploads import KeptRow, UploadRow

ROWS_LOOKED_AT = 1_000
MOST_LOOKED_AT = 4_000_000  # characters, and a row more
MOST_COLUMNS = 500  # that are shown to choose from


@dataclass(frozen=True)
class Look:
    """What a file shows. rows: the first that can be read; is_ours: its columns are our own; digest: of its columns.

    known: the built-in mapping that was made for such files, None for none; kept: what was kept for the same columns.
    """

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    is_ours: bool
    is_json: bool
    digest: str
    known: str | None
    kept: tuple[KeptRow, ...]

    def values(self, column: str) -> list[str]:
        """Return the texts of a column in the first rows, without empty ones."""
        place = self.header.index(column)
        return [row[place].strip() for row in self.rows if row[place].strip()]


def look_at(session: Session, upload: UploadRow) -> Look:
    """Return what a file shows; raises Refused for what is no table."""
    stream: BinaryIO
    _place, stream = open_upload(session, upload)
    table = open_rows(stream, upload.file_name)
    header = tuple(table.header)
    digest = header_digest(header)
    kept = uploads.kept_for(session.connection(), digest)
    is_json = isinstance(table, JsonLines)
    is_ours = is_json or set(REQUIRED) <= set(header)
    known = None if is_ours else recognise(list(header))
    return Look(header, _first_rows(table), is_ours, is_json, digest, known, tuple(kept))


def _first_rows(table: Rows) -> tuple[tuple[str, ...], ...]:
    width, found, size = len(table.header), [], 0
    for row in islice(table.rows(), ROWS_LOOKED_AT):
        if row.problem is None and len(row.cells) == width:
            found.append(tuple(row.cells))
            size += sum(map(len, row.cells))
        if size > MOST_LOOKED_AT:
            break
    return tuple(found)


def header_digest(header: Sequence[str]) -> str:
    """Return by what files with the same columns are known, in whatever order they stand."""
    return hashlib.sha256("\x1f".join(sorted(header)).encode("utf-8", "replace")).hexdigest()


def built_in_text(name: str) -> str | None:
    """Return the TOML of a built-in mapping, None if there is none of that name."""
    path = mapping_file(name) if name in built_in_mappings() else None
    if path is None:
        return None
    with path.open("rb") as stream:
        return read_text(stream, name)
