"""Recording one event, as a CRM sends it, and scoring what it touches at once."""

from datetime import datetime

from sqlalchemy.orm import Session

from leaderboard.domain.events import Event
from leaderboard.services.scoring import Scoring
from leaderboard.storage import events
from leaderboard.storage.database import all_or_nothing, to_micros


def record_event(session: Session, event: Event, *, now: datetime) -> bool:
    """Store one event and score its subject in one transaction; tell whether it was new.

    The same event id again in its source changes nothing. On return the event is on disk.
    """
    due_at = None if event.due_at is None else to_micros(event.due_at)
    row = (
        event.source,
        event.event_id,
        to_micros(event.occurred_at),
        event.type,
        event.subject,
        event.member_id,
        event.team_id,
        event.outcome,
        event.amount_minor,
        due_at,
    )
    with all_or_nothing(session):
        if not events.insert_event(session.connection(), row):
            return False
        scoring = Scoring(session, now)
        scoring.score([event.subject], added=event)
        scoring.finish()
    return True
