"""Drafting: the next version of the agreement is written, by several people if need be; nothing is scored by it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from leaderboard.domain.actors import Actor
from leaderboard.domain.agreement import Agreement
from leaderboard.domain.agreement_file import parse_agreement
from leaderboard.domain.agreement_text import Document, document_of, write_agreement, write_document
from leaderboard.domain.closing import closed_months
from leaderboard.domain.errors import AgreementRefused, DraftRefused
from leaderboard.domain.inbound import KNOWN_TYPES
from leaderboard.domain.periods import Month
from leaderboard.domain.rules import types_in
from leaderboard.services.lines import LONGEST_LINE
from leaderboard.services.rules import rule_book
from leaderboard.storage import agreements, trail
from leaderboard.storage.database import DOOR_LOCK, all_or_nothing

MOST_LISTED = 100
MOST_EVENTS = 5_000
MONTHS_AHEAD, MONTHS_BACK = 12, 12


@dataclass(frozen=True)
class Draft:
    """A version of the agreement that is being written, or waits for its signatures.

    document: its TOML, which is valid. state: draft, proposed, in_force or withdrawn. revision: rises with each change.
    version_id: what it became. currency: the organisation's.
    """

    id: int
    title: str
    document: str
    state: str
    revision: int
    created_at: datetime
    created_by: str
    changed_at: datetime
    changed_by: str
    proposed_at: datetime | None
    proposed_by: str | None
    version_id: int | None
    currency: str

    def agreement(self) -> Agreement:
        """Return what it says; AgreementRefused if the organisation's currency has become a coarser one since."""
        return parse_agreement(self.document, self.currency)

    @property
    def digest(self) -> str:
        """The SHA-256 of its document: what a signature is under."""
        return trail.whole_digest(self.document)


def read_draft(session: Session, draft_id: int) -> Draft | None:
    """Return a draft, or None if there is none with that id."""
    connection = session.connection()
    row = agreements.draft(connection, draft_id)
    return None if row is None else Draft(**row._asdict(), currency=_currency(connection))


def list_drafts(session: Session, *states: str) -> list[Draft]:
    """Return the drafts in some states, newest first, at most MOST_LISTED of them."""
    connection = session.connection()
    rows, currency = agreements.drafts(connection, states, MOST_LISTED), _currency(connection)
    return [Draft(**row._asdict(), currency=currency) for row in rows]


def start_draft(session: Session, document: str, *, by: Actor, now: datetime) -> int:
    """Store a new draft that says what a TOML text says, and return its id.

    Raises AgreementRefused with every mistake; Refused while there is no organisation.
    """
    with all_or_nothing(session, DOOR_LOCK):
        connection = session.connection()
        title = _checked(document, _currency(connection)).title
        draft_id = agreements.add_draft(connection, title, document, by.name, now)
        trail.note(connection, by, "draft.started", about(draft_id), at=now, after=in_short(title, document))
    return draft_id


def change_draft(
    session: Session, draft_id: int, revision: int, edit: Callable[[Document], Any], *, by: Actor, now: datetime
) -> None:
    """Change the tables of a draft's document.

    revision: the one that whoever changes it has seen. edit: changes the tables in place.
    Raises DraftRefused: `gone`, `settled` (proposed, in force or discarded meanwhile) or `stale` (changed meanwhile);
    AgreementRefused when what comes out is no agreement.
    """
    with all_or_nothing(session, DOOR_LOCK):
        connection = session.connection()
        draft = to_change(session, draft_id, revision)
        tables = document_of(draft.agreement(), draft.currency)
        edit(tables)
        agreement = _checked(write_document(tables), draft.currency)
        title, document = agreement.title, write_agreement(agreement, draft.currency)
        if document == draft.document:
            return
        values = {"title": title, "document": document}
        if not agreements.change_draft(connection, draft_id, ["draft"], by.name, now, revision=revision, **values):
            raise DraftRefused("stale")
        before, after = in_short(draft.title, draft.document), in_short(title, document)
        trail.note(connection, by, "draft.changed", about(draft_id), at=now, before=before, after=after)


def discard_draft(session: Session, draft_id: int, revision: int, *, by: Actor, now: datetime) -> None:
    """Give a draft up; it is kept and listed, and can be read. Raises DraftRefused as change_draft does."""
    with all_or_nothing(session, DOOR_LOCK):
        connection = session.connection()
        draft = to_change(session, draft_id, revision)
        if not agreements.change_draft(
            connection, draft_id, ["draft"], by.name, now, revision=revision, state="withdrawn"
        ):
            raise DraftRefused("stale")
        before = in_short(draft.title, draft.document)
        trail.note(connection, by, "draft.discarded", about(draft_id), at=now, before=before)


def choosable_months(session: Session, *, now: datetime) -> list[Month]:
    """Return the months with which a version may still take effect: none that is closed, nor one before it.

    As long as nothing is closed they begin a year back; they end a year ahead.
    """
    book = rule_book(session.connection())
    current = book.rules.months.month_of(now)
    closed = closed_months(book.closed)
    first = max(closed).next if closed else current.plus(-MONTHS_BACK)
    last = max(current, first).plus(MONTHS_AHEAD)
    months = [first]
    while months[-1] < last:
        months.append(months[-1].next)
    return months


def event_types(session: Session, draft: Draft) -> list[str]:
    """Return the event types to choose from: those known, agreed or drafted, and those of the latest events."""
    connection = session.connection()
    agreed = [version.agreement for version in rule_book(connection).rules.versions]
    used = {each for one in [*agreed, draft.agreement()] for sla in one.slas for each in types_in(sla.measure)}
    return sorted(KNOWN_TYPES | used | agreements.latest_types(connection, MOST_EVENTS))


def to_change(session: Session, draft_id: int, revision: int) -> Draft:
    """Return a draft that may change, at the revision that whoever changes it has seen; else DraftRefused."""
    draft = read_draft(session, draft_id)
    if draft is None:
        raise DraftRefused("gone")
    if draft.state != "draft":
        raise DraftRefused("settled")
    if draft.revision != revision:
        raise DraftRefused("stale")
    return draft


def _checked(document: str, currency: str) -> Agreement:
    """Return what a document says; AgreementRefused also for one that is too large to be handed in as a file."""
    if len(document.encode()) > LONGEST_LINE:
        raise AgreementRefused([f"The agreement is larger than {LONGEST_LINE:,} bytes; shorten it."])
    return parse_agreement(document, currency)


def _currency(connection: Connection) -> str:
    return rule_book(connection).rules.organisation.currency


def about(draft_id: int) -> str:
    """Return how the audit trail names a draft."""
    return f"draft {draft_id}"


def in_short(title: str, document: str) -> str:
    """Return what the audit trail says of a draft."""
    return f"{title}; {trail.digest_of(document)}"
