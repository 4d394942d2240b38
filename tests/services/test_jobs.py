"""Jobs (M1, M3): each look does what is due and nothing else; what failed is seen, retried and harms nothing."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from leaderboard.domain.actors import COMMAND_LINE, SCHEDULER, Actor
from leaderboard.domain.errors import Refused
from leaderboard.services import job_states, jobs
from leaderboard.services.accounts import Limits, add_user, sign_in
from leaderboard.services.closing import Closed
from leaderboard.services.job_states import job_overview, nightly_due, scheduler_look
from leaderboard.services.jobs import CLEAN_UP, CLOSE, READINESS, SCORE, JobReport, closed_told, run_job
from leaderboard.services.organising import load_organisation
from leaderboard.services.pairing import CODE_LIFE, begin_pairing
from leaderboard.storage.accounts import add_attempt
from leaderboard.storage.accounts_tables import SignInAttempt, UserSession
from leaderboard.storage.database import all_or_nothing
from leaderboard.storage.display_tables import Pairing
from leaderboard.storage.jobs import add_run
from leaderboard.storage.tables import OrganisationRow
from leaderboard.storage.trail_tables import JobLook, JobRun
from tests.factories import at
from tests.services.examples import ORGANISATION, SPEED, agreement, attained, count, log, set_up

NOW = at("10-05 12:00")  # a Monday
MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
PASSWORD = "nine quiet lanterns"
LIMITS = Limits(timedelta(minutes=15), 5, 50, timedelta(minutes=30), timedelta(hours=12))


def run(session: Session, job: str, now: datetime = NOW, *, by: Actor = SCHEDULER, looker: str | None = "host 7"):
    """Run a job as a scheduler does."""
    return run_job(session, job, now=now, by=by, limits=LIMITS, looker=looker)


def runs(session: Session) -> list[tuple[str, str, str, int]]:
    """Return job, outcome, what is told and how often, of all recorded runs."""
    query = select(JobRun.job, JobRun.outcome, JobRun.told, JobRun.times).order_by(JobRun.id)
    return [tuple(row) for row in session.execute(query)]


def looked_at(session: Session, job: str) -> datetime | None:
    return session.execute(select(JobLook.looked_at).where(JobLook.job == job)).scalar()


@pytest.fixture
def lead(session: Session) -> Session:
    """Ana has had a lead since Monday at nine, due at six; it is late once Tuesday's working time runs (C3)."""
    set_up(session, agreement(SPEED), now=NOW)
    log(session, "10-05 09:00 lead.assigned ana", now=NOW)
    return session


# Scoring


def test_c3_the_score_job_decides_what_fell_due_once_and_says_so(lead):
    assert run(lead, SCORE, at("10-06 09:00")) == JobReport(SCORE, (), None, None)
    late = at("10-06 09:01")
    assert run(lead, SCORE, late).done == ("deadlines passed: 1",)
    assert attained(lead, "2026-10") == [("speed", "ana@example.com", "missed", 0)]
    assert run(lead, SCORE, late + MINUTE).done == ()
    assert runs(lead) == [(SCORE, "done", "deadlines passed: 1", 1)]
    assert looked_at(lead, SCORE) == late + MINUTE


@pytest.mark.parametrize("now", [NOW, at("10-05 20:00")])  # due, and from six on not late before the next opening
def test_a_quiet_look_writes_nothing_but_that_it_looked(lead, query_counter, now):
    version = lead.execute(select(OrganisationRow.scores_version)).scalar_one()
    with query_counter() as statements:
        for job in (SCORE, CLOSE, CLEAN_UP):
            run(lead, job, now)
    written = [each.split("\n")[0] for each in statements if each.startswith(("INSERT", "UPDATE"))]
    assert [each.split("(")[0] for each in written] == ["INSERT INTO job_look "] * 3
    assert lead.execute(select(OrganisationRow.scores_version)).scalar_one() == version
    assert runs(lead) == []


def test_before_the_first_organisation_every_job_finds_nothing_to_do(session):
    assert [run(session, job).told for job in jobs.JOBS] == [""] * len(jobs.JOBS)
    overview = job_overview(session, now=NOW)
    assert {each.job: each.next_at for each in overview.jobs} == {
        **dict.fromkeys(jobs.JOBS),
        CLEAN_UP: datetime(2026, 10, 6, 3, 30, tzinfo=UTC),
        READINESS: datetime(2026, 10, 6, 4, 0, tzinfo=UTC),
    }


def test_a_job_run_by_hand_is_no_sign_of_a_scheduler(lead):
    late = at("10-06 10:00")
    run(lead, SCORE, late, by=Actor("dora@example.com"), looker=None)
    assert looked_at(lead, SCORE) is None
    assert lead.execute(select(JobRun.by)).scalar_one() == "dora@example.com"
    assert scheduler_look(lead, now=late) == (None, False)


