"""Working time: calendars, elapsed working time and due instants (T1-T6).

A calendar is spread out once into open spans in UTC; beside each span stands the open time before it
(prefix sums), so that any look-up is one bisection, and elapsed time two, whatever lies between.
Instants and times stay what they are, exact to the microsecond: making numbers of them and back takes longer than all
else that a look-up does.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property, lru_cache
from typing import NamedTuple, Protocol
from zoneinfo import ZoneInfo

import holidays as public

from leaderboard.domain.errors import CalendarRefused
from leaderboard.domain.instants import EPOCH, LAST_YEAR
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

    def is_holiday(self, day: date) -> bool:
        """Tell whether a date is closed since it is a public holiday."""
        return day not in self.opened and day in self._public_holidays

    @cached_property
    def _public_holidays(self) -> public.HolidayBase | frozenset[date]:
        return frozenset() if self.holidays is None else public_holidays(self.holidays)

    @cached_property
    def working_time(self) -> "WorkingTime":
        """The calendar's open spans, kept for all look-ups."""
        return WorkingTime(self)


def public_holidays(place: str, language: str | None = None) -> public.HolidayBase:
    """Return the public holidays of a country ("BR") or subdivision ("BR-SP"), named in a language or else its own.

    Raises CalendarRefused when the `holidays` package knows no such place.
    """
    country, _, subdivision = place.partition("-")
    try:
        if not COUNTRY.fullmatch(country):  # the package looks names up in itself, also those that are no country
            raise KeyError(country)
        return public.country_holidays(country, subdiv=subdivision or None, language=language)
    except (NotImplementedError, KeyError) as error:  # how `holidays` says that it knows no such place
        raise CalendarRefused(
            f'holidays = "{shown(place)}" is not known; give a country such as "BR" or a country and '
            'subdivision such as "BR-SP"'
        ) from error


_named_holidays = lru_cache(maxsize=64)(public_holidays)


def holiday_name(place: str, day: date, language: str) -> str:
    """Return what a public holiday of a place is called, in a language such as "pt_BR" where it is known in that.

    Empty where the day is none.
    """
    name: str = _named_holidays(place, language).get(day, "")
    return name


def local_instant(day: date, minutes: int, zone: ZoneInfo) -> datetime:
    """Return the UTC instant of a local wall-clock time, `minutes` after a day's midnight.

    A time that does not exist or exists twice is taken as PEP 495 fold=0.
    """
    days, minutes = divmod(minutes, 24 * 60)
    there = day + DAY * days
    hours, minutes = divmod(minutes, 60)
    return datetime(there.year, there.month, there.day, hours, minutes, tzinfo=zone).astimezone(UTC)


class _Spans(NamedTuple):
    """Open spans of some years, ascending and apart, with the open time up to each one's end."""

    first: datetime  # what they cover, half-open
    last: datetime
    starts: list[datetime]
    ends: list[datetime]
    sums: list[timedelta]  # sums[i]: open time before span i; one more at the end: all of it


