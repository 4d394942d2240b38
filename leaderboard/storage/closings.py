"""Queries of closings and of the corrections that came after them (M3, P5)."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select, update

from leaderboard.domain.agreement import Level
from leaderboard.domain.closing import Correction, Counted
from leaderboard.domain.periods import Bounds, Month, Quarter, month_of_key
from leaderboard.storage.bonus_tables import AwardShare, BonusAward
from leaderboard.storage.bulk import insert_rows
from leaderboard.storage.closing_tables import Closing, CorrectionRow
from leaderboard.storage.database import to_micros
from leaderboard.storage.tables import AttainmentRow, PointEntry, Total

CORRECTION_COLUMNS = (
    "attainment_id",
    "scope",
    "participant_id",
    "corrects",
    "month",
    "team_before",
    "level_before",
    "points_before",
    "value_before",
    "decided_at_before",
    "team_after",
    "level_after",
    "points_after",
    "because",
    "posted_at",
)
_frozen = (
    Total.scope,
    Total.participant_id,
    Total.side,
    Total.team_id,
    Total.name,
    Total.points,
    Total.met,
    Total.exceeded,
    Total.missed,
    Total.members,
)


def closed_periods(connection: Connection) -> frozenset[str]:
    """Return the keys of the periods that are closed."""
    return frozenset(connection.execute(select(Closing.period)).scalars())


def bounds_of_months(connection: Connection) -> dict[Month, Bounds]:
    """Return the first instant of each closed month and the first after it, as it was closed."""
    query = select(Closing.period, Closing.starts_at, Closing.ends_at).where(Closing.kind == "month")
    return {month_of_key(key): (start, end) for key, start, end in connection.execute(query)}


def closing_of(connection: Connection, period: str) -> Any:
    """Return how a period was closed, or None while it is open."""
    return connection.execute(select(*Closing.__table__.c).where(Closing.period == period)).first()


def all_closings(connection: Connection) -> Sequence[Any]:
    """Return all closings, the oldest period first, each quarter after its months."""
    columns = Closing.__table__.c
    return connection.execute(select(*columns).order_by(Closing.ends_at, Closing.kind)).all()


def latest_as_of(connection: Connection, *, up_to: Month | Quarter | None = None) -> tuple[str, datetime] | None:
    """Return the period closed as of the latest instant, and that instant; None before anything is closed.

    up_to: only months up to the end of that period count.
    """
    query = select(Closing.period, Closing.as_of).order_by(Closing.as_of.desc(), Closing.period.desc()).limit(1)
    if up_to is not None:
        query = query.where(Closing.kind == "month", Closing.period < up_to.next.months[0].key)
    row = connection.execute(query).first()
    return None if row is None else (row.period, row.as_of)


def write_closing(connection: Connection, **values: Any) -> None:
    """Store that a period is closed; its key is unique, so a second time fails (M3)."""
    connection.execute(insert(Closing).values(**values))


def last_entry_id(connection: Connection) -> int:
    """Return the id of the ledger's newest row, 0 if it has none."""
    return connection.execute(select(func.max(PointEntry.id))).scalar() or 0


def write_members(connection: Connection, period: str, teams: Mapping[int, Collection[int]]) -> None:
    """Note who belonged where in a period that is about to be closed: how many a team had, and who was in any.

    teams: the members of each. That is what competing rests on, whatever is loaded about people later.
    """
    connection.execute(update(Total).where(Total.period == period).values(members=0))
    active = set().union(*teams.values())
    sizes = [("team", team_id, len(members)) for team_id, members in teams.items()]
    sizes += [("member", member_id, 1) for member_id in sorted(active)]
    if sizes:
        whose = (Total.scope == bindparam("whose"), Total.participant_id == bindparam("who"))
        theirs = update(Total).where(Total.period == period, *whose).values(members=bindparam("size"))
        connection.execute(theirs, [{"whose": scope, "who": who, "size": size} for scope, who, size in sizes])


def frozen_rows(connection: Connection, period: str) -> Iterator[tuple[Any, ...]]:
    """Yield the standings of a period, always in the same order."""
    query = select(*_frozen).where(Total.period == period).order_by(Total.scope, Total.participant_id)
    for row in connection.execute(query):
        yield tuple(row)


