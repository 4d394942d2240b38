"""The tables of what was done by whom: adjustments, the audit trail, and the runs of the jobs."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from leaderboard.storage.database import Base, Big
from leaderboard.storage.tables import STRICT


class AdjustmentRow(Base):
    """Points that a manager gave by hand, with the reason (P7); append-only.

    takes_back: the adjustment that this one undoes, each at most once.
    """

    __tablename__ = "adjustment"
    __table_args__ = (Index("ix_adjustment_member", "member_id", "month"), STRICT)

    id: Mapped[int] = mapped_column(primary_key=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("point_entry.id"), unique=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    month: Mapped[str]
    points: Mapped[int]
    reason: Mapped[str]
    made_at: Mapped[datetime]
    made_by: Mapped[str]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    takes_back: Mapped[int | None] = mapped_column(ForeignKey("adjustment.id"), unique=True)


class PointQuestion(Base):
    """What a member finds wrong with a result or an entry of theirs, and a manager's answer; both are kept.

    attainment_id, entry_id: what it is about, one of them at least; month: in which that counts. outcome: `adjusted`
    (adjustment_id: the points given for it) or `explained`; empty while it is open.
    """

    __tablename__ = "point_question"
    __table_args__ = (
        CheckConstraint("attainment_id IS NOT NULL OR entry_id IS NOT NULL", name="about"),
        CheckConstraint("outcome IN ('adjusted', 'explained')", name="outcome"),
        Index("ix_point_question_member", "member_id", "id"),
        Index(
            "ix_point_question_open",
            "id",
            sqlite_where=sql("outcome IS NULL"),
            postgresql_where=sql("outcome IS NULL"),
        ),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    attainment_id: Mapped[int | None] = mapped_column(ForeignKey("attainment.id"))
    entry_id: Mapped[int | None] = mapped_column(ForeignKey("point_entry.id"))
    month: Mapped[str]
    text: Mapped[str]
    asked_at: Mapped[datetime]
    asked_by: Mapped[str]
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    outcome: Mapped[str | None]
    answer: Mapped[str | None]
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[str | None]
    adjustment_id: Mapped[int | None] = mapped_column(ForeignKey("adjustment.id"), unique=True)


class AuditEntry(Base):
    """Who did what, when, from which value to which; append-only, as the ledger is.

    actor: an e-mail, `command line` or `scheduler`. action: a dotted word such as award.approved.
    about: what it was done to, such as award 12.
    """

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index("ix_audit_entry_action", "action", "id"),
        Index("ix_audit_entry_actor", "actor", "id"),
        Index("ix_audit_entry_about", "about", "id"),
        Index("ix_audit_entry_at", "at"),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    actor: Mapped[str]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    action: Mapped[str]
    about: Mapped[str]
    before: Mapped[str | None]
    after: Mapped[str | None]
    why: Mapped[str | None]


class JobRun(Base):
    """A run of a job that did something or failed; one that fails again in the same way only counts up `times`."""

    __tablename__ = "job_run"
    __table_args__ = (
        CheckConstraint("outcome IN ('done', 'failed')", name="outcome"),
        Index("ix_job_run_job", "job", "outcome", "id"),
        Index("ix_job_run_finished_at", "finished_at"),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    job: Mapped[str]
    outcome: Mapped[str]
    told: Mapped[str]
    by: Mapped[str]
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime]
    times: Mapped[int] = mapped_column(Big)


class JobLook(Base):
    """When a job last looked whether there is anything to do, and whose scheduler that was."""

    __tablename__ = "job_look"
    __table_args__ = (STRICT,)

    job: Mapped[str] = mapped_column(primary_key=True)
    looked_at: Mapped[datetime]
    took_micros: Mapped[int]
    by: Mapped[str]
