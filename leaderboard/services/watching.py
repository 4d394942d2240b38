"""The change counters, by which what is shown live knows when to look again."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from sqlalchemy.orm import Session

from leaderboard.services.accounts import Limits, token_key
from leaderboard.services.scopes import Reach, reach_of
from leaderboard.storage import accounts, people


class Versions(NamedTuple):
    """The change counters: of what boards show, of the rules behind it, and of what only displays show."""

    scores: int
    rules: int
    screens: int


def read_versions(session: Session) -> Versions | None:
    """Return the change counters, None while there is no organisation. One small query."""
    row = people.versions(session.connection())
    return None if row is None else Versions(*row)


def live_sessions(session: Session, tokens: Collection[str], *, now: datetime, limits: Limits) -> dict[str, Reach]:
    """Return those of some session tokens that are good still, with how far their users see.

    One query, and none of them counts as used by it.
    """
    keys = {token_key(token): token for token in tokens}
    found = accounts.live_keys(session.connection(), list(keys), now - limits.idle, now - limits.absolute)
    return {keys[row.key]: reach_of(row.role, row.teams_seen, row.member_id) for row in found}
