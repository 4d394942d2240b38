"""Taking events that a program sends, a batch at a time: each row is answered, what it touches is scored."""

import json
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from leaderboard.domain.events import Event
from leaderboard.domain.inbound import (
    COLUMNS,
    EventReader,
    InboundEvent,
    Row,
    RowError,
    TimeReader,
    UnknownName,
    checked_source,
)
from leaderboard.domain.mapping import EventMapping
from leaderboard.domain.time_formats import ISO
from leaderboard.services.naming import Names, event_warnings
from leaderboard.services.reading import is_unfit
from leaderboard.services.rules import RuleBook, rule_book
from leaderboard.services.scoring import Scoring, no_garbage_collection
from leaderboard.storage import events, parked
from leaderboard.storage.bulk import roomy
from leaderboard.storage.database import all_or_nothing

MOST_ROWS = 1_000


class Outcome(StrEnum):
    """What became of a row: stored, known already, refused, or kept until somebody knows whom it names."""

    NEW = "new"
    DUPLICATE = "duplicate"
    REFUSED = "refused"
    PARKED = "parked"


class RowResult(NamedTuple):
    """What became of a row. column, value, reason: of one refused or parked; warnings: about one that is not."""

    outcome: Outcome
    column: str = ""
    value: str = ""
    reason: str = ""
    warnings: tuple[str, ...] = ()


def take_events(
    session: Session,
    rows: Sequence[Row],
    *,
    source: str,
    now: datetime,
    mapping: EventMapping | None = None,
    parks: bool = False,
    delivery_id: int | None = None,
) -> list[RowResult]:
    """Store the events of some rows, at most MOST_ROWS, score their subjects, and return what became of each row.

    rows: texts by the names of our columns; what else is there is passed over. mapping: says how their times are
    written, if they came by one. All is one transaction: on return what is new is on disk. The same event id again in
    its source is a duplicate, whatever the row says. parks: rows that name somebody whom nobody knows yet are kept for
    when they are known (services/parking.py) instead of refused; delivery_id: what they came by. Raises Refused for a
    source that is no name and while there is no organisation.
    """
    with all_or_nothing(session):
        return take_within(session, rows, source=source, now=now, mapping=mapping, parks=parks, delivery_id=delivery_id)


def take_within(
    session: Session,
    rows: Sequence[Row],
    *,
    source: str,
    now: datetime,
    mapping: EventMapping | None = None,
    parks: bool = False,
    delivery_id: int | None = None,
) -> list[RowResult]:
    """Take events as take_events does, in a transaction of the caller that writes (begin_write)."""
    checked_source(source)
    with no_garbage_collection(), roomy(session.connection()):
        book = rule_book(session.connection())
        batch = _Batch(session, book, source, now, mapping, delivery_id if parks else None, parks=parks)
        results = batch.take(rows)
        batch.store()
    return results


def try_events(
    session: Session, rows: Sequence[Row], *, source: str, now: datetime, mapping: EventMapping | None = None
) -> list[RowResult]:
    """Return what would become of some rows that may wait, and change nothing; Refused as of take_events."""
    book = rule_book(session.connection())
    return _Batch(session, book, source, now, mapping, None, parks=True).take(rows)


class _Batch:
    """The rows of one transaction."""

    def __init__(
        self,
        session: Session,
        book: RuleBook,
        source: str,
        now: datetime,
        mapping: EventMapping | None,
        delivery_id: int | None,
        *,
        parks: bool,
    ) -> None:
        self.session, self.source, self.now = session, source, now
        self.connection = session.connection()
        self.parks, self.delivery_id, self.is_mapped = parks, delivery_id, mapping is not None
        organisation = book.rules.organisation
        zone = (mapping and mapping.time_zone) or organisation.zone
        self.warnings: list[str] = []
        time = TimeReader(zone, mapping.time_formats if mapping else (ISO,), self.warnings.append)
        self.reader = EventReader(organisation.currency, time)
        self.names = Names(session, book)
        self.new: list[Event] = []
        self.parked: list[dict[str, Any]] = []
        self.known: set[str] = set()

    def take(self, rows: Sequence[Row]) -> list[RowResult]:
        """Return what becomes of the rows; nothing is stored yet."""
        ids = {row.get("event_id", "").strip() for row in rows}
        self.known = events.known_ids(self.connection, self.source, sorted(each for each in ids if not is_unfit(each)))
        return [self._taken(row) for row in rows]

    def store(self) -> None:
        """Store what is new and what is parked, and score what the new ones touch."""
        parked.park(self.connection, self.parked)
        if not self.new:
            return
        last_id = events.last_event_id(self.connection)
        events.insert_events(self.connection, list(map(events.row_of, self.new)))
        scoring = Scoring(self.session, self.now)
        only = self.new[0] if len(self.new) == 1 else None  # its scoring reads less
        scoring.score(sorted({each.subject for each in self.new}), scored_up_to=last_id, added=only)
        scoring.finish()

    def _taken(self, row: Row) -> RowResult:
        self.warnings.clear()
        try:
            texts = [row.get(name, "").strip() for name in COLUMNS]
            if is_unfit("".join(texts)):
                name, text = next(each for each in zip(COLUMNS, texts, strict=True) if is_unfit(each[1]))
                raise RowError(name, text, "holds a NUL character or half a character; remove it")
            event = self.reader.read(texts)
            if event.event_id in self.known:
                return RowResult(Outcome.DUPLICATE)
            if self.is_mapped and self.parks:
                row = {**row, **_plain_times(event)}
            self._keep(event)
        except UnknownName as error:
            return self._parked(row, error) if self.parks else _refused(error)
        except RowError as error:
            return _refused(error)
        return RowResult(Outcome.NEW, warnings=tuple(self.warnings))

    def _keep(self, event: InboundEvent) -> None:
        event_id, at, kind, subject, _, _, outcome, amount, due_at = event
        ids = self.names.resolve(event)
        self.new.append(Event(event_id, at, kind, subject, *ids, outcome, amount, due_at, self.source))
        self.known.add(event.event_id)
        self.warnings += event_warnings(event, self.now)

    def _parked(self, row: Row, error: UnknownName) -> RowResult:
        self.parked.append(
            {
                "source": self.source,
                "event_id": row["event_id"].strip(),
                "column": error.column,
                "unknown": error.value,
                "document": json.dumps({name: row[name] for name in COLUMNS if row.get(name)}, ensure_ascii=False),
                "parked_at": self.now,
                "delivery_id": self.delivery_id,
            }
        )
        return RowResult(Outcome.PARKED, error.column, error.value, error.reason)


def _plain_times(event: InboundEvent) -> dict[str, str]:
    """Return the times of an event as no mapping is needed to read them, once it has waited."""
    due_at = event.due_at.isoformat() if event.due_at else ""
    return {"occurred_at": event.occurred_at.isoformat(), "due_at": due_at}


def _refused(error: RowError) -> RowResult:
    return RowResult(Outcome.REFUSED, error.column, error.value, error.reason)
