"""Queries of agreement versions, drafts and signatures."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from leaderboard.storage.agreement_tables import AgreementDraft, AgreementSignature
from leaderboard.storage.tables import AgreementVersion, EventRow

_draft = select(
    AgreementDraft.id,
    AgreementDraft.title,
    AgreementDraft.document,
    AgreementDraft.state,
    AgreementDraft.revision,
    AgreementDraft.created_at,
    AgreementDraft.created_by,
    AgreementDraft.changed_at,
    AgreementDraft.changed_by,
    AgreementDraft.proposed_at,
    AgreementDraft.proposed_by,
    AgreementDraft.version_id,
)


def versions(connection: Connection) -> Sequence[Any]:
    """Return all versions of the agreement, by the day they take effect."""
    columns = (
        AgreementVersion.id,
        AgreementVersion.effective_from,
        AgreementVersion.title,
        AgreementVersion.document,
        AgreementVersion.loaded_at,
    )
    return connection.execute(select(*columns).order_by(AgreementVersion.effective_from)).all()


def draft(connection: Connection, draft_id: int) -> Any:
    """Return a draft, or None."""
    return connection.execute(_draft.where(AgreementDraft.id == draft_id)).first()


def drafts(connection: Connection, states: Collection[str], most: int) -> Sequence[Any]:
    """Return the newest drafts in some states, newest first."""
    query = _draft.where(AgreementDraft.state.in_(states)).order_by(AgreementDraft.id.desc())
    return connection.execute(query.limit(most)).all()


def add_draft(connection: Connection, title: str, document: str, by: str, now: datetime) -> int:
    """Store a draft and return its id."""
    values = {"title": title, "document": document, "state": "draft", "revision": 1}
    values |= {"created_at": now, "created_by": by, "changed_at": now, "changed_by": by}
    return connection.execute(insert(AgreementDraft).values(**values).returning(AgreementDraft.id)).scalar_one()


def change_draft(
    connection: Connection,
    draft_id: int,
    states: Collection[str],
    by: str,
    now: datetime,
    *,
    revision: int | None = None,
    **values: Any,
) -> bool:
    """Store values of a draft that is in one of some states, and, where given, at a revision; tell whether it was."""
    query = update(AgreementDraft).where(AgreementDraft.id == draft_id, AgreementDraft.state.in_(states))
    if revision is not None:
        query = query.where(AgreementDraft.revision == revision)
    query = query.values(**values, revision=AgreementDraft.revision + 1, changed_at=now, changed_by=by)
    return connection.execute(query.execution_options(synchronize_session=False)).rowcount == 1


def signatures(connection: Connection, digests: Collection[str]) -> Sequence[Any]:
    """Return the signatures under some documents, in the order they were given."""
    columns = (
        AgreementSignature.digest,
        AgreementSignature.side,
        AgreementSignature.user_id,
        AgreementSignature.name,
        AgreementSignature.signed_at,
    )
    query = select(*columns).where(AgreementSignature.digest.in_(digests)).order_by(AgreementSignature.id)
    return connection.execute(query).all()


def add_signature(connection: Connection, digest: str, side: str, user_id: int, name: str, now: datetime) -> None:
    """Store a signature."""
    values = {"digest": digest, "side": side, "user_id": user_id, "name": name, "signed_at": now}
    connection.execute(insert(AgreementSignature).values(**values))


def remove_signatures(connection: Connection, digest: str) -> None:
    """Delete the signatures under a document that is not to be."""
    connection.execute(delete(AgreementSignature).where(AgreementSignature.digest == digest))


def latest_types(connection: Connection, most: int) -> set[str]:
    """Return the types of the events that came in last, so many of them."""
    latest = select(EventRow.type).order_by(EventRow.id.desc()).limit(most).subquery()
    return set(connection.execute(select(latest.c.type).distinct()).scalars())
