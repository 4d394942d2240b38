"""Walls and celebrations for tests: leads in time, what members chose, and all that can be reached in either."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from leaderboard.domain.displays import Settings
from leaderboard.services.walls import Wall, read_wall
from leaderboard.storage.database import all_or_nothing
from leaderboard.storage.display_tables import DisplayChoice
from tests.factories import at, ids_of
from tests.services.examples import csv_of, hand_in


def in_time(
    session: Session, who: str, when: str, number: int = 1, *, minutes: int = 30, now: datetime | None = None
) -> None:
    """Dispose of leads after some minutes, 30 exceed and 120 meet; when: `MM-DD HH:MM`, now: an hour later."""
    start = at(when)
    lines = []
    for n in range(number):
        lead = f"lead-{when[:5]}-{who}-{minutes}-{start:%H%M}-{n}"
        for kind, instant in (("assigned", start), ("disposed", start + timedelta(minutes=minutes))):
            lines.append(f"{lead}-{kind},{instant.isoformat()},lead.{kind},{lead},{who}@example.com")
    hand_in(session, csv_of(*lines), now=now or start + timedelta(minutes=minutes + 30))


def choose(session: Session, **choices: str | None) -> None:
    """Store what members chose about displays: a nickname, or None to be hidden."""
    ids = ids_of(session)
    rows = [
        {"member_id": ids[who], "is_hidden": int(nickname is None), "nickname": nickname}
        for who, nickname in choices.items()
    ]
    with all_or_nothing(session):
        session.execute(insert(DisplayChoice), rows)


def wall(session: Session, when: str, message: str = "", **settings: Any) -> Wall:
    """Return what a display with some settings shows at `MM-DD HH:MM`."""
    return read_wall(session, Settings(**settings), message=message, now=at(when).astimezone(UTC))


def slide(session: Session, kind: str, when: str, **settings: Any) -> Any:
    """Return what a slide shows, None where it is left out."""
    return {each.kind: each.content for each in wall(session, when, **settings).slides}.get(kind)


def reached(value: object) -> Iterator[object]:
    """Yield everything that can be reached from a value."""
    yield value
    if is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            yield from reached(getattr(value, field.name))
    elif isinstance(value, list | tuple | set | frozenset):
        for each in value:
            yield from reached(each)
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from reached(key)
            yield from reached(each)
