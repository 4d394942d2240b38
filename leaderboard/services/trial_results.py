"""What a draft would have made of a quarter, beside what the quarter was closed with."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from leaderboard.domain.bonuses import programmes_of
from leaderboard.domain.periods import Period, Quarter
from leaderboard.domain.standings import Score, average, ranked, sort_key
from leaderboard.services.awarding import wins_of
from leaderboard.services.rules import RuleBook
from leaderboard.services.tallies import Counts
from leaderboard.services.totals import Key, total_row
from leaderboard.storage.totals import TOTAL_COLUMNS
from leaderboard.storage.trials import Standing


@dataclass(frozen=True)
class Place:
    """A participant's place in a quarter. score: what ranks it, its points or its points per member (P4)."""

    rank: int
    score: Score
    points: int
    met: int
    exceeded: int
    missed: int


@dataclass(frozen=True)
class Compared:
    """A participant's place as it was, and as it would have been; None where there was or would be none."""

    id: int
    name: str
    side: str | None
    team_id: int | None
    was: Place | None
    would: Place | None

    @property
    def more(self) -> int:
        """How many points more it would have been."""
        return (self.would.points if self.would else 0) - (self.was.points if self.was else 0)

    @property
    def rise(self) -> int | None:
        """How many ranks higher it would have been; None where one of the two is missing."""
        return None if self.was is None or self.would is None else self.was.rank - self.would.rank


@dataclass(frozen=True)
class WonBonus:
    """A bonus won: amount in minor units, or else a prize in kind. sharers: how many share the place."""

    period: str
    programme: str
    scope: str
    participant_id: int
    name: str
    place: int
    sharers: int
    amount_minor: int | None
    prize: str | None


@dataclass(frozen=True)
class QuarterTrial:
    """What a closed quarter came to, and would have come to under a draft.

    as_of: the instant by which everything is decided. by: total or average, which ranks its teams. teams, members: in
    the order of what would have been. was, would: the bonuses of the quarter and its months. apart: points given by
    hand, and corrections of earlier months, which are in both.
    """

    quarter: Quarter
    as_of: datetime
    by: str
    teams: tuple[Compared, ...]
    members: tuple[Compared, ...]
    was: tuple[WonBonus, ...]
    would: tuple[WonBonus, ...]
    apart: int

    @property
    def cost_was(self) -> int:
        """What the bonuses cost as they were proposed, in minor units."""
        return _cost(self.was)

    @property
    def cost_would(self) -> int:
        """What the bonuses would have cost, in minor units."""
        return _cost(self.would)


@dataclass(frozen=True)
class Trial:
    """What a draft would have made of some quarters; amounts are in minor units of the currency."""

    title: str
    currency: str
    quarters: tuple[QuarterTrial, ...]


def _cost(bonuses: Iterable[WonBonus]) -> int:
    return sum(each.amount_minor or 0 for each in bonuses)


def compared(
    tried: RuleBook,
    quarter: Quarter,
    *,
    as_of: datetime,
    frozen: Sequence[Standing],
    awarded: Sequence[Any],
    totals: Mapping[Key, Counts],
    apart: int,
) -> QuarterTrial:
    """Return both sides of a quarter.

    tried: the rules with the draft in force. frozen: the standings that the quarter and its months were closed with;
    awarded: their awards. totals: what everybody would have had; apart: points that are in both.
    """
    by = tried.rules.organisation.quarter_winner_by
    periods: tuple[Period, ...] = (quarter, *quarter.months)
    would = _standings(tried, frozen, totals, periods)

    def both(scope: str, rank_by: str) -> tuple[Compared, ...]:
        sides = [
            _ranked((each for each in rows if each.period == quarter.key and each.scope == scope), rank_by)
            for rows in (frozen, would)
        ]
        return tuple(_both(tried, *sides))

    return QuarterTrial(
        quarter,
        as_of,
        by,
        both("team", by),
        both("member", "total"),
        _in_order(tried, map(_awarded, awarded)),
        _in_order(tried, (each for period in periods for each in _won(tried, period, would))),
        apart,
    )


def _standings(
    tried: RuleBook, frozen: Sequence[Standing], totals: Mapping[Key, Counts], periods: Sequence[Period]
) -> list[Standing]:
    """Return the standings as they would have been: of those who stood there, and of who would have come to points.

    Names, sides and how many members a team had stay what they were as the period was closed.
    """
    known = {(each.period, each.scope, each.participant_id): each for each in frozen}
    found = []
    for (period, scope, participant), numbers in totals.items():
        if period in periods:
            before = known.pop((period.key, scope, participant), None) or _newcomer(tried, period, scope, participant)
            found.append(_with(before, numbers))
    return found + [_with(each, [0, 0, 0, 0]) for each in known.values()]


def _with(standing: Standing, numbers: Counts) -> Standing:
    points, met, exceeded, missed = numbers
    return standing._replace(points=points, met=met, exceeded=exceeded, missed=missed)


def _newcomer(tried: RuleBook, period: Period, scope: str, participant: int) -> Standing:
    """Return the standing of somebody who had none when the period was closed, without points yet."""
    row = dict(zip(TOTAL_COLUMNS, total_row(tried, period, scope, participant, 0, 0, 0, 0), strict=True))
    membership = tried.rules.membership
    if scope == "team":
        members = len(membership.members_of(period).get(participant, ()))
    else:
        members = int(membership.is_active(scope, participant, period))
    return Standing(**{name: row[name] for name in Standing._fields if name != "members"}, members=members)


def _ranked(rows: Iterable[Standing], by: str) -> dict[int, tuple[Standing, Place]]:
    """Return each participant's standing and place, in order (S1)."""
    scored = [(average(each.points, each.members) if by == "average" else each.points, each) for each in rows]
    return {
        each.participant_id: (each, Place(rank, score, each.points, each.met, each.exceeded, each.missed))
        for rank, (score, each) in ranked((score, each.name, (score, each)) for score, each in scored)
    }


def _both(
    tried: RuleBook, was: Mapping[int, tuple[Standing, Place]], would: Mapping[int, tuple[Standing, Place]]
) -> Iterable[Compared]:
    for participant, (standing, place) in would.items():
        before, name = was.get(participant), tried.name_of(standing.scope, participant, standing.name)
        yield Compared(participant, name, standing.side, standing.team_id, None if before is None else before[1], place)


def _in_order(tried: RuleBook, bonuses: Iterable[WonBonus]) -> tuple[WonBonus, ...]:
    named = (replace(each, name=tried.name_of(each.scope, each.participant_id, each.name)) for each in bonuses)
    return tuple(sorted(named, key=lambda each: (each.period, each.programme, each.place, sort_key(each.name))))


def _awarded(row: Any) -> WonBonus:
    return WonBonus(**{name: getattr(row, name) for name in WonBonus.__dataclass_fields__})


def _won(tried: RuleBook, period: Period, standings: Sequence[Standing]) -> Iterable[WonBonus]:
    """Yield what would have been won in a period."""
    _, programmes = programmes_of(tried.rules, period)
    competing: dict[str, list[Standing]] = {"team": [], "member": []}
    for each in standings:
        if each.period == period.key and each.points > 0 and each.members > 0:  # as awards.contenders
            competing[each.scope].append(each)
    for programme, _, win in wins_of(programmes, competing, tried.rules.organisation.quarter_winner_by):
        yield WonBonus(
            period.key,
            programme.key,
            programme.participant,
            win.winner.id,
            win.winner.name,
            win.place,
            win.sharers,
            win.amount_minor,
            win.prize,
        )
