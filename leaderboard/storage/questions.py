"""Queries of questions about results and rows of the ledger, and of the answers."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, insert, select, update

from leaderboard.domain.actors import Actor
from leaderboard.storage.tables import AttainmentRow, PointEntry
from leaderboard.storage.trail_tables import AdjustmentRow, PointQuestion

_team_id = func.coalesce(PointEntry.team_id, AttainmentRow.team_id)
_asked = (
    select(
        *PointQuestion.__table__.columns,
        _team_id.label("team_id"),
        AttainmentRow.sla,
        AttainmentRow.subject,
        AttainmentRow.is_monthly,
        AttainmentRow.version_id,
        AttainmentRow.level,
        PointEntry.points.label("entry_points"),
        AdjustmentRow.points.label("given"),
        AdjustmentRow.month.label("given_in"),
    )
    .outerjoin(AttainmentRow, AttainmentRow.id == PointQuestion.attainment_id)
    .outerjoin(PointEntry, PointEntry.id == PointQuestion.entry_id)
    .outerjoin(AdjustmentRow, AdjustmentRow.id == PointQuestion.adjustment_id)
)
"""Questions, each with what it is about, the team that was credited, and the points given for it."""
_is_open = PointQuestion.outcome.is_(None)


def add(
    connection: Connection,
    member_id: int,
    attainment_id: int | None,
    entry_id: int | None,
    month: str,
    text: str,
    *,
    by: Actor,
    now: datetime,
) -> int:
    """Store a question and return its id."""
    values = {
        "member_id": member_id,
        "attainment_id": attainment_id,
        "entry_id": entry_id,
        "month": month,
        "text": text,
    }
    query = insert(PointQuestion).values(**values, asked_at=now, asked_by=by.name, user_id=by.user_id)
    return connection.execute(query.returning(PointQuestion.id)).scalar_one()


def find(connection: Connection, question_id: int) -> Any:
    """Return a question; None if there is none."""
    return connection.execute(_asked.where(PointQuestion.id == question_id)).first()


def close(connection: Connection, question_id: int, outcome: str, answer: str, *, by: Actor, now: datetime) -> bool:
    """Store the answer to a question that has none; tell whether it had none."""
    query = update(PointQuestion).where(PointQuestion.id == question_id, _is_open)
    values = {"outcome": outcome, "answer": answer, "answered_at": now, "answered_by": by.name}
    return connection.execute(query.values(**values)).rowcount == 1


def note_adjustment(connection: Connection, question_id: int, adjustment_id: int) -> None:
    """Store which points were given for a question."""
    query = update(PointQuestion).where(PointQuestion.id == question_id)
    connection.execute(query.values(adjustment_id=adjustment_id))


def _about(attainment_id: int | None, entry_id: int | None) -> ColumnElement[bool]:
    if attainment_id is not None:
        return PointQuestion.attainment_id == attainment_id
    return PointQuestion.entry_id == entry_id


def of_thing(connection: Connection, member_id: int, attainment_id: int | None, entry_id: int | None) -> Sequence[Any]:
    """Return a member's questions about a result, or else about a row of the ledger, oldest first."""
    where = (PointQuestion.member_id == member_id, _about(attainment_id, entry_id))
    return connection.execute(_asked.where(*where).order_by(PointQuestion.id)).all()


def of_member(connection: Connection, member_id: int, limit: int, *, before: int | None = None) -> Sequence[Any]:
    """Return a member's questions, newest first. before: a question's id."""
    query = _asked.where(PointQuestion.member_id == member_id)
    query = query if before is None else query.where(PointQuestion.id < before)
    return connection.execute(query.order_by(PointQuestion.id.desc()).limit(limit)).all()


def _within(team_ids: Collection[int] | None) -> list[ColumnElement[bool]]:
    """team_ids: of those who were credited; None for all."""
    # An answer may depend on it later, so what no team was credited with is nobody's but theirs who see all.
    return [] if team_ids is None else [_team_id.in_(team_ids)]


def newest(
    connection: Connection,
    limit: int,
    *,
    is_open: bool,
    team_ids: Collection[int] | None,
    before: int | None = None,
) -> Sequence[Any]:
    """Return open questions, oldest first, or answered ones, newest first.

    team_ids: of the teams that were credited; None for all. before: the id at which the page before ended.
    """
    query = _asked.where(_is_open if is_open else ~_is_open, *_within(team_ids))
    if before is not None:
        query = query.where(PointQuestion.id > before if is_open else PointQuestion.id < before)
    order = PointQuestion.id if is_open else PointQuestion.id.desc()
    return connection.execute(query.order_by(order).limit(limit)).all()


def count_open(connection: Connection, team_ids: Collection[int] | None) -> int:
    """Return how many questions are open; team_ids as of `newest`."""
    query = (
        select(func.count())
        .select_from(PointQuestion)
        .outerjoin(AttainmentRow, AttainmentRow.id == PointQuestion.attainment_id)
        .outerjoin(PointEntry, PointEntry.id == PointQuestion.entry_id)
        .where(_is_open, *_within(team_ids))
    )
    return connection.execute(query).scalar_one()


def open_by_team(connection: Connection) -> dict[int | None, int]:
    """Return how many questions are open, by the team that was credited; None: of what no team was credited with."""
    query = (
        select(_team_id, func.count())
        .select_from(PointQuestion)
        .outerjoin(AttainmentRow, AttainmentRow.id == PointQuestion.attainment_id)
        .outerjoin(PointEntry, PointEntry.id == PointQuestion.entry_id)
        .where(_is_open)
    )
    return {row[0]: row[1] for row in connection.execute(query.group_by(_team_id))}


def all_asked(connection: Connection) -> Iterator[Any]:
    """Yield every question, in order."""
    yield from connection.execute(select(*PointQuestion.__table__.columns).order_by(PointQuestion.id))
