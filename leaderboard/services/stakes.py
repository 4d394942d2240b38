"""What can be won in the present periods, and who is first so far: the slide of bonuses (B1, B2, B5)."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import zip_longest
from typing import Any

from sqlalchemy import Connection

from leaderboard.domain.agreement import BonusProgramme
from leaderboard.domain.bonuses import Contender, programmes_of
from leaderboard.domain.periods import Month, Period
from leaderboard.domain.standings import average, ranked
from leaderboard.services.awarding import ranked_by
from leaderboard.services.rules import RuleBook
from leaderboard.storage import awards

MOST_LED = 5  # of those who share the first place
ShownName = Callable[[str, int, str], str | None]
"""Returns the name under which a display shows a participant of a scope, None for one who is not shown."""


@dataclass(frozen=True)
class Prize:
    """What a place wins: an amount in minor units (B1), or a prize in kind (B5)."""

    place: int
    amount_minor: int | None
    prize: str | None


@dataclass(frozen=True)
class Leader:
    """Who is first so far. average: points per member, where that decides."""

    id: int
    name: str
    points: int
    average: Fraction | None


@dataclass(frozen=True)
class Stake:
    """A programme of a present period. days_left: rounded up. leaders: those of the first rank who may be shown."""

    programme: str
    period: str
    kind: str
    participant: str
    side: str | None
    prizes: tuple[Prize, ...]
    days_left: int
    leaders: tuple[Leader, ...]


@dataclass(frozen=True)
class Stakes:
    """What is at stake, that of the quarter first. currency: of the amounts."""

    currency: str
    stakes: tuple[Stake, ...]


def stakes_of(
    connection: Connection, book: RuleBook, month: Month, side: str | None, shown: ShownName, *, now: datetime
) -> Stakes | None:
    """Return what can be won in a month and its quarter; None where that is nothing. One query.

    side: only what it can win, and a leader of that side; None for both.
    """
    found = list(_programmes(book, month, side))
    leaders = _leaders(connection, book, found)
    stakes = []
    for (period, programme), first in zip(found, leaders, strict=True):
        ends_at = book.rules.months.bounds_of(period)[1]
        shown_leaders = tuple(_shown(book, programme, first, side, shown, period))
        stakes.append(
            Stake(
                programme.key,
                period.key,
                period.kind,
                programme.participant,
                programme.side,
                tuple(_prizes(programme)),
                -((now - ends_at) // timedelta(days=1)),
                shown_leaders,
            )
        )
    return Stakes(book.rules.organisation.currency, tuple(stakes)) if stakes else None


def _programmes(book: RuleBook, month: Month, side: str | None) -> Iterator[tuple[Period, BonusProgramme]]:
    for period in (month.quarter, month):
        for programme in programmes_of(book.rules, period)[1]:
            if side is None or programme.side in (None, side):
                yield period, programme


def _prizes(programme: BonusProgramme) -> Iterator[Prize]:
    for place, (amount, prize) in enumerate(zip_longest(programme.places, programme.prizes), 1):
        yield Prize(place, amount, prize)


def _leaders(
    connection: Connection, book: RuleBook, found: Sequence[tuple[Period, BonusProgramme]]
) -> list[list[Contender]]:
    """Return who shares the first rank in each programme; nobody without points, nor a team without members."""
    boards = [
        (period.key, each.participant, each.side, awards.MOST_TEAMS if each.participant == "team" else MOST_LED)
        for period, each in found
    ]
    rows: defaultdict[int, list[Any]] = defaultdict(list)
    for number, row in awards.leaders(connection, boards):
        rows[number].append(row)
    return [list(_first(book, *each, rows[number])) for number, each in enumerate(found)]


def _first(book: RuleBook, period: Period, programme: BonusProgramme, rows: Iterable[Any]) -> Iterator[Contender]:
    competing = _competing(book, period, programme.participant, rows)
    by = ranked_by(programme, book.rules.organisation.quarter_winner_by)
    scores = (
        (average(each.points, each.members or 0) if by == "average" else each.points, each.name, each)
        for each in competing
        if each.points > 0
    )
    for rank, each in ranked(scores):
        if rank == 1:
            yield each


def _competing(book: RuleBook, period: Period, scope: str, rows: Iterable[Any]) -> Iterator[Contender]:
    membership = book.rules.membership
    sizes = membership.members_of(period) if scope == "team" else {}
    for row in rows:
        members = len(sizes.get(row.participant_id, ())) if scope == "team" else None
        if members or (members is None and membership.is_active(scope, row.participant_id, period)):
            yield Contender(row.participant_id, row.name, row.points, members)


def _shown(
    book: RuleBook,
    programme: BonusProgramme,
    first: Sequence[Contender],
    side: str | None,
    shown: ShownName,
    period: Period,
) -> Iterator[Leader]:
    is_average = ranked_by(programme, book.rules.organisation.quarter_winner_by) == "average"
    for each in first[:MOST_LED]:
        name = shown(programme.participant, each.id, each.name)
        if name is not None and side in (None, _side_of(book, programme.participant, each.id, period)):
            mean = average(each.points, each.members or 0) if is_average else None
            yield Leader(each.id, name, each.points, mean)


def _side_of(book: RuleBook, scope: str, participant: int, period: Period) -> str | None:
    if scope == "team":
        return book.rules.teams[participant].side
    theirs = book.rules.membership.memberships_in(participant, period)
    return book.rules.teams[theirs[-1].team_id].side if theirs else None
