"""The `leaderboard` command: parses, calls one service, prints (design section 5)."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import BinaryIO

import click
from sqlalchemy.orm import Session

from leaderboard.domain.actors import COMMAND_LINE
from leaderboard.domain.agreement import SIDES, Agreement
from leaderboard.domain.periods import parse_period
from leaderboard.domain.shown import quoted, visible
from leaderboard.event_commands import imports, undo
from leaderboard.first_passwords import keep_passwords, kept_passwords
from leaderboard.job_commands import close, jobs, scheduler
from leaderboard.printing import FORMATS, ImportProgress, count, is_watched, print_report, print_rows, progress_bar
from leaderboard.running import Failed, InputFile, Program, file_name, migrated_app, now, plain_errors, with_session
from leaderboard.services.agreeing import agreement_versions, check_agreement, load_agreement
from leaderboard.services.awards import BONUS_COLUMNS, in_one_line, list_bonuses
from leaderboard.services.demo import create_demo
from leaderboard.services.importing import ImportOptions, import_events
from leaderboard.services.mappings import built_in_mappings, mapping_file, read_mapping
from leaderboard.services.organising import load_organisation, read_instant, show_organisation
from leaderboard.services.people import load_people
from leaderboard.services.reading import read_text
from leaderboard.services.refused_file import RefusedFile
from leaderboard.services.reporting import (
    ATTAINMENT_COLUMNS,
    STANDING_COLUMNS,
    count_subjects,
    list_attainments,
    list_standings,
)
from leaderboard.services.rules import NO_ORGANISATION
from leaderboard.services.scoring import score_due, score_everything
from leaderboard.services.verifying import verify
from leaderboard.settings import check_settings
from leaderboard.user_commands import user


def _scoring_bar(session: Session, label: str) -> AbstractContextManager[Callable[[int], None]]:
    """Return a bar as long as there are subjects to score; they are counted only if somebody watches."""
    return progress_bar(label, count_subjects(session) if is_watched() else None)


@click.group(cls=Program, context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
@click.version_option(package_name="sla-leaderboard")
def main() -> None:
    """SLA Leaderboard: service levels met or exceeded earn points, badges and bonuses."""


for each in (close, jobs, scheduler, user):
    main.add_command(each)


@main.command()
@with_session
def upgrade(_session: Session) -> None:
    """Bring the database up to date; every other command does it too when needed."""
    click.echo("The database is up to date.")


@main.command()
@with_session
def demo(session: Session) -> None:
    """Create a convincing organisation with a year of history, for a first look."""
    with progress_bar("Demo organisation") as advance:
        report = create_demo(session, now=now(), by=COMMAND_LINE, progress=advance)
    click.echo(report.text)
    if report.accounts:
        keep_passwords(report.accounts)
    if report.is_demo:
        click.echo(kept_passwords())


@main.group()
def organisation() -> None:
    """Name, time zone, currency, language and calendars."""


@organisation.command("load")
@click.argument("file", type=InputFile())
@with_session
def organisation_load(session: Session, file: BinaryIO) -> None:
    """Load the organisation's TOML file and score again under it."""
    with _scoring_bar(session, "Scored") as advance:
        loaded = load_organisation(
            session, read_text(file, file_name(file)), now=now(), by=COMMAND_LINE, progress=advance
        )
    click.echo(visible(f"{loaded.name} is loaded: {loaded.time_zone}, {loaded.currency}."))


@organisation.command("show")
@with_session
def organisation_show(session: Session) -> None:
    """Print the organisation's file."""
    text = show_organisation(session)
    if text is None:
        raise Failed(NO_ORGANISATION)
    click.echo(text.rstrip())


@main.group()
def agreement() -> None:
    """The agreement between sales and marketing, in versions."""


@agreement.command("load")
@click.argument("file", type=InputFile())
@with_session
def agreement_load(session: Session, file: BinaryIO) -> None:
    """Load a version of the agreement and score again under it."""
    with _scoring_bar(session, "Scored") as advance:
        loaded = load_agreement(session, read_text(file, file_name(file)), now=now(), by=COMMAND_LINE, progress=advance)
    click.echo(visible(f"{loaded.title} is in force from {loaded.effective_from}: {_promised(loaded)}."))


