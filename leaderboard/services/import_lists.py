"""The imports that there were: the command line's and the browser's."""

from sqlalchemy.orm import Session

from leaderboard.storage import imports
from leaderboard.storage.imports import ImportRow

A_PAGE = 25
COLUMNS = ImportRow._fields


def list_imports(
    session: Session, before: int | None = None, *, a_page: int = A_PAGE
) -> tuple[list[ImportRow], int | None]:
    """Return a page of imports, newest first, below an id if it is given; and below which id the next page lies."""
    found = imports.list_imports(session.connection(), a_page + 1, before)
    return found[:a_page], found[a_page - 1].id if len(found) > a_page else None


def find_import(session: Session, import_id: int) -> ImportRow | None:
    """Return an import, or None if there is none of that id."""
    return imports.find_import(session.connection(), import_id)
