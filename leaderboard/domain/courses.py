"""The course of a month under way: how far each SLA is, and what is missing to the next level (K1-K6).

What is worked out here only tells how far it is: the level itself comes from the engine.
"""

from fractions import Fraction
from math import ceil
from typing import NamedTuple

from leaderboard.domain.agreement import Level, Levels
from leaderboard.domain.monthly import level_of_rate, level_of_total


class Step(NamedTuple):
    """The next level, and how much is missing to it. missing: None where this month cannot bring it any more."""

    level: Level
    missing: int | None


class Course(NamedTuple):
    """How far a month is. level: as if it ended now; next: None at the highest level that there is."""

    level: Level
    next: Step | None


def course_of_total(total: int, targets: Levels) -> Course:
    """Return how far a count or sum is (K1). targets: prorated already (K5); missing: subjects or minor units."""
    level = level_of_total(total, targets.met, targets.exceeded)
    following = _following(level, targets)
    return Course(level, None if following is None else Step(following, _target(following, targets) - total))


def course_of_rate(in_time: int, cases: int, targets: Levels, at_least: int, *, is_fixed: bool = False) -> Course:
    """Return how far a rate is (K3). missing: how many in time, all of those that come next.

    is_fixed: the cases there are have to turn out well, since others bring nothing closer: a rate of events, whose
    `in` event may come until the month ends. What `at_least` lacks then comes in addition.
    """
    level = level_of_rate(in_time, cases, targets, at_least)
    following = _following(level, targets)
    if following is None:
        return Course(level, None)
    target, lacking = Fraction(_target(following, targets)), max(at_least, 1) - cases
    if is_fixed and lacking <= 0:
        return Course(level, Step(following, max(ceil(target * cases) - in_time, 1)))
    return Course(level, Step(following, _in_a_row(in_time, cases, target, lacking)))


def _in_a_row(in_time: int, cases: int, target: Fraction, lacking: int) -> int | None:
    """Return how many more cases, all in time, bring a share up to a target; None if none do."""
    if in_time == cases:
        return max(lacking, 1)
    if target >= 1:
        return None
    return max(ceil((target * cases - in_time) / (1 - target)), lacking, 1)


def _following(level: Level, targets: Levels) -> Level | None:
    """Return the next level above one; None if there is none."""
    if level in (Level.MISSED, Level.NONE):
        return Level.MET
    return Level.EXCEEDED if level is Level.MET and targets.exceeded is not None else None


def _target(level: Level, targets: Levels) -> int:
    return targets.exceeded if level is Level.EXCEEDED else targets.met  # type: ignore[no-any-return]
