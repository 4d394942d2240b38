"""Scoring: works out again what was touched, and posts the differences (P2).

One `Scoring` lives within one writing transaction; whoever makes it began that and commits it.
"""

import gc
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property

from sqlalchemy.orm import Session

from leaderboard.domain.agreement import Level
from leaderboard.domain.errors import Refused
from leaderboard.domain.events import Event
from leaderboard.domain.periods import Month, Period, month_of_key
from leaderboard.domain.points import COUNTED, Attainment, Posting, postings
from leaderboard.domain.scoring import (
    Cell,
    Rules,
    SubjectEvidence,
    SubjectScore,
    Tally,
    rate_cells,
    score_cell,
    score_subject,
    target_reached,
)
from leaderboard.services.rules import NO_ORGANISATION, read_rule_book, rule_book
from leaderboard.services.totals import TotalsChange, rebuild_totals
from leaderboard.storage import people, scores
from leaderboard.storage.database import begin_write

SUBJECTS_A_CHUNK = 4_000
IDS_AT_FIRST = 32
Progress = Callable[[int], None]


@contextmanager
def no_garbage_collection() -> Iterator[None]:
    """Leave out Python's search for cycles while millions of rows without any are made: it costs half the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


class CellChange:
    """What changed in a cell: how much more, and the earliest instant at which it did."""

    __slots__ = ("cases", "earliest", "value")

    def __init__(self) -> None:
        self.value = 0
        self.cases = 0
        self.earliest: datetime | None = None

    def add(self, value: int, cases: int, at: datetime | None = None) -> None:
        """Note so much more, or less, at an instant."""
        self.value += value
        self.cases += cases
        if at is not None and (self.earliest is None or at < self.earliest):
            self.earliest = at


class Scoring:
    """The scoring of one transaction. Call `score` as often as needed, then `finish` once."""

    def __init__(self, session: Session, now: datetime, *, has_new_rules: bool = False) -> None:
        """has_new_rules: this transaction has changed the rules, so they are read past what is kept."""
        self.connection = session.connection()
        self.now = now
        begun = scores.begin_scoring(self.connection, IDS_AT_FIRST)
        if begun is None:
            raise Refused(NO_ORGANISATION)
        version, self._next_id = begun
        self._ids_end = self._next_id + IDS_AT_FIRST
        self._is_first = self._next_id == 1  # no attainment was ever made, so none needs to be looked for
        read = read_rule_book if has_new_rules else rule_book
        self.book = read(self.connection, version)
        self.rules = self.book.rules
        self.opened = set(self.book.opened)
        self.newly_opened: set[Month] = set()
        self.cells: defaultdict[Cell, CellChange] = defaultdict(CellChange)
        self.totals = TotalsChange(self.book)
        self.posted = 0
        self.anomalies = 0

    def score(self, subjects: Sequence[str], progress: Progress | None = None) -> None:
        """Work out again what some subjects come to, and write what changed."""
        for start in range(0, len(subjects), SUBJECTS_A_CHUNK):
            chunk = subjects[start : start + SUBJECTS_A_CHUNK]
            self._score_chunk(chunk)
            if progress is not None:
                progress(len(chunk))

    @cached_property
    def _had_anomalies(self) -> bool:
        return scores.has_anomalies(self.connection)

    def finish(self) -> int:
        """Work out the months that were touched and write the totals; return the rows posted."""
        self._score_cells(self.cells)
        self.totals.write(self.connection)
        self._note_opened(self.newly_opened)
        return self.posted

    def finish_everything(self) -> int:
        """As `finish`, but every month that has standings is worked out from its evidence anew."""
        for key in sorted(self.opened):
            self.score_month(month_of_key(key))
        self._note_opened({month_of_key(key) for key in self.opened})  # the time zone may have moved their bounds
        rebuild_totals(self.connection, self.book)
        return self.posted

    def _score_chunk(self, subjects: Sequence[str]) -> None:
        events = scores.events_of(self.connection, subjects)
        old: defaultdict[str, list[tuple[int, Attainment]]] = defaultdict(list)
        old_evidence: dict[str, dict[tuple[Cell, datetime], int]] = {}
        if not self._is_first:
            for row_id, attainment in scores.attainments_of(self.connection, subjects):
                old[attainment.subject].append((row_id, attainment))
            old_evidence = scores.evidence_of(self.connection, subjects)
        pairs: list[tuple[int | None, Attainment | None, Attainment | None]] = []
        new_evidence: list[tuple[str, SubjectEvidence]] = []
        gone: list[tuple[str, Cell, datetime]] = []
        wakes: list[tuple[str, datetime]] = []
        anomalies: list[tuple[str, str, Event]] = []
        for subject in subjects:
            score = score_subject(self.rules, subject, events.get(subject, []), self.now)
            self._open_months(score)
            pairs.extend(_pairs(old.get(subject, []), score.attainments))
            self._compare_evidence(subject, old_evidence.get(subject, {}), score.evidence, new_evidence, gone)
            if score.wakes_at is not None:
                wakes.append((subject, score.wakes_at))
            anomalies.extend((subject, sla, event) for sla, event in score.anomalies)
        self._write_changes(pairs, is_monthly=False)
        scores.write_evidence(self.connection, new_evidence, gone)
        scores.write_wake_ups(self.connection, wakes)
        # A lone subject costs one statement either way, and none with its first event.
        if self._had_anomalies if len(subjects) > 1 else any(len(theirs) > 1 for theirs in events.values()):
            scores.clear_anomalies(self.connection, subjects)
        scores.write_anomalies(self.connection, anomalies)
        self.anomalies += len(anomalies)

    def _compare_evidence(
        self,
        subject: str,
        old: dict[tuple[Cell, datetime], int],
        new: Sequence[SubjectEvidence],
        changed: list[tuple[str, SubjectEvidence]],
        gone: list[tuple[str, Cell, datetime]],
    ) -> None:
        """Note how a subject's evidence differs from what is stored."""
        for each in new:
            before = old.pop((each.cell, each.at), None)
            if before != each.amount:
                changed.append((subject, each))
                cases = each.cases if before is None else 0
                self.cells[each.cell].add(each.amount - (before or 0), cases, each.at)
        for (cell, at), amount in old.items():
            gone.append((subject, cell, at))
            self.cells[cell].add(-amount, -1 if self._is_rate(cell) else 0, at)

    def _is_rate(self, cell: Cell) -> bool:
        sla = self.rules.sla_of(cell)
        return sla is not None and sla.measure.kind == "rate"

    def _write_changes(
        self, pairs: Iterable[tuple[int | None, Attainment | None, Attainment | None]], *, is_monthly: bool
    ) -> None:
        """Write attainments that differ, post their points, and note what totals and rates gain or lose."""
        rows: list[tuple[int, Attainment, bool]] = []
        entries: list[tuple[int, Posting]] = []
        changed = [pair for pair in pairs if pair[1] != pair[2]]
        self._reserve(sum(row_id is None for row_id, _, _ in changed))
        for known_id, before, after in changed:
            row_id = self._new_id() if known_id is None else known_id
            if after is not None:
                rows.append((row_id, after, is_monthly))
            elif before is not None:
                rows.append((row_id, _retired(before), is_monthly))
            for posting in postings(before, after):
                entries.append((row_id, posting))
                self.totals.add_points(posting)
            self._count(before, -1, is_monthly=is_monthly)
            self._count(after, 1, is_monthly=is_monthly)
        scores.write_attainments(self.connection, rows)
        scores.write_entries(self.connection, entries, self.now)
        self.posted += len(entries)

    def _count(self, attainment: Attainment | None, sign: int, *, is_monthly: bool) -> None:
        if attainment is None or attainment.level not in COUNTED:
            return
        self.totals.add_level(attainment.credit, attainment.level, sign)
        if not is_monthly:
            for cell, is_in_time in rate_cells(self.rules, attainment):
                self.cells[cell].add(sign * is_in_time, sign)

    def _reserve(self, count: int) -> None:
        if count > self._ids_end - self._next_id:
            self._next_id = scores.reserve_ids(self.connection, count)
            self._ids_end = self._next_id + count

    def _new_id(self) -> int:
        self._next_id += 1
        return self._next_id - 1

    def _open_months(self, score: SubjectScore) -> None:
        """Give the months in which something happened standings for everyone active (S2)."""
        months = score.months | {each.month for each in score.attainments if each.month is not None}
        for month in months:
            if str(month) not in self.opened:
                self.opened.add(str(month))
                self.newly_opened.add(month)
                self._open_month(month)

    def _open_month(self, month: Month) -> None:
        self.totals.open_month(month)
        for cell in zero_cells(self.rules, month):
            self.cells[cell].add(0, 0)

    def welcome(self, since: Month) -> None:
        """Give new members standings in the months from their first on that others stand in already (S2)."""
        for key in self.opened:
            if month_of_key(key) >= since:
                self._open_month(month_of_key(key))

    def _note_opened(self, months: set[Month]) -> None:
        """Store months with standings, and their quarters: worked out as of now, so those that are over are decided."""
        if not months:
            return
        zone = self.rules.months.zone
        periods: set[Period] = {*months, *(month.quarter for month in months)}
        scores.write_periods(
            self.connection,
            [
                (str(period), period.kind, *period.bounds(zone), period.bounds(zone)[1] <= self.now)
                for period in sorted(periods, key=str)
            ],
        )
        if self.newly_opened:
            people.raise_rules_version(self.connection)

    def _score_cells(self, changes: dict[Cell, CellChange]) -> None:
        """Work out the cells that changed from what is stored and the change."""
        if not changes:
            return
        keyed = [(cell, self.rules.months.bounds(cell.month)[0]) for cell in changes]
        stored = {cell_of(each): (row_id, each) for row_id, each in scores.attainments_of_cells(self.connection, keyed)}
        tallies: dict[Cell, Tally] = {}
        for cell, change in changes.items():
            before = stored[cell][1] if cell in stored else None
            tally = Tally() if before is None else Tally(before.value or 0, before.of_cases or 0)
            tallies[cell] = tally.plus(change.value, change.cases)
        self._write_cells(tallies, stored, changes)

    def score_month(self, month: Month) -> None:
        """Work out every cell of a month from all its evidence; those that lost their ground go."""
        stored = {cell_of(each): (row_id, each) for row_id, each in scores.attainments_of_month(self.connection, month)}
        tallies = dict.fromkeys(zero_cells(self.rules, month), Tally())
        tallies.update(month_tallies(self, month))
        gone = [
            (row_id, each, self._retired(cell, each)) for cell, (row_id, each) in stored.items() if cell not in tallies
        ]
        self._write_changes(gone, is_monthly=True)
        self._write_cells(tallies, stored, None)

    def _write_cells(
        self,
        tallies: dict[Cell, Tally],
        stored: dict[Cell, tuple[int, Attainment]],
        changes: dict[Cell, CellChange] | None,
    ) -> None:
        reached = self._reached(tallies, stored, changes)
        pairs: list[tuple[int | None, Attainment | None, Attainment | None]] = []
        for cell, tally in tallies.items():
            row_id, before = stored.get(cell, (None, None))
            after = score_cell(self.rules, cell, tally, self.now, reached.get(cell))
            if before is not None and after is None:
                after = self._retired(cell, before)
            pairs.append((row_id, before, after))
        self._write_changes(pairs, is_monthly=True)

    def _retired(self, cell: Cell, before: Attainment) -> Attainment:
        """Return a monthly result without ground; it starts with its month in any zone, so that it is found again."""
        return _retired(before)._replace(started_at=self.rules.months.bounds(cell.month)[0])

    def _reached(
        self,
        tallies: dict[Cell, Tally],
        stored: dict[Cell, tuple[int, Attainment]],
        changes: dict[Cell, CellChange] | None,
    ) -> dict[Cell, datetime]:
        """Return when each count or sum reached the target of its level (K6).

        A cell that had reached it before anything changed keeps its instant and is not read again.
        """
        found: dict[Cell, datetime] = {}
        unknown: dict[Cell, int] = {}
        for cell, tally in tallies.items():
            target = target_reached(self.rules, cell, tally)
            if target is None:
                continue
            kept = None if changes is None else self._kept_instant(cell, tally, stored, changes[cell])
            if kept is None:
                unknown[cell] = target
            else:
                found[cell] = kept
        found.update(scores.targets_reached_at(self.connection, unknown))
        return found

    def _kept_instant(
        self, cell: Cell, tally: Tally, stored: dict[Cell, tuple[int, Attainment]], change: CellChange
    ) -> datetime | None:
        if cell not in stored or change.earliest is None:
            return None
        before = stored[cell][1]
        same = target_reached(self.rules, cell, Tally(before.value or 0)) == target_reached(self.rules, cell, tally)
        if before.decided_at is None or not same or change.earliest <= before.decided_at:
            return None
        return before.decided_at


