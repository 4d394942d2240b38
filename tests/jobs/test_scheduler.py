"""The scheduler only wakes the jobs (M1, M3): any number of them, ended at any moment, in any time zone."""

import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from threading import Barrier, Thread
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import create_engine, select

from leaderboard.domain.actors import COMMAND_LINE
from leaderboard.jobs.scheduler import LATE_OR_NOT, LOOK_EVERY_SECONDS, Looker, make_scheduler
from leaderboard.services import jobs
from leaderboard.services.accounts import Limits
from leaderboard.services.jobs import CLEAN_UP, CLOSE, IMPORTS, JOBS, READINESS, SCORE
from leaderboard.services.organising import load_organisation
from leaderboard.services.upload_starting import start_import
from leaderboard.services.verifying import verify
from leaderboard.storage.closing_tables import Closing
from leaderboard.storage.tables import OrganisationRow
from leaderboard.storage.trail_tables import JobLook, JobRun
from tests.factories import at, fresh_engine
from tests.services.examples import ORGANISATION, SPEED, WINS, agreement, csv_of, log, set_up
from tests.services.uploading import OURS, arrive, enzo

SLOW = Path(__file__).with_name("slow_scheduler.py")
LIMITS = Limits(timedelta(minutes=15), 5, 50, timedelta(minutes=30), timedelta(hours=12))
SCHEDULERS = 4


@pytest.fixture
def engine(database_url):
    engine = fresh_engine(database_url)
    yield engine
    engine.dispose()


def looker(engine, now="10-05 12:00"):
    return Looker(engine, LIMITS, lambda: at(now))


def told(session):
    """Return what is told of the runs, in their order."""
    return list(session.execute(select(JobRun.told).order_by(JobRun.id)).scalars())


# Looking