def frozen_parts(connection: Connection, period: str) -> Iterator[tuple[Any, ...]]:
    """Yield all that the digest of a closing is made of: its standings, then who shares in which bonus."""
    yield from frozen_rows(connection, period)
    yield from _frozen_shares(connection, period)


def _frozen_shares(connection: Connection, period: str) -> Iterator[tuple[Any, ...]]:
    """Yield who shares in which award of a period and in what, always in the same order."""
    award = (BonusAward.programme, BonusAward.scope, BonusAward.participant_id)
    share = (AwardShare.member_id, AwardShare.weight, AwardShare.amount_minor)
    query = select(*award, *share).join(AwardShare, AwardShare.award_id == BonusAward.id)
    for row in connection.execute(
        query.where(BonusAward.period == period).order_by(AwardShare.award_id, AwardShare.member_id)
    ):
        yield tuple(row)


def frozen_totals(connection: Connection, periods: Sequence[str]) -> Iterator[tuple[str, str, int, list[int]]]:
    """Yield period, scope, participant and the four numbers of the totals of some periods."""
    columns = (Total.period, Total.scope, Total.participant_id, Total.points, Total.met, Total.exceeded, Total.missed)
    for period, scope, participant, *numbers in connection.execute(select(*columns).where(Total.period.in_(periods))):
        yield period, scope, participant, numbers


def months_with_postings_apart(connection: Connection) -> set[str]:
    """Return the months that took a correction of a closed month, be it of no points, or an adjustment."""
    is_apart = PointEntry.corrects.is_not(None) | PointEntry.attainment_id.is_(None)
    posted = select(PointEntry.month).where(is_apart)
    return set(connection.execute(posted.union(select(CorrectionRow.month))).scalars())


def write_corrections(
    connection: Connection, rows: Iterable[tuple[int, str, int, Correction]], because: str, now: datetime
) -> None:
    """Append corrections, each with its attainment, scope and participant (P5)."""
    posted_at = to_micros(now)
    values = [
        (
            attainment_id,
            scope,
            participant,
            each.corrects.key,
            each.month.key,
            each.before.team,
            str(each.before.level),
            each.before.points,
            each.before.value,
            None if each.before.decided_at is None else to_micros(each.before.decided_at),
            each.after.team,
            str(each.after.level),
            each.after.points,
            str(Level.VOID) if each.after.level is Level.VOID else because,
            posted_at,
        )
        for attainment_id, scope, participant, each in rows
    ]
    insert_rows(connection, CorrectionRow.__tablename__, CORRECTION_COLUMNS, values)


def all_corrections(connection: Connection) -> Iterator[tuple[str, int, Correction]]:
    """Yield scope, participant and each correction, in the order in which they came; not what badges rest on."""
    for row in connection.execute(select(*CorrectionRow.__table__.c).order_by(CorrectionRow.id)):
        before = Counted(row.team_before, Level(row.level_before), row.points_before, None, None)
        after = Counted(row.team_after, Level(row.level_after), row.points_after, None, None)
        yield (
            row.scope,
            row.participant_id,
            Correction(month_of_key(row.corrects), month_of_key(row.month), before, after),
        )


def subjects_voided(connection: Connection, month: str) -> list[str]:
    """Return the subjects of the attainments that are void in a month, or voided by a correction posted in it (C7)."""
    void = select(AttainmentRow.subject).where(AttainmentRow.month == month, AttainmentRow.level == Level.VOID)
    corrected = (
        select(AttainmentRow.subject)
        .join(CorrectionRow, CorrectionRow.attainment_id == AttainmentRow.id)
        .where(CorrectionRow.month == month, AttainmentRow.level == Level.VOID)
    )
    found = [*connection.execute(void).scalars(), *connection.execute(corrected).scalars()]
    return list(dict.fromkeys(found))


def late_entries(connection: Connection) -> Iterator[tuple[str, int]]:
    """Yield month and id of the ledger's rows that came into a month after it was closed; none, unless forced in."""
    is_late = (PointEntry.month == Closing.period) & (PointEntry.id > Closing.last_entry_id)
    query = select(PointEntry.month, PointEntry.id).join(Closing, is_late).order_by(PointEntry.id)
    for row in connection.execute(query):
        yield row.month, row.id
