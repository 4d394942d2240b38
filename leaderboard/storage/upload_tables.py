"""The tables of files that come in by the browser, from their arrival to the report, and of what imports brought."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from leaderboard.storage.database import Base, Big
from leaderboard.storage.tables import STRICT


class Upload(Base):
    """A file that somebody handed in, and how far its import has come.

    state: `arriving`, `ready` (nothing is done with it yet), `waiting` for its turn, `running`, `done`, `failed`.
    mapping: TOML, None for our own columns. create_members: the side on which unknown people are created, None: not.
    rows_done: rows that are dealt with for good; report: what became of them so far, as JSON. beat_at: when whoever
    works on it was last alive. import_id: what its events belong to, None for a dry run.
    """

    __tablename__ = "upload"
    __table_args__ = (
        CheckConstraint("state IN ('arriving', 'ready', 'waiting', 'running', 'done', 'failed')", name="state"),
        CheckConstraint("is_dry_run IN (0, 1)", name="is_dry_run"),
        Index(
            "ix_upload_open",
            "id",
            sqlite_where=text("state IN ('waiting', 'running')"),
            postgresql_where=text("state IN ('waiting', 'running')"),
        ),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    file_name: Mapped[str]
    size: Mapped[int]
    state: Mapped[str]
    source: Mapped[str | None]
    mapping: Mapped[str | None]
    create_members: Mapped[str | None]
    is_dry_run: Mapped[int] = mapped_column(Big)
    rows_done: Mapped[int]
    bytes_done: Mapped[int]
    report: Mapped[str | None]
    told: Mapped[str | None]
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    beat_at: Mapped[datetime | None]
    import_id: Mapped[int | None] = mapped_column(ForeignKey("event_import.id"))


class UploadPart(Base):
    """A piece of a file, in order. role: `sent`, as it came; `refused`, the rows to be mended."""

    __tablename__ = "upload_part"
    __table_args__ = (CheckConstraint("role IN ('sent', 'refused')", name="role"), STRICT)

    upload_id: Mapped[int] = mapped_column(
        ForeignKey("upload.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    role: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    content: Mapped[bytes]


class KeptMapping(Base):
    """A mapping that somebody made by hand, for the next file with the same columns: their SHA-256."""

    __tablename__ = "kept_mapping"
    __table_args__ = (STRICT,)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    columns: Mapped[str] = mapped_column(index=True)
    document: Mapped[str]
    created_by: Mapped[str]
    used_at: Mapped[datetime]


class ImportPart(Base):
    """Between which ids the new events of an import lie; none of others do. One import may have several."""

    __tablename__ = "import_part"
    __table_args__ = (STRICT,)

    import_id: Mapped[int] = mapped_column(ForeignKey("event_import.id"), primary_key=True, autoincrement=False)
    first_event_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last_event_id: Mapped[int]
