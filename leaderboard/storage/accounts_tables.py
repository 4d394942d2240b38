"""The tables of accounts. No password and no token is stored, only what proves that one is right."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from leaderboard.storage.database import Base, Big
from leaderboard.storage.tables import STRICT


class UserAccount(Base):
    """An account that signs in. language: None leaves the choice to the browser.

    teams_seen: which teams a manager answers for: `all`, or `own`, which are the team they belong to and those of
    `manager_team`. None: own if the account belongs to a member, all if it does not.
    """

    __tablename__ = "user_account"
    __table_args__ = (
        CheckConstraint("role IN ('rep', 'manager', 'admin')", name="role"),
        CheckConstraint("email = lower(email)", name="email"),
        CheckConstraint("is_active IN (0, 1)", name="is_active"),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)
    role: Mapped[str]
    password_hash: Mapped[str]
    member_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"), index=True)
    language: Mapped[str | None]
    is_active: Mapped[int] = mapped_column(Big)
    created_at: Mapped[datetime]
    password_changed_at: Mapped[datetime]
    teams_seen: Mapped[str | None]


class ManagerTeam(Base):
    """A team that a manager answers for, beside the one they belong to."""

    __tablename__ = "manager_team"
    __table_args__ = (STRICT,)

    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), primary_key=True, autoincrement=False)
    team_id: Mapped[int] = mapped_column(ForeignKey("team.id"), primary_key=True, autoincrement=False)


class UserSession(Base):
    """A browser that is signed in. key: the SHA-256 of the token in its cookie."""

    __tablename__ = "user_session"
    __table_args__ = (CheckConstraint("length(key) = 64", name="key"), STRICT)

    key: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]


class SignInAttempt(Base):
    """An attempt that failed or is under way. account: the SHA-256 of what was typed, which may be a password."""

    __tablename__ = "sign_in_attempt"
    __table_args__ = (
        CheckConstraint("length(account) = 64", name="account"),
        Index("ix_sign_in_attempt_account", "account", "at"),
        Index("ix_sign_in_attempt_address", "address", "at"),
        Index("ix_sign_in_attempt_at", "at"),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    account: Mapped[str]
    address: Mapped[str]
    at: Mapped[datetime]


class ApiToken(Base):
    """A program's way in. key: the SHA-256 of the token; prefix: its first characters, to know it by.

    scopes: what it may do, separated by blanks (services/tokens.py).
    """

    __tablename__ = "api_token"
    __table_args__ = (CheckConstraint("length(key) = 64", name="key"), STRICT)

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    prefix: Mapped[str]
    name: Mapped[str]
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    expires_at: Mapped[datetime]
    scopes: Mapped[str] = mapped_column(server_default=text("'read'"))
