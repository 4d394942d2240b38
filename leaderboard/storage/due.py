"""Queries of what falls due and what is overdue, for managers. Each reads a page, or counts no further than it shows.

teams: the ids of the teams that the reader sees, None for all; what no team was credited with only those see.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    func,
    literal,
    literal_column,
    select,
    tuple_,
    union_all,
)

from leaderboard.storage.compliance import SHOWN
from leaderboard.storage.tables import AttainmentRow, Member, Team

MOST_OF_PERSON, MOST_OF_TEAM = 100, 1_000  # counted one by one; more is told as more
Teams = Sequence[int] | None


def _level(name: str) -> ColumnElement[bool]:
    """Return the condition as the indexes of some rows have it: written out, not as a parameter."""
    return AttainmentRow.level == literal(name, literal_execute=True)


def waits() -> list[ColumnElement[bool]]:
    """Return what tells the occurrences that are pending, as their indexes have it."""
    return [_level("pending"), AttainmentRow.is_monthly == literal(0, literal_execute=True)]


def still_open() -> list[ColumnElement[bool]]:
    """Return what tells the occurrences that were missed and have still not been done, as their indexes have it."""
    is_monthly = AttainmentRow.is_monthly == literal(0, literal_execute=True)
    return [_level("missed"), AttainmentRow.stopped_at.is_(None), is_monthly]


def _of(teams: Teams, member_id: int | None) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = [] if teams is None else [AttainmentRow.team_id.in_(teams)]
    if member_id is not None:
        where += [AttainmentRow.scope == "member", AttainmentRow.participant_id == member_id]
    return where


def place(at: datetime, row_id: int) -> Any:
    """Return an instant and an id to compare a row's with."""
    return tuple_(literal(at, AttainmentRow.decided_at.type), literal(row_id))


def waiting(
    connection: Connection,
    until: datetime,
    teams: Teams,
    member_id: int | None,
    after: tuple[datetime, int] | None,
    limit: int,
) -> Sequence[Any]:
    """Return what is pending and due before an instant, the soonest first. after: due instant and id of the last."""
    order = (AttainmentRow.due_at, AttainmentRow.id)
    where = [*waits(), AttainmentRow.due_at < until, *_of(teams, member_id)]
    if after is not None:
        where.append(tuple_(*order) > place(*after))
    return connection.execute(select(*SHOWN).where(*where).order_by(*order).limit(limit)).all()


def overdue(
    connection: Connection,
    teams: Sequence[int],
    has_none: bool,
    member_id: int | None,
    before: tuple[datetime, int] | None,
    limit: int,
) -> Sequence[Any]:
    """Return what was missed and is still not done, the newest first: of each team so many, and of those the newest.

    teams: each of them; has_none: also what no team was credited with. before: decision and id of the last one seen.
    """
    order = (AttainmentRow.decided_at.desc(), AttainmentRow.id.desc())
    where = still_open()
    if before is not None:
        where.append(tuple_(AttainmentRow.decided_at, AttainmentRow.id) < place(*before))
    if member_id is not None:
        where += _of([*teams] if not has_none else None, member_id)
        return connection.execute(select(*SHOWN).where(*where).order_by(*order).limit(limit)).all()
    of_each: list[ColumnElement[bool]] = [AttainmentRow.team_id == team_id for team_id in teams]
    of_each += [AttainmentRow.team_id.is_(None)] if has_none else []
    if not of_each:
        return ()
    parts = [select(*SHOWN).where(*where, of_one).order_by(*order).limit(limit).subquery() for of_one in of_each]
    found = union_all(*(select(part) for part in parts)).subquery()
    return connection.execute(select(found).order_by(found.c.decided_at.desc(), found.c.id.desc()).limit(limit)).all()


def count_waiting(connection: Connection, until: datetime, teams: Teams) -> Sequence[Any]:
    """Return scope, participant, team and how many of theirs fall due before an instant."""
    keys = (AttainmentRow.scope, AttainmentRow.participant_id, AttainmentRow.team_id)
    where = [*waits(), AttainmentRow.due_at < until, *_of(teams, None)]
    # Found first and grouped then: or else SQLite goes through all that waits, in the order of the groups.
    found = select(*keys).where(*where).cte("found").prefix_with("MATERIALIZED")
    return connection.execute(select(*found.c, func.count()).group_by(*found.c)).all()


def count_overdue_of_members(connection: Connection, members: Sequence[int] | None, teams: Teams) -> dict[int, int]:
    """Return how many each member (None: everybody) has not done yet, up to MOST_OF_PERSON + 1."""
    some = (
        select(literal_column("1").label("one"))
        .where(
            *still_open(),
            AttainmentRow.scope == "member",
            AttainmentRow.participant_id == Member.id,
            *_of(teams, None),
        )
        .limit(MOST_OF_PERSON + 1)
        .correlate(Member)
        .subquery()
    )
    number = select(func.count()).select_from(some).scalar_subquery()
    of_these = [] if members is None else [Member.id.in_(members)]
    rows = connection.execute(select(Member.id, number).where(*of_these)).all()
    return {row[0]: row[1] for row in rows if row[1]}


def count_overdue_of_teams(connection: Connection, teams: Teams) -> dict[int, int]:
    """Return how many results credited to each team are not done yet, counted up to MOST_OF_TEAM + 1."""
    some = (
        select(literal_column("1").label("one"))
        .where(*still_open(), AttainmentRow.team_id == Team.id)
        .limit(MOST_OF_TEAM + 1)
        .correlate(Team)
        .subquery()
    )
    number = select(func.count()).select_from(some).scalar_subquery()
    query = select(Team.id, number)
    rows = connection.execute(query if teams is None else query.where(Team.id.in_(teams))).all()
    return {row[0]: row[1] for row in rows}
