"""What SLAs came to in closed months: the times of occurrences by band, and the values of monthly results.

team_ids: the teams that the reader sees, None for all.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, func, select

from leaderboard.storage.compliance_tables import Tally
from leaderboard.storage.tables import AttainmentRow

RATE_PARTS = 10_000


def came_to() -> ColumnElement[Any]:
    """Return what a monthly result came to, so that results can be compared: of a rate its share in RATE_PARTS."""
    row = AttainmentRow
    return case((row.of_cases > 0, row.value * RATE_PARTS // row.of_cases), else_=row.value)


def bands_by_month(
    connection: Connection, months: Sequence[str], slas: Sequence[str], team_ids: Sequence[int] | None
) -> Iterator[tuple[str, str, int, int]]:
    """Yield month, SLA, band and number of what was decided."""
    if not slas:
        return
    number = func.sum(Tally.met + Tally.exceeded + Tally.missed)
    where = [Tally.month.in_(months), Tally.scope == "team", Tally.sla.in_(slas)]
    where += [] if team_ids is None else [Tally.team_id.in_(team_ids)]
    keys = (Tally.month, Tally.sla, Tally.band)
    for month, sla, band, count in connection.execute(select(*keys, number).where(*where).group_by(*keys)):
        yield month, sla, band, int(count)


def values_by_month(
    connection: Connection, months: Sequence[str], slas: Sequence[str], team_ids: Sequence[int] | None
) -> Iterator[tuple[str, str, int, int]]:
    """Yield month, SLA, value, and number of the monthly results that came to that.

    The value of a rate is in parts of RATE_PARTS, rounded down: so shares of whole parts are told exactly.
    """
    if not slas:
        return
    row = AttainmentRow
    where = [row.subject.in_(months), row.sla.in_(slas), row.is_monthly == 1]
    where += [row.level.in_(("met", "exceeded", "missed")), row.value.is_not(None)]
    where += [] if team_ids is None else [row.team_id.in_(team_ids)]
    value = came_to().label("came_to")
    keys = (row.subject, row.sla, value)
    counted = select(*keys, func.count()).where(*where).group_by(row.subject, row.sla, value)
    for month, sla, found, count in connection.execute(counted):
        yield month, sla, int(found), count
