"""Working time: calendars, elapsed working time and due instants (T1-T6).

A calendar is spread out once into open spans in UTC; beside each span stands the open time before it
(prefix sums), so that any look-up is one bisection, and elapsed time two, whatever lies between.
Inside, instants are integer microseconds since 1970: exact, and quick to bisect.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import Protocol
from zoneinfo import ZoneInfo

import holidays as public

from leaderboard.domain.errors import CalendarRefused
from leaderboard.domain.instants import EPOCH, LAST_YEAR, MICROSECOND, from_micros, to_micros
from leaderboard.domain.shown import shown

DAY = timedelta(days=1)
COUNTRY = re.compile("[A-Z]{2,3}")
ZERO = timedelta(0)
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

Hours = tuple[tuple[int, int], ...]
"""Open intervals of one day in minutes after its midnight; an end above 1440 lies on the next day."""


class Clockwork(Protocol):
    """What a clock needs to know of time: a calendar's working time, or all time."""

    def elapsed(self, start: datetime, end: datetime) -> timedelta: ...
    def due_at(self, start: datetime, target: timedelta) -> datetime | None: ...
    def next_running(self, at: datetime) -> datetime | None: ...
    def run(self, start: datetime, end: datetime, target: timedelta) -> tuple[timedelta, datetime | None]: ...
    def spans_between(self, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]: ...


