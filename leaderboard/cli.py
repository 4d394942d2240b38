"""The `leaderboard` command: parses, calls one service, prints (design section 5)."""

import csv
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import IO, Any, BinaryIO

import click
from flask_migrate import upgrade as migrate_database
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from leaderboard.app import create_app
from leaderboard.domain.agreement import SIDES
from leaderboard.domain.errors import Refused
from leaderboard.resources import resource
from leaderboard.services.agreeing import agreement_versions, check_agreement, load_agreement
from leaderboard.services.importing import ImportOptions, ImportReport, Refusal, import_events
from leaderboard.services.mappings import built_in_mappings, mapping_file, read_mapping
from leaderboard.services.organising import load_organisation, show_organisation
from leaderboard.services.people import ROLES, load_people
from leaderboard.services.reading import read_text
from leaderboard.services.reporting import list_attainments, list_standings
from leaderboard.services.scoring import score_everything
from leaderboard.services.verifying import verify
from leaderboard.settings import SettingsError, check_settings
from leaderboard.storage.database import db

MOST_SHOWN = 20
FORMULA_STARTS = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")  # the last four: full-width = + - @
FORMATS = ("table", "csv", "json")
Command = Callable[..., None]


class Failed(click.ClickException):
    """A plain sentence on stderr, and exit code 1."""

    def show(self, file: IO[Any] | None = None) -> None:
        click.echo(self.message, file=file or sys.stderr)


def now() -> datetime:
    """Return the instant of the command."""
    return datetime.now(UTC)


@contextmanager
def plain_errors() -> Iterator[None]:
    """Turn what a service refuses into a sentence and exit code 1."""
    try:
        yield
    except (Refused, SettingsError) as error:
        raise Failed(str(error)) from error
    except OperationalError as error:
        raise Failed(f"The database does not answer as it should: {error.orig}. Check DATABASE_URL.") from error


@contextmanager
def database() -> Iterator[Session]:
    """Give a session on the migrated database of the settings."""
    with plain_errors():
        app = create_app()
        with app.app_context():
            migrate_database(directory=str(resource("migrations")))
            yield db.session()


def with_session(command: Command) -> Command:
    """Give a command a session as its first argument."""

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> None:
        with database() as session:
            command(session, *args, **kwargs)

    return run


@contextmanager
def progress_bar(label: str) -> Iterator[Callable[[int], None]]:
    """Show a bar of unknown length on a terminal, nothing elsewhere."""
    done = 0

    def advance(number: int) -> None:
        nonlocal done
        done += number
        if sys.stderr.isatty():
            click.echo(f"\r{label}: {done:,}", err=True, nl=False)

    yield advance
    if done and sys.stderr.isatty():
        click.echo(err=True)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="sla-leaderboard")
def main() -> None:
    """SLA Leaderboard: service levels met or exceeded earn points, badges and bonuses."""


@main.command()
@with_session
def upgrade(_session: Session) -> None:
    """Bring the database up to date; every other command does it too when needed."""
    click.echo("The database is up to date.")


@main.command()
@with_session
def demo(session: Session) -> None:
    """Create a convincing organisation with a year of history, for a first look."""
    from leaderboard.services.demo import create_demo

    with progress_bar("Demo organisation") as advance:
        report = create_demo(session, now=now(), progress=advance)
    click.echo(report)


@main.group()
def organisation() -> None:
    """Name, time zone, currency, language and calendars."""


@organisation.command("load")
@click.argument("file", type=click.File("rb"))
@with_session
def organisation_load(session: Session, file: BinaryIO) -> None:
    """Load the organisation's TOML file and score again under it."""
    with progress_bar("Scored") as advance:
        loaded = load_organisation(session, read_text(file, file.name), now=now(), progress=advance)
    click.echo(f"{loaded.name} is loaded: {loaded.time_zone}, {loaded.currency}.")


