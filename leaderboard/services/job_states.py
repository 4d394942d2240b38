"""Where the jobs stand: what ran, what failed and why, what comes next, and whether a scheduler is alive."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from leaderboard.domain.errors import Refused
from leaderboard.services.closing import next_closing
from leaderboard.services.jobs import ANNOUNCEMENTS, CLEAN_UP, CLOSE, HOOKS, JOBS, READINESS, SCORE, is_failing
from leaderboard.services.rules import rule_book
from leaderboard.storage import hooks, jobs, outbox
from leaderboard.storage.jobs import Look, Run

NIGHTLY = {CLEAN_UP: time(3, 30), READINESS: time(4, 0)}  # in the organisation's time zone
NIGHTLY_EVERY = timedelta(days=1)
SILENT_AFTER = timedelta(minutes=3)  # without a look no scheduler is alive
RUNS_SHOWN = 50


@dataclass(frozen=True)
class JobState:
    """Where a job stands. is_failing: it failed when it last looked or ran.

    next_at: when it next has something to do, None if that is not known; next_what: the period it then closes.
    """

    job: str
    look: Look | None
    done: Run | None
    failure: Run | None
    is_failing: bool
    next_at: datetime | None
    next_what: str | None


@dataclass(frozen=True)
class JobOverview:
    """All jobs, and their newest runs. zone: the organisation's; is_alive: a scheduler has looked lately."""

    jobs: tuple[JobState, ...]
    runs: tuple[Run, ...]
    zone: tzinfo
    is_alive: bool


def job_overview(session: Session, *, now: datetime) -> JobOverview:
    """Return where each job stands, and the newest runs."""
    connection = session.connection()
    looks, last = jobs.looks(connection), jobs.last_runs(connection, tuple(JOBS))
    zone = organisation_zone(session)
    upcoming = _upcoming(session, zone, now)
    states = []
    for job in JOBS:
        look, done, failure = looks.get(job), last.get((job, jobs.DONE)), last.get((job, jobs.FAILED))
        states.append(
            JobState(
                job,
                look,
                done,
                failure,
                failure is not None and is_failing(look, done, failure),
                *upcoming[job],
            )
        )
    runs = jobs.newest_runs(connection, RUNS_SHOWN)
    return JobOverview(tuple(states), runs, zone or UTC, _is_alive(looks.get(SCORE), now))


def scheduler_look(session: Session, *, now: datetime) -> tuple[datetime | None, bool]:
    """Return when a scheduler looked last, None for never, and whether that is lately enough for one to be alive."""
    look = jobs.looks(session.connection()).get(SCORE)
    return (None if look is None else look.looked_at), _is_alive(look, now)


def nightly_due(session: Session, *, now: datetime) -> tuple[str, ...]:
    """Return the nightly jobs that no scheduler has run for a day."""
    looks = jobs.looks(session.connection())
    return tuple(job for job in NIGHTLY if job not in looks or now - looks[job].looked_at >= NIGHTLY_EVERY)


def organisation_zone(session: Session) -> ZoneInfo | None:
    """Return the organisation's time zone, None before one is loaded."""
    try:
        return rule_book(session.connection()).rules.organisation.zone
    except Refused:
        return None


def _upcoming(session: Session, zone: ZoneInfo | None, now: datetime) -> dict[str, tuple[datetime | None, str | None]]:
    """Return for each job when it next has something to do, and for the closing what."""
    period, closes_at = (next_closing(session) if zone else None) or (None, None)
    due_at = jobs.next_due(session.connection(), now)
    nightly = {job: (_next_at(at, zone or UTC, now), None) for job, at in NIGHTLY.items()}
    sent_at = outbox.next_try(session.connection())
    tried_at = hooks.next_try(session.connection())
    ours = {SCORE: (due_at, None), CLOSE: (closes_at, period), HOOKS: (tried_at, None), ANNOUNCEMENTS: (sent_at, None)}
    return {job: (ours | nightly).get(job, (None, None)) for job in JOBS}


def _next_at(at: time, zone: tzinfo, now: datetime) -> datetime:
    today = now.astimezone(zone).date()
    times = (datetime.combine(today + timedelta(days), at, zone).astimezone(UTC) for days in (0, 1))
    return next(each for each in times if each > now)


def _is_alive(look: Look | None, now: datetime) -> bool:
    return look is not None and now - look.looked_at <= SILENT_AFTER
