"""The tables of what readers are told outside the pages, and of how they sign in with the company's account."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from leaderboard.storage.database import Base
from leaderboard.storage.tables import STRICT


class MailRefusal(Base):
    """A kind of e-mail that somebody wants no more."""

    __tablename__ = "mail_refusal"
    __table_args__ = (STRICT,)

    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(primary_key=True)
    refused_at: Mapped[datetime]


class Mail(Base):
    """An e-mail to a user, once per occasion. document: the facts that it tells, as JSON.

    state: `waiting`; `sending` from before the mail server is spoken to, so that none goes out twice; `sent`;
    `failed` after too many tries; `dropped` where it came too late to be of use.
    """

    __tablename__ = "mail"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'sending', 'sent', 'failed', 'dropped')", name="state"),
        UniqueConstraint("user_id", "kind", "occasion"),
        Index("ix_mail_created", "created_at"),
        Index(
            "ix_mail_waiting",
            "next_try_at",
            sqlite_where=text("state IN ('waiting', 'sending')"),
            postgresql_where=text("state IN ('waiting', 'sending')"),
        ),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    kind: Mapped[str]
    occasion: Mapped[str]
    document: Mapped[str]
    state: Mapped[str]
    tries: Mapped[int]
    created_at: Mapped[datetime]
    next_try_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    told: Mapped[str | None]


class MailRound(Base):
    """That the e-mails of an occasion were made, whoever got one: of a team's morning, a week, a close, a review."""

    __tablename__ = "mail_round"
    __table_args__ = (STRICT,)

    kind: Mapped[str] = mapped_column(primary_key=True)
    occasion: Mapped[str] = mapped_column(primary_key=True)
    made_at: Mapped[datetime] = mapped_column(index=True)


class Reminder(Base):
    """That of a deadline was reminded. due_at: as it was then; of another, after a pause, is reminded anew."""

    __tablename__ = "reminder"
    __table_args__ = (STRICT,)

    attainment_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    due_at: Mapped[datetime] = mapped_column(index=True)


class CalendarFeed(Base):
    """A user's personal calendar of what is due. key: the SHA-256 of the token in its address."""

    __tablename__ = "calendar_feed"
    __table_args__ = (CheckConstraint("length(key) = 64", name="key"), STRICT)

    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), primary_key=True, autoincrement=False)
    key: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime]


class UserIdentity(Base):
    """By what the company's sign-in knows a user: its issuer, and the subject that it names (OpenID Connect Core 2)."""

    __tablename__ = "user_identity"
    __table_args__ = (STRICT,)

    issuer: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    created_at: Mapped[datetime]
