"""Working out: what subjects come to, added up; and from that the months, without a database.

Verifying compares it with what is stored, trying out a draft shows it. It grows with participants and months, not with
events, and goes from one process to another.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from leaderboard.domain.agreement import Level
from leaderboard.domain.cells import rate_cells, score_cell, zero_cells
from leaderboard.domain.monthly import Cell, Tally
from leaderboard.domain.periods import Month
from leaderboard.domain.points import Attainment, Credit
from leaderboard.domain.rules import Rules
from leaderboard.domain.scoring import SubjectScore


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

    numbers: of decided attainments that are alike. amounts: what evidence puts into each cell. months: those in which
    anything happened.
    """

    def __init__(self) -> None:
        self.numbers: defaultdict[Alike, int] = defaultdict(int)
        self.amounts: defaultdict[Cell, Tally] = defaultdict(Tally)
        self.months: set[Month] = set()

    def add(self, score: SubjectScore) -> None:
        """Add what one subject comes to."""
        self.months |= score.months
        for each in score.attainments:
            if each.month is not None:
                self.months.add(each.month)
                alike = tuple.__new__(Alike, each[:3] + each[5:9])  # the fields of Alike, in their order
                self.numbers[alike] += 1
        for cell, _, amount, cases in score.evidence:
            value, before = self.amounts[cell]
            self.amounts[cell] = Tally(value + amount, before + cases)

    def merge(self, other: "WorkedOut") -> None:
        """Add what other subjects come to."""
        self.months |= other.months
        for alike, number in other.numbers.items():
            self.numbers[alike] += number
        for cell, tally in other.amounts.items():
            self.amounts[cell] = self.amounts[cell].plus(*tally)


class CellTallies:
    """What is counted in each participant's month under some rules, by month (K1, K3)."""

    def __init__(self, rules: Rules, found: WorkedOut) -> None:
        self.rules = rules
        self._months = frozenset(found.months)
        self._by_month: defaultdict[Month, dict[Cell, Tally]] = defaultdict(dict)
        for cell, tally in found.amounts.items():
            self._by_month[cell.month][cell] = tally
        for alike, number in found.numbers.items():
            for cell, is_in_time in rate_cells(rules, alike.sla, alike.level, alike.credit):
                theirs = self._by_month[cell.month]
                theirs[cell] = theirs.get(cell, Tally()).plus(is_in_time * number, number)

    def of(self, month: Month) -> dict[Cell, Tally]:
        """Return what is counted in a month; everybody active has a cell where anything happened, also with nothing."""
        places = zero_cells(self.rules, month) if month in self._months else ()
        return dict.fromkeys(places, Tally()) | self._by_month.get(month, {})

    def results(self, month: Month, now: datetime) -> Iterator[Attainment]:
        """Yield the monthly results of a month as of `now`; not when a target was reached."""
        for cell, tally in self.of(month).items():
            each = score_cell(self.rules, cell, tally, now)
            if each is not None:
                yield each
