"""The tables. Points and people that the ledger rests on are never deleted."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from leaderboard.storage.database import Base, Big

STRICT = {"sqlite_strict": True}  # else SQLite stores 'abc' in a column of integers (faults R7)


def ordered_text(*, primary_key: bool = False) -> Mapped[str]:
    """A text whose order is that of its code points on both databases."""
    return mapped_column(Text().with_variant(Text(collation="C"), "postgresql"), primary_key=primary_key)


class OrganisationRow(Base):
    """The one organisation, and two counters that tell readers when to look again.

    rules_version: rises with the organisation, its people and its agreements; scores_version: with
    anything that a board shows. next_attainment_id: attainments get their ids here, so that the ledger can name a new
    one in the same breath. badged_entry_id: how far badges have followed the ledger.
    """

    __tablename__ = "organisation"
    __table_args__ = (CheckConstraint("id = 1", name="one"), STRICT)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str]
    document: Mapped[str]
    loaded_at: Mapped[datetime]
    rules_version: Mapped[int]
    scores_version: Mapped[int]
    next_attainment_id: Mapped[int]
    badged_entry_id: Mapped[int] = mapped_column(server_default=text("0"))


class Team(Base):
    __tablename__ = "team"
    __table_args__ = (CheckConstraint("side IN ('sales', 'marketing')", name="side"), STRICT)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    side: Mapped[str]


class Member(Base):
    """key: the e-mail, or the external id of one created from an event.

    anonymised_at: since when nothing here tells who they are.
    """

    __tablename__ = "member"
    __table_args__ = (STRICT,)

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    email: Mapped[str | None] = mapped_column(unique=True)
    name: Mapped[str]
    anonymised_at: Mapped[datetime | None]


class ExternalId(Base):
    """An id by which a CRM knows a member."""

    __tablename__ = "external_id"
    __table_args__ = (STRICT,)

    external_id: Mapped[str] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), index=True)


class MembershipRow(Base):
    __tablename__ = "membership"
    __table_args__ = (UniqueConstraint("member_id", "starts_on"), STRICT)

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    team_id: Mapped[int] = mapped_column(ForeignKey("team.id"), index=True)
    starts_on: Mapped[date]
    until: Mapped[date | None]


class AgreementVersion(Base):
    """One version of the agreement, as its file was; in force from the first of a month (P6)."""

    __tablename__ = "agreement_version"
    __table_args__ = (STRICT,)

    id: Mapped[int] = mapped_column(primary_key=True)
    effective_from: Mapped[date] = mapped_column(unique=True)
    title: Mapped[str]
    document: Mapped[str]
    loaded_at: Mapped[datetime]


class EventImport(Base):
    """One file that came in, and what became of its rows.

    first_event_id, last_event_id: of its new events; empty without any. Others may lie between them where the file came
    in by parts, each a row of import_part. undone_at: its events were taken away again.
    """

    __tablename__ = "event_import"
    __table_args__ = (STRICT,)

    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str]
    file_name: Mapped[str]
    imported_at: Mapped[datetime]
    read: Mapped[int]
    new: Mapped[int]
    duplicate: Mapped[int]
    refused: Mapped[int]
    first_event_id: Mapped[int | None]
    last_event_id: Mapped[int | None]
    imported_by: Mapped[str | None]
    undone_at: Mapped[datetime | None]
    undone_by: Mapped[str | None]


class EventRow(Base):
    """An immutable fact from a CRM; the first with its id in its source stays."""

    __tablename__ = "event"
    __table_args__ = (
        UniqueConstraint("event_id", "source"),
        Index("ix_event_subject", "subject", "occurred_at"),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str]
    event_id: Mapped[str]
    occurred_at: Mapped[datetime]
    type: Mapped[str]
    subject: Mapped[str] = ordered_text()
    member_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))
    outcome: Mapped[str | None]
    amount_minor: Mapped[int | None]
    due_at: Mapped[datetime | None]


class AttainmentRow(Base):
    """A level reached, or pending. points: the net that the ledger holds for it.

    scope and participant_id: who is measured, a member or a team; team_id: credited too.
    month: where it counts, empty while pending. is_monthly: its subject is a month, not a CRM's.
    """

    __tablename__ = "attainment"
    __table_args__ = (
        UniqueConstraint("subject", "sla", "started_at", "scope", "participant_id"),
        Index("ix_attainment_month", "month", "scope", "participant_id"),
        Index(  # what was decided lately, for the displays
            "ix_attainment_decided",
            "decided_at",
            sqlite_where=text("is_monthly = 0 AND level IN ('met', 'exceeded', 'missed')"),
            postgresql_where=text("is_monthly = 0 AND level IN ('met', 'exceeded', 'missed')"),
        ),
        Index(
            "ix_attainment_pending",
            "due_at",
            sqlite_where=text("level = 'pending'"),
            postgresql_where=text("level = 'pending'"),
        ),
        Index(  # what falls due next for somebody
            "ix_attainment_waiting",
            "scope",
            "participant_id",
            "due_at",
            sqlite_where=text("level = 'pending'"),
            postgresql_where=text("level = 'pending'"),
        ),
        Index(  # what somebody missed and has still not done
            "ix_attainment_overdue",
            "scope",
            "participant_id",
            "decided_at",
            sqlite_where=text("level = 'missed' AND stopped_at IS NULL AND is_monthly = 0"),
            postgresql_where=text("level = 'missed' AND stopped_at IS NULL AND is_monthly = 0"),
        ),
        Index(  # the same of a team, the newest first
            "ix_attainment_late",
            "team_id",
            "decided_at",
            sqlite_where=text("level = 'missed' AND stopped_at IS NULL AND is_monthly = 0"),
            postgresql_where=text("level = 'missed' AND stopped_at IS NULL AND is_monthly = 0"),
        ),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    subject: Mapped[str] = ordered_text()
    sla: Mapped[str] = ordered_text()
    started_at: Mapped[datetime]
    scope: Mapped[str]
    participant_id: Mapped[int]
    is_monthly: Mapped[int] = mapped_column(Big)
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))
    month: Mapped[str | None]
    level: Mapped[str]
    points: Mapped[int]
    value: Mapped[int | None]
    of_cases: Mapped[int | None]
    due_at: Mapped[datetime | None]
    stopped_at: Mapped[datetime | None]
    decided_at: Mapped[datetime | None]
    version_id: Mapped[int] = mapped_column(ForeignKey("agreement_version.id"))


class EvidenceRow(Base):
    """What one subject puts into a participant's month: behind each count, sum and rate of events."""

    __tablename__ = "evidence"
    __table_args__ = (
        Index("ix_evidence_cell", "sla", "month", "scope", "participant_id", "at"),
        STRICT,
    )

    subject: Mapped[str] = ordered_text(primary_key=True)
    sla: Mapped[str] = mapped_column(primary_key=True)
    month: Mapped[str] = mapped_column(primary_key=True)
    scope: Mapped[str] = mapped_column(primary_key=True)
    participant_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(primary_key=True)
    amount: Mapped[int]