class WorkingTime:
    """Look-ups in one calendar's open time; years are spread out when first asked for."""

    def __init__(self, calendar: Calendar) -> None:
        self.calendar = calendar
        self._spans = _Spans(EPOCH, EPOCH, [], [], [ZERO])

    def elapsed(self, start: datetime, end: datetime) -> timedelta:
        """Return the open time between two aware instants in real seconds (T3); zero if end <= start."""
        spans = self._spans
        if start < spans.first or end >= spans.last:
            spans = self._covering(start, end)
        if end <= start:
            return ZERO
        return _open_before(spans, end) - _open_before(spans, start)

    def due_at(self, start: datetime, target: timedelta) -> datetime | None:
        """Return the first instant at which `target` has elapsed since start (T4, T5).

        None when the calendar has so little open time left that this never happens.
        """
        if target <= ZERO:
            return start
        spans = self._spans
        if start < spans.first or start >= spans.last:
            spans = self._covering(start, start)
        while True:
            wanted = _open_before(spans, start) + target
            if wanted <= spans.sums[-1]:
                index = bisect_left(spans.sums, wanted) - 1
                return spans.starts[index] + (wanted - spans.sums[index])
            wider = self._one_year_more(spans)
            if wider is None:
                return None
            spans = wider

    def next_running(self, at: datetime) -> datetime | None:
        """Return the first instant from `at` on at which time counts; None if there is none."""
        spans = self._covering(at, at)
        while True:
            index = bisect_right(spans.ends, at)
            if index < len(spans.starts):
                return max(at.astimezone(UTC), spans.starts[index])
            wider = self._one_year_more(spans)
            if wider is None:
                return None
            spans = wider

    def run(self, start: datetime, end: datetime, target: timedelta) -> tuple[timedelta, datetime | None]:
        """Return elapsed(start, end) and due_at(start, target), whose look-ups have the start in common."""
        first, last, starts, ends, sums = self._spans
        if start < first or end >= last or end < start or target <= ZERO:
            return self.elapsed(start, end), self.due_at(start, target)
        # _open_before of both without its calls: most clocks come here.
        index = bisect_right(starts, start) - 1
        before = ZERO
        if index >= 0:
            opened, closed = starts[index], ends[index]
            before = sums[index] + ((start if start < closed else closed) - opened)
        wanted = before + target
        if wanted > sums[-1]:
            return self.elapsed(start, end), self.due_at(start, target)
        due = bisect_left(sums, wanted, max(index, 0)) - 1
        index = bisect_right(starts, end, max(index, 0)) - 1
        after = ZERO
        if index >= 0:
            opened, closed = starts[index], ends[index]
            after = sums[index] + ((end if end < closed else closed) - opened)
        return after - before, starts[due] + (wanted - sums[due])

    def spans_between(self, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
        """Return the open spans that lie in [start, end), cut to it (P8: which hours counted)."""
        if end <= start:
            return []
        spans = self._covering(start, end)
        index = bisect_right(spans.ends, start)
        first, last = start.astimezone(UTC), end.astimezone(UTC)
        found = []
        while index < len(spans.starts) and spans.starts[index] < last:
            found.append((max(spans.starts[index], first), min(spans.ends[index], last)))
            index += 1
        return found

    def _covering(self, first: datetime, last: datetime) -> _Spans:
        """Return spans that cover both instants, and keep them."""
        spans = self._spans
        if spans.first <= first and last < spans.last:
            return spans
        years = [first.astimezone(UTC).year, max(first, last).astimezone(UTC).year]
        if spans.last > spans.first:
            years += [spans.first.year + 1, spans.last.year - 1]
        return self._spread(min(years), max(years))

    def _one_year_more(self, spans: _Spans) -> _Spans | None:
        """Return spans that reach further; None at the end of time, or ten years without an opening."""
        year = spans.last.year
        last_open = spans.ends[-1].year if spans.ends else spans.first.year
        if year > LAST_YEAR or year > last_open + 10:
            return None
        return self._spread(spans.first.year + 1, year)

    def _spread(self, first_year: int, last_year: int) -> _Spans:
        """Spread the calendar out over whole years, one day over at both ends."""
        zone = ZoneInfo(self.calendar.time_zone)
        day, stop = date(first_year, 1, 1) - 2 * DAY, date(last_year + 1, 1, 1) + 2 * DAY
        spans: list[tuple[datetime, datetime]] = []
        while day < stop:
            spans.extend(
                (local_instant(day, opening, zone), local_instant(day, closing, zone))
                for opening, closing in self.calendar.hours_on(day)
            )
            day += DAY
        starts: list[datetime] = []
        ends: list[datetime] = []
        for start, end in sorted(spans):  # by instant: a DST gap may turn the order of the wall clock round
            if end <= start:  # swallowed by a DST change
                continue
            if ends and start <= ends[-1]:
                ends[-1] = max(ends[-1], end)
            else:
                starts.append(start)
                ends.append(end)
        sums = [ZERO]
        for start, end in zip(starts, ends, strict=True):
            sums.append(sums[-1] + (end - start))
        first = datetime(first_year, 1, 1, tzinfo=UTC) - DAY
        last = datetime(last_year + 1, 1, 1, tzinfo=UTC) + DAY
        self._spans = _Spans(first, last, starts, ends, sums)  # one assignment: safe between threads
        return self._spans


def _open_before(spans: _Spans, at: datetime) -> timedelta:
    """Return the open time between the first span and an instant."""
    index = bisect_right(spans.starts, at) - 1
    if index < 0:
        return ZERO
    return spans.sums[index] + (min(at, spans.ends[index]) - spans.starts[index])


def clockwork_of(calendar: Calendar | None) -> Clockwork:
    """Return how time counts: a calendar's working time, or all time for None."""
    return ALL_TIME if calendar is None else calendar.working_time
