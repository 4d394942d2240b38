"""The engine: what one subject, and one participant's month, come to under the rules in force.

Scoring, verifying and trying out a draft all run this code and no other.
"""

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
    Level,
    Levels,
    ResponseTime,
    Sla,
    SlaRate,
    Sum,
)
from leaderboard.domain.clocks import OwnerOf, run_clocks
from leaderboard.domain.events import Event, before
from leaderboard.domain.monthly import (
    evidence_of,
    is_whole,
    level_of_rate,
    level_of_total,
    prorated,
    share_of_month,
    task_results,
)
from leaderboard.domain.organisation_file import Organisation
from leaderboard.domain.people import Teams
from leaderboard.domain.periods import Month, MonthFinder, month_finder
from leaderboard.domain.points import COUNTED, Attainment
from leaderboard.domain.working_time import ALL_TIME, MICROSECOND, Calendar, Clockwork


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


class Cell(NamedTuple):
    """One participant's month in one monthly SLA."""

    sla: str
    scope: str
    participant: int
    month: Month


class Tally(NamedTuple):
    """What is counted in a cell so far. value: subjects, minor units, or cases in time; cases: all of a rate's."""

    value: int = 0
    cases: int = 0

    def plus(self, value: int, cases: int) -> "Tally":
        """Return the tally with so much more."""
        return Tally(self.value + value, self.cases + cases)


class SubjectEvidence(NamedTuple):
    """What a subject puts into a cell."""

    cell: Cell
    at: datetime
    amount: int
    cases: int


class SubjectScore(NamedTuple):
    """All that one subject comes to. wakes_at: when its next known event lies in the future, if it does."""

    attainments: list[Attainment]
    evidence: list[SubjectEvidence]
    anomalies: list[tuple[str, Event]]
    months: set[Month]
    wakes_at: datetime | None


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


@dataclass(frozen=True)
class Rules:
    """Everything that decides a score but for the events: organisation, people and agreement versions.

    versions: ascending by start. teams: by id.
    """

    organisation: Organisation
    membership: Teams
    teams: Mapping[int, Team]
    versions: Sequence[Version]

    @cached_property
    def months(self) -> MonthFinder:
        """Which month an instant falls in (T1)."""
        return month_finder(self.organisation.time_zone)

    @cached_property
    def _starts(self) -> list[datetime]:
        return [version.starts_at for version in self.versions]

    def versions_between(self, first: datetime, last: datetime) -> Sequence[Version]:
        """Return the versions in force at some time from first to last (P6)."""
        start = max(bisect_right(self._starts, first) - 1, 0)
        return self.versions[start : bisect_right(self._starts, last)]

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

    def monthly_slas(self, month: Month) -> Sequence[Sla]:
        """Return the SLAs of a month that give one result a participant and month."""
        return self.in_force(month).monthly

    def sla_of(self, cell: Cell) -> Sla | None:
        """Return a cell's SLA as its month has it, or None when it is not agreed or measures otherwise."""
        return self.in_force(cell.month).by_cell.get((cell.sla, cell.scope))

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
        assert isinstance(sla.measure, ResponseTime)
        if not sla.measure.is_working:
            return ALL_TIME
        if owner is None or sla.measure.credit == "closer":
            return self.organisation.calendar.working_time
        team_id = owner if sla.participant == "team" else self.membership.team_at(owner, at)
        return self.calendar_of(team_id).working_time

    def participants(self, sla: Sla, month: Month) -> Iterator[int]:
        """Yield those active on the side that promises, who have a result each month, if only for a part of it."""
        members = self.membership.members_of(month)
        theirs = {team_id: members[team_id] for team_id in members if self.teams[team_id].side == sla.side}
        yield from theirs if sla.participant == "team" else sorted(set().union(*theirs.values()))

    def targets(self, sla: Sla, participant: int, month: Month) -> Levels:
        """Return the targets of a count or sum, prorated for a member of part of the month (K5)."""
        if sla.participant == "team":
            return sla.levels
        theirs = self.membership.memberships_in(participant, month)
        if not theirs or is_whole(month, theirs):
            return sla.levels
        share = share_of_month(month, theirs, self.calendar_of(theirs[-1].team_id))
        exceeded = sla.levels.exceeded
        return Levels(prorated(sla.levels.met, share), None if exceeded is None else prorated(exceeded, share))