def test_an_unknown_job_is_refused_naming_those_there_are(session):
    with pytest.raises(Refused, match='"backup" is not a job; the jobs are score, close, clean-up'):
        run(session, "backup")


# Failing


@pytest.fixture
def breaks(monkeypatch):
    """`breaks(message)` lets the score job fail half-way, `breaks(None)` mends it."""

    def set_fault(message):
        def score(task: jobs.Task) -> Iterator[str]:
            if message:
                with all_or_nothing(task.session):
                    task.session.connection().exec_driver_sql("UPDATE organisation SET name = 'half'")
                    raise RuntimeError(message)
            yield from ()

        monkeypatch.setitem(jobs.JOBS, SCORE, score)

    return set_fault


def test_m3_a_failed_job_changes_nothing_and_is_told(lead, breaks):
    breaks("no rule\nfor it")
    report = run(lead, SCORE)
    assert report.failure == report.told == "RuntimeError: no rule for it"
    assert isinstance(report.fault, RuntimeError)
    assert lead.execute(select(OrganisationRow.name)).scalar_one() == "Aurora"
    assert runs(lead) == [(SCORE, "failed", "RuntimeError: no rule for it", 1)]
    assert looked_at(lead, SCORE) == NOW


def test_m3_the_same_failure_again_counts_up_and_another_is_another(lead, breaks):
    breaks("a")
    for minutes in range(3):
        run(lead, SCORE, NOW + minutes * MINUTE)
    state = job_overview(lead, now=NOW).jobs[0]
    assert (state.is_failing, state.failure.times) == (True, 3)
    assert state.failure.started_at < NOW + SECOND < NOW + 2 * MINUTE <= state.failure.finished_at
    breaks("b")
    run(lead, SCORE, NOW + 3 * MINUTE)
    breaks("a")
    run(lead, SCORE, NOW + 4 * MINUTE)
    told = [(told, times) for _, _, told, times in runs(lead)]
    assert told == [("RuntimeError: a", 3), ("RuntimeError: b", 1), ("RuntimeError: a", 1)]


def test_m3_a_failure_is_over_once_the_job_looks_without_one(lead, breaks):
    breaks("a")
    run(lead, SCORE)
    breaks(None)
    run(lead, SCORE, NOW + MINUTE)
    state = job_overview(lead, now=NOW + MINUTE).jobs[0]
    assert (state.is_failing, state.failure.told) == (False, "RuntimeError: a")
    breaks("a")
    run(lead, SCORE, NOW + 2 * MINUTE)
    assert [times for *_, times in runs(lead)] == [1, 1]  # it came back: another failure


def test_a_database_that_is_away_harms_nobody(lead, monkeypatch):
    def away(task: jobs.Task) -> Iterator[str]:
        task.session.connection().exec_driver_sql("SELECT secret FROM nowhere")
        yield ""

    monkeypatch.setitem(jobs.JOBS, SCORE, away)
    report = run(lead, SCORE)
    assert "nowhere" in report.failure
    assert "SELECT" not in report.failure  # managers read what the database says, not what it was asked
    assert not lead.in_transaction()


# Closing


def closed(period: str, reps: tuple[str, ...] = (), teams: tuple[str, ...] = (), awards: int = 0) -> Closed:
    return Closed(period, NOW, "scheduler", NOW, reps, teams, awards)


@pytest.fixture
def backlog(monkeypatch):
    """Months that wait to be closed; one that is named in `broken` cannot be."""
    waiting, broken = ["2026-07", "2026-08", "2026-09"], {"2026-09"}

    def close_next(_session, *, now, by):
        if waiting and waiting[0] in broken:
            raise RuntimeError("a broken rule")
        return closed(waiting.pop(0)) if waiting else None

    monkeypatch.setattr(jobs, "close_next", close_next)
    for module in (jobs, job_states):
        monkeypatch.setattr(module, "next_closing", lambda _session: (waiting[0], NOW) if waiting else None)
    return broken


def test_m3_what_can_be_closed_is_and_what_fails_is_named_and_retried(session, backlog):
    load_organisation(session, ORGANISATION, now=NOW, by=COMMAND_LINE)
    report = run(session, CLOSE)
    assert (report.done, report.failure) == (
        ("2026-07 closed", "2026-08 closed"),
        "2026-09 is not closed: RuntimeError: a broken rule",
    )
    state = job_overview(session, now=NOW).jobs[1]
    assert (state.is_failing, state.next_what, state.next_at) == (True, "2026-09", NOW)
    run(session, CLOSE, NOW + MINUTE)
    backlog.clear()
    assert run(session, CLOSE, NOW + 2 * MINUTE).done == ("2026-09 closed",)
    assert not job_overview(session, now=NOW + 2 * MINUTE).jobs[1].is_failing
    assert runs(session) == [
        (CLOSE, "done", "2026-07 closed", 1),
        (CLOSE, "done", "2026-08 closed", 1),
        (CLOSE, "failed", report.failure, 2),
        (CLOSE, "done", "2026-09 closed", 1),
    ]


