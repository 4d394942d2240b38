"""The tables of agreements that are being written, and of who signed what."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from leaderboard.storage.database import Base, Big
from leaderboard.storage.tables import STRICT


class AgreementDraft(Base):
    """A version of the agreement that is being written or waits for its signatures.

    document: the agreement as its file would be. state: `draft` may change; `proposed` waits for signatures and does
    not change; `in_force`: signed by both sides and loaded; `withdrawn`. revision: rises with each change, so that
    two people who write at once do not undo each other's. version_id: what it became.
    """

    __tablename__ = "agreement_draft"
    __table_args__ = (
        CheckConstraint("state IN ('draft', 'proposed', 'in_force', 'withdrawn')", name="state"),
        Index("ix_agreement_draft_state", "state", "id"),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    document: Mapped[str]
    state: Mapped[str]
    revision: Mapped[int] = mapped_column(Big)
    created_at: Mapped[datetime]
    created_by: Mapped[str]
    changed_at: Mapped[datetime]
    changed_by: Mapped[str]
    proposed_at: Mapped[datetime | None]
    proposed_by: Mapped[str | None]
    version_id: Mapped[int | None] = mapped_column(ForeignKey("agreement_version.id"))


class AgreementSignature(Base):
    """That somebody signed a document for one side; digest: the SHA-256 of the document, so that no other is meant."""

    __tablename__ = "agreement_signature"
    __table_args__ = (
        CheckConstraint("side IN ('sales', 'marketing')", name="side"),
        CheckConstraint("length(digest) = 64", name="digest"),
        UniqueConstraint("digest", "side"),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str]
    side: Mapped[str]
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    name: Mapped[str]
    signed_at: Mapped[datetime]
