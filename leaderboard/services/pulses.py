"""The pulse: how much of what was decided lately was in time, team by team; good news and no count of the bad."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine

from leaderboard.domain.periods import Month, midnight
from leaderboard.domain.standings import sort_key
from leaderboard.services.badging import kinds_of
from leaderboard.services.rules import RuleBook
from leaderboard.storage import walls

KEPT_FROM = 20_000  # counting so many takes too long for each event that comes in
KEPT = timedelta(minutes=1)
Counts = Mapping[int, tuple[int, int]]
"""By team: how many were in time, and how many were decided at all."""


@dataclass(frozen=True)
class TeamPulse:
    """How much of what was decided was in time, in whole percent, rounded down; None where nothing was decided."""

    id: int
    name: str
    today: int | None
    month: int | None


@dataclass(frozen=True)
class Pulse:
    """How the teams are in time with response times, by name: today and this month."""

    month: str
    teams: tuple[TeamPulse, ...]


@dataclass(frozen=True)
class _Kept:
    """What was counted of a month's days before today. key: by which rules, and from when until when."""

    key: tuple[int, datetime, datetime]
    counts: Counts
    counted_at: datetime

    def holds(self, key: tuple[int, datetime, datetime], now: datetime) -> bool:
        """Tell whether it can stand for what would be counted now."""
        return self.key == key and timedelta(0) <= now - self.counted_at < KEPT


_kept: WeakKeyDictionary[Engine, _Kept] = WeakKeyDictionary()
_lock = Lock()


def pulse_of(connection: Connection, book: RuleBook, month: Month, side: str | None, *, now: datetime) -> Pulse | None:
    """Return how the teams of a side, None for both, are in time; None where nothing was decided. Two queries.

    Today is the organisation's. Of a month that holds very much the days before today are counted once a minute.
    """
    zone = book.rules.organisation.zone
    start = book.rules.months.bounds(month)[0]
    today_began = max(start, midnight(now.astimezone(zone).date(), zone))
    today = walls.in_time(connection, today_began, None, _clocks(book))
    before = _counted_before(connection, book, start, today_began, now)
    rows = []
    for team_id in today.keys() | before.keys():
        team = book.rules.teams[team_id]
        if side in (None, team.side):
            rows.append(TeamPulse(team_id, team.name, _share(team_id, today), _share(team_id, today, before)))
    rows.sort(key=lambda each: (sort_key(each.name), each.name))
    return Pulse(month.key, tuple(rows)) if rows else None


def _clocks(book: RuleBook) -> dict[int, Sequence[str]]:
    """Return the SLAs that are response times, by agreement version."""
    found = defaultdict(list)
    for (version_id, sla), kind in kinds_of(book).items():
        if kind == "response_time":
            found[version_id].append(sla)
    return dict(found)


def _counted_before(
    connection: Connection, book: RuleBook, start: datetime, today_began: datetime, now: datetime
) -> Counts:
    key = (book.version, start, today_began)
    with _lock:
        kept = _kept.get(connection.engine)
    if kept is not None and kept.holds(key, now):
        return kept.counts
    counts = walls.in_time(connection, start, today_began, _clocks(book))
    if sum(decided for _, decided in counts.values()) >= KEPT_FROM:
        with _lock:
            _kept[connection.engine] = _Kept(key, counts, now)
    return counts


def _share(team_id: int, *counted: Counts) -> int | None:
    counts = [each.get(team_id, (0, 0)) for each in counted]
    decided = sum(number for _, number in counts)
    return 100 * sum(number for number, _ in counts) // decided if decided else None
