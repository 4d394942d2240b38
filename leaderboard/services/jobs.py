"""The jobs: what fell due is scored, periods are closed, what nobody needs any more is taken away (M1, M3), and whether
the data is sound is looked at.

A scheduler only says "look now"; each job computes what is due. So any number of schedulers may look, one that was
down catches up, and a look that finds nothing to do changes nothing.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import NamedTuple

from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session

from leaderboard.domain.actors import Actor
from leaderboard.domain.errors import Refused
from leaderboard.domain.shown import quoted, shown
from leaderboard.services.accounts import Limits
from leaderboard.services.announcing import forget_announcements
from leaderboard.services.badging import refresh_badges
from leaderboard.services.closing import Closed, close_next, next_closing
from leaderboard.services.digest_rounds import reminded
from leaderboard.services.falling_due import has_fallen_due
from leaderboard.services.idempotency import forget_old_answers
from leaderboard.services.mailing import forget_mails, send_waiting, told_of
from leaderboard.services.means import NO_MEANS, Means
from leaderboard.services.outbox import send_announcements
from leaderboard.services.pairing import forget_old_pairings
from leaderboard.services.parking import take_parked
from leaderboard.services.receiving import forget_deliveries, take_waiting
from leaderboard.services.scoring import Scoring, score_what_is_due
from leaderboard.services.soundness import look
from leaderboard.services.upload_runs import run_waiting
from leaderboard.services.uploads import forget_uploads
from leaderboard.storage import accounts, jobs
from leaderboard.storage.database import DOOR_LOCK, all_or_nothing

SCORE, CLOSE, CLEAN_UP, READINESS = "score", "close", "clean-up", "readiness"
HOOKS, ANNOUNCEMENTS, IMPORTS, REMINDERS, MAIL = "hooks", "announcements", "imports", "reminders", "mail"
RUNS_KEPT = timedelta(days=400)
LONGEST_TOLD = 500
DATABASE_ERRORS = (SQLAlchemyError, sqlite3.Error)
EXPECTED = (Refused, OperationalError, sqlite3.OperationalError)  # such as a database that is away


class Task(NamedTuple):
    """What a job works with. limits: what the settings say of sessions and attempts; means: of the world outside.

    is_stopping: tells a long job to leave the rest to whoever looks next.
    """

    session: Session
    now: datetime
    by: Actor
    limits: Limits
    means: Means = NO_MEANS
    is_stopping: Callable[[], bool] = lambda: False


@dataclass(frozen=True)
class JobReport:
    """What became of a job: each thing it did, and why it then failed, if it did.

    fault: the error, for the log, where it is one of the program and not of what it met.
    """

    job: str
    done: tuple[str, ...]
    failure: str | None
    fault: Exception | None

    @property
    def told(self) -> str:
        """What is told of it, on one line; empty: there was nothing to do."""
        return "; ".join((*self.done, *([] if self.failure is None else [self.failure])))


def run_job(
    session: Session,
    name: str,
    *,
    now: datetime,
    by: Actor,
    limits: Limits,
    means: Means = NO_MEANS,
    looker: str | None = None,
    is_stopping: Callable[[], bool] = lambda: False,
) -> JobReport:
    """Run a job, and record each thing it did and, rolled back, what failed (M3); a failure is never raised.

    looker: the scheduler that looks, None if somebody runs it by hand. is_stopping: see Task. Raises Refused for an
    unknown job.
    """
    if name not in JOBS:
        raise Refused(f"{quoted(name)} is not a job; the jobs are {', '.join(JOBS)}.")
    clock = _Clock(now)
    recorder = _Recorder(session, name, by)
    done: list[str] = []
    failure, fault, began = None, None, now
    try:
        for told in JOBS[name](Task(session, now, by, limits, means, is_stopping)):
            done.append(told)
            recorder.done(told, began, clock())
            began = clock()
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told, and the other jobs go on
        failure, fault = _undo(session, name, error), None if isinstance(error, EXPECTED) else error
        recorder.failed(failure, began, clock())
    if looker is not None:
        # Other jobs note theirs at the same moment, so it waits for them; but not for an import.
        with suppress(*DATABASE_ERRORS), all_or_nothing(session, DOOR_LOCK, is_patient=False):
            jobs.note_look(session.connection(), name, now, clock() - now, looker)
    return JobReport(name, tuple(done), failure, fault)


class _Clock:
    """Tells the time since a run began, also where the machine's clock is set meanwhile."""

    def __init__(self, now: datetime) -> None:
        self._now, self._begun = now, monotonic()

    def __call__(self) -> datetime:
        return self._now + timedelta(seconds=monotonic() - self._begun)


