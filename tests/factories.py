"""Plain functions that make what tests rest on: engines, people, events; for those in services/examples.py."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, create_engine, select
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from leaderboard.domain.events import Event
from leaderboard.settings import database_url
from leaderboard.storage.tables import Member, Team

ZONE = ZoneInfo("America/Sao_Paulo")
PEOPLE_HEADER = "email,name,team,side,from,until,role,external_id"


def fresh_engine(address: str) -> Engine:
    """Return an engine that opens a new connection each time, so that many writers really are many."""
    return create_engine(database_url(address), poolclass=NullPool)


@contextmanager
def opened(address: str) -> Iterator[Session]:
    """A session on the database at an address."""
    engine = fresh_engine(address)
    with Session(engine, expire_on_commit=False) as session:
        yield session
    engine.dispose()


def at(text: str) -> datetime:
    """Return the instant of `MM-DD HH:MM[:SS]` of 2026 in the organisation's time zone."""
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=ZONE)


def ids_of(session: Session, table: type[Member] | type[Team] = Member) -> dict[str, int]:
    """Return the ids of members by the part of the e-mail before the @, or of teams by name."""
    column = Member.key if table is Member else Team.name
    rows = session.execute(select(column, table.id)).all()
    return {key.removesuffix("@example.com"): row_id for key, row_id in rows}


def event(event_id: str, when: str, event_type: str, member_id: int | None, subject: str = "L1", **rest: int) -> Event:
    """Return an event of 2026 as a CRM would send it; `when` as `at` reads it."""
    return Event(event_id, at(when), event_type, subject, member_id, source="crm", **rest)  # type: ignore[arg-type]


def people_file(rows: Iterable[str]) -> bytes:
    """Return a people file of these rows."""
    return "\n".join([PEOPLE_HEADER, *rows, ""]).encode()


def crowd(size: int, team: str = "Crowd", side: str = "sales") -> list[str]:
    """Return the rows of so many people in one team."""
    return [f"p{n:05d}@example.com,Person {n:05d},{team},{side},2026-01-01,,," for n in range(size)]
