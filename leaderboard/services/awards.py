"""What pages and lists show of bonus awards: each with its shares, its questions and the standings it rests on."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from fractions import Fraction
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from leaderboard.domain.agreement import BonusProgramme
from leaderboard.domain.bonuses import Share, Status
from leaderboard.domain.errors import Refused
from leaderboard.domain.money import format_amount
from leaderboard.domain.periods import parse_period
from leaderboard.domain.standings import average, ranked, sort_key
from leaderboard.services.rules import RuleBook, rule_book
from leaderboard.services.scopes import EVERYTHING, Scope
from leaderboard.storage import awards
from leaderboard.storage.database import begin_snapshot

PAGE_SIZE = 20
SHOWN_PLACES = 10
BONUS_COLUMNS = "programme place participant team amount_minor currency prize status reason shares".split()
Plain = dict[str, Any]
BoardKey = tuple[str, str, str | None, str]
"""Period, scope, side (None: both together), and total or average."""


@dataclass(frozen=True)
class AwardQuery:
    """Which awards a page shows. status, period: None for all; page: from 1."""

    status: str | None = None
    period: str | None = None
    page: int = 1


@dataclass(frozen=True)
class ShareShown(Share):
    """A share with its member's key."""

    key: str = ""


@dataclass(frozen=True)
class Question:
    """A question about an award; answer: None while it is open."""

    id: int
    asked_by: str
    asked_at: datetime
    text: str
    answered_by: str | None
    answered_at: datetime | None
    answer: str | None


@dataclass(frozen=True)
class Place:
    """A standing that an award rests on, as it was frozen. average: points per member, of a team."""

    rank: int
    id: int
    name: str
    points: int
    members: int | None
    average: Fraction | None


@dataclass(frozen=True)
class Award:
    """An award as a page shows it. team: of a team itself its name, of a member the team they were last in; team_id.

    programme_side, tie, divide: what the agreement says. by: total or average, what the rank rests on.
    standings: the first places of the board that it rests on.
    """

    id: int
    period: str
    programme: str
    programme_side: str | None
    tie: str
    divide: str
    place: int
    sharers: int
    scope: str
    participant_id: int
    name: str
    key: str
    team: str | None
    team_id: int | None
    points: int
    members: int | None
    amount_minor: int | None
    currency: str
    prize: str | None
    proposed_at: datetime
    decidable_at: datetime
    status: str
    decided_at: datetime | None
    decided_by: str | None
    reason: str | None
    paid_at: datetime | None
    paid_by: str | None
    export_id: int | None
    shares: Sequence[ShareShown] = ()
    questions: Sequence[Question] = ()
    standings: Sequence[Place] = field(default=(), repr=False)

    @property
    def by(self) -> str:
        """What the rank rests on: total, or average among teams (P4)."""
        return "total" if self.members is None else "average"

    @property
    def board(self) -> BoardKey:
        """Which standings it rests on."""
        return self.period, self.scope, self.programme_side, self.by

    @property
    def weights(self) -> int:
        """What the weights of its shares add up to."""
        return sum(each.weight for each in self.shares)

    @property
    def open_questions(self) -> int:
        """How many questions about it have no answer yet."""
        return sum(each.answer is None for each in self.questions)

    def is_shared_by(self, member_id: int | None) -> bool:
        """Tell whether a member shares in it, who then may not approve it (B4)."""
        return any(each.member_id == member_id for each in self.shares)

    def can_be_decided(self, now: datetime) -> bool:
        """Tell whether it is proposed and its question window is over."""
        return self.status == Status.PROPOSED and now >= self.decidable_at


@dataclass(frozen=True)
class AwardPage:
    """A page of awards. counts: how many there are of each status in the period; periods: those with awards."""

    query: AwardQuery
    awards: Sequence[Award]
    pages: int
    counts: Mapping[str, int]
    periods: Sequence[str]


