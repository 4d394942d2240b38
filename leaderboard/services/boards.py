"""Boards: standings of a period, a page at a time, as the screen shows them (S1-S4, P4)."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from leaderboard.domain.errors import Refused
from leaderboard.domain.periods import Period, parse_period
from leaderboard.domain.standings import average, ranked, ranks_of, sort_key
from leaderboard.services.rules import RuleBook, rule_book
from leaderboard.services.totals import active
from leaderboard.storage import boards
from leaderboard.storage.database import begin_snapshot

PAGE_SIZE = 50


@dataclass(frozen=True)
class BoardQuery:
    """What a board's address says. by: total or, for teams, average; page: from 1."""

    period: str
    scope: str = "team"
    side: str | None = None
    by: str = "total"
    page: int = 1


@dataclass(frozen=True)
class Standing:
    """A participant's place. movement: places up since the previous period (S3); None if not ranked then."""

    rank: int
    id: int
    key: str
    name: str
    side: str | None
    team: str | None
    points: int
    average: Fraction | None
    members: int | None
    met: int
    exceeded: int
    missed: int
    movement: int | None

    def score(self, by: str) -> int | Fraction:
        """Return what ranks it: its points or, among teams by average, its points per member (P4)."""
        return self.average if by == "average" and self.average is not None else self.points


@dataclass(frozen=True)
class Board:
    """A page of standings, and where one can go from it.

    is_closed: its standings are final (P5). days_left: of an open period, rounded up. previous, next: the periods of
    the same kind beside it, None where there is nothing to see. month, quarter: the same time as the other kind.
    periods: those of its kind, newest first. leader_score: points or average of the leader.
    """

    query: BoardQuery
    kind: str
    is_open: bool
    is_over: bool
    is_closed: bool
    days_left: int | None
    standings: tuple[Standing, ...]
    count: int
    pages: int
    periods: tuple[str, ...]
    previous: str | None
    next: str | None
    month: str
    quarter: str
    leader_points: int
    leader_score: int | Fraction

    @property
    def leaders(self) -> tuple[str, ...]:
        """The names of those who share the first rank, as far as this page shows them."""
        return tuple(each.name for each in self.standings if each.rank == 1)

    @property
    def lead(self) -> int | Fraction:
        """How far the first is ahead of the next in line; 0 when the first rank is shared."""
        scores = [each.score(self.query.by) for each in self.standings[:2]]
        return scores[0] - scores[-1] if scores else 0


def today(session: Session, *, now: datetime, rules_version: int | None = None) -> date:
    """Return the organisation's date at an instant; Refused while there is no organisation."""
    return now.astimezone(rule_book(session.connection(), rules_version).rules.organisation.zone).date()


def read_board(
    session: Session,
    query: BoardQuery,
    *,
    now: datetime,
    page_size: int = PAGE_SIZE,
) -> Board:
    """Return one page of a board; one of a period without standings shows the active with 0 points.

    Rules and totals are those of one moment: a total of somebody whom the rules do not know yet is never met.
    Raises PeriodRefused for what is not a period.
    """
    begin_snapshot(session)
    connection = session.connection()
    return board_in(connection, rule_book(connection), query, now=now, page_size=page_size)


