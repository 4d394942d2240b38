"""Events: immutable facts from a CRM, and how those of one subject are ordered (C8)."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple


class Event(NamedTuple):
    """Something happened to a subject at an instant; `amount_minor` is in the organisation's currency."""

    event_id: str
    occurred_at: datetime
    type: str
    subject: str
    member_id: int | None = None
    team_id: int | None = None
    outcome: str | None = None
    amount_minor: int | None = None
    due_at: datetime | None = None
    source: str = ""


def place(event: Event) -> tuple[datetime, str, str]:
    """Return what events are ordered by: instant, then id, then source, which no import can change (P2)."""
    return event.occurred_at, event.event_id, event.source


def in_order(events: Iterable[Event]) -> list[Event]:
    """Return events in order (P2)."""
    return sorted(events, key=place)


def before(events: Sequence[Event], now: datetime) -> Sequence[Event]:
    """Return the events that have happened by `now`; later ones wait for their time.

    events: in order.
    """
    if not events or events[-1].occurred_at <= now:
        return events
    return [each for each in events if each.occurred_at <= now]
