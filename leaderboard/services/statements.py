"""A person's statement for a month or quarter: points, corrections, bonuses, and the proof of what they rest on."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from leaderboard.domain.errors import Refused
from leaderboard.domain.periods import Period, parse_period
from leaderboard.services.awards import Award, ShareShown, shown_awards
from leaderboard.services.figures import Promises
from leaderboard.services.rules import RuleBook, rule_book
from leaderboard.storage import awards, closings, statements
from leaderboard.storage.database import begin_snapshot

MOST_SHOWN = 500


@dataclass(frozen=True)
class Line:
    """Points of one SLA in a month. sla, title: None for points given by hand; corrects: the closed month, if any.

    entries: how many rows of the ledger they come from.
    """

    month: str
    team: str | None
    sla: str | None
    title: str | None
    corrects: str | None
    points: int
    entries: int


@dataclass(frozen=True)
class CorrectionLine:
    """What became of an attainment of a closed month (P5). because: void, events or rules."""

    month: str
    corrects: str
    sla: str
    subject: str
    level_before: str
    level_after: str
    points_before: int
    points_after: int
    because: str
    posted_at: datetime


@dataclass(frozen=True)
class AdjustmentLine:
    """Points given by hand (P7), or taken back."""

    month: str
    points: int
    reason: str
    made_by: str
    made_at: datetime
    is_taken_back: bool


@dataclass(frozen=True)
class AwardLine:
    """A share of an award: `share.weight` of `weights`; the award itself carries no share of anybody else.

    people: how many share in it.
    """

    award: Award
    share: ShareShown
    weights: int
    people: int


@dataclass(frozen=True)
class LedgerRange:
    """The rows of the ledger that a statement rests on: first and last id (None of none), how many, their points.

    digest: the SHA-256 of ledger_document, so that anyone can recompute it.
    """

    first: int | None
    last: int | None
    count: int
    points: int
    digest: str


@dataclass(frozen=True)
class Statement:
    """What a member earned in a period. versions: title and first day of each agreement in force.

    closed_at, closed_by: None while the period is open, and what is said may still change.
    """

    period: str
    member_id: int
    key: str
    name: str
    closed_at: datetime | None
    closed_by: str | None
    versions: Sequence[tuple[str, date]]
    lines: Sequence[Line]
    corrections: Sequence[CorrectionLine]
    adjustments: Sequence[AdjustmentLine]
    awards: Sequence[AwardLine]
    ledger: LedgerRange

    @property
    def is_closed(self) -> bool:
        """Whether it is final."""
        return self.closed_at is not None

    @property
    def points(self) -> int:
        """All points of the period."""
        return self.ledger.points


def statement(session: Session, member_id: int, period: str) -> Statement:
    """Return the statement of a member for a month or quarter, open or closed, as one moment holds it.

    Corrections and adjustments are listed up to MOST_SHOWN each; the lines sum up all of them.
    Raises PeriodRefused, and Refused for a member that is not there.
    """
    begin_snapshot(session)
    connection = session.connection()
    book = rule_book(connection)
    wanted = parse_period(period)
    key, name = _member(book, member_id)
    months = _months(wanted)
    closing = closings.closing_of(connection, wanted.key)
    return Statement(
        period=wanted.key,
        member_id=member_id,
        key=key,
        name=name,
        closed_at=closing and closing.closed_at,
        closed_by=closing and closing.closed_by,
        versions=_versions(book, wanted),
        lines=_lines(connection, book, member_id, wanted),
        corrections=_corrections(connection, member_id, months),
        adjustments=_adjustments(connection, member_id, months),
        awards=_awards(connection, book, member_id, wanted),
        ledger=_ledger(connection, member_id, months),
    )


def ledger_document(session: Session, member_id: int, period: str) -> Iterator[bytes]:
    """Yield the rows of the ledger that a statement rests on, one a line, in the form that its digest is made of.

    Each is a JSON object with sorted keys and no blanks, in UTF-8, ended by a line feed; rows by id; ids are
    those of the database, instants ISO 8601 in UTC with microseconds. Raises as `statement`.
    """
    begin_snapshot(session)
    connection = session.connection()
    _member(rule_book(connection), member_id)
    return map(_canonical, statements.entries(connection, member_id, _months(parse_period(period))))


def _member(book: RuleBook, member_id: int) -> tuple[str, str]:
    found = book.members.get(member_id)
    if found is None:
        raise Refused(f"There is no member {member_id}; look at the people again.")
    return found


def _months(period: Period) -> list[str]:
    return [month.key for month in period.months]


def _versions(book: RuleBook, period: Period) -> tuple[tuple[str, date], ...]:
    found = {}
    for month in period.months:
        version = book.rules.in_force(month).version
        if version is not None:
            found[version.id] = (version.agreement.title, version.agreement.effective_from)
    return tuple(found.values())


def _lines(connection: Connection, book: RuleBook, member_id: int, period: Period) -> tuple[Line, ...]:
    """Return the points by month, SLA in the agreement's order, and team; corrections after the month's own."""
    promises = Promises(book.rules)
    agreed = (sla.key for version in book.rules.versions for sla in version.agreement.slas)
    places: dict[str | None, int] = {key: place for place, key in enumerate(dict.fromkeys(agreed))}
    rows = [
        Line(row.month, row.team, row.sla, _title(promises, row), row.corrects, int(row.points), row.entries)
        for row in statements.sums(connection, member_id, _months(period))
    ]
    last = len(places)
    return tuple(
        sorted(rows, key=lambda each: (each.month, each.corrects or "", places.get(each.sla, last), each.team or ""))
    )


def _title(promises: Promises, row: Any) -> str | None:
    """Return an SLA's title as its month had it (P6): what is agreed later does not reword what is final."""
    return None if row.sla is None else promises.title(row.sla, row.corrects or row.month)