class _Recorder:
    """Records what a job did. Where the database does not take that either, only the caller's log has it."""

    def __init__(self, session: Session, job: str, by: Actor) -> None:
        self._session, self._job, self._by = session, job, by

    def done(self, told: str, started_at: datetime, finished_at: datetime) -> None:
        """Record a thing done."""
        with suppress(*DATABASE_ERRORS), all_or_nothing(self._session, DOOR_LOCK):
            connection = self._session.connection()
            jobs.add_run(connection, self._job, jobs.DONE, told, self._by.name, started_at, finished_at)

    def failed(self, told: str, started_at: datetime, finished_at: datetime) -> None:
        """Record a failure; the same as at the last look is one run that happened again."""
        with suppress(*DATABASE_ERRORS), all_or_nothing(self._session, DOOR_LOCK):
            connection = self._session.connection()
            before = jobs.last_runs(connection, [self._job])
            last, look = before.get((self._job, jobs.FAILED)), jobs.looks(connection).get(self._job)
            if last is not None and last.told == told and is_failing(look, before.get((self._job, jobs.DONE)), last):
                jobs.count_up(connection, last.id, finished_at)
            else:
                jobs.add_run(connection, self._job, jobs.FAILED, told, self._by.name, started_at, finished_at)


def is_failing(look: jobs.Look | None, done: jobs.Run | None, failure: jobs.Run) -> bool:
    """Tell whether a job's last failure is the last thing that is known of it."""
    later = (None if look is None else look.looked_at, None if done is None else done.finished_at)
    return all(each is None or each <= failure.finished_at for each in later)


def _undo(session: Session, job: str, error: Exception) -> str:
    """Roll back what failed, and return in one line what and why."""
    told = _why(error)
    with suppress(Exception):  # what names the failure may fail in the same way
        session.rollback()
        period = next_closing(session) if job == CLOSE else None
        told = f"{period[0]} is not closed: {told}" if period else told
    return told


def _why(error: Exception) -> str:
    """Return an error as one line; of the database its first, since more would show the statement and its values."""
    if isinstance(error, DBAPIError) and error.orig is not None:
        return f"{type(error.orig).__name__}: {shown(str(error.orig).partition(chr(10))[0], LONGEST_TOLD)}"
    text = shown(" ".join(str(error).split()), LONGEST_TOLD)
    return text if isinstance(error, Refused) else f"{type(error).__name__}: {text}"


def _score(task: Task) -> Iterator[str]:
    """Score what fell due, then bring the badges of the open months up to date; a quiet look only reads."""
    if has_fallen_due(task.session, now=task.now) and (told := _score_due(task)):
        yield told
    if told := _counted([("badges awarded or withdrawn", refresh_badges(task.session, now=task.now))]):
        yield told


def _score_due(task: Task) -> str:
    """Score what fell due as score_due does, and return what that came to; what another has just done is not told."""
    with all_or_nothing(task.session):
        connection = task.session.connection()
        before = jobs.what_is_due(connection, task.now)
        if not any(before):
            return ""
        posted = score_what_is_due(Scoring(task.session, task.now))
        left = jobs.what_is_due(connection, task.now)
    return _counted(
        (
            ("deadlines passed", before.deadlines - left.deadlines),
            ("events came up", before.wake_ups - left.wake_ups),
            ("months decided", before.months - left.months),
            ("ledger entries posted", posted),
        )
    )