@organisation.command("show")
@with_session
def organisation_show(session: Session) -> None:
    """Print the organisation's file."""
    text = show_organisation(session)
    if text is None:
        raise Failed("No organisation is loaded yet; load one with: leaderboard organisation load FILE.")
    click.echo(text.rstrip())


@main.group()
def agreement() -> None:
    """The agreement between sales and marketing, in versions."""


@agreement.command("load")
@click.argument("file", type=click.File("rb"))
@with_session
def agreement_load(session: Session, file: BinaryIO) -> None:
    """Load a version of the agreement and score again under it."""
    with progress_bar("Scored") as advance:
        loaded = load_agreement(session, read_text(file, file.name), now=now(), progress=advance)
    click.echo(f"{loaded.title} is in force from {loaded.effective_from}: {_count(len(loaded.slas), 'SLA')}.")


@agreement.command("check")
@click.argument("file", type=click.File("rb"))
@with_session
def agreement_check(session: Session, file: BinaryIO) -> None:
    """Say whether a file could be loaded; changes nothing."""
    checked = check_agreement(session, read_text(file, file.name))
    click.echo(f"{checked.title} can be loaded: {_count(len(checked.slas), 'SLA')} from {checked.effective_from}.")


@agreement.command("show")
@click.option("--all", "show_all", is_flag=True, help="All versions, not just the newest.")
@with_session
def agreement_show(session: Session, show_all: bool) -> None:
    """Print the agreement's file."""
    versions = agreement_versions(session)
    if not versions:
        raise Failed("No agreement is loaded yet; load one with: leaderboard agreement load FILE.")
    for _, _, document in versions if show_all else versions[-1:]:
        click.echo(document.rstrip())


@main.group()
def people() -> None:
    """Members, teams and memberships."""


@people.command("load")
@click.argument("file", type=click.File("rb"))
@with_session
def people_load(session: Session, file: BinaryIO) -> None:
    """Load a CSV of people: email,name,team,side,from,until,role,external_id."""
    with progress_bar("Scored") as advance:
        report = load_people(session, file, now=now(), progress=advance)
    click.echo(f"{_count(report.rows, 'row')}: {_count(report.members, 'member')} in {_count(report.teams, 'team')}.")


@main.group()
def events() -> None:
    """Facts from a CRM."""


def _mapping_file(_context: click.Context, _option: click.Parameter, name: str | None) -> Path | None:
    """Find a mapping by its name or path."""
    found = None if name is None else mapping_file(name)
    if name is not None and found is None:
        raise click.BadParameter(
            f'"{name}" is neither a file nor a built-in mapping; built in are {", ".join(built_in_mappings())}.'
        )
    return found


@events.command("import")
@click.argument("file", type=click.File("rb"))
@click.option(
    "--mapping",
    metavar="NAME|FILE",
    callback=_mapping_file,
    help=f"How rows become events: a TOML file, or one of {', '.join(built_in_mappings())}.",
)
@click.option("--source", help="Where the events come from; event ids are unique in it.")
@click.option("--create-members", type=click.Choice(SIDES), help="Create unknown members and teams on this side.")
@click.option("--dry-run", is_flag=True, help="Report the same and change nothing.")
@click.option("--refused", type=click.Path(dir_okay=False, path_type=Path), help="Write refused rows to this CSV.")
@click.option("--format", "form", type=click.Choice(("text", "json")), default="text")
@with_session
def events_import(
    session: Session,
    file: BinaryIO,
    mapping: Path | None,
    source: str | None,
    create_members: str | None,
    dry_run: bool,
    refused: Path | None,
    form: str,
) -> None:
    """Import events from CSV or JSON lines, then score what they touch."""
    keeper = _RefusedRows(refused)
    with _two_bars() as progress:
        options = ImportOptions(
            source=source,
            mapping=None if mapping is None else read_mapping(mapping),
            create_members=create_members,
            is_dry_run=dry_run,
            is_json=Path(file.name).suffix in (".json", ".jsonl", ".ndjson"),
            file_name=Path(file.name).name,
            keep_header=keeper.header,
            keep_refused=keeper.keep,
            progress=progress,
        )
        with keeper:
            report = import_events(session, file, options, now=now())
    _print_report(report, form)
    if report.refused:
        raise Failed(
            f"{_count(report.refused, 'row was', 'rows were')} refused; "
            + (f"mend {refused} and import it again." if refused else "--refused FILE writes them to a file to mend.")
        )


