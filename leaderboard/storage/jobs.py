"""Queries of jobs: what ran and what failed, when each last looked, and what is due."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, func, insert, select, update

from leaderboard.domain.instants import MICROSECOND
from leaderboard.storage.bulk import insert_into
from leaderboard.storage.tables import AttainmentRow, PeriodRow, WakeUp
from leaderboard.storage.trail_tables import JobLook, JobRun

DONE, FAILED = "done", "failed"


class Run(NamedTuple):
    """A run that did something or failed. times: how often it failed in the same way."""

    id: int
    job: str
    outcome: str
    told: str
    by: str
    started_at: datetime
    finished_at: datetime
    times: int


class Look(NamedTuple):
    """When a scheduler looked last, how long that took, and which it was: its machine and process."""

    looked_at: datetime
    took: timedelta
    by: str


_RUN = [getattr(JobRun, name) for name in Run._fields]


class Due(NamedTuple):
    """How much has fallen due: deadlines that are over, events that lay in the future, months that ended."""

    deadlines: int
    wake_ups: int
    months: int


def looks(connection: Connection) -> dict[str, Look]:
    """Return the last look of each job."""
    rows = connection.execute(select(JobLook.job, JobLook.looked_at, JobLook.took_micros, JobLook.by))
    return {job: Look(looked_at, micros * MICROSECOND, by) for job, looked_at, micros, by in rows}


def last_runs(connection: Connection, names: Sequence[str]) -> dict[tuple[str, str], Run]:
    """Return the newest run of each of some jobs with each outcome, where there is one."""
    newest = [
        select(func.max(JobRun.id)).where(JobRun.job == name, JobRun.outcome == outcome).scalar_subquery()
        for name in names
        for outcome in (DONE, FAILED)
    ]
    rows = connection.execute(select(*_RUN).where(JobRun.id.in_(newest)))
    return {(run.job, run.outcome): run for run in map(Run._make, rows)}


def newest_runs(connection: Connection, most: int) -> tuple[Run, ...]:
    """Return the newest runs of all jobs, newest first."""
    return tuple(map(Run._make, connection.execute(select(*_RUN).order_by(JobRun.id.desc()).limit(most))))


def add_run(
    connection: Connection, job: str, outcome: str, told: str, by: str, started_at: datetime, finished_at: datetime
) -> None:
    """Store a run."""
    values = {"job": job, "outcome": outcome, "told": told, "by": by}
    connection.execute(insert(JobRun).values(**values, started_at=started_at, finished_at=finished_at, times=1))


def count_up(connection: Connection, run_id: int, finished_at: datetime) -> None:
    """Store that a run happened again."""
    connection.execute(
        update(JobRun).where(JobRun.id == run_id).values(times=JobRun.times + 1, finished_at=finished_at)
    )


def note_look(connection: Connection, job: str, looked_at: datetime, took: timedelta, by: str) -> None:
    """Store when a job looked, and how long it took."""
    new = insert_into(connection, JobLook)
    values = {"looked_at": looked_at, "took_micros": took // MICROSECOND, "by": by}
    connection.execute(new.values(job=job, **values).on_conflict_do_update(index_elements=["job"], set_=values))


def forget_runs(connection: Connection, until: datetime) -> int:
    """Delete the runs that ended by an instant, and return how many."""
    return connection.execute(delete(JobRun).where(JobRun.finished_at <= until)).rowcount


def what_is_due(connection: Connection, now: datetime) -> Due:
    """Return how much waits for score_due at an instant."""
    deadlines = select(func.count()).where(*_pending(), AttainmentRow.due_at < now)
    wake_ups = select(func.count()).where(WakeUp.at <= now)
    months = select(func.count()).where(*_undecided(), PeriodRow.ends_at <= now)
    counted = (each.scalar_subquery() for each in (deadlines, wake_ups, months))
    return Due(*connection.execute(select(*counted)).one())


def next_due(connection: Connection, now: datetime) -> datetime | None:
    """Return the first instant after `now` at which something falls due, as far as is known; None: nothing waits."""
    deadline = select(func.min(AttainmentRow.due_at)).where(*_pending(), AttainmentRow.due_at >= now)
    wake_up = select(func.min(WakeUp.at)).where(WakeUp.at > now)
    month = select(func.min(PeriodRow.ends_at)).where(*_undecided(), PeriodRow.ends_at > now)
    found = connection.execute(select(*(each.scalar_subquery() for each in (deadline, wake_up, month)))).one()
    return min((each for each in found if each is not None), default=None)


def _pending() -> tuple[Any, ...]:
    return AttainmentRow.level == "pending", AttainmentRow.is_monthly == 0


def _undecided() -> tuple[Any, ...]:
    return PeriodRow.kind == "month", PeriodRow.is_decided == 0
