"""Awards are decided on once, by somebody who does not share in them, after the question window (B4)."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import Engine, select

from leaderboard.domain.errors import AwardRefused, Refused
from leaderboard.services.asking import LONGEST_TEXT, QuestionRefused, answer, ask
from leaderboard.services.deciding import LONGEST_REASON, MOST_AT_ONCE, approve, decline, mark_paid
from leaderboard.storage.bonus_tables import BonusAward, BonusQuestion
from leaderboard.storage.trail_tables import AuditEntry
from tests.factories import fresh_engine
from tests.services.bonus_examples import (
    BEST_REP,
    DECIDABLE_AT,
    DORA,
    ENZO,
    TEAM_WIN,
    account,
    award_id,
    close,
    sold,
)
from tests.services.examples import count
from tests.services.recorders import at_once

LATER = DECIDABLE_AT + timedelta(hours=1)
UNKNOWN = 4_711


@pytest.fixture
def aurora(session):
    """Three awards are proposed; their question window is over."""
    sold(session, TEAM_WIN, BEST_REP)
    close(session)
    return session


@pytest.fixture
def north(aurora):
    return award_id(aurora, "team-win", "North")


@pytest.fixture
def south(aurora):
    return award_id(aurora, "team-win", "South")


def told(outcome):
    return [str(each) for each in outcome.refused]


def status_of(session, award):
    session.rollback()
    row = session.get(BonusAward, award, populate_existing=True)
    return row.status, row.decided_by, row.decided_at, row.reason, row.paid_by


def trail(session):
    rows = session.execute(
        select(AuditEntry).where(AuditEntry.about.startswith("award ")).order_by(AuditEntry.id)
    ).scalars()
    return [(row.action, row.about, row.actor, row.before, row.after, row.why) for row in rows]


def test_b4_awards_are_approved_together_and_it_is_on_record(aurora, north, south):
    outcome = approve(aurora, [south, north, north], by=DORA, now=LATER)
    assert (outcome.done, outcome.refused) == (tuple(sorted((north, south))), ())
    assert status_of(aurora, north) == ("approved", "dora@example.com", LATER, None, None)
    assert trail(aurora) == [
        ("award.approved", f"award {each}", "dora@example.com", "proposed", "approved", None)
        for each in sorted((north, south))
    ]


def test_b4_what_one_award_is_refused_for_does_not_hold_up_the_others(aurora, north, south):
    trip = award_id(aurora, "best-rep", "Ana")
    ana = account(aurora, "ana")
    decline(aurora, [south], reason="Paid in June", by=ENZO, now=LATER)
    outcome = approve(aurora, [north, south, trip, UNKNOWN], by=ana, now=LATER)
    assert outcome.done == ()
    assert told(outcome) == [
        f"Award {north} pays you a share too; ask another manager to decide on it.",
        f"Award {south} was declined already, at 2027-01-06 16:00 UTC by {ENZO.name}; there is nothing left to do.",
        f"Award {trip} pays you a share too; ask another manager to decide on it.",
        f"Award {UNKNOWN} is not there; look at the list of awards again.",
    ]
    caio = account(aurora, "caio")
    assert approve(aurora, [north, south, trip, UNKNOWN], by=caio, now=LATER).done == (north, trip)


def test_b4_nothing_is_decided_before_the_question_window_ends(aurora, north, south):
    early = DECIDABLE_AT - timedelta(microseconds=1)
    outcomes = [
        approve(aurora, [north], by=DORA, now=early),
        decline(aurora, [south], reason="No", by=DORA, now=early),
    ]
    assert [(each.because, each.at) for outcome in outcomes for each in outcome.refused] == [
        ("early", DECIDABLE_AT)
    ] * 2
    assert approve(aurora, [north], by=DORA, now=DECIDABLE_AT).done == (north,)
    assert decline(aurora, [south], reason="No", by=DORA, now=DECIDABLE_AT).done == (south,)


def test_b4_an_award_is_declined_with_a_reason_that_is_kept(aurora, north):
    bia = account(aurora, "bia")  # she shares in it: she may do without
    assert decline(aurora, [north], reason="  Paid in June\r\nalready ", by=bia, now=LATER).done == (north,)
    assert status_of(aurora, north) == ("declined", "bia@example.com", LATER, "Paid in June\nalready", None)
    assert trail(aurora)[-1][-1] == "Paid in June\nalready"


def test_b4_declining_needs_a_reason(aurora, north):
    for reason, says in (
        (" \n", "The reason is empty; write a sentence that says it."),
        ("x" * (LONGEST_REASON + 1), "The reason has 1,001 characters; write at most 1,000."),
        ("a\x1bb", "The reason holds characters that cannot be shown"),
    ):
        with pytest.raises(Refused, match=says):
            decline(aurora, [north], reason=reason, by=DORA, now=LATER)
    assert status_of(aurora, north)[0] == "proposed"
    assert decline(aurora, [north], reason="x" * LONGEST_REASON, by=DORA, now=LATER).done == (north,)


def test_b4_only_what_is_approved_is_paid_and_only_once(aurora, north):
    assert told(mark_paid(aurora, [north], by=DORA, now=LATER)) == [
        f"Award {north} is not approved yet; approve it first."
    ]
    approve(aurora, [north], by=DORA, now=LATER)
    assert mark_paid(aurora, [north], by=ENZO, now=LATER).done == (north,)
    for again in (mark_paid(aurora, [north], by=DORA, now=LATER), approve(aurora, [north], by=DORA, now=LATER)):
        assert [(each.because, each.status, each.by) for each in again.refused] == [("decided", "paid", ENZO.name)]
    assert status_of(aurora, north) == ("paid", DORA.name, LATER, None, ENZO.name)


def test_at_most_a_thousand_awards_are_decided_on_at_once(aurora):
    assert len(approve(aurora, range(1, MOST_AT_ONCE + 1), by=DORA, now=DECIDABLE_AT).done) == 3
    with pytest.raises(Refused, match="1,001 awards are too many at once; choose at most 1,000"):
        approve(aurora, range(1, MOST_AT_ONCE + 2), by=DORA, now=DECIDABLE_AT)


def test_deciding_on_many_takes_as_many_queries_as_on_one(aurora, north, south, query_counter):
    caio = account(aurora, "caio")
    seen = []
    for ids in ([north], [south, award_id(aurora, "best-rep", "Ana")]):
        with query_counter() as statements:
            assert approve(aurora, ids, by=caio, now=LATER).refused == ()
        seen.append(len([each for each in statements if "advisory" not in each]))
    assert seen == [6, 6]


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = fresh_engine(database_url)
    yield engine
    engine.dispose()


@pytest.mark.parametrize("number", [2, 4])
def test_b4_of_those_who_press_at_once_one_decides_and_the_others_are_told_who_was_faster(
    aurora, north, engine, number
):
    aurora.rollback()
    jobs = [
        (lambda each: lambda session: approve(session, [north], by=each, now=LATER))(
            DORA._replace(name=f"m{index}@example.com")
        )
        for index in range(number)
    ]
    outcomes = at_once(engine, *jobs)
    assert Counter(len(each.done) for each in outcomes) == {1: 1, 0: number - 1}
    winner = next(f"m{index}@example.com" for index, each in enumerate(outcomes) if each.done)
    refused = [refusal for each in outcomes for refusal in each.refused]
    assert {(each.because, each.status, each.by, each.at) for each in refused} == {
        ("decided", "approved", winner, LATER)
    }
    assert len(trail(aurora)) == 1


def test_b4_of_approving_and_declining_at_once_one_holds(aurora, north, engine):
    aurora.rollback()
    outcomes = at_once(
        engine,
        lambda session: approve(session, [north], by=DORA, now=LATER),
        lambda session: decline(session, [north], reason="No", by=ENZO, now=LATER),
    )
    assert sorted(len(each.done) for each in outcomes) == [0, 1]
    status, by, *_ = status_of(aurora, north)
    assert (status, by) == (("approved", DORA.name) if outcomes[0].done else ("declined", ENZO.name))


def test_members_ask_about_an_award_and_a_manager_answers(aurora, north):
    bia = account(aurora, "bia", "rep")
    question = ask(aurora, north, " Why not Eva? ", by=bia, now=DECIDABLE_AT)
    assert answer(aurora, question, "She came later.", by=DORA, now=LATER) == north
    row = aurora.get(BonusQuestion, question, populate_existing=True)
    assert (row.asked_by, row.asked_at, row.text) == ("bia@example.com", DECIDABLE_AT, "Why not Eva?")
    assert (row.answered_by, row.answered_at, row.answer) == (DORA.name, LATER, "She came later.")
    assert [(action, about, after) for action, about, _, _, after, _ in trail(aurora)] == [
        ("question.asked", f"award {north}", "Why not Eva?"),
        ("question.answered", f"award {north}", "She came later."),
    ]


def test_a_question_is_refused_where_it_makes_no_sense(aurora, north):
    bia = account(aurora, "bia", "rep")
    with pytest.raises(Refused, match="Only members can ask about an award"):
        ask(aurora, north, "Why?", by=DORA, now=LATER)
    with pytest.raises(Refused, match="The question is empty"):
        ask(aurora, north, "", by=bia, now=LATER)
    with pytest.raises(Refused, match="The question has 2,001 characters"):
        ask(aurora, north, "x" * (LONGEST_TEXT + 1), by=bia, now=LATER)
    with pytest.raises(AwardRefused, match="Award 4711 is not there"):
        ask(aurora, UNKNOWN, "Why?", by=bia, now=LATER)
    approve(aurora, [north], by=DORA, now=LATER)
    with pytest.raises(AwardRefused, match=f"Award {north} was approved already"):
        ask(aurora, north, "Why?", by=bia, now=LATER)
    assert count(aurora, BonusQuestion) == 0


def test_a_question_is_answered_once_also_after_the_decision(aurora, north):
    question = ask(aurora, north, "Why?", by=account(aurora, "bia"), now=LATER)
    approve(aurora, [north], by=ENZO, now=LATER)
    answer(aurora, question, "So.", by=DORA, now=LATER)
    with pytest.raises(QuestionRefused, match=r"The question was answered already, at .* UTC by dora@example.com"):
        answer(aurora, question, "Not so.", by=ENZO, now=LATER)
    with pytest.raises(QuestionRefused, match="The question is not there"):
        answer(aurora, UNKNOWN, "So.", by=DORA, now=LATER)
