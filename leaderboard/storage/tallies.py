"""Queries that keep tallies in step, and what they must add up to; what pages read of them is in `compliance`."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, delete, select

from leaderboard.storage.bulk import Insertion
from leaderboard.storage.compliance_tables import Tally
from leaderboard.storage.tables import AttainmentRow


class TallyKey(NamedTuple):
    """Names one tally; fields as the table's columns."""

    month: str
    sla: str
    scope: str
    participant_id: int
    team_id: int
    band: int


ROWS_AT_ONCE = 10_000
COUNTS = ("points", "met", "exceeded", "missed")
_adds = ", ".join(f"{name} = tally.{name} + excluded.{name}" for name in COUNTS)
_is_empty = (Tally.met == 0) & (Tally.exceeded == 0) & (Tally.missed == 0) & (Tally.points == 0)


def addition(rows: Sequence[tuple[TallyKey, list[int]]]) -> Insertion:
    """Return what adds counts to tallies and makes those that are not there; counts as COUNTS."""
    return Insertion(
        Tally.__tablename__,
        (*TallyKey._fields, *COUNTS),
        [(*key, *counts) for key, counts in rows],
        f"({', '.join(TallyKey._fields)}) DO UPDATE SET {_adds}",
    )


def forget_if_empty(connection: Connection, keys: Sequence[TallyKey]) -> None:
    """Take those of some tallies away from which everything was taken back."""
    if keys:
        here = [getattr(Tally, name) == bindparam(f"of_{name}") for name in TallyKey._fields]
        values = [{f"of_{name}": value for name, value in key._asdict().items()} for key in keys]
        connection.execute(delete(Tally).where(*here, _is_empty), values)


def stored(connection: Connection) -> Iterator[tuple[TallyKey, list[int]]]:
    """Yield every tally with its counts."""
    columns = [getattr(Tally, name) for name in (*TallyKey._fields, *COUNTS)]
    for row in connection.execute(select(*columns)):
        yield TallyKey(*row[: len(TallyKey._fields)]), list(row[len(TallyKey._fields) :])


def counted_attainments(connection: Connection) -> Iterator[Any]:
    """Yield what tallies take of each attainment that counts, in a stream."""
    query = select(
        AttainmentRow.month,
        AttainmentRow.sla,
        AttainmentRow.scope,
        AttainmentRow.participant_id,
        AttainmentRow.team_id,
        AttainmentRow.is_monthly,
        AttainmentRow.value,
        AttainmentRow.level,
        AttainmentRow.points,
    ).where(AttainmentRow.level.in_(("met", "exceeded", "missed")), AttainmentRow.month.is_not(None))
    return iter(connection.execute(query, execution_options={"yield_per": ROWS_AT_ONCE}))
