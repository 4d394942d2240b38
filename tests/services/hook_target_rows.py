"""Webhooks as they are stored, for tests that send nothing."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from leaderboard.domain.announcements import KINDS
from leaderboard.storage.connection_tables import HookTarget

NOW = datetime(2026, 11, 3, 15, tzinfo=UTC)


def webhook(session: Session, name: str = "Our server", kinds: tuple[str, ...] = KINDS, **values: Any) -> int:
    """Store a webhook whose address and secret nothing opens, and return its id."""
    known = {"format": "json", "address": "", "secret": "", "language": "en", "has_amounts": 0, "is_active": 1}
    row = HookTarget(name=name, kinds=" ".join(kinds), created_at=NOW, created_by="enzo@example.com", **known | values)
    session.add(row)
    session.commit()
    return row.id
