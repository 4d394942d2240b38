"""The tables of displays. No token is stored, only what proves that one is right."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from leaderboard.storage.database import Base, Big
from leaderboard.storage.tables import STRICT


class Screens(Base):
    """The one row that tells readers of displays when to look again; none before anything has changed.

    version: rises with what only displays show. It does not stand in `organisation`, whose row an import holds on
    PostgreSQL until it is done.
    """

    __tablename__ = "screens"
    __table_args__ = (CheckConstraint("id = 1", name="one"), STRICT)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    version: Mapped[int]


class DisplayRow(Base):
    """A screen on a wall. key: the SHA-256 of its token; empty from its pairing until it has fetched one.

    previous_key: the token before, good until the new one has been used, since an answer can get lost.
    settings: what it shows, as domain/displays.py writes it. message: a manager's, until an instant or for good.
    tested_at: when somebody last asked for a celebration to look at. revoked_at: from when on it shows nothing.
    """

    __tablename__ = "display"
    __table_args__ = (
        CheckConstraint("length(key) = 64", name="key"),
        CheckConstraint("length(previous_key) = 64", name="previous_key"),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    key: Mapped[str | None] = mapped_column(unique=True)
    previous_key: Mapped[str | None] = mapped_column(unique=True)
    rotated_at: Mapped[datetime | None]
    settings: Mapped[str]
    message: Mapped[str]
    message_until: Mapped[datetime | None]
    paired_at: Mapped[datetime]
    paired_by: Mapped[str]
    last_seen_at: Mapped[datetime | None]
    user_agent: Mapped[str]
    width: Mapped[int | None] = mapped_column(Big)
    height: Mapped[int | None] = mapped_column(Big)
    tested_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    revoked_by: Mapped[str | None]


class Pairing(Base):
    """A screen that shows a code and waits for a manager to enter it.

    code_key, device_key: the SHA-256 of the code and of the secret in the screen's cookie. display_id: set once the
    code was entered; the row goes when the screen has fetched its token.
    """

    __tablename__ = "pairing"
    __table_args__ = (
        CheckConstraint("length(code_key) = 64", name="code_key"),
        CheckConstraint("length(device_key) = 64", name="device_key"),
        Index("ix_pairing_address", "address", "created_at"),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code_key: Mapped[str] = mapped_column(unique=True)
    device_key: Mapped[str] = mapped_column(unique=True)
    address: Mapped[str]
    created_at: Mapped[datetime]
    display_id: Mapped[int | None] = mapped_column(ForeignKey("display.id"))


class DisplayChoice(Base):
    """What a member chose to show: no row is by name, to everybody.

    is_hidden: on no display; nickname: for displays that use them; is_page_hidden: colleagues see no more on the
    member's page than the board says.
    """

    __tablename__ = "display_choice"
    __table_args__ = (CheckConstraint("is_hidden IN (0, 1)", name="is_hidden"), STRICT)

    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), primary_key=True)
    is_hidden: Mapped[int] = mapped_column(Big)
    nickname: Mapped[str | None]
    is_page_hidden: Mapped[int] = mapped_column(Big, server_default=text("0"))
