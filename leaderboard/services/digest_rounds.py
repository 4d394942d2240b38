"""All that makes e-mails, one after another: reminders, then the digests whose time it is."""

from datetime import datetime

from sqlalchemy.orm import Session

from leaderboard.services.digests import make_mornings
from leaderboard.services.mail_kinds import is_mail_set_up
from leaderboard.services.manager_digests import make_closes, make_reviews, make_weeks
from leaderboard.services.means import Means
from leaderboard.services.reminding import remind
from leaderboard.services.rules import known_rules


def reminded(session: Session, *, now: datetime, means: Means) -> list[tuple[str, int]]:
    """Remind of what is about to fall due, make the digests whose time it is, and return what was made and how often.

    No e-mail is made where none is set up.
    """
    session.rollback()
    found = [("deadlines reminded of", remind(session, now=now, means=means))]
    book = known_rules(session.connection())
    if book is not None and is_mail_set_up(means):
        found.append(("morning digests made", make_mornings(session, book, now=now)))
        found.append(("weekly digests made", make_weeks(session, book, now=now)))
        found.append(("e-mails about closed periods made", make_closes(session, book, now=now)))
        found.append(("e-mails about a review made", make_reviews(session, book, now=now)))
    return found
