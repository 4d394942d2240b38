"""What comes in: a row of a file or a payload becomes an Event, or a RowError that says why not."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from leaderboard.domain.errors import Refused
from leaderboard.domain.instants import FIRST_YEAR, LAST_YEAR, OUTSIDE
from leaderboard.domain.money import parse_amount
from leaderboard.domain.shown import has_controls, quoted
from leaderboard.domain.time_formats import ISO, TOLD, read_iso, read_time

COLUMNS = (
    "event_id",
    "occurred_at",
    "type",
    "subject",
    "member",
    "team",
    "outcome",
    "amount",
    "currency",
    "due_at",
)
REQUIRED = COLUMNS[:4]
KNOWN_TYPES = frozenset(
    "lead.received lead.qualified lead.assigned lead.accepted lead.disposed lead.reopened lead.converted "
    "lead.followed_up opportunity.created opportunity.followed_up opportunity.won opportunity.lost "
    "task.assigned task.completed".split()
)
OUTCOMES = ("qualified", "disqualified", "recycled")
TYPE = re.compile(r"[a-z][a-z0-9_-]*(?:\.[a-z0-9_-]+)+")
EARLIEST, LATEST = datetime(FIRST_YEAR, 1, 2, tzinfo=UTC), datetime(LAST_YEAR + 1, 1, 1, tzinfo=UTC)
LONGEST_TEXT = 400
MOST_TYPES = 1_000
Row = Mapping[str, str]


class RowError(Exception):
    """One row cannot be taken: where, what was met, and why, for the person who can mend it."""

    def __init__(self, column: str, value: str, reason: str) -> None:
        super().__init__(column, value, reason)
        self.column = column
        self.value = value
        self.reason = reason


class UnknownName(RowError):
    """A row is well formed but names a member or team that nobody knows yet."""


class InboundEvent(NamedTuple):
    """A row that is well formed; member and team are as the file names them ("" for none)."""

    event_id: str
    occurred_at: datetime
    type: str
    subject: str
    member: str
    team: str
    outcome: str | None
    amount_minor: int | None
    due_at: datetime | None


def checked_source(name: str) -> str:
    """Return the name of a source, under which event ids are unique; Refused for what is none."""
    if not name.strip() or len(name) > LONGEST_TEXT or has_controls(name):
        raise Refused(f"The source {quoted(name)} is not a name; give one line of at most {LONGEST_TEXT} characters.")
    return name


class TimeReader:
    """Reads instants: those without an offset are in a time zone (PEP 495 fold=0).

    time_formats: see domain/time_formats. warn: told of times that do not exist or exist twice.
    """

    def __init__(
        self, zone: ZoneInfo, time_formats: Sequence[str] = (ISO,), warn: Callable[[str], None] | None = None
    ) -> None:
        self.zone = zone
        self.time_formats = time_formats
        self._is_iso = tuple(time_formats) == (ISO,)
        self._warn = warn
        self._offsets: dict[int, timedelta | None] = {}  # by day; None on days with a change

    def read(self, text: str, column: str) -> datetime:
        """Return the UTC instant of a text; else RowError."""
        try:
            instant = read_iso(text) if self._is_iso else read_time(text, self.time_formats)
        except ValueError:
            expected = " or ".join(TOLD.get(each, each) for each in self.time_formats)
            raise RowError(column, text, f"is not a date; expected {expected}") from None
        except OverflowError:
            raise RowError(column, text, OUTSIDE) from None
        try:
            instant = self._local(instant, text) if instant.tzinfo is None else instant.astimezone(UTC)
        except OverflowError:
            raise RowError(column, text, OUTSIDE) from None
        if not EARLIEST <= instant < LATEST:
            raise RowError(column, text, OUTSIDE)
        return instant

    def _local(self, wall: datetime, text: str) -> datetime:
        """Return the instant of a wall-clock time; the offset of a day without a change is kept."""
        day = wall.toordinal()
        if day not in self._offsets:
            self._offsets[day] = self._offset_of(wall.date())
        offset = self._offsets[day]
        if offset is not None:
            return wall.replace(tzinfo=UTC) - offset
        local = wall.replace(tzinfo=self.zone)
        if self._warn is not None and local.utcoffset() != local.replace(fold=1).utcoffset():
            self._warn(f"{text} does not exist or exists twice in {self.zone.key}; taken as {local.isoformat()}")
        return local.astimezone(UTC)

    def _offset_of(self, day: date) -> timedelta | None:
        start = datetime(day.year, day.month, day.day, tzinfo=self.zone)
        nearby = {(start + timedelta(hours=hours)).utcoffset() for hours in (-1, 0, 6, 12, 18, 24, 25)}
        return nearby.pop() if len(nearby) == 1 else None


class EventReader:
    """Turns rows into events. currency: the organisation's; other ones are refused (K2)."""

    def __init__(self, currency: str, time: TimeReader) -> None:
        self.currency = currency
        self.time = time
        self._types = set(KNOWN_TYPES)  # and others that were found to be well formed

    def read(self, values: Sequence[str]) -> InboundEvent:
        """Return the event of a row's values, in the order of COLUMNS; else RowError."""
        event_id, occurred_at, event_type, subject, member, team, outcome, amount, currency, due_at = values
        if not event_id or not occurred_at or not subject:
            column = REQUIRED[(event_id, occurred_at, event_type, subject).index("")]
            raise RowError(column, "", "is empty; every event needs one")
        if event_type not in self._types:
            self._check_type(event_type)
        if len(event_id) + len(subject) + len(member) + len(team) + len(outcome) > LONGEST_TEXT:
            self._check_lengths(values)
        if outcome and event_type == "lead.disposed" and outcome not in OUTCOMES:
            raise RowError("outcome", outcome, f"is not an outcome of lead.disposed; expected {', '.join(OUTCOMES)}")
        return InboundEvent(
            event_id,
            self.time.read(occurred_at, "occurred_at"),
            event_type,
            subject,
            member,
            team,
            outcome or None,
            self._amount(amount, currency) if amount or currency else None,
            self.time.read(due_at, "due_at") if due_at else None,
        )

    def _check_type(self, event_type: str) -> None:
        if not TYPE.fullmatch(event_type) or len(event_type) > LONGEST_TEXT:
            raise RowError(
                "type",
                event_type[:80],
                "is not an event type; expected a dotted word in lower case such as lead.assigned",
            )
        if len(self._types) < MOST_TYPES:
            self._types.add(event_type)

    def _check_lengths(self, values: Sequence[str]) -> None:
        for column, text in zip(COLUMNS, values, strict=True):
            if len(text) > LONGEST_TEXT:
                raise RowError(column, text[:40] + "…", f"is longer than {LONGEST_TEXT} characters")

    def _amount(self, amount: str, currency: str) -> int | None:
        if currency and currency != self.currency:
            raise RowError("currency", currency, f"is not the organisation's currency; expected {self.currency}")
        if not amount:
            return None
        try:
            return parse_amount(amount, self.currency)
        except ValueError as error:
            raise RowError("amount", amount, str(error).removeprefix(f"{quoted(amount)} ")) from None
