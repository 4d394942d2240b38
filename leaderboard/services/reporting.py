"""Lists for scripts: attainments and standings as rows of plain values (design section 5)."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from sqlalchemy.orm import Session

from leaderboard.domain.errors import Refused
from leaderboard.domain.periods import parse_period
from leaderboard.domain.rules import Rules
from leaderboard.domain.shown import quoted
from leaderboard.services.boards import standings
from leaderboard.services.rules import rule_book
from leaderboard.storage import boards
from leaderboard.storage.database import begin_snapshot

SECOND = 1_000_000
SIX_PLACES = Decimal("0.000001")
ATTAINMENT_COLUMNS = tuple("sla participant subject level value started_at due_at stopped_at decided_at points".split())
STANDING_COLUMNS = ("rank", "key", "name", "side", "points", "met", "exceeded", "missed")
Plain = dict[str, Any]


def count_subjects(session: Session) -> int:
    """Return how many subjects have events: what scoring works through."""
    return boards.subjects(session.connection())


def list_attainments(session: Session, period: str, sla: str | None = None) -> Iterator[Plain]:
    """Yield the attainments that count in a month or quarter, and those pending that started in it.

    Instants are ISO 8601 in UTC; value: seconds, subjects, minor units, or a share to six places.
    Raises PeriodRefused, and Refused for an SLA that no version of the agreement has.
    """
    begin_snapshot(session)
    connection = session.connection()
    rules = rule_book(connection).rules
    wanted = parse_period(period)
    kinds = kinds_of(rules)
    check_sla(kinds, sla)
    for row in boards.attainments_in(connection, [str(month) for month in wanted.months], sla):
        yield _attainment(row, kinds)
    for row in boards.pending_attainments(connection, *rules.months.bounds_of(wanted), sla):
        yield _attainment(row, kinds)


def kinds_of(rules: Rules) -> dict[tuple[int, str], str]:
    """Return the kind of each SLA's measure, by version of the agreement and key."""
    return {(version.id, sla.key): sla.measure.kind for version in rules.versions for sla in version.agreement.slas}


def check_sla(kinds: Iterable[tuple[int, str]], sla: str | None) -> None:
    """Refuse the key of an SLA that no version of the agreement has; None is none."""
    keys = {sla_key for _, sla_key in kinds}
    if sla is not None and sla not in keys:
        names = ", ".join(sorted(keys)) or "none, since no agreement is loaded yet"
        raise Refused(f"{quoted(sla)} is not an SLA of the agreement; its SLAs are {names}.")


def _attainment(row: Any, kinds: dict[tuple[int, str], str]) -> Plain:
    return {
        "sla": row.sla,
        "participant": row.key if row.scope == "member" else row.team,
        "subject": row.subject,
        "level": row.level,
        "value": value_of(kinds.get((row.version_id, row.sla), ""), row.value, row.of_cases),
        "started_at": instant_text(row.started_at),
        "due_at": instant_text(row.due_at),
        "stopped_at": instant_text(row.stopped_at),
        "decided_at": instant_text(row.decided_at),
        "points": row.points,
    }


def value_of(kind: str, value: int | None, cases: int | None) -> int | float | None:
    """Return a stored value as lists give it: seconds, subjects, minor units, or a share to six places.

    kind: of the SLA's measure; cases: of how many, for a rate.
    """
    if value is None:
        return None
    if cases is not None:
        return float((Decimal(value) / Decimal(cases)).quantize(SIX_PLACES, ROUND_HALF_EVEN)) if cases else None
    if kind in ("response_time", "completion"):
        return value // SECOND if value % SECOND == 0 else value / SECOND
    return value


def instant_text(instant: datetime | None) -> str | None:
    """Return an instant as lists give it: ISO 8601 in UTC."""
    return None if instant is None else instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def list_standings(session: Session, period: str, scope: str, side: str | None = None) -> list[Plain]:
    """Return the standings of a period in order; Refused for what is no period or scope."""
    return [
        {
            "rank": each.rank,
            "key": each.key,
            "name": each.name,
            "side": each.side,
            "points": each.points,
            "met": each.met,
            "exceeded": each.exceeded,
            "missed": each.missed,
        }
        for each in standings(session, period, scope, side)
    ]
