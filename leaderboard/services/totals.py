"""Totals: points and level counts per period and participant, in step with the ledger."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import Connection

from leaderboard.domain.agreement import Level
from leaderboard.domain.closing import closed_months
from leaderboard.domain.periods import Month, Period, month_of_key
from leaderboard.domain.points import Credit
from leaderboard.domain.standings import sort_key
from leaderboard.services.rules import RuleBook
from leaderboard.services.tallies import LEVEL_PLACES, Counts, TalliesChange, no_counts, write_tallies
from leaderboard.storage import closings, periods, totals
from leaderboard.storage.bulk import insert_rows

Key = tuple[Period, str, int]


class TotalsChange:
    """What totals gain or lose in one transaction: points, met, exceeded, missed."""

    def __init__(self, book: RuleBook) -> None:
        self.book = book
        self._credits: defaultdict[Credit, Counts] = defaultdict(no_counts)
        self._opened: set[Key] = set()
        self._carried: defaultdict[Key, Counts] = defaultdict(no_counts)

    def add(self, credit: Credit, counts: Counts) -> None:
        """Credit points and levels to a member and its team (P3)."""
        total = self._credits[credit]
        for place, number in enumerate(counts):
            total[place] += number

    def open_month(self, month: Month) -> None:
        """Give everyone active in a month and its quarter a row, also with 0 points (S2); not in closed ones."""
        for period in (month, month.quarter):
            if period.key not in self.book.closed:
                self._opened.update((period, scope, participant) for scope, participant in active(self.book, period))

    def carry(self, month: Month, scope: str, participant: int, numbers: Counts) -> None:
        """Add what somebody had when a month was closed to its quarter, which is the sum of its months (S4)."""
        total = self._carried[month.quarter, scope, participant]
        for place, number in enumerate(numbers):
            total[place] += number

    def changes(self) -> dict[Key, Counts]:
        """Return the change of each total: points, met, exceeded, missed."""
        changes = defaultdict(no_counts, {key: no_counts() for key in self._opened})
        changes.update((key, list(numbers)) for key, numbers in self._carried.items())
        for credit, numbers in self._credits.items():
            for key in _keys(credit):
                total = changes[key]
                for place, number in enumerate(numbers):
                    total[place] += number
        return changes

    def write(self, connection: Connection, beside: TalliesChange | None = None) -> None:
        """Add the changes to the stored totals, and what goes beside them to the tallies."""
        # What came and went again within the transaction leaves no row where there was none.
        changes = {key: numbers for key, numbers in self.changes().items() if any(numbers) or key in self._opened}
        rows = [total_row(self.book, *key, *numbers) for key, numbers in changes.items()]
        write_tallies(connection, beside or TalliesChange(), totals.addition(rows))
        is_active = self.book.rules.membership.is_active
        left = [
            (str(period), scope, participant)
            for (period, scope, participant), numbers in changes.items()
            if min(numbers) < 0 and not is_active(scope, participant, period)
        ]
        totals.forget_if_empty(connection, left)
        self._credits.clear()
        self._opened.clear()


def _keys(credit: Credit) -> Iterator[Key]:
    assert credit.month is not None
    for period in (credit.month, credit.month.quarter):
        if credit.scope == "member":
            yield period, "member", credit.participant
        if credit.team_id is not None:
            yield period, "team", credit.team_id


def active(book: RuleBook, period: Period) -> Iterator[tuple[str, int]]:
    """Yield the participants active in a period: members of a team then, and the teams that have any (S2)."""
    for member_id in book.rules.membership.active_in(period):
        yield "member", member_id
    for team_id in book.rules.membership.members_of(period):
        yield "team", team_id


def total_row(
    book: RuleBook,
    period: Period,
    scope: str,
    participant: int,
    points: int,
    met: int,
    exceeded: int,
    missed: int,
) -> tuple[Any, ...]:
    """Return a row of totals; the side of a member is that of the team they were last in by then."""
    rules = book.rules
    if scope == "team":
        team_id: int | None = participant
        name = rules.teams[participant].name
    else:
        team_id = rules.membership.last_team_in(participant, period.months[-1])
        name = book.members[participant][1]
    side = None if team_id is None else rules.teams[team_id].side
    return (
        str(period),
        scope,
        participant,
        side,
        None if scope == "team" else team_id,
        name,
        sort_key(name),
        points,
        met,
        exceeded,
        missed,
    )


def expected_totals(connection: Connection, book: RuleBook, opened: set[str]) -> dict[Key, Counts]:
    """Return what the totals of open periods must be: the sums of the ledger and the counts of the attainments.

    opened: the keys of the months with standings. The closed months of an open quarter add what they were closed with.
    """
    change = TotalsChange(book)
    for key in opened:
        change.open_month(month_of_key(key))
    for month_key, member_id, team_id, points in totals.ledger_sums(connection):
        if points and month_key not in book.closed:  # a month that lost its standings may hold what was taken back
            for credit in credits_of(month_key, member_id, team_id):
                change.add(credit, [points, 0, 0, 0])
    for month_key, scope, participant, team_id, level, number in totals.level_counts(connection):
        if month_key not in book.closed:
            credit = Credit(scope, participant, team_id, month_of_key(month_key))
            counts = no_counts()
            counts[LEVEL_PLACES[Level(level)]] = number
            change.add(credit, counts)
    months = [month for month in closed_months(book.closed) if month.quarter.key not in book.closed]
    for period, scope, participant, numbers in closings.frozen_totals(connection, [each.key for each in months]):
        change.carry(month_of_key(period), scope, participant, numbers)
    is_active = book.rules.membership.is_active
    return {
        (period, scope, participant): numbers
        for (period, scope, participant), numbers in change.changes().items()
        if any(numbers) or is_active(scope, participant, period)
    }


def credits_of(month_key: str, member_id: int | None, team_id: int | None) -> list[Credit]:
    """Return who is credited with ledger rows of a month: the member and their team, or a team alone (P3)."""
    month = month_of_key(month_key)
    if member_id is not None:
        return [Credit("member", member_id, team_id, month)]
    return [] if team_id is None else [Credit("team", team_id, team_id, month)]


def place_anew(connection: Connection, book: RuleBook, months: Iterable[Month], member_ids: Iterable[int]) -> None:
    """Bring the totals of open months and their quarters in line with who belongs where now.

    Points and levels must be right already, and all who are active have a row. member_ids: whose team, side or name
    may be another; they and the teams that are not active any more lose a row in which nothing stands.
    """
    found: set[Period] = set()
    for month in months:
        found.update(each for each in (month, month.quarter) if each.key not in book.closed)
    ids, is_active = list(member_ids), book.rules.membership.is_active
    rows, left = [], []
    for period in found:
        rows += [total_row(book, period, "member", member_id, 0, 0, 0, 0) for member_id in ids]
        teams = book.rules.membership.members_of(period)
        left += [(period.key, "team", team_id) for team_id in book.rules.teams if team_id not in teams]
        left += [(period.key, "member", each) for each in ids if not is_active("member", each, period)]
    totals.place_members(connection, rows)
    totals.forget_if_empty(connection, left)


def rebuild_totals(connection: Connection, book: RuleBook) -> None:
    """Make the totals of open periods anew from the ledger and the attainments, with today's names and teams."""
    expected = expected_totals(connection, book, set(periods.opened_months(connection)))
    totals.clear(connection)
    insert_rows(connection, *totals.addition([total_row(book, *key, *numbers) for key, numbers in expected.items()]))
