"""Working out: what subjects come to, added up; and from that the months, without a database.

Verifying compares it with what is stored, trying out a draft shows it. It grows with participants and months, not with
events, and goes from one process to another.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

from leaderboard.domain.agreement import Level
from leaderboard.domain.cells import rate_cells, score_cell, zero_cells
from leaderboard.domain.monthly import Cell, Tally
from leaderboard.domain.periods import Month, month_of_key
from leaderboard.domain.points import Attainment, Credit
from leaderboard.domain.rules import Rules
from leaderboard.domain.scoring import SubjectScore

NOTHING = Tally()


class Alike(NamedTuple):
    """Decided attainments of occurrences that count alike, and their number. points: of each."""

    sla: str
    credit: Credit
    level: Level
    points: int
    number: int


class WorkedOut:
    """What some subjects come to together: attainments by what they have in common, and evidence by cell."""

    def __init__(self) -> None:
        self._numbers: defaultdict[tuple[str, str, int, int | None, str, Level, int], int] = defaultdict(int)
        self._amounts: dict[Cell, list[int]] = {}
        self._months: set[Month] = set()

    @property
    def months(self) -> set[Month]:
        """The months in which anything was decided, and those that are kept."""
        return self._months | {month_of_key(key[4]) for key in self._numbers}

    def add(self, score: SubjectScore) -> None:
        """Add what one subject comes to."""
        for each in score.attainments:
            sla, scope, participant, _, _, team_id, month, level, points = each[:9]
            if month is not None:  # by its key, which is quicker to look up
                self._numbers[sla, scope, participant, team_id, month.key, level, points] += 1
        for cell, _, amount, cases in score.evidence:
            self._add_amount(cell, amount, cases)

    def _add_amount(self, cell: Cell, amount: int, cases: int) -> None:
        found = self._amounts.get(cell)
        if found is None:
            self._amounts[cell] = [amount, cases]
        else:
            found[0] += amount
            found[1] += cases

    def keep(self, months: Iterable[Month]) -> None:
        """Note months that have standings: those of events, or of what else stays."""
        self._months.update(months)

    def merge(self, other: "WorkedOut") -> None:
        """Add what other subjects come to."""
        self._months |= other._months
        for key, number in other._numbers.items():
            self._numbers[key] += number
        for cell, (amount, cases) in other._amounts.items():
            self._add_amount(cell, amount, cases)

    def attainments(self) -> Iterator[Alike]:
        """Yield the attainments of occurrences that are decided."""
        for (sla, scope, participant, team_id, month, level, points), number in self._numbers.items():
            yield Alike(sla, Credit(scope, participant, team_id, month_of_key(month)), level, points, number)

    def amounts(self) -> Iterator[tuple[Cell, Tally]]:
        """Yield what evidence puts into each cell."""
        for cell, (amount, cases) in self._amounts.items():
            yield cell, Tally(amount, cases)


class CellTallies:
    """What is counted in each participant's month under some rules, by month (K1, K3)."""

    def __init__(self, rules: Rules, found: WorkedOut) -> None:
        self.rules = rules
        self._months = frozenset(found.months)
        self._by_month: defaultdict[Month, dict[Cell, Tally]] = defaultdict(dict)
        for cell, tally in found.amounts():
            self._by_month[cell.month][cell] = tally
        for sla, credit, level, _, number in found.attainments():
            for cell, is_in_time in rate_cells(rules, sla, level, credit):
                theirs = self._by_month[cell.month]
                theirs[cell] = theirs.get(cell, NOTHING).plus(is_in_time * number, number)

    def of(self, month: Month) -> dict[Cell, Tally]:
        """Return what is counted in a month; everybody active has a cell where anything happened, also with nothing."""
        places = zero_cells(self.rules, month) if month in self._months else ()
        return dict.fromkeys(places, NOTHING) | self._by_month.get(month, {})

    def results(self, month: Month, now: datetime) -> Iterator[Attainment]:
        """Yield the monthly results of a month as of `now`; not when a target was reached."""
        for cell, tally in self.of(month).items():
            each = score_cell(self.rules, cell, tally, now)
            if each is not None:
                yield each
