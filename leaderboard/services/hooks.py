"""Webhooks in as administrators keep them: doors for CRMs, their secrets, their mappings, and what came through."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from leaderboard.domain.actors import Actor
from leaderboard.domain.errors import HookRefused, Refused
from leaderboard.domain.inbound import RowError
from leaderboard.domain.mapping import parse_mapping
from leaderboard.domain.payloads import read_payload
from leaderboard.domain.shown import has_controls
from leaderboard.domain.signatures import KINDS
from leaderboard.resources import resource
from leaderboard.services.hook_keys import Key, Keys, new_secret, opened, sealed
from leaderboard.services.intake import MOST_ROWS, RowResult, try_events
from leaderboard.services.receiving import (
    MOST_REFUSALS,
    REFUSALS_WITHIN,
    mapped_rows,
    refusals_key,
    refused,
    take_delivery,
)
from leaderboard.services.sealing import Seal
from leaderboard.storage import accounts, hooks, trail
from leaderboard.storage.database import DOOR_LOCK, all_or_nothing

LONGEST_NAME = 100
LONGEST_MAPPING = 100_000
SHORTEST_SECRET, LONGEST_SECRET = 16, 400
SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
SALESFORCE_ID = re.compile(r"00D[A-Za-z0-9]{12}(?:[A-Za-z0-9]{3})?")
GIVEN = frozenset({"hubspot"})  # kinds whose secret is the CRM's own; of the others we make it
PAGE_SIZE = 25


@dataclass(frozen=True)
class HookShown:
    """A webhook in as its page shows it. organisation: whose Salesforce it must be.

    former_until: until when the secret before the present one counts too. is_sealed: the secrets cannot be opened.
    refused: deliveries that were refused lately, MOST_REFUSALS at most.
    """

    id: int
    slug: str
    kind: str
    name: str
    mapping: str
    is_active: bool
    organisation: str
    former_until: datetime | None
    is_sealed: bool
    refused: int


class Preview(NamedTuple):
    """What a mapping makes of a body: our rows with what would become of each, and how many rows of theirs there are.

    problem: why it makes nothing of it, in a sentence, None if it does.
    """

    events: Sequence[tuple[dict[str, str], RowResult]]
    rows: int
    problem: str | None = None
    columns: Sequence[str] = ()


def default_mapping(kind: str) -> str:
    """Return the mapping that a new webhook of a kind begins with."""
    return (resource("mappings") / "hooks" / f"{kind}.toml").read_text(encoding="utf-8")


def add_hook(
    session: Session, *, kind: str, name: str, slug: str, secret: str, seal: Seal, now: datetime, by: Actor
) -> tuple[int, str | None]:
    """Add a webhook and return its id, and its secret if it was made now, to be shown this once.

    slug: the end of its address, and the source of its events; empty: one is made. secret: of kinds in GIVEN.
    Raises HookRefused: `kind`, `name`, `slug`, `secret`; Refused while SECRET_KEY is not set.
    """
    if kind not in KINDS:
        raise HookRefused("kind", "Choose one of the kinds of webhook.")
    name = _checked_name(name)
    made = None if kind in GIVEN else new_secret()
    keys = Keys((Key(made or _checked_secret(secret)),))
    with all_or_nothing(session, DOOR_LOCK):
        connection = session.connection()
        slug = _free_slug(connection, slug.strip().lower(), kind)
        values = {"slug": slug, "kind": kind, "name": name, "is_active": 1}
        values |= {"mapping": default_mapping(kind), "secrets": sealed(keys, seal)}
        hook_id = hooks.add(connection, **values, created_at=now, created_by=by.name)
        trail.note(connection, by, "hook.added", f"hook {slug}", at=now, after=f"{kind}; {name}")
    return hook_id, made


def list_hooks(session: Session) -> Sequence[Any]:
    """Return all webhooks in, with what is left to do; as storage/hooks.py gives them."""
    return hooks.overview(session.connection())


def find_hook(session: Session, hook_id: int, *, seal: Seal, now: datetime) -> HookShown | None:
    """Return a webhook, None if it is not there."""
    connection = session.connection()
    found = hooks.find(connection, hook_id)
    if found is None:
        return None
    try:
        keys = opened(found.secrets, seal)
    except Refused:
        keys = None
    former = [each.until for each in keys.keys[1:] if each.is_valid(now)] if keys else []
    since = now - REFUSALS_WITHIN
    return HookShown(
        *(found.id, found.slug, found.kind, found.name, found.mapping, bool(found.is_active)),
        organisation=keys.organisation if keys else "",
        former_until=former[0] if former else None,
        is_sealed=keys is None,
        refused=len(accounts.attempts_of_account(connection, refusals_key(hook_id), since, MOST_REFUSALS)),
    )


def rotate(session: Session, hook_id: int, secret: str, *, seal: Seal, now: datetime, by: Actor) -> str | None:
    """Give a webhook a new secret, and return it if it was made now. The one before stays good for seven days.

    Raises HookRefused: `secret`, `gone`.
    """
    with _changing(session, hook_id) as (connection, found):
        made = None if found.kind in GIVEN else new_secret()
        try:
            keys = opened(found.secrets, seal).rotated(made or _checked_secret(secret), now)
        except HookRefused:
            raise
        except Refused:  # sealed with a key that is gone
            keys = Keys((Key(made or _checked_secret(secret)),))
        hooks.change(connection, hook_id, secrets=sealed(keys, seal))
        trail.note(connection, by, "hook.secret-changed", f"hook {found.slug}", at=now)
    return made


def end_former_secret(session: Session, hook_id: int, *, seal: Seal, now: datetime, by: Actor) -> None:
    """Let the present secret alone count from now on; HookRefused `gone`."""
    with _changing(session, hook_id) as (connection, found):
        hooks.change(connection, hook_id, secrets=sealed(opened(found.secrets, seal).alone(), seal))
        trail.note(connection, by, "hook.secret-ended", f"hook {found.slug}", at=now)


def set_organisation(session: Session, hook_id: int, text: str, *, seal: Seal, now: datetime, by: Actor) -> None:
    """Say from which organisation of Salesforce messages must come, empty for any.

    Raises HookRefused: `organisation`, `gone`.
    """
    text = text.strip()
    if text and not SALESFORCE_ID.fullmatch(text):
        raise HookRefused(
            "organisation", "This is no id of an organisation: it begins with 00D and has 15 or 18 characters."
        )
    with _changing(session, hook_id) as (connection, found):
        before = opened(found.secrets, seal)
        hooks.change(connection, hook_id, secrets=sealed(replace(before, organisation=text), seal))
        told = {"before": before.organisation or None, "after": text or None}
        trail.note(connection, by, "hook.organisation", f"hook {found.slug}", at=now, **told)


def set_active(session: Session, hook_id: int, is_active: bool, *, now: datetime, by: Actor) -> None:
    """Pause a webhook, or let it go on; while paused, senders are told to come again later. HookRefused `gone`."""
    with _changing(session, hook_id) as (connection, found):
        hooks.change(connection, hook_id, is_active=int(is_active))
        action = "hook.resumed" if is_active else "hook.paused"
        trail.note(connection, by, action, f"hook {found.slug}", at=now)


def change_mapping(session: Session, hook_id: int, text: str, *, now: datetime, by: Actor) -> None:
    """Store the mapping of a webhook; Refused with what is wrong with it, HookRefused `gone`."""
    text = checked_mapping(text)
    with _changing(session, hook_id) as (connection, found):
        hooks.change(connection, hook_id, mapping=text)
        trail.note(connection, by, "hook.mapping-changed", f"hook {found.slug}", at=now)


def checked_mapping(text: str) -> str:
    """Return a mapping as it is stored; Refused."""
    text = text.replace("\r\n", "\n")
    if len(text) > LONGEST_MAPPING:
        raise Refused(f"The mapping is longer than {LONGEST_MAPPING:,} characters; leave out what is not needed.")
    if "\0" in text:
        raise Refused("The mapping holds a NUL character; remove it.")
    parse_mapping(text)
    return text


def remove_hook(session: Session, hook_id: int, *, now: datetime, by: Actor) -> None:
    """Remove a webhook and the log of what came through it; its events stay. HookRefused `gone`."""
    with _changing(session, hook_id) as (connection, found):
        hooks.remove(connection, hook_id)
        trail.note(connection, by, "hook.removed", f"hook {found.slug}", at=now, before=f"{found.kind}; {found.name}")


def preview(session: Session, kind: str, source: str, mapping: str, body: str, *, now: datetime) -> Preview:
    """Return what a mapping would make of a body, and change nothing."""
    try:
        parsed = parse_mapping(checked_mapping(mapping))
        theirs = read_payload(kind, body.encode("utf-8", "replace")).rows
        mapped = list(mapped_rows(parsed, theirs))[:MOST_ROWS]
        rows = [dict(each) for each in mapped if not isinstance(each, RowError)]
        results = iter(try_events(session, rows, source=source, now=now, mapping=parsed))
    except Refused as error:
        return Preview((), 0, str(error))
    columns = list(dict.fromkeys(name for row in theirs for name in row))
    given = [({}, refused(each)) if isinstance(each, RowError) else (dict(each), next(results)) for each in mapped]
    return Preview(given, len(theirs), None, columns)


def last_body(session: Session, hook_id: int) -> str:
    """Return what a webhook was sent last, empty for nothing."""
    return hooks.last_body(session.connection(), hook_id) or ""


def list_deliveries(
    session: Session, hook_id: int, *, older_than: int | None = None, state: str = "", page_size: int = PAGE_SIZE
) -> tuple[Sequence[Any], int | None]:
    """Return what a webhook was sent, newest first, and where the next page begins; None at the end."""
    found = hooks.deliveries(session.connection(), hook_id, page_size + 1, older_than, state)
    return found[:page_size], found[page_size - 1].id if len(found) > page_size else None


def find_delivery(session: Session, hook_id: int, delivery_id: int) -> Any:
    """Return all of a delivery of a webhook, None if it is not there."""
    found = hooks.delivery(session.connection(), delivery_id)
    return found if found is not None and found.hook_id == hook_id else None


def try_again(session: Session, hook_id: int, delivery_id: int, *, now: datetime, by: Actor) -> str:
    """Take a delivery anew with the mapping as it is now, and return its state; what is known already stays.

    Raises HookRefused `gone` for one that is not there, or whose body is forgotten.
    """
    with all_or_nothing(session, DOOR_LOCK):
        connection = session.connection()
        found = hooks.delivery(connection, delivery_id)
        if found is None or found.hook_id != hook_id or not found.body:
            raise HookRefused("gone", "There is no such delivery any more; look at the list again.")
        hooks.change_delivery(connection, delivery_id, state=hooks.WAITING, tries=0, next_try_at=now, told=None)
        trail.note(connection, by, "hook.tried-again", f"hook {found.slug}", at=now, after=f"delivery {delivery_id}")
    return take_delivery(session, delivery_id, now=now, is_patient=False) or hooks.TAKEN


@contextmanager
def _changing(session: Session, hook_id: int) -> Iterator[tuple[Connection, Any]]:
    """Change a webhook in one transaction; HookRefused `gone`."""
    with all_or_nothing(session, DOOR_LOCK):
        found = hooks.find(session.connection(), hook_id)
        if found is None:
            raise HookRefused("gone", "There is no such webhook any more; look at the list again.")
        yield session.connection(), found


def _checked_name(name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME or has_controls(name):
        raise HookRefused("name", f"A name takes 1 to {LONGEST_NAME} characters on one line; give one.")
    return name


def _checked_secret(secret: str) -> str:
    secret = secret.strip()
    if not SHORTEST_SECRET <= len(secret) <= LONGEST_SECRET or has_controls(secret) or not secret.isascii():
        sentence = (
            f"The client secret has {SHORTEST_SECRET} to {LONGEST_SECRET} characters; copy all of it from the CRM."
        )
        raise HookRefused("secret", sentence)
    return secret


def _free_slug(connection: Connection, slug: str, kind: str) -> str:
    """Return an address that no other webhook has; HookRefused `slug` for one that was asked for and cannot be."""
    taken = hooks.slugs(connection)
    if slug:
        if not SLUG.fullmatch(slug) or slug in taken:
            raise HookRefused(
                "slug", "An address takes up to 40 small letters, digits and hyphens, and no other webhook has it."
            )
        return slug
    return next(each for number in range(1, len(taken) + 2) if (each := _numbered(kind, number)) not in taken)


def _numbered(kind: str, number: int) -> str:
    return kind if number == 1 else f"{kind}-{number}"
