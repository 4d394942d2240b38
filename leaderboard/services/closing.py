"""Closing months and quarters (M1-M3): a place holder until the service itself is merged."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy.orm import Session

from leaderboard.domain.actors import Actor


class Closed(NamedTuple):
    """A period that was closed, and the names of its winners."""

    period: str
    closed_at: datetime
    closed_by: str
    as_of: datetime
    reps: tuple[str, ...]
    teams: tuple[str, ...]
    awards: int


def close_next(session: Session, *, now: datetime, by: Actor) -> Closed | None:
    """Close the oldest period that is due; None: nothing is."""
    return None


def close_period(session: Session, period: str, *, now: datetime, by: Actor) -> list[Closed]:
    """Close a period by hand, and the older open ones first."""
    return []


def next_closing(session: Session) -> tuple[str, datetime] | None:
    """Return the next period to close and when it falls due."""
    return None
