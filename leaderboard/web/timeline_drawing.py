"""A clock's days as they are drawn: where each stretch of a day begins and ends along it, and in words (P8)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_skeleton, format_time
from flask_babel import get_locale
from flask_babel import lazy_gettext as _

from leaderboard.domain.timelines import DayOfClock, Mark, Timeline
from leaderboard.domain.working_time import holiday_name
from leaderboard.web.organisation import time_zone
from leaderboard.web.wording import duration

HOUR, DAY_HOURS = 60, 24
MOST_TICKS = 6
TO = "\N{EN DASH}"
NAMES = {
    "start": _("starts"),
    "due": _("due"),
    "stop": _("stops"),
    "missed": _("missed"),
    "now": _("now"),
}
Box = tuple[str, float, float]
"""A stretch: `open`, `counted` or `paused`, where it begins, and its width, both in per cent."""


@dataclass(frozen=True)
class DrawnDay:
    """A day: what is drawn, and the same in words. marks: name and place; told: the marks in words."""

    name: str
    boxes: tuple[Box, ...]
    marks: tuple[tuple[str, float], ...]
    told: tuple[tuple[Any, str], ...]
    opened: str
    counted: str
    paused: str
    total: str
    holiday: str | None
    is_closed: bool
    skipped: int


@dataclass(frozen=True)
class Drawing:
    """A clock's days along the same hours. ticks: place and hour. zone: named where it is not the organisation's."""

    days: tuple[DrawnDay, ...]
    ticks: tuple[tuple[float, str], ...]
    zone: str | None


def drawing_of(timeline: Timeline) -> Drawing:
    """Return a timeline as it is drawn: only those hours of the days in which anything lies."""
    zone, days = timeline.zone, timeline.days
    at = [_minute(each, day, zone) for day in days for each in _instants(day)]
    first, last = min(at, default=0) // HOUR, -(-max(at, default=DAY_HOURS * HOUR) // HOUR)
    last = max(last, first + 1)
    step = -(-(last - first) // MOST_TICKS)
    whole = (last - first) * HOUR

    def place(instant: datetime, day: DayOfClock) -> float:
        return round(100 * (_minute(instant, day, zone) - first * HOUR) / whole, 3)

    return Drawing(
        tuple(_drawn(day, zone, place, timeline.holidays) for day in days),
        tuple((round(100 * (hour - first) * HOUR / whole, 3), f"{hour}") for hour in range(first, last + 1, step)),
        None if zone == time_zone() else zone.key.rpartition("/")[2].replace("_", " "),
    )


def _instants(day: DayOfClock) -> Iterable[datetime]:
    for spans in (day.opened, day.counted, day.paused):
        for span in spans:
            yield from span
    yield from (at for _name, at in day.marks)


def _minute(at: datetime, day: DayOfClock, zone: ZoneInfo) -> int:
    """Return the minute of the day that a clock on the wall shows, 1440 for its end."""
    if at >= day.end:
        return DAY_HOURS * HOUR
    local = at.astimezone(zone)
    return local.hour * HOUR + local.minute


def _drawn(day: DayOfClock, zone: ZoneInfo, place: Any, holidays: str | None) -> DrawnDay:
    kinds = (("open", day.opened), ("paused", day.paused), ("counted", day.counted))
    boxes = [
        (kind, place(start, day), round(place(end, day) - place(start, day), 3))
        for kind, spans in kinds
        for start, end in spans
    ]
    total = sum((end - start for start, end in day.counted), timedelta(0))
    return DrawnDay(
        name=format_skeleton("MMMEd", day.day, locale=get_locale()),
        boxes=tuple(boxes),
        marks=tuple((name, place(at, day)) for name, at in day.marks),
        told=tuple((NAMES[name], _clock(at, day, zone)) for name, at in _in_order(day.marks)),
        opened=_spans(day.opened, day, zone),
        counted=_spans(day.counted, day, zone),
        paused=_spans(day.paused, day, zone),
        total=duration(total) if total else "",
        holiday=_holiday(day, holidays),
        is_closed=day.is_closed,
        skipped=day.skipped,
    )


def _holiday(day: DayOfClock, holidays: str | None) -> str | None:
    """Return the name of the holiday that closes a day, in the reader's language where that is known."""
    if holidays is None or not day.is_holiday:
        return None
    locale = get_locale()
    return holiday_name(holidays, day.day, "pt_BR" if locale is not None and locale.language == "pt" else "en_US")


def _in_order(marks: Iterable[Mark]) -> list[Mark]:
    return sorted(marks, key=lambda mark: mark[1])


def _spans(spans: Iterable[tuple[datetime, datetime]], day: DayOfClock, zone: ZoneInfo) -> str:
    return ", ".join(f"{_clock(start, day, zone)}{TO}{_clock(end, day, zone)}" for start, end in spans)


def _clock(at: datetime, day: DayOfClock, zone: ZoneInfo) -> str:
    """Return the time of day; the end of a day is 24:00."""
    if at >= day.end:
        return "24:00"
    local = at.astimezone(zone)
    return format_time(local, "HH:mm:ss" if local.second else "HH:mm", locale=get_locale())
