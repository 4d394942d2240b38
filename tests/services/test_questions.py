"""This is not right: a member asks, a manager answers once, with points or with a reason; both are kept (P7, P8)."""

from datetime import timedelta
from threading import Barrier, Thread

import pytest
from sqlalchemy import select, update

from leaderboard.domain.actors import COMMAND_LINE, Actor
from leaderboard.domain.errors import AdjustmentRefused, QuestionRefused, Refused
from leaderboard.services import questions
from leaderboard.services.accounts import add_user
from leaderboard.services.closing import close_next
from leaderboard.services.questions import (
    LONGEST_TEXT,
    adjust_for_it,
    ask,
    count_open,
    explain_it,
    list_questions,
    questions_about,
    questions_of,
)
from leaderboard.services.results import find_entry, find_result
from leaderboard.services.scopes import EVERYTHING, NOTHING, Scope
from leaderboard.services.trail import TrailQuery, search_trail
from leaderboard.services.verifying import verify
from leaderboard.storage.accounts_tables import UserAccount
from leaderboard.storage.tables import AttainmentRow, PointEntry, Team
from leaderboard.storage.trail_tables import AdjustmentRow, PointQuestion
from tests.factories import ids_of, opened
from tests.services.examples import NOW, count, log, set_up
from tests.web.door import CHEAP

LATER = NOW + timedelta(hours=1)
TEXT = "I had it done\nbefore noon."


@pytest.fixture
def aurora(session):
    """Ana has one in time and one too late, Eva of South one in time; November is over."""
    set_up(session)
    log(session, """
        12-01 09:00 lead.assigned ana subject=quick
        12-01 09:30 lead.disposed ana subject=quick
        12-02 09:00 lead.assigned ana subject=late
        12-04 09:00 lead.disposed ana subject=late
        12-01 09:00 lead.assigned eva subject=hers
        12-01 09:30 lead.disposed eva subject=hers
        11-03 09:00 lead.assigned ana subject=old
        11-03 09:30 lead.disposed ana subject=old
    """)  # fmt: skip
    for name, role in (("ana", "rep"), ("eva", "rep"), ("caio", "manager")):
        account = {"email": f"{name}@example.com", "role": role, "password": "nine quiet lanterns"}
        add_user(session, **account, now=NOW, by=COMMAND_LINE, costs=CHEAP)
    return session


def by(session, name):
    mine = UserAccount.email == f"{name}@example.com"
    return Actor(*session.execute(select(UserAccount.email, UserAccount.id, UserAccount.member_id).where(mine)).one())


def about(session, subject):
    session.rollback()
    where = (AttainmentRow.subject == subject, AttainmentRow.sla == "speed")
    return find_result(session, session.execute(select(AttainmentRow.id).where(*where)).scalar_one())


def row_of(session, subject):
    mine = PointEntry.attainment_id == about(session, subject).id
    return find_entry(session, session.execute(select(PointEntry.id).where(mine)).scalar_one())


def asked(session, subject="late", who="ana", text=TEXT):
    return ask(session, about(session, subject), text, by=by(session, who), now=NOW)


def trail_of(session, action):
    return [
        (each.actor, each.about, each.before, each.after)
        for each in search_trail(session, TrailQuery(action=action)).entries
    ]


def test_a_question_is_kept_with_its_reason_and_both_can_be_read(aurora):
    number = asked(aurora)
    late = about(aurora, "late")
    (waits,) = questions_about(aurora, late)
    assert (waits.text, waits.outcome, waits.answer, waits.month, waits.level) == (
        TEXT,
        None,
        None,
        "2026-12",
        "missed",
    )
    done = explain_it(aurora, number, "The CRM says Friday.", by=by(aurora, "caio"), now=LATER)
    assert (done.outcome, done.answer, done.answered_by, done.answered_at, done.given) == (
        "explained", "The CRM says Friday.", "caio@example.com", LATER, None)  # fmt: skip
    assert questions_of(aurora, ids_of(aurora)["ana"]) == ([done], None)
    assert trail_of(aurora, "points.questioned") == [("ana@example.com", f"result {late.id}", None, TEXT)]
    assert trail_of(aurora, "points.answered") == [
        ("caio@example.com", f"result {late.id}", None, "The CRM says Friday.")]  # fmt: skip
    assert count(aurora, AdjustmentRow) == 0
    assert list(verify(aurora, now=LATER)) == []


