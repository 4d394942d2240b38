"""Scoring: what was touched is worked out again, the difference is posted, and time alone decides things too."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from leaderboard.domain.actors import COMMAND_LINE
from leaderboard.services.boards import standings
from leaderboard.services.recording import record_event
from leaderboard.services.scoring import score_due, score_everything
from leaderboard.services.verifying import verify
from leaderboard.storage.tables import AttainmentRow, PointEntry, WakeUp
from tests.factories import at, event, ids_of, opened
from tests.services.examples import (
    NOW,
    ON_TIME,
    PIPELINE,
    SPEED,
    TRAINING,
    WINS,
    agreement,
    attained,
    count,
    entries,
    ledger,
    log,
    set_up,
    sla,
    state,
)

ANA = "ana@example.com"
BIA = "bia@example.com"
TICK = timedelta(microseconds=1)
TEAM_WINS = sla("team-wins", 'kind = "count", of = ["opportunity.won"]', "met = 2", participant="team", met=7)


@pytest.fixture
def aurora(session):
    set_up(session)
    return session


def reasons(session):
    return [(member, points, reason) for member, _, _, points, reason in entries(session)]


def levels(session, period, key):
    return [(who, level, points) for _, who, level, points in attained(session, period, key)]


# The ledger


def test_p2_scoring_again_posts_nothing(aurora):
    log(aurora, "10-05 09:00 lead.assigned ana\n10-05 09:30 lead.disposed ana")
    before, rows = state(aurora), count(aurora, PointEntry)
    assert [score_everything(aurora, now=NOW, by=COMMAND_LINE), score_due(aurora, now=NOW)] == [0, 0]
    assert (state(aurora), count(aurora, PointEntry)) == (before, rows)


def test_p2_an_entry_says_why(session):
    set_up(session, agreement(SPEED, WINS))
    log(session, "10-05 09:00 lead.assigned ana\n10-05 09:30 lead.disposed ana")
    log(session, "10-06 09:00 lead.reopened ana")
    log(session, "10-07 09:00 lead.assigned bia subject=L2\n10-07 13:00 lead.disposed bia subject=L2")
    log(session, "10-08 09:00 opportunity.won bia subject=L3\n10-08 09:00 opportunity.won bia subject=L4")
    assert reasons(session) == [
        (ANA, 10, "exceeded"),
        (ANA, -10, "reversed"),  # C7: closed in a hurry
        (BIA, 5, "met"),
        (BIA, 100, "met"),
    ]


def test_p2_a_late_event_posts_the_difference_in_one_row(session):
    set_up(session, agreement(WINS))
    log(session, "10-08 09:00 opportunity.won ana subject=L1\n10-08 09:00 opportunity.won ana subject=L2")
    log(session, "10-01 09:00 opportunity.won ana subject=L3\n10-01 09:00 opportunity.won ana subject=L4")
    assert reasons(session) == [(ANA, 100, "met"), (ANA, 100, "exceeded")]


def test_p2_a_late_event_that_changes_the_owner_takes_the_points_back_and_gives_them_anew(session):
    set_up(session, agreement(SPEED))
    log(session, "10-05 09:00 lead.assigned ana\n10-05 11:00 lead.disposed ana")
    log(session, "10-05 10:30 lead.assigned bia")  # C2: hers from then on
    assert sorted(reasons(session)) == [(ANA, -5, "reversed"), (ANA, 5, "met"), (BIA, 10, "exceeded")]
    assert ledger(session) == {(BIA, "North", "2026-10"): 10}


def test_p2_a_late_event_that_moves_the_decision_into_another_month_moves_the_points(session):
    set_up(session, agreement(SPEED))
    log(session, "10-30 17:30 lead.assigned ana\n11-02 09:45 lead.disposed ana")
    assert ledger(session) == {(ANA, "North", "2026-11"): 5}
    log(session, "10-30 17:45 lead.disposed ana")
    assert ledger(session) == {(ANA, "North", "2026-10"): 10}
    assert list(verify(session, now=NOW)) == []


def test_p3_points_go_to_the_team_at_the_decision(session):
    set_up(session, agreement(SPEED))
    log(session, "10-14 17:30 lead.assigned bia\n10-15 09:15 lead.disposed bia")  # South from the 15th
    assert entries(session) == [(BIA, "South", "2026-10", 10, "exceeded")]


def test_p2_only_what_was_touched_is_worked_out_again(aurora):
    log(aurora, "10-05 09:00 lead.assigned ana subject=L1\n10-05 09:30 lead.disposed ana subject=L1")
    mine = AttainmentRow.subject == "L1"
    aurora.execute(update(AttainmentRow).where(mine).values(value=1))
    aurora.commit()
    log(aurora, "10-06 09:00 lead.assigned ana subject=L2\n10-06 09:30 lead.disposed ana subject=L2")
    record_event(aurora, event("x", "10-07 09:00", "lead.assigned", ids_of(aurora)["bia"], "L3"), now=NOW)
    assert aurora.execute(select(AttainmentRow.value).where(mine)).scalar_one() == 1
    score_everything(aurora, now=NOW, by=COMMAND_LINE)
    assert aurora.execute(select(AttainmentRow.value).where(mine)).scalar_one() == 30 * 60 * 1_000_000


# Time passes


def test_c3_score_due_decides_what_fell_due_and_nothing_before(session):
    set_up(session, agreement(SPEED))
    early = at("10-05 10:00")
    log(session, "10-05 09:00 lead.assigned ana", now=early)
    due = at("10-05 18:00")  # eight hours at work, closing time: it runs again on Tuesday at nine
    for moment in (due, due + TICK, at("10-06 09:00")):
        score_due(session, now=moment)
        assert levels(session, "2026-10", "speed") == [(ANA, "pending", 0)]
    late = at("10-06 09:00") + TICK
    score_due(session, now=late)
    assert levels(session, "2026-10", "speed") == [(ANA, "missed", 0)]
    decided = session.execute(select(AttainmentRow.decided_at)).scalar_one()
    assert decided == at("10-06 09:00")
    assert ledger(session) == {}


def test_an_event_of_the_future_waits_for_its_time(session):
    set_up(session, agreement(SPEED))
    early = at("10-05 09:10")
    log(session, "10-05 09:00 lead.assigned ana\n10-05 09:30 lead.disposed ana", now=early)
    assert levels(session, "2026-10", "speed") == [(ANA, "pending", 0)]
    assert session.execute(select(WakeUp.subject, WakeUp.at)).all() == [("L1", at("10-05 09:30"))]
    assert score_due(session, now=at("10-05 09:30") - TICK) == 0
    assert score_due(session, now=at("10-05 09:30")) == 1
    assert ledger(session) == {(ANA, "North", "2026-10"): 10}
    assert count(session, WakeUp) == 0
    assert score_due(session, now=NOW) == 0


def test_each_of_several_events_of_the_future_waits_for_its_own_time(session):
    set_up(session, agreement(SPEED))
    log(
        session,
        "10-05 09:00 lead.assigned ana\n10-05 09:30 lead.disposed ana\n10-06 09:30 lead.reopened ana",
        now=at("10-05 08:00"),
    )
    posted = [score_due(session, now=at(moment)) for moment in ("10-05 09:00", "10-05 09:30", "10-06 09:30")]
    assert posted == [0, 1, 1]
    assert ledger(session) == {}
    assert count(session, WakeUp) == 0


def test_k6_a_month_that_ended_is_decided_at_its_end_and_not_before(session):
    set_up(session, agreement(SPEED, WINS, ON_TIME))
    early = at("10-20 12:00")
    log(session, "10-05 09:00 lead.assigned ana\n10-05 09:30 lead.disposed ana", now=early)
    log(session, "10-06 09:00 lead.assigned ana subject=L2\n10-06 09:30 lead.disposed ana subject=L2", now=early)
    end = datetime(2026, 11, 1, 3, tzinfo=UTC)
    score_due(session, now=end - TICK)
    assert levels(session, "2026-10", "on-time") == [(ANA, "pending", 0)]
    assert {level for _, level, _ in levels(session, "2026-10", "wins")} == {"pending"}
    assert score_due(session, now=end) == 1
    assert levels(session, "2026-10", "on-time") == [(ANA, "exceeded", 100)]
    assert {level for _, level, _ in levels(session, "2026-10", "wins")} == {"missed"}
    assert list(verify(session, now=end)) == []


def test_a_month_is_decided_whoever_comes_first_the_scheduler_or_an_event(session):
    set_up(session, agreement(SPEED, WINS, ON_TIME))
    log(session, "10-05 09:00 opportunity.won ana", now=at("10-20 12:00"))
    later = at("11-03 12:00")
    log(session, "11-03 09:00 opportunity.won ana subject=L2", now=later)  # an import scores what is due too
    assert {level for _, level, _ in levels(session, "2026-10", "wins")} == {"missed"}
    assert list(verify(session, now=later)) == []


def test_a_task_is_missed_when_its_due_date_has_passed(session):
    set_up(session, agreement(TRAINING))
    log(session, "10-01 09:00 task.assigned ana due_at=2026-10-10T12:00", now=at("10-02 09:00"))
    score_due(session, now=at("10-10 12:00"))
    assert levels(session, "2026-10", "training") == [(ANA, "pending", 0)]
    late = at("10-10 12:00") + TICK
    score_due(session, now=late)
    assert levels(session, "2026-10", "training") == [(ANA, "missed", 0)]


@pytest.mark.parametrize("past", ["10-05 09:15", "10-20 12:00", "11-15 12:00", "09-01 00:00"])
def test_scoring_as_of_the_past_and_then_as_of_now_comes_to_the_same(aurora, past):
    log(aurora, "10-05 09:00 lead.assigned ana\n10-05 09:30 lead.disposed ana")
    log(aurora, "10-06 09:00 lead.assigned ana subject=L2\n11-06 09:30 lead.disposed ana subject=L2")
    log(aurora, "10-08 09:00 opportunity.won ana amount=2000\n11-08 09:00 opportunity.won ana subject=L3 amount=2000")
    before = state(aurora)
    score_everything(aurora, now=at(past), by=COMMAND_LINE)
    assert list(verify(aurora, now=at(past))) == []
    score_everything(aurora, now=NOW, by=COMMAND_LINE)
    assert state(aurora) == before
    assert list(verify(aurora, now=NOW)) == []


def test_after_scoring_as_of_the_past_the_scheduler_alone_comes_to_the_same_too(aurora):
    log(aurora, "10-05 09:00 lead.assigned ana\n10-05 09:30 lead.disposed ana")
    log(aurora, "10-08 09:00 opportunity.won ana amount=2000\n11-08 09:00 opportunity.won ana subject=L3 amount=2000")
    before = state(aurora)
    score_everything(aurora, now=at("10-05 09:15"), by=COMMAND_LINE)
    assert ledger(aurora) == {}
    score_due(aurora, now=NOW)
    assert state(aurora) == before
    assert list(verify(aurora, now=NOW)) == []


# Bounds


@pytest.mark.parametrize(
    ("when", "month"),
    [
        ("10-31 23:59:59.999999", "2026-10"),
        ("11-01 00:00", "2026-11"),  # T1: the end belongs to what follows
    ],
)
def test_t1_an_event_at_a_months_bound_counts_in_one_month(session, when, month):
    set_up(session, agreement(sla("one", 'kind = "count", of = ["opportunity.won"]', "met = 1")))
    record_event(session, event("x", when, "opportunity.won", ids_of(session)["ana"]), now=NOW)
    assert ledger(session) == {(ANA, "North", month): 5}
    assert list(verify(session, now=NOW)) == []


@pytest.mark.parametrize(
    ("started", "points"),
    [
        ("10-31 23:59:59.999999", 5),
        ("11-01 00:00", 50),
    ],
)
def test_p6_the_version_in_force_when_the_clock_opened_decides(session, started, points):
    always = 'kind = "response_time", from = ["lead.assigned"], to = ["lead.disposed"], clock = "elapsed"'
    old = agreement(sla("speed", always, 'met = "8h"'))
    new = agreement(sla("speed", always, 'met = "8h"', met=50), effective_from="2026-11-01")
    set_up(session, old, new)
    ana = ids_of(session)["ana"]
    record_event(session, event("a", started, "lead.assigned", ana), now=NOW)
    record_event(session, event("d", "11-01 02:00", "lead.disposed", ana), now=NOW)
    assert ledger(session) == {(ANA, "North", "2026-11"): points}
    assert list(verify(session, now=NOW)) == []


def test_p6_the_version_in_force_when_the_month_began_decides(session):
    more = agreement(WINS.replace("met = 2, exceeded = 4", "met = 1, exceeded = 2"), effective_from="2026-11-01")
    set_up(session, agreement(WINS), more)
    log(session, "10-05 09:00 opportunity.won ana\n11-05 09:00 opportunity.won ana subject=L2")
    assert levels(session, "2026-10", "wins")[0] == (ANA, "missed", 0)
    assert levels(session, "2026-11", "wins")[0] == (ANA, "met", 100)


# People without a team


def test_members_without_a_team_then_earn_for_themselves_alone(session):
    """Eva joins on 19 October; what she did before it is hers, and no team's."""
    set_up(session, agreement(SPEED, TEAM_WINS))
    log(session, "10-05 09:00 lead.assigned eva\n10-05 09:30 lead.disposed eva")
    log(session, "10-05 09:00 opportunity.won eva subject=L2\n10-06 09:00 opportunity.won eva subject=L3")
    assert ledger(session) == {("eva@example.com", None, "2026-10"): 10}
    assert list(verify(session, now=NOW)) == []
    assert score_everything(session, now=NOW, by=COMMAND_LINE) == 0


