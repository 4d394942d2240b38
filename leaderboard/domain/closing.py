"""Closing: which period is closed next and as of when; where later differences go (M1-M3, P5)."""

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Sequence, Set
from datetime import datetime, timedelta
from itertools import chain
from typing import Any, NamedTuple

from leaderboard.domain.agreement import Level
from leaderboard.domain.periods import Month, MonthFinder, Period, Quarter, parse_period
from leaderboard.domain.points import COUNTED, Attainment, Posting


class Counted(NamedTuple):
    """How an attainment counts in a month. value, of what stopped in time, and decided_at: what badges rest on (G1)."""

    team: int | None
    level: Level
    points: int
    value: int | None
    decided_at: datetime | None


class Correction(NamedTuple):
    """What became of an attainment of a closed month: how it counted there before, and after (P5).

    month: the open month that takes the difference. The level is `none` where it did not count in the closed month.
    """

    corrects: Month
    month: Month
    before: Counted
    after: Counted


class Line(NamedTuple):
    """The quarters that are closed, in order: some early ones, and all from the first on."""

    early: Sequence[Quarter]
    first: Quarter

    def holds(self, period: Period) -> bool:
        """Tell whether a period is closed at all, once its time has come."""
        return period.quarter >= self.first or period.quarter in self.early


def line_of(opened: Collection[Month], agreed: Month) -> Line:
    """Return the line of periods that are closed.

    opened: the months with standings. agreed: the first month for which anything is agreed. From the first quarter
    with standings from then on each is closed; of those before, in which nothing was agreed, only those with standings.
    """
    quarters = {month.quarter for month in opened}
    early = sorted(quarter for quarter in quarters if quarter < agreed.quarter)
    return Line(early, min((quarter for quarter in quarters if quarter >= agreed.quarter), default=agreed.quarter))


def next_to_close(line: Line, closed: Set[str]) -> Period:
    """Return the period that is closed next: the oldest one open, a quarter after its three months (M2, M3).

    closed: the keys of the periods that are closed.
    """
    for quarter in chain(line.early, _from(line.first)):
        periods: tuple[Period, ...] = (*quarter.months, quarter)
        for period in periods:
            if period.key not in closed:
                return period
    raise AssertionError("quarters never end")


def _from(quarter: Quarter) -> Iterator[Quarter]:
    while True:
        yield quarter
        quarter = quarter.next


def closed_months(closed: Set[str]) -> set[Month]:
    """Return the months among closed periods."""
    return {each for each in map(parse_period, closed) if isinstance(each, Month)}


def last_closed_before(month: str, closed: Iterable[str]) -> str | None:
    """Return the key of the last month before one that is among closed periods; None if there is none."""
    months = map(parse_period, closed)
    return max((each.key for each in months if isinstance(each, Month) and each.key < month), default=None)


def closes_at(period: Period, months: MonthFinder, grace: timedelta) -> datetime:
    """Return the instant from which a period is closed by itself: its local end and the grace time (M1)."""
    return months.bounds_of(period)[1] + grace


def open_after(month: Month, closed: Set[str]) -> Month:
    """Return the month that takes the later differences of a closed one: the earliest open month after it (P5).

    It does not depend on when somebody looks: a process that was down posts where it would have posted then.
    """
    later = month.next
    while later.key in closed:
        later = later.next
    return later


def placed(posting: Posting, closed: Set[str]) -> Posting:
    """Return a posting as it goes to the ledger: what concerns a closed month goes to an open one, marked (P5)."""
    month = posting.credit.month
    if month is None or month.key not in closed:
        return posting
    return posting._replace(credit=posting.credit._replace(month=open_after(month, closed)), corrects=month)


def corrections(before: Attainment | None, after: Attainment | None, closed: Set[str]) -> list[Correction]:
    """Return what a change of an attainment corrects in closed months: nothing, or one row for each month it touches.

    before, after: the attainment as it was and as it is now; None where there is none.
    """
    months = {each.month for each in (before, after) if each is not None and each.month is not None}
    rows = []
    for month in sorted(each for each in months if each.key in closed):
        old, new = _place_in(month, before), _place_in(month, after)
        if old != new:
            rows.append(Correction(month, open_after(month, closed), old, new))
    return rows


def _place_in(month: Month, each: Attainment | None) -> Counted:
    """Return how an attainment counts in a month, but for how late a miss was or how far a total went."""
    if each is None or each.month != month or each.level is Level.NONE:
        return Counted(None, Level.NONE, 0, None, None)
    value = None if each.stopped_at is None or each.level is Level.MISSED else each.value
    return Counted(each.team_id, each.level, each.points, value, each.decided_at)


def counted_back(correction: Correction) -> list[tuple[int | None, Level, int]]:
    """Return what to add to the level counts of the closed month to undo a correction: team, level, 1 or -1."""
    sides = ((correction.before, 1), (correction.after, -1))
    return [(each.team, each.level, sign) for each, sign in sides if each.level in COUNTED]


def digest_of(rows: Iterable[tuple[Any, ...]]) -> str:
    """Return the SHA-256 of standings and shares: of each row as a line of JSON, in the order given; 64 hex digits."""
    digest = hashlib.sha256()
    for row in rows:
        digest.update(json.dumps(list(row), ensure_ascii=False, separators=(",", ":")).encode() + b"\n")
    return digest.hexdigest()
