"""Months and quarters: half-open, in the organisation's time zone (T1)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache, cached_property, lru_cache
from zoneinfo import ZoneInfo

from leaderboard.domain.errors import PeriodRefused
from leaderboard.domain.instants import FIRST_YEAR, LAST_YEAR, OUTSIDE
from leaderboard.domain.shown import quoted


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """Return the UTC instant at which a day begins in a zone.

    Where midnight does not exist (a DST gap) the day begins at the first instant after the gap:
    fold=0 reads such a time with the offset before the change, which is just that instant.
    """
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


@dataclass(frozen=True, order=True)
class Month:
    """A calendar month, written 2026-10."""

    year: int
    number: int

    kind = "month"

    def __hash__(self) -> int:
        return self.year * 16 + self.number

    def __str__(self) -> str:
        return self.key

    @cached_property
    def key(self) -> str:
        """How the month is written."""
        return f"{self.year:04d}-{self.number:02d}"

    @property
    def first_day(self) -> date:
        """The month's first day."""
        return date(self.year, self.number, 1)

    def plus(self, months: int) -> "Month":
        """Return the month so many months later, or earlier if negative."""
        years, number = divmod(self.number - 1 + months, 12)
        return Month(self.year + years, number + 1)

    @property
    def next(self) -> "Month":
        return self.plus(1)

    @property
    def previous(self) -> "Month":
        return self.plus(-1)

    @property
    def months(self) -> tuple["Month", ...]:
        """Itself: so that a month and a quarter are asked alike."""
        return (self,)

    @cached_property
    def quarter(self) -> "Quarter":
        """The quarter that the month lies in."""
        return Quarter(self.year, (self.number + 2) // 3)

    def bounds(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """Return the month's first instant and the first after it, in UTC."""
        return midnight(self.first_day, zone), midnight(self.next.first_day, zone)


@dataclass(frozen=True, order=True)
class Quarter:
    """A calendar quarter, written 2026-Q4."""

    year: int
    number: int

    kind = "quarter"

    def __str__(self) -> str:
        return self.key

    @cached_property
    def key(self) -> str:
        """How the quarter is written."""
        return f"{self.year:04d}-Q{self.number}"

    @property
    def quarter(self) -> "Quarter":
        """Itself: so that a month and a quarter are asked alike."""
        return self

    @property
    def months(self) -> tuple[Month, ...]:
        """Its three months, in order."""
        return tuple(Month(self.year, 3 * self.number - back) for back in (2, 1, 0))

    @property
    def next(self) -> "Quarter":
        return self.months[-1].next.quarter

    @property
    def previous(self) -> "Quarter":
        return self.months[0].previous.quarter

    @property
    def first_day(self) -> date:
        """The quarter's first day."""
        return self.months[0].first_day

    def bounds(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """Return the quarter's first instant and the first after it, in UTC."""
        return self.months[0].bounds(zone)[0], self.months[-1].bounds(zone)[1]


Period = Month | Quarter
Bounds = tuple[datetime, datetime]
"""The first instant of a period and the first after it, in UTC."""


def parse_period(text: str) -> Period:
    """Return the month or quarter that a text such as 2026-10 or 2026-Q4 names; else PeriodRefused."""
    month = re.fullmatch(r"([0-9]{4})-(0[1-9]|1[0-2])", text)
    quarter = re.fullmatch(r"([0-9]{4})-Q([1-4])", text)
    match = month or quarter
    if match is None:
        raise PeriodRefused(
            f"{quoted(text)} is not a period; give a month such as 2026-10 or a quarter such as 2026-Q4."
        )
    if not FIRST_YEAR <= int(match[1]) <= LAST_YEAR:
        raise PeriodRefused(f"{quoted(text)} {OUTSIDE}; give a period within.")
    return (Month if month else Quarter)(int(match[1]), int(match[2]))


@lru_cache(maxsize=4096)
def month_of_key(key: str) -> Month:
    """Return the month of a stored key such as 2026-10; the same object for the same key."""
    return Month(int(key[:4]), int(key[5:]))


class MonthFinder:
    """Tells which month an instant falls in; the bounds of a zone are worked out once.

    kept: the bounds of the months that are closed. They stay what they were in the zone of their time, and the months
    beside them begin and end there: so each instant falls in one month, whenever the organisation changes its zone.
    """

    def __init__(self, zone: ZoneInfo, kept: Mapping[Month, Bounds] | None = None) -> None:
        self.zone = zone
        self.kept = kept or {}

    @cached_property
    def _months(self) -> list[Month]:
        return _all_months()

    @cached_property
    def _starts(self) -> list[datetime]:
        starts = _starts_in(self.zone)
        if not self.kept:
            return starts
        starts = starts.copy()
        for month in sorted(self.kept):
            index = _index(month)
            starts[index : index + 2] = self.kept[month]
        return starts

    def month_of(self, instant: datetime) -> Month:
        """Return the month of an aware instant between 1970 and 2200 (T1)."""
        starts = self._starts
        # That of the calendar; a zone is at most one beside it.
        index = (instant.year - FIRST_YEAR) * 12 + instant.month
        if instant < starts[index]:
            index -= 1
        elif instant >= starts[index + 1]:
            index += 1
        return self._months[index]

    def bounds(self, month: Month) -> Bounds:
        """Return the month's first instant and the first after it, in UTC."""
        index = _index(month)
        return self._starts[index], self._starts[index + 1]

    def bounds_of(self, period: Period) -> Bounds:
        """Return the first instant of a month or quarter and the first after it, in UTC."""
        return self.bounds(period.months[0])[0], self.bounds(period.months[-1])[1]


def _index(month: Month) -> int:
    return (month.year - FIRST_YEAR) * 12 + month.number


@cache
def _all_months() -> list[Month]:
    """Return the months from the one before the first that can be met, where _index counts from."""
    first = Month(FIRST_YEAR - 1, 12)
    years = LAST_YEAR + 3 - FIRST_YEAR  # two more than can be met
    return [month_of_key(str(first.plus(index))) for index in range(12 * years)]


@lru_cache(maxsize=32)
def _starts_in(zone: ZoneInfo) -> list[datetime]:
    """Return when each of _all_months begins in a zone; not to be changed."""
    return [month.bounds(zone)[0] for month in _all_months()]


@lru_cache(maxsize=32)
def month_finder(time_zone: str) -> MonthFinder:
    """Return the finder of a time zone, kept between calls."""
    return MonthFinder(ZoneInfo(time_zone))
