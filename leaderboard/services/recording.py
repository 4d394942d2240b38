"""Recording one event, as a CRM sends it, and scoring what it touches at once."""

from datetime import datetime

from sqlalchemy.orm import Session

from leaderboard.domain.events import Event
from leaderboard.services.scoring import Scoring
from leaderboard.storage import events
from leaderboard.storage.database import all_or_nothing


def record_event(session: Session, event: Event, *, now: datetime) -> bool:
    """Store one event and score its subject in one transaction; tell whether it was new.

    The same event id again in its source changes nothing. On return the event is on disk.
    """
    with all_or_nothing(session):
        if not events.insert_event(session.connection(), events.row_of(event)):
            return False
        scoring = Scoring(session, now)
        scoring.score([event.subject], added=event)
        scoring.finish()
    return True