@pytest.mark.parametrize(
    ("what", "told"),
    [
        (closed("2026-10", ("Ana",), ("North",)), "2026-10 closed; rep of the month: Ana; team of the month: North"),
        (closed("2026-10", ("Ana", "Bia")), "2026-10 closed; reps of the month: Ana, Bia"),
        (closed("2026-Q4", (), ("A", "B"), 2), "2026-Q4 closed; teams of the quarter: A, B; bonus awards proposed: 2"),
        (closed("2026-11"), "2026-11 closed"),
    ],
)
def test_m1_what_is_told_of_a_close_names_its_winners(what, told):
    assert closed_told(what) == told


# Cleaning up


def test_clean_up_takes_away_what_is_over_and_nothing_else(session):
    for name in ("ana", "bia"):
        add_user(session, email=f"{name}@example.com", role="rep", password=PASSWORD, now=NOW, by=COMMAND_LINE)
    enter = {"password": PASSWORD, "address": "192.0.2.1", "limits": LIMITS}
    sign_in(session, email="ana@example.com", now=NOW - LIMITS.idle, **enter)
    sign_in(session, email="bia@example.com", now=NOW - LIMITS.idle + SECOND, **enter)
    for age in (CODE_LIFE - SECOND, CODE_LIFE):  # the second purges nothing: the clock goes back
        begin_pairing(session, address="192.0.2.1", now=NOW - age)
    with all_or_nothing(session):
        for age in (LIMITS.window, LIMITS.window - SECOND):
            add_attempt(session.connection(), "0" * 64, "192.0.2.1", NOW - age)
        for age in (timedelta(days=400), timedelta(days=400) - SECOND):
            add_run(session.connection(), CLOSE, "done", "2025-09 closed", "scheduler", NOW - age, NOW - age)
    told = "sessions ended: 1, attempts to sign in forgotten: 1, pairings of screens forgotten: 1"
    told += ", runs of jobs forgotten: 1"
    assert run(session, CLEAN_UP).done == (told,)
    assert (count(session, UserSession), count(session, SignInAttempt), count(session, JobRun)) == (1, 1, 2)
    assert count(session, Pairing) == 1
    assert run(session, CLEAN_UP).done == ()


def test_what_runs_at_night_is_due_where_none_looked_for_a_day(session):
    assert nightly_due(session, now=NOW) == (CLEAN_UP, READINESS)
    run(session, CLEAN_UP)
    assert nightly_due(session, now=NOW + timedelta(days=1) - SECOND) == (READINESS,)
    assert nightly_due(session, now=NOW + timedelta(days=1)) == (CLEAN_UP, READINESS)


# What comes next, and whether anybody looks


def test_what_comes_next_is_in_the_organisations_zone(lead):
    states = {each.job: each for each in job_overview(lead, now=NOW).jobs}
    assert states[SCORE].next_at == at("10-05 18:00")
    assert states[CLEAN_UP].next_at == at("10-06 03:30")
    assert job_overview(lead, now=at("10-06 03:29")).jobs[2].next_at == at("10-06 03:30")
    assert job_overview(lead, now=at("10-06 03:30")).jobs[2].next_at == at("10-07 03:30")
    assert job_overview(lead, now=at("10-05 18:01")).jobs[0].next_at == at("11-01 00:00")  # the month's end


@pytest.mark.parametrize(("seconds", "is_alive"), [(0, True), (180, True), (181, False)])
def test_a_scheduler_is_alive_for_three_minutes_after_its_look(session, seconds, is_alive):
    run(session, SCORE)
    later = NOW + timedelta(seconds=seconds)
    assert scheduler_look(session, now=later) == (NOW, is_alive)
    overview = job_overview(session, now=later)
    assert (overview.is_alive, overview.jobs[0].look.by) == (is_alive, "host 7")


def test_the_overview_takes_as_many_queries_whatever_has_run(lead, breaks, query_counter):
    def asked() -> int:
        with query_counter() as statements:
            job_overview(lead, now=NOW)
        return len(statements)

    job_overview(lead, now=NOW)
    before = asked()
    with all_or_nothing(lead):
        for minutes in range(60):
            add_run(lead.connection(), SCORE, "done", "x", "scheduler", NOW, NOW + minutes * MINUTE)
    breaks("a")
    run(lead, SCORE)
    assert asked() == before <= 9
    assert len(job_overview(lead, now=NOW).runs) == job_states.RUNS_SHOWN
