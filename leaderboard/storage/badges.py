"""Queries of badges and of the runs that they rest on; attainments as badges see them are in `badge_grounds`."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, exists, func, select, update

from leaderboard.domain.badge_changes import BadgeChanges, StoredBadge
from leaderboard.domain.badges import LIVE, Badge, BadgeIdentity, Run
from leaderboard.storage.bulk import KEYS_A_QUERY, insert_rows, keyed, mark
from leaderboard.storage.closing_tables import BadgeRow, BadgeRun, Closing
from leaderboard.storage.database import from_micros, to_micros
from leaderboard.storage.tables import Member, OrganisationRow, PeriodRow, PointEntry, Team

IDENTITY = {"participant_id": "BIGINT", "scope": "TEXT", "key": "TEXT", "occasion": "TEXT"}
AWARDED = ("key", "scope", "participant_id", "occasion", "period", "earned_at", "ground", "awarded_at")
_in_closed = exists().where(Closing.period == BadgeRow.period)
_columns = (
    BadgeRow.id,
    BadgeRow.key,
    BadgeRow.scope,
    BadgeRow.participant_id,
    BadgeRow.occasion,
    BadgeRow.period,
    BadgeRow.earned_at,
    BadgeRow.ground,
    BadgeRow.withdrawn_at,
)


class Closed(NamedTuple):
    """A closed period, and when it ended."""

    period: str
    kind: str
    ends_at: datetime


def closed_periods(connection: Connection) -> list[Closed]:
    """Return the closed periods in the order in which they were closed.

    That is by their ends, but for history that came in after younger months were closed.
    """
    order = (Closing.last_entry_id, Closing.closed_at, Closing.ends_at, Closing.kind)
    rows = connection.execute(select(Closing.period, Closing.kind, Closing.ends_at).order_by(*order))
    return [Closed(*row) for row in rows]


def open_months(connection: Connection) -> list[str]:
    """Return the months that have standings and are not closed, oldest first."""
    is_closed = exists().where(Closing.period == PeriodRow.key)
    query = select(PeriodRow.key).where(PeriodRow.kind == "month", ~is_closed).order_by(PeriodRow.key)
    return list(connection.execute(query).scalars())


def runs_at(connection: Connection, month: str | None) -> dict[int, Run]:
    """Return the runs, by member, that a month was closed with."""
    query = select(BadgeRun.member_id, BadgeRun.length, BadgeRun.began).where(BadgeRun.period == month)
    return {member: Run(length, began) for member, length, began in connection.execute(query)}


def runs_of(connection: Connection, months: Collection[str], members: Sequence[int]) -> dict[str, dict[int, Run]]:
    """Return the runs of some members, by member, that each of some months was closed with."""
    found: dict[str, dict[int, Run]] = {month: {} for month in months}
    columns = (BadgeRun.period, BadgeRun.member_id, BadgeRun.length, BadgeRun.began)
    query = select(*columns).where(BadgeRun.period.in_(months), BadgeRun.member_id.in_(members))
    for month, member, length, began in connection.execute(query):
        found[month][member] = Run(length, began)
    return found


def write_runs(connection: Connection, month: str, runs: Mapping[int, Run]) -> None:
    """Store the runs that a month is closed with; those of none are left out."""
    rows = [(month, member, *run) for member, run in runs.items() if run.length]
    insert_rows(connection, BadgeRun.__tablename__, ("period", "member_id", "length", "began"), rows)


def badges_in(connection: Connection, period: str, keys: Sequence[str]) -> Iterator[StoredBadge]:
    """Yield the badges of some kinds that were earned in a period."""
    return _stored(connection, BadgeRow.period == period, BadgeRow.key.in_(keys))


def open_live_badges(connection: Connection, members: Sequence[int]) -> Iterator[StoredBadge]:
    """Yield the badges of some members that are earned at once and may still change."""
    theirs = (BadgeRow.scope == "member", BadgeRow.participant_id.in_(members))
    return _stored(connection, *theirs, BadgeRow.key.in_(LIVE), ~_in_closed)


def badges_ahead(connection: Connection) -> Iterator[StoredBadge]:
    """Yield the badges that only a close gives, but whose period is not closed: there should be none."""
    return _stored(connection, BadgeRow.key.not_in(LIVE), ~_in_closed)


def badges_named(connection: Connection, wanted: Sequence[BadgeIdentity]) -> Iterator[tuple[StoredBadge, bool]]:
    """Yield the badges of some identities that are stored, each with whether its period is closed."""
    same = " AND ".join(f"badge.{name} = wanted.{name}" for name in IDENTITY)
    columns = ", ".join(f"badge.{column.name}" for column in _columns)
    is_closed = "EXISTS (SELECT 1 FROM closing WHERE closing.period = badge.period)"
    for start in range(0, len(wanted), KEYS_A_QUERY):
        table, values = keyed(connection, IDENTITY, wanted[start : start + KEYS_A_QUERY])
        sql = f"WITH {table} SELECT {columns}, {is_closed} FROM wanted JOIN badge ON {same}"
        for row in connection.exec_driver_sql(sql, values):
            yield _badge(row), bool(row[-1])


def _stored(connection: Connection, *where: ColumnElement[bool]) -> Iterator[StoredBadge]:
    return map(_badge, connection.execute(select(*_columns).where(*where)))


def _badge(row: Row[Any] | Sequence[Any]) -> StoredBadge:
    row_id, key, scope, participant, occasion, period, earned_at, ground, withdrawn_at = row[:9]
    earned_at = earned_at if isinstance(earned_at, datetime) else from_micros(earned_at)
    badge = Badge(key, scope, participant, occasion, period, earned_at, json.loads(ground))
    return StoredBadge(row_id, badge, withdrawn_at is None)


def write_changes(connection: Connection, changes: BadgeChanges, now: datetime) -> None:
    """Award, withdraw and mend badges of open periods (G2)."""
    at, sign = to_micros(now), mark(connection)
    insert_rows(connection, BadgeRow.__tablename__, AWARDED, [(*_row(badge), at) for badge in changes.award])
    if changes.withdraw:
        sql = f"UPDATE badge SET withdrawn_at = {sign}, withdrawn_because = {sign} WHERE id = {sign}"
        connection.exec_driver_sql(sql, [(at, why, row_id) for row_id, why in changes.withdraw])
    if changes.mend:
        sets = ", ".join(f"{name} = {sign}" for name in AWARDED[:-1])
        sql = f"UPDATE badge SET {sets}, withdrawn_at = NULL, withdrawn_because = NULL WHERE id = {sign}"
        connection.exec_driver_sql(sql, [(*_row(badge), row_id) for row_id, badge in changes.mend])


def _row(badge: Badge) -> tuple[Any, ...]:
    """Return a badge as AWARDED, but for the last."""
    ground = json.dumps(badge.ground, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return (*badge[:5], to_micros(badge.earned_at), ground)


def free_occasions(connection: Connection, period: str) -> None:
    """Let what was withdrawn in a period that is being closed be earned in a later one: the row never changes again."""
    connection.execute(
        update(BadgeRow)
        .where(BadgeRow.period == period, BadgeRow.withdrawn_at.is_not(None))
        .values(occasion=BadgeRow.occasion + "|withdrawn|" + BadgeRow.period)
    )


class ShownBadge(NamedTuple):
    """A badge as people see it. name: whose. withdrawn_because: None while it stands, else one of badge_changes."""

    key: str
    scope: str
    participant: int
    name: str
    period: str
    earned_at: datetime
    ground: Mapping[str, Any]
    withdrawn_because: str | None
    id: int


def badge_of(connection: Connection, badge_id: int) -> ShownBadge | None:
    """Return a badge, also one that was withdrawn; None if there is none of this id."""
    return next(iter(_shown(connection, BadgeRow.id == badge_id)), None)


def newest_of_kinds(connection: Connection, keys: Sequence[str], limit: int) -> list[ShownBadge]:
    """Return the badges of some kinds that stand, newest first."""
    return _shown(connection, BadgeRow.key.in_(keys), BadgeRow.withdrawn_at.is_(None), limit=limit)


def standing_in(connection: Connection, periods: Sequence[str], keys: Sequence[str]) -> list[ShownBadge]:
    """Return the badges of some kinds that were earned in some periods and stand, newest first."""
    return _shown(connection, BadgeRow.period.in_(periods), BadgeRow.key.in_(keys), BadgeRow.withdrawn_at.is_(None))


def badges_of(connection: Connection, scope: str, participant: int) -> list[ShownBadge]:
    """Return a participant's badges, newest first, also those that were withdrawn."""
    return _shown(connection, BadgeRow.scope == scope, BadgeRow.participant_id == participant)


