"""Personal calendars of what is due, read by calendar programs at an address that nobody else knows."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from leaderboard.domain.actors import Actor
from leaderboard.domain.agreement import Sla
from leaderboard.domain.reminders import deadline_of, remind_at
from leaderboard.services.accounts import TOKEN_BYTES, token_key
from leaderboard.services.reminding import waiting_of
from leaderboard.services.rules import rule_book
from leaderboard.storage import mails, reminders, trail
from leaderboard.storage.database import DOOR_LOCK, all_or_nothing

MOST_ENTRIES = 500
RENEWED, ENDED = "calendar.renewed", "calendar.ended"


@dataclass(frozen=True)
class Entry:
    """Something that is due. remind_at: when it is reminded of, None for never."""

    id: int
    subject: str
    sla: Sla
    started_at: datetime
    deadline: datetime
    remind_at: datetime | None


@dataclass(frozen=True)
class DueCalendar:
    """What somebody has to do, the soonest first. language: theirs, or else the organisation's."""

    organisation: str
    language: str
    entries: Sequence[Entry]


def has_calendar_since(session: Session, user_id: int) -> datetime | None:
    """Return since when somebody has a calendar at its present address, None if they have none."""
    return mails.feed_of(session.connection(), user_id)


def renew_calendar(session: Session, *, now: datetime, by: Actor) -> str:
    """Give one's own calendar a new address, and return the token in it, which is shown this once."""
    assert by.user_id is not None
    token = secrets.token_urlsafe(TOKEN_BYTES)
    with all_or_nothing(session, DOOR_LOCK):
        mails.put_feed(session.connection(), by.user_id, token_key(token), now)
        trail.note(session.connection(), by, RENEWED, f"user {by.name}", at=now)
    return token


def end_calendar(session: Session, *, now: datetime, by: Actor) -> None:
    """Take one's own calendar away: its address leads nowhere from now on."""
    assert by.user_id is not None
    with all_or_nothing(session, DOOR_LOCK):
        if mails.put_feed(session.connection(), by.user_id, None, now):
            trail.note(session.connection(), by, ENDED, f"user {by.name}", at=now)


def read_calendar(session: Session, token: str, *, now: datetime) -> DueCalendar | None:
    """Return the calendar with a token; None for one that is not known, or whose account is closed. Two queries."""
    connection = session.connection()
    reader = mails.reader_of_feed(connection, token_key(token))
    if reader is None:
        return None
    book = rule_book(connection)
    organisation, rules = book.rules.organisation, book.rules
    found = []
    if reader.member_id is not None:
        team_id = rules.membership.team_at(reader.member_id, now)
        owners = [("member", reader.member_id), *([] if team_id is None else [("team", team_id)])]
        for row in reminders.waiting_for(connection, owners, MOST_ENTRIES):
            sla = rules.sla_in(row.version_id, row.sla)
            if sla is not None:
                at = None if sla.remind is None else remind_at(waiting_of(rules, sla, row), sla.remind)
                deadline = deadline_of(sla, row.due_at)
                found.append(Entry(row.id, row.subject, sla, row.started_at, deadline, at))
    return DueCalendar(organisation.name, reader.language or organisation.language, found)
