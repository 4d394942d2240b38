"""How a command runs: on the migrated database; whatever fails becomes a sentence and exit code 1."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import wraps
from io import TextIOWrapper
from pathlib import Path
from traceback import extract_tb
from typing import IO, Any, BinaryIO, cast

import click
from alembic.util.exc import CommandError
from flask import Flask
from flask_migrate import upgrade as migrate_database
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.orm import Session

from leaderboard.app import create_app
from leaderboard.domain.errors import Refused
from leaderboard.domain.shown import shown, visible
from leaderboard.resources import resource
from leaderboard.settings import SettingsError
from leaderboard.storage.database import db

INTERRUPTED = 130
Command = Callable[..., None]
# What to do about a database's complaint, by words of it; the first that fits.
REMEDIES = {
    "locked": "Another program holds the database; let it finish and run this again.",
    "full": "Make room on the disk and run this again.",
    "readonly": "Let this account write the file that DATABASE_URL names, and its folder.",
    "unable to open": "Check that the folder that DATABASE_URL names exists and may be written.",
    "not a database": "DATABASE_URL names a file of another kind; name a new file, or restore a backup.",
    "malformed": "The file is damaged; restore a backup.",
}


class Failed(click.ClickException):
    """A plain sentence on stderr, and exit code 1."""

    def show(self, file: IO[Any] | None = None) -> None:
        lines = self.message.split("\n")
        click.echo("\n".join(visible(line) for line in lines), file=file or sys.stderr)


class Program(click.Group):
    """The whole command line; Ctrl-C ends it quietly, and no character keeps it from speaking."""

    def invoke(self, ctx: click.Context) -> Any:
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            ctx.exit(INTERRUPTED)
        except (click.ClickException, click.exceptions.Exit, click.Abort, OSError):
            raise
        except Exception as error:
            raise Failed(_about_fault(error)) from error


class InputFile(click.File):
    """A file to read, or - for standard input. One that cannot be opened is a failure, not wrong usage."""

    def __init__(self) -> None:
        super().__init__("rb")

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter as error:
            cause = error.__cause__ or error.__context__
            reason = cause.strerror if isinstance(cause, OSError) else "cannot be opened"
            raise Failed(f"{file_name(value)}: {reason}; give the path of a file that can be read.") from error


def file_name(path: str | os.PathLike[str] | BinaryIO) -> str:
    """Return the name of a file, for an open one without its folder, as it can be shown and stored."""
    name = path if isinstance(path, str | os.PathLike) else getattr(path, "name", "standard input")
    text = os.fsencode(cast(str, name)).decode(errors="replace")
    return shown(text if name is path else text.rpartition(os.sep)[2], 255)


def now() -> datetime:
    """Return the instant of the command."""
    return datetime.now(UTC)


@contextmanager
def plain_errors() -> Iterator[None]:
    """Turn what fails into a sentence and exit code 1."""
    try:
        yield
    except (Refused, SettingsError) as error:
        raise Failed(str(error)) from error
    except DBAPIError as error:
        raise Failed(_about_database(str(error.orig))) from error
    except SQLAlchemyError as error:
        raise Failed(f"The database cannot be used: {_sentence(str(error))}. Check DATABASE_URL.") from error
    except ModuleNotFoundError as error:
        if error.name != "psycopg":
            raise
        raise Failed('PostgreSQL needs the package psycopg; run: pip install "sla-leaderboard[postgres]".') from error
    except BrokenPipeError:
        raise  # whoever read our output has gone; click ends quietly
    except OSError as error:
        where = f"{file_name(error.filename)}: " if error.filename else ""
        raise Failed(
            f"{where}{error.strerror or error}; check that it is there and that this account may use it."
        ) from error


def _about_fault(error: Exception) -> str:
    frame = extract_tb(error.__traceback__)[-1]
    what = f"{type(error).__name__}: {_sentence(str(error))}, at {Path(frame.filename).name}:{frame.lineno}"
    return f"The program failed where it should not ({what}). What it had begun is undone; please report this."


def _about_database(complaint: str) -> str:
    remedy = next((remedy for words, remedy in REMEDIES.items() if words in complaint), "Check DATABASE_URL.")
    return f"The database does not answer as it should: {_sentence(complaint)}. {remedy}"


def _sentence(text: str) -> str:
    """Return a message of many lines as one, without its last mark."""
    return shown(" ".join(text.split()), 300).rstrip(".?! ")


def migrated_app() -> Flask:
    """Return the application of the settings, its database brought up to date."""
    app = create_app()
    with app.app_context():
        try:
            migrate_database.__wrapped__(directory=str(resource("migrations")))  # without its own way of failing
        except CommandError as error:
            raise Failed(
                f"The database cannot be brought up to date: {_sentence(str(error))}. "
                "It may be of a newer version of this program; install that one."
            ) from error
    return app


@contextmanager
def database() -> Iterator[Session]:
    """Give a session on the migrated database of the settings."""
    with plain_errors():
        app = migrated_app()
        with app.app_context():
            try:
                yield db.session()
            finally:
                db.session.remove()
                db.engine.dispose()


def with_session(command: Command) -> Command:
    """Give a command a session as its first argument."""

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> None:
        with database() as session:
            command(session, *args, **kwargs)

    return run
