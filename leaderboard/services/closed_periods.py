"""Verifying closed periods: what they were closed with, against the ledger and the attainments (P5, S4)."""

from collections import defaultdict
from collections.abc import Iterator

from sqlalchemy import Connection

from leaderboard.domain.agreement import Level
from leaderboard.domain.closing import counted_back, digest_of
from leaderboard.domain.periods import Month, month_of_key, parse_period
from leaderboard.domain.points import Credit
from leaderboard.services.rules import RuleBook
from leaderboard.services.tallies import LEVEL_PLACES, Counts, no_counts
from leaderboard.services.totals import credits_of
from leaderboard.storage import closings, tampering, totals

Standings = dict[tuple[str, int], Counts]
"""What each participant, by scope and id, has in a period."""


def closing_differences(connection: Connection, book: RuleBook) -> Iterator[str]:
    """Yield one sentence for each closed period whose standings are not what it was closed with, or should have been.

    The points must be those of the ledger; the levels those of the attainments with later corrections undone; those of
    a quarter the sum of its months (S4). Nothing may have come into the ledger's closed months since.
    """
    expected = _expected(connection, book)
    for closing in closings.all_closings(connection):
        wanted, frozen = expected[closing.period], closings.frozen_totals(connection, [closing.period])
        stored = {(scope, participant): numbers for _, scope, participant, numbers in frozen}
        for scope, who in sorted(stored.keys() | wanted.keys()):
            numbers, should = stored.get((scope, who)), wanted.get((scope, who), no_counts())
            if numbers != should and (numbers or any(should)):
                yield f"standing of {scope} {who} in {closing.period}: closed with {numbers}, expected {should}."
        if digest_of(closings.frozen_parts(connection, closing.period)) != closing.digest:
            yield f"closing of {closing.period}: its standings or shares are not those that it was closed with."
    for month, entry_id in closings.late_entries(connection):
        yield f"ledger: entry {entry_id} came into {month} after it was closed."
    yield from _correction_differences(connection)
    yield from _order(book)
    yield from _bounds(connection)


def _expected(connection: Connection, book: RuleBook) -> defaultdict[str, Standings]:
    """Return what each participant's numbers in closed months and their quarters must be."""
    found: defaultdict[str, Standings] = defaultdict(lambda: defaultdict(no_counts))

    def add(credit: Credit, place: int, number: int) -> None:
        assert credit.month is not None
        for period in (credit.month, credit.month.quarter):
            if credit.scope == "member":
                found[period.key]["member", credit.participant][place] += number
            if credit.team_id is not None:
                found[period.key]["team", credit.team_id][place] += number

    for month, member_id, team_id, points in totals.ledger_sums(connection):
        if month in book.closed:
            for credit in credits_of(month, member_id, team_id):
                add(credit, 0, points)
    for month, scope, who, team_id, level, number in totals.level_counts(connection):
        if month in book.closed:
            add(Credit(scope, who, team_id, month_of_key(month)), LEVEL_PLACES[Level(level)], number)
    for scope, who, each in closings.all_corrections(connection):
        for team_id, level, sign in counted_back(each):
            add(Credit(scope, who, team_id, each.corrects), LEVEL_PLACES[level], sign)
    return found


def _correction_differences(connection: Connection) -> Iterator[str]:
    """Name the corrections that do not lead from what a month was closed with to what is so now, and the ledger's."""
    for each in tampering.corrections_out_of_line(connection):
        where = "begins with" if each.begins_wrong else "ends with"
        yield (
            f"correction {each.id} of attainment {each.attainment_id} in {each.corrects} {where} another level, team "
            "or points than it should."
        )
    for each in tampering.corrections_beside_the_ledger(connection):
        yield (
            f"corrections of attainment {each.attainment_id} in {each.corrects} come to {each.told} points in "
            f"{each.month}, but the ledger's entries to {each.posted}."
        )


def _bounds(connection: Connection) -> Iterator[str]:
    """Name the closed periods that do not begin where the one before them ended, or not as their months do (T1)."""
    found = {parse_period(each.period): each for each in closings.all_closings(connection)}
    for period, each in found.items():
        if not each.ends_at <= each.as_of <= each.closed_at:
            yield f"closing of {period}: as_of is {each.as_of}, not from {each.ends_at} to {each.closed_at}."
        before = [found[period.previous].ends_at] if period.previous in found else []
        parts = [found[month] for month in period.months if month in found]
        for instant in (*before, *(part.starts_at for part in parts[:1])):
            if each.starts_at != instant:
                yield f"closing of {period}: starts_at is {each.starts_at}, should be {instant}."
        for instant in (part.ends_at for part in parts[-1:]):
            if each.ends_at != instant:
                yield f"closing of {period}: ends_at is {each.ends_at}, should be {instant}."


def _order(book: RuleBook) -> Iterator[str]:
    """Name the quarters that are closed before their months (M2)."""
    for key in sorted(book.closed):
        period = parse_period(key)
        if not isinstance(period, Month):
            for month in period.months:
                if month.key not in book.closed:
                    yield f"closing of {key}: it is closed, but its month {month} is not."
