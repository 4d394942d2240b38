"""The tables that pages of managers read: what the attainments add up to, and how sound the data is."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from leaderboard.storage.database import Base, Big
from leaderboard.storage.tables import STRICT, ordered_text


class Tally(Base):
    """How often an SLA was met, exceeded and missed in a month, kept in step with the attainments.

    scope `member`: what one member came to in a team (team_id 0: in none); its band is 0. scope `team`: what a team was
    credited with, its own promises and its members', by the band of the value (domain/bands.py). It says what
    is known now: what changed after a close is counted here, while the standings stay as they were closed (P5).
    """

    __tablename__ = "tally"
    __table_args__ = (
        CheckConstraint("scope IN ('member', 'team')", name="scope"),
        Index("ix_tally_team", "team_id", "month", "scope"),
        STRICT,
    )

    month: Mapped[str] = mapped_column(primary_key=True)
    sla: Mapped[str] = ordered_text(primary_key=True)
    scope: Mapped[str] = mapped_column(primary_key=True)
    participant_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    team_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    band: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    met: Mapped[int] = mapped_column(Big)
    exceeded: Mapped[int] = mapped_column(Big)
    missed: Mapped[int] = mapped_column(Big)
    points: Mapped[int] = mapped_column(Big)


class ReadinessReport(Base):
    """The latest look at whether the data is sound enough to score by; one row, none before the first look.

    document: what was found, as JSON. took_micros: how long the look took.
    """

    __tablename__ = "readiness_report"
    __table_args__ = (CheckConstraint("id = 1", name="one"), STRICT)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    looked_at: Mapped[datetime]
    looked_by: Mapped[str]
    took_micros: Mapped[int]
    document: Mapped[str]
