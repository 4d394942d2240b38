"""The database: base class, column types, engine settings and the write lock."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any, ClassVar

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Engine,
    Integer,
    MetaData,
    Text,
    event,
    func,
    inspect,
    select,
    text,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute, Session
from sqlalchemy.types import TypeDecorator

from leaderboard.domain.instants import from_micros, to_micros

BUSY_SECONDS = 30
SOON_MS = 250
WRITE_LOCK = 7_301_204  # arbitrary numbers: the names of the PostgreSQL advisory locks
DOOR_LOCK = 7_301_205  # accounts, decisions and runs of jobs take turns among themselves, not with scoring

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}

# SQLite's STRICT tables know INTEGER and TEXT only; its INTEGER holds 64 bits.
Big = BigInteger().with_variant(Integer(), "sqlite")


class Instant(TypeDecorator[datetime]):
    """An instant (T1), stored as microseconds since 1970 in UTC: exact, and the same on both databases."""

    impl = BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        return dialect.type_descriptor(Integer() if dialect.name == "sqlite" else BigInteger())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else to_micros(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        return None if value is None else from_micros(value)


class Day(TypeDecorator[date]):
    """A calendar date, stored as ISO 8601 text."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: date | None, dialect: Dialect) -> str | None:
        return None if value is None else value.isoformat()

    def process_result_value(self, value: str | None, dialect: Dialect) -> date | None:
        return None if value is None else date.fromisoformat(value)


class Base(DeclarativeBase):
    """Base of all tables; plain SQLAlchemy, which Flask-SQLAlchemy only gives its session."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar = {str: Text(), int: Big, datetime: Instant(), date: Day()}


db = SQLAlchemy(metadata=Base.metadata, session_options={"expire_on_commit": False})


@event.listens_for(Engine, "connect")
def _prepare_connection(dbapi_connection: Any, _record: Any) -> None:
    """Give each SQLite connection the settings that hold per connection (faults R4, R7)."""
    if type(dbapi_connection).__module__ != "sqlite3":
        return
    dbapi_connection.isolation_level = None  # we begin transactions ourselves, below
    dbapi_connection.create_function("lower_all", 1, lambda text: text and text.lower(), deterministic=True)
    cursor = dbapi_connection.cursor()
    for pragma in (
        f"busy_timeout = {BUSY_SECONDS * 1000}",
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        "recursive_triggers = ON",  # else INSERT OR REPLACE passes the ledger's triggers
        "cache_size = -65536",
        "temp_store = MEMORY",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


@event.listens_for(Engine, "begin")
def _begin(connection: Connection) -> None:
    """Begin on SQLite: at once for writers, so that no two read the same row and then write it.

    pysqlite's own way sends no BEGIN before a SELECT, and a deferred BEGIN fails at the first write
    (SQLAlchemy, dialects/sqlite/base.py; faults R4).
    """
    if connection.dialect.name == "sqlite":
        options = connection.get_execution_options()
        cursor = connection.connection.cursor()
        if not options.get("is_write", False):
            cursor.execute("BEGIN")
        elif options.get("is_patient", True):
            cursor.execute("BEGIN IMMEDIATE")
        else:
            _begin_soon(cursor)
        cursor.close()


def _begin_soon(cursor: Any) -> None:
    """Begin to write on SQLite, or fail soon; the setting of the connection outlasts the transaction."""
    cursor.execute(f"PRAGMA busy_timeout = {SOON_MS}")
    try:
        cursor.execute("BEGIN IMMEDIATE")
    finally:
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")


def begin_snapshot(session: Session) -> None:
    """Begin to read what one moment holds, whatever others write meanwhile; a transaction under way ends here."""
    session.rollback()
    is_postgresql = session.get_bind().dialect.name == "postgresql"  # SQLite's transactions see one moment anyway
    session.connection(execution_options={"isolation_level": "REPEATABLE READ"} if is_postgresql else {})


@contextmanager
def all_or_nothing(session: Session, lock: int = WRITE_LOCK, *, is_patient: bool = True) -> Iterator[None]:
    """Write in one transaction, committed at the end; a failure rolls it back at once, so that no writer waits.

    lock, is_patient: as of begin_write.
    """
    begin_write(session, lock, is_patient=is_patient)
    try:
        yield
    except BaseException:
        session.rollback()
        raise
    session.commit()


def begin_write(session: Session, lock: int = WRITE_LOCK, *, is_patient: bool = True) -> None:
    """Begin the session's one writing transaction; a reading one under way ends here.

    Writers take turns: SQLite by BEGIN IMMEDIATE, PostgreSQL by an advisory lock that the
    transaction's end releases, so that scoring may read, compute and write without losing an update.
    lock: WRITE_LOCK for what scoring reads; DOOR_LOCK for accounts, decisions on awards and the runs of jobs, which
    on PostgreSQL need not wait for it.
    is_patient: False for what anybody may ask for: it gives up soon while others write, with an OperationalError of
    SQLAlchemy or of sqlite3, or else a few such requests would keep all others waiting as long as an import writes.
    """
    session.rollback()
    connection = session.connection(execution_options={"is_write": True, "is_patient": is_patient})
    if connection.dialect.name == "postgresql":
        if not is_patient:
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{SOON_MS}ms'")
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({lock})")


def lock_door(connection: Connection) -> None:
    """Take the lock of accounts beside WRITE_LOCK, in the transaction that has that; never the other way round."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({DOOR_LOCK})")


@contextmanager
def write_at_once(session: Session) -> Iterator[Connection]:
    """Run a small write that may as well not happen: it waits for nobody, and is left out while others write.

    A reading transaction under way ends here. A page must not wait for an import to note when it was read.
    """
    session.rollback()
    connection = session.connection()
    is_sqlite = connection.dialect.name == "sqlite"
    # SQLite takes the lock at the first write; the settings of its connection outlast the transaction.
    connection.exec_driver_sql("PRAGMA busy_timeout = 0" if is_sqlite else "SET LOCAL lock_timeout = '100ms'")
    try:
        try:
            yield connection
        finally:
            if is_sqlite:
                connection.exec_driver_sql(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")
        session.commit()
    except OperationalError:
        session.rollback()


def values_of(connection: Connection, column: InstrumentedAttribute[str]) -> list[str]:
    """Return the different values of an indexed column: from each to the next, so that no more rows are read."""
    found = select(func.min(column).label("value")).cte(recursive=True)
    following = select(func.min(column)).where(column > found.c.value).scalar_subquery()
    found = found.union_all(select(following).where(found.c.value.is_not(None)))
    return list(connection.execute(select(found.c.value).where(found.c.value.is_not(None))).scalars())


def holds(connection: Connection, column: InstrumentedAttribute[Any], text: str) -> ColumnElement[bool]:
    """Return that a column's text has another in it, in any case; SQLite's own lower() knows only ASCII."""
    if connection.dialect.name == "sqlite":
        return func.lower_all(column).contains(text.lower(), autoescape=True)
    return column.icontains(text, autoescape=True)


def database_version(connection: Connection) -> str | None:
    """Return the newest migration that the database has had, None if it has had none."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
