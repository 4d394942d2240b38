"""Months: each participant's month in each monthly SLA, from what is stored and what changed (K1-K7)."""

from collections import defaultdict
from datetime import datetime

from leaderboard.domain.cells import rate_cells, score_cell, target_reached, zero_cells
from leaderboard.domain.monthly import Cell, Tally
from leaderboard.domain.periods import Month, month_of_key
from leaderboard.domain.points import Attainment
from leaderboard.domain.rules import Rules
from leaderboard.services.posting import CellChange, Pair, Poster, retired
from leaderboard.storage import attainments, evidence

Stored = dict[Cell, tuple[int, Attainment]]


def score_cells(poster: Poster) -> None:
    """Work out the cells that changed from what is stored and the change."""
    poster.settle()
    changes = poster.cells
    if not changes:
        return
    keyed = [(cell, poster.rules.months.bounds(cell.month)[0]) for cell in changes]
    stored = {
        cell_of(each): (row_id, each) for row_id, each in attainments.attainments_of_cells(poster.connection, keyed)
    }
    tallies: dict[Cell, Tally] = {}
    for cell, change in changes.items():
        before = stored[cell][1] if cell in stored else None
        tally = Tally() if before is None else Tally(before.value or 0, before.of_cases or 0)
        tallies[cell] = tally.plus(change.value, change.cases)
    gone = _without_ground(poster, tallies, stored)
    for cell in gone:
        del tallies[cell]
    poster.post([(*stored[cell], _retired(poster, cell, stored[cell][1])) for cell in gone], is_monthly=True)
    _write_cells(poster, tallies, stored, changes)
    changes.clear()


def _without_ground(poster: Poster, tallies: dict[Cell, Tally], stored: Stored) -> list[Cell]:
    """Return the counts and sums that lost their last event, of participants who are not active in the month.

    Others keep a result of nothing, and so does a sum to which its events add nothing.
    """
    nothing = [
        cell
        for cell, tally in tallies.items()
        if cell in stored and not tally.value and _is_visitor(poster.rules, cell)
    ]
    there = evidence.evidence_in_cells(poster.connection, nothing)
    return [cell for cell in nothing if cell not in there]


def _is_visitor(rules: Rules, cell: Cell) -> bool:
    """Tell whether a count or sum has no place but by its events (K1)."""
    sla = rules.sla_of(cell)
    if sla is None or rules.is_rate(cell):
        return False
    return cell.participant not in rules.participants(sla, cell.month)


def score_month(poster: Poster, month: Month) -> None:
    """Work out every cell of a month from all its evidence; those that lost their ground go."""
    stored = {
        cell_of(each): (row_id, each) for row_id, each in attainments.attainments_of_month(poster.connection, month)
    }
    tallies = dict.fromkeys(zero_cells(poster.rules, month), Tally())
    tallies.update(_month_tallies(poster, month))
    gone = [
        (row_id, each, _retired(poster, cell, each)) for cell, (row_id, each) in stored.items() if cell not in tallies
    ]
    poster.post(gone, is_monthly=True)
    _write_cells(poster, tallies, stored, None)


def retire_month(poster: Poster, month: Month) -> None:
    """Take back every monthly result of a month in which nothing happened after all."""
    stored = list(attainments.attainments_of_month(poster.connection, month))
    poster.post([(row_id, each, _retired(poster, cell_of(each), each)) for row_id, each in stored], is_monthly=True)
    for cell in [cell for cell in poster.cells if cell.month == month]:
        del poster.cells[cell]


def _write_cells(
    poster: Poster,
    tallies: dict[Cell, Tally],
    stored: Stored,
    changes: dict[Cell, CellChange] | None,
) -> None:
    reached = _reached(poster, tallies, stored, changes)
    pairs: list[Pair] = []
    for cell, tally in tallies.items():
        row_id, before = stored.get(cell, (None, None))
        after = score_cell(poster.rules, cell, tally, poster.now, reached.get(cell))
        if before is not None and after is None:
            after = _retired(poster, cell, before)
        pairs.append((row_id, before, after))
    poster.post(pairs, is_monthly=True)


def _retired(poster: Poster, cell: Cell, before: Attainment) -> Attainment:
    """Return a monthly result without ground; it starts with its month in any zone, so that it is found again."""
    return retired(before)._replace(started_at=poster.rules.months.bounds(cell.month)[0])


def _reached(
    poster: Poster,
    tallies: dict[Cell, Tally],
    stored: Stored,
    changes: dict[Cell, CellChange] | None,
) -> dict[Cell, datetime]:
    """Return when each count or sum reached the target of its level (K6).

    A cell that had reached it before anything changed keeps its instant and is not read again.
    """
    found: dict[Cell, datetime] = {}
    counts: dict[Cell, int] = {}
    sums: dict[Cell, int] = {}
    for cell, tally in tallies.items():
        target = target_reached(poster.rules, cell, tally)
        if target is None:
            continue
        kept = None if changes is None else _kept_instant(poster, cell, tally, stored, changes[cell])
        if kept is not None:
            found[cell] = kept
        elif _is_count(poster.rules, cell):
            counts[cell] = target
        else:
            sums[cell] = target
    found.update(evidence.places_reached_at(poster.connection, counts))
    found.update(evidence.targets_reached_at(poster.connection, sums))
    return found


def _is_count(rules: Rules, cell: Cell) -> bool:
    sla = rules.sla_of(cell)
    return sla is not None and sla.measure.kind == "count"


def _kept_instant(poster: Poster, cell: Cell, tally: Tally, stored: Stored, change: CellChange) -> datetime | None:
    if cell not in stored or change.earliest is None:
        return None
    before = stored[cell][1]
    same = target_reached(poster.rules, cell, Tally(before.value or 0)) == target_reached(poster.rules, cell, tally)
    if before.decided_at is None or not same or change.earliest <= before.decided_at:
        return None
    return before.decided_at


def _month_tallies(poster: Poster, month: Month) -> dict[Cell, Tally]:
    """Return what is counted in each cell of a month, from the evidence and the decided clocks."""
    found: defaultdict[Cell, Tally] = defaultdict(Tally)
    for cell, value, cases in evidence.evidence_sums(poster.connection, month):
        found[cell] = Tally(value, cases if poster.rules.is_rate(cell) else 0)
    for sample, number in attainments.decided_clocks(poster.connection, month):
        for cell, is_in_time in rate_cells(poster.rules, sample.sla, sample.level, sample.credit):
            found[cell] = found[cell].plus(is_in_time * number, number)
    return dict(found)


def cell_of(attainment: Attainment) -> Cell:
    """Return the cell of a monthly attainment."""
    return Cell(attainment.sla, attainment.scope, attainment.participant, month_of_key(attainment.subject))
