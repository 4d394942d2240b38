"""The course of a month: each SLA that somebody is measured by, how far it is, and what is missing (K1-K6)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from leaderboard.domain.agreement import Count, EventRate, Level, Levels, ResponseTime, Sla, SlaRate, Sum
from leaderboard.domain.courses import Course, course_of_rate, course_of_total
from leaderboard.domain.periods import Month
from leaderboard.domain.rules import Rules
from leaderboard.services.rules import RuleBook
from leaderboard.storage import member_results


@dataclass(frozen=True)
class SlaCourse:
    """One SLA in a month so far. scope: whose, the member's own or their team's; counts: occurrences by level.

    attainment_id: the month's result, None while there is none. value, cases: as an attainment has them.
    targets: prorated (K5), as is_prorated says. waiting: occurrences that are open. points: earned by now.
    """

    key: str
    title: str
    scope: str
    kind: str
    is_working: bool
    is_of_events: bool
    levels: Levels
    targets: Levels
    is_prorated: bool
    at_least: int
    met_points: int
    exceeded_points: int
    counts: Mapping[str, int]
    value: int
    cases: int
    course: Course | None
    points: int
    waiting: int
    attainment_id: int | None

    @property
    def in_time(self) -> int:
        """How many occurrences were met or exceeded."""
        return self.counts.get(Level.MET, 0) + self.counts.get(Level.EXCEEDED, 0)

    @property
    def decided(self) -> int:
        """How many occurrences were decided."""
        return self.in_time + self.counts.get(Level.MISSED, 0)


def courses_of(
    connection: Connection, book: RuleBook, member_id: int, month: Month, waiting: Mapping[str, int]
) -> list[SlaCourse]:
    """Return the SLAs of a month for a member, and those of the team they are in, in the agreement's order.

    waiting: the member's open occurrences by SLA. Four statements at most. Those of the other side are left out,
    unless the member has a result in them.
    """
    team_id = book.rules.membership.team_in(member_id, month)
    theirs = _Found(connection, book.rules, month, "member", member_id, waiting)
    found = [theirs]
    if team_id is not None:
        found.append(_Found(connection, book.rules, month, "team", team_id, {}))
    side = None if team_id is None else book.rules.teams[team_id].side
    version = book.rules.in_force(month).version
    slas = () if version is None else version.agreement.slas
    return [
        each.course(sla)
        for each in found
        for sla in slas
        if sla.participant == each.scope and (sla.side == side or each.has(sla))
    ]


class _Found:
    """What one participant has in a month, by SLA."""

    def __init__(
        self,
        connection: Connection,
        rules: Rules,
        month: Month,
        scope: str,
        participant: int,
        waiting: Mapping[str, int],
    ) -> None:
        self.rules, self.month, self.scope, self.participant, self.waiting = rules, month, scope, participant, waiting
        self.occurrences = _by_sla(member_results.occurrences_in(connection, month.key, scope, participant))
        self.monthly = {row.sla: row for row in member_results.monthly_in(connection, month.key, scope, participant)}

    def has(self, sla: Sla) -> bool:
        """Tell whether there is anything of an SLA."""
        return any(sla.key in each for each in (self.occurrences, self.monthly, self.waiting))

    def course(self, sla: Sla) -> SlaCourse:
        """Return how far an SLA is."""
        rows, result = self.occurrences.get(sla.key, []), self.monthly.get(sla.key)
        counts = {row.level: row.number for row in rows}
        value = 0 if result is None else result.value or 0
        cases = 0 if result is None else result.of_cases or 0
        targets = self.rules.targets(sla, self.participant, self.month)
        return SlaCourse(
            key=sla.key,
            title=sla.title,
            scope=self.scope,
            kind=sla.measure.kind,
            is_working=isinstance(sla.measure, ResponseTime) and sla.measure.is_working,
            is_of_events=isinstance(sla.measure, EventRate),
            levels=sla.levels,
            targets=targets,
            is_prorated=targets != sla.levels,
            at_least=sla.measure.at_least if isinstance(sla.measure, SlaRate | EventRate) else 0,
            met_points=sla.met_points,
            exceeded_points=sla.exceeded_points,
            counts=counts,
            value=value,
            cases=cases,
            course=_course(sla, targets, value, cases),
            points=sum(int(row.points) for row in rows) if result is None else result.points,
            waiting=self.waiting.get(sla.key, 0),
            attainment_id=None if result is None else result.id,
        )


def _course(sla: Sla, targets: Levels, value: int, cases: int) -> Course | None:
    """Return what is missing in a monthly SLA; None for what is decided one by one."""
    measure = sla.measure
    if isinstance(measure, Count | Sum):
        return course_of_total(value, targets)
    if isinstance(measure, SlaRate | EventRate):
        return course_of_rate(value, cases, targets, measure.at_least, is_fixed=isinstance(measure, EventRate))
    return None


def _by_sla(rows: Iterable[Any]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for row in rows:
        found.setdefault(row.sla, []).append(row)
    return found