@agreement.command("check")
@click.argument("file", type=InputFile())
@with_session
def agreement_check(session: Session, file: BinaryIO) -> None:
    """Say whether a file could be loaded; changes nothing."""
    checked = check_agreement(session, read_text(file, file_name(file)))
    click.echo(visible(f"{checked.title} can be loaded: {_promised(checked)} from {checked.effective_from}."))


def _promised(agreement: Agreement) -> str:
    slas, bonuses = count(len(agreement.slas), "SLA"), count(len(agreement.bonuses), "bonus programme")
    return f"{slas} and {bonuses}" if agreement.bonuses else slas


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
@click.argument("file", type=InputFile())
@with_session
def people_load(session: Session, file: BinaryIO) -> None:
    """Load a CSV of people; all of it or, if a row is wrong, nothing.

    \b
    email,name,team,side,from,until,role,external_id
    ana@example.com,Ana,North,sales,2026-01-01,,rep,crm-17;crm-18
    """
    with _scoring_bar(session, "Scored") as advance:
        report = load_people(session, file, now=now(), by=COMMAND_LINE, progress=advance)
    click.echo(f"{count(report.rows, 'row')}: {count(report.members, 'member')} in {count(report.teams, 'team')}.")


@main.group()
def events() -> None:
    """Facts from a CRM."""


def _mapping_file(_context: click.Context, _option: click.Parameter, name: str | None) -> Path | None:
    """Find a mapping by its name or path."""
    found = None if name is None else mapping_file(name)
    if name is not None and found is None:
        built_in = ", ".join(built_in_mappings())
        raise Failed(f"{quoted(file_name(name))} is neither a file nor a built-in mapping; built in are {built_in}.")
    return found


for each in (imports, undo):
    events.add_command(each)


@events.command("import")
@click.argument("file", type=InputFile())
@click.option(
    "--mapping",
    metavar="NAME|FILE",
    callback=_mapping_file,
    help=f"How rows become events: a TOML file, or one of {', '.join(built_in_mappings())}.",
)
@click.option(
    "--time-format",
    metavar="FORMAT",
    help="How its times are written, where that does not show: day_first, month_first or a format as mappings have it.",
)
@click.option("--source", help="Where the events come from; event ids are unique in it.")
@click.option("--create-members", type=click.Choice(SIDES), help="Create unknown members and teams on this side.")
@click.option("--dry-run", is_flag=True, help="Report the same and change nothing.")
@click.option("--refused", type=click.Path(path_type=Path), help="Write refused rows to this file, as they came.")
@click.option("--format", "form", type=click.Choice(("text", "json")), default="text", help="How to report.")
@with_session
def events_import(
    session: Session,
    file: BinaryIO,
    mapping: Path | None,
    time_format: str | None,
    source: str | None,
    create_members: str | None,
    dry_run: bool,
    refused: Path | None,
    form: str,
) -> None:
    """Import events from CSV, XLSX or JSON lines (- for standard input), then score what they touch.

    A bad row is refused alone, and named; the exit code is then 1. The same event again is skipped.

    \b
    leaderboard events import events.csv --refused refused.csv
    leaderboard events import export.csv --mapping mapping.toml --source crm --dry-run
    """
    name = file_name(file)
    with RefusedFile(refused, file, mapping) as keeper, ImportProgress(file) as progress:
        options = ImportOptions(
            source=source,
            mapping=None if mapping is None else read_mapping(mapping),
            time_format=time_format,
            create_members=create_members,
            is_dry_run=dry_run,
            file_name=name,
            keep_header=keeper.header,
            keep_refused=keeper.keep,
            progress=progress.score,
        )
        report = import_events(session, progress.stream, options, now=now(), by=COMMAND_LINE)
    print_report(report, form)
    if report.refused:
        raise Failed(
            f"{count(report.refused, 'row was', 'rows were')} refused; "
            + (f"mend {refused} and import it again." if refused else "--refused FILE writes them to a file to mend.")
        )


