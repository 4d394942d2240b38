"""Questions about results and points: a member finds one not right, and a manager gives points for it or a reason."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from leaderboard.domain.actors import Actor
from leaderboard.domain.errors import QuestionRefused
from leaderboard.services.adjusting import give
from leaderboard.services.deciding import checked_text
from leaderboard.services.results import Entry, Result
from leaderboard.services.rules import RuleBook, rule_book
from leaderboard.services.scopes import EVERYTHING, Scope
from leaderboard.services.scoring import Scoring
from leaderboard.storage import questions, trail
from leaderboard.storage.database import DOOR_LOCK, all_or_nothing

LONGEST_TEXT = 2_000
PAGE_SIZE = 20
ASKED, ANSWERED = "points.questioned", "points.answered"
ADJUSTED, EXPLAINED = "adjusted", "explained"


@dataclass(frozen=True)
class Question:
    """A question and where it stands. title, subject: what it is about, None of points given by hand.

    outcome: `adjusted`, then given and given_in say how many points in which month; `explained`; None while it is open.
    """

    id: int
    member_id: int
    name: str
    team_id: int | None
    attainment_id: int | None
    entry_id: int | None
    month: str
    title: str | None
    subject: str | None
    is_monthly: bool
    level: str | None
    entry_points: int | None
    text: str
    asked_at: datetime
    asked_by: str
    outcome: str | None
    answer: str | None
    answered_at: datetime | None
    answered_by: str | None
    given: int | None
    given_in: str | None


def ask(session: Session, about: Result | Entry, text: str, *, by: Actor, now: datetime) -> int:
    """Ask about one's own result or row of the ledger, and return the question's number.

    A row that belongs to a result is asked about together with it: one open question at a time. Raises QuestionRefused
    `foreign` for what is not the asker's own and `open` while another is; Refused for a text that does not do.
    """
    text = checked_text(text, "The question", LONGEST_TEXT)
    attainment_id, entry_id, whose, month = _thing(about)
    if by.member_id is None or by.user_id is None or by.member_id != whose:
        raise QuestionRefused("foreign")
    with all_or_nothing(session, DOOR_LOCK):
        connection = session.connection()
        if any(row.outcome is None for row in questions.of_thing(connection, whose, attainment_id, entry_id)):
            raise QuestionRefused("open")
        month = month or rule_book(connection).rules.months.month_of(now).key
        question_id = questions.add(connection, whose, attainment_id, entry_id, month, text, by=by, now=now)
        trail.note(connection, by, ASKED, named(attainment_id, entry_id), at=now, after=text)
    return question_id


def explain_it(session: Session, question_id: int, reason: str, *, by: Actor, now: datetime) -> Question:
    """Answer a question with a reason, once, and return it as it is then.

    Raises QuestionRefused `unknown`, `answered`, or `self` for one's own; Refused for a text that does not do.
    """
    reason = checked_text(reason, "The answer", LONGEST_TEXT)
    with all_or_nothing(session, DOOR_LOCK):
        found = _answered(session, question_id, EXPLAINED, reason, by, now)
        trail.note(session.connection(), by, ANSWERED, named(found.attainment_id, found.entry_id), at=now, after=reason)
    return find_question(session, question_id)  # type: ignore[return-value]


def adjust_for_it(
    session: Session,
    question_id: int,
    points: int,
    reason: str,
    month: str,
    *,
    by: Actor,
    now: datetime,
    within: Scope = EVERYTHING,
) -> Question:
    """Answer a question with points given by hand, both or neither, and return it as it is then.

    month: one that is open. within: whom `by` answers for. Raises what explain_it and adjusting.adjust raise.
    """
    reason = checked_text(reason, "The answer", LONGEST_TEXT)
    with all_or_nothing(session):
        found = _answered(session, question_id, ADJUSTED, reason, by, now)
        scoring = Scoring(session, now)
        made = give(session, scoring, found.member_id, points, reason, month, by=by, now=now, within=within)
        connection = session.connection()
        questions.note_adjustment(connection, question_id, made.id)
        about = named(found.attainment_id, found.entry_id)
        trail.note(connection, by, ANSWERED, about, at=now, before=f"{month}: {points:+}", after=reason)
    return find_question(session, question_id)  # type: ignore[return-value]


def find_question(session: Session, question_id: int) -> Question | None:
    """Return a question; None if there is none."""
    connection = session.connection()
    row = questions.find(connection, question_id)
    return None if row is None else _question(rule_book(connection), row)


def questions_about(session: Session, about: Result | Entry) -> list[Question]:
    """Return what its member asked about a result or a row of the ledger, oldest first."""
    attainment_id, entry_id, whose, _ = _thing(about)
    connection = session.connection()
    rows = () if whose is None else questions.of_thing(connection, whose, attainment_id, entry_id)
    return _page(rule_book(connection), rows, len(rows))[0] if rows else []


def questions_of(
    session: Session, member_id: int, *, before: int | None = None, page_size: int = PAGE_SIZE
) -> tuple[list[Question], int | None]:
    """Return a member's questions, newest first, and the id that the next page begins below; None at the end."""
    connection = session.connection()
    return _page(
        rule_book(connection), questions.of_member(connection, member_id, page_size + 1, before=before), page_size
    )


