"""The leads behind a figure of compliance: the attainments that it counts, a page at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from leaderboard.domain.agreement import Sla
from leaderboard.services.figures import Asked, Promises, teams_asked
from leaderboard.services.rules import RuleBook, rule_book
from leaderboard.services.scopes import Scope
from leaderboard.storage import compliance
from leaderboard.storage.database import begin_snapshot

PAGE_SIZE = 50
LAST_ID = 10**18 - 1
DECIDED = ("missed", "met", "exceeded")
LEVELS = {"missed": ("missed",), "met": ("met",), "exceeded": ("exceeded",), "kept": ("met", "exceeded")}
After = tuple[str, str, int, int]
"""Where a page begins: behind the attainment of this month, scope, participant and id."""


@dataclass(frozen=True)
class Lead:
    """An attainment as a list shows it. name: whose; sla: as agreed for it; team: credited, None if none was.

    value: what it came to, in microseconds, subjects, minor units, or cases in time of of_cases.
    """

    id: int
    month: str | None
    scope: str
    participant_id: int
    name: str
    team: str | None
    sla: Sla
    subject: str
    is_monthly: bool
    level: str
    points: int
    value: int | None
    of_cases: int | None
    started_at: datetime
    due_at: datetime | None
    stopped_at: datetime | None
    decided_at: datetime | None


@dataclass(frozen=True)
class LeadPage:
    """A page of what lies behind a figure, by month and person. count: of all pages; after: where the next begins."""

    leads: tuple[Lead, ...]
    count: int
    after: After | None


def read_leads(
    session: Session,
    asked: Asked,
    scope: Scope,
    *,
    member_id: int | None = None,
    level: str | None = None,
    after: After | None = None,
    page_size: int = PAGE_SIZE,
) -> LeadPage:
    """Return the attainments behind a figure; two queries beside those of the rules.

    level: one of LEVELS, None for all that is decided. after: where the page begins, None for the first. As many are
    searched as the page needs: whose they are is known from the tallies.
    """
    begin_snapshot(session)
    connection = session.connection()
    book = rule_book(connection)
    levels = DECIDED if level is None else LEVELS[level]
    promises, teams = Promises(book.rules), teams_asked(book.rules, scope, asked.side, asked.team_id)
    cells = compliance.cells_behind(
        connection,
        [str(month) for month in asked.period.months],
        teams,
        sla=asked.sla,
        member_id=member_id,
        levels=levels,
        team_slas=promises.of_teams,
    )
    is_monthly = asked.sla in promises.monthly
    rows, following = _page(connection, cells, teams, asked.sla, levels, after, page_size, is_monthly=is_monthly)
    found = tuple(lead for row in rows if (lead := lead_of(book, promises, row)) is not None)
    return LeadPage(found, sum(cell.number for cell in cells), following)


def _page(
    connection: Connection,
    cells: Sequence[compliance.Cell],
    teams: Sequence[int] | None,
    sla: str | None,
    levels: Sequence[str],
    after: After | None,
    page_size: int,
    *,
    is_monthly: bool,
) -> tuple[Sequence[Any], After | None]:
    """Return the rows of a page, and where the next begins."""
    left = [cell for cell in cells if after is None or (cell.month, cell.scope, cell.participant_id) >= after[:3]]
    wanted: list[compliance.Cell] = []
    known = 0
    for cell in left:
        wanted.append(cell)
        # of the cell that the last page ended in, it is not known how many are left
        known += cell.number if after is None or (cell.month, cell.scope, cell.participant_id) != after[:3] else 0
        if known > page_size:
            break
    if not wanted:
        return (), None
    rows = compliance.attainments_in_cells(
        connection, wanted, teams, sla=sla, levels=levels, after=after, limit=page_size + 1, is_monthly=is_monthly
    )
    if len(rows) <= page_size:  # fewer than were counted, if somebody scored in between
        return rows, None if len(wanted) == len(left) else (*wanted[-1][:3], LAST_ID)
    last = rows[page_size - 1]
    return rows[:page_size], (last.month, last.scope, last.participant_id, last.id)


def lead_of(book: RuleBook, promises: Promises, row: Any) -> Lead | None:
    """Return an attainment as a list shows it, None where no agreement has its SLA any more."""
    sla = _agreed(book, promises, row)
    if sla is None:
        return None
    team = book.rules.teams.get(row.team_id)
    is_team = row.scope == "team"
    return Lead(
        id=row.id,
        month=row.month,
        scope=row.scope,
        participant_id=row.participant_id,
        name=book.rules.teams[row.participant_id].name if is_team else book.members[row.participant_id][1],
        team=team and team.name,
        sla=sla,
        subject=row.subject,
        is_monthly=bool(row.is_monthly),
        level=row.level,
        points=row.points,
        value=row.value,
        of_cases=row.of_cases,
        started_at=row.started_at,
        due_at=row.due_at,
        stopped_at=row.stopped_at,
        decided_at=row.decided_at,
    )


def _agreed(book: RuleBook, promises: Promises, row: Any) -> Sla | None:
    """Return the SLA of the version that decided an attainment (P6)."""
    month = row.month or str(book.rules.months.month_of(row.started_at))
    return book.rules.sla_in(row.version_id, row.sla) or promises.of(row.sla, month)