def month_tallies(scoring: Scoring, month: Month) -> dict[Cell, Tally]:
    """Return what is counted in each cell of a month, from the evidence and the decided clocks."""
    found: defaultdict[Cell, Tally] = defaultdict(Tally)
    for cell, value, cases in scores.evidence_sums(scoring.connection, month):
        found[cell] = Tally(value, cases if scoring._is_rate(cell) else 0)
    for sample, number in scores.decided_clocks(scoring.connection, month):
        for cell, is_in_time in rate_cells(scoring.rules, sample):
            found[cell] = found[cell].plus(is_in_time * number, number)
    return dict(found)


def zero_cells(rules: Rules, month: Month) -> Iterator[Cell]:
    """Yield the cells that everybody active has, also without an event (K1)."""
    for sla in rules.monthly_slas(month):
        if sla.measure.kind != "rate":
            for participant in rules.participants(sla, month):
                yield Cell(sla.key, sla.participant, participant, month)


def _pairs(
    old: Sequence[tuple[int, Attainment]], new: Sequence[Attainment]
) -> Iterator[tuple[int | None, Attainment | None, Attainment | None]]:
    """Pair what is stored with what is now, by what it is the attainment of."""
    if not old:
        for each in new:
            yield None, None, each
        return
    stored = {each.identity: (row_id, each) for row_id, each in old}
    for each in new:
        row_id, before = stored.pop(each.identity, (None, None))
        yield row_id, before, each
    for row_id, before in stored.values():
        if before.level is not Level.NONE:
            yield row_id, before, None