class AllTime:
    """The clock that never stops: 24 hours on 7 days (T2, `elapsed`)."""

    def elapsed(self, start: datetime, end: datetime) -> timedelta:
        """Return the time from start to end; zero if end is not after start."""
        return max(end - start, ZERO)

    def due_at(self, start: datetime, target: timedelta) -> datetime:
        """Return the instant at which `target` has passed since start (T5)."""
        return start + target

    def next_running(self, at: datetime) -> datetime:
        """Return `at`: this clock always runs."""
        return at

    def run(self, start: datetime, end: datetime, target: timedelta) -> tuple[timedelta, datetime]:
        """Return the time from start to end, and when `target` has passed since start."""
        return self.elapsed(start, end), start + target

    def spans_between(self, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
        """Return all of [start, end) as one span; none if end is not after start."""
        return [(start, end)] if end > start else []


ALL_TIME = AllTime()


@dataclass(frozen=True)
class Calendar:
    """When a team or the organisation works (T2).

    week: seven `Hours`, Monday first. holidays: a country such as "BR" or a subdivision such as
    "BR-SP", or None. closed, opened: single dates; a date in `opened` has just those hours, whatever
    else is said of it. An interval belongs to the day on which it starts: a holiday takes away what
    starts on it, not the end of the night shift before.
    """

    time_zone: str
    week: tuple[Hours, ...]
    holidays: str | None = None
    closed: frozenset[date] = frozenset()
    opened: Mapping[date, Hours] = field(default_factory=dict)

    def hours_on(self, day: date) -> Hours:
        """Return the intervals that start on a date; empty on a closed one."""
        if day in self.opened:
            return self.opened[day]
        if day in self.closed or day in self._public_holidays:
            return ()
        return self.week[day.weekday()]

    @cached_property
    def _public_holidays(self) -> public.HolidayBase | frozenset[date]:
        return frozenset() if self.holidays is None else public_holidays(self.holidays)

    @cached_property
    def working_time(self) -> "WorkingTime":
        """The calendar's open spans, kept for all look-ups."""
        return WorkingTime(self)


def public_holidays(place: str) -> public.HolidayBase:
    """Return the public holidays of a country ("BR") or subdivision ("BR-SP").

    Raises CalendarRefused when the `holidays` package knows no such place.
    """
    country, _, subdivision = place.partition("-")
    try:
        if not COUNTRY.fullmatch(country):  # the package looks names up in itself, also those that are no country
            raise KeyError(country)
        return public.country_holidays(country, subdiv=subdivision or None)
    except (NotImplementedError, KeyError) as error:  # how `holidays` says that it knows no such place
        raise CalendarRefused(
            f'holidays = "{shown(place)}" is not known; give a country such as "BR" or a country and '
            'subdivision such as "BR-SP"'
        ) from error


def local_instant(day: date, minutes: int, zone: ZoneInfo) -> datetime:
    """Return the UTC instant of a local wall-clock time, `minutes` after a day's midnight.

    A time that does not exist or exists twice is taken as PEP 495 fold=0.
    """
    days, minutes = divmod(minutes, 24 * 60)
    there = day + DAY * days
    hours, minutes = divmod(minutes, 60)
    return datetime(there.year, there.month, there.day, hours, minutes, tzinfo=zone).astimezone(UTC)


@dataclass(frozen=True)
class _Spans:
    """Open spans of some years, ascending and apart, with the open time up to each one's end."""

    first: int  # what they cover, half-open
    last: int
    starts: list[int]
    ends: list[int]
    sums: list[int]  # sums[i]: open time before span i; one more at the end: all of it


class WorkingTime:
    """Look-ups in one calendar's open time; years are spread out when first asked for."""

    def __init__(self, calendar: Calendar) -> None:
        self._calendar = calendar
        self._spans = _Spans(0, 0, [], [], [0])

    def elapsed(self, start: datetime, end: datetime) -> timedelta:
        """Return the open time between two aware instants in real seconds (T3); zero if end <= start."""
        first, last = (start - EPOCH) // MICROSECOND, (end - EPOCH) // MICROSECOND
        spans = self._spans
        if first < spans.first or last >= spans.last:
            spans = self._covering(first, last)
        if last <= first:
            return ZERO
        return timedelta(0, 0, _open_before(spans, last) - _open_before(spans, first))

    def due_at(self, start: datetime, target: timedelta) -> datetime | None:
        """Return the first instant at which `target` has elapsed since start (T4, T5).

        None when the calendar has so little open time left that this never happens.
        """
        if target <= ZERO:
            return start
        first = (start - EPOCH) // MICROSECOND
        spans = self._spans
        if first < spans.first or first >= spans.last:
            spans = self._covering(first, first)
        while True:
            wanted = _open_before(spans, first) + target // MICROSECOND
            if wanted <= spans.sums[-1]:
                index = bisect_left(spans.sums, wanted) - 1
                return from_micros(spans.starts[index] + wanted - spans.sums[index])
            wider = self._one_year_more(spans)
            if wider is None:
                return None
            spans = wider

    def next_running(self, at: datetime) -> datetime | None:
        """Return the first instant from `at` on at which time counts; None if there is none."""
        here = to_micros(at)
        spans = self._covering(here, here)
        while True:
            index = bisect_right(spans.ends, here)
            if index < len(spans.starts):
                return from_micros(max(here, spans.starts[index]))
            wider = self._one_year_more(spans)
            if wider is None:
                return None
            spans = wider

    def run(self, start: datetime, end: datetime, target: timedelta) -> tuple[timedelta, datetime | None]:
        """Return elapsed(start, end) and due_at(start, target), whose look-ups have the start in common."""
        first, last = (start - EPOCH) // MICROSECOND, (end - EPOCH) // MICROSECOND
        spans = self._spans
        if first < spans.first or last >= spans.last or last < first or target <= ZERO:
            return self.elapsed(start, end), self.due_at(start, target)
        before = _open_before(spans, first)
        wanted = before + target // MICROSECOND
        if wanted > spans.sums[-1]:
            return self.elapsed(start, end), self.due_at(start, target)
        index = bisect_left(spans.sums, wanted) - 1
        due_at = from_micros(spans.starts[index] + wanted - spans.sums[index])
        return timedelta(0, 0, _open_before(spans, last) - before), due_at

    def spans_between(self, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
        """Return the open spans that lie in [start, end), cut to it (P8: which hours counted)."""
        first, last = to_micros(start), to_micros(end)
        if last <= first:
            return []
        spans = self._covering(first, last)
        index = bisect_right(spans.ends, first)
        found = []
        while index < len(spans.starts) and spans.starts[index] < last:
            opening, closing = max(spans.starts[index], first), min(spans.ends[index], last)
            found.append((from_micros(opening), from_micros(closing)))
            index += 1
        return found

    def _covering(self, first: int, last: int) -> _Spans:
        """Return spans that cover both instants, and keep them."""
        spans = self._spans
        if spans.first <= first and last < spans.last:
            return spans
        years = [from_micros(first).year, from_micros(max(first, last)).year]
        if spans.last:
            years += [from_micros(spans.first).year + 1, from_micros(spans.last).year - 1]
        return self._spread(min(years), max(years))

    def _one_year_more(self, spans: _Spans) -> _Spans | None:
        """Return spans that reach further; None at the end of time, or ten years without an opening."""
        year = from_micros(spans.last).year
        last_open = from_micros(spans.ends[-1]).year if spans.ends else from_micros(spans.first).year
        if year > LAST_YEAR or year > last_open + 10:
            return None
        return self._spread(from_micros(spans.first).year + 1, year)

    def _spread(self, first_year: int, last_year: int) -> _Spans:
        """Spread the calendar out over whole years, one day over at both ends."""
        zone = ZoneInfo(self._calendar.time_zone)
        day, stop = date(first_year, 1, 1) - 2 * DAY, date(last_year + 1, 1, 1) + 2 * DAY
        spans: list[tuple[int, int]] = []
        while day < stop:
            spans.extend(
                (to_micros(local_instant(day, opening, zone)), to_micros(local_instant(day, closing, zone)))
                for opening, closing in self._calendar.hours_on(day)
            )
            day += DAY
        starts: list[int] = []
        ends: list[int] = []
        for start, end in sorted(spans):  # by instant: a DST gap may turn the order of the wall clock round
            if end <= start:  # swallowed by a DST change
                continue
            if ends and start <= ends[-1]:
                ends[-1] = max(ends[-1], end)
            else:
                starts.append(start)
                ends.append(end)
        sums = [0]
        for start, end in zip(starts, ends, strict=True):
            sums.append(sums[-1] + end - start)
        first = to_micros(datetime(first_year, 1, 1, tzinfo=UTC)) - 86_400_000_000
        last = to_micros(datetime(last_year + 1, 1, 1, tzinfo=UTC)) + 86_400_000_000
        self._spans = _Spans(first, last, starts, ends, sums)  # one assignment: safe between threads
        return self._spans


def _open_before(spans: _Spans, at: int) -> int:
    """Return the open time between the first span and an instant, in microseconds."""
    index = bisect_right(spans.starts, at) - 1
    if index < 0:
        return 0
    end = spans.ends[index]
    return spans.sums[index] + (at if at < end else end) - spans.starts[index]


def clockwork_of(calendar: Calendar | None) -> Clockwork:
    """Return how time counts: a calendar's working time, or all time for None."""
    return ALL_TIME if calendar is None else calendar.working_time
