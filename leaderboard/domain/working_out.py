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
from leaderboard.domain.periods import Month
from leaderboard.domain.points import Attainment, Credit
from leaderboard.domain.rules import Rules
from leaderboard.domain.scoring import SubjectScore

NOTHING = Tally()


class Alike(NamedTuple):
    """What attainments of occurrences that are added up together have in common."""

    sla: str
    scope: str
    participant: int
    team_id: int | None
    month: Month
    level: Level
    points: int

    @property
    def credit(self) -> Credit:
        """Where their points and levels count."""
        return Credit(self.scope, self.participant, self.team_id, self.month)


class WorkedOut:
    """What some subjects come to together.

    numbers: of decided attainments that are alike. amounts: what evidence puts into each cell.
    """

    def __init__(self) -> None:
        self.numbers: defaultdict[Alike, int] = defaultdict(int)
        self.amounts: dict[Cell, list[int]] = {}  # each the numbers of a Tally
        self._months: set[Month] = set()

    @property
    def months(self) -> set[Month]:
        """The months in which anything happened: an event, or a decision."""
        return self._months | {alike.month for alike in self.numbers}

    def add(self, score: SubjectScore) -> None:
        """Add what one subject comes to."""
        self._months |= score.months
        for each in score.attainments:
            if each.month is not None:
                self.numbers[tuple.__new__(Alike, each[:3] + each[5:9])] += 1  # the fields of Alike, in their order
        for cell, _, amount, cases in score.evidence:
            self._add_amount(cell, amount, cases)

    def _add_amount(self, cell: Cell, amount: int, cases: int) -> None:
        found = self.amounts.get(cell)
        if found is None:
            self.amounts[cell] = [amount, cases]
        else:
            found[0] += amount
            found[1] += cases

    def keep(self, months: Iterable[Month]) -> None:
        """Note months that have standings whatever happened."""
        self._months.update(months)

    def merge(self, other: "WorkedOut") -> None:
        """Add what other subjects come to."""
        self._months |= other._months
        for alike, number in other.numbers.items():
            self.numbers[alike] += number
        for cell, tally in other.amounts.items():
            self._add_amount(cell, *tally)


class CellTallies:
    """What is counted in each participant's month under some rules, by month (K1, K3)."""

    def __init__(self, rules: Rules, found: WorkedOut) -> None:
        self.rules = rules
        self._months = frozenset(found.months)
        self._by_month: defaultdict[Month, dict[Cell, Tally]] = defaultdict(dict)
        for cell, tally in found.amounts.items():
            self._by_month[cell.month][cell] = Tally(*tally)
        for alike, number in found.numbers.items():
            for cell, is_in_time in rate_cells(rules, alike.sla, alike.level, alike.credit):
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