def _retired(attainment: Attainment) -> Attainment:
    """Return an attainment that no longer holds; its row stays, since the ledger may name it."""
    return attainment._replace(
        level=Level.NONE,
        points=0,
        month=None,
        value=None,
        of_cases=None,
        due_at=None,
        stopped_at=None,
        decided_at=None,
    )


def cell_of(attainment: Attainment) -> Cell:
    """Return the cell of a monthly attainment."""
    return Cell(attainment.sla, attainment.scope, attainment.participant, month_of_key(attainment.subject))


def score_everything(session: Session, *, now: datetime, progress: Progress | None = None) -> int:
    """Score all events again as of `now`, and return how many rows that posted (P2); 0 if nothing changed."""
    begin_write(session)
    with no_garbage_collection():
        posted = rescore(session, now, progress)
    session.commit()
    return posted


def rescore(session: Session, now: datetime, progress: Progress | None = None, *, has_new_rules: bool = False) -> int:
    """As score_everything, within the caller's writing transaction."""
    scoring = Scoring(session, now, has_new_rules=has_new_rules)
    last: str | None = None
    while subjects := scores.subjects_beyond(scoring.connection, last, SUBJECTS_A_CHUNK):
        scoring.score(subjects, progress)
        last = subjects[-1]
    scores.forget_wake_ups(scoring.connection, now)
    return scoring.finish_everything()


def score_due(session: Session, *, now: datetime) -> int:
    """Score what fell due though no event came (C3): deadlines, events to come, months that ended."""
    begin_write(session)
    if people.rules_version(session.connection()) is None:
        session.rollback()  # before the first set-up nothing can be due
        return 0
    posted = score_what_is_due(Scoring(session, now))
    session.commit()
    return posted


def score_what_is_due(scoring: Scoring) -> int:
    """As score_due, within a scoring under way; finishes it."""
    connection, now = scoring.connection, scoring.now
    subjects = scores.due_subjects(connection, now, limit=1_000_000)
    scores.forget_wake_ups(connection, now)
    scoring.score(subjects)
    scoring.finish()
    months = scores.undecided_months(connection, now)
    for key in months:
        scoring.score_month(month_of_key(key))
    if months:
        scoring.totals.write(connection)
        scores.mark_decided(connection, months)
    return scoring.posted