def test_p7_an_answer_with_points_gives_them_and_names_them(aurora):
    done = adjust_for_it(aurora, asked(aurora), 5, "You are right.", "2026-12", by=by(aurora, "caio"), now=LATER)
    assert (done.outcome, done.given, done.given_in, done.answer) == ("adjusted", 5, "2026-12", "You are right.")
    (row,) = aurora.execute(select(AdjustmentRow)).scalars()
    assert (row.points, row.reason, row.made_by, row.member_id) == (5, "You are right.", "caio@example.com", 1)
    assert trail_of(aurora, "points.answered")[0][2:] == ("2026-12: +5", "You are right.")
    assert len(trail_of(aurora, "adjustment.made")) == 1
    assert list(verify(aurora, now=LATER)) == []


@pytest.mark.parametrize(
    ("points", "reason", "month", "problem"),
    [
        (0, "None", "2026-12", "points"),
        (10_001, "Too many", "2026-12", "points"),
        (5, "No", "2026-12", "reason"),
        (5, "Two\nlines", "2026-12", "reason"),
        (5, "Of a closed month", "2026-11", "closed"),
        (5, "Of one to come", "2027-01", "future"),
    ],
)
def test_p7_points_that_cannot_be_given_leave_the_question_open(aurora, points, reason, month, problem):
    while close_next(aurora, now=NOW, by=COMMAND_LINE) is not None:
        pass
    number = asked(aurora)
    with pytest.raises(AdjustmentRefused) as refused:
        adjust_for_it(aurora, number, points, reason, month, by=by(aurora, "caio"), now=LATER)
    assert refused.value.problem == problem
    aurora.rollback()
    assert questions.find_question(aurora, number).outcome is None
    assert (count(aurora, AdjustmentRow), trail_of(aurora, "points.answered")) == (0, [])


def test_one_question_at_a_time_waits_about_a_result_and_the_rows_it_earned(aurora):
    first = ask(aurora, row_of(aurora, "quick"), TEXT, by=by(aurora, "ana"), now=NOW)
    for thing in (about(aurora, "quick"), row_of(aurora, "quick")):
        with pytest.raises(QuestionRefused) as refused:
            ask(aurora, thing, "Again", by=by(aurora, "ana"), now=NOW)
        assert refused.value.because == "open"
    asked(aurora, "late")  # about another thing
    explain_it(aurora, first, "It is right.", by=by(aurora, "caio"), now=LATER)
    again = asked(aurora, "quick", text="Why is it right?")
    assert [each.id for each in questions_about(aurora, about(aurora, "quick"))] == [first, again]


def test_only_whose_it_is_may_ask_and_nobody_answers_their_own(aurora):
    for name, thing in (
        ("eva", about(aurora, "late")),
        ("caio", about(aurora, "late")),
        ("eva", row_of(aurora, "quick")),
    ):
        with pytest.raises(QuestionRefused) as refused:
            ask(aurora, thing, TEXT, by=by(aurora, name), now=NOW)
        assert refused.value.because == "foreign"
    number = asked(aurora)
    for answering in (
        lambda: explain_it(aurora, number, "It is right.", by=by(aurora, "ana"), now=LATER),
        lambda: adjust_for_it(aurora, number, 5, "I am right.", "2026-12", by=by(aurora, "ana"), now=LATER),
    ):
        with pytest.raises(QuestionRefused) as refused:
            answering()
        assert refused.value.because == "self"
    with pytest.raises(QuestionRefused) as refused:
        explain_it(aurora, 999, "Who?", by=by(aurora, "caio"), now=LATER)
    assert refused.value.because == "unknown"
    assert (count(aurora, PointQuestion), count(aurora, AdjustmentRow)) == (1, 0)