def _corrections(connection: Connection, member_id: int, months: Sequence[str]) -> tuple[CorrectionLine, ...]:
    names = CorrectionLine.__dataclass_fields__
    rows = statements.corrections(connection, member_id, months, MOST_SHOWN)
    return tuple(CorrectionLine(**{name: getattr(row, name) for name in names}) for row in rows)


def _adjustments(connection: Connection, member_id: int, months: Sequence[str]) -> tuple[AdjustmentLine, ...]:
    return tuple(
        AdjustmentLine(row.month, row.points, row.reason, row.made_by, row.made_at, row.takes_back is not None)
        for row in statements.adjustments(connection, member_id, months, MOST_SHOWN)
    )


def _awards(connection: Connection, book: RuleBook, member_id: int, period: Period) -> tuple[AwardLine, ...]:
    """Return the member's shares of the awards of a period, and of a quarter's months."""
    periods = list(dict.fromkeys((*_months(period), period.key)))
    rows = awards.awards(connection, periods=periods, member_id=member_id)
    lines = []
    for award in shown_awards(connection, book, rows):
        mine = next(each for each in award.shares if each.member_id == member_id)
        lines.append(AwardLine(replace(award, shares=(mine,), questions=()), mine, award.weights, len(award.shares)))
    return tuple(lines)


def _ledger(connection: Connection, member_id: int, months: Sequence[str]) -> LedgerRange:
    first, last, count, points, digest = None, None, 0, 0, sha256()
    for row in statements.entries(connection, member_id, months):
        first, last, count, points = first or row.id, row.id, count + 1, points + row.points
        digest.update(_canonical(row))
    return LedgerRange(first, last, count, points, digest.hexdigest())


def _canonical(row: Any) -> bytes:
    posted_at = row.posted_at.astimezone(UTC)
    values = {
        "id": row.id,
        "attainment": row.attainment_id,
        "member": row.member_id,
        "team": row.team_id,
        "month": row.month,
        "corrects": row.corrects,
        "points": row.points,
        "reason": row.reason,
        "posted_at": f"{posted_at:%Y-%m-%dT%H:%M:%S.%f}Z",
    }
    return json.dumps(values, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
