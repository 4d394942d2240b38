"""Trying out a draft: the same engine over closed quarters, beside what they were; and nothing is written."""

import subprocess
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from leaderboard.domain.actors import SCHEDULER, Actor
from leaderboard.domain.agreement_file import parse_agreement
from leaderboard.domain.periods import Quarter
from leaderboard.domain.trying import last_run_out, with_draft
from leaderboard.services import trial_processes, trying
from leaderboard.services.adjusting import adjust
from leaderboard.services.closing import close_period
from leaderboard.services.rules import rule_book
from leaderboard.services.scoring import score_everything
from leaderboard.services.trial_processes import TrialFailed
from leaderboard.services.trial_results import Trial
from leaderboard.services.trying import Progressed, TrialRefused, closed_quarters, trial_steps, try_out
from leaderboard.storage.database import Base
from leaderboard.storage.tables import AgreementVersion
from tests.factories import at, ids_of
from tests.services.bonus_examples import BEST_REP, BY_POINTS, CLOSED_AT, MONTHLY, SALES, TEAM_WIN
from tests.services.examples import ON_TIME, PIPELINE, SPEED, TRAINING, WINS, agreement, log, set_up

Q4 = Quarter(2026, 4)
BONUSES = (TEAM_WIN, BY_POINTS, BEST_REP, MONTHLY)
AGREED = agreement(SPEED, WINS, PIPELINE, ON_TIME, TRAINING, *BONUSES)
CONVERSION = """
[[sla]]
key = "conversion"
side = "sales"
participant = "team"
measure = { kind = "rate", of = ["lead.assigned"], in = ["lead.disposed"], at_least = 2 }
levels = { met = 0.5, exceeded = 0.8 }
points = { per = "month", met = 40, exceeded = 70 }
"""
EVENTS = f"""{SALES.rstrip()}
    09-30 17:00 lead.assigned ana subject=L0
    09-30 17:30 lead.assigned eva subject=L9
    10-05 09:00 lead.assigned ana subject=L1
    10-05 09:30 lead.disposed ana subject=L1
    10-06 09:00 lead.assigned bia subject=L2
    10-06 16:00 lead.disposed bia subject=L2
    10-07 09:00 lead.assigned ana subject=L3
    10-20 09:00 lead.assigned bia subject=L4
    10-20 11:00 lead.disposed bia subject=L4
    11-03 09:00 lead.assigned eva subject=L5
    11-03 15:00 lead.disposed eva subject=L5
    12-30 17:00 lead.assigned eva subject=L6
    10-01 09:00 task.assigned ana subject=T1 due_at=2026-11-30T18:00
    11-10 09:00 task.completed ana subject=T1
    09-01 09:00 task.assigned bia subject=T2 due_at=2026-10-15T18:00
"""


@pytest.fixture
def closed(session):
    """The last quarter of 2026, closed, with results of every kind, and points that were given by hand."""
    set_up(session, AGREED, now=at("10-31 12:00"))
    log(session, EVENTS, now=at("10-31 12:00"))
    adjust(
        session,
        ids_of(session)["bia"],
        25,
        "For helping",
        "2026-10",
        by=Actor("dora@example.com"),
        now=at("10-31 13:00"),
    )
    close_period(session, "2026-Q4", now=CLOSED_AT, by=SCHEDULER)
    return session


@pytest.fixture
def in_processes(monkeypatch):
    monkeypatch.setattr(trying, "CHUNKS_AT_ONCE", 0)
    monkeypatch.setattr(trying, "SUBJECTS_A_CHUNK", 3)


def tried(session, document, quarter=Q4):
    return try_out(session, parse_agreement(document, "BRL"), [quarter]).quarters[0]


def points_of(rows, side="would"):
    return {each.name: getattr(each, side).points for each in rows}


def test_the_agreement_that_was_in_force_gives_exactly_what_was(closed):
    found = tried(closed, AGREED)
    assert points_of(found.teams, "was")["North"] > points_of(found.teams, "was")["South"] > 0
    assert [each.was for each in found.teams] == [each.would for each in found.teams]
    assert [each.was for each in found.members] == [each.would for each in found.members]
    assert found.was == found.would
    assert {each.programme for each in found.would} == {"team-win", "by-points", "best-rep", "month-win"}
    assert found.cost_was == found.cost_would > 100_000
    assert (found.apart, found.by) == (25, "total")


def test_processes_of_their_own_come_to_the_same(closed, in_processes):
    found = tried(closed, AGREED)
    assert [each.was for each in (*found.teams, *found.members)] == [
        each.would for each in (*found.teams, *found.members)
    ]


@pytest.mark.databases("sqlite")
def test_other_targets_points_and_bonuses_give_what_they_would_have_given(closed):
    draft = agreement(
        SPEED.replace('met = "8h", exceeded = "1h"', 'met = "1h"').replace("met = 5, exceeded = 10", "met = 7"),
        CONVERSION,
        TEAM_WIN.replace('"1000.00", "500.00"', '"300.00"'),
    )
    found = tried(closed, draft)
    # P6: L0 and L9 are of the agreement before. Ana: 7 for L1. Conversion of the teams in October: North has L1 and L2
    # of three (met), South L4 alone (too few). Bia, of South by then, has what was given by hand.
    assert points_of(found.members) == {"Ana": 7, "Bia": 25, "Eva": 0, "Caio": 0}
    assert points_of(found.teams) == {"North": 7 + 40, "South": 25, "Leads": 0}
    assert [(each.name, each.amount_minor) for each in found.would] == [("North", 30_000)]
    assert found.cost_would == 30_000 < found.cost_was
    ana = found.members[1]
    assert (ana.name, ana.would.rank, ana.was.rank, ana.rise, ana.more) == ("Ana", 2, 1, -1, 7 - ana.was.points)


