"""Remembers which texts have come before, however many, in little memory: on the disk where they are more."""

import sqlite3
from collections.abc import Iterable
from types import TracebackType

CACHE_KIB = 16_384


class SeenIds:
    """A set of texts in a database of its own, which nobody else sees and which goes with it."""

    def __init__(self) -> None:
        self._connection = sqlite3.connect(
            "", isolation_level=None
        )  # the empty name: a temporary file, deleted at once
        self._connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        self._connection.execute("PRAGMA journal_mode = OFF")
        self._connection.execute("CREATE TABLE seen (id TEXT PRIMARY KEY) WITHOUT ROWID")
        self._connection.execute("BEGIN")

    def add(self, ids: Iterable[str]) -> int:
        """Remember some texts, and return how many had not come before."""
        before = self._connection.total_changes
        self._connection.executemany("INSERT OR IGNORE INTO seen VALUES (?)", ((each,) for each in ids))
        return self._connection.total_changes - before

    def __enter__(self) -> "SeenIds":
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _where: TracebackType | None
    ) -> None:
        self._connection.close()