def read_awards(
    session: Session, query: AwardQuery, *, within: Scope = EVERYTHING, page_size: int = PAGE_SIZE
) -> AwardPage:
    """Return one page of awards of some teams, newest period first; seven queries, however many awards there are."""
    begin_snapshot(session)
    connection = session.connection()
    book = rule_book(connection)
    counts = {status.value: 0 for status in Status} | awards.counts(connection, query.period, within.teams)
    number = sum(counts.values()) if query.status is None else counts.get(query.status, 0)
    pages = max(1, -(-number // page_size))
    page = min(max(query.page, 1), pages)
    periods = None if query.period is None else [query.period]
    asked: dict[str, Any] = {"status": query.status, "periods": periods, "teams": within.teams}
    rows = awards.awards(connection, **asked, offset=(page - 1) * page_size, limit=page_size)
    shown = _unnamed(book, _with_standings(connection, shown_awards(connection, book, rows)))
    return AwardPage(replace(query, page=page), shown, pages, counts, awards.periods(connection, within.teams))


def count_proposed(session: Session, *, within: Scope = EVERYTHING) -> int:
    """Return how many awards of some teams wait for a decision. One query."""
    return awards.counts(session.connection(), None, within.teams).get(Status.PROPOSED.value, 0)


def read_award(session: Session, award_id: int, *, within: Scope = EVERYTHING) -> Award | None:
    """Return one award as a page shows it, None if some teams have none of this number."""
    return next(iter(read_chosen_awards(session, [award_id], within=within)), None)


def read_chosen_awards(session: Session, award_ids: Collection[int], *, within: Scope = EVERYTHING) -> list[Award]:
    """Return the awards of some numbers, newest period first; those that some teams do not have are left out."""
    begin_snapshot(session)
    connection = session.connection()
    book = rule_book(connection)
    rows = awards.awards(connection, award_ids=award_ids, teams=within.teams)
    return _unnamed(book, _with_standings(connection, shown_awards(connection, book, rows)))


def shown_awards(connection: Connection, book: RuleBook, rows: Sequence[Any]) -> list[Award]:
    """Return awards with their shares by name and their questions."""
    ids = [row.id for row in rows]
    shares = awards.shares_of(connection, ids)
    questions = awards.questions_of(connection, ids)
    programmes = {
        (version.id, programme.key): programme
        for version in book.rules.versions
        for programme in version.agreement.bonuses
    }
    return [_award(row, programmes[row.version_id, row.programme], shares[row.id], questions[row.id]) for row in rows]


def _award(row: Any, programme: BonusProgramme, shares: Sequence[Any], questions: Sequence[Any]) -> Award:
    is_team = row.scope == "team"
    same = {name: value for name, value in row._mapping.items() if name in Award.__dataclass_fields__}
    return Award(
        **same | {"team": row.name if is_team else row.team},
        key=row.name if is_team else row.member_key,
        programme_side=programme.side,
        tie=programme.tie,
        divide=programme.divide if is_team else "equally",
        shares=tuple(
            ShareShown(each.member_id, each.name, each.weight, each.amount_minor, bool(each.has_remainder), each.key)
            for each in sorted(shares, key=lambda each: (sort_key(each.name), each.name, each.member_id))
        ),
        questions=tuple(
            Question(each.id, each.asked_by, each.asked_at, each.text, each.answered_by, each.answered_at, each.answer)
            for each in questions
        ),
    )


def _unnamed(book: RuleBook, found: Sequence[Award]) -> list[Award]:
    """Return awards as they are shown: without the names of people who were made anonymous, which stay stored."""
    if not book.anonymised:
        return list(found)
    return [
        replace(
            award,
            name=book.name_of(award.scope, award.participant_id, award.name),
            shares=[replace(each, name=book.name_of("member", each.member_id, each.name)) for each in award.shares],
            standings=[replace(each, name=book.name_of(award.scope, each.id, each.name)) for each in award.standings],
        )
        for award in found
    ]


def _with_standings(connection: Connection, found: Sequence[Award]) -> list[Award]:
    """Return awards with the first places of the boards that they rest on; one query for all of them."""
    boards = sorted({each.board for each in found}, key=str)
    wanted = [
        (period, scope, side, awards.MOST_TEAMS if by == "average" else 2 * SHOWN_PLACES)
        for period, scope, side, by in boards
    ]
    rows: dict[int, list[Any]] = {number: [] for number in range(len(boards))}
    for number, row in awards.leaders(connection, wanted):
        rows[number].append(row)
    places = {board: _places(board, rows[number]) for number, board in enumerate(boards)}
    return [replace(each, standings=places[each.board]) for each in found]


def _places(board: BoardKey, rows: Sequence[Any]) -> tuple[Place, ...]:
    _, scope, _, by = board
    is_team = scope == "team"
    shown = [
        Place(
            0,
            row.participant_id,
            row.name,
            row.points,
            row.members if is_team else None,
            average(row.points, row.members or 0) if is_team else None,
        )
        for row in sorted(rows, key=lambda row: row.participant_id)
        if row.members != 0  # those who left earlier have points, but do not compete
    ]
    in_order = ranked(((each.average or 0) if by == "average" else each.points, each.name, each) for each in shown)
    return tuple(replace(each, rank=rank) for rank, each in in_order[:SHOWN_PLACES])


def list_bonuses(session: Session, period: str) -> list[Plain]:
    """Return the awards of a closed period as rows of plain values, by programme, place and name.

    Amounts are minor units; participant: a team's name or a member's key; team: of a member the one they were
    last in. Raises PeriodRefused, and Refused for a period that is not closed.
    """
    wanted = str(parse_period(period))
    begin_snapshot(session)
    connection = session.connection()
    book = rule_book(connection)
    if wanted not in book.closed:
        raise Refused(
            f"{wanted} is not closed yet, and bonuses are proposed as it closes; "
            f"once it is over, close it with: leaderboard close {wanted}."
        )
    rows = awards.awards(connection, periods=[wanted])
    return [_plain(each) for each in _unnamed(book, shown_awards(connection, book, rows))]


def _plain(award: Award) -> Plain:
    shares = [{"member": each.key, "name": each.name, "amount_minor": each.amount_minor} for each in award.shares]
    apart = {"participant": award.key, "shares": shares}
    return {name: apart[name] if name in apart else getattr(award, name) for name in BONUS_COLUMNS}


def in_one_line(row: Plain) -> Plain:
    """Return a row of list_bonuses with its shares as one text: "ana@example.com 50.00; bia@example.com 50.00"."""

    def text(each: Plain) -> str:
        amount = each["amount_minor"]
        return each["member"] if amount is None else f"{each['member']} {format_amount(amount, row['currency'])}"

    return {**row, "shares": "; ".join(map(text, row["shares"]))}
