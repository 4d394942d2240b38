"""Scoring: works out again what was touched, and posts the differences (P2).

One `Scoring` lives within one writing transaction; whoever makes it began that and commits it.
"""

import gc
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from functools import cached_property

from sqlalchemy.orm import Session

from leaderboard.domain.actors import Actor
from leaderboard.domain.agreement import Level
from leaderboard.domain.errors import Refused
from leaderboard.domain.events import Event
from leaderboard.domain.monthly import Cell, SubjectEvidence
from leaderboard.domain.periods import Month, midnight, month_of_key
from leaderboard.domain.points import Attainment
from leaderboard.domain.scoring import SubjectScore, score_subject
from leaderboard.services.cells import score_cells, score_month
from leaderboard.services.months import OpenMonths
from leaderboard.services.posting import Pair, Poster
from leaderboard.services.rules import NO_ORGANISATION, read_rule_book, rule_book
from leaderboard.services.totals import place_anew, rebuild_totals
from leaderboard.storage import anomalies, attainments, closings, events, evidence, people, periods, trail, waiting
from leaderboard.storage.database import all_or_nothing

SUBJECTS_A_CHUNK = 4_000
IDS_AT_FIRST = 32
MOST_ANOMALIES = 1_000  # told in words; all are counted and stored
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


class Scoring:
    """The scoring of one transaction. Call `score` as often as needed, then `finish` once."""

    def __init__(
        self, session: Session, now: datetime, *, has_new_rules: bool = False, because: str = "events"
    ) -> None:
        """has_new_rules: this transaction has changed the rules, so they are read past what is kept.

        because: why closed months are corrected, if they are (P5).
        """
        self.connection = session.connection()
        self.now = now
        begun = attainments.begin_scoring(self.connection, IDS_AT_FIRST)
        if begun is None:
            raise Refused(NO_ORGANISATION)
        version, first_id, self._had_anomalies = begun
        read = read_rule_book if has_new_rules else rule_book
        self.book = read(self.connection, version)
        self.rules = self.book.rules
        self.poster = Poster(self.connection, self.book, now, first_id, IDS_AT_FIRST, because)
        self.months = OpenMonths(self.poster, self.book)
        self.anomalies = 0
        self.first_anomalies: list[str] = []  # the first of them, in words

    def score(
        self,
        subjects: Sequence[str],
        progress: Progress | None = None,
        *,
        scored_up_to: int | None = None,
        added: Event | None = None,
    ) -> None:
        """Work out again what some subjects come to, and write what changed.

        scored_up_to: the last event id that was scored before, if known. Nothing is stored yet of subjects
        that have only later events, but for what was undone. added: the one event that is new, if it is one.
        """
        for start in range(0, len(subjects), SUBJECTS_A_CHUNK):
            chunk = subjects[start : start + SUBJECTS_A_CHUNK]
            self._score_chunk(chunk, self._known(chunk, scored_up_to), added)
            if progress is not None:
                progress(len(chunk))

    def finish(self) -> int:
        """Work out the months that were touched and write the totals; return the rows posted."""
        self.months.retire_left()
        score_cells(self.poster)
        if self.months.keep(self.poster.corrected_into):
            score_cells(self.poster)
        self.poster.write_totals()
        self.months.write()
        return self.poster.posted

    def finish_everything(self) -> int:
        """As `finish`, but every month that has standings is worked out from its evidence anew."""
        self.months.retire_untouched()
        scored = sorted(self.months.open)
        self.score_months(scored)
        self.months.keep(self.poster.corrected_into)
        self.score_months(sorted(self.months.open.difference(scored)))
        self.months.write_all()
        self.poster.write_tallies()
        rebuild_totals(self.connection, self.book)
        return self.poster.posted

    def finish_from(self, first: Month, member_ids: Sequence[int]) -> int:
        """As `finish`, but the months from one on are worked out anew: who belongs where has changed.

        member_ids: of whom it has, or who have another name.
        """
        self.months.retire_left()
        self.poster.settle()
        for cell in [each for each in self.poster.cells if each.month >= first]:
            del self.poster.cells[cell]
        score_cells(self.poster)
        scored = sorted(month for month in self.months.open if month >= first)
        self.score_months(scored)
        self.months.keep(self.poster.corrected_into)
        self.score_months(sorted(month for month in self.poster.corrected_into if month not in scored))
        for month in scored:
            self.poster.totals.open_month(month)
        self.poster.write_totals()
        self.months.write()
        place_anew(self.connection, self.book, self.months.open, member_ids)
        return self.poster.posted

    def restore(self, subjects: Sequence[str], month: Month) -> bool:
        """Put what counts in months up to one back to what it was at this scoring's `now`, an instant that has passed.

        What happened to the subjects since is left out. Tells whether that changed anything; finishes the scoring.
        """
        has_changed = False
        for start in range(0, len(subjects), SUBJECTS_A_CHUNK):
            chunk = subjects[start : start + SUBJECTS_A_CHUNK]
            theirs, stored = events.events_of(self.connection, chunk), self._stored(chunk)
            pairs: list[Pair] = []
            for subject in chunk:
                score = score_subject(self.rules, subject, theirs.get(subject, []), self.now)
                pairs += (
                    each for each in _pairs(stored.get(subject, []), score.attainments) if _counts_by(month, each)
                )
            has_changed = has_changed or any(before != after for _, before, after in pairs)
            self.poster.post(pairs, is_monthly=False)
        score_cells(self.poster)
        self.poster.write_totals()
        return has_changed

    def score_months(self, months: Iterable[Month]) -> None:
        """Work out every result of some months from all their evidence; the totals are not written yet."""
        for month in months:
            score_month(self.poster, month)

    def _known(self, subjects: Sequence[str], scored_up_to: int | None) -> Sequence[str]:
        """Return those of some subjects of which something may be stored."""
        if scored_up_to is None:
            return subjects
        if scored_up_to == 0 and not self._had_attainments:
            return []
        return events.subjects_up_to(self.connection, subjects, scored_up_to)

    @cached_property
    def _had_attainments(self) -> bool:
        """Whether anything was stored when this was first asked, before the first chunk was written."""
        return attainments.are_any(self.connection)

    def _score_chunk(self, subjects: Sequence[str], known: Sequence[str], added: Event | None) -> None:
        theirs = events.events_of(self.connection, subjects)
        stored = self._stored(known)
        changes = _Changes(self.poster, evidence.evidence_of(self.connection, known) if known else {})
        for subject in subjects:
            score = score_subject(self.rules, subject, theirs.get(subject, []), self.now)
            self.months.note(score)
            changes.add(subject, stored.get(subject, []), score)
        if stored:
            self.months.note_losses(changes.pairs)
        self.poster.post(changes.pairs, is_monthly=False)
        evidence.write_evidence(self.connection, changes.evidence, changes.altered, changes.gone)
        waiting.write_wake_ups(self.connection, changes.wakes)
        if known and self._had_anomalies and (added is None or _is_late(added, theirs[added.subject])):
            anomalies.clear_anomalies(self.connection, known)
        anomalies.write_anomalies(self.connection, changes.anomalies)
        self.anomalies += len(changes.anomalies)
        self.first_anomalies += [
            f"{subject}: {event.type} {event.event_id}, {event.occurred_at.isoformat()}, is before any start of {sla}"
            for subject, sla, event in changes.anomalies[: MOST_ANOMALIES - len(self.first_anomalies)]
        ]

    def _stored(self, subjects: Sequence[str]) -> dict[str, list[tuple[int, Attainment]]]:
        stored: dict[str, list[tuple[int, Attainment]]] = {}
        if subjects:
            for row_id, attainment in attainments.attainments_of(self.connection, subjects):
                stored.setdefault(attainment.subject, []).append((row_id, attainment))
        return stored


