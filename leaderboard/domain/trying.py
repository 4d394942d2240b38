"""Trying out a draft: the rules as they would have been in a quarter that is closed."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from leaderboard.domain.agreement import Agreement, Completion, ResponseTime, Sla
from leaderboard.domain.instants import MICROSECOND
from leaderboard.domain.people import FAR
from leaderboard.domain.periods import Quarter
from leaderboard.domain.rules import Rules, Version
from leaderboard.domain.working_time import ALL_TIME, Clockwork

DRAFT_ID = 0  # no version that is stored has it


def with_draft(rules: Rules, agreement: Agreement, quarter: Quarter) -> Rules:
    """Return the rules as if an agreement had come into force on a quarter's first day.

    What it says of that itself does not matter. Until then all stays as it was agreed, so that clocks that were
    open already are judged by what was promised when they opened (P6).
    """
    starts_at = rules.months.bounds_of(quarter)[0]
    earlier = [each for each in rules.versions if each.starts_at < starts_at]
    if earlier:
        earlier[-1] = earlier[-1]._replace(ends_at=min(earlier[-1].ends_at, starts_at))
    return replace(rules, versions=[*earlier, Version(DRAFT_ID, agreement, starts_at, FAR)])


def last_run_out(rules: Rules, quarter: Quarter) -> datetime:
    """Return the instant before which all is decided that was open when a quarter began, and untouched in it.

    A clock that runs then has run out after its whole target at the latest, and one that is paused stays so. A task
    runs out on its date, whenever that is.
    """
    start, end = rules.months.bounds_of(quarter)
    latest = start
    for sla in (sla for version in rules.versions if version.starts_at < start for sla in version.agreement.slas):
        if isinstance(sla.measure, Completion):
            return end
        for clockwork in _clockworks(rules, sla):
            due_at = clockwork.due_at(start, sla.levels.met)
            decided_at = None if due_at is None else clockwork.next_running(due_at)
            latest = max(latest, end if decided_at is None else decided_at)
    return min(latest + MICROSECOND, end)


def _clockworks(rules: Rules, sla: Sla) -> Iterator[Clockwork]:
    """Yield how time may count for a clock of an SLA; nothing for another measure."""
    if isinstance(sla.measure, ResponseTime) and sla.measure.is_working:
        yield from (rules.calendar_of(team_id).working_time for team_id in (None, *rules.teams))
    elif isinstance(sla.measure, ResponseTime):
        yield ALL_TIME
