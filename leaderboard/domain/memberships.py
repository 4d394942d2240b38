"""Changing who belongs where: what a member's memberships become, and from which day on that makes a difference."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from leaderboard.domain.errors import PersonRefused
from leaderboard.domain.instants import is_known_day
from leaderboard.domain.people import Membership, overlapping


@dataclass(frozen=True)
class MembershipChange:
    """A change of one membership. of: the day on which it begins as it is stored, None for a new one.

    team_id, starts_on, until: what it is to be; no team_id: it is taken away.
    """

    of: date | None
    team_id: int | None = None
    starts_on: date | None = None
    until: date | None = None


def changed(member_id: int, before: Sequence[Membership], change: MembershipChange) -> list[Membership]:
    """Return a member's memberships after a change, by their first day.

    A new one ends the one that was still going on when it begins. Raises PersonRefused: `gone` where the
    one that is to change is not there, `days` for an end that is not after its begin, `overlap` for two teams on a day.
    """
    rest = [each for each in before if each.starts_on != change.of]
    if change.of is not None and len(rest) == len(before):
        raise PersonRefused("gone", "This membership is not there any more; look at the list again.")
    if change.team_id is not None:
        new = _checked(member_id, change)
        if change.of is None:
            rest = [replace(each, until=new.starts_on) if _goes_on_at(each, new) else each for each in rest]
        rest.append(new)
    clash = overlapping(rest)
    if clash is not None:
        day = clash[1].starts_on
        raise PersonRefused("overlap", f"That would be two teams on {day}; end the earlier membership first.", at=day)
    return sorted(rest, key=lambda each: each.starts_on)


def _checked(member_id: int, change: MembershipChange) -> Membership:
    starts_on, until = change.starts_on, change.until
    if not is_known_day(starts_on) or not (until is None or is_known_day(until)):
        raise PersonRefused("days", "Give the first day, and the last or none, as dates such as 2026-10-01.")
    assert starts_on is not None and change.team_id is not None  # noqa: PT018 - for the type checker
    if until is not None and until <= starts_on:
        raise PersonRefused("days", f"{until} is not after {starts_on}; a membership lasts at least a day.", at=until)
    return Membership(member_id, change.team_id, starts_on, until)


def _goes_on_at(each: Membership, new: Membership) -> bool:
    return each.until is None and each.starts_on < new.starts_on


def first_difference(before: Sequence[Membership], after: Sequence[Membership]) -> date | None:
    """Return the first day on which somebody belongs elsewhere than before; None if there is none.

    What was decided before that day does not change: it went to the team of that day, or the last one before it.
    """
    days = sorted({day for each in (*before, *after) for day in (each.starts_on, each.until) if day is not None})
    return next((day for day in days if _team_on(before, day) != _team_on(after, day)), None)


def _team_on(memberships: Sequence[Membership], day: date) -> int | None:
    return next((each.team_id for each in memberships if each.covers(day)), None)