@main.command()
@click.option("--as-of", "as_of", help="Score as if it were this instant (ISO 8601).")
@with_session
def score(session: Session, as_of: str | None) -> None:
    """Score everything again; posts differences only.

    An instant without an offset is in the organisation's time zone.
    """
    at = read_instant(session, as_of, "--as-of") if as_of is not None else now()
    with _scoring_bar(session, "Scored") as advance:
        posted = score_everything(session, now=at, by=COMMAND_LINE, noted_at=now(), progress=advance)
    click.echo(f"{count(posted, 'ledger entry', 'ledger entries')} posted.")


@main.command()
@click.option("--period", required=True, help="A month such as 2018-01 or a quarter such as 2018-Q1.")
@click.option("--sla", help="One SLA's key.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="json", help="How to print them.")
@with_session
def attainments(session: Session, period: str, sla: str | None, form: str) -> None:
    """List the levels reached in a period, and those pending in the current one.

    \b
    leaderboard attainments --period 2026-10 --sla speed-to-lead
    """
    print_rows(list_attainments(session, period, sla), ATTAINMENT_COLUMNS, form)


@main.command()
@click.option("--period", required=True, help="A month such as 2018-01 or a quarter such as 2018-Q1.")
@click.option("--scope", type=click.Choice(("team", "member")), required=True, help="Who is ranked.")
@click.option("--side", type=click.Choice(SIDES), help="One side only.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="table", help="How to print them.")
@with_session
def standings(session: Session, period: str, scope: str, side: str | None, form: str) -> None:
    """Print the standings of a period.

    \b
    leaderboard standings --period 2026-Q4 --scope team --format csv
    """
    print_rows(list_standings(session, period, scope, side), STANDING_COLUMNS, form)


@main.command()
@click.option("--period", required=True, help="A closed month such as 2018-01 or quarter such as 2018-Q1.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="table", help="How to print them.")
@with_session
def bonuses(session: Session, period: str, form: str) -> None:
    """Print the bonus awards of a closed period and how each is shared; managers decide on them in the browser.

    \b
    leaderboard bonuses --period 2026-Q4 --format json
    """
    rows = list_bonuses(session, period)
    nothing = (
        f"No bonus was won in {parse_period(period)}: no agreement with a [[bonus]] for it was in force as it began, "
        "or nobody had points."
    )
    print_rows(rows if form == "json" else map(in_one_line, rows), BONUS_COLUMNS, form, nothing)


@main.command("verify")
@with_session
def verify_command(session: Session) -> None:
    """Recompute everything from the events; say where the database differs.

    What has fallen due is scored first, as the scheduler does each minute.
    """
    found, at = 0, now()
    score_due(session, now=at)
    with _scoring_bar(session, "Verified") as advance:
        for difference in verify(session, now=at, progress=advance):
            found += 1
            click.echo(visible(difference))
    if found:
        raise Failed(f"{count(found, 'difference')} found; run leaderboard score, and if they stay, restore a backup.")
    click.echo("Everything agrees with the events.")


@main.command()
@click.option("--host", default="127.0.0.1")
@click.option("--port", type=click.IntRange(0, 65535), default=8000)
@click.option("--workers", type=click.IntRange(1, 64), default=2)
@click.option("--no-scheduler", is_flag=True, help="Do not run the scheduler beside the web server.")
def serve(host: str, port: int, workers: int, no_scheduler: bool) -> None:
    """Run the production web server, with the scheduler beside it; each is started again if it dies."""
    from leaderboard.server import is_taken, run_server

    with plain_errors():
        faults = check_settings(migrated_app().config)
        if faults:
            raise Failed("\n".join(f"{fault}." for fault in faults))
    if is_taken(host, port):
        raise Failed(f"Port {port} is in use by another program; stop that one, or choose another port with --port.")
    run_server(host, port, workers, has_scheduler=not no_scheduler)
