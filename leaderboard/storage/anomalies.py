"""Queries of anomalies: `to` events that came before every `from` (C6)."""

from collections.abc import Sequence

from sqlalchemy import Connection, delete

from leaderboard.domain.events import Event
from leaderboard.storage.bulk import insert_rows
from leaderboard.storage.database import to_micros
from leaderboard.storage.tables import Anomaly


def clear_anomalies(connection: Connection, subjects: Sequence[str]) -> None:
    """Forget the anomalies of some subjects, to note them anew."""
    connection.execute(delete(Anomaly).where(Anomaly.subject.in_(subjects)))


def write_anomalies(connection: Connection, rows: Sequence[tuple[str, str, Event]]) -> None:
    """Note anomalies: subject, SLA, and the `to` event that came too early (C6)."""
    values = [(subject, sla, each.event_id, each.source, to_micros(each.occurred_at)) for subject, sla, each in rows]
    columns = ("subject", "sla", "event_id", "source", "occurred_at")
    insert_rows(connection, Anomaly.__tablename__, columns, values, "DO NOTHING")
