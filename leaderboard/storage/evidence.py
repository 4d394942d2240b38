"""Queries of evidence: what each subject puts into a participant's month."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from leaderboard.domain.monthly import Cell, SubjectEvidence
from leaderboard.domain.periods import Month, month_of_key
from leaderboard.storage.bulk import KEYS_A_QUERY, among, insert_rows, keyed, mark
from leaderboard.storage.database import from_micros, to_micros
from leaderboard.storage.tables import EvidenceRow

CELL = {"sla": "TEXT", "month": "TEXT", "scope": "TEXT", "participant_id": "BIGINT"}
SAME_CELL = " AND ".join(f"evidence.{name} = wanted.{name}" for name in CELL)
# What comes at one instant is taken together, as reached_at does.
REACHED = f"""instants AS (
    SELECT {", ".join(f"wanted.{name}" for name in CELL)}, wanted.target, evidence.at, SUM(evidence.amount) AS amount
    FROM wanted JOIN evidence ON {SAME_CELL}
    GROUP BY {", ".join(f"wanted.{name}" for name in CELL)}, wanted.target, evidence.at
), totals AS (
    SELECT instants.*, SUM(amount) OVER (
        PARTITION BY {", ".join(CELL)} ORDER BY at ROWS UNBOUNDED PRECEDING
    ) AS total FROM instants
)
SELECT {", ".join(CELL)}, MIN(at) FROM totals WHERE total >= target GROUP BY {", ".join(CELL)}"""
EVIDENCE_COLUMNS = ("subject", "sla", "month", "scope", "participant_id", "at", "amount")


def evidence_of(connection: Connection, subjects: Sequence[str]) -> dict[str, dict[tuple[Cell, datetime], int]]:
    """Return what each subject puts into which cells at which instants."""
    found: dict[str, dict[tuple[Cell, datetime], int]] = {}
    where, values = among(connection, subjects)
    sql = f"SELECT {', '.join(EVIDENCE_COLUMNS)} FROM evidence WHERE subject {where}"
    rows = connection.exec_driver_sql(sql, values).cursor.fetchall()
    for subject, sla, month, scope, participant, at, amount in rows:
        cell = Cell(sla, scope, participant, month_of_key(month))
        found.setdefault(subject, {})[cell, from_micros(at)] = amount
    return found


def write_evidence(
    connection: Connection,
    new: Iterable[tuple[str, SubjectEvidence]],
    again: Iterable[tuple[str, SubjectEvidence]],
    gone: Iterable[tuple[str, Cell, datetime]],
) -> None:
    """Insert new evidence of subjects, overwrite what has another amount now, and take away what no longer holds."""
    if keys := [(subject, *_key(cell), to_micros(at)) for subject, cell, at in gone]:
        where = " AND ".join(f"{name} = {mark(connection)}" for name in EVIDENCE_COLUMNS[:-1])
        connection.exec_driver_sql(f"DELETE FROM evidence WHERE {where}", keys)
    table = EvidenceRow.__tablename__
    insert_rows(connection, table, EVIDENCE_COLUMNS, [_row(*each) for each in new])
    overwrite = "(subject, sla, month, scope, participant_id, at) DO UPDATE SET amount = excluded.amount"
    insert_rows(connection, table, EVIDENCE_COLUMNS, [_row(*each) for each in again], overwrite)


def _row(subject: str, each: SubjectEvidence) -> tuple[Any, ...]:
    """Return a subject's evidence as EVIDENCE_COLUMNS."""
    cell = each.cell
    return subject, cell.sla, cell.month.key, cell.scope, cell.participant, to_micros(each.at), each.amount


def evidence_in_cells(connection: Connection, cells: Sequence[Cell]) -> dict[Cell, list[tuple[datetime, int]]]:
    """Return the instants and amounts in some cells, each cell's by instant, then subject."""
    found: dict[Cell, list[tuple[datetime, int]]] = {}
    for start in range(0, len(cells), KEYS_A_QUERY):
        wanted, values = keyed(connection, CELL, [_key(cell) for cell in cells[start : start + KEYS_A_QUERY]])
        rows = connection.exec_driver_sql(
            f"WITH {wanted} SELECT evidence.sla, evidence.month, evidence.scope, evidence.participant_id, "
            f"evidence.at, evidence.amount FROM wanted JOIN evidence ON {SAME_CELL} "
            "ORDER BY evidence.at, evidence.subject",
            values,
        ).all()
        for sla, month, scope, participant, at, amount in rows:
            cell = Cell(sla, scope, participant, month_of_key(month))
            found.setdefault(cell, []).append((from_micros(at), amount))
    return found


def targets_reached_at(connection: Connection, targets: Mapping[Cell, int]) -> dict[Cell, datetime]:
    """Return when the running total of each cell first reached its target (K6); domain.monthly.reached_at in SQL."""
    found: dict[Cell, datetime] = {}
    keys = [(*_key(cell), target) for cell, target in targets.items()]
    for start in range(0, len(keys), KEYS_A_QUERY):
        wanted, values = keyed(connection, {**CELL, "target": "BIGINT"}, keys[start : start + KEYS_A_QUERY])
        for sla, month, scope, participant, at in connection.exec_driver_sql(f"WITH {wanted}, {REACHED}", values):
            found[Cell(sla, scope, participant, month_of_key(month))] = from_micros(at)
    return found


def places_reached_at(connection: Connection, places: Mapping[Cell, int]) -> dict[Cell, datetime]:
    """Return when each cell had so many pieces of evidence, from 1: targets_reached_at where each counts one.

    The index alone answers, and nothing is added up.
    """
    found: dict[Cell, datetime] = {}
    cells = list(places)
    where = " AND ".join(f"{name} = {mark(connection)}" for name in CELL)
    nth = f"(SELECT at FROM evidence WHERE {where} ORDER BY at LIMIT 1 OFFSET {mark(connection)})"
    for start in range(0, len(cells), KEYS_A_QUERY):
        chunk = cells[start : start + KEYS_A_QUERY]
        sql = " UNION ALL ".join(f"SELECT {place}, {nth}" for place in range(len(chunk)))
        values = [value for cell in chunk for value in (*_key(cell), places[cell] - 1)]
        for place, at in connection.exec_driver_sql(sql, tuple(values)):
            if at is not None:
                found[chunk[place]] = from_micros(at)
    return found


def _key(cell: Cell) -> tuple[str, str, str, int]:
    """Return a cell as CELL."""
    return cell.sla, cell.month.key, cell.scope, cell.participant


def evidence_sums(connection: Connection, month: Month) -> Iterator[tuple[Cell, int, int]]:
    """Yield the cells of a month that have evidence, with the sum and the number of it."""
    rows = connection.execute(
        select(
            EvidenceRow.sla,
            EvidenceRow.scope,
            EvidenceRow.participant_id,
            func.sum(EvidenceRow.amount),
            func.count(),
        )
        .where(EvidenceRow.month == str(month))
        .group_by(EvidenceRow.sla, EvidenceRow.scope, EvidenceRow.participant_id)
    )
    for sla, scope, participant, amount, number in rows:
        yield Cell(sla, scope, participant, month), int(amount), number
