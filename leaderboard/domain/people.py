"""Who belongs to which team when; history is kept, so that points stay where they were earned."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from leaderboard.domain.periods import Month, Period, midnight

EMAIL = re.compile(r"[^@\s\x00-\x20\x7f]+@[^@\s\x00-\x20\x7f]+")
FAR = datetime(9999, 12, 31, tzinfo=UTC)
NOWHERE: tuple[list[datetime], list[datetime], list[int]] = ([], [], [])


@dataclass(frozen=True)
class Membership:
    """A member in a team, from a day up to but not including `until` (None: still)."""

    member_id: int
    team_id: int
    starts_on: date
    until: date | None = None

    def covers(self, day: date) -> bool:
        """Tell whether the member belongs to the team on a day."""
        return self.starts_on <= day and (self.until is None or day < self.until)


def is_email(text: str) -> bool:
    """Tell whether a text is an e-mail address, as far as a look at it can tell."""
    return EMAIL.fullmatch(text) is not None


def overlapping(memberships: Iterable[Membership]) -> tuple[Membership, Membership] | None:
    """Return two memberships of one member that share a day, if any: a member is in one team at a time."""
    ordered = sorted(memberships, key=lambda each: each.starts_on)
    for earlier, later in pairwise(ordered):
        if earlier.until is None or later.starts_on < earlier.until:
            return earlier, later
    return None


class Teams:
    """Answers in which team a member was; days begin at midnight in the organisation's time zone."""

    def __init__(self, memberships: Iterable[Membership], zone: ZoneInfo) -> None:
        self.zone = zone
        self.by_member: dict[int, list[Membership]] = {}
        for each in sorted(memberships, key=lambda each: each.starts_on):
            self.by_member.setdefault(each.member_id, []).append(each)
        self._spans = {
            member_id: (
                [midnight(each.starts_on, zone) for each in theirs],
                [FAR if each.until is None else midnight(each.until, zone) for each in theirs],
                [each.team_id for each in theirs],
            )
            for member_id, theirs in self.by_member.items()
        }

    def team_at(self, member_id: int, at: datetime) -> int | None:
        """Return the team that a member belongs to at an instant, or None."""
        starts, ends, teams = self._spans.get(member_id, NOWHERE)
        index = bisect_right(starts, at) - 1
        return None if index < 0 or at >= ends[index] else teams[index]

    def team_at_or_before(self, member_id: int, at: datetime) -> int | None:
        """Return the member's team at an instant, or else the last one before it (P3)."""
        starts, _, teams = self._spans.get(member_id, NOWHERE)
        index = bisect_right(starts, at) - 1
        return None if index < 0 else teams[index]

    def last_team_in(self, member_id: int, month: Month) -> int | None:
        """Return the team that a member was last in that month, or else before it (K7)."""
        _, end = month.bounds(self.zone)
        return self.team_at_or_before(member_id, end - timedelta(microseconds=1))

    def team_in(self, member_id: int, period: Period) -> int | None:
        """Return the team that a member was last in within a period; None if in none then."""
        theirs = self.memberships_in(member_id, period)
        return theirs[-1].team_id if theirs else None

    def memberships_in(self, member_id: int, period: Period) -> Sequence[Membership]:
        """Return the member's memberships that share a day with a period."""
        return self._sharing_days(member_id, period.first_day, period.next.first_day)

    def _sharing_days(self, member_id: int, first: date, stop: date) -> list[Membership]:
        return [
            each
            for each in self.by_member.get(member_id, ())
            if each.starts_on < stop and (each.until is None or each.until > first)
        ]

    def active_in(self, period: Period) -> dict[int, int]:
        """Return the members active in a period (S2), each with the team they were last in then."""
        first, stop = period.first_day, period.next.first_day
        active = {}
        for member_id in self.by_member:
            if found := self._sharing_days(member_id, first, stop):
                active[member_id] = found[-1].team_id
        return active

    def is_active(self, scope: str, participant: int, period: Period) -> bool:
        """Tell whether a member belongs to any team, or a team has any member, at some time in a period (S2)."""
        if scope == "member":
            return bool(self.memberships_in(participant, period))
        return any(
            each.team_id == participant
            for member_id in self.by_member
            for each in self.memberships_in(member_id, period)
        )

    def members_of(self, period: Period) -> dict[int, set[int]]:
        """Return for each team the members who belonged to it at some time in a period."""
        first, stop = period.first_day, period.next.first_day
        members: dict[int, set[int]] = {}
        for member_id in self.by_member:
            for each in self._sharing_days(member_id, first, stop):
                members.setdefault(each.team_id, set()).add(member_id)
        return members
