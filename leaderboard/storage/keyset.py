"""Queries of lists that programs read a page at a time: each page begins after the last row of the one before.

So no row comes twice or is left out because another came in meanwhile. teams: of which one may see the rows, None for
all; member_id: whose own rows one may see beside.
"""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, or_, select, tuple_

from leaderboard.storage.bonus_tables import BonusAward
from leaderboard.storage.closing_tables import BadgeRow, Closing
from leaderboard.storage.due import waits
from leaderboard.storage.member_results import ENTRIES
from leaderboard.storage.people_changes import not_anonymous
from leaderboard.storage.tables import AttainmentRow, ExternalId, Member, PeriodRow, PointEntry, Team

Teams = Collection[int] | None
_order_in_month = (AttainmentRow.month, AttainmentRow.scope, AttainmentRow.participant_id, AttainmentRow.id)
_attainments: Any = (
    select(AttainmentRow, Member.key, Team.name.label("team"))
    .outerjoin(Member, (AttainmentRow.scope == "member") & (Member.id == AttainmentRow.participant_id))
    .outerjoin(Team, Team.id == AttainmentRow.team_id)
)


def attainments_in(
    connection: Connection,
    months: Sequence[str],
    *,
    sla: str | None,
    level: str | None,
    teams: Teams,
    member_id: int | None,
    after: Sequence[Any] | None,
    limit: int,
) -> Sequence[Any]:
    """Return the attainments that count in some months, by month and participant.

    after: the month, scope, participant and id of the last one of the page before.
    """
    query = _attainments.where(AttainmentRow.month.in_(months), AttainmentRow.level != "none")
    query = _narrowed(query, sla, level).where(*_attainments_seen(teams, member_id))
    if after is not None:
        query = query.where(tuple_(*_order_in_month) > tuple(after))
    return connection.execute(query.order_by(*_order_in_month).limit(limit)).all()


def attainments_waiting(
    connection: Connection,
    *,
    sla: str | None,
    teams: Teams,
    member_id: int | None,
    after: int | None,
    limit: int,
) -> Sequence[Any]:
    """Return the occurrences that are pending, by id.

    Plus nothing to the id, or else SQLite would look for the few among all attainments there are.
    """
    query = _attainments.where(*waits())
    query = _narrowed(query, sla, None).where(*_attainments_seen(teams, member_id))
    if after is not None:
        query = query.where(AttainmentRow.id > after)
    return connection.execute(query.order_by(AttainmentRow.id + 0).limit(limit)).all()


def _narrowed(query: Any, sla: str | None, level: str | None) -> Any:
    query = query if sla is None else query.where(AttainmentRow.sla == sla)
    return query if level is None else query.where(AttainmentRow.level == level)


def _attainments_seen(teams: Teams, member_id: int | None) -> list[ColumnElement[bool]]:
    own = (AttainmentRow.scope == "member") & (AttainmentRow.participant_id == member_id)
    return [] if teams is None else [or_(AttainmentRow.team_id.in_(teams), own) if teams else own]


def entries(
    connection: Connection,
    *,
    month: str | None,
    only_member: int | None,
    teams: Teams,
    member_id: int | None,
    after: int | None,
    limit: int,
) -> Sequence[Any]:
    """Return rows of the ledger by id, each with what it is for; month, only_member: None for all."""
    query = ENTRIES.add_columns(Member.key.label("member_key")).outerjoin(Member, Member.id == PointEntry.member_id)
    if month is not None:
        query = query.where(PointEntry.month == month)
    if only_member is not None:
        query = query.where(PointEntry.member_id == only_member)
    if teams is not None:
        own = PointEntry.member_id == member_id
        query = query.where(or_(PointEntry.team_id.in_(teams), own) if teams else own)
    if after is not None:
        query = query.where(PointEntry.id > after)
    return connection.execute(query.order_by(PointEntry.id).limit(limit)).all()


def badges(
    connection: Connection, *, period: str | None, key: str | None, after: int | None, limit: int
) -> Sequence[Any]:
    """Return badges by id, also those that were withdrawn; period, key: None for all."""
    query = (
        select(*BadgeRow.__table__.columns, Member.key.label("member_key"), Member.name, Team.name.label("team"))
        .outerjoin(Member, (BadgeRow.scope == "member") & (Member.id == BadgeRow.participant_id))
        .outerjoin(Team, (BadgeRow.scope == "team") & (Team.id == BadgeRow.participant_id))
    )
    for column, wanted in ((BadgeRow.period, period), (BadgeRow.key, key)):
        query = query if wanted is None else query.where(column == wanted)
    if after is not None:
        query = query.where(BadgeRow.id > after)
    return connection.execute(query.order_by(BadgeRow.id).limit(limit)).all()


def award_ids(
    connection: Connection, *, period: str | None, status: str | None, after: int | None, limit: int
) -> list[int]:
    """Return the ids of bonus awards in order; period, status: None for all."""
    query = select(BonusAward.id)
    for column, wanted in ((BonusAward.period, period), (BonusAward.status, status)):
        query = query if wanted is None else query.where(column == wanted)
    if after is not None:
        query = query.where(BonusAward.id > after)
    return list(connection.execute(query.order_by(BonusAward.id).limit(limit)).scalars())


def periods(connection: Connection) -> Sequence[Any]:
    """Return key, kind, bounds and closed_at of the periods that have standings, in no order that means anything."""
    columns = (PeriodRow.key, PeriodRow.kind, PeriodRow.starts_at, PeriodRow.ends_at, Closing.closed_at)
    query = select(*columns).outerjoin(Closing, Closing.period == PeriodRow.key)
    return connection.execute(query).all()


def ids_of(connection: Connection, member_ids: Sequence[int]) -> Sequence[Any]:
    """Return external_id and member_id of the ids by which CRMs know some members, in order."""
    query = select(ExternalId.external_id, ExternalId.member_id)
    query = query.where(ExternalId.member_id.in_(member_ids), not_anonymous())
    return connection.execute(query.order_by(ExternalId.external_id)).all()
