"""Badges that a month's or a quarter's points and levels earn at its close (G1); how they are read: see `badges`."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from typing import NamedTuple

from leaderboard.domain.badges import Badge, Ground
from leaderboard.domain.periods import Period
from leaderboard.domain.standings import Score, ranked


class MonthScore(NamedTuple):
    """A participant's points and levels in a month."""

    participant: int
    name: str
    points: int
    met: int
    exceeded: int
    missed: int


def month_of_scores(
    scores: Collection[MonthScore],
    points_before: Mapping[int, int],
    earlier: Mapping[int, Collection[tuple[str, str]]],
    month: Period,
    ends_at: datetime,
) -> Iterator[Badge]:
    """Yield what the members' points and levels of a month earn, but for the ranks.

    points_before: by member, of those who stood in the month before. earlier: by member, period and key of the badges
    for months at exceeded, and for three of them, of the two months before.
    """

    def earned(key: str, score: MonthScore, **ground: int) -> Badge:
        return Badge(key, "member", score.participant, str(month), str(month), ends_at, ground)

    for score in scores:
        levels = {"met": score.met, "exceeded": score.exceeded}
        if score.missed or not (score.met or score.exceeded):
            continue
        yield earned("every-sla-met", score, **levels)
        if score.met:
            continue
        yield earned("exceeded-throughout", score, **levels)
        if exceeded_months(earlier.get(score.participant, ()), month) == 2:
            yield earned("exceeded-three-months", score, **levels)
    rises = {score.participant: score.points - points_before.get(score.participant, score.points) for score in scores}
    greatest = max(rises.values(), default=0)
    for score in scores:
        if greatest > 0 and rises[score.participant] == greatest:
            before = points_before[score.participant]
            yield earned("most-improved", score, points=score.points, before=before, rise=greatest)


def exceeded_months(earlier: Collection[tuple[str, str]], month: Period) -> int:
    """Return how many months just before a month count towards three at exceeded: 0, 1 or 2.

    earlier: as in month_of_scores; those that earned the badge already count no more.
    """
    count, period = 0, month.previous
    while (
        count < 2
        and (str(period), "exceeded-throughout") in earlier
        and (str(period), "exceeded-three-months") not in earlier
    ):
        count, period = count + 1, period.previous
    return count


def winners(
    key: str, scope: str, period: Period, ends_at: datetime, standings: Iterable[tuple[Score, str, int, Ground]]
) -> list[Badge]:
    """Return the badge of rank 1 (S1), of all who tie there; none for 0 points.

    standings: what decides, name, participant, ground, of all who compete.
    """
    places = ranked((score, name, (score, participant, ground)) for score, name, participant, ground in standings)
    return [
        Badge(key, scope, participant, str(period), str(period), ends_at, ground)
        for rank, (score, participant, ground) in places
        if rank == 1 and score > 0
    ]
