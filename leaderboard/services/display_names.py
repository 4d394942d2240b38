"""Under which names displays show members, and whom they do not show at all."""

from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy import Connection

from leaderboard.domain.displays import shown_name
from leaderboard.storage import displays


class Choices(NamedTuple):
    """What members chose about displays. nicknames: of those who have one and are shown."""

    hidden: frozenset[int]
    nicknames: Mapping[int, str]

    def name_of(self, member_id: int, name: str, style: str) -> str | None:
        """Return the name under which a member is shown; None for one who is not to be shown. style: one of NAMES."""
        return None if member_id in self.hidden else shown_name(name, self.nicknames.get(member_id), style)


def read_choices(connection: Connection) -> Choices:
    """Return what members chose; one query."""
    hidden, nicknames = set(), {}
    for row in displays.all_choices(connection):
        if row.is_hidden:
            hidden.add(row.member_id)
        elif row.nickname and (nickname := shown_name(row.nickname, None, "full")):
            nicknames[row.member_id] = nickname
    return Choices(frozenset(hidden), nicknames)
