"""The form of a calendar: what is stored as it shows, and what it says as a calendar."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from typing import Any, NamedTuple

from babel import Locale
from flask_babel import get_locale
from flask_babel import gettext as _

from leaderboard.domain.errors import CalendarRefused, OrganisationRefused
from leaderboard.domain.holiday_places import countries, regions
from leaderboard.domain.instants import is_known_day
from leaderboard.domain.organisation_file import parse_calendar, parse_hours
from leaderboard.domain.organisation_text import hours_text
from leaderboard.domain.standings import sort_key
from leaderboard.domain.working_time import WEEKDAYS, Calendar, Hours
from leaderboard.web.user_words import Fault

SPARE_ROWS = 2  # for one more extra day without a script
MOST_DAYS = 400
DASHES = re.compile(r"\s*[-\u2013\u2014]\s*")
INTERVAL = re.compile(r"(\d{1,2})(?:[:.h](\d{2}))?h?-(\d{1,2})(?:[:.h](\d{2}))?h?")


class OpenDay(NamedTuple):
    """An extra open day as the form has it."""

    day: str
    hours: str


@dataclass(frozen=True)
class FilledCalendar:
    """A calendar as its form has it, right or wrong.

    week: a text a weekday, Monday first; closed, opened: extra days.
    """

    time_zone: str = ""
    week: Sequence[str] = field(default_factory=lambda: [""] * len(WEEKDAYS))
    country: str = ""
    region: str = ""
    closed: Sequence[str] = ()
    opened: Sequence[OpenDay] = ()

    def with_spare_rows(self) -> "FilledCalendar":
        """Return it with empty rows below the extra days, to fill in."""
        spare = OpenDay("", "")
        return replace(self, closed=[*self.closed, *[""] * SPARE_ROWS], opened=[*self.opened, *[spare] * SPARE_ROWS])


class CalendarFault(Exception):
    """What is wrong with what was filled in: where, in words."""

    def __init__(self, name: str, words: str) -> None:
        super().__init__(words)
        self.fault = Fault(name, words)


def filled_of(calendar: Calendar) -> FilledCalendar:
    """Return the form of a calendar."""
    country, _dash, region = (calendar.holidays or "").partition("-")
    return FilledCalendar(
        time_zone=calendar.time_zone,
        week=[_hours_shown(hours) for hours in calendar.week],
        country=country,
        region=region,
        closed=[day.isoformat() for day in sorted(calendar.closed)],
        opened=[OpenDay(day.isoformat(), _hours_shown(hours)) for day, hours in sorted(calendar.opened.items())],
    )


def filled_in(form: Any) -> FilledCalendar:
    """Return what was filled in; empty rows of extra days are left out. A region of another country counts as none."""
    country, region = form.get("country", ""), form.get("region", "")
    rows = zip(form.getlist("open_day"), form.getlist("open_hours"), strict=False)
    return FilledCalendar(
        time_zone=form.get("time_zone", "").strip(),
        week=[form.get(f"hours_{day}", "").strip() for day in WEEKDAYS],
        country=country,
        region=region if region in dict(regions(country)) else "",
        closed=[day for each in form.getlist("closed")[:MOST_DAYS] if (day := each.strip())],
        opened=[OpenDay(day.strip(), hours.strip()) for day, hours in list(rows)[:MOST_DAYS] if (day or hours).strip()],
    )


def calendar_of(filled: FilledCalendar, time_zone: str) -> Calendar:
    """Return the calendar that a form says; CalendarFault says where it is wrong (T6).

    time_zone: the organisation's, for a calendar that names none.
    """
    week = {day: _hours_of(text, f"hours_{day}") for day, text in zip(WEEKDAYS, filled.week, strict=True) if text}
    if filled.country and filled.country not in countries():
        raise CalendarFault("country", _("Choose a country from the list."))
    closed = [_day_of(each, "closed") for each in filled.closed]
    opened = [{"date": _day_of(each.day, "opened"), "hours": _hours_of(each.hours, "opened")} for each in filled.opened]
    if not any(week.values()) and not any(each["hours"] for each in opened):
        raise CalendarFault(
            f"hours_{WEEKDAYS[0]}", _("This calendar is never open, so no deadline would ever come: give a day hours.")
        )
    content: dict[str, Any] = {**week, "closed": closed, "open": opened}
    if filled.time_zone:
        content["time_zone"] = filled.time_zone
    if filled.country:
        content["holidays"] = f"{filled.country}-{filled.region}" if filled.region else filled.country
    try:
        return parse_calendar(content, "[calendar]", time_zone)
    except CalendarRefused as error:
        raise CalendarFault("", str(error)) from error
    except OrganisationRefused as error:
        raise CalendarFault("time_zone", _("Choose a time zone from the list.")) from error


def country_names() -> list[tuple[str, str]]:
    """Return the countries whose holidays are known, code and name in the reader's language, by name."""
    return _country_names(str(get_locale() or "en"))


@cache
def _country_names(locale: str) -> list[tuple[str, str]]:
    names: Mapping[str, str] = Locale.parse(locale).territories
    found = [(code, names.get(code, code)) for code in countries()]
    return sorted(found, key=lambda each: sort_key(each[1]))


def _hours_shown(hours: Hours) -> str:
    return ", ".join(hours_text(hours))


def _hours_of(text: str, name: str) -> list[str]:
    """Return the intervals of a text such as "9-12, 13:00-18:00" as the organisation's file has them."""
    parts = [each for each in re.split(r"[,;\s]+", DASHES.sub("-", text)) if each]
    found = []
    for each in parts:
        match = INTERVAL.fullmatch(each)
        numbers = [part or "0" for part in match.groups()] if match else []
        found.append("{:0>2}:{:0>2}-{:0>2}:{:0>2}".format(*numbers) if match else each)
    try:
        parse_hours(found, name)
    except CalendarRefused as error:
        words = _("Write hours such as 09:00-12:00, 13:00-18:00; a night shift such as 22:00-06:00.")
        raise CalendarFault(name, words) from error
    return found


def _day_of(text: str, name: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or not is_known_day(day):
        raise CalendarFault(name, _("Write each day as a date, such as 2026-12-24."))
    return day
