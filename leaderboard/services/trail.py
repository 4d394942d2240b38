"""The audit trail as managers search it and take it away: who did what and when, from which value to which."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from leaderboard.domain.periods import midnight
from leaderboard.services.rules import RuleBook, known_rules
from leaderboard.storage import trail

PAGE_SIZE = 50
ENTRIES_A_CHUNK = 1_000
HIDDEN = "…"
TELL_WHO = ("person.added", "person.changed", "person.id-added", "person.id-removed", "member.display_choice")
"""Actions that note names, nicknames and ids of whom they are about: hidden once those were made anonymous."""
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
class Entry:
    """An entry as it is shown; as storage/trail.py gives them."""

    id: int
    at: datetime
    actor: str
    action: str
    about: str
    before: str | None
    after: str | None
    why: str | None


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
    book = known_rules(connection)
    found = _entries(connection, book, query, page_size + 1)
    page = found[:page_size]
    older_than = page[-1].id if len(found) > page_size else None
    actors = (each for each in trail.actors(connection) if book is None or book.masked(each) == each)
    return TrailPage(page, older_than, tuple(actors), tuple(trail.actions(connection)))


def trail_rows(session: Session, query: TrailQuery) -> Iterator[list[Any]]:
    """Yield all of what is looked for as EXPORT_COLUMNS, newest first; instants are ISO 8601 in UTC.

    Read in chunks: what it keeps does not grow with the trail.
    """
    connection = session.connection()
    book = known_rules(connection)
    while found := _entries(connection, book, query, ENTRIES_A_CHUNK):
        for each in found:
            at = each.at.astimezone(UTC).isoformat().replace("+00:00", "Z")
            yield [each.id, at, each.actor, each.action, each.about, each.before, each.after, each.why]
        query = replace(query, older_than=found[-1].id)


def _entries(connection: Connection, book: RuleBook | None, query: TrailQuery, limit: int) -> tuple[Any, ...]:
    zone = ZoneInfo("UTC") if book is None else book.rules.organisation.zone
    found = tuple(
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
    return found if book is None or not book.anonymous else tuple(_masked(book, each) for each in found)


def _masked(book: RuleBook, entry: Any) -> Entry:
    """Return an entry as it is shown: without those who were made anonymous, whom the trail itself names for good."""
    about = book.masked(entry.about)
    is_telling = about != entry.about and entry.action in TELL_WHO
    before, after, why = (
        None if each is None else HIDDEN if is_telling else book.masked(each)
        for each in (entry.before, entry.after, entry.why)
    )
    return Entry(entry.id, entry.at, book.masked(entry.actor), entry.action, about, before, after, why)


def _start(day: date | None, zone: ZoneInfo, days: int = 0) -> datetime | None:
    """Return the instant at which a day begins, or one so many days later."""
    return None if day is None else midnight(day + timedelta(days=days), zone)
