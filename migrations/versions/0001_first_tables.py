"""The first tables, and the triggers that keep the ledger append-only (P2)."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
ORDERED = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
TABLES_LAST_FIRST = (
    "point_entry",
    "total",
    "membership",
    "external_id",
    "event",
    "attainment",
    "wake_up",
    "team",
    "period",
    "organisation",
    "member",
    "evidence",
    "event_import",
    "anomaly",
    "agreement_version",
)
REFUSED = "the ledger is append-only"

SQLITE_TRIGGERS = [
    f"""CREATE TRIGGER point_entry_no_{verb.lower()} BEFORE {verb} ON point_entry
    BEGIN SELECT RAISE(ABORT, '{REFUSED}'); END"""
    for verb in ("UPDATE", "DELETE")
]
# REPLACE deletes without the trigger above, unless the connection set recursive_triggers: others do not.
SQLITE_TRIGGERS.append(
    f"""CREATE TRIGGER point_entry_no_replace BEFORE INSERT ON point_entry
    WHEN EXISTS (SELECT 1 FROM point_entry WHERE id = NEW.id)
    BEGIN SELECT RAISE(ABORT, '{REFUSED}'); END"""
)
POSTGRESQL_TRIGGERS = [
    f"""CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION '{REFUSED}'; END $$""",
    """CREATE TRIGGER point_entry_no_change BEFORE UPDATE OR DELETE ON point_entry
    FOR EACH ROW EXECUTE FUNCTION refuse_change()""",
    """CREATE TRIGGER point_entry_no_truncate BEFORE TRUNCATE ON point_entry
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()""",
    # ALWAYS: else a session that poses as a replica passes them.
    "ALTER TABLE point_entry ENABLE ALWAYS TRIGGER point_entry_no_change",
    "ALTER TABLE point_entry ENABLE ALWAYS TRIGGER point_entry_no_truncate",
]


def upgrade():
    op.create_table(
        "agreement_version",
        sa.Column("id", BIG, nullable=False),
        sa.Column("effective_from", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("loaded_at", BIG, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_agreement_version"),
        sa.UniqueConstraint("effective_from", name="uq_agreement_version_effective_from"),
        sqlite_strict=True,
    )
    op.create_table(
        "anomaly",
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("sla", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("occurred_at", BIG, nullable=False),
        sa.PrimaryKeyConstraint("subject", "sla", "event_id", "source", name="pk_anomaly"),
        sqlite_strict=True,
    )
    op.create_table(
        "event_import",
        sa.Column("id", BIG, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("imported_at", BIG, nullable=False),
        sa.Column("read", BIG, nullable=False),
        sa.Column("new", BIG, nullable=False),
        sa.Column("duplicate", BIG, nullable=False),
        sa.Column("refused", BIG, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_event_import"),
        sqlite_strict=True,
    )
    op.create_table(
        "evidence",
        sa.Column("subject", ORDERED, nullable=False),
        sa.Column("sla", sa.Text(), nullable=False),
        sa.Column("month", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("participant_id", BIG, autoincrement=False, nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.Column("amount", BIG, nullable=False),
        sa.PrimaryKeyConstraint("subject", "sla", "month", "scope", "participant_id", "at", name="pk_evidence"),
        sqlite_strict=True,
    )
    op.create_index("ix_evidence_cell", "evidence", ["sla", "month", "scope", "participant_id", "at"], unique=False)

    op.create_table(
        "member",
        sa.Column("id", BIG, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_member"),
        sa.UniqueConstraint("email", name="uq_member_email"),
        sa.UniqueConstraint("key", name="uq_member_key"),
        sqlite_strict=True,
    )
    op.create_table(
        "organisation",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("loaded_at", BIG, nullable=False),
        sa.Column("rules_version", BIG, nullable=False),
        sa.Column("scores_version", BIG, nullable=False),
        sa.Column("next_attainment_id", BIG, nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_organisation_one")),
        sa.PrimaryKeyConstraint("id", name="pk_organisation"),
        sqlite_strict=True,
    )
    op.create_table(
        "period",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("starts_at", BIG, nullable=False),
        sa.Column("ends_at", BIG, nullable=False),
        sa.Column("is_decided", BIG, nullable=False),
        sa.Column("is_eventful", BIG, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_period"),
        sqlite_strict=True,
    )
    op.create_table(
        "team",
        sa.Column("id", BIG, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.CheckConstraint("side IN ('sales', 'marketing')", name=op.f("ck_team_side")),
        sa.PrimaryKeyConstraint("id", name="pk_team"),
        sa.UniqueConstraint("name", name="uq_team_name"),
        sqlite_strict=True,
    )
    op.create_table(
        "wake_up",
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.PrimaryKeyConstraint("subject", name="pk_wake_up"),
        sqlite_strict=True,
    )
    op.create_index("ix_wake_up_at", "wake_up", ["at"], unique=False)

    op.create_table(
        "attainment",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("subject", ORDERED, nullable=False),
        sa.Column("sla", ORDERED, nullable=False),
        sa.Column("started_at", BIG, nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("participant_id", BIG, nullable=False),
        sa.Column("is_monthly", BIG, nullable=False),
        sa.Column("team_id", BIG, nullable=True),
        sa.Column("month", sa.Text(), nullable=True),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("points", BIG, nullable=False),
        sa.Column("value", BIG, nullable=True),
        sa.Column("of_cases", BIG, nullable=True),
        sa.Column("due_at", BIG, nullable=True),
        sa.Column("stopped_at", BIG, nullable=True),
        sa.Column("decided_at", BIG, nullable=True),
        sa.Column("version_id", BIG, nullable=False),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name="fk_attainment_team_id"),
        sa.ForeignKeyConstraint(["version_id"], ["agreement_version.id"], name="fk_attainment_version_id"),
        sa.PrimaryKeyConstraint("id", name="pk_attainment"),
        sa.UniqueConstraint(
            "subject",
            "sla",
            "started_at",
            "scope",
            "participant_id",
            name="uq_attainment_subject_sla_started_at_scope_participant_id",
        ),
        sqlite_strict=True,
    )
    op.create_index("ix_attainment_month", "attainment", ["month", "sla"], unique=False)
    op.create_index(
        "ix_attainment_pending",
        "attainment",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text("level = 'pending'"),
        postgresql_where=sa.text("level = 'pending'"),
    )

    op.create_table(
        "event",
        sa.Column("id", BIG, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("occurred_at", BIG, nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("subject", ORDERED, nullable=False),
        sa.Column("member_id", BIG, nullable=True),
        sa.Column("team_id", BIG, nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("amount_minor", BIG, nullable=True),
        sa.Column("due_at", BIG, nullable=True),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name="fk_event_member_id"),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name="fk_event_team_id"),
        sa.PrimaryKeyConstraint("id", name="pk_event"),
        sa.UniqueConstraint("event_id", "source", name="uq_event_event_id_source"),
        sqlite_strict=True,
    )
    op.create_index("ix_event_subject", "event", ["subject", "occurred_at"], unique=False)

    op.create_table(
        "external_id",
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("member_id", BIG, nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name="fk_external_id_member_id"),
        sa.PrimaryKeyConstraint("external_id", name="pk_external_id"),
        sqlite_strict=True,
    )
    op.create_index("ix_external_id_member_id", "external_id", ["member_id"], unique=False)

    op.create_table(
        "membership",
        sa.Column("id", BIG, nullable=False),
        sa.Column("member_id", BIG, nullable=False),
        sa.Column("team_id", BIG, nullable=False),
        sa.Column("starts_on", sa.Text(), nullable=False),
        sa.Column("until", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name="fk_membership_member_id"),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name="fk_membership_team_id"),
        sa.PrimaryKeyConstraint("id", name="pk_membership"),
        sa.UniqueConstraint("member_id", "starts_on", name="uq_membership_member_id_starts_on"),
        sqlite_strict=True,
    )
    op.create_index("ix_membership_team_id", "membership", ["team_id"], unique=False)

    op.create_table(
        "total",
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("participant_id", BIG, autoincrement=False, nullable=False),
        sa.Column("side", sa.Text(), nullable=True),
        sa.Column("team_id", BIG, nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sort_key", ORDERED, nullable=False),
        sa.Column("points", BIG, nullable=False),
        sa.Column("met", BIG, nullable=False),
        sa.Column("exceeded", BIG, nullable=False),
        sa.Column("missed", BIG, nullable=False),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name="fk_total_team_id"),
        sa.PrimaryKeyConstraint("period", "scope", "participant_id", name="pk_total"),
        sqlite_strict=True,
    )
    op.create_table(
        "point_entry",
        sa.Column("id", BIG, nullable=False),
        sa.Column("attainment_id", BIG, nullable=True),
        sa.Column("member_id", BIG, nullable=True),
        sa.Column("team_id", BIG, nullable=True),
        sa.Column("month", sa.Text(), nullable=False),
        sa.Column("corrects", sa.Text(), nullable=True),
        sa.Column("points", BIG, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("posted_at", BIG, nullable=False),
        sa.CheckConstraint("id > 0", name=op.f("ck_point_entry_id")),
        sa.ForeignKeyConstraint(["attainment_id"], ["attainment.id"], name="fk_point_entry_attainment_id"),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name="fk_point_entry_member_id"),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name="fk_point_entry_team_id"),
        sa.PrimaryKeyConstraint("id", name="pk_point_entry"),
        sqlite_strict=True,
    )
    op.create_index("ix_point_entry_attainment_id", "point_entry", ["attainment_id"], unique=False)
    op.create_index("ix_point_entry_member", "point_entry", ["member_id", "month"], unique=False)
    by_points = [sa.text("points DESC"), "sort_key", "participant_id"]
    op.create_index("ix_total_board", "total", ["period", "scope", *by_points])
    op.create_index("ix_total_side", "total", ["period", "scope", "side", *by_points])
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in SQLITE_TRIGGERS if is_sqlite else POSTGRESQL_TRIGGERS:
        op.execute(statement)


def downgrade():
    for table in TABLES_LAST_FIRST:
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_change()")
