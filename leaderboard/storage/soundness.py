"""Queries of how sound the data is, for a job: they read whole tables; and of the report about it, for pages."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Connection, and_, case, delete, func, insert, or_, select, type_coerce

from leaderboard.domain.instants import MICROSECOND
from leaderboard.storage.agreement_tables import AgreementSignature
from leaderboard.storage.bulk import KEYS_A_QUERY, insert_into, keyed, mark
from leaderboard.storage.compliance_tables import ReadinessReport
from leaderboard.storage.database import to_micros
from leaderboard.storage.due import still_open
from leaderboard.storage.tables import AgreementVersion, Anomaly, AttainmentRow, EventImport, EventRow, Member
from leaderboard.storage.trail_tables import JobLook

DAY_MICROS = 86_400_000_000
ROWS_AT_ONCE = 10_000
EXAMPLES_READ = 200  # so that there are some of each team among them
_LATE = "subject, member_id, team_id, occurred_at"
UNDER_WAY = "readiness-under-way"  # as if it were a job, in the table of their looks


class Span(NamedTuple):
    """What is looked at: events from `since` up to `until`, both included."""

    since: datetime
    until: datetime


class Group(NamedTuple):
    """Events of a type that name the same member and team, or none. at_midnight: how many have no time of day."""

    type: str
    member_id: int | None
    team_id: int | None
    number: int
    at_midnight: int
    last_at: datetime


def last_event_at(connection: Connection, now: datetime) -> datetime | None:
    """Return when the latest event occurred that does not lie in the future, None if there is none."""
    return connection.execute(select(func.max(EventRow.occurred_at)).where(EventRow.occurred_at <= now)).scalar()


def counts_since(connection: Connection, starts: Sequence[datetime], until: datetime) -> list[int]:
    """Return how many events occurred from each of some instants up to another; one read of the table."""
    counted = [func.coalesce(func.sum(case((EventRow.occurred_at >= each, 1), else_=0)), 0) for each in starts]
    return [int(each) for each in connection.execute(select(*counted).where(EventRow.occurred_at <= until)).one()]


def groups(connection: Connection, span: Span, midnights: Collection[int]) -> Iterator[Group]:
    """Yield the events of a span, counted by type, member and team. midnights: microseconds of the day in UTC."""
    columns = (EventRow.type, EventRow.member_id, EventRow.team_id)
    is_midnight = (type_coerce(EventRow.occurred_at, BigInteger) % DAY_MICROS).in_(midnights)
    counts = (func.count(), func.sum(case((is_midnight, 1), else_=0)), func.max(EventRow.occurred_at))
    for row in connection.execute(select(*columns, *counts).where(_in(span)).group_by(*columns)):
        yield Group(row[0], row[1], row[2], row[3], int(row[4]), row[5])


def moments_by_member(connection: Connection, types: Sequence[str], span: Span) -> Iterator[tuple[int, int]]:
    """Yield member and instant (microseconds) of the events of some types, by member, then in order.

    As they come: they are never all in memory.
    """
    marks = ", ".join([mark(connection)] * len(types))
    here = mark(connection)
    sql = (
        f"SELECT member_id, occurred_at FROM event WHERE type IN ({marks}) AND member_id IS NOT NULL "
        f"AND occurred_at BETWEEN {here} AND {here} ORDER BY member_id, occurred_at"
    )
    values = (*types, to_micros(span.since), to_micros(span.until))
    options = {"stream_results": True, "max_row_buffer": ROWS_AT_ONCE}
    rows = connection.exec_driver_sql(sql, values, execution_options=options)
    for part in rows.partitions(ROWS_AT_ONCE):
        yield from part


def unowned(connection: Connection, of_members: Sequence[str], of_teams: Sequence[str], span: Span) -> Sequence[Any]:
    """Return subject, team_id and occurred_at of events that begin a clock and name nobody, newest first; some."""
    nobody = or_(
        and_(EventRow.type.in_(of_members), EventRow.member_id.is_(None)),
        and_(EventRow.type.in_(of_teams), EventRow.member_id.is_(None), EventRow.team_id.is_(None)),
    )
    query = select(EventRow.subject, EventRow.team_id, EventRow.occurred_at).where(_in(span), nobody)
    return connection.execute(query.order_by(EventRow.id.desc()).limit(EXAMPLES_READ)).all()


def unassigned(
    connection: Connection, received: str, assign: Sequence[str], span: Span
) -> tuple[int, int, Sequence[Any]]:
    """Return how many subjects came in, how many of them were never given to anybody, and some of those.

    span: in which they came in; they may have been given to somebody later.
    """
    came = and_(EventRow.type == received, EventRow.occurred_at <= span.until)
    is_owned = or_(EventRow.member_id.is_not(None), EventRow.team_id.is_not(None))
    given = and_(EventRow.type.in_(assign), is_owned)
    subjects = (
        select(
            EventRow.subject,
            func.max(case((came, EventRow.team_id))).label("team_id"),
            func.max(case((came, EventRow.occurred_at))).label("occurred_at"),
            func.max(case((given, 1), else_=0)).label("is_given"),
        )
        .where(EventRow.type.in_((received, *assign)), EventRow.occurred_at >= span.since)
        .group_by(EventRow.subject)
        .having(func.max(case((came, 1), else_=0)) == 1)
        .subquery()
    )
    counts = connection.execute(select(func.count(), func.coalesce(func.sum(1 - subjects.c.is_given), 0))).one()
    if not counts[1]:
        return int(counts[0]), 0, ()
    some = select(subjects).where(subjects.c.is_given == 0).order_by(subjects.c.occurred_at.desc())
    return int(counts[0]), int(counts[1]), connection.execute(some.limit(EXAMPLES_READ)).all()


def undisposed(
    connection: Connection, slas: Sequence[str], since: datetime, until: datetime
) -> tuple[int, Sequence[Any]]:
    """Return how many clocks were missed between two instants and never stopped, and some of them, newest first."""
    overdue = (
        *still_open(),
        AttainmentRow.sla.in_(slas),
        AttainmentRow.decided_at.between(since, until),
    )
    count = connection.execute(select(func.count()).select_from(AttainmentRow).where(*overdue)).scalar_one()
    columns = (AttainmentRow.id, AttainmentRow.subject, AttainmentRow.team_id, AttainmentRow.decided_at)
    some = select(*columns).where(*overdue).order_by(AttainmentRow.decided_at.desc(), AttainmentRow.id)
    return count, connection.execute(some.limit(EXAMPLES_READ)).all()


def results_of(connection: Connection, subjects: Sequence[str]) -> dict[str, dict[int, int]]:
    """Return an attainment of each of some subjects, as many as a report has, by the team that it is credited to."""
    found: dict[str, dict[int, int]] = {}
    for start in range(0, len(subjects), KEYS_A_QUERY):
        wanted = subjects[start : start + KEYS_A_QUERY]
        columns = (AttainmentRow.subject, AttainmentRow.team_id, func.max(AttainmentRow.id))
        rows = connection.execute(
            select(*columns)
            .where(AttainmentRow.subject.in_(wanted), AttainmentRow.is_monthly == 0, AttainmentRow.team_id.is_not(None))
            .group_by(AttainmentRow.subject, AttainmentRow.team_id)
        )
        for subject, team_id, attainment_id in rows:
            found.setdefault(subject, {})[team_id or 0] = attainment_id
    return found


def anomalies(connection: Connection, span: Span) -> tuple[int, Sequence[Any]]:
    """Return how many `to` events of a span came before every `from` (C6), and some of them, newest first.

    team_id: of the event, where it names one; member_id: whom it names.
    """
    here = Anomaly.occurred_at.between(span.since, span.until)
    count = connection.execute(select(func.count()).select_from(Anomaly).where(here)).scalar_one()
    same = (EventRow.event_id == Anomaly.event_id) & (EventRow.source == Anomaly.source)
    some = (
        select(Anomaly.subject, Anomaly.occurred_at, EventRow.member_id, EventRow.team_id)
        .join(EventRow, same)
        .where(here)
        .order_by(Anomaly.occurred_at.desc(), Anomaly.subject)
        .limit(EXAMPLES_READ)
    )
    return count, connection.execute(some).all()


def imports(connection: Connection) -> Sequence[Any]:
    """Return source, imported_at, rows read and refused, and the range of new events of all imports, in order."""
    columns = (
        EventImport.id,
        EventImport.source,
        EventImport.file_name,
        EventImport.imported_at,
        EventImport.read,
        EventImport.refused,
        EventImport.first_event_id,
        EventImport.last_event_id,
    )
    return connection.execute(select(*columns).order_by(EventImport.id)).all()


def late(connection: Connection, ranges: Sequence[tuple[int, int, datetime]]) -> tuple[int, int, Sequence[Any]]:
    """Return how many events some imports brought, how many of them were late, and some of those.

    ranges: of each import its first and last event's id, and the instant before which an event was late.
    """
    count, too_late = 0, 0
    some: list[Any] = []
    names = {"first_id": "BIGINT", "last_id": "BIGINT", "late_before": "BIGINT"}
    for start in range(0, len(ranges), KEYS_A_QUERY):
        rows = [(first, last, to_micros(before)) for first, last, before in ranges[start : start + KEYS_A_QUERY]]
        wanted, values = keyed(connection, names, rows)
        brought = "FROM wanted JOIN event ON event.id BETWEEN first_id AND last_id"
        is_late = "occurred_at < late_before"
        counts = f"count(*), coalesce(sum(CASE WHEN {is_late} THEN 1 ELSE 0 END), 0)"
        found = connection.exec_driver_sql(f"WITH {wanted} SELECT {counts} {brought}", values).one()
        count, too_late = count + int(found[0]), too_late + int(found[1])
        if found[1] and len(some) < EXAMPLES_READ:
            sql = f"WITH {wanted} SELECT {_LATE} {brought} AND {is_late} LIMIT {EXAMPLES_READ}"
            some += connection.exec_driver_sql(sql, values).all()
    return count, too_late, some


def document_of(connection: Connection, version_id: int) -> str:
    """Return the document of a version of the agreement."""
    return connection.execute(select(AgreementVersion.document).where(AgreementVersion.id == version_id)).scalar_one()


def signed_sides(connection: Connection, digest: str) -> set[str]:
    """Return which sides have signed a document, by its digest."""
    query = select(AgreementSignature.side).where(AgreementSignature.digest == digest)
    return set(connection.execute(query).scalars())


def without_email(connection: Connection) -> list[tuple[int, str]]:
    """Return id and name of the members who are known by an id alone, and are not anonymous on request."""
    nameless = Member.email.is_(None) & Member.anonymised_at.is_(None)
    return [(row.id, row.name) for row in connection.execute(select(Member.id, Member.name).where(nameless))]


def begin_look(connection: Connection, now: datetime, by: str, stale: timedelta) -> bool:
    """Note that somebody looks; False if somebody else does already, and began less than `stale` ago."""
    new = insert_into(connection, JobLook)
    values = {"looked_at": now, "took_micros": 0, "by": by}
    query = new.values(job=UNDER_WAY, **values).on_conflict_do_update(
        index_elements=["job"], set_=values, where=JobLook.looked_at <= now - stale
    )
    return connection.execute(query.returning(JobLook.job)).first() is not None


def end_look(connection: Connection) -> None:
    """Note that nobody looks any more."""
    connection.execute(delete(JobLook).where(JobLook.job == UNDER_WAY))


def under_way(connection: Connection) -> datetime | None:
    """Return since when somebody looks, None if nobody does."""
    return connection.execute(select(JobLook.looked_at).where(JobLook.job == UNDER_WAY)).scalar()


def write_report(connection: Connection, looked_at: datetime, by: str, took: timedelta, document: str) -> None:
    """Store the report in place of the one before."""
    connection.execute(delete(ReadinessReport))
    values = {"looked_at": looked_at, "looked_by": by, "took_micros": took // MICROSECOND, "document": document}
    connection.execute(insert(ReadinessReport).values(id=1, **values))


def report(connection: Connection) -> Any:
    """Return the report, with since when somebody looks anew (looking_since); None before there was any."""
    looking = select(JobLook.looked_at).where(JobLook.job == UNDER_WAY).scalar_subquery().label("looking_since")
    return connection.execute(select(*ReadinessReport.__table__.columns, looking)).first()


def _in(span: Span) -> Any:
    return EventRow.occurred_at.between(span.since, span.until)
