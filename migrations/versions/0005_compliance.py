"""Tallies, drafts of agreements and their signatures, questions about points, managers' teams, readiness."""

from math import log2

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
ORDERED = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
PENDING = "level = 'pending'"
OVERDUE = "level = 'missed' AND stopped_at IS NULL AND is_monthly = 0"
ROWS_A_BATCH = 10_000
ADDED = (
    ("user_account", sa.Column("teams_seen", sa.Text(), nullable=True)),
    ("member", sa.Column("anonymised_at", BIG, nullable=True)),
    ("event_import", sa.Column("first_event_id", BIG, nullable=True)),
    ("event_import", sa.Column("last_event_id", BIG, nullable=True)),
    ("display_choice", sa.Column("is_page_hidden", BIG, server_default=sa.text("0"), nullable=False)),
)


def upgrade():
    for table, column in ADDED:
        op.add_column(table, column)
    op.create_table(
        "manager_team",
        sa.Column("user_id", BIG, autoincrement=False, nullable=False),
        sa.Column("team_id", BIG, autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_manager_team_user_id")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_manager_team_team_id")),
        sa.PrimaryKeyConstraint("user_id", "team_id", name=op.f("pk_manager_team")),
        sqlite_strict=True,
    )
    _create_tables_of_agreements()
    _create_questions()
    op.create_table(
        "readiness_report",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("looked_at", BIG, nullable=False),
        sa.Column("looked_by", sa.Text(), nullable=False),
        sa.Column("took_micros", BIG, nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_readiness_report_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_readiness_report")),
        sqlite_strict=True,
    )
    for name, columns, where in (
        ("ix_attainment_waiting", ["scope", "participant_id", "due_at"], PENDING),
        ("ix_attainment_overdue", ["scope", "participant_id", "decided_at"], OVERDUE),
        ("ix_attainment_late", ["team_id", "decided_at"], OVERDUE),
    ):
        op.create_index(
            name, "attainment", columns, unique=False, sqlite_where=sa.text(where), postgresql_where=sa.text(where)
        )
    _create_tallies()
    _fill_tallies()


def _create_tables_of_agreements():
    op.create_table(
        "agreement_draft",
        sa.Column("id", BIG, nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("revision", BIG, nullable=False),
        sa.Column("created_at", BIG, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("changed_at", BIG, nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("proposed_at", BIG, nullable=True),
        sa.Column("proposed_by", sa.Text(), nullable=True),
        sa.Column("version_id", BIG, nullable=True),
        sa.CheckConstraint(
            "state IN ('draft', 'proposed', 'in_force', 'withdrawn')", name=op.f("ck_agreement_draft_state")
        ),
        sa.ForeignKeyConstraint(["version_id"], ["agreement_version.id"], name=op.f("fk_agreement_draft_version_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreement_draft")),
        sqlite_strict=True,
    )
    op.create_index("ix_agreement_draft_state", "agreement_draft", ["state", "id"], unique=False)
    op.create_table(
        "agreement_signature",
        sa.Column("id", BIG, nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("user_id", BIG, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("signed_at", BIG, nullable=False),
        sa.CheckConstraint("side IN ('sales', 'marketing')", name=op.f("ck_agreement_signature_side")),
        sa.CheckConstraint("length(digest) = 64", name=op.f("ck_agreement_signature_digest")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_agreement_signature_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreement_signature")),
        sa.UniqueConstraint("digest", "side", name=op.f("uq_agreement_signature_digest_side")),
        sqlite_strict=True,
    )


def _create_questions():
    op.create_table(
        "point_question",
        sa.Column("id", BIG, nullable=False),
        sa.Column("member_id", BIG, nullable=False),
        sa.Column("attainment_id", BIG, nullable=True),
        sa.Column("entry_id", BIG, nullable=True),
        sa.Column("month", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("asked_at", BIG, nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("user_id", BIG, nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answered_at", BIG, nullable=True),
        sa.Column("answered_by", sa.Text(), nullable=True),
        sa.Column("adjustment_id", BIG, nullable=True),
        sa.CheckConstraint("attainment_id IS NOT NULL OR entry_id IS NOT NULL", name=op.f("ck_point_question_about")),
        sa.CheckConstraint("outcome IN ('adjusted', 'explained')", name=op.f("ck_point_question_outcome")),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_point_question_member_id")),
        sa.ForeignKeyConstraint(["attainment_id"], ["attainment.id"], name=op.f("fk_point_question_attainment_id")),
        sa.ForeignKeyConstraint(["entry_id"], ["point_entry.id"], name=op.f("fk_point_question_entry_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_point_question_user_id")),
        sa.ForeignKeyConstraint(["adjustment_id"], ["adjustment.id"], name=op.f("fk_point_question_adjustment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_point_question")),
        sa.UniqueConstraint("adjustment_id", name=op.f("uq_point_question_adjustment_id")),
        sqlite_strict=True,
    )
    op.create_index("ix_point_question_member", "point_question", ["member_id", "id"], unique=False)
    op.create_index(
        "ix_point_question_open",
        "point_question",
        ["id"],
        unique=False,
        sqlite_where=sa.text("outcome IS NULL"),
        postgresql_where=sa.text("outcome IS NULL"),
    )


def _create_tallies():
    op.create_table(
        "tally",
        sa.Column("month", sa.Text(), nullable=False),
        sa.Column("sla", ORDERED, nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("participant_id", BIG, autoincrement=False, nullable=False),
        sa.Column("team_id", BIG, autoincrement=False, nullable=False),
        sa.Column("band", BIG, autoincrement=False, nullable=False),
        sa.Column("met", BIG, nullable=False),
        sa.Column("exceeded", BIG, nullable=False),
        sa.Column("missed", BIG, nullable=False),
        sa.Column("points", BIG, nullable=False),
        sa.CheckConstraint("scope IN ('member', 'team')", name=op.f("ck_tally_scope")),
        sa.PrimaryKeyConstraint("month", "sla", "scope", "participant_id", "team_id", "band", name=op.f("pk_tally")),
        sqlite_strict=True,
    )
    op.create_index("ix_tally_team", "tally", ["team_id", "month", "scope"], unique=False)


def _fill_tallies():
    """Count what there is by now, as services/tallies.py counts what is scored from here on."""
    connection = op.get_bind()
    read = "SELECT month, sla, scope, participant_id, team_id, is_monthly, value, level, points FROM attainment"
    counts = {}
    for month, sla, scope, participant, team, is_monthly, value, level, points in connection.exec_driver_sql(
        f"{read} WHERE month IS NOT NULL AND level IN ('met', 'exceeded', 'missed')",
        execution_options={"stream_results": True, "max_row_buffer": ROWS_A_BATCH},
    ):
        keys = [(month, sla, "member", participant, team or 0, 0)] if scope == "member" else []
        if team is not None:
            keys.append((month, sla, "team", team, team, 0 if is_monthly else _band(value)))
        for key in keys:
            count = counts.setdefault(key, [0, 0, 0, 0])
            count[("met", "exceeded", "missed").index(level)] += 1
            count[3] += points
    rows = [(*key, *count) for key, count in counts.items()]
    mark = "%s" if connection.dialect.name == "postgresql" else "?"
    insert = f"INSERT INTO tally VALUES ({', '.join([mark] * 10)})"
    for start in range(0, len(rows), ROWS_A_BATCH):
        connection.exec_driver_sql(insert, rows[start : start + ROWS_A_BATCH])


def _band(value):
    """As domain/bands.py had it when this was written."""
    if value is None:
        return 1_000
    if value < 0:
        return -1 - _band(-value)
    return int(8 * log2(value / 1_000_000)) + 1 if value > 1_000_000 else 0


def downgrade():
    op.drop_index("ix_attainment_late", table_name="attainment")
    op.drop_index("ix_attainment_overdue", table_name="attainment")
    op.drop_index("ix_attainment_waiting", table_name="attainment")
    for table in ("tally", "readiness_report", "point_question", "agreement_signature", "agreement_draft"):
        op.drop_table(table)
    op.drop_table("manager_team")
    for table, column in reversed(ADDED):
        op.drop_column(table, column.name)
