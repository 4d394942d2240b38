"""Displays on walls, their pairing, and what members chose about them."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
DECIDED = "is_monthly = 0 AND level IN ('met', 'exceeded', 'missed')"


def upgrade():
    op.create_table(
        "display",
        sa.Column("id", BIG, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("previous_key", sa.Text(), nullable=True),
        sa.Column("rotated_at", BIG, nullable=True),
        sa.Column("settings", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("message_until", BIG, nullable=True),
        sa.Column("paired_at", BIG, nullable=False),
        sa.Column("paired_by", sa.Text(), nullable=False),
        sa.Column("last_seen_at", BIG, nullable=True),
        sa.Column("user_agent", sa.Text(), nullable=False),
        sa.Column("width", BIG, nullable=True),
        sa.Column("height", BIG, nullable=True),
        sa.Column("tested_at", BIG, nullable=True),
        sa.Column("revoked_at", BIG, nullable=True),
        sa.Column("revoked_by", sa.Text(), nullable=True),
        sa.CheckConstraint("length(key) = 64", name=op.f("ck_display_key")),
        sa.CheckConstraint("length(previous_key) = 64", name=op.f("ck_display_previous_key")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_display")),
        sa.UniqueConstraint("key", name=op.f("uq_display_key")),
        sa.UniqueConstraint("previous_key", name=op.f("uq_display_previous_key")),
        sqlite_strict=True,
    )
    op.create_table(
        "pairing",
        sa.Column("id", BIG, nullable=False),
        sa.Column("code_key", sa.Text(), nullable=False),
        sa.Column("device_key", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("created_at", BIG, nullable=False),
        sa.Column("display_id", BIG, nullable=True),
        sa.CheckConstraint("length(code_key) = 64", name=op.f("ck_pairing_code_key")),
        sa.CheckConstraint("length(device_key) = 64", name=op.f("ck_pairing_device_key")),
        sa.ForeignKeyConstraint(["display_id"], ["display.id"], name=op.f("fk_pairing_display_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pairing")),
        sa.UniqueConstraint("code_key", name=op.f("uq_pairing_code_key")),
        sa.UniqueConstraint("device_key", name=op.f("uq_pairing_device_key")),
        sqlite_strict=True,
    )
    op.create_index("ix_pairing_address", "pairing", ["address", "created_at"], unique=False)
    op.create_table(
        "display_choice",
        sa.Column("member_id", BIG, nullable=False),
        sa.Column("is_hidden", BIG, nullable=False),
        sa.Column("nickname", sa.Text(), nullable=True),
        sa.CheckConstraint("is_hidden IN (0, 1)", name=op.f("ck_display_choice_is_hidden")),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_display_choice_member_id")),
        sa.PrimaryKeyConstraint("member_id", name=op.f("pk_display_choice")),
        sqlite_strict=True,
    )
    op.create_table(
        "screens",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("version", BIG, nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_screens_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_screens")),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_attainment_decided",
        "attainment",
        ["decided_at"],
        unique=False,
        sqlite_where=sa.text(DECIDED),
        postgresql_where=sa.text(DECIDED),
    )
    op.create_index(
        "ix_badge_newest",
        "badge",
        ["scope", "earned_at"],
        unique=False,
        sqlite_where=sa.text("withdrawn_at IS NULL"),
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )
    op.create_index("ix_bonus_award_decided_at", "bonus_award", ["decided_at"], unique=False)


def downgrade():
    op.drop_index("ix_bonus_award_decided_at", table_name="bonus_award")
    op.drop_index("ix_badge_newest", table_name="badge")
    op.drop_index("ix_attainment_decided", table_name="attainment")
    for table in ("screens", "display_choice", "pairing", "display"):
        op.drop_table(table)
