"""Queries of scoring: events, attainments, evidence, the ledger and the totals."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Connection,
    delete,
    func,
    select,
    tuple_,
    type_coerce,
    update,
)

from leaderboard.domain.agreement import Level
from leaderboard.domain.events import Event
from leaderboard.domain.periods import Month, month_of_key
from leaderboard.domain.points import Attainment, Posting
from leaderboard.domain.scoring import Cell, SubjectEvidence
from leaderboard.storage.bulk import insert_rows, update_all
from leaderboard.storage.database import Big, from_micros, to_micros
from leaderboard.storage.tables import (
    Anomaly,
    AttainmentRow,
    EventRow,
    EvidenceRow,
    OrganisationRow,
    PeriodRow,
    PointEntry,
    Total,
    WakeUp,
)

CELLS_A_QUERY = 400
ATTAINMENT_COLUMNS = (
    "id",
    "sla",
    "scope",
    "participant_id",
    "subject",
    "started_at",
    "team_id",
    "month",
    "level",
    "points",
    "value",
    "of_cases",
    "due_at",
    "stopped_at",
    "decided_at",
    "version_id",
    "is_monthly",
)
EVIDENCE_COLUMNS = ("subject", "sla", "month", "scope", "participant_id", "at", "amount")
ENTRY_COLUMNS = (
    "attainment_id",
    "member_id",
    "team_id",
    "month",
    "corrects",
    "points",
    "reason",
    "posted_at",
)
TOTAL_COLUMNS = (
    "period",
    "scope",
    "participant_id",
    "side",
    "team_id",
    "name",
    "sort_key",
    "points",
    "met",
    "exceeded",
    "missed",
)

_raw = {
    name: type_coerce(getattr(AttainmentRow, name), Big)
    for name in ("started_at", "due_at", "stopped_at", "decided_at")
}
_attainments = select(*(_raw.get(name, getattr(AttainmentRow, name)) for name in ATTAINMENT_COLUMNS[:-1]))
_events = select(
    EventRow.event_id,
    type_coerce(EventRow.occurred_at, Big),
    EventRow.type,
    EventRow.subject,
    EventRow.member_id,
    EventRow.team_id,
    EventRow.outcome,
    EventRow.amount_minor,
    type_coerce(EventRow.due_at, Big),
    EventRow.source,
)
_Stored = tuple[int, Attainment]


def begin_scoring(connection: Connection, ids: int) -> tuple[int, int] | None:
    """Raise the scores' version and reserve attainment ids; return the rules' version and the first id.

    None: there is no organisation yet.
    """
    row = connection.execute(
        update(OrganisationRow)
        .values(
            scores_version=OrganisationRow.scores_version + 1,
            next_attainment_id=OrganisationRow.next_attainment_id + ids,
        )
        .returning(OrganisationRow.rules_version, OrganisationRow.next_attainment_id)
    ).first()
    return None if row is None else (row.rules_version, row.next_attainment_id - ids)


def reserve_ids(connection: Connection, count: int) -> int:
    """Reserve so many attainment ids and return the first."""
    begun = begin_scoring(connection, count)
    assert begun is not None
    return begun[1]


def events_of(connection: Connection, subjects: Sequence[str]) -> dict[str, list[Event]]:
    """Return all events of some subjects, each subject's by instant, then id, then source (C8)."""
    found: dict[str, list[Event]] = {}
    # Plain tuples: SQLAlchemy's rows would cost as much again for each of a million events.
    rows = connection.execute(_events.where(EventRow.subject.in_(subjects))).cursor.fetchall()
    for event_id, at, event_type, subject, member_id, team_id, outcome, amount, due_at, source in rows:
        due = None if due_at is None else from_micros(due_at)
        event = Event(event_id, from_micros(at), event_type, subject, member_id, team_id, outcome, amount, due, source)
        if subject in found:
            found[subject].append(event)
        else:
            found[subject] = [event]
    for events in found.values():
        if len(events) > 1:
            events.sort(key=_event_order)
    return found


def _event_order(event: Event) -> tuple[datetime, str, str]:
    return event.occurred_at, event.event_id, event.source


def attainments_of(connection: Connection, subjects: Sequence[str]) -> Iterator[_Stored]:
    """Yield the stored attainments of occurrences of some subjects, each with its id."""
    rows = connection.execute(
        _attainments.where(AttainmentRow.subject.in_(subjects), AttainmentRow.is_monthly == 0)
    ).all()
    return map(_attainment, rows)


