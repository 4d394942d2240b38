"""The scheduler: a timer that says "look now" to the jobs. It has no rule of its own (M1, M3)."""

import logging
import os
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta, tzinfo
from threading import Lock
from time import monotonic
from types import FrameType
from typing import Any, NamedTuple

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers import SchedulerNotRunningError
from apscheduler.schedulers.blocking import BlockingScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from leaderboard.domain.actors import SCHEDULER
from leaderboard.services.accounts import Limits
from leaderboard.services.job_states import NIGHTLY, nightly_due, organisation_zone
from leaderboard.services.jobs import (
    ANNOUNCEMENTS,
    CLOSE,
    DATABASE_ERRORS,
    HOOKS,
    IMPORTS,
    MAIL,
    REMINDERS,
    SCORE,
    run_job,
)
from leaderboard.services.means import NO_MEANS, Means
from leaderboard.services.outbox import is_waiting
from leaderboard.services.receiving import is_delivery_due
from leaderboard.services.upload_runs import is_work_waiting

LOOK_EVERY_SECONDS = 60
STOP_SECONDS = 30
NIGHTLY_AFTER = timedelta(seconds=30)  # at the start: what fell due comes first
STOPPING = (signal.SIGTERM, signal.SIGINT)
LATE_OR_NOT = {"coalesce": True, "misfire_grace_time": None, "max_instances": 1}

logger = logging.getLogger(__name__)


class Beat(NamedTuple):
    """How often a job looks whether work waits for it, which `waits` tells from one statement."""

    seconds: int
    waits: Callable[..., bool]


BESIDE = {  # what takes long, and what somebody waits for
    ANNOUNCEMENTS: Beat(5, is_waiting),  # their receivers may be slow
    IMPORTS: Beat(2, is_work_waiting),
    HOOKS: Beat(5, is_delivery_due),
    MAIL: Beat(LOOK_EVERY_SECONDS, lambda _session, *, now: True),
}


def utc_now() -> datetime:
    """Return the present instant."""
    return datetime.now(UTC)


class Looker:
    """Lets jobs look, one at a time, each in a session of its own."""

    def __init__(
        self, engine: Engine, limits: Limits, clock: Callable[[], datetime] = utc_now, means: Means = NO_MEANS
    ) -> None:
        self.name = f"{socket.gethostname()} {os.getpid()}"
        self.zone: tzinfo = UTC
        self.is_stopping = False
        self._engine, self._limits, self._clock, self._means = engine, limits, clock, means
        self._at_work = Lock()
        self._beside = {job: Lock() for job in BESIDE}
        self._looked_beside: dict[str, datetime] = {}

    def look(self, job: str) -> None:
        """Let a job look. Whatever fails is one line in the log; the next look comes."""
        with self._at_work:
            if not self.is_stopping:
                self._in_session(lambda session: self._run(session, job))

    def look_beside(self, job: str) -> None:
        """Let a job look beside the others: where work waits for it, and every minute to show that it looks."""
        with self._beside[job]:
            now, last = self._clock(), self._looked_beside.get(job)
            is_time = last is None or now - last >= timedelta(seconds=LOOK_EVERY_SECONDS)
            if self.is_stopping or not (is_time or self._in_session(lambda each: BESIDE[job].waits(each, now=now))):
                return
            self._looked_beside[job] = now
            self._in_session(lambda session: self._run(session, job))

    def read_zone(self) -> tzinfo:
        """Return the organisation's time zone as it is now, or as it was while the database is away."""
        self.zone = self._in_session(lambda session: organisation_zone(session) or UTC) or self.zone
        return self.zone

    def nightly_due(self) -> tuple[str, ...]:
        """Return the nightly jobs that no scheduler has run for a day."""
        return self._in_session(lambda session: nightly_due(session, now=self._clock())) or ()

    def wait_idle(self, seconds: float) -> bool:
        """Begin nothing any more; tell whether what is under way has ended within so many seconds."""
        self.is_stopping = True
        until = monotonic() + seconds
        return all(_comes_free(each, until - monotonic()) for each in (self._at_work, *self._beside.values()))

    def _run(self, session: Session, job: str) -> None:
        now, limits, means = self._clock(), self._limits, self._means
        report = run_job(
            session,
            job,
            now=now,
            by=SCHEDULER,
            limits=limits,
            means=means,
            looker=self.name,
            is_stopping=lambda: self.is_stopping,
        )
        for told in report.done:
            logger.info("%s: %s", job, told)
        if report.failure is not None:
            logger.error("%s failed: %s", job, report.failure, exc_info=report.fault)

    def _in_session(self, work: Callable[[Session], Any]) -> Any:
        with Session(self._engine, expire_on_commit=False) as session:
            try:
                return work(session)
            except DATABASE_ERRORS as error:
                logger.error("the database does not answer: %s", str(error).splitlines()[0])
        return None