def list_questions(
    session: Session, scope: Scope, *, is_open: bool, before: int | None = None, page_size: int = PAGE_SIZE
) -> tuple[list[Question], int | None]:
    """Return the questions that somebody may answer: open ones, oldest first, or answered ones, newest first.

    before: the id at which the page before ended; returned with it is that for the next page, None at the end.
    """
    connection = session.connection()
    rows = questions.newest(connection, page_size + 1, is_open=is_open, team_ids=scope.teams, before=before)
    return _page(rule_book(connection), rows, page_size)


def count_open(session: Session, scope: Scope) -> int:
    """Return how many questions wait for somebody who may answer them."""
    return questions.count_open(session.connection(), scope.teams)


def named(attainment_id: int | None, entry_id: int | None) -> str:
    """Return how the audit trail names what a question is about."""
    return f"result {attainment_id}" if attainment_id is not None else f"entry {entry_id}"


def _thing(about: Result | Entry) -> tuple[int | None, int | None, int | None, str | None]:
    """Return attainment, entry, member and month of what a question can be about."""
    if isinstance(about, Entry):
        return about.attainment_id, about.id, about.member_id, about.month
    return about.id, None, about.participant_id if about.scope == "member" else None, about.month


def _answered(session: Session, question_id: int, outcome: str, answer: str, by: Actor, now: datetime) -> Any:
    """Store the answer unless there is one: of two who press at once, one does."""
    connection = session.connection()
    found = questions.find(connection, question_id)
    if found is None:
        raise QuestionRefused("unknown")
    if found.member_id == by.member_id:
        raise QuestionRefused("self")
    if not questions.close(connection, question_id, outcome, answer, by=by, now=now):
        found = questions.find(connection, question_id)
        raise QuestionRefused("answered", by=found.answered_by, at=found.answered_at)
    return found


def _page(book: RuleBook, rows: Sequence[Any], size: int) -> tuple[list[Question], int | None]:
    found = [_question(book, row) for row in rows[:size]]
    return found, found[-1].id if len(rows) > size else None


def _question(book: RuleBook, row: Any) -> Question:
    sla = None if row.sla is None else book.rules.sla_in(row.version_id, row.sla)
    return Question(
        id=row.id,
        member_id=row.member_id,
        name=book.members[row.member_id][1],
        team_id=row.team_id,
        attainment_id=row.attainment_id,
        entry_id=row.entry_id,
        month=row.month,
        title=row.sla if sla is None else sla.title,
        subject=row.subject,
        is_monthly=bool(row.is_monthly),
        level=row.level,
        entry_points=row.entry_points,
        text=row.text,
        asked_at=row.asked_at,
        asked_by=row.asked_by,
        outcome=row.outcome,
        answer=row.answer,
        answered_at=row.answered_at,
        answered_by=row.answered_by,
        given=row.given,
        given_in=row.given_in,
    )
