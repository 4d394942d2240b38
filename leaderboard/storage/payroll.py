"""Queries of payroll exports: what waits for one, claiming it, and the files that were handed out."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, distinct, func, insert, select, update

from leaderboard.storage.awards import is_standing_of_winner
from leaderboard.storage.bonus_tables import AwardShare, BonusAward, PayrollExport
from leaderboard.storage.tables import Member, Team, Total

_waits = (BonusAward.status == "approved") & BonusAward.export_id.is_(None) & BonusAward.amount_minor.is_not(None)


def waiting(connection: Connection) -> list[tuple[str, int, int]]:
    """Return currency, number and sum in minor units of the approved awards that no export has, the oldest's first."""
    rows = connection.execute(
        select(BonusAward.currency, func.count(), func.sum(BonusAward.amount_minor))
        .where(_waits)
        .group_by(BonusAward.currency)
        .order_by(func.min(BonusAward.id))
    )
    return [(currency, number, int(total or 0)) for currency, number, total in rows]


def waiting_shares(connection: Connection, currency: str) -> Sequence[Any]:
    """Return the shares of those awards that are more than nothing, by award; team: where the winner was."""
    return connection.execute(
        select(
            BonusAward.id,
            BonusAward.period,
            BonusAward.programme,
            BonusAward.place,
            BonusAward.scope,
            BonusAward.name.label("winner"),
            Team.name.label("team"),
            AwardShare.member_id,
            AwardShare.name,
            AwardShare.amount_minor,
            Member.key,
            Member.email,
        )
        .join(AwardShare, AwardShare.award_id == BonusAward.id)
        .join(Member, Member.id == AwardShare.member_id)
        .outerjoin(Total, is_standing_of_winner)
        .outerjoin(Team, Team.id == Total.team_id)
        .where(_waits, BonusAward.currency == currency, AwardShare.amount_minor > 0)
        .order_by(BonusAward.id, AwardShare.member_id)
    ).all()


def next_number(connection: Connection) -> int:
    """Return the number of the next export; exporters take turns."""
    return connection.execute(select(func.coalesce(func.max(PayrollExport.id), 0) + 1)).scalar_one()


def add_export(connection: Connection, **values: Any) -> None:
    """Store an export."""
    connection.execute(insert(PayrollExport).values(**values))


def claim(connection: Connection, number: int, currency: str) -> int:
    """Put the approved awards of a currency that no export has into one, and return how many."""
    mine = _waits & (BonusAward.currency == currency)
    return connection.execute(update(BonusAward).where(mine).values(export_id=number)).rowcount


def export(connection: Connection, number: int) -> Any:
    """Return an export, None if there is none of that number."""
    return connection.execute(select(*PayrollExport.__table__.columns).where(PayrollExport.id == number)).first()


def exports(connection: Connection, offset: int, limit: int) -> Sequence[Any]:
    """Return exports, newest first, each with how many of its awards are paid; without the files themselves."""
    columns = [each for each in PayrollExport.__table__.columns if each.name != "document"]
    paid = (
        select(func.count())
        .where(BonusAward.export_id == PayrollExport.id, BonusAward.status == "paid")
        .scalar_subquery()
        .label("paid")
    )
    return connection.execute(
        select(*columns, paid).order_by(PayrollExport.id.desc()).offset(offset).limit(limit)
    ).all()


def count_exports(connection: Connection) -> int:
    """Return how many exports there are."""
    return connection.execute(select(func.count()).select_from(PayrollExport)).scalar_one()


def exports_with_sums(connection: Connection) -> Iterator[tuple[Any, tuple[int, int, int]]]:
    """Yield each export with what its awards come to: how many they are, their shares above 0, the sum of those."""
    sums = (
        select(
            BonusAward.export_id,
            func.count(distinct(BonusAward.id)),
            func.count(AwardShare.member_id),
            func.coalesce(func.sum(AwardShare.amount_minor), 0),
        )
        .outerjoin(AwardShare, (AwardShare.award_id == BonusAward.id) & (AwardShare.amount_minor > 0))
        .where(BonusAward.export_id.is_not(None))
        .group_by(BonusAward.export_id)
    )
    found = {row[0]: (row[1], row[2], int(row[3] or 0)) for row in connection.execute(sums)}
    for row in connection.execute(select(*PayrollExport.__table__.columns).order_by(PayrollExport.id)):
        yield row, found.get(row.id, (0, 0, 0))


def last_payment(connection: Connection, number: int) -> Any:
    """Return when and by whom the award of an export was paid that was paid last."""
    mine = (BonusAward.export_id == number, BonusAward.paid_at.is_not(None))
    query = select(BonusAward.paid_at, BonusAward.paid_by).where(*mine)
    return connection.execute(query.order_by(BonusAward.paid_at.desc(), BonusAward.id.desc()).limit(1)).one()
