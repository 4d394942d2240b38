"""Corrections as people see them: what changed in a closed month, why, and where the points went (P5)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from leaderboard.domain.periods import Month, Period
from leaderboard.services.rules import RuleBook, rule_book
from leaderboard.services.scopes import EVERYTHING, Scope
from leaderboard.storage import corrections

PAGE_SIZE = 50
MOST_OF_MEMBER = 50


@dataclass(frozen=True)
class ShownCorrection:
    """What became of an attainment of a closed month. name: whose; scope: a member's or a team's.

    sla: the promise's title; subject: of what, a CRM's subject or, where is_monthly, the month itself.
    corrects: the closed month; month: the one that took the points. because: void, events or rules.
    """

    id: int
    scope: str
    participant_id: int
    name: str
    sla: str
    subject: str
    is_monthly: bool
    corrects: str
    month: str
    level_before: str
    points_before: int
    level_after: str
    points_after: int
    because: str
    posted_at: datetime

    @property
    def difference(self) -> int:
        """The points that the open month took."""
        return self.points_after - self.points_before


@dataclass(frozen=True)
class CorrectionPage:
    """Corrections, newest first. older_than: where the next page begins, None at the end.

    into, corrected: all months that took corrections, and all that were corrected, newest first.
    """

    corrections: tuple[ShownCorrection, ...]
    older_than: int | None
    into: tuple[str, ...]
    corrected: tuple[str, ...]


def list_corrections(
    session: Session,
    *,
    into: Period | None = None,
    corrects: Period | None = None,
    older_than: int | None = None,
    within: Scope = EVERYTHING,
    page_size: int = PAGE_SIZE,
) -> CorrectionPage:
    """Return a page of corrections of some teams. into: the period that took them; corrects: that they correct."""
    connection = session.connection()
    asked: dict[str, Any] = {"into": _keys(into), "corrects": _keys(corrects), "teams": within.teams}
    rows = corrections.newest(connection, page_size + 1, older_than=older_than, **asked)
    page = _shown(rule_book(connection), rows[:page_size])
    return CorrectionPage(
        page,
        page[-1].id if len(rows) > page_size else None,
        tuple(reversed(corrections.months_into(connection))),
        tuple(reversed(corrections.months_corrected(connection))),
    )


def corrections_of(
    session: Session, member_id: int, months: Iterable[Month], *, rules_version: int | None = None
) -> tuple[ShownCorrection, ...]:
    """Return the corrections that some months took for a member, newest first; MOST_OF_MEMBER at most."""
    connection = session.connection()
    rows = corrections.of_member(connection, member_id, [month.key for month in months], MOST_OF_MEMBER)
    return _shown(rule_book(connection, rules_version), rows)


def corrections_of_result(
    session: Session, scope: str, participant: int, attainment_id: int, *, rules_version: int | None = None
) -> tuple[ShownCorrection, ...]:
    """Return what became of a result after its month was closed, oldest first; MOST_OF_MEMBER at most."""
    connection = session.connection()
    rows = corrections.of_attainment(connection, scope, participant, attainment_id, MOST_OF_MEMBER)
    return _shown(rule_book(connection, rules_version), rows)


def count_corrections(session: Session, period: Period, *, rules_version: int | None = None) -> int:
    """Return how many corrections of closed months a period took; nothing is asked where nothing is closed."""
    connection = session.connection()
    has_closed = bool(rule_book(connection, rules_version).closed)
    return corrections.count_into(connection, _keys(period)) if has_closed else 0


def _keys(period: Period | None) -> list[str]:
    return [] if period is None else [month.key for month in period.months]


def _shown(book: RuleBook, rows: Iterable[Any]) -> tuple[ShownCorrection, ...]:
    titles = {(version.id, sla.key): sla.title for version in book.rules.versions for sla in version.agreement.slas}
    return tuple(
        ShownCorrection(
            id=row.id,
            scope=row.scope,
            participant_id=row.participant_id,
            name=_name(book, row.scope, row.participant_id),
            sla=titles.get((row.version_id, row.sla), row.sla),
            subject=row.subject,
            is_monthly=bool(row.is_monthly),
            corrects=row.corrects,
            month=row.month,
            level_before=row.level_before,
            points_before=row.points_before,
            level_after=row.level_after,
            points_after=row.points_after,
            because=row.because,
            posted_at=row.posted_at,
        )
        for row in rows
    )


def _name(book: RuleBook, scope: str, participant: int) -> str:
    return book.rules.teams[participant].name if scope == "team" else book.members[participant][1]
