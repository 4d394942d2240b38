"""Queries of displays and of what members chose about them. What screens show has a version, which rises with it."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Text, bindparam, delete, func, insert, literal, or_, select, update

from leaderboard.storage.bulk import insert_rows
from leaderboard.storage.display_tables import DisplayChoice, DisplayRow
from leaderboard.storage.tables import OrganisationRow

_key = bindparam("key", type_=Text())
_resumed = (
    select(
        DisplayRow.id,
        DisplayRow.name,
        DisplayRow.key,
        DisplayRow.previous_key,
        DisplayRow.rotated_at,
        DisplayRow.settings,
        DisplayRow.message,
        DisplayRow.message_until,
        DisplayRow.last_seen_at,
        DisplayRow.user_agent,
        DisplayRow.width,
        DisplayRow.height,
        OrganisationRow.scores_version,
        OrganisationRow.rules_version,
    )
    .select_from(DisplayRow)
    .outerjoin(OrganisationRow, literal(True))
    .where(or_(DisplayRow.key == _key, DisplayRow.previous_key == _key), DisplayRow.revoked_at.is_(None))
)
_listed = select(*(column for column in DisplayRow.__table__.c if column.key not in ("previous_key", "rotated_at")))


def raise_screens_version(connection: Connection) -> None:
    """Tell every process that what only displays show has changed."""
    insert_rows(connection, "screens", ("id", "version"), [(1, 1)], "(id) DO UPDATE SET version = screens.version + 1")


def resumed(connection: Connection, key: str) -> Any:
    """Return the display of a token that is good, with the organisation's versions, in one statement; or None."""
    return connection.execute(_resumed, {"key": key}).first()


def all_live(connection: Connection) -> Sequence[Any]:
    """Return the displays that are not revoked, by name."""
    return connection.execute(
        _listed.where(DisplayRow.revoked_at.is_(None)).order_by(func.lower(DisplayRow.name), DisplayRow.id)
    ).all()


def live(connection: Connection, display_id: int) -> Any:
    """Return a display that is not revoked, or None."""
    return connection.execute(_listed.where(DisplayRow.id == display_id, DisplayRow.revoked_at.is_(None))).first()


def add(
    connection: Connection, name: str, settings: str, message: str, until: datetime | None, now: datetime, by: str
) -> int:
    """Store a display that has no token yet, and return its id."""
    values = {"name": name, "settings": settings, "message": message, "message_until": until}
    query = insert(DisplayRow).values(**values, paired_at=now, paired_by=by, user_agent="")
    return connection.execute(query.returning(DisplayRow.id)).scalar_one()


def change(connection: Connection, display_id: int, **values: Any) -> None:
    """Store other values of a display."""
    connection.execute(update(DisplayRow).where(DisplayRow.id == display_id).values(**values))


def give_key(connection: Connection, display_id: int, key: str, now: datetime) -> None:
    """Store the key of a new token; the one before stays good until the new one has been used."""
    connection.execute(
        update(DisplayRow)
        .where(DisplayRow.id == display_id)
        .values(previous_key=DisplayRow.key, key=key, rotated_at=now)
    )


def rotate(
    connection: Connection, display_id: int, old_key: str, new_key: str, now: datetime, before: datetime
) -> None:
    """Store a new token's key unless it got one after an instant: of two that ask at once, one changes it.

    old_key: of the token that asks, the present one or the one before; it stays good until the new one is used.
    """
    connection.execute(
        update(DisplayRow)
        .where(
            DisplayRow.id == display_id,
            or_(DisplayRow.key == old_key, DisplayRow.previous_key == old_key),
            DisplayRow.rotated_at <= before,
            DisplayRow.revoked_at.is_(None),
        )
        .values(previous_key=old_key, key=new_key, rotated_at=now)
    )


def key_of(connection: Connection, display_id: int) -> str | None:
    """Return the key of a display's present token."""
    return connection.execute(select(DisplayRow.key).where(DisplayRow.id == display_id)).scalar()


def forget_previous(connection: Connection, key: str) -> None:
    """End the token before the one with this key, which has come to be used."""
    connection.execute(update(DisplayRow).where(DisplayRow.key == key).values(previous_key=None))


def mark_seen(connection: Connection, display_ids: Iterable[int], now: datetime) -> None:
    """Store that displays were there, in one statement."""
    connection.execute(update(DisplayRow).where(DisplayRow.id.in_(list(display_ids))).values(last_seen_at=now))


def choice(connection: Connection, member_id: int) -> Any:
    """Return is_hidden, nickname and is_page_hidden as a member chose, or None."""
    columns = (DisplayChoice.is_hidden, DisplayChoice.nickname, DisplayChoice.is_page_hidden)
    return connection.execute(select(*columns).where(DisplayChoice.member_id == member_id)).first()


def all_choices(connection: Connection) -> Sequence[Any]:
    """Return member_id, is_hidden and nickname of all who chose anything."""
    return connection.execute(select(DisplayChoice.member_id, DisplayChoice.is_hidden, DisplayChoice.nickname)).all()


def set_choice(
    connection: Connection, member_id: int, *, is_hidden: bool, nickname: str | None, is_page_hidden: bool
) -> None:
    """Store what a member chose; what needs no choice leaves none."""
    connection.execute(delete(DisplayChoice).where(DisplayChoice.member_id == member_id))
    if is_hidden or nickname or is_page_hidden:
        hidden = {"is_hidden": int(is_hidden), "is_page_hidden": int(is_page_hidden)}
        values = {"member_id": member_id, **hidden, "nickname": nickname}
        connection.execute(insert(DisplayChoice).values(**values))