class PointEntry(Base):
    """A row of the ledger: append-only, which the database itself enforces (P2).

    month: where it counts; corrects: the closed month that it corrects, if any (P5).
    """

    __tablename__ = "point_entry"
    __table_args__ = (
        Index("ix_point_entry_member", "member_id", "month"),
        Index(  # corrections and adjustments
            "ix_point_entry_apart",
            "month",
            sqlite_where=text("corrects IS NOT NULL OR attainment_id IS NULL"),
            postgresql_where=text("corrects IS NOT NULL OR attainment_id IS NULL"),
        ),
        CheckConstraint("id > 0", name="id"),  # SQLite's trigger sees a row that has no id yet as number -1
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    attainment_id: Mapped[int | None] = mapped_column(ForeignKey("attainment.id"), index=True)
    member_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))
    month: Mapped[str]
    corrects: Mapped[str | None]
    points: Mapped[int]
    reason: Mapped[str]
    posted_at: Mapped[datetime]


class Total(Base):
    """A participant's points and level counts in a month or quarter, kept in step with the ledger.

    A board reads just the rows it shows: they stand in the index in the order of S1. Once the period is
    closed the database refuses any change (P5). members: how many a team had in the period, known from then on; of a
    member 1, or 0 of one who was in no team then.
    """

    __tablename__ = "total"
    __table_args__ = (
        Index("ix_total_board", "period", "scope", text("points DESC"), "sort_key", "participant_id"),
        Index("ix_total_side", "period", "scope", "side", text("points DESC"), "sort_key", "participant_id"),
        STRICT,
    )

    period: Mapped[str] = mapped_column(primary_key=True)
    scope: Mapped[str] = mapped_column(primary_key=True)
    participant_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    side: Mapped[str | None]
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))
    name: Mapped[str]
    sort_key: Mapped[str] = ordered_text()
    points: Mapped[int]
    met: Mapped[int]
    exceeded: Mapped[int]
    missed: Mapped[int]
    members: Mapped[int | None]


class PeriodRow(Base):
    """A month or quarter that has standings.

    is_decided: over, and nothing monthly is pending. is_eventful: an event falls in it, so it stays.
    """

    __tablename__ = "period"
    __table_args__ = (STRICT,)

    key: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    is_decided: Mapped[int] = mapped_column(Big)
    is_eventful: Mapped[int] = mapped_column(Big)


class WakeUp(Base):
    """When a subject must be looked at again: its next event lies in the future."""

    __tablename__ = "wake_up"
    __table_args__ = (STRICT,)

    subject: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)


class Anomaly(Base):
    """A `to` event that came before every `from` event of its subject (C6)."""

    __tablename__ = "anomaly"
    __table_args__ = (STRICT,)

    subject: Mapped[str] = mapped_column(primary_key=True)
    sla: Mapped[str] = mapped_column(primary_key=True)
    event_id: Mapped[str] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(primary_key=True)
    occurred_at: Mapped[datetime]