def board_in(connection: Connection, book: RuleBook, query: BoardQuery, *, now: datetime, page_size: int) -> Board:
    """Return one page of a board as read_board does, within the caller's snapshot."""
    period = parse_period(query.period)
    known = tuple(boards.periods(connection))
    rows = _Rows(connection, book, period, query, is_stored=query.period in known)
    count, leader_points, leader_score = rows.size()
    pages = max(1, -(-count // page_size))
    page = min(max(query.page, 1), pages)
    ranks, found = rows.page((page - 1) * page_size, page_size)
    start, end = book.rules.months.bounds_of(period)
    return Board(
        query=replace(query, page=page),
        kind=period.kind,
        is_open=start <= now < end,
        is_over=end <= now,
        is_closed=query.period in book.closed,
        days_left=-((now - end) // timedelta(days=1)) if start <= now < end else None,
        standings=tuple(_standings(rows, book, period, query, ranks, found, known)),
        count=count,
        pages=pages,
        leader_points=leader_points,
        leader_score=leader_score,
        **_ways(book, period, known, now),
    )


def _ways(book: RuleBook, period: Period, known: Sequence[str], now: datetime) -> dict[str, Any]:
    """Return where one can go from a board, as fields of Board."""
    this_month = book.rules.months.month_of(now)
    current = this_month if period.kind == "month" else this_month.quarter
    of_kind = {key for key in known if parse_period(key).kind == period.kind} | {str(current), str(period)}
    in_quarter = [month for month in period.quarter.months if month <= this_month]
    return {
        "periods": tuple(sorted(of_kind, reverse=True)),
        "previous": str(period.previous) if min(of_kind) < str(period) else None,
        "next": str(period.next) if str(period) < max(of_kind) else None,
        "month": str(period if period.kind == "month" else (in_quarter or period.months)[-1]),
        "quarter": str(period.quarter),
    }


class _Rows:
    """The rows of one board: from the totals or, while a period has none, everyone active with 0 points."""

    def __init__(
        self, connection: Connection, book: RuleBook, period: Period, query: BoardQuery, *, is_stored: bool
    ) -> None:
        self.connection = connection
        self.key = (str(period), query.scope, query.side)
        self.by_average = query.scope == "team" and query.by == "average"
        self.whole: list[tuple[int, Any]] | None = None
        self.sizes = book.rules.membership.members_of(period) if query.scope == "team" else {}
        if not is_stored:
            self.whole = ranked((0, row.name, row) for row in _idle(book, period, query))
        elif self.by_average:
            rows = boards.all_totals(connection, *self.key)
            self.whole = ranked((average(row.points, self.members(row)), row.name, row) for row in rows)

    def members(self, row: Any) -> int:
        """Return how many members a team had in the period: as it was closed, or else as it is now."""
        return len(self.sizes.get(row.participant_id, ())) if row.members is None else int(row.members)

    def size(self) -> tuple[int, int, int | Fraction]:
        """Return how many rows there are, the most points of one, and the score of the first."""
        if self.whole is None:
            count, points = boards.count_totals(self.connection, *self.key)
            return count, points, points
        points = max((row.points for _, row in self.whole), default=0)
        if not self.by_average or not self.whole:
            return len(self.whole), points, points
        first = self.whole[0][1]
        return len(self.whole), points, average(first.points, self.members(first))

    def page(self, offset: int, limit: int) -> tuple[list[int], Sequence[Any]]:
        """Return the ranks and rows from an offset on."""
        if self.whole is not None:
            part = self.whole[offset : offset + limit]
            return [rank for rank, _ in part], [row for _, row in part]
        rows = boards.page_of_totals(self.connection, *self.key, offset, limit)
        points = [row.points for row in rows]
        first = 1
        if offset and rows:
            first = 1 + boards.count_above(self.connection, *self.key, points[0])
        return ranks_of(points, first, offset + 1), rows

    def place(self, row: Any) -> "Place":
        """Return where a row stands."""
        score = Fraction(average(row.points, self.members(row)) if self.by_average else row.points)
        return score.numerator, score.denominator, sort_key(row.name), row.name, row.participant_id

    def after(self, place: "Place | None", limit: int) -> tuple[list[int], Sequence[Any]]:
        """Return the ranks and rows that come after a place; None: from the first on."""
        if place is None:
            return self.page(0, limit)
        if self.whole is not None:
            beyond = _in_order(place)
            offset = bisect_right([_in_order(self.place(row)) for _, row in self.whole], beyond)
            return self.page(offset, limit)
        points, _, key, _, participant = place
        ahead = boards.count_ahead(self.connection, *self.key, points, key, participant)
        at_place = boards.total_of(self.connection, self.key[0], self.key[1], participant)
        is_there = at_place is not None and (at_place.points, at_place.sort_key) == (points, key)
        return self.page(ahead + int(is_there), limit)


def _in_order(place: "Place") -> tuple[Fraction, str, str, int]:
    """Return a place as S1 orders it."""
    numerator, denominator, key, name, participant = place
    return -Fraction(numerator, denominator), key, name, participant


@dataclass(frozen=True)
class _IdleRow:
    """Someone active in a period in which nothing has happened."""

    participant_id: int
    name: str
    side: str | None
    team_id: int | None
    points: int = 0
    met: int = 0
    exceeded: int = 0
    missed: int = 0
    members: int | None = None


def _idle(book: RuleBook, period: Period, query: BoardQuery) -> list[_IdleRow]:
    rows = []
    theirs = book.rules.membership.active_in(period)
    for scope, participant in active(book, period):
        if scope != query.scope:
            continue
        team = book.rules.teams[participant if scope == "team" else theirs[participant]]
        name = team.name if scope == "team" else book.members[participant][1]
        if query.side in (None, team.side):
            rows.append(_IdleRow(participant, name, team.side, None if scope == "team" else team.id))
    return rows


def _standings(
    rows: _Rows,
    book: RuleBook,
    period: Period,
    query: BoardQuery,
    ranks: Sequence[int],
    found: Sequence[Any],
    known: tuple[str, ...],
) -> list[Standing]:
    before: dict[int, int] = {}
    if found and str(period.previous) in known:
        theirs = [row.participant_id for row in found]
        before = _previous_ranks(rows.connection, book, period.previous, query, theirs)
    standings = []
    for rank, row in zip(ranks, found, strict=True):
        members = rows.members(row) if query.scope == "team" else None
        team = book.rules.teams.get(row.team_id) if row.team_id is not None else None
        key = row.name if query.scope == "team" else book.members[row.participant_id][0]
        earlier = before.get(row.participant_id)
        standings.append(
            Standing(
                rank,
                row.participant_id,
                key,
                book.name_of(query.scope, row.participant_id, row.name),
                row.side,
                team.name if team else None,
                row.points,
                None if members is None else average(row.points, members),
                members,
                row.met,
                row.exceeded,
                row.missed,
                None if earlier is None else earlier - rank,
            )
        )
    return standings


def _previous_ranks(
    connection: Connection, book: RuleBook, previous: Period, query: BoardQuery, participants: Sequence[int]
) -> dict[int, int]:
    rows = _Rows(connection, book, previous, query, is_stored=True)
    if rows.whole is not None:
        return {row.participant_id: rank for rank, row in rows.whole}
    return boards.ranks_in(connection, *rows.key, participants)


def participant_of(
    session: Session, query: BoardQuery, *, member_id: int, rules_version: int | None = None
) -> int | None:
    """Return who on a board is a member: themselves or, among teams, the last one they were in within the period."""
    if query.scope == "member":
        return member_id
    book = rule_book(session.connection(), rules_version)
    return book.rules.membership.team_in(member_id, parse_period(query.period))


def page_of(session: Session, query: BoardQuery, *, member_id: int, page_size: int = PAGE_SIZE) -> int | None:
    """Return the page on which a member or, among teams, their team stands; None if not on this board."""
    begin_snapshot(session)
    connection = session.connection()
    book = rule_book(connection)
    participant = participant_of(session, query, member_id=member_id, rules_version=book.version)
    if participant is None:
        return None
    is_stored = query.period in boards.periods(connection)
    rows = _Rows(connection, book, parse_period(query.period), query, is_stored=is_stored)
    if rows.whole is not None:
        places = [row.participant_id for _, row in rows.whole]
        return 1 + places.index(participant) // page_size if participant in places else None
    row = boards.total_of(connection, query.period, query.scope, participant)
    if row is None or query.side not in (None, row.side):
        return None
    ahead = boards.count_ahead(connection, *rows.key, row.points, row.sort_key, participant)
    return 1 + ahead // page_size


Place = tuple[int, int, str, str, int]
"""Where a standing stands in the order of S1: its score as a fraction, the key of its name, the name, whose it is."""


def standings_after(
    session: Session, query: BoardQuery, *, after: Place | None, limit: int
) -> tuple[list[Standing], Place | None]:
    """Return the standings of a board that come after one, and where the next page begins; None at the end.

    Raises PeriodRefused for what is no period.
    """
    period = parse_period(query.period)
    begin_snapshot(session)
    connection = session.connection()
    book = rule_book(connection)
    known = tuple(boards.periods(connection))
    rows = _Rows(connection, book, period, query, is_stored=query.period in known)
    ranks, found = rows.after(after, limit + 1)
    shown = _standings(rows, book, period, query, ranks[:limit], found[:limit], known)
    return shown, rows.place(found[limit - 1]) if len(found) > limit else None


def standings(session: Session, period: str, scope: str, side: str | None = None) -> list[Standing]:
    """Return all standings of a period in order (S1); Refused for a period or side that is none."""
    if scope not in ("team", "member"):
        raise Refused(f'"{scope}" is not a scope; give team or member.')
    query = BoardQuery(str(parse_period(period)), scope, side)
    begin_snapshot(session)
    connection = session.connection()
    book = rule_book(connection)
    known = tuple(boards.periods(connection))
    rows = _Rows(connection, book, parse_period(period), query, is_stored=query.period in known)
    size, _, _ = rows.size()
    ranks, found = rows.page(0, size)
    return _standings(rows, book, parse_period(period), query, ranks, found, known)