def _is_late(added: Event, events: Sequence[Event]) -> bool:
    """Tell whether an event is not alone after all others of its subject: only then it can cure an anomaly (C6, C8)."""
    return sum(each.occurred_at >= added.occurred_at for each in events) > 1


class _Changes:
    """How what some subjects come to differs from what is stored."""

    def __init__(self, poster: Poster, stored_evidence: dict[str, dict[tuple[Cell, datetime], int]]) -> None:
        self.poster = poster
        self.stored_evidence = stored_evidence
        self.pairs: list[Pair] = []
        self.evidence: list[tuple[str, SubjectEvidence]] = []
        self.altered: list[tuple[str, SubjectEvidence]] = []
        self.gone: list[tuple[str, Cell, datetime]] = []
        self.wakes: list[tuple[str, datetime]] = []
        self.anomalies: list[tuple[str, str, Event]] = []

    def add(self, subject: str, stored: Sequence[tuple[int, Attainment]], score: SubjectScore) -> None:
        """Note what one subject comes to."""
        self.pairs.extend(_pairs(stored, score.attainments))
        self._compare_evidence(subject, self.stored_evidence.get(subject, {}), score.evidence)
        if score.wakes_at is not None:
            self.wakes.append((subject, score.wakes_at))
        for sla, event in score.anomalies:
            self.anomalies.append((subject, sla, event))

    def _compare_evidence(
        self, subject: str, old: dict[tuple[Cell, datetime], int], new: Sequence[SubjectEvidence]
    ) -> None:
        cells = self.poster.cells
        for each in new:
            before = old.pop((each.cell, each.at), None) if old else None
            if before is None:
                self.evidence.append((subject, each))
                cells[each.cell].add(each.amount, each.cases, each.at)
            elif before != each.amount:
                self.altered.append((subject, each))
                cells[each.cell].add(each.amount - before, 0, each.at)
        for (cell, at), amount in old.items():
            self.gone.append((subject, cell, at))
            cells[cell].add(-amount, -1 if self.poster.rules.is_rate(cell) else 0, at)


