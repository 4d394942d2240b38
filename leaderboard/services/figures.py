"""What figures of compliance are made of: what is asked for, a line of a table, and promises as they were agreed."""

from dataclasses import dataclass
from datetime import datetime

from leaderboard.domain.agreement import Sla
from leaderboard.domain.compliance import NOTHING, Counts, points_of_change
from leaderboard.domain.periods import Period, month_of_key
from leaderboard.domain.rules import Rules
from leaderboard.services.rules import RuleBook
from leaderboard.services.scopes import Scope


@dataclass(frozen=True)
class Asked:
    """What a page of compliance is asked for. team_id: one team; side: the teams of one; sla: one promise."""

    period: Period
    side: str | None = None
    team_id: int | None = None
    sla: str | None = None


@dataclass(frozen=True)
class Figure:
    """What one line of a table says. name: of what; title: the SLA's, where it is about one; team: whose, of a person.

    before: the same in the period before. cost: the points that what was missed would have earned, had it been met.
    course: the counts by month, oldest first, where the table shows them.
    """

    name: str
    counts: Counts
    cost: int
    before: Counts = NOTHING
    sla: str | None = None
    title: str | None = None
    team_id: int | None = None
    team: str | None = None
    member_id: int | None = None
    course: tuple[Counts, ...] = ()

    @property
    def change(self) -> int | None:
        """By how many percentage points the share rose since the period before."""
        return points_of_change(self.before, self.counts)


class Promises:
    """SLAs by month, as they were agreed for it (P6)."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._kept: dict[tuple[str, str], Sla | None] = {}

    def of(self, key: str, month: str) -> Sla | None:
        """Return an SLA as agreed for a month or else in the newest version that has it; None if there is none."""
        place = (key, month)
        if place not in self._kept:
            version = self._rules.in_force(month_of_key(month)).version
            versions = [*([] if version is None else [version]), *reversed(self._rules.versions)]
            found = (sla for each in versions for sla in each.agreement.slas if sla.key == key)
            self._kept[place] = next(found, None)
        return self._kept[place]

    def title(self, key: str, month: str) -> str:
        """Return what an SLA is called."""
        sla = self.of(key, month)
        return key if sla is None else sla.title

    def cost(self, key: str, month: str, missed: int) -> int:
        """Return the points that so many missed ones would have earned, had they been met (P1)."""
        sla = self.of(key, month)
        return 0 if sla is None else missed * sla.met_points

    @property
    def keys(self) -> list[str]:
        """All keys, in the order of the newest agreement, then of those before it."""
        newest_first = reversed(self._rules.versions)
        return list(dict.fromkeys(sla.key for version in newest_first for sla in version.agreement.slas))

    @property
    def monthly(self) -> set[str]:
        """The keys of those that give one result a participant and month, in all versions that have them."""
        every = [sla for version in self._rules.versions for sla in version.agreement.slas]
        return {sla.key for sla in every if sla.is_monthly} - {sla.key for sla in every if not sla.is_monthly}

    @property
    def of_teams(self) -> list[str]:
        """The keys of those whose participants are teams in some version."""
        every = (sla for version in self._rules.versions for sla in version.agreement.slas)
        return sorted({sla.key for sla in every if sla.participant == "team"})


def teams_asked(rules: Rules, scope: Scope, side: str | None = None, team_id: int | None = None) -> list[int] | None:
    """Return the teams that figures are of, None for all: those within the reader's scope, on a side, or one alone."""
    if team_id is not None:
        return scope.within([team_id])
    if scope.is_all and side is None:
        return None
    return scope.within(team.id for team in rules.teams.values() if side in (None, team.side))


@dataclass(frozen=True)
class PeriodState:
    """A period and where one can go from it: those of its kind beside it, and all that can be chosen, newest first."""

    period: str
    is_over: bool
    is_closed: bool
    previous: str | None
    next: str | None
    months: tuple[str, ...]
    quarters: tuple[str, ...]


def period_state(book: RuleBook, period: Period, *, now: datetime) -> PeriodState:
    """Return where a period stands, and which others there are."""
    months = book.rules.months
    present = months.month_of(now)
    known = {month_of_key(key) for key in book.opened} | {present, *period.months[:1]}
    kinds = {"month": sorted(map(str, known)), "quarter": sorted({str(month.quarter) for month in known})}
    of_kind = kinds[period.kind]
    place = of_kind.index(str(period))
    return PeriodState(
        str(period),
        months.bounds_of(period)[1] <= now,
        str(period) in book.closed,
        of_kind[place - 1] if place else None,
        of_kind[place + 1] if place + 1 < len(of_kind) else None,
        tuple(reversed(kinds["month"])),
        tuple(reversed(kinds["quarter"])),
    )
