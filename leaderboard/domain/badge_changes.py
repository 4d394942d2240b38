"""What becomes of stored badges when their ground changes in an open period (G2), and how far the next ones are."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from leaderboard.domain.badges import IN_A_ROW, Badge, Run

VOID, CHANGED = "void", "changed"  # why a badge was withdrawn


class StoredBadge(NamedTuple):
    """A badge as it is stored. is_standing: not withdrawn."""

    id: int
    badge: Badge
    is_standing: bool


class BadgeChanges(NamedTuple):
    """What to write. withdraw: ids and why; mend: stored ones, standing or withdrawn, that now hold as given."""

    award: list[Badge]
    withdraw: list[tuple[int, str]]
    mend: list[tuple[int, Badge]]

    @property
    def total(self) -> int:
        """How many badges change."""
        return len(self.award) + len(self.withdraw) + len(self.mend)


def badge_changes(
    stored: Iterable[StoredBadge], now: Iterable[Badge], voids: Mapping[int, Collection[datetime]]
) -> BadgeChanges:
    """Return what to award, withdraw, and bring back or mend, so that what is stored becomes what is now (G2).

    stored: those that may still change. voids: by member, when what is void now had been decided. A run whose
    beginning has moved keeps its badge: that is mended, not withdrawn.
    """
    changes = BadgeChanges([], [], [])
    left = {each.badge.identity: each for each in stored}
    new: list[Badge] = []
    for badge in now:
        found = left.pop(badge.identity, None)
        if found is None:
            new.append(badge)
        elif found.badge != badge or not found.is_standing:
            changes.mend.append((found.id, badge))
    gone = defaultdict(list)
    for each in left.values():
        if each.is_standing:
            gone[_kind(each.badge)].append(each)
    for badge in new:
        if badge.key in IN_A_ROW.values() and gone[_kind(badge)]:
            changes.mend.append((gone[_kind(badge)].pop(0).id, badge))
        else:
            changes.award.append(badge)
    for rest in gone.values():
        changes.withdraw.extend((each.id, _why_gone(each.badge, voids)) for each in rest)
    return changes


def _kind(badge: Badge) -> tuple[str, str, int]:
    return badge.key, badge.scope, badge.participant


def _why_gone(badge: Badge, voids: Mapping[int, Collection[datetime]]) -> str:
    """Return VOID if an attainment within what the badge stands on is void now (C7), else CHANGED."""
    since = badge.ground.get("since")
    start = badge.earned_at if since is None else datetime.fromisoformat(since)
    theirs = voids.get(badge.participant, ()) if badge.scope == "member" else ()
    return VOID if any(start <= at <= badge.earned_at for at in theirs) else CHANGED


class Progress(NamedTuple):
    """How far a member is towards a badge: done of so many; of a month under way only whether it is on course.

    of: None where that depends on how the month goes; is_on_course: None where it does not matter.
    """

    key: str
    done: int
    of: int | None
    is_on_course: bool | None = None


def progress(run: Run, held: Collection[str], exceeded_months: int, levels: tuple[int, int, int]) -> Sequence[Progress]:
    """Return how far a member is towards the badges that they can work at.

    run: as of now. held: keys of badges that they have. exceeded_months: how many of three there are before this
    month. levels: met, exceeded and missed in this month so far.
    """
    met, exceeded, missed = levels
    firsts = [Progress(key, 0, 1) for key in ("first-met", "first-exceeded") if key not in held]
    following = next((length for length in IN_A_ROW if length > run.length), None)
    runs = [] if following is None else [Progress(IN_A_ROW[following], run.length, following)]
    is_exceeding = not (met or missed)
    return (
        *firsts,
        *runs,
        Progress("every-sla-met", met + exceeded, None, not missed),
        Progress("exceeded-throughout", exceeded, None, is_exceeding),
        Progress("exceeded-three-months", exceeded_months, 3, is_exceeding),
    )
