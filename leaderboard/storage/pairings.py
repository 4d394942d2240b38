"""Queries of screens that wait to be paired."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, delete, insert, or_, select, update

from leaderboard.storage.display_tables import Pairing


def begun_since(connection: Connection, since: datetime, most: int, address: str | None = None) -> list[datetime]:
    """Return when pairings were begun after an instant, from an address or from anywhere, newest first."""
    where: list[ColumnElement[bool]] = [Pairing.created_at > since]
    if address is not None:
        where.append(Pairing.address == address)
    query = select(Pairing.created_at).where(*where).order_by(Pairing.created_at.desc()).limit(most)
    return list(connection.execute(query).scalars())


def add(connection: Connection, code_key: str, device_key: str, address: str, now: datetime) -> None:
    """Store a screen that waits."""
    values = {"code_key": code_key, "device_key": device_key, "address": address, "created_at": now}
    connection.execute(insert(Pairing).values(**values))


def with_code(connection: Connection, code_key: str) -> Any:
    """Return id, created_at and display_id of the pairing with a code, or None."""
    return _find(connection, Pairing.code_key == code_key)


def with_device(connection: Connection, device_key: str) -> Any:
    """Return id, code_key, created_at and display_id of the pairing of a screen, or None."""
    return _find(connection, Pairing.device_key == device_key)


def _find(connection: Connection, which: ColumnElement[bool]) -> Any:
    columns = (Pairing.id, Pairing.code_key, Pairing.created_at, Pairing.display_id)
    return connection.execute(select(*columns).where(which)).first()


def claim(connection: Connection, pairing_id: int, display_id: int) -> None:
    """Store which display the screen is."""
    connection.execute(update(Pairing).where(Pairing.id == pairing_id).values(display_id=display_id))


def forget_of(connection: Connection, display_id: int) -> None:
    """Delete what a display was paired by: it has its token, or gets none any more."""
    connection.execute(delete(Pairing).where(Pairing.display_id == display_id))


def forget_old(connection: Connection, waiting_since: datetime, claimed_since: datetime) -> int:
    """Delete the pairings begun at or before an instant, by whether a manager has entered the code; return how many."""
    is_waiting = Pairing.display_id.is_(None)
    return connection.execute(
        delete(Pairing).where(
            or_(
                and_(is_waiting, Pairing.created_at <= waiting_since),
                and_(~is_waiting, Pairing.created_at <= claimed_since),
            )
        )
    ).rowcount