@pytest.mark.databases("sqlite")
def test_what_ran_out_untouched_is_found_as_long_as_a_target_is(session):
    set_up(session, agreement(SPEED), now=at("10-31 12:00"))
    log(session, EVENTS, now=at("10-31 12:00"))
    close_period(session, "2026-Q4", now=CLOSED_AT, by=SCHEDULER)
    rules = rule_book(session.connection()).rules
    # What is open at midnight is due at the end of 1 October at the latest, and missed when the clock runs again.
    assert last_run_out(rules, Q4) == at("10-02 09:00") + timedelta(microseconds=1)
    assert (
        last_run_out(with_draft(rules, parse_agreement(AGREED, "BRL"), Q4.previous), Q4)
        == rules.months.bounds_of(Q4)[1]
    )
    found = tried(session, agreement(SPEED))
    assert [each.was for each in found.members] == [each.would for each in found.members]
    assert {each.name: each.would.missed for each in found.members}["Ana"] == 2  # L0 and L3


@pytest.mark.databases("sqlite")
def test_p6_what_was_open_when_the_quarter_began_is_judged_by_what_was_agreed_then(closed):
    easy = agreement(SPEED.replace('met = "8h", exceeded = "1h"', 'met = "9000h"'))
    missed = {each.name: each.would.missed for each in tried(closed, easy).members}
    assert missed == {"Ana": 1, "Bia": 1, "Eva": 1, "Caio": 0}  # L0, L9, and T2, which are of September


def test_nothing_at_all_is_written(closed, in_processes):
    def held():
        return {each.name: sorted(map(repr, closed.execute(select(each)))) for each in Base.metadata.sorted_tables}

    before = held()
    closed.rollback()
    changes = closed.connection().connection.driver_connection
    count = getattr(changes, "total_changes", None)
    tried(closed, agreement(SPEED, CONVERSION))
    monthly = getattr(closed.connection().connection.driver_connection, "total_changes", None)
    assert held() == before
    assert count == monthly


@pytest.mark.databases("sqlite")
def test_whoever_is_slow_to_take_the_result_keeps_nobody_else_waiting(closed):
    steps = trial_steps(closed, parse_agreement(AGREED, "BRL"), [Q4])
    trial = next(each for each in steps if isinstance(each, Trial))
    assert try_out(closed, parse_agreement(AGREED, "BRL"), [Q4]) == trial
    steps.close()


@pytest.mark.databases("sqlite")
def test_progress_is_told_until_all_is_done(closed, in_processes):
    steps = [each for each in trial_steps(closed, parse_agreement(AGREED, "BRL"), [Q4]) if isinstance(each, Progressed)]
    assert [each.done for each in steps] == sorted(each.done for each in steps)
    assert steps[-1].done == steps[-1].total > 10


@pytest.mark.databases("sqlite")
def test_a_quarter_that_is_open_and_a_second_trial_at_a_time_are_refused(closed):
    assert closed_quarters(closed) == [Q4, Q4.previous]
    with pytest.raises(TrialRefused, match="2027-Q1 is not closed yet") as refused:
        tried(closed, AGREED, Q4.next)
    assert refused.value.problem == "open"
    first = trial_steps(closed, parse_agreement(AGREED, "BRL"), [Q4])
    next(first)
    with pytest.raises(TrialRefused, match="try again in some seconds"):
        tried(closed, AGREED)
    first.close()
    assert tried(closed, AGREED).quarter == Q4


@pytest.mark.databases("sqlite")
def test_who_goes_away_leaves_no_process_and_one_that_dies_is_told(closed, in_processes, monkeypatch):
    started = []
    start = subprocess.Popen

    def noted(*args, **options):
        started.append(start(*args, **options))
        return started[-1]

    monkeypatch.setattr(trial_processes.subprocess, "Popen", noted)
    steps = trial_steps(closed, parse_agreement(AGREED, "BRL"), [Q4])
    next(steps)
    steps.close()
    assert [each.poll() is None for each in started] == [False, False]
    steps = trial_steps(closed, parse_agreement(AGREED, "BRL"), [Q4])
    next(steps)
    for each in started[2:]:
        each.kill()
        each.wait()
    with pytest.raises(TrialFailed, match="has ended"):
        list(steps)


@pytest.mark.databases("sqlite")
def test_p5_late_events_count_where_they_happened_not_where_they_were_corrected(closed):
    late = "11-04 09:00 opportunity.won bia subject=B8\n11-05 09:00 opportunity.won bia subject=B9"
    log(closed, late, now=CLOSED_AT + timedelta(days=9))
    found = tried(closed, AGREED)
    assert {each.name: each.more for each in found.members if each.more} == {"Bia": 100}
    assert {each.name: each.more for each in found.teams if each.more} == {"South": 100}


@pytest.mark.databases("sqlite")
def test_the_version_of_a_draft_is_none_that_is_stored(closed):
    assert 0 not in closed.execute(select(AgreementVersion.id)).scalars().all()
    assert score_everything(closed, now=CLOSED_AT, by=SCHEDULER) == 0
    assert closed.execute(text("SELECT count(*) FROM attainment WHERE version_id = 0")).scalar() == 0
