"""The engine: what one subject comes to under the rules in force.

Scoring, verifying and trying out a draft all run this code and no other.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from leaderboard.domain.agreement import Completion, Count, EventRate, ResponseTime, Sla, Sum
from leaderboard.domain.clocks import ClockResult, run_clocks
from leaderboard.domain.events import Event, before
from leaderboard.domain.monthly import Cell, SubjectEvidence, TaskResult, evidence_of, task_results
from leaderboard.domain.periods import Month
from leaderboard.domain.points import Attainment
from leaderboard.domain.rules import Rules, Version
from leaderboard.domain.working_time import MICROSECOND


class SubjectScore(NamedTuple):
    """All that one subject comes to. wakes_at: when its next known event lies in the future, if it does."""

    attainments: list[Attainment]
    evidence: list[SubjectEvidence]
    anomalies: list[tuple[str, Event]]
    months: set[Month]
    wakes_at: datetime | None


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
    rules: Rules, version: Version, sla: Sla, subject: str, events: Sequence[Event], now: datetime, score: SubjectScore
) -> None:
    assert isinstance(sla.measure, ResponseTime)
    owner_of = rules.owner_of(sla.participant)
    clocks = run_clocks(
        sla.measure, sla.levels, events, now, owner_of, lambda owner, at: rules.clockwork(sla, owner, at)
    )
    score.attainments.extend(
        _attainment(rules, version, sla, subject, clock.owner, clock)
        for clock in clocks.results
        if clock.owner is not None and version.starts_at <= clock.started_at < version.ends_at
    )
    score.anomalies.extend(
        (sla.key, event) for event in clocks.anomalies if version.starts_at <= event.occurred_at < version.ends_at
    )


def _score_tasks(
    rules: Rules, version: Version, sla: Sla, subject: str, events: Sequence[Event], now: datetime, score: SubjectScore
) -> None:
    assert isinstance(sla.measure, Completion)
    score.attainments.extend(
        _attainment(rules, version, sla, subject, task.owner, task)
        for task in task_results(sla.measure, sla.levels, events, now, rules.owner_of(sla.participant))
        if version.starts_at <= task.started_at < version.ends_at
    )


def _attainment(
    rules: Rules, version: Version, sla: Sla, subject: str, owner: int, result: ClockResult | TaskResult
) -> Attainment:
    """Return the attainment of one occurrence, credited at its decision (P3)."""
    team_id: int | None = owner
    started_at, decided_at = result.started_at, result.decided_at
    if sla.participant == "member":
        team_id = rules.membership.team_at_or_before(owner, started_at if decided_at is None else decided_at)
    return Attainment(
        sla=sla.key,
        scope=sla.participant,
        participant=owner,
        subject=subject,
        started_at=started_at,
        team_id=team_id,
        month=None if decided_at is None else rules.months.month_of(decided_at),
        level=result.level,
        points=sla.points_of(result.level),
        value=None if result.value is None else result.value // MICROSECOND,
        of_cases=None,
        due_at=result.due_at,
        stopped_at=result.stopped_at,
        decided_at=decided_at,
        version=version.id,
    )


def _collect_evidence(rules: Rules, version: Version, sla: Sla, events: Sequence[Event], score: SubjectScore) -> None:
    assert isinstance(sla.measure, Count | Sum | EventRate)
    cases = 1 if isinstance(sla.measure, EventRate) else 0
    for each in evidence_of(sla.measure, events, rules.owner_of(sla.participant), rules.months):
        if rules.in_force(each.month).version is version:
            cell = Cell(sla.key, sla.participant, each.participant, each.month)
            score.evidence.append(SubjectEvidence(cell, each.at, each.amount, cases))
