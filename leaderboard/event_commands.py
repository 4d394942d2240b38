"""The commands about files of events that came in already: which they were, and taking one back."""

import click
from sqlalchemy.orm import Session

from leaderboard.domain.actors import COMMAND_LINE
from leaderboard.printing import FORMATS, count, print_rows, progress_bar
from leaderboard.running import now, with_session
from leaderboard.services.import_lists import COLUMNS, list_imports
from leaderboard.services.undoing import undo_import

MOST_LISTED = 200


@click.command("imports")
@click.option("--format", "form", type=click.Choice(FORMATS), default="table", help="How to print them.")
@with_session
def imports(session: Session, form: str) -> None:
    """List the files that came in last, the newest first.

    \b
    leaderboard events imports --format csv
    """
    rows = [
        each._asdict()
        | {
            "imported_at": each.imported_at.isoformat(),
            "undone_at": each.undone_at.isoformat() if each.undone_at else None,
        }
        for each in list_imports(session, a_page=MOST_LISTED)[0]
    ]
    print_rows(rows, COLUMNS, form, "No file has come in yet.")


@click.command("undo")
@click.argument("import_id", type=int)
@with_session
def undo(session: Session, import_id: int) -> None:
    """Take back a whole import, by its number in `events imports`, and score what it touched.

    Refused where results of a closed month rest on it. People and teams that it created stay.

    \b
    leaderboard events undo 12
    """
    with progress_bar("Scored", None) as advance:
        undone = undo_import(session, import_id, now=now(), by=COMMAND_LINE, progress=advance)
    took = f"{count(undone.events, 'event', 'events')} of {count(undone.subjects, 'subject', 'subjects')}"
    posted = count(undone.points_posted, "ledger entry", "ledger entries")
    click.echo(f"Import {import_id} is undone: {took} taken away, {posted} posted.")
