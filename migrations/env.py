"""Run migrations in one transaction under the write lock: all of them or none, once."""

from alembic import context
from flask import current_app

from leaderboard.storage.database import WRITE_LOCK

migrate = current_app.extensions["migrate"]
database = migrate.db


def _skip_empty(_context, _revision, directives):
    if getattr(context.config.cmd_opts, "autogenerate", False) and directives[0].upgrade_ops.is_empty():
        directives[:] = []


def _options():
    options = {"process_revision_directives": _skip_empty, **migrate.configure_args}
    return {"target_metadata": database.metadata, **options}


def run_offline():
    """Write the statements instead of running them (`flask db upgrade --sql`)."""
    context.configure(url=str(database.engine.url), literal_binds=True, **_options())
    with context.begin_transaction():
        context.run_migrations()


def run_online():
    """Several processes may start on an empty database: the first migrates, the others find it done."""
    with database.engine.connect() as connection:
        is_sqlite = connection.dialect.name == "sqlite"
        if is_sqlite:  # tables are rebuilt by copy, drop and rename: no cascade may see that
            connection.connection.driver_connection.execute("PRAGMA foreign_keys = OFF")
        try:
            _migrate(connection.execution_options(is_write=True), is_sqlite)
        finally:
            if is_sqlite:  # the connection goes back to the pool
                connection.connection.driver_connection.execute("PRAGMA foreign_keys = ON")


def _migrate(connection, is_sqlite):
    with connection.begin():
        if not is_sqlite:
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITE_LOCK})")
        context.configure(connection=connection, **_options())
        context.run_migrations()
        if is_sqlite and (broken := connection.exec_driver_sql("PRAGMA foreign_key_check").all()):
            raise RuntimeError(f"a migration left rows that refer to nothing: {broken[:5]}")


if context.is_offline_mode():
    run_offline()
else:
    run_online()
