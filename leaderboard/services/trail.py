"""The audit trail as managers search it and take it away: who did what and when, from which value to which."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from leaderboard.domain.errors import Refused
from leaderboard.domain.periods import midnight
from leaderboard.services.rules import rule_book
from leaderboard.storage import trail

PAGE_SIZE = 50
ENTRIES_A_CHUNK = 1_000
EXPORT_COLUMNS = ("id", "at", "actor", "action", "about", "before", "after", "why")


@dataclass(frozen=True)
class TrailQuery:
    """What is looked for; what is empty or None asks for nothing.

    actor, about: whole. action: whole, such as award.approved, or its first word. text: anywhere in an entry.
    since, until: days in the organisation's time zone, both included. older_than: the id of an entry.
    """

    actor: str = ""
    action: str = ""
    about: str = ""
    text: str = ""
    since: date | None = None
    until: date | None = None
    older_than: int | None = None


@dataclass(frozen=True)
class TrailPage:
    """Entries, newest first. older_than: where the next page begins, None at the end.

    actors, actions: all that there are, to choose from.
    """

    entries: tuple[Any, ...]
    older_than: int | None
    actors: tuple[str, ...]
    actions: tuple[str, ...]


def search_trail(session: Session, query: TrailQuery, *, page_size: int = PAGE_SIZE) -> TrailPage:
    """Return a page of what is looked for."""
    connection = session.connection()
    found = _entries(connection, query, page_size + 1)
    page = found[:page_size]
    older_than = page[-1].id if len(found) > page_size else None
    return TrailPage(page, older_than, tuple(trail.actors(connection)), tuple(trail.actions(connection)))


def trail_rows(session: Session, query: TrailQuery) -> Iterator[list[Any]]:
    """Yield all of what is looked for as EXPORT_COLUMNS, newest first; instants are ISO 8601 in UTC.

    Read in chunks: what it keeps does not grow with the trail.
    """
    connection = session.connection()
    while found := _entries(connection, query, ENTRIES_A_CHUNK):
        for each in found:
            at = each.at.astimezone(UTC).isoformat().replace("+00:00", "Z")
            yield [each.id, at, each.actor, each.action, each.about, each.before, each.after, each.why]
        query = replace(query, older_than=found[-1].id)


def _entries(connection: Connection, query: TrailQuery, limit: int) -> tuple[Any, ...]:
    zone = _zone(connection)
    return tuple(
        trail.entries(
            connection,
            limit,
            older_than=query.older_than,
            actor=query.actor,
            action=query.action,
            about=query.about,
            text=query.text,
            since=_start(query.since, zone),
            until=_start(query.until, zone, days=1),
        )
    )


def _start(day: date | None, zone: ZoneInfo, days: int = 0) -> datetime | None:
    """Return the instant at which a day begins, or one so many days later."""
    return None if day is None else midnight(day + timedelta(days=days), zone)


def _zone(connection: Connection) -> ZoneInfo:
    """Return the organisation's time zone; UTC before one is loaded: accounts come first."""
    try:
        return rule_book(connection).rules.organisation.zone
    except Refused:
        return ZoneInfo("UTC")
