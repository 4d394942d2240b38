"""Databases for tests: a PostgreSQL server of our own, and fresh migrated copies on both kinds."""

import glob
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg
from flask_migrate import upgrade

from leaderboard.app import create_app
from leaderboard.resources import resource
from leaderboard.storage.database import db

TEMPLATE = "migrated"
MOST_REMOVED = 20_000  # rows; a database that had more is not used again
# Texts in a reader's order, as on most servers: what must be ordered by code points says so itself.
READERS_ORDER = "--locale=C --locale-provider=icu --icu-locale=en"
QUICK = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=300"


def _binary(name: str) -> str:
    places = sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{name}"))  # noqa: PTH207 -- an absolute pattern
    if found := [*reversed(places), shutil.which(name)][0]:
        return found
    raise FileNotFoundError(f"PostgreSQL's {name} is not installed: run `make test`, or install `postgresql`")


def _server_user() -> str | None:
    """PostgreSQL refuses to run as root: name the user to become, None if we may stay who we are."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody") if name in known)


@contextmanager
def postgresql_server() -> Iterator[str]:
    """Run a server on a socket in a temporary folder; yield its address without a database's name."""
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    user = _server_user()
    if user:
        shutil.chown(folder, user)
    data, log = folder / "data", folder / "log"

    def run(*command: str) -> None:
        done = subprocess.run(command, user=user, cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode:
            told = log.read_text(encoding="utf-8") if log.exists() else ""
            raise RuntimeError(f"{command[0]} failed: {done.stdout}{done.stderr}{told}")

    try:
        run(_binary("initdb"), "-D", str(data), *f"-U postgres -A trust -E UTF8 {READERS_ORDER} -N".split())
        options = f"-k {folder} -c listen_addresses='' {QUICK}"
        # Its output goes to the log: on a pipe of ours the server would hold us up until it ends.
        control = (_binary("pg_ctl"), "-D", str(data), "-w")
        run(*control, "-l", str(log), "-o", options, "start")
        try:
            yield f"postgresql://postgres@/{{name}}?host={folder}"
        finally:
            run(*control, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def migrate(address: str) -> None:
    """Bring the database at an address to the newest migration."""
    app = create_app({"DATABASE_URL": address, "SECRET_KEY": "migrates only", "TESTING": True})
    with app.app_context():
        try:
            upgrade(directory=str(resource("migrations")))
        finally:
            db.engine.dispose()


class SqliteDatabases:
    """Fresh copies of one migrated file; their few names are used again, for what is kept by address (engine_of)."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.numbers = folder, count(1)
        self.free: list[Path] = []
        self.template = folder / "migrated.db"
        migrate(f"sqlite:///{self.template}")

    @contextmanager
    def fresh(self) -> Iterator[str]:
        path = self.free.pop() if self.free else self.folder / f"{next(self.numbers)}.db"
        shutil.copyfile(self.template, path)
        yield f"sqlite:///{path}"
        for file in path.parent.glob(f"{path.name}*"):
            file.unlink()
        self.free.append(path)

    def without_tables(self) -> str:
        """Return the address of a new database that was never migrated."""
        return f"sqlite:///{self.folder / f'bare_{next(self.numbers)}.db'}"


class PostgresqlDatabases:
    """Databases made from one migrated template; making one takes long, so each is emptied and used again."""

    def __init__(self, address: str) -> None:
        self.address, self.numbers = address, count(1)
        self.free: list[_Used] = []
        self._make(TEMPLATE)
        migrate(address.format(name=TEMPLATE))
        with psycopg.connect(address.format(name=TEMPLATE)) as connection:
            self.version = connection.execute("SELECT version_num FROM alembic_version").fetchone()[0]

    def _make(self, name: str, template: str = "template1") -> str:
        with psycopg.connect(self.address.format(name="postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.address.format(name=name)

    @contextmanager
    def fresh(self) -> Iterator[str]:
        used = self.free.pop() if self.free else _Used(self._make(f"test_{next(self.numbers)}", TEMPLATE))
        yield used.address
        used.empty(self.version)
        if used.removed < MOST_REMOVED:
            self.free.append(used)
        else:
            used.keeper.close()

    def close(self) -> None:
        """Let go of the databases, before the server ends."""
        for used in self.free:
            used.keeper.close()

    def without_tables(self) -> str:
        """Return the address of a new database that was never migrated."""
        return self._make(f"bare_{next(self.numbers)}")


class _Used:
    """A database that tests use in turn; `removed` rows were taken out of it, whose places stay in its files."""

    def __init__(self, address: str) -> None:
        self.address, self.removed = address, 0
        self.keeper = psycopg.connect(address, autocommit=True)
        self.keeper.execute("SET session_replication_role = replica")  # no foreign key asks for an order
        tables = self.keeper.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
        )
        rows = [f"SELECT '{name}'::regclass WHERE EXISTS (SELECT FROM {name})" for (name,) in tables]
        self.with_rows = " UNION ALL ".join(rows)

    def empty(self, version: str) -> None:
        """End whoever is connected, take all rows away, and leave tables, triggers and the version as they were."""
        run = self.keeper.execute
        with self.keeper.transaction():
            run(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            tables = [table for (table,) in run(self.with_rows)]
            triggers = run(
                "SELECT tgrelid::regclass, tgname FROM pg_trigger "
                "WHERE tgenabled = 'A' AND NOT tgisinternal AND tgrelid::regclass::text = ANY(%s)",
                [tables],
            ).fetchall()
            for table, trigger in triggers:
                run(f"ALTER TABLE {table} DISABLE TRIGGER {trigger}")
            for table in tables:
                self.removed += run(f"DELETE FROM {table}").rowcount
            for table, trigger in triggers:
                run(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {trigger}")
            run("SELECT setval(format('%I', sequencename)::regclass, 1, false) FROM pg_sequences WHERE last_value > 0")
            run("UPDATE alembic_version SET version_num = %s WHERE version_num <> %s", [version, version])
