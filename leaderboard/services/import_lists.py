"""The imports that there were: the command line's and the browser's."""

from sqlalchemy.orm import Session

from leaderboard.storage import imports
from leaderboard.storage.imports import ImportRow

A_PAGE = 25


def list_imports(session: Session, before: int | None = None) -> tuple[list[ImportRow], int | None]:
    """Return a page of imports, newest first, below an id if it is given; and below which id the next page lies."""
    found = imports.list_imports(session.connection(), A_PAGE + 1, before)
    return found[:A_PAGE], found[A_PAGE - 1].id if len(found) > A_PAGE else None


def find_import(session: Session, import_id: int) -> ImportRow | None:
    """Return an import, or None if there is none of that id."""
    return imports.find_import(session.connection(), import_id)
