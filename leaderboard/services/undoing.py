"""Undoing an import: its events go, and with them whatever rested on them, as if the file had never come."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from leaderboard.domain.actors import Actor
from leaderboard.domain.errors import Refused
from leaderboard.domain.periods import Month, month_of_key
from leaderboard.domain.shown import quoted
from leaderboard.services.rules import RuleBook
from leaderboard.services.scoring import Progress, Scoring, no_garbage_collection
from leaderboard.storage import imports, trail, waiting
from leaderboard.storage.bulk import roomy
from leaderboard.storage.database import all_or_nothing


class Undone(NamedTuple):
    """What undoing an import took away: its events, of so many subjects. points_posted: ledger rows that it took."""

    events: int
    subjects: int
    points_posted: int


def undo_import(
    session: Session, import_id: int, *, now: datetime, by: Actor, progress: Progress | None = None
) -> Undone:
    """Take away all events that an import brought, score their subjects again, and return what that took.

    Points are taken back by entries that reverse them (P2). The same file counts as new afterwards. People and teams
    that the import created stay; an event that it brought as a duplicate belongs to the import that was first. Raises
    Refused, and changes nothing, where there is no such import, it is undone already or still under way, or where a
    result of a closed month would change (P5).
    """
    with all_or_nothing(session), no_garbage_collection(), roomy(session.connection()):
        connection = session.connection()
        about = _checked(connection, import_id)
        number, span = imports.span_of(connection, import_id)
        subjects = imports.subjects_of(connection, import_id)
        imports.undo(connection, import_id, now, by.name)
        posted = 0
        if span is not None:
            waiting.forget_subjects(connection, subjects)
            scoring = Scoring(session, now)
            scoring.months.lose_events(_without_events(connection, scoring.book, span, now))
            scoring.score(subjects, progress)
            posted = scoring.finish()
            _refuse_corrections(scoring.poster.corrected)
        trail.note(connection, by, "import.undone", about, at=now, before=f"{number} events")
    return Undone(number, len(subjects), posted)


def _checked(connection: Connection, import_id: int) -> str:
    """Return what the audit trail calls an import that can be undone."""
    found = imports.find_import(connection, import_id)
    if found is None:
        raise Refused(f"There is no import {import_id}; look at the list of imports.")
    if found.undone_at is not None:
        raise Refused(f"Import {import_id} is undone already ({found.undone_at:%Y-%m-%d %H:%M} UTC).")
    if imports.is_under_way(connection, import_id):
        raise Refused(f"Import {import_id} is still under way; wait until it is done.")
    return f"import {import_id}" + (f" {quoted(found.file_name)}" if found.file_name else "")


def _without_events(
    connection: Connection, book: RuleBook, span: tuple[datetime, datetime], now: datetime
) -> set[Month]:
    """Return the months with standings between the import's events in which no event falls any more."""
    first, last = map(book.rules.months.month_of, span)
    months = [month for month in map(month_of_key, book.eventful) if first <= month <= last]
    empty = imports.empty_spans(connection, [book.rules.months.bounds(month) for month in months], now)
    return {month for month, is_empty in zip(months, empty, strict=True) if is_empty}


def _refuse_corrections(corrected: set[Month]) -> None:
    if corrected:
        names = ", ".join(month.key for month in sorted(corrected))
        raise Refused(
            f"Results of {names} rest on this import, and what is closed stays as it was; "
            "take single points back by hand instead."
        )
