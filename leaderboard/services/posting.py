"""Posting: writes the attainments that differ from what is stored, and their points to the ledger (P2)."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection

from leaderboard.domain.agreement import Level
from leaderboard.domain.cells import rate_cells
from leaderboard.domain.monthly import Cell
from leaderboard.domain.points import COUNTED, Attainment, Posting, postings
from leaderboard.services.rules import RuleBook
from leaderboard.services.totals import TotalsChange
from leaderboard.storage import attainments, ledger

Pair = tuple[int | None, Attainment | None, Attainment | None]
"""The id of a stored attainment, how it is stored, and how it is now; None where there is none."""


class CellChange:
    """What changed in a cell: how much more, and the earliest instant at which it did."""

    __slots__ = ("cases", "earliest", "value")

    def __init__(self) -> None:
        self.value = 0
        self.cases = 0
        self.earliest: datetime | None = None

    def add(self, value: int, cases: int, at: datetime | None = None) -> None:
        """Note so much more, or less, at an instant."""
        self.value += value
        self.cases += cases
        if at is not None and (self.earliest is None or at < self.earliest):
            self.earliest = at


class Poster:
    """Writes attainments and ledger within one transaction, and notes what totals and cells gain or lose."""

    def __init__(self, connection: Connection, book: RuleBook, now: datetime, first_id: int, ids: int) -> None:
        """first_id, ids: the attainment ids that are reserved already."""
        self.connection = connection
        self.book = book
        self.rules = book.rules
        self.now = now
        self.cells: defaultdict[Cell, CellChange] = defaultdict(CellChange)
        self.totals = TotalsChange(book)
        self.posted = 0
        self._next_id = first_id
        self._ids_end = first_id + ids

    def post(self, pairs: Iterable[Pair], *, is_monthly: bool) -> None:
        """Write attainments that differ, post their points, and note what totals and rates gain or lose."""
        rows: list[tuple[int, Attainment, bool]] = []
        entries: list[tuple[int, Posting]] = []
        changed = [pair for pair in pairs if pair[1] != pair[2]]
        self._reserve(sum(row_id is None for row_id, _, _ in changed))
        for known_id, before, after in changed:
            row_id = self._new_id() if known_id is None else known_id
            if after is not None:
                rows.append((row_id, after, is_monthly))
            elif before is not None:
                rows.append((row_id, retired(before), is_monthly))
            for posting in postings(before, after):
                entries.append((row_id, posting))
                self.totals.add_points(posting)
            self._count(before, -1, is_monthly=is_monthly)
            self._count(after, 1, is_monthly=is_monthly)
        attainments.write_attainments(self.connection, rows)
        ledger.write_entries(self.connection, entries, self.now)
        self.posted += len(entries)

    def _count(self, attainment: Attainment | None, sign: int, *, is_monthly: bool) -> None:
        if attainment is None or attainment.level not in COUNTED:
            return
        self.totals.add_level(attainment.credit, attainment.level, sign)
        if not is_monthly:
            for cell, is_in_time in rate_cells(self.rules, attainment):
                self.cells[cell].add(sign * is_in_time, sign)

    def _reserve(self, count: int) -> None:
        if count > self._ids_end - self._next_id:
            self._next_id = attainments.reserve_ids(self.connection, count)
            self._ids_end = self._next_id + count

    def _new_id(self) -> int:
        self._next_id += 1
        return self._next_id - 1


def retired(attainment: Attainment) -> Attainment:
    """Return an attainment that no longer holds; its row stays, since the ledger may name it."""
    return attainment._replace(
        level=Level.NONE,
        points=0,
        month=None,
        value=None,
        of_cases=None,
        due_at=None,
        stopped_at=None,
        decided_at=None,
    )
