"""The organisation: loading its file and showing it."""

from datetime import datetime

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from leaderboard.domain.actors import Actor
from leaderboard.domain.agreement_file import parse_agreement
from leaderboard.domain.errors import AgreementRefused, CurrencyRefused, OrganisationChanged, Refused
from leaderboard.domain.inbound import RowError, TimeReader
from leaderboard.domain.organisation_file import Organisation, parse_organisation
from leaderboard.domain.shown import quoted
from leaderboard.services.drafting import MOST_LISTED
from leaderboard.services.rules import rule_book
from leaderboard.services.scoring import Progress, no_garbage_collection, rescore
from leaderboard.storage import agreements, events, people, trail
from leaderboard.storage.database import all_or_nothing

EVENTS_A_SECOND = 15_000  # that are scored again, on a small server; for a rough word of how long it takes


def load_organisation(
    session: Session,
    text: str,
    *,
    made_from: str | None = None,
    now: datetime,
    by: Actor,
    progress: Progress | None = None,
) -> Organisation:
    """Load the organisation's file and, where it tells time otherwise than before, score again under it.

    made_from: the digest_of_organisation of what the file was made from; OrganisationChanged if it is another by now.
    Raises OrganisationRefused or CalendarRefused. The currency cannot change once there are amounts in it, nor to one
    in which the amounts of an agreement are none.
    """
    organisation = parse_organisation(text)
    with all_or_nothing(session), no_garbage_collection():
        connection = session.connection()
        before = people.organisation_document(connection)
        if made_from is not None and made_from != digest_of_organisation(before):
            raise OrganisationChanged("Somebody has changed the organisation meanwhile; look at it again, then save.")
        _check_currency(connection, organisation.currency, before)
        people.write_organisation(connection, organisation.name, text, now)
        if before is None or tells_time_otherwise(parse_organisation(before), organisation):
            rescore(session, now, progress, has_new_rules=True)
        was = None if before is None else _in_short(parse_organisation(before), before)
        loaded = _in_short(organisation, text)
        trail.note(connection, by, "organisation.loaded", "organisation", at=now, before=was, after=loaded)
    return organisation


def tells_time_otherwise(before: Organisation, after: Organisation) -> bool:
    """Tell whether anything by which results are worked out differs: the time zone, a calendar, the currency."""
    return any(
        getattr(before, name) != getattr(after, name)
        for name in ("time_zone", "currency", "calendar", "team_calendars")
    )


def digest_of_organisation(document: str | None) -> str:
    """Return what changes with the organisation's file; empty before one is loaded."""
    return "" if document is None else trail.digest_of(document)


def seconds_to_score(session: Session) -> int:
    """Return about how long it takes to score everything again."""
    return -(-events.last_event_id(session.connection()) // EVENTS_A_SECOND)


def _in_short(organisation: Organisation, text: str) -> str:
    """Return what the audit trail says of an organisation."""
    said = (organisation.name, organisation.time_zone, organisation.currency, organisation.language)
    return "; ".join((*said, f"grace {organisation.grace_hours} h", trail.digest_of(text)))


def _check_currency(connection: Connection, currency: str, before: str | None) -> None:
    old = currency if before is None else parse_organisation(before).currency
    if old != currency and people.has_amounts(connection):
        raise CurrencyRefused(
            f"[organisation]: currency = {currency!r}, but amounts in {old} are stored already; "
            f'keep currency = "{old}".'
        )
    if old != currency and (title := _agreement_unfit_for(connection, currency)):
        raise CurrencyRefused(
            f"[organisation]: currency = {currency!r}, but {quoted(title)} has amounts that are none in it; "
            f'mend the agreement first, or keep currency = "{old}".'
        )


def _agreement_unfit_for(connection: Connection, currency: str) -> str | None:
    """Return the title of an agreement, or a draft that is not given up, whose amounts another currency cannot have."""
    for each in (*agreements.versions(connection), *agreements.drafts(connection, ("draft", "proposed"), MOST_LISTED)):
        try:
            parse_agreement(each.document, currency)
        except AgreementRefused:
            return str(each.title)
    return None


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
