"""The rules in force: the organisation, its people, and the versions of its agreement."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import NamedTuple

from leaderboard.domain.agreement import (
    Agreement,
    Completion,
    Count,
    EventRate,
    Levels,
    Measure,
    ResponseTime,
    Sla,
    SlaRate,
    Sum,
)
from leaderboard.domain.clocks import ClockworkOf, OwnerOf
from leaderboard.domain.events import Event
from leaderboard.domain.monthly import TASK_ASSIGNED, TASK_COMPLETED, Cell, is_whole, prorated, share_of_month
from leaderboard.domain.organisation_file import Organisation
from leaderboard.domain.people import Teams
from leaderboard.domain.periods import Month, MonthFinder
from leaderboard.domain.working_time import ALL_TIME, Calendar, Clockwork, WorkingTime


class Team(NamedTuple):
    """A team as the rules know it."""

    id: int
    name: str
    side: str


class Version(NamedTuple):
    """An agreement and when it is in force: [starts_at, ends_at)."""

    id: int
    agreement: Agreement
    starts_at: datetime
    ends_at: datetime


class DecidedByEvents(NamedTuple):
    """An SLA that events decide. wanted: the event types without which it gives nothing."""

    sla: Sla
    wanted: frozenset[str]
    owner_of: OwnerOf


def event_types_of(measure: Measure) -> frozenset[str]:
    """Return the event types of which a subject needs one to count in a measure; none for a rate of an SLA."""
    if isinstance(measure, ResponseTime):
        return frozenset(measure.roles)
    if isinstance(measure, Completion):
        return frozenset({TASK_ASSIGNED})
    return frozenset() if isinstance(measure, SlaRate) else measure.counted_types


def types_in(measure: Measure) -> frozenset[str]:
    """Return every event type that a measure reads."""
    if isinstance(measure, Completion):
        return frozenset({TASK_ASSIGNED, TASK_COMPLETED})
    return event_types_of(measure) | (measure.in_types if isinstance(measure, EventRate) else frozenset())


class InForce:
    """What is agreed for a month. rates_of: the rates of each response-time SLA."""

    def __init__(self, version: Version | None) -> None:
        self.version = version
        slas = () if version is None else version.agreement.slas
        self.monthly = [sla for sla in slas if sla.is_monthly]
        self.by_cell = {(sla.key, sla.participant): sla for sla in self.monthly}
        self.rates_of: dict[str, list[Sla]] = {}
        for sla in self.monthly:
            if isinstance(sla.measure, SlaRate):
                self.rates_of.setdefault(sla.measure.of_sla, []).append(sla)


def _all_time(_owner: int | None, _at: datetime) -> Clockwork:
    return ALL_TIME


@dataclass(frozen=True)
class Rules:
    """Everything that decides a score but for the events: organisation, people and agreement versions.

    versions: ascending by start. teams: by id. months: which month an instant falls in (T1).
    """

    organisation: Organisation
    membership: Teams
    teams: Mapping[int, Team]
    versions: Sequence[Version]
    months: MonthFinder

    @cached_property
    def _starts(self) -> list[datetime]:
        return [version.starts_at for version in self.versions]

    @cached_property
    def _newest(self) -> Sequence[Version]:
        return self.versions[-1:]

    def versions_between(self, first: datetime, last: datetime) -> Sequence[Version]:
        """Return the versions in force at some time from first to last (P6)."""
        newest = self._newest
        if newest and newest[0].starts_at <= first:
            return newest
        start = max(bisect_right(self._starts, first) - 1, 0)
        return self.versions[start : bisect_right(self._starts, last)]

    @cached_property
    def _decided_by_events(self) -> dict[int, list["DecidedByEvents"]]:
        return {
            version.id: [
                DecidedByEvents(sla, wanted, self.owner_of(sla.participant))
                for sla in version.agreement.slas
                if (wanted := event_types_of(sla.measure))
            ]
            for version in self.versions
        }

    def decided_by_events(self, version: Version) -> Sequence["DecidedByEvents"]:
        """Return a version's SLAs that events decide."""
        return self._decided_by_events[version.id]

    @cached_property
    def _slas_by_key(self) -> dict[tuple[int, str], Sla]:
        return {(version.id, sla.key): sla for version in self.versions for sla in version.agreement.slas}

    def sla_in(self, version_id: int, key: str) -> Sla | None:
        """Return an SLA as a version of the agreement has it; None if it has none of this key."""
        return self._slas_by_key.get((version_id, key))

    @cached_property
    def _by_month(self) -> dict[Month, "InForce"]:
        return {}

    def in_force(self, month: Month) -> "InForce":
        """Return what is agreed for a month: the version in force when it began (P6)."""
        found = self._by_month.get(month)
        if found is None:
            index = bisect_right(self._starts, self.months.bounds(month)[0]) - 1
            found = self._by_month[month] = InForce(None if index < 0 else self.versions[index])
        return found

    def version_now(self, now: datetime) -> Version | None:
        """Return the version in force, or else the first that is to come; None before any is agreed."""
        return self.in_force(self.months.month_of(now)).version or next(iter(self.versions), None)

    def monthly_slas(self, month: Month) -> Sequence[Sla]:
        """Return the SLAs of a month that give one result a participant and month."""
        return self.in_force(month).monthly

    def sla_of(self, cell: Cell) -> Sla | None:
        """Return a cell's SLA as its month has it, or None when it is not agreed or measures otherwise."""
        return self.in_force(cell.month).by_cell.get((cell.sla, cell.scope))

    def is_rate(self, cell: Cell) -> bool:
        """Tell whether a cell's SLA is a rate, as far as it is agreed."""
        sla = self.sla_of(cell)
        return sla is not None and sla.measure.kind == "rate"

    @cached_property
    def _working_times(self) -> dict[int | None, WorkingTime]:
        return {}

    def calendar_of(self, team_id: int | None) -> Calendar:
        """Return the calendar of a team, or else the organisation's (T2)."""
        team = None if team_id is None else self.teams.get(team_id)
        return self.organisation.calendar_of(team and team.name)

    def owner_of_member(self, event: Event) -> int | None:
        """Return the member that an event names (K7)."""
        return event.member_id

    def owner_of_team(self, event: Event) -> int | None:
        """Return the team that an event names, or else its member's team at that instant (C9, K7)."""
        if event.team_id is not None or event.member_id is None:
            return event.team_id
        return self.membership.team_at(event.member_id, event.occurred_at)

    def owner_of(self, scope: str) -> OwnerOf:
        """Return how an SLA with such participants reads an event's owner."""
        return self.owner_of_member if scope == "member" else self.owner_of_team

    def clockwork(self, sla: Sla, owner: int | None, at: datetime) -> Clockwork:
        """Return how time counts for a clock of an owner that starts at an instant (C9, C10)."""
        return self.clockwork_of(sla)(owner, at)

    def clockwork_of(self, sla: Sla) -> ClockworkOf:
        """Return how time counts for an SLA's clocks, by owner and the instant at which one starts (C9, C10)."""
        assert isinstance(sla.measure, ResponseTime)
        if not sla.measure.is_working:
            return _all_time
        if sla.measure.credit == "closer":
            return self._organisations_time
        return self._own_time if sla.participant == "team" else self._time_of_team_then

    def _organisations_time(self, _owner: int | None, _at: datetime) -> Clockwork:
        return self._working_time(None)

    def _own_time(self, owner: int | None, _at: datetime) -> Clockwork:
        return self._working_time(owner)

    def _time_of_team_then(self, owner: int | None, at: datetime) -> Clockwork:
        return self._working_time(None if owner is None else self.membership.team_at(owner, at))

    def _working_time(self, team_id: int | None) -> WorkingTime:
        found = self._working_times.get(team_id)
        if found is None:
            found = self._working_times[team_id] = self.calendar_of(team_id).working_time
        return found

    def calendar_of_clock(self, sla: Sla, owner: int | None, at: datetime) -> Calendar | None:
        """Return the calendar by which `clockwork` counts; None for a clock that never stops."""
        clockwork = self.clockwork(sla, owner, at)
        return clockwork.calendar if isinstance(clockwork, WorkingTime) else None

    def participants(self, sla: Sla, month: Month) -> Iterator[int]:
        """Yield those active on the side that promises, who have a result each month, if only for a part of it."""
        members = self.membership.members_of(month)
        theirs = {team_id: members[team_id] for team_id in members if self.teams[team_id].side == sla.side}
        yield from theirs if sla.participant == "team" else sorted(set().union(*theirs.values()))

    def targets(self, sla: Sla, participant: int, month: Month) -> Levels:
        """Return the targets of a month: of a count or sum, prorated for a member of part of the month (K5)."""
        if sla.participant == "team" or not isinstance(sla.measure, Count | Sum):
            return sla.levels
        theirs = self.membership.memberships_in(participant, month)
        if not theirs or is_whole(month, theirs):
            return sla.levels
        share = share_of_month(month, theirs, self.calendar_of(theirs[-1].team_id))
        exceeded = sla.levels.exceeded
        return Levels(prorated(sla.levels.met, share), None if exceeded is None else prorated(exceeded, share))