def test_m3_four_schedulers_at_once_do_everything_once(session, engine):
    set_up(session, agreement(SPEED, WINS), now=at("06-01 08:00"))
    for month in ("06", "07", "08", "09"):
        log(session, f"{month}-08 09:00 lead.assigned ana subject=L{month}", now=at("09-08 10:00"))
    session.rollback()
    together = Barrier(SCHEDULERS)

    def look():
        each = looker(engine, "10-05 12:00")
        together.wait()
        for job in (SCORE, CLOSE, CLEAN_UP):
            each.look(job)

    threads = [Thread(target=look) for _ in range(SCHEDULERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [line for line in told(session) if "deadlines" in line] == ["deadlines passed: 1, months decided: 1"]
    periods = [*(f"2026-0{month}" for month in range(4, 10)), "2026-Q2", "2026-Q3"]
    assert sorted(line.split(" closed")[0] for line in told(session) if "closed" in line) == periods
    assert sorted(session.execute(select(Closing.period)).scalars()) == periods
    assert list(verify(session, now=at("10-05 12:00"))) == []


def test_m3_a_job_that_fails_stops_no_other_and_is_logged(session, engine, monkeypatch, caplog):
    def close_next(*_args, **_named):
        raise RuntimeError("a broken rule")

    monkeypatch.setattr(jobs, "close_next", close_next)
    set_up(session, agreement(SPEED), now=at("10-05 09:00"))
    log(session, "10-05 09:00 lead.assigned ana", now=at("10-05 09:00"))
    session.rollback()
    each = looker(engine, "10-06 10:00")
    for job in (CLOSE, SCORE):
        each.look(job)
    assert told(session) == ["2026-10 is not closed: RuntimeError: a broken rule", "deadlines passed: 1"]
    (record,) = [record for record in caplog.records if record.levelname == "ERROR"]
    assert record.message == f"close failed: {told(session)[0]}"
    assert record.exc_info is not None


@pytest.mark.parametrize("address", ["sqlite:////nowhere/at/all.db", "postgresql+psycopg://127.0.0.1:1/x"])
def test_a_database_that_is_away_is_one_line_in_the_log_and_no_end(address, caplog):
    each = looker(create_engine(address))
    each.look(SCORE)
    (line,) = [record.message for record in caplog.records if record.message.startswith("score failed")]
    assert "\n" not in line
    assert all(record.exc_info is None for record in caplog.records)
    assert each.read_zone() is each.zone


def test_each_look_says_which_scheduler_it_was(session, engine):
    looker(engine).look(SCORE)
    assert session.execute(select(JobLook.by)).scalar_one() == f"{os.uname().nodename} {os.getpid()}"


def test_imports_look_beside_the_others_where_a_file_waits_and_each_minute_to_be_seen(session, engine):
    set_up(session, agreement(SPEED), now=at("10-05 09:00"))
    each, clock = looker(engine), ["10-05 12:00:00"]
    each._clock = lambda: at(clock[0])

    def look(second):
        clock[0] = f"10-05 12:{second // 60:02}:{second % 60:02}"
        each.look_beside(IMPORTS)
        session.rollback()
        return session.execute(select(JobLook.looked_at).where(JobLook.job == IMPORTS)).scalar()

    assert look(0) == at("10-05 12:00")
    assert look(58) == at("10-05 12:00")
    upload = arrive(session, csv_of("e1,2026-10-05T09:00,lead.assigned,L1,ana@example.com"), now=at("10-05 11:00"))
    start_import(session, upload, OURS, is_dry_run=False, by=enzo(session), now=at("10-05 11:00"))
    assert look(59) == at("10-05 12:00:59")
    assert told(session) == ["leads.csv: 1 rows; 1 new; 0 duplicate; 0 refused"]
    assert look(119) == at("10-05 12:01:59")
    each._at_work.acquire()  # another job takes long
    assert look(200) == at("10-05 12:03:20")
    each._at_work.release()
    assert each.wait_idle(0)
    assert look(300) == at("10-05 12:03:20")


# Waking


def test_the_timer_wakes_each_minute_and_never_leaves_a_look_out(engine):
    scheduler = make_scheduler(looker(engine))
    wakes = {each.id: each for each in scheduler.get_jobs()}
    assert [wakes[job].trigger.interval.total_seconds() for job in (SCORE, CLOSE)] == [LOOK_EVERY_SECONDS] * 2
    assert all(wakes[job].next_run_time is not None for job in (SCORE, CLOSE))  # at once: it catches up
    assert LATE_OR_NOT == {"coalesce": True, "misfire_grace_time": None, "max_instances": 1}
    assert scheduler._job_defaults == LATE_OR_NOT


def test_what_runs_at_night_runs_in_the_organisations_zone_loaded_later_or_changed(session, engine):
    scheduler = make_scheduler(looker(engine))
    score = scheduler.get_job(SCORE).func

    def wakes_at(day, job=CLEAN_UP):
        moment = scheduler.get_job(job).trigger.get_next_fire_time(None, at(day))
        return moment.astimezone(ZoneInfo("UTC")).strftime("%m-%d %H:%M")

    assert wakes_at("10-05 12:00") == "10-06 03:30"
    assert wakes_at("10-05 12:00", READINESS) == "10-06 04:00"
    load_organisation(session, ORGANISATION, now=at("10-05 12:00"), by=COMMAND_LINE)
    score()
    assert wakes_at("10-05 12:00") == "10-06 06:30"
    moved = ORGANISATION.replace("America/Sao_Paulo", "Pacific/Kiritimati")
    load_organisation(session, moved, now=at("10-05 12:00"), by=COMMAND_LINE)
    score()
    assert wakes_at("10-05 12:00") == "10-06 13:30"
    assert wakes_at("10-05 12:00", READINESS) == "10-06 14:00"


def test_what_runs_at_night_looks_at_the_start_if_it_has_not_for_a_day(session, engine):
    def woken_at_once():
        scheduler = make_scheduler(looker(engine))
        return [each.args for each in scheduler.get_jobs() if each.id not in JOBS]

    assert woken_at_once() == [(CLEAN_UP,), (READINESS,)]
    looker(engine).look(CLEAN_UP)
    assert woken_at_once() == [(READINESS,)]
    looker(engine).look(READINESS)
    assert woken_at_once() == []


# Ending


def start(database_url, job_seconds, stop_seconds):
    command = [sys.executable, str(SLOW), database_url, str(job_seconds), str(stop_seconds)]
    environment = {**os.environ, "PYTHONPATH": str(SLOW.parents[2])}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "at work\n"
    return process


@pytest.mark.parametrize(
    ("end", "job_seconds", "stop_seconds", "code", "name"),
    [
        (signal.SIGTERM, 0.5, 30, 0, "half"),  # it finishes what is under way
        (signal.SIGINT, 0.5, 30, 0, "half"),
        (signal.SIGTERM, 600, 0.1, 0, "Aurora"),  # that takes too long: it is rolled back
        (signal.SIGKILL, 600, 30, -signal.SIGKILL, "Aurora"),
    ],
)
def test_m3_a_scheduler_that_is_ended_leaves_nothing_half_done(
    session, database_url, end, job_seconds, stop_seconds, code, name
):
    load_organisation(session, ORGANISATION, now=at("10-05 12:00"), by=COMMAND_LINE)
    session.rollback()
    process = start(database_url, job_seconds, stop_seconds)
    process.send_signal(end)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == code, errors
    assert "Traceback" not in errors
    assert session.execute(select(OrganisationRow.name)).scalar_one() == name
    assert told(session) == (["worked"] if name == "half" else [])
