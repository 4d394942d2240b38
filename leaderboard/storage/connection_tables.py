"""The tables of what other programs send us and are sent: tokens' use, webhooks in and out.

What proves a right is stored as a hash. A secret that we must use again, to sign or to check a signature, is
stored sealed (services/sealing.py).
"""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from leaderboard.storage.database import Base, Big
from leaderboard.storage.tables import STRICT


class ApiUse(Base):
    """How many requests a token has taken of the window that began last."""

    __tablename__ = "api_use"
    __table_args__ = (STRICT,)

    token_id: Mapped[int] = mapped_column(
        ForeignKey("api_token.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    window_at: Mapped[datetime]
    taken: Mapped[int]


class IdempotentAnswer(Base):
    """What was answered to a request with an Idempotency-Key, to answer the same again.

    request: the SHA-256 of what was asked. status, body: None while the first request is under way.
    """

    __tablename__ = "idempotent_answer"
    __table_args__ = (CheckConstraint("length(request) = 64", name="request"), STRICT)

    token_id: Mapped[int] = mapped_column(
        ForeignKey("api_token.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    key: Mapped[str] = mapped_column(primary_key=True)
    request: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(index=True)
    status: Mapped[int | None]
    body: Mapped[str | None]


class Hook(Base):
    """A door for one CRM's webhooks, at /hooks/<slug>.

    source: under which its events are stored. mapping: TOML. secrets: sealed, as JSON, the present one first.
    """

    __tablename__ = "hook"
    __table_args__ = (
        CheckConstraint("kind IN ('hubspot', 'salesforce', 'odoo', 'pipedrive', 'generic')", name="kind"),
        CheckConstraint("is_active IN (0, 1)", name="is_active"),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    name: Mapped[str]
    source: Mapped[str]
    mapping: Mapped[str]
    secrets: Mapped[str]
    is_active: Mapped[int] = mapped_column(Big)
    created_at: Mapped[datetime]
    created_by: Mapped[str]


class HookDelivery(Base):
    """What a hook was sent, as it came: unknown fields stay. It is stored before it is acknowledged.

    delivery_key: the sender's own id of it, if it has one. state: `waiting` until its events are taken, then `taken`;
    `failed` after too many tries. told: what is wrong with it, if anything.
    """

    __tablename__ = "hook_delivery"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'taken', 'failed')", name="state"),
        UniqueConstraint("hook_id", "delivery_key"),
        Index("ix_hook_delivery_hook", "hook_id", "id"),
        Index("ix_hook_delivery_received", "received_at"),
        Index(
            "ix_hook_delivery_waiting",
            "next_try_at",
            sqlite_where=text("state = 'waiting'"),
            postgresql_where=text("state = 'waiting'"),
        ),
        Index(
            "ix_hook_delivery_left",
            "hook_id",
            "state",
            sqlite_where=text("state <> 'taken'"),
            postgresql_where=text("state <> 'taken'"),
        ),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    hook_id: Mapped[int] = mapped_column(ForeignKey("hook.id"))
    delivery_key: Mapped[str | None]
    received_at: Mapped[datetime]
    body: Mapped[str]
    state: Mapped[str]
    tries: Mapped[int]
    next_try_at: Mapped[datetime | None]
    new: Mapped[int]
    duplicate: Mapped[int]
    parked: Mapped[int]
    refused: Mapped[int]
    told: Mapped[str | None]


class ParkedEvent(Base):
    """A well-formed event that names somebody or a team that nobody knows yet; it is taken as soon as they are known.

    unknown: the name that is not known; column: `member` or `team`. document: the row, as JSON with our columns.
    """

    __tablename__ = "parked_event"
    __table_args__ = (
        UniqueConstraint("event_id", "source"),
        CheckConstraint("\"column\" IN ('member', 'team')", name="column"),
        Index("ix_parked_event_unknown", "column", "unknown"),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str]
    event_id: Mapped[str]
    column: Mapped[str]
    unknown: Mapped[str]
    document: Mapped[str]
    parked_at: Mapped[datetime]
    delivery_id: Mapped[int | None] = mapped_column(ForeignKey("hook_delivery.id", ondelete="SET NULL"), index=True)


class HookTarget(Base):
    """Where our webhooks go. kinds: which announcements, separated by blanks. address, secret: sealed.

    has_amounts: whether it is told amounts of money. told: why it was paused, where nobody did that.
    """

    __tablename__ = "hook_target"
    __table_args__ = (
        CheckConstraint("has_amounts IN (0, 1)", name="has_amounts"),
        CheckConstraint("format IN ('json', 'slack', 'teams')", name="format"),
        CheckConstraint("is_active IN (0, 1)", name="is_active"),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    format: Mapped[str]
    address: Mapped[str]
    secret: Mapped[str]
    kinds: Mapped[str]
    language: Mapped[str]
    has_amounts: Mapped[int] = mapped_column(Big)
    is_active: Mapped[int] = mapped_column(Big)
    told: Mapped[str | None]
    created_at: Mapped[datetime]
    created_by: Mapped[str]


class Announcement(Base):
    """Something that happened and that others may be told of, once per occasion. document: the facts, as JSON."""

    __tablename__ = "announcement"
    __table_args__ = (Index("ix_announcement_at", "at"), STRICT)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    occasion: Mapped[str] = mapped_column(unique=True)
    at: Mapped[datetime]
    document: Mapped[str]


class HookMessage(Base):
    """An announcement on its way to a target. status: what its server answered last; told: why it did not arrive.

    state: `waiting`, with no next try while its target is paused; `sent`; `failed` after too many tries; `dropped`
    where it came too late, or is of somebody who is not to be shown.
    """

    __tablename__ = "hook_message"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'sent', 'failed', 'dropped')", name="state"),
        UniqueConstraint("target_id", "announcement_id"),
        Index(
            "ix_hook_message_waiting",
            "next_try_at",
            sqlite_where=text("state = 'waiting'"),
            postgresql_where=text("state = 'waiting'"),
        ),
        Index("ix_hook_message_announcement", "announcement_id"),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    target_id: Mapped[int] = mapped_column(ForeignKey("hook_target.id", ondelete="CASCADE"))
    announcement_id: Mapped[int] = mapped_column(ForeignKey("announcement.id", ondelete="CASCADE"))
    state: Mapped[str]
    tries: Mapped[int]
    next_try_at: Mapped[datetime | None]
    last_try_at: Mapped[datetime | None]
    status: Mapped[int | None]
    told: Mapped[str | None]
    sent_at: Mapped[datetime | None]
