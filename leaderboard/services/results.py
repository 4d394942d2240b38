"""Results and rows of the ledger as pages name them: those of a member in a month, and each by itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from leaderboard.domain.agreement import Sla, SlaRate
from leaderboard.domain.instants import MICROSECOND
from leaderboard.domain.periods import Month
from leaderboard.services.rules import RuleBook, rule_book
from leaderboard.storage import adjustments, member_results

PAGE_SIZE = 50


@dataclass(frozen=True)
class Entry:
    """A row of the ledger. sla, title: what for, None of points given by hand; because: the reason of those.

    subject: of what, or the month where is_monthly. adjustment_id: of points given by hand.
    """

    id: int
    attainment_id: int | None
    member_id: int | None
    team_id: int | None
    team: str | None
    month: str
    corrects: str | None
    points: int
    reason: str
    posted_at: datetime
    sla: str | None
    title: str | None
    subject: str | None
    is_monthly: bool
    adjustment_id: int | None
    because: str | None
    made_by: str | None
    takes_back: int | None


@dataclass(frozen=True)
class Result:
    """An attainment as a page names it. month: where it counts, None while it does nowhere. name: whose it is.

    value: as an attainment has it: microseconds, subjects, minor units or cases in time. sla: None where the version
    of the agreement that it was made under no longer has it.
    """

    id: int
    scope: str
    participant_id: int
    name: str
    team_id: int | None
    team: str | None
    key: str
    sla: Sla | None
    subject: str
    is_monthly: bool
    month: str | None
    level: str
    points: int
    value: int | None
    cases: int | None
    started_at: datetime
    due_at: datetime | None
    stopped_at: datetime | None
    decided_at: datetime | None
    version_id: int

    @property
    def title(self) -> str:
        """What the promise says."""
        return self.key if self.sla is None else self.sla.title

    @property
    def kind(self) -> str:
        """The kind of its measure; empty where it is not known any more."""
        return "" if self.sla is None else self.sla.measure.kind

    @property
    def took(self) -> timedelta | None:
        """The value as the time that it is: of a clock, or how early a task was done."""
        has_time = self.kind in ("response_time", "completion")
        return self.value * MICROSECOND if has_time and self.value is not None else None


def find_result(session: Session, attainment_id: int) -> Result | None:
    """Return an attainment, also one that no longer holds; None if there is none."""
    connection = session.connection()
    row = member_results.attainment(connection, attainment_id)
    return None if row is None else shown_result(rule_book(connection), row)


def find_entry(session: Session, entry_id: int) -> Entry | None:
    """Return a row of the ledger; None if there is none."""
    connection = session.connection()
    row = member_results.entry(connection, entry_id)
    return None if row is None else shown_entry(rule_book(connection), row)


def find_adjustment_of(session: Session, entry: Entry) -> Any:
    """Return what became of points given by hand, of which an entry is the giving or the taking back."""
    wanted = entry.takes_back or entry.adjustment_id
    return None if wanted is None else adjustments.given(session.connection(), wanted)


def list_results(
    session: Session, member_id: int, month: Month, *, sla: str | None, level: str | None, page: int
) -> tuple[list[Result], bool]:
    """Return a page of a member's results that count in a month, from 1, and whether another follows.

    sla, level: only those; None for all. Those still pending come first, then the latest decided.
    """
    connection = session.connection()
    offset = (page - 1) * PAGE_SIZE
    rows = member_results.results(
        connection, month.key, "member", member_id, sla=sla, level=level, offset=offset, limit=PAGE_SIZE + 1
    )
    return _page(rule_book(connection), rows)


def list_entries(
    session: Session, member_id: int, month: Month, *, before: int | None = None, page_size: int = PAGE_SIZE
) -> tuple[list[Entry], int | None]:
    """Return the rows of the ledger that count for a member in a month, the latest first.

    before: the id that the page begins below; returned with it is that of the next page, None at the end.
    """
    connection = session.connection()
    rows = member_results.entries_in(connection, month.key, member_id, before=before, limit=page_size + 1)
    book = rule_book(connection)
    found = [shown_entry(book, row) for row in rows[:page_size]]
    return found, found[-1].id if len(rows) > page_size else None


@dataclass(frozen=True)
class Put:
    """What a subject put into a month at an instant. amount: 1 of a count, minor units of a sum, 1 or 0 of a rate."""

    subject: str
    at: datetime
    amount: int


@dataclass(frozen=True)
class Evidence:
    """A page of what a monthly result rests on: subjects, or results of another SLA. has_more: one follows."""

    subjects: tuple[Put, ...]
    results: tuple[Result, ...]
    has_more: bool


def evidence_of(session: Session, result: Result, page: int) -> Evidence:
    """Return a page of what a monthly result rests on, from 1; one statement."""
    connection = session.connection()
    offset, limit = (page - 1) * PAGE_SIZE, PAGE_SIZE + 1
    if result.sla is not None and isinstance(result.sla.measure, SlaRate):
        book = rule_book(connection)
        found, has_more = _page(book, _cases(connection, book, result, result.sla.measure, offset, limit))
        return Evidence((), tuple(found), has_more)
    rows = member_results.evidence(
        connection, result.key, result.subject, result.scope, result.participant_id, offset, limit
    )
    return Evidence(tuple(Put(*row) for row in rows[:PAGE_SIZE]), (), len(rows) > PAGE_SIZE)


def _cases(
    connection: Connection, book: RuleBook, result: Result, measure: SlaRate, offset: int, limit: int
) -> Sequence[Any]:
    """Return the results that are the cases of a rate (K3), of which a team's may be its members'."""
    of = book.rules.sla_in(result.version_id, measure.of_sla)
    if of is not None and of.participant == "member" and result.scope == "team":
        return member_results.credited_to_team(
            connection, result.subject, result.participant_id, measure.of_sla, offset, limit
        )
    return member_results.results(
        connection,
        result.subject,
        result.scope,
        result.participant_id,
        sla=measure.of_sla,
        offset=offset,
        limit=limit,
    )


def _page(book: RuleBook, rows: Sequence[Any]) -> tuple[list[Result], bool]:
    return [shown_result(book, row) for row in rows[:PAGE_SIZE]], len(rows) > PAGE_SIZE


def shown_result(book: RuleBook, row: Any) -> Result:
    """Return a stored attainment as a page names it."""
    team = None if row.team_id is None else book.rules.teams.get(row.team_id)
    is_team = row.scope == "team"
    whose = book.rules.teams[row.participant_id].name if is_team else book.members[row.participant_id][1]
    return Result(
        id=row.id,
        scope=row.scope,
        participant_id=row.participant_id,
        name=whose,
        team_id=row.team_id,
        team=None if team is None else team.name,
        key=row.sla,
        sla=book.rules.sla_in(row.version_id, row.sla),
        subject=row.subject,
        is_monthly=bool(row.is_monthly),
        month=row.month,
        level=row.level,
        points=row.points,
        value=row.value,
        cases=row.of_cases,
        started_at=row.started_at,
        due_at=row.due_at,
        stopped_at=row.stopped_at,
        decided_at=row.decided_at,
        version_id=row.version_id,
    )


def shown_entry(book: RuleBook, row: Any) -> Entry:
    """Return a stored row of the ledger as a page names it."""
    sla = None if row.sla is None else book.rules.sla_in(row.version_id, row.sla)
    return Entry(
        id=row.id,
        attainment_id=row.attainment_id,
        member_id=row.member_id,
        team_id=row.team_id,
        team=row.team,
        month=row.month,
        corrects=row.corrects,
        points=row.points,
        reason=row.reason,
        posted_at=row.posted_at,
        sla=row.sla,
        title=row.sla if sla is None else sla.title,
        subject=row.subject,
        is_monthly=bool(row.is_monthly),
        adjustment_id=row.adjustment_id,
        because=row.because,
        made_by=row.made_by,
        takes_back=row.takes_back,
    )
