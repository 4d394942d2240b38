"""Taking targets into a draft of the agreement: one that is being written, or a new one."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from leaderboard.domain.actors import Actor
from leaderboard.domain.agreement_edits import entry_of, put
from leaderboard.domain.agreement_file import parse_agreement
from leaderboard.domain.agreement_text import Document, document_of, write_document
from leaderboard.domain.errors import DraftRefused, Refused
from leaderboard.services.drafting import change_draft, choosable_months, read_draft, start_draft
from leaderboard.services.rules import rule_book
from leaderboard.services.starting import version_text


def take_targets(
    session: Session, draft_id: int | None, key: str, levels: Mapping[str, Any], *, by: Actor, now: datetime
) -> int:
    """Give an SLA of a draft other targets, as a file writes them, and return the draft's id.

    draft_id: None for a new draft: the agreement in force, to take effect with the next month that is open.
    Raises AgreementRefused for what are no targets of that SLA; DraftRefused, also where the draft has no such SLA.
    """

    def edit(document: Document) -> None:
        entry = entry_of(document, "sla", key)
        if entry is None:
            raise DraftRefused("gone")
        put(document, "sla", key, {**entry, "levels": dict(levels)})

    if draft_id is not None:
        draft = read_draft(session, draft_id)
        if draft is None:
            raise DraftRefused("gone")
        change_draft(session, draft_id, draft.revision, edit, by=by, now=now)
        return draft_id
    document = _of_version_in_force(session, now)
    edit(document)
    return start_draft(session, write_document(document), by=by, now=now)


def _of_version_in_force(session: Session, now: datetime) -> Document:
    """Return the tables of the agreement in force, to take effect with the next month that is open."""
    rules = rule_book(session.connection()).rules
    month, currency = rules.months.month_of(now), rules.organisation.currency
    version = rules.version_now(now)
    if version is None:
        raise Refused("No agreement is loaded yet; load or draft one first.")
    later = next(each for each in choosable_months(session, now=now) if each > month)
    text = version_text(session, version.id, later.first_day)
    assert text is not None
    return document_of(parse_agreement(text, currency), currency)
