"""How a command runs: on the migrated database, and what is refused becomes a sentence and exit code 1."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import IO, Any

import click
from flask import Flask
from flask_migrate import upgrade as migrate_database
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from leaderboard.app import create_app
from leaderboard.domain.errors import Refused
from leaderboard.resources import resource
from leaderboard.settings import SettingsError
from leaderboard.storage.database import db

Command = Callable[..., None]


class Failed(click.ClickException):
    """A plain sentence on stderr, and exit code 1."""

    def show(self, file: IO[Any] | None = None) -> None:
        click.echo(self.message, file=file or sys.stderr)


@contextmanager
def plain_errors() -> Iterator[None]:
    """Turn what a service refuses into a sentence and exit code 1."""
    try:
        yield
    except (Refused, SettingsError) as error:
        raise Failed(str(error)) from error
    except OperationalError as error:
        raise Failed(f"The database does not answer as it should: {error.orig}. Check DATABASE_URL.") from error


def migrated_app() -> Flask:
    """Return the application of the settings, its database brought up to date."""
    app = create_app()
    with app.app_context():
        migrate_database(directory=str(resource("migrations")))
    return app


@contextmanager
def database() -> Iterator[Session]:
    """Give a session on the migrated database of the settings."""
    with plain_errors():
        app = migrated_app()
        with app.app_context():
            yield db.session()


def with_session(command: Command) -> Command:
    """Give a command a session as its first argument."""

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> None:
        with database() as session:
            command(session, *args, **kwargs)

    return run
