"""Tallies: how often each SLA was met, exceeded and missed, by member and by team, in step with the attainments.

Pages of managers read them. Unlike totals they follow what changes after a close: they say what is known now.
"""

from collections import defaultdict
from collections.abc import Iterator

from sqlalchemy import Connection

from leaderboard.domain.agreement import Level
from leaderboard.domain.bands import band_of
from leaderboard.storage import tallies
from leaderboard.storage.bulk import Insertion, insert_both, insert_rows
from leaderboard.storage.tallies import TallyKey

POINTS = 0  # the places of what is counted, as in services/totals.py
LEVEL_PLACES = {Level.MET: 1, Level.EXCEEDED: 2, Level.MISSED: 3}
Counts = list[int]
"""Points, and how often met, exceeded and missed."""


def no_counts() -> Counts:
    """Return that nothing was counted."""
    return [0, 0, 0, 0]


class TalliesChange:
    """What tallies gain or lose in one transaction."""

    def __init__(self) -> None:
        self._members: defaultdict[TallyKey, Counts] = defaultdict(no_counts)
        self._teams: defaultdict[tuple[str, str, int, int], Counts] = defaultdict(no_counts)

    def add(self, month: str, sla: str, member_id: int, team_id: int | None, counts: Counts) -> None:
        """Count what a member came to in a team."""
        total = self._members[TallyKey(month, sla, "member", member_id, team_id or 0, 0)]
        for place, number in enumerate(counts):
            total[place] += number

    def spread(self, month: str, sla: str, team_id: int, band: int, place: int, points: int, sign: int) -> None:
        """Count an attainment, whoever reached it, for the team that is credited with it (P3); sign: -1 takes it back.

        band: of its value, 0 of a monthly one. place: its level's. By place: it is called once for each of millions.
        """
        total = self._teams[month, sla, team_id, band]
        total[place] += sign
        total[POINTS] += sign * points

    def rows(self) -> list[tuple[TallyKey, Counts]]:
        """Return what changed; what came and went again within the transaction did not."""
        of_teams = [
            (TallyKey(month, sla, "team", team_id, team_id, band), counts)
            for (month, sla, team_id, band), counts in self._teams.items()
        ]
        return [(key, counts) for key, counts in (*self._members.items(), *of_teams) if any(counts)]

    def clear(self) -> None:
        """Forget what has been written."""
        self._members.clear()
        self._teams.clear()


def write_tallies(connection: Connection, change: TalliesChange, beside: Insertion | None = None) -> None:
    """Add a change to the stored tallies; beside: what goes into another table in the same breath."""
    rows = change.rows()
    if beside is None:
        insert_rows(connection, *tallies.addition(rows))
    else:
        insert_both(connection, tallies.addition(rows), beside)
    tallies.forget_if_empty(connection, [key for key, counts in rows if min(counts) < 0])
    change.clear()


def tally_differences(connection: Connection) -> Iterator[str]:
    """Yield one sentence for each tally that is not what the attainments add up to."""
    expected = TalliesChange()
    for each in tallies.counted_attainments(connection):
        place = LEVEL_PLACES[Level(each.level)]
        if each.scope == "member":
            counts = no_counts()
            counts[POINTS], counts[place] = each.points, 1
            expected.add(each.month, each.sla, each.participant_id, each.team_id, counts)
        if each.team_id is not None:
            band = 0 if each.is_monthly else band_of(each.value)
            expected.spread(each.month, each.sla, each.team_id, band, place, each.points, 1)
    stored = dict(tallies.stored(connection))
    for key, counts in expected.rows():
        found = stored.pop(key, None)
        if found != counts:
            yield f"tally of {_name(key)}: stored {found}, expected {counts}."
    for key, counts in stored.items():
        if any(counts):
            yield f"tally of {_name(key)}: stored {counts}, expected none."


def _name(key: TallyKey) -> str:
    return f"{key.sla} of {key.scope} {key.participant_id} in {key.month}, team {key.team_id}, band {key.band}"
