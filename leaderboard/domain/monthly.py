"""Monthly results: counts, sums and rates; and completions of tasks (K1-K7).

A month's result is the sum of what each subject puts in, its evidence. So a new event costs one
subject, however many are counted already.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta
from fractions import Fraction
from itertools import groupby
from typing import NamedTuple

from leaderboard.domain.agreement import Completion, Count, EventRate, Level, Levels, Sum
from leaderboard.domain.events import Event
from leaderboard.domain.people import Membership
from leaderboard.domain.periods import Month, MonthFinder
from leaderboard.domain.working_time import DAY, Calendar

TASK_ASSIGNED, TASK_COMPLETED = "task.assigned", "task.completed"

OwnerOf = Callable[[Event], int | None]


class Evidence(NamedTuple):
    """What one subject puts into one participant's month at an instant.

    amount: 1 for a count; for a sum the minor units by which the subject's amount changes; for a rate
    1 if the `in` event came, else 0.
    """

    participant: int
    month: Month
    at: datetime
    amount: int


class TaskResult(NamedTuple):
    """What one member made of one task (K4). value: time before the due date, negative after it."""

    owner: int
    started_at: datetime
    due_at: datetime
    stopped_at: datetime | None
    decided_at: datetime | None
    level: Level
    value: timedelta | None


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


def evidence_of(
    measure: Count | Sum | EventRate, events: Sequence[Event], owner_of: OwnerOf, months: MonthFinder
) -> list[Evidence]:
    """Return what one subject's events put into counts, sums and rates of events (K1, K3, K7).

    events: those of the subject that have happened, in order.
    """
    if isinstance(measure, EventRate):
        return _rate_evidence(measure, events, owner_of, months)
    if isinstance(measure, Sum):
        return _sum_evidence(measure, events, owner_of, months)
    found: list[Evidence] = []
    seen: set[tuple[int, str]] = set()
    for event in events:
        if event.type in measure.types and (owner := owner_of(event)) is not None:
            month = months.month_of(event.occurred_at)
            if (place := (owner, month.key)) not in seen:
                seen.add(place)
                found.append(tuple.__new__(Evidence, (owner, month, event.occurred_at, 1)))  # quicker, of millions
    return found


def _sum_evidence(measure: Sum, events: Sequence[Event], owner_of: OwnerOf, months: MonthFinder) -> list[Evidence]:
    """One amount a subject: the latest that the month gives. So each event puts in by how much it changes that."""
    amounts: dict[tuple[int, Month], int] = {}
    found: dict[tuple[int, Month, datetime], int] = {}
    for event in events:
        if event.type in measure.types and (owner := owner_of(event)) is not None:
            month = months.month_of(event.occurred_at)
            before = amounts.get((owner, month), 0)
            amount = before if event.amount_minor is None else event.amount_minor
            place = (owner, month, event.occurred_at)
            found[place] = found.get(place, 0) + amount - before
            amounts[owner, month] = amount
    return [Evidence(owner, month, at, amount) for (owner, month, at), amount in found.items()]


def _rate_evidence(
    measure: EventRate, events: Sequence[Event], owner_of: OwnerOf, months: MonthFinder
) -> list[Evidence]:
    found: dict[tuple[int, Month], Evidence] = {}
    for event in events:
        if event.type not in measure.of_types or (owner := owner_of(event)) is None:
            continue
        month = months.month_of(event.occurred_at)
        if (owner, month) in found:
            continue
        _, end = months.bounds(month)
        has_come = any(each.type in measure.in_types and event.occurred_at <= each.occurred_at < end for each in events)
        found[owner, month] = Evidence(owner, month, event.occurred_at, int(has_come))
    return list(found.values())


def level_of_total(total: int, met: int, exceeded: int | None) -> Level:
    """Return the level of a count or sum against its targets (inclusive); missed if below."""
    if exceeded is not None and total >= exceeded:
        return Level.EXCEEDED
    return Level.MET if total >= met else Level.MISSED


def level_of_rate(in_time: int, cases: int, levels: Levels, at_least: int) -> Level:
    """Return the level of a share of cases (K3); none when there are too few of them. Exact."""
    if cases < max(at_least, 1):
        return Level.NONE
    share = Fraction(in_time, cases)
    if levels.exceeded is not None and share >= Fraction(levels.exceeded):
        return Level.EXCEEDED
    return Level.MET if share >= Fraction(levels.met) else Level.MISSED


def reached_at(evidence: Iterable[tuple[datetime, int]], target: int) -> datetime | None:
    """Return when a running total first reached a target (K6); None if it never did.

    evidence: instants and amounts, by instant. What comes at one instant is taken together.
    """
    total = 0
    at: datetime
    for at, here in groupby(evidence, key=lambda each: each[0]):
        total += sum(amount for _, amount in here)
        if total >= target:
            return at
    return None


def prorated(target: int, share: Fraction) -> int:
    """Return a target times a share of the month, rounded up to a whole unit, at least 1 (K5)."""
    return max(1, -(-target * share.numerator // share.denominator))


def share_of_month(month: Month, memberships: Sequence[Membership], calendar: Calendar) -> Fraction:
    """Return the share of a month's working days on which a member belonged to a team (K5).

    memberships: the member's in that month. calendar: that of the team they were last in then; 1 if
    it has no working day in the month.
    """
    days = belonged = 0
    day: date = month.first_day
    while day < month.next.first_day:
        if calendar.hours_on(day):
            days += 1
            belonged += any(each.covers(day) for each in memberships)
        day += DAY
    return Fraction(belonged, days) if days else Fraction(1)


def is_whole(month: Month, memberships: Sequence[Membership]) -> bool:
    """Tell whether memberships, in order, cover every day of a month."""
    day = month.first_day
    for each in memberships:
        if each.starts_on > day:
            return False
        if each.until is None or each.until >= month.next.first_day:
            return True
        day = each.until
    return False


def task_results(
    _measure: Completion, levels: Levels, events: Sequence[Event], now: datetime, owner_of: OwnerOf
) -> list[TaskResult]:
    """Return what each member made of one task (K4).

    events: those of the task that have happened, in order. Its due date is that of the last
    assignment up to the completion, or of the first one if the task was done before any. A completion
    that names nobody is that of all who have the task by then. Missed is decided at the due date.
    """
    assigned: dict[int, list[Event]] = {}
    completions: list[tuple[datetime, int | None]] = []
    for event in events:
        if event.type == TASK_ASSIGNED and event.due_at is not None and (owner := owner_of(event)) is not None:
            assigned.setdefault(owner, []).append(event)
        elif event.type == TASK_COMPLETED:
            completions.append((event.occurred_at, owner_of(event)))
    results = []
    for owner, theirs in assigned.items():
        begun = theirs[0].occurred_at
        done = (at for at, by in completions if by == owner or (by is None and at >= begun))
        results.append(_task_result(levels, owner, theirs, next(done, None), now))
    return results


def _task_result(
    levels: Levels, owner: int, assigned: Sequence[Event], completed_at: datetime | None, now: datetime
) -> TaskResult:
    known = [each for each in assigned if completed_at is None or each.occurred_at <= completed_at]
    task = known[-1] if known else assigned[0]
    due_at = task.due_at
    assert due_at is not None
    early = None if completed_at is None else due_at - completed_at
    level, decided_at = Level.MISSED if early is None else _task_level(early, levels), completed_at
    if level is Level.MISSED:  # decided when its date is over, also if it was done before that but too late
        level, decided_at = (level, due_at) if now > due_at else (Level.PENDING, None)
    return TaskResult(owner, task.occurred_at, due_at, completed_at, decided_at, level, early)


def _task_level(early: timedelta, levels: Levels) -> Level:
    if levels.exceeded is not None and early >= levels.exceeded:
        return Level.EXCEEDED
    return Level.MET if early >= levels.met else Level.MISSED
