"""Closings, corrections, badges, bonuses, adjustments, the audit trail and the runs of jobs; and what guards them."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TABLES_LAST_FIRST = (
    "bonus_question",
    "award_share",
    "bonus_award",
    "payroll_export",
    "adjustment",
    "audit_entry",
    "correction",
    "badge_run",
    "badge",
    "job_run",
    "job_look",
    "closing",
)
APPEND_ONLY = ("closing", "correction", "award_share", "payroll_export", "adjustment", "audit_entry")
KEYS = {"closing": "period = NEW.period", "award_share": "award_id = NEW.award_id AND member_id = NEW.member_id"}
FROZEN = ("total", "badge", "badge_run")  # once their period is closed (P5, G2)
WON = (
    "id period programme version_id place sharers scope participant_id name side points members "
    "amount_minor currency prize proposed_at decidable_at"
).split()
DECIDED = ("decided_at", "decided_by", "reason")
REFUSED_FROZEN = "the period is closed"
REFUSED_WAY = "a bonus award goes from proposed to approved to paid, or to declined, and never changes otherwise"


def legal_way(same: str) -> str:
    """Return the condition under which an award may change (B4); same: how a value is compared that may be null."""

    def stays(*names: str) -> str:
        return " AND ".join(f"NEW.{name} {same} OLD.{name}" for name in names)

    paid = ("paid_at", "paid_by")
    return f"""{stays(*WON)} AND (
        (OLD.status = 'proposed' AND NEW.status IN ('approved', 'declined') AND NEW.decided_at IS NOT NULL
            AND {stays("export_id", *paid)})
        OR (OLD.status = 'approved' AND NEW.status = 'approved' AND OLD.export_id IS NULL
            AND {stays(*DECIDED, *paid)})
        OR (OLD.status = 'approved' AND NEW.status = 'paid' AND NEW.paid_at IS NOT NULL
            AND {stays("export_id", *DECIDED)})
    )"""


def sqlite_guards() -> dict[str, str]:
    """Return the triggers of SQLite by name."""
    guards = {}
    for table in APPEND_ONLY:
        refuse = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        guards[f"{table}_no_update"] = f"BEFORE UPDATE ON {table} {refuse}"
        guards[f"{table}_no_delete"] = f"BEFORE DELETE ON {table} {refuse}"
        same = KEYS.get(table, "id = NEW.id")
        guards[f"{table}_no_replace"] = (
            f"BEFORE INSERT ON {table} WHEN EXISTS (SELECT 1 FROM {table} WHERE {same}) {refuse}"
        )
    for table in FROZEN:
        refuse = f"BEGIN SELECT RAISE(ABORT, '{REFUSED_FROZEN}'); END"
        for verb, rows in (("UPDATE", ("OLD", "NEW")), ("DELETE", ("OLD",)), ("INSERT", ("NEW",))):
            closed = " OR ".join(f"EXISTS (SELECT 1 FROM closing WHERE period = {row}.period)" for row in rows)
            guards[f"{table}_frozen_{verb.lower()}"] = f"BEFORE {verb} ON {table} WHEN {closed} {refuse}"
    refuse = f"BEGIN SELECT RAISE(ABORT, '{REFUSED_WAY}'); END"
    guards["bonus_award_way"] = f"BEFORE UPDATE ON bonus_award WHEN NOT ({legal_way('IS')}) {refuse}"
    guards["bonus_award_no_delete"] = f"BEFORE DELETE ON bonus_award {refuse}"
    guards["bonus_award_no_replace"] = (
        f"BEFORE INSERT ON bonus_award WHEN EXISTS (SELECT 1 FROM bonus_award WHERE id = NEW.id) {refuse}"
    )
    return guards


POSTGRESQL_FUNCTIONS = [
    """CREATE FUNCTION refuse_append_only() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$""",
    f"""CREATE FUNCTION refuse_closed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        IF EXISTS (SELECT 1 FROM closing) THEN RAISE EXCEPTION '{REFUSED_FROZEN}'; END IF;
        RETURN NULL;
    END IF;
    IF TG_OP <> 'INSERT' AND EXISTS (SELECT 1 FROM closing WHERE period = OLD.period)
        THEN RAISE EXCEPTION '{REFUSED_FROZEN}'; END IF;
    IF TG_OP <> 'DELETE' AND EXISTS (SELECT 1 FROM closing WHERE period = NEW.period)
        THEN RAISE EXCEPTION '{REFUSED_FROZEN}'; END IF;
    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
    RETURN NEW; END $$""",
    f"""CREATE FUNCTION refuse_way() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF {legal_way("IS NOT DISTINCT FROM")} THEN RETURN NEW; END IF;
    END IF;
    RAISE EXCEPTION '{REFUSED_WAY}'; END $$""",
]


def postgresql_guards() -> dict[str, str]:
    """Return the triggers of PostgreSQL by name."""
    guards = {}
    for table in (*APPEND_ONLY, "bonus_award"):
        refuse = "refuse_way" if table == "bonus_award" else "refuse_append_only"
        guards[f"{table}_no_change"] = f"BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION {refuse}()"
        guards[f"{table}_no_truncate"] = f"BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION {refuse}()"
    for table in FROZEN:
        guards[f"{table}_frozen"] = (
            f"BEFORE INSERT OR UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_closed()"
        )
        guards[f"{table}_frozen_truncate"] = (
            f"BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_closed()"
        )
    return guards


def guard():
    """Make the triggers; on PostgreSQL ALWAYS, else a session that poses as a replica passes them."""
    if op.get_bind().dialect.name == "sqlite":
        for name, rest in sqlite_guards().items():
            op.execute(f"CREATE TRIGGER {name} {rest}")
        return
    for function in POSTGRESQL_FUNCTIONS:
        op.execute(function)
    for name, rest in postgresql_guards().items():
        op.execute(f"CREATE TRIGGER {name} {rest}")
        table = rest.split(" ON ")[1].split()[0]
        op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}")


def unguard():
    """Take the triggers away that stand on tables which stay."""
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    names = [name for name in (sqlite_guards() if is_sqlite else postgresql_guards()) if name.startswith("total_")]
    for name in names:
        op.execute(f"DROP TRIGGER {name}" if is_sqlite else f"DROP TRIGGER {name} ON total")


def upgrade():
    op.create_table(
        "badge",
        sa.Column("id", BIG, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("participant_id", BIG, nullable=False),
        sa.Column("occasion", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("earned_at", BIG, nullable=False),
        sa.Column("ground", sa.Text(), nullable=False),
        sa.Column("awarded_at", BIG, nullable=False),
        sa.Column("withdrawn_at", BIG, nullable=True),
        sa.Column("withdrawn_because", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_badge")),
        sa.UniqueConstraint(
            "participant_id", "scope", "key", "occasion", name=op.f("uq_badge_participant_id_scope_key_occasion")
        ),
        sqlite_strict=True,
    )
    op.create_index("ix_badge_period", "badge", ["period", "key"], unique=False)
    op.create_table(
        "closing",
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("starts_at", BIG, nullable=False),
        sa.Column("ends_at", BIG, nullable=False),
        sa.Column("as_of", BIG, nullable=False),
        sa.Column("closed_at", BIG, nullable=False),
        sa.Column("closed_by", sa.Text(), nullable=False),
        sa.Column("last_entry_id", BIG, nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.CheckConstraint("kind IN ('month', 'quarter')", name=op.f("ck_closing_kind")),
        sa.PrimaryKeyConstraint("period", name=op.f("pk_closing")),
        sqlite_strict=True,
    )
    op.create_table(
        "job_look",
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("looked_at", BIG, nullable=False),
        sa.Column("took_micros", BIG, nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("job", name=op.f("pk_job_look")),
        sqlite_strict=True,
    )
    op.create_table(
        "job_run",
        sa.Column("id", BIG, nullable=False),
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("told", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("started_at", BIG, nullable=False),
        sa.Column("finished_at", BIG, nullable=False),
        sa.Column("times", BIG, nullable=False),
        sa.CheckConstraint("outcome IN ('done', 'failed')", name=op.f("ck_job_run_outcome")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job_run")),
        sqlite_strict=True,
    )
    op.create_index("ix_job_run_finished_at", "job_run", ["finished_at"], unique=False)
    op.create_index("ix_job_run_job", "job_run", ["job", "outcome", "id"], unique=False)
    op.create_table(
        "payroll_export",
        sa.Column("id", BIG, nullable=False),
        sa.Column("created_at", BIG, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("awards", BIG, nullable=False),
        sa.Column("lines", BIG, nullable=False),
        sa.Column("total_minor", BIG, nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payroll_export")),
        sqlite_strict=True,
    )
    op.create_table(
        "badge_run",
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("member_id", BIG, nullable=False),
        sa.Column("length", BIG, nullable=False),
        sa.Column("began", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_badge_run_member_id")),
        sa.PrimaryKeyConstraint("period", "member_id", name=op.f("pk_badge_run")),
        sqlite_strict=True,
    )
    op.create_table(
        "bonus_award",
        sa.Column("id", BIG, nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("programme", sa.Text(), nullable=False),
        sa.Column("version_id", BIG, nullable=False),
        sa.Column("place", BIG, nullable=False),
        sa.Column("sharers", BIG, nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("participant_id", BIG, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("side", sa.Text(), nullable=True),
        sa.Column("points", BIG, nullable=False),
        sa.Column("members", BIG, nullable=True),
        sa.Column("amount_minor", BIG, nullable=True),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("prize", sa.Text(), nullable=True),
        sa.Column("proposed_at", BIG, nullable=False),
        sa.Column("decidable_at", BIG, nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("decided_at", BIG, nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("paid_at", BIG, nullable=True),
        sa.Column("paid_by", sa.Text(), nullable=True),
        sa.Column("export_id", BIG, nullable=True),
        sa.CheckConstraint(
            "status IN ('proposed', 'approved', 'paid', 'declined')", name=op.f("ck_bonus_award_status")
        ),
        sa.CheckConstraint("(amount_minor IS NULL) <> (prize IS NULL)", name=op.f("ck_bonus_award_what")),
        sa.ForeignKeyConstraint(["export_id"], ["payroll_export.id"], name=op.f("fk_bonus_award_export_id")),
        sa.ForeignKeyConstraint(
            ["period"], ["closing.period"], name=op.f("fk_bonus_award_period"), initially="DEFERRED", deferrable=True
        ),
        sa.ForeignKeyConstraint(["version_id"], ["agreement_version.id"], name=op.f("fk_bonus_award_version_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bonus_award")),
        sa.UniqueConstraint(
            "period",
            "programme",
            "scope",
            "participant_id",
            name=op.f("uq_bonus_award_period_programme_scope_participant_id"),
        ),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_bonus_award_export_id"), "bonus_award", ["export_id"], unique=False)
    op.create_table(
        "audit_entry",
        sa.Column("id", BIG, nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("user_id", BIG, nullable=True),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("after", sa.Text(), nullable=True),
        sa.Column("why", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_audit_entry_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
        sqlite_strict=True,
    )
    op.create_index("ix_audit_entry_about", "audit_entry", ["about", "id"], unique=False)
    op.create_index("ix_audit_entry_action", "audit_entry", ["action", "id"], unique=False)
    op.create_index("ix_audit_entry_actor", "audit_entry", ["actor", "id"], unique=False)
    op.create_index("ix_audit_entry_at", "audit_entry", ["at"], unique=False)
    op.create_table(
        "award_share",
        sa.Column("award_id", BIG, nullable=False),
        sa.Column("member_id", BIG, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("weight", BIG, nullable=False),
        sa.Column("amount_minor", BIG, nullable=True),
        sa.Column("has_remainder", BIG, nullable=False),
        sa.ForeignKeyConstraint(["award_id"], ["bonus_award.id"], name=op.f("fk_award_share_award_id")),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_award_share_member_id")),
        sa.PrimaryKeyConstraint("award_id", "member_id", name=op.f("pk_award_share")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_award_share_member_id"), "award_share", ["member_id"], unique=False)
    op.create_table(
        "bonus_question",
        sa.Column("id", BIG, nullable=False),
        sa.Column("award_id", BIG, nullable=False),
        sa.Column("user_id", BIG, nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_at", BIG, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("answered_by", sa.Text(), nullable=True),
        sa.Column("answered_at", BIG, nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["award_id"], ["bonus_award.id"], name=op.f("fk_bonus_question_award_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_bonus_question_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bonus_question")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_bonus_question_award_id"), "bonus_question", ["award_id"], unique=False)
    op.create_table(
        "correction",
        sa.Column("id", BIG, nullable=False),
        sa.Column("attainment_id", BIG, nullable=False),
        sa.Column("corrects", sa.Text(), nullable=False),
        sa.Column("month", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("participant_id", BIG, nullable=False),
        sa.Column("team_before", BIG, nullable=True),
        sa.Column("level_before", sa.Text(), nullable=False),
        sa.Column("points_before", BIG, nullable=False),
        sa.Column("value_before", BIG, nullable=True),
        sa.Column("decided_at_before", BIG, nullable=True),
        sa.Column("team_after", BIG, nullable=True),
        sa.Column("level_after", sa.Text(), nullable=False),
        sa.Column("points_after", BIG, nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("posted_at", BIG, nullable=False),
        sa.ForeignKeyConstraint(["attainment_id"], ["attainment.id"], name=op.f("fk_correction_attainment_id")),
        sa.ForeignKeyConstraint(["team_after"], ["team.id"], name=op.f("fk_correction_team_after")),
        sa.ForeignKeyConstraint(["team_before"], ["team.id"], name=op.f("fk_correction_team_before")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_correction")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_correction_corrects"), "correction", ["corrects"], unique=False)
    op.create_index(op.f("ix_correction_month"), "correction", ["month"], unique=False)
    op.create_index("ix_correction_participant", "correction", ["participant_id", "scope", "month"], unique=False)
    op.create_table(
        "adjustment",
        sa.Column("id", BIG, nullable=False),
        sa.Column("entry_id", BIG, nullable=False),
        sa.Column("member_id", BIG, nullable=False),
        sa.Column("month", sa.Text(), nullable=False),
        sa.Column("points", BIG, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("made_at", BIG, nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("user_id", BIG, nullable=True),
        sa.Column("takes_back", BIG, nullable=True),
        sa.ForeignKeyConstraint(["entry_id"], ["point_entry.id"], name=op.f("fk_adjustment_entry_id")),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_adjustment_member_id")),
        sa.ForeignKeyConstraint(["takes_back"], ["adjustment.id"], name=op.f("fk_adjustment_takes_back")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_adjustment_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_adjustment")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_adjustment_entry_id")),
        sa.UniqueConstraint("takes_back", name=op.f("uq_adjustment_takes_back")),
        sqlite_strict=True,
    )
    op.create_index("ix_adjustment_member", "adjustment", ["member_id", "month"], unique=False)
    op.drop_index(op.f("ix_attainment_month"), table_name="attainment")
    op.create_index("ix_attainment_month", "attainment", ["month", "scope", "participant_id"], unique=False)
    op.add_column("organisation", sa.Column("badged_entry_id", BIG, server_default=sa.text("0"), nullable=False))
    op.create_index(
        "ix_point_entry_apart",
        "point_entry",
        ["month"],
        unique=False,
        sqlite_where=sa.text("corrects IS NOT NULL OR attainment_id IS NULL"),
        postgresql_where=sa.text("corrects IS NOT NULL OR attainment_id IS NULL"),
    )
    op.add_column("total", sa.Column("members", BIG, nullable=True))
    guard()


def downgrade():
    unguard()
    for table in TABLES_LAST_FIRST:
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        for name in ("refuse_append_only", "refuse_closed", "refuse_way"):
            op.execute(f"DROP FUNCTION {name}()")
    op.drop_index("ix_point_entry_apart", table_name="point_entry")
    op.drop_column("total", "members")
    op.drop_column("organisation", "badged_entry_id")
    op.drop_index("ix_attainment_month", table_name="attainment")
    op.create_index("ix_attainment_month", "attainment", ["month", "sla"], unique=False)