def _close(task: Task) -> Iterator[str]:
    """Close what is due, oldest first, each in a transaction of its own (M2, M3)."""
    while (closed := close_next(task.session, now=task.now, by=task.by)) is not None:
        yield closed_told(closed)


def _clean_up(task: Task) -> Iterator[str]:
    """Take away what is over: sessions, pairings, attempts to sign in, answers to programs, and old runs of jobs."""
    now, limits = task.now, task.limits
    with all_or_nothing(task.session, DOOR_LOCK):
        connection = task.session.connection()
        counted = (
            ("sessions ended", accounts.end_old_sessions(connection, now - limits.idle, now - limits.absolute)),
            ("attempts to sign in forgotten", accounts.forget_old_attempts(connection, now - limits.window)),
            ("pairings of screens forgotten", forget_old_pairings(connection, now)),
            ("deliveries of webhooks forgotten", forget_deliveries(connection, now)),
            ("answers to programs forgotten", forget_old_answers(connection, now)),
            ("runs of jobs forgotten", jobs.forget_runs(connection, now - RUNS_KEPT)),
            ("announcements forgotten", forget_announcements(connection, now)),
            ("files handed in forgotten", forget_uploads(connection, now)),
            ("e-mails forgotten", forget_mails(connection, now=now)),
        )
    if told := _counted(counted):
        yield told


def _readiness(task: Task) -> Iterator[str]:
    """Look whether the data is sound enough to score by; nothing is done if somebody else looks at this moment."""
    if told := look(task.session, now=task.now, by=task.by):
        yield told


def _hooks(task: Task) -> Iterator[str]:
    """Take deliveries of webhooks that wait, then the events whose name is known by now."""
    states = take_waiting(task.session, now=task.now)
    told = _counted((f"deliveries of webhooks {state}", number) for state, number in states.items())
    if told:
        yield told
    if told := _counted([("events that waited for a name taken", take_parked(task.session, now=task.now))]):
        yield told


def _announcements(task: Task) -> Iterator[str]:
    """Send the webhooks that wait."""
    came_to = send_announcements(task.session, task.means, now=task.now, is_stopping=task.is_stopping)
    if told := _counted(came_to.items()):
        yield f"webhooks {told}"


def _imports(task: Task) -> Iterator[str]:
    """Import the files that came in by the browser, oldest first."""
    yield from run_waiting(task.session, now=task.now, is_stopping=task.is_stopping)


def _remind(task: Task) -> Iterator[str]:
    """Remind of what is about to fall due, and make the digests whose time it is."""
    if told := _counted(reminded(task.session, now=task.now, means=task.means)):
        yield told


def _mail(task: Task) -> Iterator[str]:
    """Send the e-mails that wait."""
    if told := _counted(told_of(send_waiting(task.session, now=task.now, means=task.means))):
        yield told


JOBS: dict[str, Callable[[Task], Iterator[str]]] = {
    SCORE: _score,
    CLOSE: _close,
    CLEAN_UP: _clean_up,
    READINESS: _readiness,
    HOOKS: _hooks,
    ANNOUNCEMENTS: _announcements,
    IMPORTS: _imports,
    REMINDERS: _remind,
    MAIL: _mail,
}


def _counted(counts: Iterable[tuple[str, int]]) -> str:
    return ", ".join(f"{what}: {number:,}" for what, number in counts if number > 0)


def closed_told(closed: Closed) -> str:
    """Return in one line that a period is closed, its winners, and the awards that wait for a decision."""
    kind = "quarter" if "Q" in closed.period else "month"
    winners = [
        f"{'reps' if len(closed.reps) > 1 else 'rep'} of the {kind}: {', '.join(closed.reps)}" if closed.reps else "",
        f"{'teams' if len(closed.teams) > 1 else 'team'} of the {kind}: {', '.join(closed.teams)}"
        if closed.teams
        else "",
        f"bonus awards proposed: {closed.awards}" if closed.awards else "",
    ]
    return "; ".join((f"{closed.period} closed", *filter(None, winners)))
