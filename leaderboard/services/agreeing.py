"""Agreements: checking, loading and showing their versions."""

from datetime import date, datetime

from sqlalchemy.orm import Session

from leaderboard.domain.actors import Actor
from leaderboard.domain.agreement import Agreement
from leaderboard.domain.agreement_file import parse_agreement
from leaderboard.domain.closing import closed_months
from leaderboard.domain.errors import AgreementRefused, Refused
from leaderboard.domain.organisation_file import parse_organisation
from leaderboard.domain.toml_table import Problem, Where
from leaderboard.services.rules import NO_ORGANISATION, RuleBook, rule_book
from leaderboard.services.scoring import Progress, rescore
from leaderboard.storage import people, trail
from leaderboard.storage.database import all_or_nothing


def check_agreement(session: Session, text: str) -> Agreement:
    """Return the agreement of a file without loading it; else AgreementRefused with every mistake."""
    document = people.organisation_document(session.connection())
    if document is None:
        raise Refused(NO_ORGANISATION)
    return parse_agreement(text, parse_organisation(document).currency)


def load_agreement(
    session: Session, text: str, *, now: datetime, by: Actor, progress: Progress | None = None
) -> Agreement:
    """Load a version of the agreement and score again under it.

    A later `effective_from` is a new version; the same one again replaces it while no closed period rests on it
    (design section 5). Raises AgreementRefused, or Refused while there is no organisation.
    """
    with all_or_nothing(session):
        return put_in_force(session, text, now=now, by=by, progress=progress)


def put_in_force(
    session: Session, text: str, *, now: datetime, by: Actor, progress: Progress | None = None
) -> Agreement:
    """As load_agreement, within the caller's writing transaction."""
    agreement = check_agreement(session, text)
    known = agreement_versions(session)
    if (agreement.effective_from, text) not in ((day, file) for day, _, file in known):
        check_not_closed(session, agreement)
    connection = session.connection()
    is_to_come = _is_to_come(rule_book(connection), agreement, now)
    people.write_agreement(connection, agreement.effective_from, agreement.title, text, now)
    if not is_to_come:
        rescore(session, now, progress, has_new_rules=True)
    before = dict(_in_short(*each) for each in known)
    about, after = _in_short(agreement.effective_from, agreement.title, text)
    trail.note(connection, by, "agreement.loaded", about, at=now, before=before.get(about), after=after)
    return agreement


def _is_to_come(book: RuleBook, agreement: Agreement, now: datetime) -> bool:
    """Tell whether a version takes effect only later, so that nothing that is scored by now rests on it (P6)."""
    starts_at, _ = book.rules.months.bounds(agreement.first_month)
    return now < starts_at and agreement.first_month.key > max(book.opened, default="")


def _in_short(effective_from: date, title: str, document: str) -> tuple[str, str]:
    """Return how the audit trail names a version of the agreement, and what it says of it."""
    return f"agreement {effective_from}", f"{title}; {trail.digest_of(document)}"


def check_not_closed(session: Session, agreement: Agreement) -> None:
    """Refuse a version that would be in force in a month that is closed: its promises have been kept or not by now.

    Raises AgreementRefused.
    """
    book = rule_book(session.connection())
    starts = [version.agreement.first_month for version in book.rules.versions]
    until = min((start for start in starts if start > agreement.first_month), default=None)
    closed = sorted(
        month for month in closed_months(book.closed) if agreement.first_month <= month and (not until or month < until)
    )
    if closed:
        sentence = (
            f"[agreement]: effective_from = {agreement.effective_from}, but {closed[-1]} is closed and rests on "
            f"what was agreed before; give a later month, from {closed[-1].next.first_day} on."
        )
        raise AgreementRefused([Problem.at(Where("agreement"), "effective_from", "closed", sentence)])


def agreement_versions(session: Session) -> list[tuple[date, str, str]]:
    """Return the day each version takes effect, its title and its file, in that order."""
    return people.agreement_versions(session.connection())