def _comes_free(lock: Lock, seconds: float) -> bool:
    """Tell whether a lock comes free within so many seconds; it is left free."""
    is_free = lock.acquire(timeout=max(0, seconds))
    if is_free:
        lock.release()
    return is_free


def run_scheduler(engine: Engine, limits: Limits, means: Means = NO_MEANS) -> None:
    """Let the jobs look until SIGTERM or SIGINT; what is under way then ends within 30 s, or is rolled back.

    limits: what the settings say of sessions, for the clean-up; means: of the world outside.
    """
    logging.getLogger("apscheduler").setLevel(logging.ERROR)  # it warns of each minute that a long job takes
    looker = Looker(engine, limits, means=means)
    scheduler = make_scheduler(looker)
    for each in STOPPING:
        signal.signal(each, _leave)
    logger.info("scheduler %s looks every %d seconds", looker.name, LOOK_EVERY_SECONDS)
    with suppress(SystemExit):
        scheduler.start()
    if not looker.wait_idle(STOP_SECONDS):
        logger.error("scheduler %s ends while a job is under way; the database rolls it back", looker.name)
        logging.shutdown()
        os._exit(0)  # a thread cannot be ended otherwise
    with suppress(SchedulerNotRunningError):
        scheduler.shutdown(wait=False)
    logger.info("scheduler %s has ended", looker.name)


def make_scheduler(looker: Looker) -> BlockingScheduler:
    """Return a scheduler that has not begun: scoring and closing look at once and then every minute.

    One thread, so that its jobs take turns instead of waiting for each other's locks; and one for each of those that
    would keep the others waiting for minutes.
    """
    executors = {"default": ThreadPoolExecutor(1), **{job: ThreadPoolExecutor(1) for job in BESIDE}}
    scheduler = BlockingScheduler(executors=executors, job_defaults=LATE_OR_NOT, timezone=UTC)
    at_once = utc_now()

    def nightly(job: str, zone: tzinfo) -> CronTrigger:
        return CronTrigger(hour=NIGHTLY[job].hour, minute=NIGHTLY[job].minute, timezone=zone)

    def score() -> None:
        looker.look(SCORE)
        before = looker.zone
        if looker.read_zone() != before:  # loaded or changed since
            for job in NIGHTLY:
                scheduler.reschedule_job(job, trigger=nightly(job, looker.zone))

    every_minute = IntervalTrigger(seconds=LOOK_EVERY_SECONDS, timezone=UTC)
    scheduler.add_job(score, every_minute, id=SCORE, next_run_time=at_once)
    for job in (CLOSE, REMINDERS):
        scheduler.add_job(looker.look, every_minute, [job], id=job, next_run_time=at_once)
    for job, beat in BESIDE.items():
        often = IntervalTrigger(seconds=beat.seconds, timezone=UTC)
        scheduler.add_job(looker.look_beside, often, [job], id=job, executor=job, next_run_time=at_once)
    looker.read_zone()
    for job in NIGHTLY:
        scheduler.add_job(looker.look, nightly(job, looker.zone), [job], id=job)
    for job in looker.nightly_due():
        scheduler.add_job(looker.look, args=[job], next_run_time=at_once + NIGHTLY_AFTER)
    return scheduler


def _leave(_signal: int, _frame: FrameType | None) -> None:
    for each in STOPPING:
        signal.signal(each, signal.SIG_IGN)
    sys.exit()
