"""The hours of a clock day by day, as they are drawn: open, counted and paused ones, and its marks (P8)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from leaderboard.domain.agreement import Level
from leaderboard.domain.clock_stories import ClockStory, Spans
from leaderboard.domain.periods import midnight
from leaderboard.domain.working_time import ALL_TIME, DAY, Calendar

DAYS_AT_EACH_END = 10
Mark = tuple[str, datetime]
"""`start`, `due`, `stop`, `missed` or `now`, and when."""


@dataclass(frozen=True)
class DayOfClock:
    """A day of a clock, [start, end) in the zone of its calendar. skipped: days left out just before it.

    paused: of the open hours. is_closed: not open at all; is_holiday: since it is a public holiday.
    """

    day: date
    start: datetime
    end: datetime
    opened: Spans
    counted: Spans
    paused: Spans
    marks: tuple[Mark, ...]
    is_closed: bool
    is_holiday: bool
    skipped: int = 0


@dataclass(frozen=True)
class Timeline:
    """A clock's days. zone, holidays: those of its calendar."""

    zone: ZoneInfo
    days: tuple[DayOfClock, ...]
    holidays: str | None


def timeline_of(story: ClockStory, calendar: Calendar | None, zone: ZoneInfo, now: datetime) -> Timeline:
    """Return the days from a clock's start to its end, or to now where it runs on, and to when it is due.

    calendar: by which it counts, None for one that never stops: then zone says where its days begin. Of many days those
    at both ends are kept.
    """
    zone = zone if calendar is None else ZoneInfo(calendar.time_zone)
    result = story.result
    marks = _marks(story, now)
    end = result.stopped_at or (now if result.level is Level.PENDING else result.decided_at) or now
    pauses = tuple(_between(story.running, result.started_at, end))
    last = max(at for _, at in marks)
    days = _kept(result.started_at.astimezone(zone).date(), last.astimezone(zone).date())
    drawn = tuple(_day(day, skipped, story, calendar, zone, pauses, marks, end) for day, skipped in days)
    return Timeline(zone, drawn, None if calendar is None else calendar.holidays)


def _marks(story: ClockStory, now: datetime) -> list[Mark]:
    result = story.result
    marks: list[tuple[str, datetime | None]] = [("start", result.started_at), ("due", result.due_at)]
    if result.level is Level.MISSED and result.decided_at not in (result.due_at, result.stopped_at):
        marks.append(("missed", result.decided_at))
    marks.append(("stop", result.stopped_at) if result.level is not Level.PENDING else ("now", now))
    return [(name, at) for name, at in marks if at is not None]


def _between(spans: Spans, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Yield what lies between spans within [start, end)."""
    for opening, closing in spans:
        if start < opening:
            yield start, min(opening, end)
        start = max(start, closing)
    if start < end:
        yield start, end


def _kept(first: date, last: date) -> Iterator[tuple[date, int]]:
    """Yield days, each with how many were left out before it."""
    count = (last - first).days + 1
    most = 2 * DAYS_AT_EACH_END
    for place in range(min(count, most)):
        is_after_gap = count > most and place >= DAYS_AT_EACH_END
        gap = count - most if is_after_gap else 0
        yield first + (place + gap) * DAY, gap if place == DAYS_AT_EACH_END else 0


def _day(
    day: date,
    skipped: int,
    story: ClockStory,
    calendar: Calendar | None,
    zone: ZoneInfo,
    pauses: Spans,
    marks: Iterable[Mark],
    until: datetime,
) -> DayOfClock:
    start, end = midnight(day, zone), midnight(day + DAY, zone)
    time = ALL_TIME if calendar is None else calendar.working_time
    opened = tuple(time.spans_between(start, end))
    counted = tuple((opening, min(closing, until)) for opening, closing in story.counted if opening < until)
    return DayOfClock(
        day=day,
        start=start,
        end=end,
        opened=opened,
        counted=_within(counted, start, end),
        paused=tuple(span for hours in opened for span in _within(pauses, *hours)),
        marks=tuple((name, at) for name, at in marks if start <= at < end),
        is_closed=not opened,
        is_holiday=calendar is not None and not opened and calendar.is_holiday(day),
        skipped=skipped,
    )


def _within(spans: Spans, start: datetime, end: datetime) -> Spans:
    cut = ((max(opening, start), min(closing, end)) for opening, closing in spans)
    return tuple((opening, closing) for opening, closing in cut if opening < closing)
