"""Fresh databases to measure in: SQLite files, or databases on a PostgreSQL server."""

import io
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import Engine, create_engine, make_url, text
from sqlalchemy.orm import Session

from benchmarks.data import AGREEMENT, ORGANISATION, START, people_csv
from leaderboard.app import create_app
from leaderboard.domain.actors import COMMAND_LINE
from leaderboard.resources import resource
from leaderboard.services.agreeing import load_agreement
from leaderboard.services.organising import load_organisation
from leaderboard.services.people import load_people
from leaderboard.settings import database_url
from leaderboard.storage.database import db

SETTINGS = {"SECRET_KEY": "a key for benchmarks only, 0123456789", "COOKIE_SECURE": False, "TESTING": True}
Fresh = Callable[[], str]
"""Returns the address of a new, empty database."""


@contextmanager
def fresh_databases(kind: str) -> Iterator[Fresh]:
    """Yield where new databases come from; they go when done.

    kind: sqlite, postgresql (a server of our own), or the address of a database on a PostgreSQL server
    whose user may create others.
    """
    if kind == "sqlite":
        with tempfile.TemporaryDirectory(prefix="benchmarks-") as folder:
            numbers = count(1)
            yield lambda: f"sqlite:///{Path(folder) / f'{next(numbers)}.db'}"
    elif kind == "postgresql":
        from tests.database import postgresql_server

        with postgresql_server() as address, _databases_on(address.format(name="postgres")) as fresh:
            yield fresh
    else:
        with _databases_on(kind) as fresh:
            yield fresh


@contextmanager
def _databases_on(address: str) -> Iterator[Fresh]:
    server = create_engine(database_url(address), isolation_level="AUTOCOMMIT")
    made: list[str] = []

    def fresh() -> str:
        name = f"benchmark_{len(made) + 1}"
        with server.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        made.append(name)
        return make_url(address).set(database=name).render_as_string(hide_password=False)

    try:
        yield fresh
    finally:
        with server.connect() as connection:
            for name in made:
                connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        server.dispose()


def application(address: str) -> Flask:
    """Return the application on a database brought up to date."""
    app = create_app({**SETTINGS, "DATABASE_URL": address})
    with app.app_context():
        upgrade(directory=str(resource("migrations")))
    return app


def engine_of(app: Flask) -> Engine:
    """Return the engine of an application, as the product sets it up."""
    with app.app_context():
        return db.engine


def load_ground(engine: Engine) -> None:
    """Load the organisation, its people and its agreement."""
    with Session(engine) as session:
        load_organisation(session, ORGANISATION, now=START, by=COMMAND_LINE)
        load_people(session, io.BytesIO(people_csv().encode()), now=START, by=COMMAND_LINE)
        load_agreement(session, AGREEMENT, now=START, by=COMMAND_LINE)
