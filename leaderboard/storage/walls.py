"""Queries of what displays show: they read what is new or on the screen, however much is stored."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, false, func, or_, select, text, union_all

from leaderboard.storage.bonus_tables import BonusAward
from leaderboard.storage.closing_tables import BadgeRow
from leaderboard.storage.tables import AttainmentRow, EventImport, EventRow, OrganisationRow, PointEntry

MOST_EVENTS_READ = 20
# In these very words: only so do the databases see that their partial indexes have all of it.
_is_decided = text("attainment.is_monthly = 0 AND attainment.level IN ('met', 'exceeded', 'missed')")
_stands = text("badge.withdrawn_at IS NULL")
_badge = (
    BadgeRow.id,
    BadgeRow.key,
    BadgeRow.scope,
    BadgeRow.participant_id,
    BadgeRow.period,
    BadgeRow.earned_at,
    BadgeRow.awarded_at,
)

_earlier = PointEntry.__table__.alias("earlier")
_was_exceeded = (
    select(_earlier.c.id)
    .where(
        _earlier.c.attainment_id == PointEntry.attainment_id,
        _earlier.c.id < PointEntry.id,
        _earlier.c.reason == "exceeded",
    )
    .correlate(PointEntry)
    .exists()
)


class Marks(NamedTuple):
    """How far things have come: the rules' version, and the newest ids of the ledger and of the badges."""

    rules_version: int
    entry_id: int
    badge_id: int


def marks(connection: Connection) -> Marks | None:
    """Return how far things have come; None while there is no organisation."""
    entry = select(func.coalesce(func.max(PointEntry.id), 0)).scalar_subquery()
    badge = select(func.coalesce(func.max(BadgeRow.id), 0)).scalar_subquery()
    row = connection.execute(select(OrganisationRow.rules_version, entry, badge)).first()
    return None if row is None else Marks(*row)


def newest_data(connection: Connection) -> tuple[datetime | None, list[datetime]]:
    """Return when the last file was imported, and when the events that came in last had happened."""
    imported = select(EventImport.imported_at).order_by(EventImport.id.desc()).limit(1)
    newest = select(func.max(EventRow.id) - MOST_EVENTS_READ).scalar_subquery()
    happened = select(EventRow.occurred_at).where(EventRow.id > newest)
    return connection.execute(imported).scalar(), list(connection.execute(happened).scalars())


def newest_badges(connection: Connection, scopes: Sequence[str], limit: int) -> Sequence[Any]:
    """Return the badges that stand, so many a scope, newest first."""
    parts = []
    for scope in scopes:
        theirs = select(*_badge).where(BadgeRow.scope == scope, _stands)
        newest = theirs.order_by(BadgeRow.earned_at.desc(), BadgeRow.id.desc()).limit(limit).subquery()
        parts.append(select(newest))
    rows = connection.execute(union_all(*parts)).all()
    return sorted(rows, key=lambda row: (row.earned_at, row.id), reverse=True)


def in_time(
    connection: Connection, start: datetime, end: datetime | None, slas: Mapping[int, Sequence[str]]
) -> dict[int, tuple[int, int]]:
    """Return, by team, how many occurrences were in time and how many were decided at all, from `start` up to `end`.

    end: None for no end. slas: which SLAs of each agreement version count.
    """
    wanted = [(AttainmentRow.version_id == version) & AttainmentRow.sla.in_(keys) for version, keys in slas.items()]
    when = [AttainmentRow.decided_at >= start, *([] if end is None else [AttainmentRow.decided_at < end])]
    reached = func.count().filter(AttainmentRow.level != "missed")
    query = select(AttainmentRow.team_id, reached, func.count()).where(_is_decided, *when, or_(false(), *wanted))
    rows = connection.execute(query.group_by(AttainmentRow.team_id))
    return {team_id: (number, decided) for team_id, number, decided in rows if team_id is not None}


def exceeded_beyond(
    connection: Connection, entry_id: int, newest: int, since: datetime, limit: int
) -> tuple[Sequence[Any], int]:
    """Return the attainments that the ledger's rows beyond one found exceeded for the first time, and how many.

    newest: how far to look. since: only those decided later. The latest come first, and at most `limit` of them.
    """
    columns = (
        AttainmentRow.id,
        AttainmentRow.scope,
        AttainmentRow.participant_id,
        AttainmentRow.team_id,
        AttainmentRow.sla,
        AttainmentRow.version_id,
        PointEntry.posted_at,
    )
    query = (
        select(*columns, func.count().over().label("number"))
        .join(AttainmentRow, AttainmentRow.id == PointEntry.attainment_id)
        .where(
            PointEntry.id > entry_id,
            PointEntry.id <= newest,
            PointEntry.reason == "exceeded",
            PointEntry.corrects.is_(None),
            AttainmentRow.level == "exceeded",
            AttainmentRow.decided_at > since,
            ~_was_exceeded,
        )
        .order_by(PointEntry.id.desc())
        .limit(limit)
    )
    return _with_number(connection, query)


def badges_beyond(
    connection: Connection, badge_id: int, live: Sequence[str], since: datetime, periods: Sequence[str], limit: int
) -> tuple[Sequence[Any], int]:
    """Return the standing badges beyond one, the latest first and at most `limit`, and how many there are.

    since: those of the `live` kinds were earned later; periods: all others in one of these.
    """
    is_live = BadgeRow.key.in_(live)
    is_news = (is_live & (BadgeRow.earned_at > since)) | (~is_live & BadgeRow.period.in_(periods))
    query = select(*_badge, func.count().over().label("number")).where(BadgeRow.id > badge_id, _stands, is_news)
    return _with_number(connection, query.order_by(BadgeRow.id.desc()).limit(limit))


def _with_number(connection: Connection, query: Any) -> tuple[Sequence[Any], int]:
    rows = connection.execute(query).all()
    return rows, rows[0].number if rows else 0


def approved_since(connection: Connection, since: datetime, limit: int) -> Sequence[Any]:
    """Return the awards approved from an instant on, the latest first; those that were paid meanwhile too."""
    columns = (
        BonusAward.id,
        BonusAward.scope,
        BonusAward.participant_id,
        BonusAward.name,
        BonusAward.side,
        BonusAward.programme,
        BonusAward.period,
        BonusAward.place,
        BonusAward.decided_at,
    )
    query = select(*columns).where(BonusAward.decided_at >= since, BonusAward.status.in_(("approved", "paid")))
    return connection.execute(query.order_by(BonusAward.decided_at.desc(), BonusAward.id.desc()).limit(limit)).all()
