"""Events that wait for a name: taken as soon as somebody has it, claimed for a member, or discarded with a reason."""

import json
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from leaderboard.domain.actors import Actor
from leaderboard.domain.errors import HookRefused
from leaderboard.domain.shown import has_controls
from leaderboard.services.adjusting import LONGEST_REASON, SHORTEST_REASON, member_named
from leaderboard.services.intake import Outcome, RowResult, take_within
from leaderboard.services.people_editing import add_external_id
from leaderboard.services.reading import is_unfit
from leaderboard.services.receiving import told_of
from leaderboard.storage import hooks, parked, trail
from leaderboard.storage.database import DOOR_LOCK, all_or_nothing

ROWS_A_CHUNK = 1_000
MOST_CHUNKS = 100
NAMES_SHOWN = 100


def take_parked(session: Session, *, now: datetime, most_chunks: int = MOST_CHUNKS) -> int:
    """Take the events whose name is known by now, through the same rules as all others, and return how many.

    Each chunk is one transaction, in which they stop waiting. One that names somebody else who is unknown waits on.
    What is refused by now is told with the delivery that it came by.
    """
    taken = 0
    for _ in range(most_chunks):
        if not parked.known_now(session.connection(), 1):
            session.rollback()
            break
        with all_or_nothing(session):
            found = parked.known_now(session.connection(), ROWS_A_CHUNK)
            parked.forget(session.connection(), [each.id for each in found])
            taken += sum(_take(session, rows, now) for rows in _by_origin(found).values())
        if len(found) < ROWS_A_CHUNK:
            break
    return taken


def _by_origin(found: Sequence[Any]) -> dict[tuple[str, int | None], list[Any]]:
    """Return events by source and the delivery that they came by, so that those that wait on still know it."""
    groups: defaultdict[tuple[str, int | None], list[Any]] = defaultdict(list)
    for each in found:
        groups[each.source, each.delivery_id].append(each)
    return groups


def _take(session: Session, found: Sequence[Any], now: datetime) -> int:
    """Take events of one source, and return how many do not wait on."""
    rows = [json.loads(each.document) for each in found]
    source, delivery_id = found[0].source, found[0].delivery_id
    results = take_within(session, rows, source=source, now=now, parks=True, delivery_id=delivery_id)
    if delivery_id is not None:
        _note(session.connection(), delivery_id, results)
    return sum(each.outcome is not Outcome.PARKED for each in results)


def _note(connection: Connection, delivery_id: int, results: Sequence[RowResult]) -> None:
    """Say with a delivery what became of its events that had waited."""
    delivery = hooks.delivery(connection, delivery_id)
    counts = {outcome: sum(each.outcome is outcome for each in results) for outcome in Outcome}
    values: dict[str, Any] = {
        name: getattr(delivery, name) + counts[Outcome(name)] for name in ("new", "duplicate", "refused")
    }
    wrong = [told_of(each) for each in results if each.outcome is Outcome.REFUSED]
    if wrong:
        values["told"] = wrong[0]
    gone = len(results) - counts[Outcome.PARKED]
    hooks.change_delivery(connection, delivery_id, parked=max(0, delivery.parked - gone), **values)


def unknown_names(session: Session) -> Sequence[Any]:
    """Return the names for which most events wait."""
    return parked.unknown_names(session.connection(), NAMES_SHOWN)


def count_unknown_names(session: Session) -> int:
    """Return for how many names events wait."""
    return parked.count_names(session.connection())


def claim_name(session: Session, unknown: str, member: str, *, now: datetime, by: Actor) -> int:
    """Let an unknown name be a member's from now on, and return how many events that waited for it are taken at once.

    member: e-mail, name or id. Raises AdjustmentRefused for nobody or several, PersonRefused as of add_external_id.
    """
    member_id = member_named(session, member)
    add_external_id(session, member_id, unknown, now=now, by=by)
    return take_parked(session, now=now, most_chunks=1)


def discard_name(session: Session, column: str, unknown: str, reason: str, *, now: datetime, by: Actor) -> int:
    """Give up the events that wait for a name, and return how many; HookRefused `reason`."""
    reason = " ".join(reason.split())
    if not SHORTEST_REASON <= len(reason) <= LONGEST_REASON or has_controls(reason):
        sentence = f"Give a reason of {SHORTEST_REASON} to {LONGEST_REASON} characters, on one line."
        raise HookRefused("reason", sentence)
    if is_unfit(column + unknown):  # no event waits for what cannot be stored
        return 0
    with all_or_nothing(session, DOOR_LOCK):
        connection = session.connection()
        number = parked.discard(connection, column, unknown)
        about, after = f"{column} {unknown}", f"{number} events"
        trail.note(connection, by, "parked.discarded", about, at=now, after=after, why=reason)
    return number
