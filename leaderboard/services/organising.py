"""The organisation: loading its file and showing it."""

from datetime import datetime

from sqlalchemy.orm import Session

from leaderboard.domain.errors import OrganisationRefused
from leaderboard.domain.organisation_file import Organisation, parse_organisation
from leaderboard.services.scoring import Progress, rescore
from leaderboard.storage import people
from leaderboard.storage.database import begin_write


def load_organisation(session: Session, text: str, *, now: datetime, progress: Progress | None = None) -> Organisation:
    """Load the organisation's file and score again under it.

    Raises OrganisationRefused or CalendarRefused. The currency cannot change once there are amounts in it.
    """
    organisation = parse_organisation(text)
    begin_write(session)
    connection = session.connection()
    before = people.organisation_document(connection)
    if before is not None:
        old = parse_organisation(before).currency
        if old != organisation.currency and people.has_amounts(connection):
            session.rollback()
            raise OrganisationRefused(
                f"[organisation]: currency = {organisation.currency!r}, but amounts in {old} are stored already; "
                f'keep currency = "{old}".'
            )
    people.write_organisation(connection, organisation.name, text, now)
    rescore(session, now, progress, has_new_rules=True)
    session.commit()
    return organisation


def show_organisation(session: Session) -> str | None:
    """Return the organisation's file as it was loaded, or None."""
    return people.organisation_document(session.connection())
