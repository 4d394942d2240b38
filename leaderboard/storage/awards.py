"""Queries of bonus awards: proposing them, deciding on them, and what their pages show."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, func, insert, literal, select, union_all, update

from leaderboard.storage.bonus_tables import AwardShare, BonusAward, BonusQuestion
from leaderboard.storage.bulk import insert_rows
from leaderboard.storage.closing_tables import Closing
from leaderboard.storage.tables import Member, PointEntry, Team, Total

MEMBERS_A_QUERY = 10_000
MOST_TEAMS = 1_000  # more than there are: for boards on which all of them count
AWARD_COLUMNS = (
    "period programme version_id place sharers scope participant_id name side points members amount_minor currency "
    "prize proposed_at decidable_at status"
).split()
SHARE_COLUMNS = ("award_id", "member_id", "name", "weight", "amount_minor", "has_remainder")
Key = tuple[str, str, int]
"""Programme, scope and participant: an award within its period."""

# The frozen standing that an award rests on.
is_standing_of_winner = (
    (Total.period == BonusAward.period)
    & (Total.scope == BonusAward.scope)
    & (Total.participant_id == BonusAward.participant_id)
)
# The team that an award belongs to: one that won, or that of a member who won as it was frozen.
_team_id = case((BonusAward.scope == "team", BonusAward.participant_id), else_=Total.team_id)
Teams = Collection[int] | None
"""Of which teams something is asked for; None: of all."""


def contenders(connection: Connection, period: str, scope: str) -> Sequence[Any]:
    """Return the totals of a period that have points, of those who belonged to a team: whom a bonus can go to."""
    is_contender = (Total.points > 0) & (Total.members > 0)
    return connection.execute(
        select(Total.participant_id, Total.name, Total.side, Total.points, Total.members).where(
            Total.period == period, Total.scope == scope, is_contender
        )
    ).all()


def team_points(
    connection: Connection, teams: Collection[int], members: Sequence[int], months: Sequence[str]
) -> dict[tuple[int, int], int]:
    """Return the points that members earned for teams in some months, by team and member."""
    found: dict[tuple[int, int], int] = {}
    for start in range(0, len(members), MEMBERS_A_QUERY):
        rows: Iterable[Any] = connection.execute(
            select(PointEntry.team_id, PointEntry.member_id, func.sum(PointEntry.points))
            .where(
                PointEntry.member_id.in_(members[start : start + MEMBERS_A_QUERY]),
                PointEntry.month.in_(months),
                PointEntry.team_id.in_(teams),
            )
            .group_by(PointEntry.team_id, PointEntry.member_id)
        )
        found.update({(team_id, member_id): int(points) for team_id, member_id, points in rows})
    return found


def insert_awards(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """Store awards; rows as AWARD_COLUMNS."""
    insert_rows(connection, BonusAward.__tablename__, AWARD_COLUMNS, rows)


def insert_shares(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """Store shares of awards; rows as SHARE_COLUMNS."""
    insert_rows(connection, AwardShare.__tablename__, SHARE_COLUMNS, rows)


def ids_in(connection: Connection, period: str) -> dict[Key, int]:
    """Return the ids of a period's awards."""
    rows = connection.execute(
        select(BonusAward.programme, BonusAward.scope, BonusAward.participant_id, BonusAward.id).where(
            BonusAward.period == period
        )
    )
    return {(programme, scope, participant): award_id for programme, scope, participant, award_id in rows}


def find(connection: Connection, award_ids: Collection[int]) -> dict[int, Any]:
    """Return how far some awards have come, by id."""
    rows = connection.execute(
        select(
            BonusAward.id,
            BonusAward.status,
            BonusAward.decidable_at,
            BonusAward.decided_at,
            BonusAward.decided_by,
            BonusAward.paid_at,
            BonusAward.paid_by,
        ).where(BonusAward.id.in_(award_ids))
    )
    return {row.id: row for row in rows}


def won(connection: Connection, award_ids: Collection[int]) -> Sequence[Any]:
    """Return what some awards are for, and who won them."""
    columns = "id period programme place scope participant_id amount_minor currency prize".split()
    query = select(*(getattr(BonusAward, name) for name in columns)).where(BonusAward.id.in_(award_ids))
    return connection.execute(query.order_by(BonusAward.id)).all()


