"""The organisation: loading its file and showing it."""

from datetime import datetime

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from leaderboard.domain.actors import Actor
from leaderboard.domain.errors import OrganisationRefused, Refused
from leaderboard.domain.inbound import RowError, TimeReader
from leaderboard.domain.organisation_file import Organisation, parse_organisation
from leaderboard.domain.shown import quoted
from leaderboard.services.rules import rule_book
from leaderboard.services.scoring import Progress, rescore
from leaderboard.storage import people, trail
from leaderboard.storage.database import all_or_nothing


def load_organisation(
    session: Session, text: str, *, now: datetime, by: Actor, progress: Progress | None = None
) -> Organisation:
    """Load the organisation's file and score again under it.

    Raises OrganisationRefused or CalendarRefused. The currency cannot change once there are amounts in it.
    """
    organisation = parse_organisation(text)
    with all_or_nothing(session):
        connection = session.connection()
        before = people.organisation_document(connection)
        _check_currency(connection, organisation.currency, before)
        people.write_organisation(connection, organisation.name, text, now)
        rescore(session, now, progress, has_new_rules=True)
        was = None if before is None else _in_short(parse_organisation(before), before)
        loaded = _in_short(organisation, text)
        trail.note(connection, by, "organisation.loaded", "organisation", at=now, before=was, after=loaded)
    return organisation


def _in_short(organisation: Organisation, text: str) -> str:
    """Return what the audit trail says of an organisation."""
    said = (organisation.name, organisation.time_zone, organisation.currency, organisation.language)
    return "; ".join((*said, f"grace {organisation.grace_hours} h", trail.digest_of(text)))


def _check_currency(connection: Connection, currency: str, before: str | None) -> None:
    old = currency if before is None else parse_organisation(before).currency
    if old != currency and people.has_amounts(connection):
        raise OrganisationRefused(
            f"[organisation]: currency = {currency!r}, but amounts in {old} are stored already; "
            f'keep currency = "{old}".'
        )


def show_organisation(session: Session) -> str | None:
    """Return the organisation's file as it was loaded, or None."""
    return people.organisation_document(session.connection())


def read_instant(session: Session, text: str, what: str) -> datetime:
    """Return the instant of an ISO 8601 text, in the organisation's time zone unless it has an offset (T1).

    what: names the text where it is refused.
    """
    try:
        return TimeReader(rule_book(session.connection()).rules.organisation.zone).read(text, what)
    except RowError as error:
        raise Refused(f"{what}: {quoted(error.value)} {error.reason}.") from None
