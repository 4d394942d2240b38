"""The demo's accounts: three reps, a manager of all sales teams, one of her own team, and an administrator."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from leaderboard.domain.actors import Actor
from leaderboard.services.accounts import add_user
from leaderboard.services.demo_people import MAIL, TEAMS
from leaderboard.storage import accounts, people
from leaderboard.storage.database import DOOR_LOCK, all_or_nothing

ACCOUNTS = {"ana": "rep", "bia": "rep", "caio": "rep", "dora": "manager", "renata": "manager", "enzo": "admin"}
SALES = frozenset(name for name, side in TEAMS.items() if side == "sales")


@dataclass(frozen=True)
class DemoAccount:
    """An account of the demo and its first password, which is kept nowhere else in the clear."""

    email: str
    role: str
    password: str


def add_accounts(session: Session, *, now: datetime, by: Actor) -> tuple[DemoAccount, ...]:
    """Add the accounts and return them: Dora answers for the sales teams, Renata for hers without a word."""
    made = tuple(_account(session, f"{key}@{MAIL}", role, now, by) for key, role in ACCOUNTS.items())
    with all_or_nothing(session, DOOR_LOCK):
        connection = session.connection()
        dora = accounts.account_with(connection, f"dora@{MAIL}").id
        teams = [team_id for team_id, name, _side in people.teams(connection) if name in SALES]
        accounts.give_teams(connection, dora, "own", teams)
    return made


def actor_of(session: Session, key: str) -> Actor:
    """Return one of the accounts as who does something."""
    connection, email = session.connection(), f"{key}@{MAIL}"
    member_id = next(member_id for member_id, each, *_ in people.members(connection) if each == email)
    return Actor(email, accounts.account_with(connection, email).id, member_id)


def _account(session: Session, email: str, role: str, now: datetime, by: Actor) -> DemoAccount:
    return DemoAccount(email, role, add_user(session, email=email, role=role, password=None, now=now, by=by))