def attainments_of_cells(connection: Connection, cells: Sequence[tuple[Cell, datetime]]) -> Iterator[_Stored]:
    """Yield the stored attainments of cells, each given with its month's first instant."""
    identity = tuple_(
        AttainmentRow.subject,
        AttainmentRow.sla,
        AttainmentRow.started_at,
        AttainmentRow.scope,
        AttainmentRow.participant_id,
    )
    for start in range(0, len(cells), CELLS_A_QUERY):
        wanted = [
            (str(cell.month), cell.sla, starts_at, cell.scope, cell.participant)
            for cell, starts_at in cells[start : start + CELLS_A_QUERY]
        ]
        yield from map(_attainment, connection.execute(_attainments.where(identity.in_(wanted))))


def attainments_of_month(connection: Connection, month: Month) -> Iterator[_Stored]:
    """Yield the stored monthly attainments of a month."""
    rows = connection.execute(_attainments.where(AttainmentRow.subject == str(month), AttainmentRow.is_monthly == 1))
    return map(_attainment, rows)


def _attainment(row: Any) -> _Stored:
    (
        row_id,
        sla,
        scope,
        participant,
        subject,
        started,
        team_id,
        month,
        level,
        points,
        value,
        cases,
        due,
        stopped,
        decided,
        version,
    ) = row
    return row_id, Attainment(
        sla,
        scope,
        participant,
        subject,
        from_micros(started),
        team_id,
        None if month is None else month_of_key(month),
        Level(level),
        points,
        value,
        cases,
        None if due is None else from_micros(due),
        None if stopped is None else from_micros(stopped),
        None if decided is None else from_micros(decided),
        version,
    )


def write_attainments(connection: Connection, rows: Iterable[tuple[int, Attainment, bool]]) -> None:
    """Insert or overwrite attainments: id, attainment, and whether its subject is a month."""
    values = [
        (
            row_id,
            each.sla,
            each.scope,
            each.participant,
            each.subject,
            to_micros(each.started_at),
            each.team_id,
            None if each.month is None else str(each.month),
            each.level.value,
            each.points,
            each.value,
            each.of_cases,
            None if each.due_at is None else to_micros(each.due_at),
            None if each.stopped_at is None else to_micros(each.stopped_at),
            None if each.decided_at is None else to_micros(each.decided_at),
            each.version,
            int(is_monthly),
        )
        for row_id, each, is_monthly in rows
    ]
    insert_rows(
        connection, AttainmentRow.__tablename__, ATTAINMENT_COLUMNS, values, update_all(ATTAINMENT_COLUMNS, "id")
    )


def evidence_of(connection: Connection, subjects: Sequence[str]) -> dict[str, dict[tuple[Cell, datetime], int]]:
    """Return what each subject puts into which cells at which instants."""
    found: dict[str, dict[tuple[Cell, datetime], int]] = {}
    rows = connection.execute(
        select(
            EvidenceRow.subject,
            EvidenceRow.sla,
            EvidenceRow.month,
            EvidenceRow.scope,
            EvidenceRow.participant_id,
            EvidenceRow.at,
            EvidenceRow.amount,
        ).where(EvidenceRow.subject.in_(subjects))
    ).all()
    for subject, sla, month, scope, participant, at, amount in rows:
        cell = Cell(sla, scope, participant, month_of_key(month))
        found.setdefault(subject, {})[cell, at] = amount
    return found


def write_evidence(
    connection: Connection, new: Iterable[tuple[str, SubjectEvidence]], gone: Sequence[tuple[str, Cell, datetime]]
) -> None:
    """Insert or overwrite evidence of subjects, and take away what no longer holds."""
    for subject, cell, at in gone:
        connection.execute(
            delete(EvidenceRow).where(
                EvidenceRow.subject == subject,
                EvidenceRow.sla == cell.sla,
                EvidenceRow.month == str(cell.month),
                EvidenceRow.scope == cell.scope,
                EvidenceRow.participant_id == cell.participant,
                EvidenceRow.at == at,
            )
        )
    values = [
        (
            subject,
            each.cell.sla,
            str(each.cell.month),
            each.cell.scope,
            each.cell.participant,
            to_micros(each.at),
            each.amount,
        )
        for subject, each in new
    ]
    conflict = "(subject, sla, month, scope, participant_id, at) DO UPDATE SET amount = excluded.amount"
    insert_rows(connection, EvidenceRow.__tablename__, EVIDENCE_COLUMNS, values, conflict)