def score_subject(rules: Rules, subject: str, known: Sequence[Event], now: datetime) -> SubjectScore:
    """Return all that one subject comes to by `now`.

    known: all its events, in order (events.in_order); those after now wait for their time.
    """
    events = before(known, now)
    wakes_at = None if len(events) == len(known) else known[len(events)].occurred_at
    score = SubjectScore([], [], [], set(), wakes_at)
    if not events:
        return score
    types = {event.type for event in events}
    month_of = rules.months.month_of
    first, last = month_of(events[0].occurred_at), month_of(events[-1].occurred_at)
    score.months.update((first, last))
    if first.next < last:
        score.months.update(month_of(event.occurred_at) for event in events)
    for version in rules.versions_between(events[0].occurred_at, events[-1].occurred_at):
        for sla in version.agreement.slas:
            measure = sla.measure
            if isinstance(measure, ResponseTime):
                if not types.isdisjoint(measure.roles):
                    _score_clocks(rules, version, sla, subject, events, now, score)
            elif isinstance(measure, Completion):
                _score_tasks(rules, version, sla, subject, events, now, score)
            elif isinstance(measure, Count | Sum | EventRate) and not types.isdisjoint(measure.counted_types):
                _collect_evidence(rules, version, sla, events, score)
    return score


def _score_clocks(
    rules: Rules,
    version: Version,
    sla: Sla,
    subject: str,
    events: Sequence[Event],
    now: datetime,
    score: SubjectScore,
) -> None:
    assert isinstance(sla.measure, ResponseTime)
    clocks = run_clocks(
        sla.measure,
        sla.levels,
        events,
        now,
        rules.owner_of(sla.participant),
        lambda owner, at: rules.clockwork(sla, owner, at),
    )
    for clock in clocks.results:
        if clock.owner is None or not version.starts_at <= clock.started_at < version.ends_at:
            continue
        value = None if clock.value is None else clock.value // MICROSECOND
        score.attainments.append(
            _attainment(
                rules,
                version,
                sla,
                subject,
                clock.owner,
                clock.started_at,
                clock.level,
                value,
                clock.due_at,
                clock.stopped_at,
                clock.decided_at,
            )
        )
    score.anomalies.extend(
        (sla.key, event) for event in clocks.anomalies if version.starts_at <= event.occurred_at < version.ends_at
    )


def _score_tasks(
    rules: Rules,
    version: Version,
    sla: Sla,
    subject: str,
    events: Sequence[Event],
    now: datetime,
    score: SubjectScore,
) -> None:
    assert isinstance(sla.measure, Completion)
    for task in task_results(sla.measure, sla.levels, events, now, rules.owner_of(sla.participant)):
        if version.starts_at <= task.started_at < version.ends_at:
            value = None if task.value is None else task.value // MICROSECOND
            score.attainments.append(
                _attainment(
                    rules,
                    version,
                    sla,
                    subject,
                    task.owner,
                    task.started_at,
                    task.level,
                    value,
                    task.due_at,
                    task.stopped_at,
                    task.decided_at,
                )
            )


def _attainment(
    rules: Rules,
    version: Version,
    sla: Sla,
    subject: str,
    owner: int,
    started_at: datetime,
    level: Level,
    value: int | None,
    due_at: datetime | None,
    stopped_at: datetime | None,
    decided_at: datetime | None,
) -> Attainment:
    """Return the attainment of one occurrence, credited at its decision (P3)."""
    team_id: int | None = owner
    if sla.participant == "member":
        team_id = rules.membership.team_at_or_before(owner, started_at if decided_at is None else decided_at)
    month = None if decided_at is None else rules.months.month_of(decided_at)
    return Attainment(
        sla.key,
        sla.participant,
        owner,
        subject,
        started_at,
        team_id,
        month,
        level,
        sla.points_of(level),
        value,
        None,
        due_at,
        stopped_at,
        decided_at,
        version.id,
    )


