"""Reading a file of events through without taking anything: what it would come to, and whom nobody knows yet."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from leaderboard.services.naming import Created, Names
from leaderboard.services.rules import RuleBook
from leaderboard.storage import events
from leaderboard.storage.seen_ids import SeenIds


class ScoutNames(Names):
    """Finds names as Names does; whom it would create, it only notes, under numbers below 0.

    found, teams_found: members by e-mail or external id, and names of teams, that are to be created.
    """

    def __init__(self, session: Session, book: RuleBook, side: str | None, hint: str = "") -> None:
        super().__init__(session, book, side, hint)
        self._keys: dict[int, str] = {}
        self.teams_found: list[str] = []

    @property
    def found(self) -> dict[str, Created]:
        """Where each unknown member begins."""
        return {self._keys[member_id]: created for member_id, created in self.created.items()}

    def _new_team(self, name: str, side: str) -> int:
        self.teams_found.append(name)
        return -len(self.teams_found)

    def _new_member(self, key: str) -> int:
        member_id = -1 - len(self._keys)
        self._keys[member_id] = key
        return member_id


def count_new(session: Session, source: str, event_ids: Sequence[str], seen: SeenIds) -> int:
    """Return how many events of a file are new: neither stored nor before in the file. seen: of it so far."""
    stored = events.known_ids(session.connection(), source, event_ids)
    return seen.add(each for each in event_ids if each not in stored)
