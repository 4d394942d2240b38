"""The commands of accounts: `user add`, `user password`, `user token`."""

import sys

import click
from sqlalchemy.orm import Session

from leaderboard.domain.actors import COMMAND_LINE
from leaderboard.running import Failed, now, with_session
from leaderboard.services import account_admin, accounts, tokens
from leaderboard.services.people import ROLES


@click.group()
def user() -> None:
    """Accounts that sign in."""


@user.command("add")
@click.argument("email")
@click.option("--role", type=click.Choice(ROLES), required=True)
@click.option("--team", "teams", metavar="NAME", multiple=True, help="A team that a manager answers for; repeatable.")
@click.option("--all-teams", is_flag=True, help="A manager answers for all teams.")
@click.option("--password-stdin", is_flag=True, help="Read the first password from standard input.")
@with_session
def user_add(
    session: Session, email: str, role: str, teams: tuple[str, ...], all_teams: bool, password_stdin: bool
) -> None:
    """Add an account, linked to the member with that e-mail; prints its first password once.

    A manager answers for the team that they belong to and for those named here; one who belongs to none, for all.
    """
    if role != "manager" and (teams or all_teams):
        raise click.UsageError("--team and --all-teams say which teams a manager answers for; give --role manager.")
    if teams and all_teams:
        raise click.UsageError("--all-teams says it all; leave --team out.")
    given = sys.stdin.readline().rstrip("\n") if password_stdin else None
    password = accounts.add_user(
        session,
        email=email,
        role=role,
        password=given,
        teams=teams,
        sees_all=all_teams,
        now=now(),
        by=COMMAND_LINE,
    )
    click.echo(f"{email} can sign in as {role}." if given else f"{email} can sign in as {role} with: {password}")


@user.command("password")
@click.argument("email")
@with_session
def user_password(session: Session, email: str) -> None:
    """Make a new password for an account and print it once; its sessions end."""
    found = accounts.account_named(session, email)
    if found is None:
        raise Failed(f"{email} has no account; add one with: leaderboard user add {email} --role rep.")
    password = account_admin.reset_password(session, found.id, now=now(), by=COMMAND_LINE)
    click.echo(f"{found.email} can sign in with: {password}")


@user.command("token")
@click.argument("email")
@click.option("--scope", "scopes", type=click.Choice(tokens.SCOPES), multiple=True, help="What it may; repeatable.")
@click.option("--days", type=click.IntRange(1, tokens.MOST_DAYS), default=tokens.USUAL_DAYS, help="Valid for so long.")
@click.option("--name", default="command line", help="What to know it by.")
@with_session
def user_token(session: Session, email: str, scopes: tuple[str, ...], days: int, name: str) -> None:
    """Make an API token for an account; it is shown this once.

    Without --scope it may read. Only the tokens of administrators write.

    \b
    leaderboard user token crm@example.com --scope events:write --scope read --days 90
    """
    wanted = scopes or (tokens.READ,)
    click.echo(
        tokens.issue_token(session, email=email, name=name, scopes=wanted, days=days, now=now(), by=COMMAND_LINE)
    )
