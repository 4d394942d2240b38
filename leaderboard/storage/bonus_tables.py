"""The tables of bonuses: awards and their shares, questions about them, and what went to payroll (B1-B5)."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from leaderboard.storage.database import Base, Big
from leaderboard.storage.tables import STRICT


class PayrollExport(Base):
    """A file for payroll: its number is the id; append-only.

    document: its CSV as it was handed out, since people are renamed; digest: the SHA-256 of that.
    """

    __tablename__ = "payroll_export"
    __table_args__ = (STRICT,)

    id: Mapped[int] = mapped_column(primary_key=True)
    created_at: Mapped[datetime]
    created_by: Mapped[str]
    currency: Mapped[str]
    awards: Mapped[int]
    lines: Mapped[int]
    total_minor: Mapped[int]
    document: Mapped[str]
    digest: Mapped[str]


class BonusAward(Base):
    """One win's bonus: proposed, then approved and paid, or declined (B4).

    The database refuses any other way, and any change of what was won. place: the rank, from 1;
    sharers: how many share it. points: what the rank rests on; members: for an average, of how many.
    amount_minor: of `currency`, or else a prize in kind (B5). decidable_at: when the question window ends.
    export_id: the payroll file that has it, at most one.
    """

    __tablename__ = "bonus_award"
    __table_args__ = (
        UniqueConstraint("period", "programme", "scope", "participant_id"),
        CheckConstraint("status IN ('proposed', 'approved', 'paid', 'declined')", name="status"),
        CheckConstraint("(amount_minor IS NULL) <> (prize IS NULL)", name="what"),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    period: Mapped[str] = mapped_column(ForeignKey("closing.period", deferrable=True, initially="DEFERRED"))
    programme: Mapped[str]
    version_id: Mapped[int] = mapped_column(ForeignKey("agreement_version.id"))
    place: Mapped[int]
    sharers: Mapped[int]
    scope: Mapped[str]
    participant_id: Mapped[int]
    name: Mapped[str]
    side: Mapped[str | None]
    points: Mapped[int]
    members: Mapped[int | None]
    amount_minor: Mapped[int | None]
    currency: Mapped[str]
    prize: Mapped[str | None]
    proposed_at: Mapped[datetime]
    decidable_at: Mapped[datetime]
    status: Mapped[str]
    decided_at: Mapped[datetime | None] = mapped_column(index=True)
    decided_by: Mapped[str | None]
    reason: Mapped[str | None]
    paid_at: Mapped[datetime | None]
    paid_by: Mapped[str | None]
    export_id: Mapped[int | None] = mapped_column(ForeignKey("payroll_export.id"), index=True)


class AwardShare(Base):
    """A member's share of an award (B3); append-only.

    amount_minor: None for a prize in kind. weight: the points it goes by, or 1 for each. has_remainder: whether it was
    rounded up.
    """

    __tablename__ = "award_share"
    __table_args__ = (STRICT,)

    award_id: Mapped[int] = mapped_column(ForeignKey("bonus_award.id"), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), primary_key=True, index=True)
    name: Mapped[str]
    weight: Mapped[int]
    amount_minor: Mapped[int | None]
    has_remainder: Mapped[int] = mapped_column(Big)


class BonusQuestion(Base):
    """A question that somebody asked about an award within its window, and the answer."""

    __tablename__ = "bonus_question"
    __table_args__ = (STRICT,)

    id: Mapped[int] = mapped_column(primary_key=True)
    award_id: Mapped[int] = mapped_column(ForeignKey("bonus_award.id"), index=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    asked_by: Mapped[str]
    asked_at: Mapped[datetime]
    text: Mapped[str]
    answered_by: Mapped[str | None]
    answered_at: Mapped[datetime | None]
    answer: Mapped[str | None]
