"""Webhooks in: a delivery is proven, stored as it came, acknowledged, and its events are taken.

Once stored it is never lost: what cannot be taken at once waits for the job, which tries again.
"""

import hashlib
import logging
import re
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from leaderboard.domain.errors import DeliveryRefused, Refused
from leaderboard.domain.inbound import Row, RowError
from leaderboard.domain.mapping import EventMapping, parse_mapping
from leaderboard.domain.payloads import Payload, PayloadRefused, read_payload
from leaderboard.domain.shown import quoted, shown
from leaderboard.domain.signatures import STANDARD_ID, Request, Unproven, check
from leaderboard.services.accounts import network_of, token_key
from leaderboard.services.hook_keys import Keys, opened
from leaderboard.services.intake import MOST_ROWS, Outcome, RowResult, take_within
from leaderboard.services.means import Means
from leaderboard.services.reading import is_unfit
from leaderboard.storage import accounts, hooks
from leaderboard.storage.database import DOOR_LOCK, all_or_nothing, write_at_once

logger = logging.getLogger(__name__)
WAITS = tuple(timedelta(minutes=each) for each in (1, 5, 30, 120))  # before the tries after the first
MOST_TRIES = len(WAITS) + 1
MOST_AT_ONCE = 200  # rows whose sender can wait for; the job takes more
SOON = timedelta(seconds=10)  # by then whoever received it has taken it, or is gone
MOST_A_LOOK = 500
MOST_TOLD = 3
LONGEST_TOLD = 1_000
MOST_REFUSALS = 100  # that are noted of a hook within REFUSALS_WITHIN
REFUSALS_WITHIN = timedelta(minutes=15)
PAUSED_SECONDS = 3_600
KEPT = timedelta(days=90)
BUSY = (OperationalError, sqlite3.OperationalError)
SESSION_ID = re.compile(r"<((?:\w+:)?SessionId)>[^<]*</\1>")  # lets whoever holds it act in Salesforce

_mapping = lru_cache(maxsize=64)(parse_mapping)


class Received(NamedTuple):
    """A delivery that is acknowledged. is_soap: it wants an answer in XML; is_new: it had not come before."""

    is_soap: bool
    is_new: bool


def receive(session: Session, slug: str, request: Request, *, now: datetime, means: Means, address: str) -> Received:
    """Store what a sender proves to come from the hook at an address, and take its events if that is quick.

    address: where it comes from. On return it is on disk. Raises DeliveryRefused with the status to answer.
    """
    hook = None if is_unfit(slug) else hooks.with_slug(session.connection(), slug)
    if hook is None:
        raise DeliveryRefused(404, "There is no webhook at this address.")
    keys = _keys(hook, means)
    try:
        check(hook.kind, request, keys.valid(now), now)
        payload = read_payload(hook.kind, request.body)
        if keys.organisation and payload.organisation[:15] != keys.organisation[:15]:
            raise Unproven("organisation")
    except Unproven as error:
        raise _unproven(session, hook, error.because, address, now) from None
    except PayloadRefused as error:
        logger.warning("hook %s: a delivery cannot be read: %s", hook.slug, error)
        raise DeliveryRefused(error.status, str(error)) from None
    if not hook.is_active:
        raise DeliveryRefused(503, "This webhook is paused; send it again later.", PAUSED_SECONDS)
    delivery_id = _store(session, hook, request, payload, now) if payload.rows else None
    if delivery_id is not None and len(payload.rows) <= MOST_AT_ONCE:
        take_delivery(session, delivery_id, now=now, is_patient=False)
    return Received(payload.is_soap, delivery_id is not None)


def _keys(hook: Any, means: Means) -> Keys:
    try:
        return opened(hook.secrets, means.seal)
    except Refused as error:
        logger.error("hook %s: %s", hook.slug, error)
        raise DeliveryRefused(
            503, "This webhook cannot check signatures at the moment; send it again later.", 60
        ) from None


def refusals_key(hook_id: int) -> str:
    """Return under which key the refusals of a hook are counted, beside failed sign-ins."""
    return token_key(f"hook {hook_id}")


def _unproven(session: Session, hook: Any, because: str, address: str, now: datetime) -> DeliveryRefused:
    """Note a delivery that is not proven, and return its refusal; a storm of them is not even noted."""
    key, connection = refusals_key(hook.id), session.connection()
    before = accounts.attempts_of_account(connection, key, now - REFUSALS_WITHIN, MOST_REFUSALS)
    if len(before) >= MOST_REFUSALS:
        wait = before[-1] + REFUSALS_WITHIN - now
        return DeliveryRefused(429, "Too many deliveries were refused here; send none for a while.", wait.seconds + 1)
    network = network_of(address)
    logger.warning("hook %s: a delivery from %s is refused: its proof is %s", hook.slug, shown(network), because)
    with write_at_once(session) as writing:
        accounts.add_attempt(writing, key, f"hook {network}", now)
    return DeliveryRefused(
        401, "The signature or secret is not right, or it is too old; check what is entered in the CRM."
    )