def evidence_in_cells(connection: Connection, cells: Sequence[Cell]) -> dict[Cell, list[tuple[datetime, int]]]:
    """Return the instants and amounts in some cells, each cell's by instant, then subject."""
    found: dict[Cell, list[tuple[datetime, int]]] = {}
    key = tuple_(EvidenceRow.sla, EvidenceRow.month, EvidenceRow.scope, EvidenceRow.participant_id)
    for start in range(0, len(cells), CELLS_A_QUERY):
        wanted = {
            (cell.sla, str(cell.month), cell.scope, cell.participant): cell
            for cell in cells[start : start + CELLS_A_QUERY]
        }
        rows = connection.execute(
            select(
                EvidenceRow.sla,
                EvidenceRow.month,
                EvidenceRow.scope,
                EvidenceRow.participant_id,
                type_coerce(EvidenceRow.at, Big),
                EvidenceRow.amount,
            )
            .where(key.in_(list(wanted)))
            .order_by(EvidenceRow.at, EvidenceRow.subject)
        ).all()
        for sla, month, scope, participant, at, amount in rows:
            found.setdefault(wanted[sla, month, scope, participant], []).append((from_micros(at), amount))
    return found


def targets_reached_at(connection: Connection, targets: Mapping[Cell, int]) -> dict[Cell, datetime]:
    """Return when the running total of each cell first reached its target (K6); domain.monthly.reached_at in SQL."""
    by_sla: dict[str, list[Cell]] = {}
    for cell in targets:
        by_sla.setdefault(cell.sla, []).append(cell)
    found: dict[Cell, datetime] = {}
    for cells in by_sla.values():
        for start in range(0, len(cells), CELLS_A_QUERY):
            _targets_reached_at(connection, cells[start : start + CELLS_A_QUERY], targets, found)
    return found


def _targets_reached_at(
    connection: Connection, cells: Sequence[Cell], targets: Mapping[Cell, int], found: dict[Cell, datetime]
) -> None:
    """Read only the rows near the targets: where the running total passes from below the highest to the lowest."""
    key = (EvidenceRow.sla, EvidenceRow.month, EvidenceRow.scope, EvidenceRow.participant_id)
    wanted = {(cell.sla, str(cell.month), cell.scope, cell.participant): cell for cell in cells}
    # What comes at one instant is taken together, as reached_at does.
    instants = (
        select(*key, type_coerce(EvidenceRow.at, Big).label("at"), func.sum(EvidenceRow.amount).label("amount"))
        .where(tuple_(*key).in_(list(wanted)))
        .group_by(*key, EvidenceRow.at)
        .subquery()
    )
    names = (instants.c.sla, instants.c.month, instants.c.scope, instants.c.participant_id)
    sums = select(
        instants,
        func.sum(instants.c.amount).over(partition_by=names, order_by=instants.c["at"], rows=(None, 0)).label("total"),
    ).subquery()
    here = [targets[cell] for cell in cells]
    rows = connection.execute(
        select(sums.c.sla, sums.c.month, sums.c.scope, sums.c.participant_id, sums.c["at"], sums.c.total)
        .where(sums.c.total >= min(here), sums.c.total - sums.c.amount < max(here))
        .order_by(sums.c["at"])
    ).all()
    for sla, month, scope, participant, at, total in rows:
        cell = wanted[sla, month, scope, participant]
        if cell not in found and total >= targets[cell]:
            found[cell] = from_micros(at)


def write_entries(connection: Connection, rows: Iterable[tuple[int, Posting]], now: datetime) -> None:
    """Append postings to the ledger, each with the attainment that it is for (P2)."""
    posted_at = to_micros(now)
    values = [
        (
            attainment_id,
            each.credit.participant if each.credit.scope == "member" else None,
            each.credit.team_id,
            str(each.credit.month),
            None,
            each.points,
            each.reason,
            posted_at,
        )
        for attainment_id, each in rows
    ]
    insert_rows(connection, PointEntry.__tablename__, ENTRY_COLUMNS, values)