def all_decided(connection: Connection) -> Iterator[Any]:
    """Yield what became of the awards that were decided on."""
    columns = ("id", "status", "decided_at", "decided_by", "reason", "paid_at", "paid_by")
    query = select(*(getattr(BonusAward, name) for name in columns)).where(BonusAward.status != "proposed")
    yield from connection.execute(query.order_by(BonusAward.id))


def shared_by(connection: Connection, award_ids: Collection[int], member_id: int) -> set[int]:
    """Return in which of some awards a member shares (B4)."""
    return set(
        connection.execute(
            select(AwardShare.award_id).where(AwardShare.award_id.in_(award_ids), AwardShare.member_id == member_id)
        ).scalars()
    )


def change_status(
    connection: Connection, award_ids: Collection[int], before: str, after: str, **values: Any
) -> set[int]:
    """Take awards from one status to another, and return those that still had the first."""
    return _changed(connection, (BonusAward.id.in_(award_ids), BonusAward.status == before), status=after, **values)


def pay_export(connection: Connection, number: int, **values: Any) -> set[int]:
    """Mark the approved awards of a payroll export as paid, and return them."""
    mine = (BonusAward.export_id == number, BonusAward.status == "approved")
    return _changed(connection, mine, status="paid", **values)


def _changed(connection: Connection, where: Sequence[ColumnElement[bool]], **values: Any) -> set[int]:
    return set(connection.execute(update(BonusAward).where(*where).values(**values).returning(BonusAward.id)).scalars())


def counts(connection: Connection, period: str | None, teams: Teams = None) -> dict[str, int]:
    """Return how many awards there are of each status."""
    query = _of_teams(select(BonusAward.status, func.count()), teams).group_by(BonusAward.status)
    rows = connection.execute(query if period is None else query.where(BonusAward.period == period))
    return {row[0]: row[1] for row in rows}


def proposed_by_team(connection: Connection) -> dict[int | None, int]:
    """Return how many awards wait for a decision, by the team that they belong to."""
    query = select(_team_id, func.count()).select_from(BonusAward).outerjoin(Total, is_standing_of_winner)
    rows = connection.execute(query.where(BonusAward.status == "proposed").group_by(_team_id))
    return {row[0]: row[1] for row in rows}


def _of_teams(query: Any, teams: Teams) -> Any:
    """Return a query of awards for those of some teams."""
    return query if teams is None else query.outerjoin(Total, is_standing_of_winner).where(_team_id.in_(teams))


def periods(connection: Connection, teams: Teams = None) -> list[str]:
    """Return the periods that have awards, the one closed last first."""
    query = select(Closing.period).where(Closing.period.in_(_of_teams(select(BonusAward.period), teams)))
    return list(connection.execute(query.order_by(Closing.ends_at.desc(), Closing.kind.desc())).scalars())


def awards(
    connection: Connection,
    *,
    status: str | None = None,
    periods: Sequence[str] | None = None,
    award_ids: Collection[int] | None = None,
    member_id: int | None = None,
    teams: Teams = None,
    offset: int = 0,
    limit: int | None = None,
) -> Sequence[Any]:
    """Return awards, newest period first, then as they were won; team: that of a member as it was frozen.

    team_id: the team that an award belongs to. status, periods, award_ids, member_id, who shares in them, and teams:
    None asks for nothing.
    """
    where: list[ColumnElement[bool]] = []
    if status is not None:
        where.append(BonusAward.status == status)
    if periods is not None:
        where.append(BonusAward.period.in_(periods))
    if award_ids is not None:
        where.append(BonusAward.id.in_(award_ids))
    if member_id is not None:
        where.append(BonusAward.id.in_(select(AwardShare.award_id).where(AwardShare.member_id == member_id)))
    if teams is not None:
        where.append(_team_id.in_(teams))
    columns = (Member.key.label("member_key"), Team.name.label("team"), _team_id.label("team_id"))
    query = (
        select(*BonusAward.__table__.columns, *columns)
        .join(Closing, Closing.period == BonusAward.period)
        .outerjoin(Member, (BonusAward.scope == "member") & (Member.id == BonusAward.participant_id))
        .outerjoin(Total, is_standing_of_winner)
        .outerjoin(Team, Team.id == Total.team_id)
        .where(*where)
        .order_by(Closing.ends_at.desc(), Closing.kind.desc(), BonusAward.id)
    )
    return connection.execute(query.offset(offset).limit(limit) if limit is not None else query).all()


