"""Queries of events that wait until somebody knows whom they name."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite

from leaderboard.storage.connection_tables import ParkedEvent


def park(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep events by column; of the same id in the same source the first stays."""
    if rows:
        new = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(ParkedEvent)
        connection.execute(new.on_conflict_do_nothing(index_elements=["event_id", "source"]), rows)
