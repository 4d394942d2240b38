"""Suggesting targets: what other targets would have meant in the last closed months, and which to think about."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from leaderboard.domain.agreement import Levels, ResponseTime, Sla
from leaderboard.domain.closing import closed_months
from leaderboard.domain.money import minor_digits
from leaderboard.domain.periods import Month
from leaderboard.domain.rules import Rules
from leaderboard.domain.targets import Distribution, EarlyDays, Responses, Values, suggested
from leaderboard.services.rules import rule_book
from leaderboard.services.scopes import Scope
from leaderboard.storage import past_values
from leaderboard.storage.database import begin_snapshot

FEWEST_OCCURRENCES, FEWEST_MONTHS = 30, 12  # results of so few people and months say little


@dataclass(frozen=True)
class Wish:
    """What a suggestion rests on: how many closed months back, and which shares were to meet and to exceed."""

    months: int
    met: Fraction
    exceeded: Fraction


@dataclass(frozen=True)
class Reached:
    """Targets, and the shares that would have met and exceeded them; None for a target that there is not."""

    levels: Levels
    met: float
    exceeded: float | None


@dataclass(frozen=True)
class SlaPast:
    """What an SLA came to in the months in which it measured what it measures now.

    months: their keys, oldest first; cases: how many results. today, suggestion: None without any, a suggestion also
    where there are too few, or no target was reached by so many.
    """

    sla: Sla
    months: tuple[str, ...]
    past: Distribution | None
    today: Reached | None
    suggestion: Reached | None
    fewest: int

    @property
    def cases(self) -> int:
        """How many results there are."""
        return 0 if self.past is None else self.past.cases


def read_targets(session: Session, scope: Scope, wish: Wish, *, now: datetime, key: str | None = None) -> list[SlaPast]:
    """Return the past of each SLA in force, or of the one with a key; empty while nothing is agreed.

    Two queries beside those of the rules. What is shown is what teams that the reader sees were credited with.
    """
    begin_snapshot(session)
    connection = session.connection()
    book = rule_book(connection)
    rules = book.rules
    version = rules.version_now(now)
    slas = () if version is None else version.agreement.slas
    chosen = {
        each: _same_months(rules, each, sorted(closed_months(book.closed))[-wish.months :])
        for each in slas
        if key in (None, each.key)
    }
    team_ids = None if scope.teams is None else sorted(scope.teams)
    digits = minor_digits(rules.organisation.currency)
    found = _past(connection, chosen, team_ids)
    return [_past_of(sla, months, found.get(sla.key), wish, digits) for sla, months in chosen.items()]


def _same_months(rules: Rules, sla: Sla, months: Sequence[Month]) -> tuple[str, ...]:
    """Return those of some months in which an SLA measured the same: of other measures nothing can be said."""

    def is_same(month: Month) -> bool:
        version = rules.in_force(month).version
        return version is not None and any(
            (each.key, each.participant, each.measure) == (sla.key, sla.participant, sla.measure)
            for each in version.agreement.slas
        )

    return tuple(month.key for month in months if is_same(month))


def _past(
    connection: Connection, chosen: Mapping[Sla, Sequence[str]], team_ids: Sequence[int] | None
) -> dict[str, Distribution]:
    months = sorted({month for theirs in chosen.values() for month in theirs})
    wanted = {(each.key, month) for each, theirs in chosen.items() for month in theirs}
    numbers: defaultdict[str, Counter[int]] = defaultdict(Counter)
    of_occurrences = [each.key for each in chosen if not each.is_monthly]
    for month, key, band, number in past_values.bands_by_month(connection, months, of_occurrences, team_ids):
        if (key, month) in wanted:
            numbers[key][band] += number
    monthly = [each.key for each in chosen if each.is_monthly]
    for month, key, value, number in past_values.values_by_month(connection, months, monthly, team_ids):
        if (key, month) in wanted:
            numbers[key][value] += number
    return {each.key: _distribution(each, numbers[each.key]) for each in chosen if each.key in numbers}


def _distribution(sla: Sla, numbers: Mapping[int, int]) -> Distribution:
    if sla.measure.kind == "rate":
        return Values({Fraction(value, past_values.RATE_PARTS): number for value, number in numbers.items()})
    if sla.is_monthly:
        return Values(numbers)
    return Responses(numbers) if isinstance(sla.measure, ResponseTime) else EarlyDays(numbers)


def _past_of(sla: Sla, months: Sequence[str], past: Distribution | None, wish: Wish, digits: int) -> SlaPast:
    fewest = FEWEST_MONTHS if sla.is_monthly else FEWEST_OCCURRENCES
    levels = None
    if past is not None and past.cases >= fewest:
        levels = suggested(sla.measure, past, wish.met, wish.exceeded, digits)
    today = None if past is None else _reached(past, sla.levels)
    suggestion = None if past is None or levels is None else _reached(past, levels)
    return SlaPast(sla, tuple(months), past, today, suggestion, fewest)


def _reached(past: Distribution, levels: Levels) -> Reached:
    """Return the shares that would have reached targets; what exceeded one met it too."""
    return Reached(levels, past.share(levels.met), None if levels.exceeded is None else past.share(levels.exceeded))