def test_one_without_a_team_stands_only_while_there_is_something_to_show(session):
    set_up(session, agreement(SPEED))
    log(session, "09-07 09:00 lead.assigned eva\n09-07 09:30 lead.disposed eva")
    assert next(each.key for each in standings(session, "2026-09", "member")) == "eva@example.com"
    log(session, "09-07 10:30 lead.reopened ana")
    assert "eva@example.com" not in {each.key for each in standings(session, "2026-09", "member")}
    assert list(verify(session, now=NOW)) == []
    before = state(session)
    score_everything(session, now=NOW, by=COMMAND_LINE)
    assert state(session) == before


def test_events_without_a_member_or_team_earn_nothing(session):
    set_up(session, agreement(SPEED, WINS, PIPELINE, TEAM_WINS, ON_TIME, TRAINING))
    log(session, "10-05 09:00 lead.assigned -\n10-05 09:30 lead.disposed -\n10-05 09:30 opportunity.won - amount=5000")
    log(session, "10-05 09:00 task.assigned - subject=T1 due_at=2026-10-10\n10-06 09:00 task.completed - subject=T1")
    assert ledger(session) == {}
    assert list(verify(session, now=NOW)) == []


# Any order, any size of batch, any moment in between

ACTIONS = ["lead.assigned", "lead.disposed", "lead.reopened", "opportunity.won", "lead.qualified"]
EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["L1", "L2"]),
        st.sampled_from(ACTIONS),
        st.sampled_from(["ana", "bia", "eva", "-"]),
        st.sampled_from(["09-30", "10-14", "10-15", "10-31", "11-01", "11-02", "12-20"]),
        st.sampled_from(["00:00", "09:00", "09:59", "17:30", "23:59"]),
    ),
    min_size=1,
    max_size=7,
)


