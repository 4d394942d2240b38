"""Working time by walking per-day lists of open intervals (T1-T5), and local dates to instants.

Where the design is silent:
- A wall-clock time that does not exist or exists twice is taken as fold=0, in calendars as in files. An
  interval that turns out empty or backwards by this is dropped.
- Hours that end at or before they begin end on the next day; "24:00" is the next midnight.
- Overlapping and touching hours are one open interval.
- A team's calendar is complete in itself: of the organisation's it takes the time zone only, and that only
  when it names none.
- `holidays` means the package's public holidays of that country or subdivision, observed days included.
- A target that is not reached within about twelve years has no due instant.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import holidays as holiday_package

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
DAY = timedelta(days=1)
HORIZONS = (timedelta(days=10), timedelta(days=60), timedelta(days=400), timedelta(days=4400))

Interval = tuple[datetime, datetime]
Pause = tuple[datetime, datetime | None]  # None: still paused


def at_wall_clock(day: date, hour: int, minute: int, zone: ZoneInfo) -> datetime:
    """Return the instant of a wall-clock time, fold=0; hour 24 is the next day's midnight."""
    if hour == 24:
        day, hour = day + DAY, 0
    return datetime.combine(day, time(hour, minute), zone).astimezone(UTC)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    return at_wall_clock(day, 0, 0, zone)


@cache
def public_holidays(place: str, year: int) -> frozenset[date]:
    country, _, subdivision = place.partition("-")
    return frozenset(holiday_package.country_holidays(country, subdiv=subdivision or None, years=year))


@dataclass
class Calendar:
    """When work is done. `open_dates` replaces a day's hours and wins over `closed` and the holidays."""

    zone: ZoneInfo
    hours: dict[str, list[str]]
    holidays: str | None = None
    closed: list[date] = field(default_factory=list)
    open_dates: dict[date, list[str]] = field(default_factory=dict)
    _known: dict[date, list[Interval]] = field(default_factory=dict)

    def is_holiday(self, day: date) -> bool:
        if self.holidays is None:
            return False
        return day in public_holidays(self.holidays, day.year)

    def hours_of(self, day: date) -> list[str]:
        if day in self.open_dates:
            return self.open_dates[day]
        if day in self.closed or self.is_holiday(day):
            return []
        return self.hours.get(WEEKDAYS[day.weekday()], [])

    def intervals_starting_on(self, day: date) -> list[Interval]:
        """Return the day's open intervals in UTC; a shift past midnight belongs to the day it starts on."""
        if day not in self._known:
            found = []
            for text in self.hours_of(day):
                opens, closes = ([int(part) for part in side.strip().split(":")] for side in text.split("-"))
                last_day = day if closes > opens else day + DAY
                start = at_wall_clock(day, opens[0], opens[1], self.zone)
                end = at_wall_clock(last_day, closes[0], closes[1], self.zone)
                if start < end:
                    found.append((start, end))
            self._known[day] = found
        return self._known[day]

    def is_working_day(self, day: date) -> bool:
        """K5: at least one interval starts on it."""
        return bool(self.intervals_starting_on(day))

    def open_between(self, start: datetime, end: datetime) -> list[Interval]:
        day = start.astimezone(self.zone).date() - 2 * DAY
        last = end.astimezone(self.zone).date() + 2 * DAY
        found = []
        while day <= last:
            found += self.intervals_starting_on(day)
            day += DAY
        return clipped(merged(found), start, end)


def merged(intervals: list[Interval]) -> list[Interval]:
    result: list[Interval] = []
    for start, end in sorted(intervals):
        if result and start <= result[-1][1]:
            result[-1] = (result[-1][0], max(end, result[-1][1]))
        else:
            result.append((start, end))
    return result


def clipped(intervals: list[Interval], start: datetime, end: datetime) -> list[Interval]:
    cut = [(max(a, start), min(b, end)) for a, b in intervals]
    return [(a, b) for a, b in cut if a < b]


def without(intervals: list[Interval], pauses: list[Pause]) -> list[Interval]:
    """Return what is left of the intervals outside the pauses; an open pause lasts for ever."""
    for pause_start, pause_end in pauses:
        if pause_end is not None and pause_end <= pause_start:
            continue
        left: list[Interval] = []
        for start, end in intervals:
            left.append((start, min(end, pause_start)))
            if pause_end is not None:
                left.append((max(start, pause_end), end))
        intervals = [(a, b) for a, b in left if a < b]
    return intervals


def running(calendar: Calendar | None, pauses: list[Pause], start: datetime, end: datetime) -> list[Interval]:
    """Return when a clock runs in [start, end); no calendar: all the time but for the pauses (T2, C5)."""
    if start >= end:
        return []
    hours = [(start, end)] if calendar is None else calendar.open_between(start, end)
    return without(hours, pauses)


def elapsed(calendar: Calendar | None, pauses: list[Pause], start: datetime, end: datetime) -> timedelta:
    """Return the real time between the two instants while the clock ran (T3)."""
    return sum((b - a for a, b in running(calendar, pauses, start, end)), timedelta(0))


def due_and_over(
    calendar: Calendar | None, pauses: list[Pause], start: datetime, target: timedelta
) -> tuple[datetime | None, datetime | None]:
    """Return the first instant at which elapsed equals the target (T5), and the last one (C3).

    From the second one on, elapsed goes over the target. They differ where the first is a closing time or the
    start of a pause. Either is None where it is never reached.
    """
    for horizon in HORIZONS:
        total, due = timedelta(0), start if target == timedelta(0) else None
        end = start + horizon + 2 * target
        for opens, closes in running(calendar, pauses, start, end):
            if due is None and total + (closes - opens) >= target:
                due = opens + (target - total)
            if total + (closes - opens) > target:
                return due, opens + max(target - total, timedelta(0))
            total += closes - opens
        if pauses and pauses[-1][1] is None and pauses[-1][0] <= end:
            return due, None
    return due, None
