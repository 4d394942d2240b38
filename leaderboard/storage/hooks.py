"""Queries of webhooks in: the doors for CRMs, and what came through them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, case, delete, func, insert, select, update

from leaderboard.storage.bulk import insert_into
from leaderboard.storage.connection_tables import Hook, HookDelivery

WAITING, TAKEN, FAILED = "waiting", "taken", "failed"
STATES = (WAITING, TAKEN, FAILED)
_without_body = [column for column in HookDelivery.__table__.c if column.name != "body"]


def with_slug(connection: Connection, slug: str) -> Any:
    """Return all of the hook at an address, or None."""
    return connection.execute(select(*Hook.__table__.c).where(Hook.slug == slug)).first()


def find(connection: Connection, hook_id: int) -> Any:
    """Return all of a hook, or None."""
    return connection.execute(select(*Hook.__table__.c).where(Hook.id == hook_id)).first()


def slugs(connection: Connection) -> set[str]:
    """Return the addresses that are taken."""
    return set(connection.execute(select(Hook.slug)).scalars())


def overview(connection: Connection) -> Sequence[Any]:
    """Return id, slug, kind, name and is_active of each hook by name, when it last got something, and how many

    deliveries wait or failed.
    """
    newest = (
        select(HookDelivery.hook_id, func.max(HookDelivery.id).label("id")).group_by(HookDelivery.hook_id).subquery()
    )
    left = (
        select(
            HookDelivery.hook_id,
            func.sum(case((HookDelivery.state == WAITING, 1), else_=0)).label("waiting"),
            func.sum(case((HookDelivery.state == FAILED, 1), else_=0)).label("failed"),
        )
        .where(HookDelivery.state != TAKEN)
        .group_by(HookDelivery.hook_id)
        .subquery()
    )
    query = (
        select(
            *(Hook.id, Hook.slug, Hook.kind, Hook.name, Hook.is_active),
            HookDelivery.received_at.label("last_at"),
            func.coalesce(left.c.waiting, 0).label("waiting"),
            func.coalesce(left.c.failed, 0).label("failed"),
        )
        .select_from(Hook)
        .outerjoin(newest, newest.c.hook_id == Hook.id)
        .outerjoin(HookDelivery, HookDelivery.id == newest.c.id)
        .outerjoin(left, left.c.hook_id == Hook.id)
    )
    return connection.execute(query.order_by(func.lower(Hook.name), Hook.id)).all()


def add(connection: Connection, **values: Any) -> int:
    """Store a hook and return its id."""
    return connection.execute(insert(Hook).values(**values).returning(Hook.id)).scalar_one()


def change(connection: Connection, hook_id: int, **values: Any) -> None:
    """Store values of a hook."""
    connection.execute(update(Hook).where(Hook.id == hook_id).values(**values))


def remove(connection: Connection, hook_id: int) -> None:
    """Delete a hook and what came through it; its events stay."""
    connection.execute(delete(HookDelivery).where(HookDelivery.hook_id == hook_id))
    connection.execute(delete(Hook).where(Hook.id == hook_id))


def add_delivery(connection: Connection, **values: Any) -> int | None:
    """Store a delivery that waits and return its id; None if it came before, by its key."""
    new = insert_into(connection, HookDelivery).values(
        **values, state=WAITING, tries=0, new=0, duplicate=0, parked=0, refused=0, told=None
    )
    new = new.on_conflict_do_nothing(index_elements=["hook_id", "delivery_key"]).returning(HookDelivery.id)
    return connection.execute(new).scalar()


def delivery(connection: Connection, delivery_id: int) -> Any:
    """Return all of a delivery, and its hook's kind, mapping and slug; None if it is not there."""
    query = select(*HookDelivery.__table__.c, Hook.kind, Hook.mapping, Hook.slug)
    return connection.execute(query.join(Hook).where(HookDelivery.id == delivery_id)).first()


def change_delivery(connection: Connection, delivery_id: int, **values: Any) -> None:
    """Store values of a delivery."""
    connection.execute(update(HookDelivery).where(HookDelivery.id == delivery_id).values(**values))


def due(connection: Connection, now: datetime, most: int) -> list[int]:
    """Return the ids of deliveries that wait and are to be tried by now, oldest first."""
    where = (HookDelivery.state == WAITING, HookDelivery.next_try_at <= now)
    query = select(HookDelivery.id).where(*where).order_by(HookDelivery.next_try_at, HookDelivery.id)
    return list(connection.execute(query.limit(most)).scalars())


def next_try(connection: Connection) -> datetime | None:
    """Return when the next delivery that waits is to be tried; None for none."""
    query = select(HookDelivery.next_try_at).where(HookDelivery.state == WAITING)
    return connection.execute(query.order_by(HookDelivery.next_try_at).limit(1)).scalar()


def deliveries(connection: Connection, hook_id: int, most: int, older_than: int | None, state: str) -> Sequence[Any]:
    """Return what a hook was sent, newest first, without the bodies. state: empty for all."""
    where = [HookDelivery.hook_id == hook_id]
    if older_than is not None:
        where.append(HookDelivery.id < older_than)
    if state:
        where.append(HookDelivery.state == state)
    query = select(*_without_body, func.length(HookDelivery.body).label("size")).where(*where)
    return connection.execute(query.order_by(HookDelivery.id.desc()).limit(most)).all()


def last_body(connection: Connection, hook_id: int) -> str | None:
    """Return the body of what a hook was sent last; None for nothing."""
    query = select(HookDelivery.body).where(HookDelivery.hook_id == hook_id, HookDelivery.body != "")
    return connection.execute(query.order_by(HookDelivery.id.desc()).limit(1)).scalar()


def forget(connection: Connection, until: datetime) -> int:
    """Delete deliveries of before an instant that do not wait, and return how many."""
    where = (HookDelivery.received_at <= until, HookDelivery.state != WAITING)
    return connection.execute(delete(HookDelivery).where(*where)).rowcount
