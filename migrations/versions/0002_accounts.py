"""Accounts, their sessions, failed sign-ins and API tokens."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade():
    op.create_table(
        "user_account",
        sa.Column("id", BIG, nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("member_id", BIG, nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("is_active", BIG, nullable=False),
        sa.Column("created_at", BIG, nullable=False),
        sa.Column("password_changed_at", BIG, nullable=False),
        sa.CheckConstraint("role IN ('rep', 'manager', 'admin')", name=op.f("ck_user_account_role")),
        sa.CheckConstraint("email = lower(email)", name=op.f("ck_user_account_email")),
        sa.CheckConstraint("is_active IN (0, 1)", name=op.f("ck_user_account_is_active")),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_user_account_member_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_account")),
        sa.UniqueConstraint("email", name=op.f("uq_user_account_email")),
        sqlite_strict=True,
    )
    op.create_index("ix_user_account_member_id", "user_account", ["member_id"], unique=False)
    op.create_table(
        "user_session",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("user_id", BIG, nullable=False),
        sa.Column("created_at", BIG, nullable=False),
        sa.Column("last_seen_at", BIG, nullable=False),
        sa.CheckConstraint("length(key) = 64", name=op.f("ck_user_session_key")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_user_session_user_id")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_user_session")),
        sqlite_strict=True,
    )
    op.create_index("ix_user_session_user_id", "user_session", ["user_id"], unique=False)
    op.create_table(
        "sign_in_attempt",
        sa.Column("id", BIG, nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.CheckConstraint("length(account) = 64", name=op.f("ck_sign_in_attempt_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_attempt")),
        sqlite_strict=True,
    )
    op.create_index("ix_sign_in_attempt_account", "sign_in_attempt", ["account", "at"], unique=False)
    op.create_index("ix_sign_in_attempt_address", "sign_in_attempt", ["address", "at"], unique=False)
    op.create_index("ix_sign_in_attempt_at", "sign_in_attempt", ["at"], unique=False)
    op.create_table(
        "api_token",
        sa.Column("id", BIG, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("prefix", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("user_id", BIG, nullable=False),
        sa.Column("created_at", BIG, nullable=False),
        sa.Column("last_used_at", BIG, nullable=True),
        sa.Column("expires_at", BIG, nullable=False),
        sa.CheckConstraint("length(key) = 64", name=op.f("ck_api_token_key")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_api_token_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_token")),
        sa.UniqueConstraint("key", name=op.f("uq_api_token_key")),
        sqlite_strict=True,
    )
    op.create_index("ix_api_token_user_id", "api_token", ["user_id"], unique=False)


def downgrade():
    for table in ("api_token", "sign_in_attempt", "user_session", "user_account"):
        op.drop_table(table)
