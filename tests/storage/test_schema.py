"""The migrations and the table classes say the same."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.schema import CreateIndex

from leaderboard.storage.database import Base

DESCENDING = {"ix_total_board", "ix_total_side"}  # SQLite does not tell the comparison that a column descends


def test_the_migrated_schema_is_the_one_that_the_code_expects(session):
    connection = session.connection()
    unseen = DESCENDING if connection.dialect.name == "sqlite" else set()
    options = {"compare_type": True, "include_object": lambda _object, name, *_rest: name not in unseen}
    context = MigrationContext.configure(connection, opts=options)
    assert compare_metadata(context, Base.metadata) == []
    for index in (each for table in Base.metadata.tables.values() for each in table.indexes if each.name in unseen):
        query = text("SELECT sql FROM sqlite_master WHERE name = :name")
        stored = connection.execute(query, {"name": index.name}).scalar_one()
        assert " ".join(stored.split()) == str(CreateIndex(index).compile(connection))


@pytest.mark.databases("sqlite")
def test_every_table_of_sqlite_is_strict(session):
    rows = session.connection().exec_driver_sql("PRAGMA table_list").mappings()
    loose = {row["name"] for row in rows if not row["strict"] and not row["name"].startswith("sqlite_")}
    assert loose == {"alembic_version"}
