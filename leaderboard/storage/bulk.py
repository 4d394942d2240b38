"""Writes many rows at once, as the database takes them fastest; instants come as microseconds."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from itertools import chain
from typing import Any, NamedTuple

from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite

from leaderboard.storage.event_rows import among_texts, marks

MOST_VALUES = 30_000  # in one statement; SQLite's own limit is 32,766
ROOM_KIB = 262_144
KEYS_A_QUERY = 400
COPY_FROM = 200  # below this many rows COPY into a temporary table costs more than it saves

Rows = Sequence[tuple[Any, ...]]


def insert_into(connection: Connection, table: Any) -> Any:
    """Return an INSERT of the connection's database, which can say what to do on a conflict."""
    return (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(table)


class Insertion(NamedTuple):
    """Rows for a table, as insert_rows takes them."""

    table: str
    columns: Sequence[str]
    rows: Rows
    on_conflict: str


def insert_both(connection: Connection, first: Insertion, second: Insertion) -> None:
    """Insert rows into two tables: on PostgreSQL in one statement, where they are few."""
    few = 0 < len(first.rows) < COPY_FROM and 0 < len(second.rows) < COPY_FROM
    if few and connection.dialect.name == "postgresql":
        parts = [
            f"INSERT INTO {each.table} ({', '.join(each.columns)}) VALUES "
            f"{', '.join([_percents(len(each.columns))] * len(each.rows))} ON CONFLICT {each.on_conflict}"
            for each in (first, second)
        ]
        values = tuple(chain.from_iterable((*first.rows, *second.rows)))
        connection.exec_driver_sql(f"WITH first AS ({parts[0]}) {parts[1]}", values)
        return
    insert_rows(connection, *first)
    insert_rows(connection, *second)


def insert_rows(connection: Connection, table: str, columns: Sequence[str], rows: Rows, on_conflict: str = "") -> int:
    """Insert rows and return how many the database took.

    columns: names of the table's columns, in the order of each row's values. on_conflict: what stands
    after ON CONFLICT, such as "DO NOTHING"; empty refuses a conflict.
    """
    if not rows:
        return 0
    tail = f" ON CONFLICT {on_conflict}" if on_conflict else ""
    names = ", ".join(columns)
    if connection.dialect.name == "postgresql":
        return _insert_into_postgresql(connection, table, names, rows, tail)
    return _insert_into_sqlite(connection, f"INSERT INTO {table} ({names}) VALUES ", rows, tail)


def _insert_into_sqlite(connection: Connection, head: str, rows: Rows, tail: str) -> int:
    """Take many rows a statement: what a statement costs, the ledger's triggers' guard above all, is paid once."""
    width = len(rows[0])
    most = MOST_VALUES // width
    taken = 0
    for start in range(0, len(rows), most):
        part = rows[start : start + most]
        sql = f"{head}{_row_marks(width, len(part))}{tail}"
        taken += connection.exec_driver_sql(sql, tuple(chain.from_iterable(part))).rowcount
    return taken


@lru_cache(maxsize=64)
def _row_marks(width: int, rows: int) -> str:
    return ", ".join([f"({marks(width)})"] * rows)


def _insert_into_postgresql(connection: Connection, table: str, names: str, rows: Rows, tail: str) -> int:
    if len(rows) >= COPY_FROM:
        return _copy(connection, table, names, rows, tail)
    head = f"INSERT INTO {table} ({names}) VALUES {_percents(len(rows[0]))}"
    return connection.exec_driver_sql(f"{head}{tail}", list(rows)).rowcount


def _percents(count: int) -> str:
    return f"({', '.join(['%s'] * count)})"


@contextmanager
def roomy(connection: Connection) -> Iterator[None]:
    """Give SQLite more memory meanwhile, so that pages which rows come to at random are not read again and again."""
    if connection.dialect.name != "sqlite":
        yield
        return
    usual = connection.exec_driver_sql("PRAGMA cache_size").scalar_one()
    connection.exec_driver_sql(f"PRAGMA cache_size = -{ROOM_KIB:d}")
    try:
        yield
    finally:
        if not connection.invalidated:  # as it is after Ctrl-C
            connection.exec_driver_sql(f"PRAGMA cache_size = {usual:d}")


def _copy(connection: Connection, table: str, names: str, rows: Rows, tail: str) -> int:
    """Take the rows by COPY into a temporary table, and from there into the real one."""
    aside = f"incoming_{table}"
    connection.exec_driver_sql(f"DROP TABLE IF EXISTS {aside}")
    connection.exec_driver_sql(
        f"CREATE TEMPORARY TABLE {aside} ON COMMIT DROP AS SELECT {names} FROM {table} WITH NO DATA"
    )
    cursor = connection.connection.cursor()
    try:
        with cursor.copy(f"COPY {aside} ({names}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
    finally:
        cursor.close()
    # The order of the rows is that of the file, so that ids rise with it.
    return connection.exec_driver_sql(f"INSERT INTO {table} ({names}) SELECT {names} FROM {aside}{tail}").rowcount


def mark(connection: Connection) -> str:
    """Return what stands for a value in SQL that goes to the database's driver as it is."""
    return "%s" if connection.dialect.name == "postgresql" else "?"


def keyed(connection: Connection, names: Mapping[str, str], keys: Rows) -> tuple[str, tuple[Any, ...]]:
    """Return the SQL of a table `wanted` of keys to join with, to stand after WITH, and its parameters.

    names: its columns and their SQL types. After IN such keys would make SQLite read a whole table;
    joined with, each is one search in the table's index.
    """
    row = ", ".join(f"CAST({mark(connection)} AS {kind})" for kind in names.values())
    sql = f"wanted ({', '.join(names)}) AS (VALUES {', '.join([f'({row})'] * len(keys))})"
    return sql, tuple(value for key in keys for value in key)


def among(connection: Connection, texts: Sequence[str]) -> tuple[str, tuple[Any, ...]]:
    """Return the SQL that, after a column, keeps the rows with one of some texts; and its parameters."""
    return among_texts(texts, is_postgresql=connection.dialect.name == "postgresql")


def update_all(columns: Sequence[str], key: str) -> str:
    """Return the ON CONFLICT part that overwrites every column but the key."""
    changes = ", ".join(f"{name} = excluded.{name}" for name in columns if name != key)
    return f"({key}) DO UPDATE SET {changes}"
