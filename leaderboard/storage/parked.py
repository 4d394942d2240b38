"""Queries of events that wait until somebody knows whom they name."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, delete, func, or_, select

from leaderboard.domain.anonymous import PREFIX
from leaderboard.storage.bulk import insert_into
from leaderboard.storage.connection_tables import ParkedEvent
from leaderboard.storage.tables import ExternalId, Member, Team


def park(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep events by column; of the same id in the same source the first stays."""
    if rows:
        new = insert_into(connection, ParkedEvent)
        connection.execute(new.on_conflict_do_nothing(index_elements=["event_id", "source"]), rows)


def known_now(connection: Connection, most: int) -> Sequence[Any]:
    """Return id, source, document and delivery_id of events whose name somebody has by now, oldest first."""
    columns = (ParkedEvent.id, ParkedEvent.source, ParkedEvent.document, ParkedEvent.delivery_id)
    query = select(*columns).where(_is_known()).order_by(ParkedEvent.id)
    return connection.execute(query.limit(most)).all()


def _is_known() -> ColumnElement[bool]:
    """Return that a name is one that services/naming.py finds."""
    name = ParkedEvent.unknown
    living = Member.anonymised_at.is_(None)
    members = or_(
        name.in_(select(Member.key).where(living)),
        func.lower(name).in_(select(Member.email).where(living)),
        name.in_(select(ExternalId.external_id).where(ExternalId.external_id.not_like(f"{PREFIX}%"))),
    )
    return or_(
        and_(ParkedEvent.column == "member", members),
        and_(ParkedEvent.column == "team", name.in_(select(Team.name))),
    )


def forget(connection: Connection, ids: Sequence[int]) -> None:
    """Delete events by id."""
    connection.execute(delete(ParkedEvent).where(ParkedEvent.id.in_(ids)))


def unknown_names(connection: Connection, most: int) -> Sequence[Any]:
    """Return column and unknown of the names that most events wait for, their number, since when, and one source."""
    number = func.count().label("number")
    columns = (ParkedEvent.column, ParkedEvent.unknown)
    query = select(
        *columns, number, func.min(ParkedEvent.parked_at).label("since"), func.min(ParkedEvent.source).label("source")
    )
    return connection.execute(query.group_by(*columns).order_by(number.desc(), *columns).limit(most)).all()


def count_names(connection: Connection) -> int:
    """Return how many names events wait for."""
    names = select(ParkedEvent.column, ParkedEvent.unknown).distinct().subquery()
    return connection.execute(select(func.count()).select_from(names)).scalar_one()


def discard(connection: Connection, column: str, unknown: str) -> int:
    """Delete the events that wait for a name, and return how many."""
    where = (ParkedEvent.column == column, ParkedEvent.unknown == unknown)
    return connection.execute(delete(ParkedEvent).where(*where)).rowcount