def add_to_totals(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """Add points and level counts to totals, making those that are not there; rows as TOTAL_COLUMNS."""
    added = ", ".join(f"{name} = total.{name} + excluded.{name}" for name in ("points", "met", "exceeded", "missed"))
    insert_rows(
        connection,
        Total.__tablename__,
        TOTAL_COLUMNS,
        rows,
        f"(period, scope, participant_id) DO UPDATE SET {added}",
    )


def opened_months(connection: Connection) -> set[str]:
    """Return the months that have standings."""
    return set(connection.execute(select(PeriodRow.key).where(PeriodRow.kind == "month")).scalars())


def write_periods(connection: Connection, rows: Sequence[tuple[str, str, datetime, datetime, bool]]) -> None:
    """Note periods as having standings: key, kind, start, end, and whether they are decided."""
    values = [(key, kind, to_micros(start), to_micros(end), int(done)) for key, kind, start, end, done in rows]
    columns = ("key", "kind", "starts_at", "ends_at", "is_decided")
    insert_rows(connection, PeriodRow.__tablename__, columns, values, update_all(columns, "key"))


def write_wake_ups(connection: Connection, wakes: Sequence[tuple[str, datetime]]) -> None:
    """Note when subjects must be looked at again."""
    rows = [(subject, to_micros(at)) for subject, at in wakes]
    insert_rows(connection, WakeUp.__tablename__, ("subject", "at"), rows, "(subject) DO UPDATE SET at = excluded.at")


def clear_anomalies(connection: Connection, subjects: Sequence[str]) -> None:
    """Forget the anomalies of some subjects, to note them anew."""
    connection.execute(delete(Anomaly).where(Anomaly.subject.in_(subjects)))


def write_anomalies(connection: Connection, rows: Sequence[tuple[str, str, Event]]) -> None:
    """Note anomalies: subject, SLA, and the `to` event that came too early (C6)."""
    values = [(subject, sla, each.event_id, each.source, to_micros(each.occurred_at)) for subject, sla, each in rows]
    columns = ("subject", "sla", "event_id", "source", "occurred_at")
    insert_rows(connection, Anomaly.__tablename__, columns, values, "DO NOTHING")


def due_subjects(connection: Connection, now: datetime, limit: int) -> list[str]:
    """Return subjects with a deadline or an event that lay in the future and now does not."""
    pending = (
        select(AttainmentRow.subject)
        .where(AttainmentRow.level == "pending", AttainmentRow.due_at < now, AttainmentRow.is_monthly == 0)
        .distinct()
        .limit(limit)
    )
    found = list(connection.execute(pending).scalars())
    found += connection.execute(select(WakeUp.subject).where(WakeUp.at <= now).limit(limit)).scalars()
    return list(dict.fromkeys(found))


def forget_wake_ups(connection: Connection, now: datetime) -> None:
    """Take away the notes whose time has come."""
    connection.execute(delete(WakeUp).where(WakeUp.at <= now))


def undecided_months(connection: Connection, now: datetime) -> list[str]:
    """Return the months that are over and may still have monthly results pending."""
    return list(
        connection.execute(
            select(PeriodRow.key)
            .where(PeriodRow.kind == "month", PeriodRow.ends_at <= now, PeriodRow.is_decided == 0)
            .order_by(PeriodRow.key)
        ).scalars()
    )


def mark_decided(connection: Connection, months: Sequence[str]) -> None:
    """Note months whose monthly results are all decided."""
    connection.execute(update(PeriodRow).where(PeriodRow.key.in_(months)).values(is_decided=1))


def last_event_id(connection: Connection) -> int:
    """Return the highest event id given so far, 0 for none."""
    return connection.execute(select(func.max(EventRow.id))).scalar() or 0


def subjects_after(connection: Connection, event_id: int) -> list[str]:
    """Return the subjects of events newer than an event id, in order."""
    return list(
        connection.execute(
            select(EventRow.subject).where(EventRow.id > event_id).distinct().order_by(EventRow.subject)
        ).scalars()
    )


def subjects_beyond(connection: Connection, subject: str | None, limit: int) -> list[str]:
    """Return the next subjects that have events, in order, beyond one (None: from the first on)."""
    query = select(EventRow.subject).distinct().order_by(EventRow.subject).limit(limit)
    if subject is not None:
        query = query.where(EventRow.subject > subject)
    return list(connection.execute(query).scalars())


def evidence_sums(connection: Connection, month: Month) -> Iterator[tuple[Cell, int, int]]:
    """Yield the cells of a month that have evidence, with the sum and the number of it."""
    rows = connection.execute(
        select(
            EvidenceRow.sla,
            EvidenceRow.scope,
            EvidenceRow.participant_id,
            func.sum(EvidenceRow.amount),
            func.count(),
        )
        .where(EvidenceRow.month == str(month))
        .group_by(EvidenceRow.sla, EvidenceRow.scope, EvidenceRow.participant_id)
    )
    for sla, scope, participant, amount, number in rows:
        yield Cell(sla, scope, participant, month), int(amount), number


def decided_clocks(connection: Connection, month: Month) -> Iterator[tuple[Attainment, int]]:
    """Yield an attainment like those decided in a month and their number, for each SLA, team and level."""
    columns = (
        AttainmentRow.sla,
        AttainmentRow.scope,
        AttainmentRow.participant_id,
        AttainmentRow.team_id,
        AttainmentRow.level,
    )
    rows = connection.execute(
        select(*columns, func.count())
        .where(AttainmentRow.month == str(month), AttainmentRow.is_monthly == 0)
        .group_by(*columns)
    )
    for sla, scope, participant, team_id, level, number in rows:
        sample = Attainment(
            sla,
            scope,
            participant,
            "",
            from_micros(0),
            team_id,
            month,
            Level(level),
            0,
            None,
            None,
            None,
            None,
            None,
            0,
        )
        yield sample, number


def has_anomalies(connection: Connection) -> bool:
    """Tell whether any anomaly is noted."""
    return connection.execute(select(Anomaly.subject).limit(1)).first() is not None
