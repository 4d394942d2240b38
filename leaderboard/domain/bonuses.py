"""Bonuses: who wins what, how a team's award is divided, and which way an award may go (B1-B5)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple

from leaderboard.domain.agreement import BonusProgramme
from leaderboard.domain.periods import Period
from leaderboard.domain.rules import Rules, Version
from leaderboard.domain.standings import average, ranked, sort_key


class Status(StrEnum):
    """How far an award has come (B4)."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    PAID = "paid"
    DECLINED = "declined"


WAYS: Mapping[Status, frozenset[Status]] = {
    Status.PROPOSED: frozenset({Status.APPROVED, Status.DECLINED}),
    Status.APPROVED: frozenset({Status.PAID}),
    Status.PAID: frozenset(),
    Status.DECLINED: frozenset(),
}


def may_become(status: Status, wanted: Status) -> bool:
    """Tell whether an award may go straight from one status to another (B4)."""
    return wanted in WAYS[status]


def programmes_of(rules: Rules, period: Period) -> tuple[Version | None, tuple[BonusProgramme, ...]]:
    """Return what a win pays in a period, and the version of the agreement that says so (P6).

    It is the version in force when the period began; for a quarter that began before any, the first that came
    into force within it. None and nothing while there is no agreement.
    """
    for month in period.months:
        version = rules.in_force(month).version
        if version is not None:
            return version, tuple(each for each in version.agreement.bonuses if each.period == period.kind)
    return None, ()


class Contender(NamedTuple):
    """Who competes. points: in the period; members: how many a team had in it, None for a member."""

    id: int
    name: str
    points: int
    members: int | None = None


@dataclass(frozen=True)
class Win:
    """A place won. place: the rank, from 1; sharers: how many share it (1: nobody else).

    amount_minor: in minor units (B1), or else a prize in kind (B5).
    """

    place: int
    sharers: int
    winner: Contender
    amount_minor: int | None
    prize: str | None


def winners(programme: BonusProgramme, contenders: Iterable[Contender], by: str = "total") -> list[Win]:
    """Return who wins what in a programme, by place and then by name (B2, P4, S1).

    contenders: all who compete, in any order. by: total, or average among teams. Without more than 0 points
    nobody wins, nor does a team without members. A place pooled into nothing, less than a minor unit each, is no win.
    """
    competing = [each for each in sorted(contenders) if each.members is None or each.members > 0]
    places: dict[int, list[Contender]] = {}
    for rank, each in ranked((_score(each, by), each.name, each) for each in competing):
        if rank <= max(len(programme.places), len(programme.prizes)) and each.points > 0:
            places.setdefault(rank, []).append(each)
    return [win for rank, tied in places.items() for win in _wins(programme, rank, tied)]


def _score(contender: Contender, by: str) -> int | Fraction:
    return contender.points if by == "total" else average(contender.points, contender.members or 0)


def _wins(programme: BonusProgramme, place: int, tied: list[Contender]) -> list[Win]:
    first, stop = place - 1, place if programme.tie == "full" else place - 1 + len(tied)
    if programme.prizes:
        prize = "; ".join(programme.prizes[first:stop])
        return [Win(place, len(tied), each, None, prize) for each in tied]
    pool = sum(programme.places[first:stop])
    amounts = [pool] * len(tied) if programme.tie == "full" else [part for part, _ in divided(pool, [1] * len(tied))]
    return [Win(place, len(tied), each, part, None) for each, part in zip(tied, amounts, strict=True) if part]


@dataclass(frozen=True)
class Share:
    """A member's share of an award (B3). amount_minor: minor units, None of a prize in kind.

    weight: the points it goes by, or 1 for each. has_remainder: whether it was rounded up by one minor unit.
    """

    member_id: int
    name: str
    weight: int
    amount_minor: int | None
    has_remainder: bool


class Sharer(NamedTuple):
    """Who takes part in an award. points: those earned for the team in the period, maybe negative."""

    id: int
    name: str
    points: int = 0


def shares(amount_minor: int | None, sharers: Iterable[Sharer], divide: str = "equally") -> list[Share]:
    """Return the shares of an award, by name (B3); together they are the award to the minor unit.

    amount_minor: minor units, >= 0; None for a prize in kind (B5). divide: equally or by_points; by points,
    who has none gets nothing, and if nobody has any it is equally after all.
    """
    ordered = sorted(sharers, key=lambda each: (sort_key(each.name), each.name, each.id))
    weights = [max(0, each.points) if divide == "by_points" else 1 for each in ordered]
    if not any(weights):
        weights = [1] * len(ordered)
    if amount_minor is None:
        return [Share(each.id, each.name, weight, None, False) for each, weight in zip(ordered, weights, strict=True)]
    return [
        Share(each.id, each.name, weight, part, is_up)
        for each, weight, (part, is_up) in zip(ordered, weights, divided(amount_minor, weights), strict=True)
    ]


def divided(amount: int, weights: list[int]) -> list[tuple[int, bool]]:
    """Return the parts of an amount by weight, each with whether it was rounded up (B3).

    amount: whole units, >= 0. weights: >= 0, one at least above 0. The parts add up to the amount: each is
    rounded down, and what is left goes unit by unit to the largest remainders, among equal ones to the first.
    """
    whole = sum(weights)
    parts = [divmod(amount * weight, whole) for weight in weights]
    left = amount - sum(part for part, _ in parts)
    order = sorted(range(len(parts)), key=lambda index: -parts[index][1])
    lucky = set(order[:left])
    return [(part + (index in lucky), index in lucky) for index, (part, _) in enumerate(parts)]
