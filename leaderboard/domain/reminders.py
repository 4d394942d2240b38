"""When somebody is reminded of a deadline: so much of the clock's own time before it, and never at night."""

from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from leaderboard.domain.agreement import Completion, Sla
from leaderboard.domain.working_time import DAY, ZERO, Clockwork, local_instant

DAY_BEGINS, NIGHT_BEGINS = time(7), time(20)  # of those who are told
REVIEW_AHEAD = timedelta(days=14)
DIGEST_AT = time(7, 30)


class Waiting(NamedTuple):
    """A clock or task that is pending. deadline: the last instant at which it is met.

    clockwork: how its time counts; zone: where those are who are told, who may be asleep.
    """

    started_at: datetime
    deadline: datetime
    clockwork: Clockwork
    zone: ZoneInfo


def deadline_of(sla: Sla, due_at: datetime) -> datetime:
    """Return the last instant at which something due is met: of a task, so long before its date as is agreed (K4)."""
    return due_at - sla.levels.met if isinstance(sla.measure, Completion) else due_at


def remind_at(waiting: Waiting, remind: timedelta) -> datetime | None:
    """Return when to remind: the first instant by day at which no more than `remind` is left; None for never.

    remind: as the clock counts (T2, T3, T5), > 0. Of a clock that began with less left, at once. Never at night, and
    never while the clock stands still; what was held over the night is dropped if its deadline has passed by then.
    """
    clockwork, deadline = waiting.clockwork, waiting.deadline
    before = clockwork.elapsed(waiting.started_at, deadline) - remind
    reached = waiting.started_at if before <= ZERO else clockwork.due_at(waiting.started_at, before)
    at = None if reached is None else first_by_day(clockwork, waiting.zone, reached)
    return None if at is None or at >= deadline else at


def first_by_day(clockwork: Clockwork, zone: ZoneInfo, at: datetime) -> datetime | None:
    """Return the first instant from `at` on at which the clock runs by day; None within a fortnight without one."""
    end = at + 14 * DAY
    while at <= end:
        running = clockwork.next_running(at)
        if running is None:
            return None
        by_day = next_day(zone, running)
        if by_day == running:
            return running
        at = by_day
    return None


def next_day(zone: ZoneInfo, at: datetime) -> datetime:
    """Return `at` where it is by day there, or else when the next day begins (07:00 to 20:00)."""
    local = at.astimezone(zone)
    if DAY_BEGINS <= local.time() < NIGHT_BEGINS:
        return at
    day = local.date() + (DAY if local.time() >= NIGHT_BEGINS else ZERO)
    return local_instant(day, DAY_BEGINS.hour * 60, zone)


def is_near(waiting: Waiting, remind: timedelta, now: datetime) -> bool:
    """Tell whether no more than `remind` is left, and the deadline has not passed: what a page says by night too."""
    return now <= waiting.deadline and waiting.clockwork.elapsed(now, waiting.deadline) <= remind


def digest_day(zone: ZoneInfo, now: datetime) -> date | None:
    """Return the day there whose digest is to go out: from 07:30 until the night; None at any other time."""
    local = now.astimezone(zone)
    return local.date() if DIGEST_AT <= local.time() < NIGHT_BEGINS else None
