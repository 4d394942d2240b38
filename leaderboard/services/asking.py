"""Questions about a bonus award while it is proposed, and the managers' answers."""

from datetime import datetime

from sqlalchemy.orm import Session

from leaderboard.domain.actors import Actor
from leaderboard.domain.bonuses import Status
from leaderboard.domain.errors import AwardRefused, Refused
from leaderboard.services.deciding import checked_text
from leaderboard.storage import awards, trail
from leaderboard.storage.database import DOOR_LOCK, all_or_nothing

LONGEST_TEXT = 2_000


class QuestionRefused(Refused):
    """A question that cannot be answered: because it is `unknown`, or `answered` already by `by` at `at`."""

    def __init__(self, because: str, *, by: str | None = None, at: datetime | None = None) -> None:
        says = "is not there; look at the award again"
        if at is not None:
            says = f"was answered already, at {at:%Y-%m-%d %H:%M} UTC by {by}"
        super().__init__(f"The question {says}.")
        self.because, self.by, self.at = because, by, at


def ask(session: Session, award_id: int, text: str, *, by: Actor, now: datetime) -> int:
    """Ask about an award that is still proposed, and return the question's number.

    Whoever has an account that is linked to a member may ask. Raises Refused for others and for an empty
    question, AwardRefused for an award that is not there or decided already.
    """
    text = checked_text(text, "The question", LONGEST_TEXT)
    if by.user_id is None or by.member_id is None:
        raise Refused("Only members can ask about an award; sign in with an account that is linked to a member.")
    with all_or_nothing(session, DOOR_LOCK):
        connection = session.connection()
        row = awards.find(connection, [award_id]).get(award_id)
        if row is None:
            raise AwardRefused(award_id, "unknown")
        if row.status != Status.PROPOSED:
            raise AwardRefused(award_id, "decided", status=row.status, by=row.decided_by, at=row.decided_at)
        question_id = awards.add_question(connection, award_id, by.user_id, by.name, text, now)
        trail.note(connection, by, "question.asked", f"award {award_id}", at=now, after=text)
    return question_id


def answer(session: Session, question_id: int, text: str, *, by: Actor, now: datetime) -> int:
    """Answer a question, once, also after the award is decided; return the award's number.

    Raises Refused for an empty answer, QuestionRefused for a question that is not there or was answered already.
    """
    text = checked_text(text, "The answer", LONGEST_TEXT)
    with all_or_nothing(session, DOOR_LOCK):
        connection = session.connection()
        award_id = awards.answer_question(connection, question_id, by.name, text, now)
        if award_id is None:
            row = awards.question(connection, question_id)
            if row is None:
                raise QuestionRefused("unknown")
            raise QuestionRefused("answered", by=row.answered_by, at=row.answered_at)
        trail.note(connection, by, "question.answered", f"award {award_id}", at=now, after=text)
    return award_id
