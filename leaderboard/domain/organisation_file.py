"""The organisation file (TOML): name, time zone, currency, language, calendars."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from leaderboard.domain.errors import CalendarRefused, OrganisationRefused
from leaderboard.domain.instants import FIRST_YEAR, LAST_YEAR, is_known_day
from leaderboard.domain.shown import has_controls, quoted, shown
from leaderboard.domain.toml_text import read_toml
from leaderboard.domain.working_time import WEEKDAYS, Calendar, Hours, public_holidays

LANGUAGES = ("en", "pt_BR")
HEAD_KEYS = ("name", "time_zone", "currency", "language", "grace_hours", "quarter_winner_by", "question_days")
CALENDAR_KEYS = (*WEEKDAYS, "time_zone", "holidays", "closed", "open")
CLOCK_TIME = re.compile(r"([01][0-9]|2[0-3]|24):([0-5][0-9])")


@dataclass(frozen=True)
class Organisation:
    """One per installation. team_calendars: by the team's name.

    grace_hours: how long after a month's end late events count; question_days: how long a bonus can be
    asked about before it is decided.
    """

    name: str
    time_zone: str
    currency: str
    language: str
    grace_hours: int
    quarter_winner_by: str
    question_days: int
    calendar: Calendar
    team_calendars: Mapping[str, Calendar]

    @property
    def zone(self) -> ZoneInfo:
        """Its time zone, which decides months and quarters (T1)."""
        return ZoneInfo(self.time_zone)

    def calendar_of(self, team: str | None) -> Calendar:
        """Return a team's own calendar, or else the organisation's (T2)."""
        return self.calendar if team is None else self.team_calendars.get(team, self.calendar)


def parse_organisation(text: str) -> Organisation:
    """Return the organisation that a TOML text holds.

    Raises OrganisationRefused or CalendarRefused: what is wrong, where, and what to write instead.
    """
    try:
        document = read_toml(text)
    except ValueError as error:
        raise OrganisationRefused(f"The organisation file is not TOML: {error}.") from error
    _refuse_unknown(document, ("organisation", "calendar", "team_calendars"), "the file")
    head = _table(document, "organisation")
    _refuse_unknown(head, HEAD_KEYS, "[organisation]")
    zone = _zone(head.get("time_zone"), "[organisation]")
    team_calendars = document.get("team_calendars", {})
    if not isinstance(team_calendars, dict):
        raise OrganisationRefused('[team_calendars] is not a table; write [team_calendars."Team name"].')
    return Organisation(
        name=_name(head.get("name")),
        time_zone=zone,
        currency=_currency(head.get("currency")),
        language=_one_of(head, "language", LANGUAGES, "en"),
        grace_hours=_whole(head, "grace_hours", 24 * 60, 48),
        quarter_winner_by=_one_of(head, "quarter_winner_by", ("total", "average"), "total"),
        question_days=_whole(head, "question_days", 60, 3),
        calendar=parse_calendar(_table(document, "calendar"), "[calendar]", zone),
        team_calendars={
            team: parse_calendar(content, f'[team_calendars."{shown(team)}"]', zone)
            for team, content in team_calendars.items()
        },
    )


def parse_calendar(content: Any, place: str, time_zone: str) -> Calendar:
    """Return the calendar of a TOML table; `time_zone` unless it names its own.

    Raises CalendarRefused, also for a calendar that is never open (T6).
    """
    if not isinstance(content, dict):
        raise CalendarRefused(f"{place} is not a table; write {place} with keys such as monday below it.")
    for key in content:
        if key not in CALENDAR_KEYS:
            raise CalendarRefused(f"{place}: {shown(key)} is not a known key; known are {', '.join(CALENDAR_KEYS)}.")
    holidays = content.get("holidays")
    if holidays is not None:
        if not isinstance(holidays, str):
            raise CalendarRefused(f'{place}: holidays = {quoted(holidays)}; expected a place such as "BR-SP".')
        try:
            public_holidays(holidays)
        except CalendarRefused as error:
            raise CalendarRefused(f"{place}: {error}.") from error
    calendar = Calendar(
        time_zone=_zone(content.get("time_zone", time_zone), place),
        week=tuple(parse_hours(content.get(day, []), f"{place}: {day}") for day in WEEKDAYS),
        holidays=holidays,
        closed=frozenset(_dates(content.get("closed", []), f"{place}: closed")),
        opened=_opened(content.get("open", []), place),
    )
    if not any(calendar.week) and not any(calendar.opened.values()):
        raise CalendarRefused(
            f"{place} is never open, so no deadline would ever come; give at least one day hours, "
            'such as monday = ["09:00-18:00"].'
        )
    return calendar


def parse_hours(value: Any, place: str) -> Hours:
    """Return the intervals of a list such as ["09:00-12:00", "22:00-06:00"], in minutes after midnight.

    An end at or before its start lies on the next day. Raises CalendarRefused.
    """
    if not isinstance(value, list):
        raise CalendarRefused(f'{place} = {quoted(value)}; expected a list such as ["09:00-12:00", "13:00-18:00"].')
    return tuple(sorted(_interval(each, place) for each in value))


def _interval(text: Any, place: str) -> tuple[int, int]:
    parts = text.split("-") if isinstance(text, str) else []
    found = [CLOCK_TIME.fullmatch(part.strip()) for part in parts]
    if len(found) != 2 or found[0] is None or found[1] is None or text.strip().startswith("24"):
        raise CalendarRefused(f'{place}: {quoted(text)} is not an interval; write it as "09:00-18:00".')
    start, end = (int(match[1]) * 60 + int(match[2]) for match in found if match)
    if end > 24 * 60:
        raise CalendarRefused(f"{place}: {quoted(text)} ends after 24:00; write the time of the next day instead.")
    return start, end if end > start else end + 24 * 60


def _opened(value: Any, place: str) -> dict[date, Hours]:
    if not isinstance(value, list):
        raise CalendarRefused(f"{place}: open = {quoted(value)}; write it as [[calendar.open]] with date and hours.")
    opened: dict[date, Hours] = {}
    for each in value:
        if not isinstance(each, dict) or set(each) != {"date", "hours"} or not is_known_day(each["date"]):
            raise CalendarRefused(
                f"{place}: open needs date = 2026-12-19 and hours = [...], nothing else; found {shown(each)}."
            )
        opened[each["date"]] = opened.get(each["date"], ()) + parse_hours(each["hours"], f"{place}: open")
    return opened


def _dates(value: Any, place: str) -> list[date]:
    if not isinstance(value, list) or not all(is_known_day(each) for each in value):
        raise CalendarRefused(
            f"{place} = {quoted(value)}; expected a list of dates of {FIRST_YEAR} to {LAST_YEAR}, such as [2026-12-24]."
        )
    return value


def _table(document: dict[str, Any], key: str) -> dict[str, Any]:
    found = document.get(key)
    if not isinstance(found, dict):
        raise OrganisationRefused(f"The file has no [{key}]; write that table with its keys below it.")
    return found


def _refuse_unknown(table: dict[str, Any], known: tuple[str, ...], place: str) -> None:
    for key in table:
        if key not in known:
            raise OrganisationRefused(f"{place}: {shown(key)} is not a known key; known are {', '.join(known)}.")


def _name(value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or has_controls(value) or len(value) > 200:
        raise OrganisationRefused(
            f"[organisation]: name = {quoted(value)}; expected a text of 1 to 200 characters on one line."
        )
    return value.strip()


def _zone(value: Any, place: str) -> str:
    try:
        return ZoneInfo(value).key
    except (KeyError, ValueError, TypeError, OSError) as error:
        raise OrganisationRefused(
            f'{place}: time_zone = {quoted(value)} is not a time zone; write a name such as "America/Sao_Paulo".'
        ) from error


def _currency(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch("[A-Z]{3}", value):
        raise OrganisationRefused(
            f'[organisation]: currency = {quoted(value)}; expected an ISO 4217 code such as "BRL".'
        )
    return value


def _one_of(head: dict[str, Any], key: str, choices: tuple[str, ...], default: str) -> str:
    value = head.get(key, default)
    if value not in choices:
        raise OrganisationRefused(f"[organisation]: {key} = {quoted(value)}; expected one of {', '.join(choices)}.")
    return str(value)


def _whole(head: dict[str, Any], key: str, most: int, default: int) -> int:
    value = head.get(key, default)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
        raise OrganisationRefused(f"[organisation]: {key} = {quoted(value)}; expected a whole number from 0 to {most}.")
    return value
