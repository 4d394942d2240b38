"""The tables of closing: what is closed, what was corrected since, and the badges that were earned."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from leaderboard.storage.database import Base, Big
from leaderboard.storage.tables import STRICT


class Closing(Base):
    """A period that is closed: once, since its key is unique, and for good, which the database enforces (M3, P5).

    The database also refuses any change of the totals and badges of a period that has such a row.
    as_of: the instant that it was scored at, its end plus the grace time or, closed earlier by hand, then.
    last_entry_id: how far the ledger went. digest: the SHA-256 of its standings and shares.
    """

    __tablename__ = "closing"
    __table_args__ = (CheckConstraint("kind IN ('month', 'quarter')", name="kind"), STRICT)

    period: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    as_of: Mapped[datetime]
    closed_at: Mapped[datetime]
    closed_by: Mapped[str]
    last_entry_id: Mapped[int]
    digest: Mapped[str]


class CorrectionRow(Base):
    """What became of an attainment of a closed month afterwards (P5); append-only, as the ledger is.

    corrects: the closed month; month: the open one, to which the points went. The level is `none` before
    or after where the attainment did not count in the closed month. because: `void`, `events` or `rules`.
    """

    __tablename__ = "correction"
    __table_args__ = (Index("ix_correction_participant", "participant_id", "scope", "month"), STRICT)

    id: Mapped[int] = mapped_column(primary_key=True)
    attainment_id: Mapped[int] = mapped_column(ForeignKey("attainment.id"))
    corrects: Mapped[str] = mapped_column(index=True)
    month: Mapped[str] = mapped_column(index=True)
    scope: Mapped[str]
    participant_id: Mapped[int]
    team_before: Mapped[int | None] = mapped_column(ForeignKey("team.id"))
    level_before: Mapped[str]
    points_before: Mapped[int]
    value_before: Mapped[int | None]
    decided_at_before: Mapped[datetime | None]
    team_after: Mapped[int | None] = mapped_column(ForeignKey("team.id"))
    level_after: Mapped[str]
    points_after: Mapped[int]
    because: Mapped[str]
    posted_at: Mapped[datetime]


class BadgeRow(Base):
    """A badge that somebody earned: at most once per occasion (G2).

    scope and participant_id: a member or a team. occasion: what it is for, such as a month or a task, empty where
    there is only one ever. period: the month or quarter in which it was earned; once that is closed the row
    cannot change any more. ground: what it stands on, as JSON. withdrawn_because: why its ground is gone.
    """

    __tablename__ = "badge"
    __table_args__ = (
        UniqueConstraint("participant_id", "scope", "key", "occasion"),
        Index("ix_badge_period", "period", "key"),
        Index(  # the newest, for the displays
            "ix_badge_newest",
            "scope",
            "earned_at",
            sqlite_where=text("withdrawn_at IS NULL"),
            postgresql_where=text("withdrawn_at IS NULL"),
        ),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str]
    scope: Mapped[str]
    participant_id: Mapped[int]
    occasion: Mapped[str]
    period: Mapped[str]
    earned_at: Mapped[datetime]
    ground: Mapped[str]
    awarded_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_because: Mapped[str | None]


class BadgeRun(Base):
    """How many in time in a row a member had when a month was closed: the next month counts on from there (G1).

    began: the occasion of the row, which is where it began.
    """

    __tablename__ = "badge_run"
    __table_args__ = (STRICT,)

    period: Mapped[str] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), primary_key=True)
    length: Mapped[int] = mapped_column(Big)
    began: Mapped[str]