@pytest.mark.parametrize("text", ["", " \n ", "x" * (LONGEST_TEXT + 1), "a\x1b[31m"])
def test_a_text_is_checked_on_both_sides(aurora, text):
    number = asked(aurora)
    with pytest.raises(Refused):
        asked(aurora, "quick", text=text)
    with pytest.raises(Refused):
        explain_it(aurora, number, text, by=by(aurora, "caio"), now=LATER)
    assert count(aurora, PointQuestion) == 1
    explain_it(aurora, number, "x" * LONGEST_TEXT, by=by(aurora, "caio"), now=LATER)


def test_managers_see_the_questions_of_their_teams_and_how_many_wait(aurora):
    teams = ids_of(aurora, Team)
    north, south = (Scope(is_all=False, team_ids=frozenset({teams[name]})) for name in ("North", "South"))
    mine, other = asked(aurora), asked(aurora, "quick")
    hers = asked(aurora, "hers", "eva")
    explain_it(aurora, other, "It is right.", by=by(aurora, "caio"), now=LATER)

    def listed(scope, is_open=True, **rest):
        found, before = list_questions(aurora, scope, is_open=is_open, **rest)
        return [each.id for each in found], before

    assert (listed(north), listed(south), listed(EVERYTHING)) == (([mine], None), ([hers], None), ([mine, hers], None))
    assert (listed(NOTHING), listed(north, is_open=False)) == (([], None), ([other], None))
    assert [count_open(aurora, scope) for scope in (north, south, EVERYTHING, NOTHING)] == [1, 1, 2, 0]
    assert listed(EVERYTHING, page_size=1) == ([mine], mine)
    assert listed(EVERYTHING, page_size=1, before=mine) == ([hers], None)
    assert questions_of(aurora, ids_of(aurora)["ana"], page_size=1)[1] == other


def test_what_no_team_was_credited_with_only_those_see_who_see_all(aurora):
    asked(aurora)
    aurora.execute(update(AttainmentRow).where(AttainmentRow.subject == "late").values(team_id=None))
    aurora.commit()
    everywhere = Scope(is_all=False, team_ids=frozenset(ids_of(aurora, Team).values()))
    assert (count_open(aurora, everywhere), count_open(aurora, EVERYTHING)) == (0, 1)


def test_of_two_who_answer_at_once_one_does(aurora, database_url):
    number, caio = asked(aurora), by(aurora, "caio")
    aurora.rollback()
    barrier, outcomes = Barrier(4), []

    def answer(place):
        with opened(database_url) as session:
            barrier.wait()
            try:
                if place % 2:
                    adjust_for_it(session, number, 5, f"Right, {place}.", "2026-12", by=caio, now=LATER)
                else:
                    explain_it(session, number, f"Wrong, {place}.", by=caio, now=LATER)
                outcomes.append("done")
            except QuestionRefused as error:
                outcomes.append(error.because)

    threads = [Thread(target=answer, args=(place,)) for place in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["answered"] * 3 + ["done"]
    done = questions.find_question(aurora, number)
    assert count(aurora, AdjustmentRow) == (1 if done.outcome == "adjusted" else 0)
    assert list(verify(aurora, now=LATER)) == []


def test_of_two_who_ask_at_once_one_does(aurora, database_url):
    late, ana = about(aurora, "late"), by(aurora, "ana")
    aurora.rollback()
    barrier, outcomes = Barrier(3), []

    def put():
        with opened(database_url) as session:
            barrier.wait()
            try:
                outcomes.append(bool(ask(session, late, TEXT, by=ana, now=NOW)))
            except QuestionRefused:
                outcomes.append(False)

    threads = [Thread(target=put) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == [False, False, True]
    assert count(aurora, PointQuestion) == 1
