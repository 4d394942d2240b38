"""Posting: writes the attainments that differ from what is stored, and their points to the ledger (P2)."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection

from leaderboard.domain.agreement import Level
from leaderboard.domain.bands import band_of
from leaderboard.domain.cells import cells_of_rates
from leaderboard.domain.closing import Correction, corrections, open_after, placed
from leaderboard.domain.monthly import Cell
from leaderboard.domain.periods import Month, month_of_key
from leaderboard.domain.points import Attainment, Credit, Posting, postings
from leaderboard.services.rules import RuleBook
from leaderboard.services.tallies import LEVEL_PLACES, POINTS, Counts, TalliesChange, no_counts, write_tallies
from leaderboard.services.totals import TotalsChange
from leaderboard.storage import attainments, closings, ledger

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
    """Writes attainments and ledger within one transaction, and notes what totals and cells gain or lose.

    corrections: how many attainments of closed months changed; corrected: these months; corrected_into: the open ones
    that took that (P5).
    """

    def __init__(
        self,
        connection: Connection,
        book: RuleBook,
        now: datetime,
        first_id: int,
        ids: int,
        because: str = "events",
    ) -> None:
        """first_id, ids: the attainment ids that are reserved already. because: why closed months are corrected."""
        self.connection = connection
        self.rules = book.rules
        self.closed = book.closed
        self.because = because
        self.corrections = 0
        self.corrected: set[Month] = set()
        self.corrected_into: set[Month] = set()
        self.now = now
        self.cells: defaultdict[Cell, CellChange] = defaultdict(CellChange)
        self.totals = TotalsChange(book)
        self.posted = 0
        self.tallies = TalliesChange()
        self._counts: defaultdict[tuple[str, bool, str, int, int | None, str], Counts] = defaultdict(no_counts)
        self._next_id = first_id
        self._ids_end = first_id + ids

    def post(self, pairs: Iterable[Pair], *, is_monthly: bool) -> None:
        """Write attainments that differ, post their points, and note what totals and rates gain or lose."""
        changed = [pair for pair in pairs if pair[1] != pair[2]]
        self._reserve(sum(row_id is None for row_id, _, _ in changed))
        new: list[tuple[int, Attainment]] = []
        again: list[tuple[int, Attainment]] = []
        entries: list[tuple[int, Posting]] = []
        corrected: list[tuple[int, str, int, Correction]] = []
        for known_id, before, after in changed:
            row_id = self._new_id() if known_id is None else known_id
            if before is not None:
                again.append((row_id, retired(before) if after is None else after))
                self._count(before, -1, is_monthly=is_monthly)
            elif after is not None:
                new.append((row_id, after))
            posted = postings(before, after)
            if after is not None:
                self._count(after, 1, is_monthly=is_monthly)
            if self.closed and (whose := self._in_closed(before) or self._in_closed(after)):
                posted = [placed(posting, self.closed) for posting in posted]
                found = corrections(before, after, self.closed)
                corrected.extend([(row_id, whose.scope, whose.participant, each) for each in found])
            entries.extend([(row_id, posting) for posting in posted])
        attainments.write_attainments(self.connection, new, again, is_monthly=is_monthly)
        ledger.write_entries(self.connection, entries, self.now)
        closings.write_corrections(self.connection, corrected, self.because, self.now)
        self.corrections += len(corrected)
        self.corrected.update(each.corrects for _, _, _, each in corrected)
        self.corrected_into.update(each.month for _, _, _, each in corrected)
        self.posted += len(entries)

    def _in_closed(self, each: Attainment | None) -> Attainment | None:
        """Return an attainment if it counts in a closed month: few do, of the millions that an import brings."""
        return each if each is not None and each.month is not None and each.month.key in self.closed else None

    def _count(self, attainment: Attainment, sign: int, *, is_monthly: bool) -> None:
        """Note points and level; `settle` adds them up where they count, once for all that are alike.

        The net of these points is what is posted (P2).
        """
        month = attainment.month
        if month is None:  # pending or retired: counts nowhere
            return
        credited = (attainment.scope, attainment.participant, attainment.team_id, month.key)
        counts = self._counts[attainment.sla, is_monthly, *credited]
        counts[POINTS] += sign * attainment.points
        place = LEVEL_PLACES.get(attainment.level)
        if place is not None:
            counts[place] += sign
            if attainment.team_id is not None:
                band = 0 if is_monthly else band_of(attainment.value)
                self.tallies.spread(month.key, attainment.sla, attainment.team_id, band, place, attainment.points, sign)

    def settle(self) -> None:
        """Add what was noted to the tallies, to the totals and, for clocks, to the rates.

        Of a closed month the points alone go on, to an open one (P5): its levels stay as they were counted.
        """
        for (sla, is_monthly, scope, participant, team_id, month), counts in self._counts.items():
            points, met, exceeded, missed = counts
            if scope == "member":
                self.tallies.add(month, sla, participant, team_id, counts)
            credit = Credit(scope, participant, team_id, month_of_key(month))
            if month not in self.closed:
                self.totals.add(credit, counts)
            elif points:
                later = open_after(month_of_key(month), self.closed)
                self.totals.add(credit._replace(month=later), [points, 0, 0, 0])
            if not is_monthly:
                for cell in cells_of_rates(self.rules, sla, credit):
                    self.cells[cell].add(met + exceeded, met + exceeded + missed)
        self._counts.clear()

    def write_totals(self) -> None:
        """Write what the totals and the tallies gain or lose."""
        self.settle()
        self.totals.write(self.connection, self.tallies)

    def write_tallies(self) -> None:
        """Write what the tallies alone gain or lose, where the totals are made anew."""
        self.settle()
        write_tallies(self.connection, self.tallies)

    def _new_id(self) -> int:
        self._next_id += 1
        return self._next_id - 1

    def _reserve(self, count: int) -> None:
        if count > self._ids_end - self._next_id:
            self._next_id = attainments.reserve_ids(self.connection, count)
            self._ids_end = self._next_id + count


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
