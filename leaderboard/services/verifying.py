"""Verifying: works everything out from the events alone and says where the database differs."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from leaderboard.domain.agreement import Level
from leaderboard.domain.cells import score_cell, target_reached
from leaderboard.domain.closing import closed_months
from leaderboard.domain.monthly import reached_at
from leaderboard.domain.periods import Month, month_of_key
from leaderboard.domain.points import Attainment
from leaderboard.domain.scoring import score_subject
from leaderboard.domain.working_out import CellTallies, WorkedOut
from leaderboard.services.award_checks import award_differences
from leaderboard.services.badge_checks import badge_differences
from leaderboard.services.cells import cell_of
from leaderboard.services.closed_periods import closing_differences
from leaderboard.services.compared import row_differences
from leaderboard.services.rules import RuleBook, rule_book
from leaderboard.services.scoring import SUBJECTS_A_CHUNK, Progress
from leaderboard.services.tallies import tally_differences
from leaderboard.services.totals import expected_totals
from leaderboard.services.trail_checks import trail_differences
from leaderboard.storage import attainments, closings, events, evidence, tampering, totals
from leaderboard.storage.database import begin_snapshot


def verify(session: Session, *, now: datetime, progress: Progress | None = None) -> Iterator[str]:
    """Yield one sentence for each difference between the database and what the events say (P2).

    Compared are attainments, evidence, monthly results, the ledger's net for each attainment, totals, tallies, what
    closed periods were closed with, badges, awards and their shares. What has fallen due by `now` must be scored.
    Works through subjects in chunks; what it keeps grows with participants and months, not with events.
    """
    begin_snapshot(session)
    connection = session.connection()
    book = rule_book(connection)
    happened = WorkedOut()
    last: str | None = None
    while subjects := events.subjects_beyond(connection, last, SUBJECTS_A_CHUNK):
        yield from _subject_differences(connection, book, subjects, now, happened)
        last = subjects[-1]
        if progress is not None:
            progress(len(subjects))
    opened = set(map(month_of_key, book.opened))
    happened.keep(closed_months(book.closed))
    happened.keep(map(month_of_key, closings.months_with_postings_apart(connection)))
    yield from _period_differences(opened, happened.months)
    tallies = CellTallies(book.rules, happened)
    for month in sorted(opened | happened.months):
        yield from _month_differences(connection, book, month, now, tallies)
    yield from _groundless(connection)
    yield from _ledger_differences(connection)
    yield from _total_differences(connection, book)
    yield from tally_differences(connection)
    yield from closing_differences(connection, book)
    yield from badge_differences(connection, book, now=now)
    yield from award_differences(connection, book)
    yield from trail_differences(connection)


def _subject_differences(
    connection: Connection,
    book: RuleBook,
    subjects: Sequence[str],
    now: datetime,
    happened: WorkedOut,
) -> Iterator[str]:
    known = events.events_of(connection, subjects)
    stored: defaultdict[str, list[Attainment]] = defaultdict(list)
    for _, each in attainments.attainments_of(connection, subjects):
        if each.level is not Level.NONE:
            stored[each.subject].append(each)
    stored_evidence = evidence.evidence_of(connection, subjects)
    for subject in subjects:
        score = score_subject(book.rules, subject, known[subject], now)
        yield from _compare(stored[subject], score.attainments)
        parts = {(part.cell, part.at): part.amount for part in score.evidence}
        if parts != stored_evidence.get(subject, {}):
            yield f"evidence of {subject}: stored {stored_evidence.get(subject, {})}, expected {parts}."
        happened.keep(score.months(book.rules.months))
        happened.add(score)


def _compare(stored: Sequence[Attainment], expected: Sequence[Attainment]) -> Iterator[str]:
    return row_differences(
        "attainment", stored, expected, _name, lambda each: f"{each.level} with {each.points} points"
    )


def _name(each: Attainment) -> str:
    return f"{each.sla} of {each.scope} {each.participant}, {each.subject}, started {each.started_at.isoformat()}"


def _period_differences(opened: set[Month], happened: set[Month]) -> Iterator[str]:
    for month in sorted(opened - happened):
        yield f"period {month}: stored with standings, but nothing happened in it."
    for month in sorted(happened - opened):
        yield f"period {month}: stored without standings, though something happened in it."


def _month_differences(
    connection: Connection, book: RuleBook, month: Month, now: datetime, found: CellTallies
) -> Iterator[str]:
    stored = {
        cell_of(each): each
        for _, each in attainments.attainments_of_month(connection, month)
        if each.level is not Level.NONE
    }
    tallies = found.of(month)
    targets = {cell: target_reached(book.rules, cell, tally) for cell, tally in tallies.items()}
    reached = evidence.evidence_in_cells(connection, [cell for cell, target in targets.items() if target is not None])
    expected = []
    for cell, tally in tallies.items():
        target = targets[cell]
        at = None if target is None else reached_at(reached.get(cell, []), target)
        each = score_cell(book.rules, cell, tally, now, at)
        if each is not None and each.level is not Level.NONE:
            expected.append(each)
    yield from _compare(list(stored.values()), expected)


def _groundless(connection: Connection) -> Iterator[str]:
    """Name the rows that the passes over subjects and months do not come by."""
    for each in tampering.attainments_without_ground(connection):
        yield (
            f"attainment without ground: {each.sla} of {each.scope} {each.participant_id}, {each.subject}, "
            f"started {each.started_at.isoformat()} is {each.level} with {each.points} points."
        )
    for subject, sla, month in tampering.evidence_without_events(connection):
        yield f"evidence of {subject}: stored for {sla} in {month}, expected none, since no event names it."


def _ledger_differences(connection: Connection) -> Iterator[str]:
    for attainment_id, points, net in totals.ledger_nets_that_differ(connection):
        yield f"ledger: attainment {attainment_id} is worth {points} points, but its entries add up to {net}."
    for entry_id, points in tampering.entries_for_nothing(connection):
        yield f"ledger: entry {entry_id} of {points} points names no attainment."
    for each in tampering.points_gone_elsewhere(connection):
        whose = f"team {each.team_id}" if each.member_id is None else f"member {each.member_id}, team {each.team_id}"
        yield (
            f"ledger: attainment {each.attainment_id}: its entries give {each.net} points to {whose} "
            f"in {each.month}, which is not what it earned there."
        )


def _total_differences(connection: Connection, book: RuleBook) -> Iterator[str]:
    expected = expected_totals(connection, book, set(book.opened))
    stored = {
        (period, scope, participant): numbers
        for period, scope, participant, numbers in totals.stored(connection)
        if period not in book.closed
    }
    for (period, scope, participant), numbers in expected.items():
        found = stored.pop((str(period), scope, participant), None)
        if found != numbers:
            yield f"total of {scope} {participant} in {period}: stored {found}, expected {numbers}."
    for (key, scope, participant), numbers in stored.items():
        if any(numbers):
            yield f"total of {scope} {participant} in {key}: stored {numbers}, expected none."
