"""Calendars, events and rules that tests of the domain share; local times are São Paulo's unless said."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import settings

from leaderboard.domain.agreement import Levels, ResponseTime
from leaderboard.domain.clocks import ClockResult, SubjectClocks, run_clocks
from leaderboard.domain.events import Event, in_order
from leaderboard.domain.organisation_file import parse_hours
from leaderboard.domain.working_time import ALL_TIME, WEEKDAYS, Calendar

SAO_PAULO, NEW_YORK, BERLIN = "America/Sao_Paulo", "America/New_York", "Europe/Berlin"
ANA, BIA, CAIO = 1, 2, 3
TEN_YEARS_ON = datetime(2036, 10, 5, tzinfo=UTC)
OFFICE = ["09:00-12:00", "13:00-18:00"]

SECOND, MINUTE, HOUR, DAY = (timedelta(seconds=each) for each in (1, 60, 3600, 86400))
MICROSECOND = timedelta(microseconds=1)

# The same examples in every run: a red build must mean a changed product. No deadline: machines differ.
properties = settings(deadline=None, derandomize=True, max_examples=200)


def local(text: str, zone: str = SAO_PAULO) -> datetime:
    """Return the UTC instant of a wall-clock time such as 2026-10-05T09:00."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def calendar(
    zone: str = SAO_PAULO,
    holidays: str | None = None,
    closed: Sequence[date] = (),
    opened: dict[date, list[str]] | None = None,
    **hours: list[str],
) -> Calendar:
    """Return a calendar with hours such as monday=["09:00-18:00"]."""
    return Calendar(
        time_zone=zone,
        week=tuple(parse_hours(hours.get(day, []), day) for day in WEEKDAYS),
        holidays=holidays,
        closed=frozenset(closed),
        opened={day: parse_hours(texts, "open") for day, texts in (opened or {}).items()},
    )


def office(zone: str = SAO_PAULO, **options: object) -> Calendar:
    """Return a calendar with office hours, Monday to Friday."""
    return calendar(zone, **dict.fromkeys(WEEKDAYS[:5], OFFICE), **options)


def happened(log: str) -> list[Event]:
    """Return the events of lines `DD HH:MM type member key=value…`, of October 2026, or `MM/DD`.

    The event id is the line's number, unless given; a member is a number, or - for none.
    """
    events = []
    for number, line in enumerate(log.strip().splitlines()):
        day, clock, event_type, member, *rest = line.split()
        month, _, day = day.rpartition("/")
        at = local(f"2026-{month or '10'}-{day}T{clock}")
        extra = dict(pair.split("=") for pair in rest)
        events.append(
            Event(
                event_id=extra.get("id", f"{number:03}"),
                occurred_at=at,
                type=event_type,
                subject=extra.get("subject", "L1"),
                member_id=None if member == "-" else int(member),
                team_id=int(extra["team"]) if "team" in extra else None,
                amount_minor=int(extra["amount"]) if "amount" in extra else None,
                due_at=local(f"2026-{extra['due']}") if "due" in extra else None,
            )
        )
    return events


def response_time(credit: str = "owner", within: timedelta = timedelta(days=14)) -> ResponseTime:
    """Return the measure of most tests: assigned to disposed, with pauses and reopenings."""
    return ResponseTime(
        from_types=frozenset({"lead.assigned"}),
        to_types=frozenset({"lead.disposed"}),
        pause_types=frozenset({"lead.paused"}),
        resume_types=frozenset({"lead.resumed"}),
        void_types=frozenset({"lead.reopened"}),
        void_within=within,
        credit=credit,
    )


EIGHT_HOURS = Levels(8 * HOUR, HOUR)


def clocks(
    log: str | Sequence[Event],
    *,
    measure: ResponseTime | None = None,
    levels: Levels = EIGHT_HOURS,
    now: datetime = TEN_YEARS_ON,
    hours: Calendar | None = None,
    is_elapsed: bool = False,
) -> SubjectClocks:
    """Run the clocks of a log by `now`, on office hours unless other ones are given."""
    events = happened(log) if isinstance(log, str) else log
    time = ALL_TIME if is_elapsed else (hours or OFFICE_HOURS).working_time
    seen = [each for each in in_order(events) if each.occurred_at <= now]
    return run_clocks(measure or response_time(), levels, seen, now, lambda e: e.member_id, lambda _o, _at: time)


OFFICE_HOURS = office()


def brief(results: Sequence[ClockResult]) -> list[tuple[int | None, str, timedelta | None]]:
    """Return owner, level and value of each result."""
    return [(each.owner, each.level.value, each.value) for each in results]
