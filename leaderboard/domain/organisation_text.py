"""The organisation as its file says it: what domain/organisation_file.py reads, written."""

import json
from collections.abc import Iterator
from dataclasses import replace

from leaderboard.domain.organisation_file import Organisation
from leaderboard.domain.working_time import WEEKDAYS, Calendar, Hours

DAY_MINUTES = 24 * 60


def organisation_text(organisation: Organisation) -> str:
    """Return the TOML text that parse_organisation reads as this organisation."""
    head = (
        "[organisation]",
        f"name = {_text(organisation.name)}",
        f"time_zone = {_text(organisation.time_zone)}",
        f"currency = {_text(organisation.currency)}",
        f"language = {_text(organisation.language)}",
        f"grace_hours = {organisation.grace_hours}",
        f"quarter_winner_by = {_text(organisation.quarter_winner_by)}",
        f"question_days = {organisation.question_days}",
    )
    parts = ["\n".join(head), "\n".join(_calendar("calendar", organisation.calendar, organisation.time_zone))]
    for team, calendar in organisation.team_calendars.items():
        place = f"team_calendars.{_text(team)}"
        parts.append("\n".join(_calendar(place, calendar, organisation.time_zone)))
    return "\n\n".join(parts) + "\n"


def hours_text(hours: Hours) -> list[str]:
    """Return the intervals of a day as the file writes them, such as "09:00-12:00"."""
    return [f"{_clock(start)}-{_clock(end - DAY_MINUTES if end > DAY_MINUTES else end)}" for start, end in hours]


def with_team_renamed(organisation: Organisation, old: str, new: str) -> Organisation:
    """Return the organisation with a team's calendar under the team's new name; itself where it has none of its own."""
    if old not in organisation.team_calendars:
        return organisation
    calendars = {new if team == old else team: each for team, each in organisation.team_calendars.items()}
    return replace(organisation, team_calendars=calendars)


def _calendar(place: str, calendar: Calendar, time_zone: str) -> Iterator[str]:
    yield f"[{place}]"
    if calendar.time_zone != time_zone:
        yield f"time_zone = {_text(calendar.time_zone)}"
    for weekday, hours in zip(WEEKDAYS, calendar.week, strict=True):
        if hours:
            yield f"{weekday} = {_list(hours)}"
    if calendar.holidays is not None:
        yield f"holidays = {_text(calendar.holidays)}"
    if calendar.closed:
        yield f"closed = [{', '.join(day.isoformat() for day in sorted(calendar.closed))}]"
    for day, hours in sorted(calendar.opened.items()):
        for part in [hours] if list(hours) == sorted(hours) else [(each,) for each in hours]:
            yield f"[[{place}.open]]"
            yield f"date = {day.isoformat()}"
            yield f"hours = {_list(part)}"


def _list(hours: Hours) -> str:
    return f"[{', '.join(map(_text, hours_text(hours)))}]"


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _text(text: str) -> str:
    """Return a text as TOML writes it; JSON does it alike, but for one control character."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