@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(rows=EVENTS, chance=st.randoms(use_true_random=False))
def test_p2_events_in_any_order_and_pieces_with_the_scheduler_between_come_to_the_same(databases, rows, chance):
    lines = [f"{day} {hour} {kind} {who} subject={subject} amount=600" for subject, kind, who, day, hour in rows]
    results = []
    for pieces in (False, True):
        with databases("sqlite").fresh() as address, opened(address) as session:
            set_up(session, agreement(SPEED, WINS, PIPELINE, ON_TIME))
            if not pieces:
                log(session, "\n".join(lines))
            else:
                moments = sorted(chance.choices(["10-14 12:00", "10-20 12:00", "11-01 00:00", "11-20 12:00"], k=7))
                for line, moment in zip(chance.sample(lines, len(lines)), moments, strict=False):
                    log(session, line, now=at(moment))
                    score_due(session, now=at(moment))
                log(session, "\n".join(lines))
                score_due(session, now=NOW)
            assert list(verify(session, now=NOW)) == []
            results.append(state(session))
    assert results[0]["attainments"] == results[1]["attainments"]
    assert results[0]["ledger"] == results[1]["ledger"]
    assert points_of(results[0]) == points_of(results[1])


def points_of(result):
    """Return the totals that are not empty: months are opened by whatever happened in them at the time."""
    return {row for row in result["totals"] if any(isinstance(each, int) and each for each in row[3:])}