class _RefusedRows:
    """Writes refused rows under their header, ready to be mended and imported again."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.file: IO[str] | None = None
        self.head: list[str] = []
        self.delimiter = ","

    def header(self, names: list[str], delimiter: str) -> None:
        self.head, self.delimiter = names, delimiter

    def keep(self, cells: list[str], _refusal: Refusal) -> None:
        if self.path is None:
            return
        if self.file is None:
            self.file = self.path.open("w", encoding="utf-8", newline="")
            if self.head:
                csv.writer(self.file, delimiter=self.delimiter).writerow(self.head)
        if self.head:
            csv.writer(self.file, delimiter=self.delimiter).writerow(cells)
        else:
            self.file.write(cells[0] + "\n")

    def __enter__(self) -> "_RefusedRows":
        return self

    def __exit__(self, *_error: object) -> None:
        if self.file is not None:
            self.file.close()


@contextmanager
def _two_bars() -> Iterator[Callable[[str, int, int], None]]:
    """Show rows read, then a bar of subjects scored; on a terminal only."""
    labels = {"read": "Rows read", "score": "Subjects scored"}
    with progress_bar(labels["read"]) as read, progress_bar(labels["score"]) as score:
        seen = 0

        def progress(stage: str, done: int, _total: int) -> None:
            nonlocal seen
            if stage == "read":
                read(done - seen)
                seen = done
            else:
                score(done)

        yield progress


def _print_report(report: ImportReport, form: str) -> None:
    if form == "json":
        click.echo(
            json.dumps(
                {
                    "read": report.read,
                    "new": report.new,
                    "duplicate": report.duplicate,
                    "refused": report.refused,
                    "warnings": report.warned,
                    "created_members": report.created_members,
                    "created_teams": report.created_teams,
                    "anomalies": report.anomalies,
                    "dry_run": report.is_dry_run,
                    "refusals": [each._asdict() for each in report.refusals],
                }
            )
        )
        return
    would = "Dry run, nothing is changed. " if report.is_dry_run else ""
    click.echo(
        f"{would}{report.read:,} rows read: {report.new:,} events new, {report.duplicate:,} duplicate; "
        f"{report.refused:,} rows refused."
    )
    if report.created_members or report.created_teams:
        click.echo(f"Created {_count(report.created_members, 'member')} and {_count(report.created_teams, 'team')}.")
    if report.anomalies:
        click.echo(f"{_count(report.anomalies, 'anomaly', 'anomalies')}: an end before any start.")
    for line in [str(each) for each in report.refusals[:MOST_SHOWN]]:
        click.echo(line, err=True)
    for line in report.warnings[:MOST_SHOWN]:
        click.echo(f"warning: {line}", err=True)


@main.command()
@click.option("--as-of", "as_of", help="Score as if it were this instant (ISO 8601).")
@with_session
def score(session: Session, as_of: str | None) -> None:
    """Score everything again; posts differences only."""
    with progress_bar("Scored") as advance:
        posted = score_everything(session, now=_instant(as_of) if as_of else now(), progress=advance)
    click.echo(f"{_count(posted, 'ledger entry', 'ledger entries')} posted.")


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise Failed(f'--as-of: "{text}" is not an instant; expected ISO 8601 such as 2026-10-31T23:59:00Z.') from None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


@main.command()
@click.option("--period", required=True, help="A month such as 2018-01 or a quarter such as 2018-Q1.")
@click.option("--sla", help="One SLA's key.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="json")
@with_session
def attainments(session: Session, period: str, sla: str | None, form: str) -> None:
    """List the levels reached in a period."""
    _print_rows(list_attainments(session, period, sla, now=now()), form)


@main.command()
@click.option("--period", required=True, help="A month such as 2018-01 or a quarter such as 2018-Q1.")
@click.option("--scope", type=click.Choice(("team", "member")), required=True)
@click.option("--side", type=click.Choice(SIDES))
@click.option("--format", "form", type=click.Choice(FORMATS), default="table")
@with_session
def standings(session: Session, period: str, scope: str, side: str | None, form: str) -> None:
    """Print the standings of a period."""
    _print_rows(list_standings(session, period, scope, side), form)


@main.command("verify")
@with_session
def verify_command(session: Session) -> None:
    """Recompute everything from the events; say where the database differs."""
    found = 0
    with progress_bar("Verified") as advance:
        for difference in verify(session, now=now(), progress=advance):
            found += 1
            click.echo(difference)
    if found:
        raise Failed(f"{_count(found, 'difference')} found; run leaderboard score, and if they stay, restore a backup.")
    click.echo("Everything agrees with the events.")


@main.group()
def user() -> None:
    """Accounts that sign in."""


@user.command("add")
@click.argument("email")
@click.option("--role", type=click.Choice(ROLES), required=True)
@click.option("--password-stdin", is_flag=True, help="Read the first password from standard input.")
@with_session
def user_add(session: Session, email: str, role: str, password_stdin: bool) -> None:
    """Add an account, linked to the member with that e-mail; prints its first password once."""
    given = sys.stdin.readline().rstrip("\n") if password_stdin else None
    from leaderboard.services import accounts

    password = accounts.add_user(session, email=email, role=role, password=given, now=now())
    click.echo(f"{email} can sign in as {role}." if given else f"{email} can sign in as {role} with: {password}")


@user.command("token")
@click.argument("email")
@with_session
def user_token(session: Session, email: str) -> None:
    """Make an API token for an account; it is shown this once."""
    from leaderboard.services import accounts

    click.echo(accounts.issue_token(session, email=email, name="command line", now=now()))


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True)
@click.option("--workers", type=click.IntRange(1, 64), default=2, show_default=True)
@click.option("--no-scheduler", is_flag=True, help="Do not run the scheduler beside the web server.")
def serve(host: str, port: int, workers: int, no_scheduler: bool) -> None:
    """Run the production web server."""
    from leaderboard.server import run_server

    with plain_errors():
        app = create_app()
        faults = check_settings(app.config)
        if faults:
            raise Failed("\n".join(f"{fault}." for fault in faults))
        with app.app_context():
            migrate_database(directory=str(resource("migrations")))
    run_server(host, port, workers)


def _print_rows(rows: Iterable[dict[str, Any]], form: str) -> None:
    """Print rows of plain values; json is a list with one row a line."""
    if form == "json":
        _print_json(rows)
        return
    listed = list(rows)
    if form == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        if listed:
            writer.writerow(listed[0])
        writer.writerows([_safe_cell(value) for value in row.values()] for row in listed)
        return
    if not listed:
        click.echo("Nothing in this period.")
        return
    names = list(listed[0])
    cells = [names, *([("" if row[name] is None else str(row[name])) for name in names] for row in listed)]
    widths = [max(len(line[index]) for line in cells) for index in range(len(names))]
    for line in cells:
        click.echo("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip())


def _print_json(rows: Iterable[dict[str, Any]]) -> None:
    separator = "[\n"
    for row in rows:
        click.echo(separator + json.dumps(row, ensure_ascii=False), nl=False)
        separator = ",\n"
    click.echo("[]" if separator == "[\n" else "\n]")


def _safe_cell(value: Any) -> Any:
    """Keep a spreadsheet from running a text as a formula (security 1.2.10)."""
    if isinstance(value, str) and value.lstrip(" ")[:1] in FORMULA_STARTS:
        return "'" + value
    return value


def _count(number: int, one: str, many: str | None = None) -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"


if __name__ == "__main__":
    main()