def _collect_evidence(rules: Rules, version: Version, sla: Sla, events: Sequence[Event], score: SubjectScore) -> None:
    assert isinstance(sla.measure, Count | Sum | EventRate)
    cases = 1 if isinstance(sla.measure, EventRate) else 0
    for each in evidence_of(sla.measure, events, rules.owner_of(sla.participant), rules.months):
        if rules.in_force(each.month).version is version:
            cell = Cell(sla.key, sla.participant, each.participant, each.month)
            score.evidence.append(SubjectEvidence(cell, each.at, each.amount, cases))


def rate_cells(rules: Rules, attainment: Attainment) -> Iterator[tuple[Cell, int]]:
    """Yield the cells of rates in which a decided clock is a case, with 1 if it was in time (K3)."""
    if attainment.month is None or attainment.level not in COUNTED:
        return
    for sla in rules.in_force(attainment.month).rates_of.get(attainment.sla, ()):
        participant = attainment.participant if sla.participant == attainment.scope else attainment.team_id
        if participant is not None:
            cell = Cell(sla.key, sla.participant, participant, attainment.month)
            yield cell, int(attainment.level is not Level.MISSED)


def score_cell(
    rules: Rules, cell: Cell, tally: Tally, now: datetime, reached_at: datetime | None = None
) -> Attainment | None:
    """Return the attainment of one participant's month (K1, K3, K5, K6); None where no SLA gives one.

    reached_at: when a count or sum reached the target of its level, if the caller knows.
    """
    sla, version = rules.sla_of(cell), rules.in_force(cell.month).version
    if sla is None or version is None:
        return None
    starts_at, ends_at = rules.months.bounds(cell.month)
    is_over = ends_at <= now
    level = level_of_cell(rules, sla, cell, tally)
    if isinstance(sla.measure, SlaRate | EventRate):
        if tally.cases == 0:
            return None
        if not is_over and level is not Level.NONE:
            level = Level.PENDING
        decided_at = ends_at if is_over and level is not Level.NONE else None
        cases: int | None = tally.cases
    else:
        is_reached = level is not Level.MISSED
        decided_at = reached_at if is_reached else ends_at if is_over else None
        level = level if is_reached or is_over else Level.PENDING
        cases = None
    team_id: int | None = cell.participant
    if cell.scope == "member":
        team_id = rules.membership.last_team_in(cell.participant, cell.month)
    return Attainment(
        cell.sla,
        cell.scope,
        cell.participant,
        str(cell.month),
        starts_at,
        team_id,
        cell.month,
        level,
        sla.points_of(level),
        tally.value,
        cases,
        ends_at,
        None,
        decided_at,
        version.id,
    )


def level_of_cell(rules: Rules, sla: Sla, cell: Cell, tally: Tally) -> Level:
    """Return the level that a tally makes, as if the month were over."""
    if isinstance(sla.measure, SlaRate | EventRate):
        return level_of_rate(tally.value, tally.cases, sla.levels, sla.measure.at_least)
    targets = rules.targets(sla, cell.participant, cell.month)
    return level_of_total(tally.value, targets.met, targets.exceeded)


def target_reached(rules: Rules, cell: Cell, tally: Tally) -> int | None:
    """Return the target of the level that a count or sum has reached; None for none, and for rates."""
    sla = rules.sla_of(cell)
    if sla is None or not isinstance(sla.measure, Count | Sum):
        return None
    targets = rules.targets(sla, cell.participant, cell.month)
    level = level_of_total(tally.value, targets.met, targets.exceeded)
    return {Level.MET: targets.met, Level.EXCEEDED: targets.exceeded}.get(level)
