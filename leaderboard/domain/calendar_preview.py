"""What a calendar comes to on the days ahead, for people who look whether they filled it in right (T2)."""

from dataclasses import dataclass
from datetime import date, timedelta

from leaderboard.domain.working_time import Calendar, Hours, public_holidays

WEEK_DAYS = 7


@dataclass(frozen=True)
class DayAhead:
    """A day as a calendar has it. because: `holiday`, `closed` or `open` where it is not as its weekday says.

    holiday: what a public one is called where it is.
    """

    day: date
    hours: Hours
    because: str | None = None
    holiday: str | None = None


def weeks_ahead(calendar: Calendar, first: date, weeks: int = 4) -> list[list[DayAhead]]:
    """Return so many weeks of a calendar, Monday first, from that of a day on."""
    monday = first - timedelta(days=first.weekday())
    named = None if calendar.holidays is None else public_holidays(calendar.holidays)

    def day_ahead(day: date) -> DayAhead:
        hours, holiday = calendar.hours_on(day), named.get(day) if named is not None else None
        if day in calendar.opened:
            return DayAhead(day, hours, "open", holiday)
        if day in calendar.closed:
            return DayAhead(day, hours, "closed", holiday)
        return DayAhead(day, hours, "holiday" if holiday else None, holiday)

    days = [day_ahead(monday + timedelta(days=number)) for number in range(WEEK_DAYS * weeks)]
    return [days[start : start + WEEK_DAYS] for start in range(0, len(days), WEEK_DAYS)]
