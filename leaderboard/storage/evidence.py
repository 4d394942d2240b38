"""Queries of evidence: what each subject puts into a participant's month."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, select, tuple_, type_coerce

from leaderboard.domain.monthly import Cell, SubjectEvidence
from leaderboard.domain.periods import Month, month_of_key
from leaderboard.storage.bulk import insert_rows
from leaderboard.storage.database import Big, from_micros, to_micros
from leaderboard.storage.tables import EvidenceRow

CELLS_A_QUERY = 400

EVIDENCE_COLUMNS = ("subject", "sla", "month", "scope", "participant_id", "at", "amount")


def evidence_of(connection: Connection, subjects: Sequence[str]) -> dict[str, dict[tuple[Cell, datetime], int]]:
    """Return what each subject puts into which cells at which instants."""
    found: dict[str, dict[tuple[Cell, datetime], int]] = {}
    rows = connection.execute(
        select(
            EvidenceRow.subject,
            EvidenceRow.sla,
            EvidenceRow.month,
            EvidenceRow.scope,
            EvidenceRow.participant_id,
            EvidenceRow.at,
            EvidenceRow.amount,
        ).where(EvidenceRow.subject.in_(subjects))
    ).all()
    for subject, sla, month, scope, participant, at, amount in rows:
        cell = Cell(sla, scope, participant, month_of_key(month))
        found.setdefault(subject, {})[cell, at] = amount
    return found


def write_evidence(
    connection: Connection,
    new: Iterable[tuple[str, SubjectEvidence]],
    again: Iterable[tuple[str, SubjectEvidence]],
    gone: Iterable[tuple[str, Cell, datetime]],
) -> None:
    """Insert new evidence of subjects, overwrite what has another amount now, and take away what no longer holds."""
    for subject, cell, at in gone:
        connection.execute(
            delete(EvidenceRow).where(
                EvidenceRow.subject == subject,
                EvidenceRow.sla == cell.sla,
                EvidenceRow.month == str(cell.month),
                EvidenceRow.scope == cell.scope,
                EvidenceRow.participant_id == cell.participant,
                EvidenceRow.at == at,
            )
        )
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
    key = tuple_(EvidenceRow.sla, EvidenceRow.month, EvidenceRow.scope, EvidenceRow.participant_id)
    for start in range(0, len(cells), CELLS_A_QUERY):
        wanted = {
            (cell.sla, str(cell.month), cell.scope, cell.participant): cell
            for cell in cells[start : start + CELLS_A_QUERY]
        }
        rows = connection.execute(
            select(
                EvidenceRow.sla,
                EvidenceRow.month,
                EvidenceRow.scope,
                EvidenceRow.participant_id,
                type_coerce(EvidenceRow.at, Big),
                EvidenceRow.amount,
            )
            .where(key.in_(list(wanted)))
            .order_by(EvidenceRow.at, EvidenceRow.subject)
        ).all()
        for sla, month, scope, participant, at, amount in rows:
            found.setdefault(wanted[sla, month, scope, participant], []).append((from_micros(at), amount))
    return found


def targets_reached_at(connection: Connection, targets: Mapping[Cell, int]) -> dict[Cell, datetime]:
    """Return when the running total of each cell first reached its target (K6); domain.monthly.reached_at in SQL."""
    by_sla: dict[str, list[Cell]] = {}
    for cell in targets:
        by_sla.setdefault(cell.sla, []).append(cell)
    found: dict[Cell, datetime] = {}
    for cells in by_sla.values():
        for start in range(0, len(cells), CELLS_A_QUERY):
            _targets_reached_at(connection, cells[start : start + CELLS_A_QUERY], targets, found)
    return found


def _targets_reached_at(
    connection: Connection, cells: Sequence[Cell], targets: Mapping[Cell, int], found: dict[Cell, datetime]
) -> None:
    """Read only the rows near the targets: where the running total passes from below the highest to the lowest."""
    key = (EvidenceRow.sla, EvidenceRow.month, EvidenceRow.scope, EvidenceRow.participant_id)
    wanted = {(cell.sla, str(cell.month), cell.scope, cell.participant): cell for cell in cells}
    # What comes at one instant is taken together, as reached_at does.
    instants = (
        select(*key, type_coerce(EvidenceRow.at, Big).label("at"), func.sum(EvidenceRow.amount).label("amount"))
        .where(tuple_(*key).in_(list(wanted)))
        .group_by(*key, EvidenceRow.at)
        .subquery()
    )
    names = (instants.c.sla, instants.c.month, instants.c.scope, instants.c.participant_id)
    sums = select(
        instants,
        func.sum(instants.c.amount).over(partition_by=names, order_by=instants.c["at"], rows=(None, 0)).label("total"),
    ).subquery()
    here = [targets[cell] for cell in cells]
    rows = connection.execute(
        select(sums.c.sla, sums.c.month, sums.c.scope, sums.c.participant_id, sums.c["at"], sums.c.total)
        .where(sums.c.total >= min(here), sums.c.total - sums.c.amount < max(here))
        .order_by(sums.c["at"])
    ).all()
    for sla, month, scope, participant, at, total in rows:
        cell = wanted[sla, month, scope, participant]
        if cell not in found and total >= targets[cell]:
            found[cell] = from_micros(at)


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
