"""Queries of what CRMs have sent and what names somebody in it: in deliveries of webhooks, and in events that wait."""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute

from leaderboard.storage.connection_tables import Hook, HookDelivery, ParkedEvent
from leaderboard.storage.database import holds

ROWS_A_CHUNK = 500


def deliveries_naming(connection: Connection, names: Sequence[str]) -> list[Any]:
    """Return id, received_at and hook of the deliveries that name somebody; bodies name others too, and stay here."""
    ids = list(_deliveries(connection, names, HookDelivery.body))
    query = select(HookDelivery.id, HookDelivery.received_at, Hook.name.label("hook")).join(Hook)
    found: list[Any] = []
    for start in range(0, len(ids), ROWS_A_CHUNK):
        where = HookDelivery.id.in_(ids[start : start + ROWS_A_CHUNK])
        found += connection.execute(query.where(where).order_by(HookDelivery.id)).all()
    return found


def parked_naming(connection: Connection, names: Sequence[str]) -> list[dict[str, Any]]:
    """Return the events that wait and name somebody, by our columns."""
    rows = connection.execute(
        select(ParkedEvent.document).where(_holds(connection, ParkedEvent.document, names)).order_by(ParkedEvent.id)
    )
    found = (json.loads(row.document) for row in rows)
    return [each for each in found if set(each.values()).intersection(names)]


def forget(connection: Connection, names: Sequence[str]) -> None:
    """Forget what names somebody: events that wait, bodies of deliveries that do not, and what is told of them."""
    is_parked = or_(ParkedEvent.unknown.in_(names), _holds(connection, ParkedEvent.document, names))
    rows = connection.execute(select(ParkedEvent.id, ParkedEvent.unknown, ParkedEvent.document).where(is_parked)).all()
    parked = [row.id for row in rows if {row.unknown, *json.loads(row.document).values()}.intersection(names)]
    for start in range(0, len(parked), ROWS_A_CHUNK):
        connection.execute(delete(ParkedEvent).where(ParkedEvent.id.in_(parked[start : start + ROWS_A_CHUNK])))
    for column, nothing in ((HookDelivery.body, ""), (HookDelivery.told, None)):
        ids = list(_deliveries(connection, names, column))
        for start in range(0, len(ids), ROWS_A_CHUNK):
            where = (HookDelivery.id.in_(ids[start : start + ROWS_A_CHUNK]), HookDelivery.state != "waiting")
            connection.execute(update(HookDelivery).where(*where).values({column.key: nothing}))


def _deliveries(connection: Connection, names: Sequence[str], column: InstrumentedAttribute[Any]) -> Iterator[int]:
    """Yield the ids of deliveries in which a name stands alone: 7 is not named by 17."""
    named = re.compile("|".join(rf"(?<![\w@.-]){re.escape(name)}(?![\w@-])" for name in names), re.IGNORECASE)
    query = select(HookDelivery.id, column.label("text")).where(_holds(connection, column, names))
    for row in connection.execute(query.execution_options(yield_per=ROWS_A_CHUNK)):
        if named.search(row.text):
            yield row.id


def _holds(connection: Connection, column: InstrumentedAttribute[Any], names: Sequence[str]) -> ColumnElement[bool]:
    return or_(*(holds(connection, column, name) for name in names))
