"""The commands of the jobs: `scheduler`, `jobs`, `close`."""

from collections.abc import Iterator
from datetime import datetime

import click
from flask import current_app
from sqlalchemy.orm import Session

from leaderboard.domain.actors import COMMAND_LINE
from leaderboard.domain.shown import visible
from leaderboard.printing import FORMATS, Row, print_rows
from leaderboard.running import Failed, migrated_app, now, plain_errors, with_session
from leaderboard.services.closing import close_period
from leaderboard.services.job_states import JobState, job_overview
from leaderboard.services.jobs import JOBS, closed_told, run_job
from leaderboard.storage.database import db

COLUMNS = "job looked_at took_seconds looked_by did_at did failed_at failure times is_failing next_at next".split()
SHOWN = "job looked_at did_at did failed_at failure next_at next".split()


@click.command()
def scheduler() -> None:
    """Run the scheduler alone: it scores what falls due, closes periods, and cleans up."""
    from leaderboard.jobs.scheduler import run_scheduler

    with plain_errors():
        app = migrated_app()
        with app.app_context():
            engine = db.engine
        engine.dispose()
        run_scheduler(engine, app.extensions["limits"], app.extensions["means"])


@click.group(invoke_without_command=True)
@click.option("--format", "form", type=click.Choice(FORMATS), default="table", help="How to print them.")
@click.pass_context
def jobs(context: click.Context, form: str) -> None:
    """List the jobs: what ran, what failed and why, what comes next.

    \b
    leaderboard jobs --format json
    leaderboard jobs run close
    """
    if context.invoked_subcommand is None:
        with_session(_list_jobs)(form)


def _list_jobs(session: Session, form: str) -> None:
    overview = job_overview(session, now=now())
    print_rows(_rows(overview.jobs), SHOWN if form == "table" else COLUMNS, form)
    if form == "table" and not overview.is_alive:
        click.echo("No scheduler has looked lately; leaderboard serve and leaderboard scheduler each run one.")


@jobs.command("run")
@click.argument("name", type=click.Choice(tuple(JOBS)))
@with_session
def jobs_run(session: Session, name: str) -> None:
    """Run a job now, whether or not a scheduler is running."""
    known = current_app.extensions
    report = run_job(session, name, now=now(), by=COMMAND_LINE, limits=known["limits"], means=known["means"])
    for told in report.done:
        click.echo(visible(f"{told}."))
    if report.failure is not None:
        why = report.failure.rstrip(".")
        raise Failed(f"The job {name} failed, and what it had begun is undone: {why}. It can be run again.")
    if not report.done:
        click.echo("There was nothing to do.")


@click.command()
@click.argument("period")
@with_session
def close(session: Session, period: str) -> None:
    """Close a month or quarter now if its end has passed; earlier ones that are open are closed first.

    \b
    leaderboard close 2026-10
    """
    for closed in close_period(session, period, now=now(), by=COMMAND_LINE):
        click.echo(visible(f"{closed_told(closed)}."))


def _rows(states: tuple[JobState, ...]) -> Iterator[Row]:
    for each in states:
        look, done, failure = each.look, each.done, each.failure
        yield {
            "job": each.job,
            "looked_at": _text(look and look.looked_at),
            "took_seconds": None if look is None else round(look.took.total_seconds(), 3),
            "looked_by": look and look.by,
            "did_at": _text(done and done.finished_at),
            "did": done and done.told,
            "failed_at": _text(failure and failure.finished_at),
            "failure": failure and failure.told,
            "times": failure and failure.times,
            "is_failing": each.is_failing,
            "next_at": _text(each.next_at),
            "next": each.next_what,
        }


def _text(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat(timespec="seconds").replace("+00:00", "Z")