def shares_of(connection: Connection, award_ids: Collection[int]) -> dict[int, list[Any]]:
    """Return the shares of some awards by award, in no order that means anything."""
    rows = connection.execute(
        select(*AwardShare.__table__.columns, Member.key)
        .join(Member, Member.id == AwardShare.member_id)
        .where(AwardShare.award_id.in_(award_ids))
        .order_by(AwardShare.award_id, AwardShare.member_id)
    )
    found: defaultdict[int, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.award_id].append(row)
    return found


def questions_of(connection: Connection, award_ids: Collection[int]) -> dict[int, list[Any]]:
    """Return the questions about some awards by award, oldest first."""
    rows = connection.execute(
        select(*BonusQuestion.__table__.columns).where(BonusQuestion.award_id.in_(award_ids)).order_by(BonusQuestion.id)
    )
    found: defaultdict[int, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.award_id].append(row)
    return found


def leaders(connection: Connection, boards: Sequence[tuple[str, str, str | None, int]]) -> Iterator[tuple[int, Any]]:
    """Yield the first totals of some boards, each with the number of its board, from 0.

    boards: period, scope, side (None for both) and how many.
    """
    parts = []
    columns = (Total.participant_id, Total.name, Total.points, Total.members)
    for number, (period, scope, side, limit) in enumerate(boards):
        where = [Total.period == period, Total.scope == scope, *([] if side is None else [Total.side == side])]
        in_order = (Total.points.desc(), Total.sort_key, Total.participant_id)
        part = select(literal(number).label("board"), *columns).where(*where).order_by(*in_order).limit(limit)
        parts.append(select(part.subquery()))
    if parts:
        for row in connection.execute(union_all(*parts)):
            yield row.board, row


def add_question(
    connection: Connection, award_id: int, user_id: int, asked_by: str, text: str, asked_at: datetime
) -> int:
    """Store a question about an award and return its id."""
    return connection.execute(
        insert(BonusQuestion)
        .values(award_id=award_id, user_id=user_id, asked_by=asked_by, asked_at=asked_at, text=text)
        .returning(BonusQuestion.id)
    ).scalar_one()


def answer_question(
    connection: Connection, question_id: int, answered_by: str, text: str, answered_at: datetime
) -> int | None:
    """Store the answer to a question that has none, and return the award's id; None if that cannot be."""
    return connection.execute(
        update(BonusQuestion)
        .where(BonusQuestion.id == question_id, BonusQuestion.answered_at.is_(None))
        .values(answered_by=answered_by, answered_at=answered_at, answer=text)
        .returning(BonusQuestion.award_id)
    ).scalar()


def all_questions(connection: Connection) -> Iterator[Any]:
    """Yield every question, in order."""
    yield from connection.execute(select(*BonusQuestion.__table__.columns).order_by(BonusQuestion.id))


def question(connection: Connection, question_id: int) -> Any:
    """Return a question, None if there is none of this id."""
    columns = BonusQuestion.__table__.columns
    return connection.execute(select(*columns).where(BonusQuestion.id == question_id)).first()


def members_then(connection: Connection, period: str, team_id: int) -> int | None:
    """Return how many members a team had in a closed period, as it was frozen."""
    theirs = (Total.period == period) & (Total.scope == "team") & (Total.participant_id == team_id)
    return connection.execute(select(Total.members).where(theirs)).scalar()


def names_then(connection: Connection, period: str) -> dict[int, str]:
    """Return the names that those who share in the awards of a closed period had as it was closed."""
    sharers = (
        select(AwardShare.member_id)
        .join(BonusAward, BonusAward.id == AwardShare.award_id)
        .where(BonusAward.period == period)
    )
    theirs = (Total.period == period, Total.scope == "member", Total.participant_id.in_(sharers))
    rows = connection.execute(select(Total.participant_id, Total.name).where(*theirs))
    return {row.participant_id: row.name for row in rows}
