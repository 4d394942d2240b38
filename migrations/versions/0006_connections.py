"""Connections: use of tokens, webhooks in and out, files from the browser, e-mail, calendars, identities."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TABLES = (  # each before what it refers to
    "upload_part",
    "idempotent_answer",
    "api_use",
    "user_identity",
    "upload",
    "parked_event",
    "mail_refusal",
    "mail",
    "mail_round",
    "reminder",
    "calendar_feed",
    "import_part",
    "hook_message",
    "hook_delivery",
    "kept_mapping",
    "hook_target",
    "hook",
    "announcement",
)
ADDED = (
    ("api_token", sa.Column("scopes", sa.Text(), server_default=sa.text("'read'"), nullable=False)),
    ("event_import", sa.Column("imported_by", sa.Text(), nullable=True)),
    ("event_import", sa.Column("undone_at", BIG, nullable=True)),
    ("event_import", sa.Column("undone_by", sa.Text(), nullable=True)),
)


def upgrade():
    for table, column in ADDED:
        op.add_column(table, column)
    op.create_table(
        "announcement",
        sa.Column("id", BIG, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("occasion", sa.Text(), nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_announcement")),
        sa.UniqueConstraint("occasion", name=op.f("uq_announcement_occasion")),
        sqlite_strict=True,
    )
    op.create_index("ix_announcement_at", "announcement", ["at"], unique=False)
    op.create_table(
        "hook",
        sa.Column("id", BIG, nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("mapping", sa.Text(), nullable=False),
        sa.Column("secrets", sa.Text(), nullable=False),
        sa.Column("is_active", BIG, nullable=False),
        sa.Column("created_at", BIG, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('hubspot', 'salesforce', 'odoo', 'pipedrive', 'generic')", name=op.f("ck_hook_kind")
        ),
        sa.CheckConstraint("is_active IN (0, 1)", name=op.f("ck_hook_is_active")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hook")),
        sa.UniqueConstraint("slug", name=op.f("uq_hook_slug")),
        sqlite_strict=True,
    )
    op.create_table(
        "hook_target",
        sa.Column("id", BIG, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("kinds", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("has_amounts", BIG, nullable=False),
        sa.Column("is_active", BIG, nullable=False),
        sa.Column("told", sa.Text(), nullable=True),
        sa.Column("created_at", BIG, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.CheckConstraint("has_amounts IN (0, 1)", name=op.f("ck_hook_target_has_amounts")),
        sa.CheckConstraint("format IN ('json', 'slack', 'teams')", name=op.f("ck_hook_target_format")),
        sa.CheckConstraint("is_active IN (0, 1)", name=op.f("ck_hook_target_is_active")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hook_target")),
        sa.UniqueConstraint("name", name=op.f("uq_hook_target_name")),
        sqlite_strict=True,
    )
    op.create_table(
        "kept_mapping",
        sa.Column("id", BIG, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("columns", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("used_at", BIG, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kept_mapping")),
        sa.UniqueConstraint("name", name=op.f("uq_kept_mapping_name")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_kept_mapping_columns"), "kept_mapping", ["columns"], unique=False)
    op.create_table(
        "hook_delivery",
        sa.Column("id", BIG, nullable=False),
        sa.Column("hook_id", BIG, nullable=False),
        sa.Column("delivery_key", sa.Text(), nullable=True),
        sa.Column("received_at", BIG, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("tries", BIG, nullable=False),
        sa.Column("next_try_at", BIG, nullable=True),
        sa.Column("new", BIG, nullable=False),
        sa.Column("duplicate", BIG, nullable=False),
        sa.Column("parked", BIG, nullable=False),
        sa.Column("refused", BIG, nullable=False),
        sa.Column("told", sa.Text(), nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'taken', 'failed')", name=op.f("ck_hook_delivery_state")),
        sa.ForeignKeyConstraint(["hook_id"], ["hook.id"], name=op.f("fk_hook_delivery_hook_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hook_delivery")),
        sa.UniqueConstraint("hook_id", "delivery_key", name=op.f("uq_hook_delivery_hook_id_delivery_key")),
        sqlite_strict=True,
    )
    op.create_index("ix_hook_delivery_hook", "hook_delivery", ["hook_id", "id"], unique=False)
    op.create_index("ix_hook_delivery_received", "hook_delivery", ["received_at"], unique=False)
    op.create_index(
        "ix_hook_delivery_left",
        "hook_delivery",
        ["hook_id", "state"],
        unique=False,
        sqlite_where=sa.text("state <> 'taken'"),
        postgresql_where=sa.text("state <> 'taken'"),
    )
    op.create_index(
        "ix_hook_delivery_waiting",
        "hook_delivery",
        ["next_try_at"],
        unique=False,
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_table(
        "hook_message",
        sa.Column("id", BIG, nullable=False),
        sa.Column("target_id", BIG, nullable=False),
        sa.Column("announcement_id", BIG, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("tries", BIG, nullable=False),
        sa.Column("next_try_at", BIG, nullable=True),
        sa.Column("status", BIG, nullable=True),
        sa.Column("told", sa.Text(), nullable=True),
        sa.Column("sent_at", BIG, nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'sent', 'failed', 'dropped')", name=op.f("ck_hook_message_state")),
        sa.ForeignKeyConstraint(
            ["announcement_id"], ["announcement.id"], name=op.f("fk_hook_message_announcement_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["target_id"], ["hook_target.id"], name=op.f("fk_hook_message_target_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hook_message")),
        sa.UniqueConstraint("target_id", "announcement_id", name=op.f("uq_hook_message_target_id_announcement_id")),
        sqlite_strict=True,
    )
    op.create_index("ix_hook_message_announcement", "hook_message", ["announcement_id"], unique=False)
    op.create_index(
        "ix_hook_message_waiting",
        "hook_message",
        ["next_try_at"],
        unique=False,
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_table(
        "import_part",
        sa.Column("import_id", BIG, autoincrement=False, nullable=False),
        sa.Column("first_event_id", BIG, autoincrement=False, nullable=False),
        sa.Column("last_event_id", BIG, nullable=False),
        sa.ForeignKeyConstraint(["import_id"], ["event_import.id"], name=op.f("fk_import_part_import_id")),
        sa.PrimaryKeyConstraint("import_id", "first_event_id", name=op.f("pk_import_part")),
        sqlite_strict=True,
    )
    op.create_table(
        "calendar_feed",
        sa.Column("user_id", BIG, autoincrement=False, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("created_at", BIG, nullable=False),
        sa.CheckConstraint("length(key) = 64", name=op.f("ck_calendar_feed_key")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_calendar_feed_user_id")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_calendar_feed")),
        sa.UniqueConstraint("key", name=op.f("uq_calendar_feed_key")),
        sqlite_strict=True,
    )
    op.create_table(
        "mail",
        sa.Column("id", BIG, nullable=False),
        sa.Column("user_id", BIG, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("occasion", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("tries", BIG, nullable=False),
        sa.Column("created_at", BIG, nullable=False),
        sa.Column("next_try_at", BIG, nullable=False),
        sa.Column("sent_at", BIG, nullable=True),
        sa.Column("told", sa.Text(), nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'sending', 'sent', 'failed', 'dropped')", name=op.f("ck_mail_state")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_mail_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail")),
        sa.UniqueConstraint("user_id", "kind", "occasion", name=op.f("uq_mail_user_id_kind_occasion")),
        sqlite_strict=True,
    )
    op.create_index("ix_mail_created", "mail", ["created_at"], unique=False)
    op.create_index(
        "ix_mail_waiting",
        "mail",
        ["next_try_at"],
        unique=False,
        sqlite_where=sa.text("state IN ('waiting', 'sending')"),
        postgresql_where=sa.text("state IN ('waiting', 'sending')"),
    )
    op.create_table(
        "mail_round",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("occasion", sa.Text(), nullable=False),
        sa.Column("made_at", BIG, nullable=False),
        sa.PrimaryKeyConstraint("kind", "occasion", name=op.f("pk_mail_round")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_mail_round_made_at"), "mail_round", ["made_at"], unique=False)
    op.create_table(
        "reminder",
        sa.Column("attainment_id", BIG, autoincrement=False, nullable=False),
        sa.Column("due_at", BIG, nullable=False),
        sa.PrimaryKeyConstraint("attainment_id", name=op.f("pk_reminder")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_reminder_due_at"), "reminder", ["due_at"], unique=False)
    op.create_table(
        "mail_refusal",
        sa.Column("user_id", BIG, autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("refused_at", BIG, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_mail_refusal_user_id")),
        sa.PrimaryKeyConstraint("user_id", "kind", name=op.f("pk_mail_refusal")),
        sqlite_strict=True,
    )
    op.create_table(
        "parked_event",
        sa.Column("id", BIG, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("column", sa.Text(), nullable=False),
        sa.Column("unknown", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("parked_at", BIG, nullable=False),
        sa.Column("delivery_id", BIG, nullable=True),
        sa.CheckConstraint("\"column\" IN ('member', 'team')", name=op.f("ck_parked_event_column")),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["hook_delivery.id"], name=op.f("fk_parked_event_delivery_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parked_event")),
        sa.UniqueConstraint("event_id", "source", name=op.f("uq_parked_event_event_id_source")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_parked_event_delivery_id"), "parked_event", ["delivery_id"], unique=False)
    op.create_index("ix_parked_event_unknown", "parked_event", ["column", "unknown"], unique=False)
    op.create_table(
        "upload",
        sa.Column("id", BIG, nullable=False),
        sa.Column("user_id", BIG, nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("size", BIG, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("mapping", sa.Text(), nullable=True),
        sa.Column("create_members", sa.Text(), nullable=True),
        sa.Column("is_dry_run", BIG, nullable=False),
        sa.Column("rows_done", BIG, nullable=False),
        sa.Column("bytes_done", BIG, nullable=False),
        sa.Column("report", sa.Text(), nullable=True),
        sa.Column("told", sa.Text(), nullable=True),
        sa.Column("created_at", BIG, nullable=False),
        sa.Column("changed_at", BIG, nullable=False),
        sa.Column("beat_at", BIG, nullable=True),
        sa.Column("import_id", BIG, nullable=True),
        sa.CheckConstraint(
            "state IN ('arriving', 'ready', 'waiting', 'running', 'done', 'failed')", name=op.f("ck_upload_state")
        ),
        sa.CheckConstraint("is_dry_run IN (0, 1)", name=op.f("ck_upload_is_dry_run")),
        sa.ForeignKeyConstraint(["import_id"], ["event_import.id"], name=op.f("fk_upload_import_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_upload_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upload")),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_upload_open",
        "upload",
        ["id"],
        unique=False,
        sqlite_where=sa.text("state IN ('waiting', 'running')"),
        postgresql_where=sa.text("state IN ('waiting', 'running')"),
    )
    op.create_table(
        "user_identity",
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("user_id", BIG, nullable=False),
        sa.Column("created_at", BIG, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_user_identity_user_id")),
        sa.PrimaryKeyConstraint("issuer", "subject", name=op.f("pk_user_identity")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_user_identity_user_id"), "user_identity", ["user_id"], unique=False)
    op.create_table(
        "api_use",
        sa.Column("token_id", BIG, autoincrement=False, nullable=False),
        sa.Column("window_at", BIG, nullable=False),
        sa.Column("taken", BIG, nullable=False),
        sa.ForeignKeyConstraint(["token_id"], ["api_token.id"], name=op.f("fk_api_use_token_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("token_id", name=op.f("pk_api_use")),
        sqlite_strict=True,
    )
    op.create_table(
        "idempotent_answer",
        sa.Column("token_id", BIG, autoincrement=False, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("created_at", BIG, nullable=False),
        sa.Column("status", BIG, nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        sa.CheckConstraint("length(request) = 64", name=op.f("ck_idempotent_answer_request")),
        sa.ForeignKeyConstraint(
            ["token_id"], ["api_token.id"], name=op.f("fk_idempotent_answer_token_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("token_id", "key", name=op.f("pk_idempotent_answer")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_idempotent_answer_created_at"), "idempotent_answer", ["created_at"], unique=False)
    op.create_table(
        "upload_part",
        sa.Column("upload_id", BIG, autoincrement=False, nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("number", BIG, autoincrement=False, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("role IN ('sent', 'refused')", name=op.f("ck_upload_part_role")),
        sa.ForeignKeyConstraint(
            ["upload_id"], ["upload.id"], name=op.f("fk_upload_part_upload_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("upload_id", "role", "number", name=op.f("pk_upload_part")),
        sqlite_strict=True,
    )
    op.execute(  # until now each import lay between two ids of its own
        "INSERT INTO import_part (import_id, first_event_id, last_event_id) "
        "SELECT id, first_event_id, last_event_id FROM event_import WHERE first_event_id IS NOT NULL"
    )


def downgrade():
    for table in TABLES:
        op.drop_table(table)
    for table, column in reversed(ADDED):
        op.drop_column(table, column.name)