def _counts_by(month: Month, pair: Pair) -> bool:
    """Tell whether an attainment counts, or counted, in a month or before it."""
    return any(each is not None and each.month is not None and each.month <= month for each in pair[1:])


def _pairs(old: Sequence[tuple[int, Attainment]], new: Sequence[Attainment]) -> Iterable[Pair]:
    """Pair what is stored with what is now, by what it is the attainment of."""
    return _matched(old, new) if old else [(None, None, each) for each in new]


def _matched(old: Sequence[tuple[int, Attainment]], new: Sequence[Attainment]) -> Iterator[Pair]:
    stored = {each.identity: (row_id, each) for row_id, each in old}
    for each in new:
        row_id, before = stored.pop(each.identity, (None, None))
        yield row_id, before, each
    for row_id, before in stored.values():
        if before.level is not Level.NONE:
            yield row_id, before, None


def score_everything(
    session: Session, *, now: datetime, by: Actor, noted_at: datetime | None = None, progress: Progress | None = None
) -> int:
    """Score all events again as of `now`, and return how many rows that posted (P2); 0 if nothing changed.

    noted_at: when it is done, where `now` is another instant.
    """
    with all_or_nothing(session), no_garbage_collection():
        posted = rescore(session, now, progress)
        after = f"as of {now.isoformat()}; {posted} entries posted"
        trail.note(session.connection(), by, "scores.renewed", "everything", at=noted_at or now, after=after)
    return posted


def rescore(session: Session, now: datetime, progress: Progress | None = None, *, has_new_rules: bool = False) -> int:
    """As score_everything, within the caller's writing transaction."""
    scoring = Scoring(session, now, has_new_rules=has_new_rules, because="rules" if has_new_rules else "events")
    _check_not_before_closings(scoring)
    last: str | None = None
    while subjects := events.subjects_beyond(scoring.connection, last, SUBJECTS_A_CHUNK):
        scoring.score(subjects, progress)
        last = subjects[-1]
    waiting.forget_wake_ups(scoring.connection, now)
    return scoring.finish_everything()


def rescore_members(
    session: Session,
    member_ids: Sequence[int],
    since: date,
    now: datetime,
    progress: Progress | None = None,
    *,
    renamed: Sequence[int] = (),
) -> int:
    """Score what rests on where some members belong from a day on, within the caller's writing transaction.

    As `rescore` with new rules, where nothing else of the rules has changed: what their events touch, and the months
    from that day's on. renamed: members who may have another name. Return how many rows that posted.
    """
    scoring = Scoring(session, now, has_new_rules=True, because="rules")
    _check_not_before_closings(scoring)
    scoring.score(events.subjects_of_members(scoring.connection, member_ids), progress)
    first = scoring.rules.months.month_of(midnight(since, scoring.rules.organisation.zone))
    first = min(first, Month(since.year, since.month))  # closed months keep the bounds that they had
    return scoring.finish_from(first, sorted({*member_ids, *renamed}))


def _check_not_before_closings(scoring: Scoring) -> None:
    """Refuse to score as of an instant at which a closed period was still open: it would take back what was decided."""
    latest = closings.latest_as_of(scoring.connection)
    if latest is not None and scoring.now < latest[1]:
        period, as_of = latest
        raise Refused(
            f"{scoring.now.isoformat()} lies before {as_of.isoformat()}, as of which {period} was closed; "
            "score as of a later instant."
        )


def score_due(session: Session, *, now: datetime) -> int:
    """Score what fell due though no event came (C3): deadlines, events to come, months that ended."""
    with all_or_nothing(session):
        if people.rules_version(session.connection()) is None:
            return 0  # before the first set-up nothing can be due
        return score_what_is_due(Scoring(session, now))


def score_what_is_due(scoring: Scoring) -> int:
    """As score_due, within a scoring under way; finishes it."""
    connection, now = scoring.connection, scoring.now
    subjects = waiting.due_subjects(connection, now)
    waiting.forget_wake_ups(connection, now)
    scoring.score(subjects)
    scoring.finish()
    months = periods.undecided_months(connection, now)
    scoring.score_months(map(month_of_key, months))
    if months:
        scoring.poster.write_totals()
        periods.mark_decided(connection, months)
    return scoring.poster.posted
