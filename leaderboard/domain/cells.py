"""What a cell, one participant's month in one monthly SLA, comes to under the rules in force (K1-K7)."""

from collections.abc import Iterator
from datetime import datetime

from leaderboard.domain.agreement import Count, EventRate, Level, Sla, SlaRate, Sum
from leaderboard.domain.monthly import Cell, Tally, level_of_rate, level_of_total
from leaderboard.domain.periods import Month
from leaderboard.domain.points import COUNTED, Attainment, Credit
from leaderboard.domain.rules import Rules


def zero_cells(rules: Rules, month: Month) -> Iterator[Cell]:
    """Yield the cells that everybody active has, also without an event (K1)."""
    for sla in rules.monthly_slas(month):
        if sla.measure.kind != "rate":
            for participant in rules.participants(sla, month):
                yield Cell(sla.key, sla.participant, participant, month)


def rate_cells(rules: Rules, sla: str, level: Level, credit: Credit) -> Iterator[tuple[Cell, int]]:
    """Yield the cells of rates in which a decided clock of an SLA is a case, with 1 if it was in time (K3)."""
    if level in COUNTED:
        for cell in cells_of_rates(rules, sla, credit):
            yield cell, int(level is not Level.MISSED)


def cells_of_rates(rules: Rules, sla: str, credit: Credit) -> Iterator[Cell]:
    """Yield the cells of rates in which the clocks of an SLA that are credited alike are cases (K3)."""
    if credit.month is None:
        return
    for rate in rules.in_force(credit.month).rates_of.get(sla, ()):
        participant = credit.participant if rate.participant == credit.scope else credit.team_id
        if participant is not None:
            yield Cell(rate.key, rate.participant, participant, credit.month)


def score_cell(
    rules: Rules, cell: Cell, tally: Tally, now: datetime, reached_at: datetime | None = None
) -> Attainment | None:
    """Return the attainment of one participant's month (K1, K3, K5, K6); None where no SLA gives one.

    reached_at: when a count or sum reached the target of its level, if the caller knows.
    """
    sla, version = rules.sla_of(cell), rules.in_force(cell.month).version
    if sla is None or version is None:
        return None
    is_rate = isinstance(sla.measure, SlaRate | EventRate)
    if is_rate and tally.cases == 0:
        return None
    starts_at, ends_at = rules.months.bounds(cell.month)
    level = level_of_cell(rules, sla, cell, tally)
    decide = _decide_rate if is_rate else _decide_total
    level, decided_at = decide(level, ends_at, now, reached_at)
    team_id: int | None = cell.participant
    if cell.scope == "member":
        team_id = rules.membership.last_team_in(cell.participant, cell.month)
    return Attainment(
        sla=cell.sla,
        scope=cell.scope,
        participant=cell.participant,
        subject=str(cell.month),
        started_at=starts_at,
        team_id=team_id,
        month=cell.month,
        level=level,
        points=sla.points_of(level),
        value=tally.value,
        of_cases=tally.cases if is_rate else None,
        due_at=ends_at,
        stopped_at=None,
        decided_at=decided_at,
        version=version.id,
    )


def _decide_rate(level: Level, ends_at: datetime, now: datetime, _: object) -> tuple[Level, datetime | None]:
    """A rate with enough cases is pending until its month is over (K6)."""
    if level is Level.NONE:
        return level, None
    return (level, ends_at) if ends_at <= now else (Level.PENDING, None)


def _decide_total(
    level: Level, ends_at: datetime, now: datetime, reached_at: datetime | None
) -> tuple[Level, datetime | None]:
    """A count or sum is decided as soon as a level is reached, and missed when its month is over (K6)."""
    if level is not Level.MISSED:
        return level, reached_at
    return (level, ends_at) if ends_at <= now else (Level.PENDING, None)


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
