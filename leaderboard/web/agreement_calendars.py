"""Working hours and holidays as the agreement tells them: of the organisation, and of each team with its own."""

from collections.abc import Sequence
from datetime import date, timedelta
from functools import lru_cache
from typing import NamedTuple

from babel.dates import format_date
from flask_babel import get_locale
from flask_babel import gettext as _

from leaderboard.domain.organisation_file import Organisation
from leaderboard.domain.working_time import Calendar, Hours, public_holidays
from leaderboard.web.agreement_words import DASH

A_MONDAY = date(2024, 1, 1)
DAY, YEAR = timedelta(days=1), 366
MIDNIGHT = 24 * 60


class CalendarWords(NamedTuple):
    """A calendar in words. hours: days and their hours; days_off, opened: dates of a year, each with what it is."""

    name: str | None
    time_zone: str
    hours: Sequence[tuple[str, str]]
    place: str | None
    days_off: Sequence[tuple[date, str]]
    opened: Sequence[tuple[date, str]]


def calendars(organisation: Organisation, since: date) -> list[CalendarWords]:
    """Return the organisation's calendar, whose name is None, and those of teams, for the year from a day on."""
    theirs = sorted(organisation.team_calendars.items())
    return [_calendar(name, each, since) for name, each in [(None, organisation.calendar), *theirs]]


def hours_words(hours: Hours) -> str:
    """Return the open intervals of a day."""
    if not hours:
        return _("closed")
    return ", ".join(f"{_clock(start)}{DASH}{_clock(end)}" for start, end in hours)


def _clock(minutes: int) -> str:
    text = f"{minutes % MIDNIGHT // 60:02}:{minutes % 60:02}"
    return _("%(time)s on the next day", time=text) if minutes > MIDNIGHT else "24:00" if minutes == MIDNIGHT else text


def _calendar(name: str | None, calendar: Calendar, since: date) -> CalendarWords:
    last = since + DAY * YEAR
    closed = {day: _("closed") for day in calendar.closed if since <= day < last}
    public = dict(_public(calendar.holidays, since)) if calendar.holidays else {}
    opened = {day: hours_words(hours) for day, hours in calendar.opened.items() if since <= day < last}
    off = {day: text for day, text in {**closed, **public}.items() if day not in opened}
    zone = calendar.time_zone.replace("_", " ")
    return CalendarWords(name, zone, _week(calendar), calendar.holidays, sorted(off.items()), sorted(opened.items()))


def _week(calendar: Calendar) -> list[tuple[str, str]]:
    """Return the days of the week with their hours, neighbours with the same hours together."""
    groups: list[list[int]] = []
    for day, hours in enumerate(calendar.week):
        if groups and calendar.week[groups[-1][-1]] == hours:
            groups[-1].append(day)
        else:
            groups.append([day])
    return [(_days(group), hours_words(calendar.week[group[0]])) for group in groups]


def _days(group: Sequence[int]) -> str:
    names = [format_date(A_MONDAY + DAY * each, "EEEE", locale=get_locale()) for each in (group[0], group[-1])]
    return names[0] if len(group) == 1 else _("%(first)s to %(last)s", first=names[0], last=names[1])


@lru_cache(maxsize=64)
def _public(place: str, since: date) -> tuple[tuple[date, str], ...]:
    """Return the public holidays of a place in a year; working them out takes a while."""
    found = public_holidays(place)
    days = (since + DAY * each for each in range(YEAR))
    return tuple((day, found[day]) for day in days if day in found)