def _shown(connection: Connection, *where: ColumnElement[bool], limit: int | None = None) -> list[ShownBadge]:
    query = (
        select(
            BadgeRow.key,
            BadgeRow.scope,
            BadgeRow.participant_id,
            func.coalesce(Member.name, Team.name, ""),
            BadgeRow.period,
            BadgeRow.earned_at,
            BadgeRow.ground,
            BadgeRow.withdrawn_because,
            BadgeRow.id,
        )
        .outerjoin(Member, (BadgeRow.scope == "member") & (Member.id == BadgeRow.participant_id))
        .outerjoin(Team, (BadgeRow.scope == "team") & (Team.id == BadgeRow.participant_id))
        .where(*where)
        .order_by(BadgeRow.earned_at.desc(), BadgeRow.id.desc())
        .limit(limit)
    )
    return [
        ShownBadge(key, scope, participant, name, period, earned_at, json.loads(ground), why, badge_id)
        for key, scope, participant, name, period, earned_at, ground, why, badge_id in connection.execute(query)
    ]


def exceeded_before(connection: Connection, periods: Sequence[str]) -> dict[int, set[tuple[str, str]]]:
    """Return period and key, by member, of the badges for months at exceeded, and for three of them, of some months."""
    keys = ("exceeded-throughout", "exceeded-three-months")
    query = select(BadgeRow.participant_id, BadgeRow.period, BadgeRow.key).where(
        BadgeRow.period.in_(periods), BadgeRow.key.in_(keys), BadgeRow.withdrawn_at.is_(None)
    )
    found: dict[int, set[tuple[str, str]]] = {}
    for member, period, key in connection.execute(query):
        found.setdefault(member, set()).add((period, key))
    return found


def followed(connection: Connection) -> tuple[int, int]:
    """Return how far badges have followed the ledger, and how far it goes."""
    newest = select(func.coalesce(func.max(PointEntry.id), 0)).scalar_subquery()
    row = connection.execute(select(OrganisationRow.badged_entry_id, newest)).first()
    return (0, 0) if row is None else (row[0], row[1])


def members_beyond(connection: Connection, entry_id: int) -> list[int]:
    """Return the members to whom the ledger's rows beyond one belong."""
    query = select(PointEntry.member_id).where(PointEntry.id > entry_id, PointEntry.member_id.is_not(None)).distinct()
    return sorted(member for member in connection.execute(query).scalars() if member is not None)


def follow_to(connection: Connection, entry_id: int) -> None:
    """Note how far badges have followed the ledger."""
    connection.execute(update(OrganisationRow).values(badged_entry_id=entry_id))