def _store(session: Session, hook: Any, request: Request, payload: Payload, now: datetime) -> int | None:
    """Store a delivery as it came and return its id; None if it came before."""
    body = request.body.decode()
    if payload.is_soap:
        body = SESSION_ID.sub(r"<\1></\1>", body)
    with all_or_nothing(session, DOOR_LOCK):
        return hooks.add_delivery(
            session.connection(),
            hook_id=hook.id,
            delivery_key=_key_of(hook.kind, request, payload),
            received_at=now,
            body=body,
            next_try_at=now + SOON,
        )


def _key_of(kind: str, request: Request, payload: Payload) -> str | None:
    if kind != "generic":
        return payload.key
    return request.headers.get(STANDARD_ID, "")[:200] or "sha256:" + hashlib.sha256(request.body).hexdigest()


def take_delivery(session: Session, delivery_id: int, *, now: datetime, is_patient: bool = True) -> str | None:
    """Take the events of a delivery that waits, and return the state that it then has; None if it does not wait.

    is_patient: False leaves it waiting while others write. Whatever fails is noted with it, and tried again.
    """
    try:
        with all_or_nothing(session, is_patient=is_patient):
            connection = session.connection()
            found = hooks.delivery(connection, delivery_id)
            if found is None or found.state != hooks.WAITING:
                return None
            results = _take(session, found, now)
            hooks.change_delivery(connection, delivery_id, state=hooks.TAKEN, next_try_at=None, **_counted(results))
        return hooks.TAKEN
    except BUSY:
        if is_patient:
            return _failed(session, delivery_id, "The database was busy.", now)
        return hooks.WAITING
    except Refused as error:
        return _failed(session, delivery_id, str(error), now)
    except Exception as error:
        logger.exception("delivery %d cannot be taken", delivery_id)
        return _failed(session, delivery_id, f"{type(error).__name__}: {error}", now)


def _take(session: Session, found: Any, now: datetime) -> list[RowResult]:
    """Return what becomes of each event of a delivery, in order."""
    mapping = _mapping(found.mapping)
    mapped = list(mapped_rows(mapping, read_payload(found.kind, found.body.encode()).rows))
    rows = [each for each in mapped if not isinstance(each, RowError)]
    taken: list[RowResult] = []
    for start in range(0, len(rows), MOST_ROWS):
        chunk = rows[start : start + MOST_ROWS]
        given: dict[str, Any] = {"source": found.slug, "now": now, "mapping": mapping}
        taken += take_within(session, chunk, **given, parks=True, delivery_id=found.id)
    results = iter(taken)
    return [refused(each) if isinstance(each, RowError) else next(results) for each in mapped]


def mapped_rows(mapping: EventMapping, rows: Sequence[Row]) -> Iterator[Row | RowError]:
    """Yield the rows of ours that rows of theirs give, and in place of one that cannot be read, why."""
    for theirs in rows:
        try:
            for _template, row in mapping.rows(theirs):
                yield row
        except RowError as error:
            yield error


def refused(error: RowError) -> RowResult:
    """Return what became of a row that a mapping could not read."""
    return RowResult(Outcome.REFUSED, error.column, error.value, error.reason)


def _counted(results: Sequence[RowResult]) -> dict[str, Any]:
    """Return what a delivery says of its events: how many of each kind, and what is wrong with the first refused."""
    counts = {outcome.value: sum(each.outcome is outcome for each in results) for outcome in Outcome}
    wrong = [told_of(each) for each in results if each.outcome is Outcome.REFUSED]
    return {**counts, "told": "\n".join(wrong[:MOST_TOLD]) or None}


def told_of(result: RowResult) -> str:
    """Return in one line what is wrong with a row."""
    return f"{result.column}: {quoted(result.value)} {result.reason}."


def _failed(session: Session, delivery_id: int, told: str, now: datetime) -> str | None:
    """Note that a try has failed, and return the state: the last one is given up."""
    with all_or_nothing(session, DOOR_LOCK):
        connection = session.connection()
        found = hooks.delivery(connection, delivery_id)
        if found is None or found.state != hooks.WAITING:
            return None
        tries = found.tries + 1
        is_over = tries >= MOST_TRIES
        state = hooks.FAILED if is_over else hooks.WAITING
        next_try_at = None if is_over else now + WAITS[tries - 1]
        told = shown(told, LONGEST_TOLD)
        hooks.change_delivery(connection, delivery_id, state=state, tries=tries, next_try_at=next_try_at, told=told)
    return state


def is_delivery_due(session: Session, *, now: datetime) -> bool:
    """Tell whether a delivery waits that is to be tried by now."""
    return bool(hooks.due(session.connection(), now, 1))


def take_waiting(session: Session, *, now: datetime) -> dict[str, int]:
    """Take what waits and is due, each delivery in a transaction of its own; how many came to which state."""
    counts = {hooks.TAKEN: 0, hooks.WAITING: 0, hooks.FAILED: 0}
    ids = hooks.due(session.connection(), now, MOST_A_LOOK)
    session.rollback()
    for delivery_id in ids:
        state = take_delivery(session, delivery_id, now=now)
        if state is not None:
            counts[state] += 1
    return counts


def forget_deliveries(connection: Connection, now: datetime) -> int:
    """Delete deliveries that nobody looks at any more, and return how many."""
    return hooks.forget(connection, now - KEPT)
