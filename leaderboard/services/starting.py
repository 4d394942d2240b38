"""Where a draft of the agreement starts from: a version that was agreed, or one of the agreements made for it."""

from dataclasses import replace
from datetime import date

from sqlalchemy.orm import Session

from leaderboard.domain.agreement_edits import add_missing
from leaderboard.domain.agreement_file import parse_agreement
from leaderboard.domain.agreement_text import Document, document_of, write_agreement
from leaderboard.resources import resource
from leaderboard.services.rules import rule_book

EFFECTIVE_FROM = "2000-01-01"  # stands in the files for the day that is chosen
STARTS = ("handoff", "speed-to-lead", "follow-up", "pipeline", "training")


def start_text(name: str, language: str, effective_from: date) -> str:
    """Return the TOML of one of STARTS in a language (`en` or `pt_BR`), to take effect on a day."""
    text = resource(f"starts/{language}/{name}.toml").read_text(encoding="utf-8")
    return text.replace(EFFECTIVE_FROM, effective_from.isoformat())


def version_text(session: Session, version_id: int, effective_from: date) -> str | None:
    """Return the TOML of a version of the agreement as of another day; None if there is no such version."""
    rules = rule_book(session.connection()).rules
    agreement = next((each.agreement for each in rules.versions if each.id == version_id), None)
    if agreement is None:
        return None
    return write_agreement(replace(agreement, effective_from=effective_from), rules.organisation.currency)


def add_start(document: Document, name: str, language: str, currency: str) -> list[tuple[str, str]]:
    """Add to an agreement's tables what one of STARTS has and they do not; return what was added as part and key."""
    start = parse_agreement(start_text(name, language, date.fromisoformat(EFFECTIVE_FROM)), currency)
    return add_missing(document, document_of(start, currency))
