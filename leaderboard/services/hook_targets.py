"""Where webhooks go, as administrators keep them: added, changed, tried, paused, removed; and what was sent there."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from leaderboard.domain.actors import Actor
from leaderboard.domain.announcements import FORMATS, KINDS, TEST
from leaderboard.domain.errors import Refused, TargetRefused
from leaderboard.domain.organisation_file import LANGUAGES
from leaderboard.domain.outside import parse_target, shortened
from leaderboard.domain.shown import has_controls
from leaderboard.services.announced import News, message_for
from leaderboard.services.hook_keys import new_secret
from leaderboard.services.means import Means
from leaderboard.services.outbox import headers_of
from leaderboard.services.reaching import Answer, checked_addresses, post
from leaderboard.services.rules import RuleBook, known_rules
from leaderboard.storage import hook_targets, trail
from leaderboard.storage.database import DOOR_LOCK, all_or_nothing

LONGEST_NAME = 60
MOST_TARGETS = 50
SECRET_START = "lbwh_"
PAGE_SIZE = 30


@dataclass(frozen=True)
class Wanted:
    """A target as somebody wants it. address: "" keeps the one that it has."""

    name: str
    address: str
    format: str
    kinds: Sequence[str]
    language: str
    has_amounts: bool = False


@dataclass(frozen=True)
class Target:
    """A target as pages show it. address: shortened, since it may be as good as a password; "" if it cannot be opened.

    told: why it was paused by itself. waiting, sent, failed: how many messages; sent_at: when one last arrived.
    """

    id: int
    name: str
    format: str
    kinds: tuple[str, ...]
    language: str
    has_amounts: bool
    is_active: bool
    told: str | None
    address: str
    created_at: datetime
    created_by: str
    waiting: int = 0
    sent: int = 0
    failed: int = 0
    sent_at: datetime | None = None


@dataclass(frozen=True)
class Log:
    """Messages of a target, newest first. older_than: where the next page begins, None at the end."""

    messages: Sequence[Any]
    older_than: int | None


def list_targets(session: Session, means: Means) -> tuple[Target, ...]:
    """Return all targets, by name; three statements."""
    connection = session.connection()
    counts = hook_targets.counts(connection)
    book, rows = known_rules(connection), hook_targets.targets(connection)
    return tuple(_shown(book, means, row, counts.get(row.id)) for row in rows)


def find_target(session: Session, means: Means, target_id: int) -> Target | None:
    """Return a target, None if there is none."""
    connection = session.connection()
    row = hook_targets.target(connection, target_id)
    if row is None:
        return None
    return _shown(known_rules(connection), means, row, hook_targets.counts(connection, target_id).get(target_id))


def read_log(session: Session, target_id: int, older_than: int | None = None, *, page_size: int = PAGE_SIZE) -> Log:
    """Return a page of what was sent to a target."""
    found = hook_targets.messages(session.connection(), target_id, page_size + 1, older_than)
    page = found[:page_size]
    return Log(page, page[-1].announcement_id if len(found) > page_size else None)


def add_target(session: Session, means: Means, wanted: Wanted, *, now: datetime, by: Actor) -> tuple[int, str]:
    """Add a target; return its id and the secret by which it knows us, which is shown this once.

    Raises TargetRefused: `name`, `taken`, `format`, `kinds`, `language`, `many`; AddressRefused.
    """
    name, values = _checked(wanted), _values(wanted) | _address(means, wanted.address)
    secret = _new_secret()
    values |= {"secret": means.seal.seal(secret), "is_active": 1, "created_at": now, "created_by": by.name}
    with all_or_nothing(session, DOOR_LOCK):
        connection = session.connection()
        if len(hook_targets.targets(connection)) >= MOST_TARGETS:
            raise TargetRefused("many", f"There are {MOST_TARGETS} webhooks already; remove one that nobody needs.")
        _check_free(connection, name)
        target_id = hook_targets.add_target(connection, name=name, **values)
        trail.note(connection, by, "webhook.added", f"webhook {name}", at=now, after=_told(values))
    return target_id, secret


def change_target(session: Session, means: Means, target_id: int, wanted: Wanted, *, now: datetime, by: Actor) -> None:
    """Change what a target is called, where it is and what it is told. Raises as add_target, and `gone`."""
    name, values = _checked(wanted), _values(wanted)
    if wanted.address.strip():
        values |= _address(means, wanted.address)
    with _changing(session, target_id) as (connection, found):
        _check_free(connection, name, but=target_id)
        before = _told(found._asdict())
        hook_targets.change_target(connection, target_id, name=name, **values)
        after = _told(values) + ("; another address" if "address" in values else "")
        trail.note(connection, by, "webhook.changed", f"webhook {name}", at=now, before=before, after=after)


def renew_secret(session: Session, means: Means, target_id: int, *, now: datetime, by: Actor) -> str:
    """Give a target another secret, which counts at once, and return it. What it refuses meanwhile is sent again."""
    secret = _new_secret()
    with _changing(session, target_id) as (connection, found):
        hook_targets.change_target(connection, target_id, secret=means.seal.seal(secret))
        trail.note(connection, by, "webhook.secret-renewed", f"webhook {found.name}", at=now)
    return secret


def pause_target(session: Session, target_id: int, *, now: datetime, by: Actor) -> None:
    """Send a target nothing until it is resumed: what waits goes on waiting, and it is told nothing new."""
    with _changing(session, target_id) as (connection, found):
        if found.is_active:
            hook_targets.change_target(connection, target_id, is_active=0, told=None)
            hook_targets.hold_messages(connection, target_id)
            trail.note(connection, by, "webhook.paused", f"webhook {found.name}", at=now)


def resume_target(session: Session, target_id: int, *, now: datetime, by: Actor) -> None:
    """Send a target what waits for it, and what comes."""
    with _changing(session, target_id) as (connection, found):
        if not found.is_active:
            hook_targets.change_target(connection, target_id, is_active=1, told=None)
            hook_targets.let_messages_go(connection, target_id, now)
            trail.note(connection, by, "webhook.resumed", f"webhook {found.name}", at=now)


def remove_target(session: Session, target_id: int, *, now: datetime, by: Actor) -> None:
    """Remove a target with its log; what waits for it is never sent."""
    with _changing(session, target_id) as (connection, found):
        hook_targets.remove_target(connection, target_id)
        trail.note(connection, by, "webhook.removed", f"webhook {found.name}", at=now, before=_told(found._asdict()))


def resend(session: Session, target_id: int, message_id: int, *, now: datetime, by: Actor) -> None:
    """Send a message that has come to its end on its way anew, under the id that it had.

    Raises TargetRefused: `gone`, `paused`, `under-way`.
    """
    with _changing(session, target_id) as (connection, found):
        if not found.is_active:
            raise TargetRefused("paused", "This webhook is paused; resume it first.")
        occasion = hook_targets.resend(connection, target_id, message_id, now)
        if occasion is None:
            raise TargetRefused("under-way", "This message is on its way, or forgotten; look at the log again.")
        trail.note(connection, by, "webhook.resent", f"webhook {found.name}", at=now, after=occasion)


def send_test(session: Session, means: Means, target_id: int, *, now: datetime) -> Answer:
    """Send a target a test at once, also one that is paused, and return what it answered. Raises TargetRefused `gone`.

    It takes as long as the target does, 20 seconds at most, and no transaction is open meanwhile.
    """
    connection = session.connection()
    found = hook_targets.target(connection, target_id)
    if found is None:
        raise _gone()
    message = message_for(connection, means, found, News(TEST, f"test {uuid4()}", now, {}), now=now)
    headers = headers_of(message, means.seal.open(found.secret), now)
    session.rollback()
    address = means.seal.open(found.address)
    return post(address, message.body, headers, may_reach_inside=means.may_reach_inside)


@contextmanager
def _changing(session: Session, target_id: int) -> Iterator[tuple[Connection, Any]]:
    """Give a target as it is, in a writing transaction; TargetRefused `gone` if there is none."""
    with all_or_nothing(session, DOOR_LOCK):
        found = hook_targets.target(session.connection(), target_id)
        if found is None:
            raise _gone()
        yield session.connection(), found


def _gone() -> TargetRefused:
    return TargetRefused("gone", "There is no such webhook any more; look at the list again.")


def _checked(wanted: Wanted) -> str:
    """Return the name of a target that somebody wants, all else of which can be as it is; else TargetRefused."""
    name = " ".join(wanted.name.split())
    if not name or len(name) > LONGEST_NAME or has_controls(name):
        raise TargetRefused("name", f"A webhook needs a name of at most {LONGEST_NAME} characters; enter one.")
    if wanted.format not in FORMATS:
        raise TargetRefused("format", f"The form is none of {', '.join(FORMATS)}; choose one.")
    if not wanted.kinds or not set(wanted.kinds) <= set(KINDS):
        raise TargetRefused("kinds", "Nothing is chosen that it is told of; choose something.")
    if wanted.language not in LANGUAGES:
        raise TargetRefused("language", f"The language is none of {', '.join(LANGUAGES)}; choose one.")
    return name


def _values(wanted: Wanted) -> dict[str, Any]:
    return {
        "format": wanted.format,
        "kinds": " ".join(kind for kind in KINDS if kind in wanted.kinds),
        "language": wanted.language,
        "has_amounts": int(wanted.has_amounts),
    }


def _address(means: Means, text: str) -> dict[str, str]:
    """Return an address as it is stored, checked as it is before each message; else AddressRefused."""
    target = parse_target(text.strip(), may_reach_inside=means.may_reach_inside)
    checked_addresses(target, may_reach_inside=means.may_reach_inside)
    return {"address": means.seal.seal(text.strip())}


def _check_free(connection: Connection, name: str, but: int | None = None) -> None:
    if hook_targets.is_name_taken(connection, name, but):
        raise TargetRefused("taken", "Another webhook has this name; choose another one.")


def _new_secret() -> str:
    return SECRET_START + new_secret()


def _told(values: dict[str, Any]) -> str:
    """Return for the audit trail what a target is told; no address, no secret."""
    amounts = "with" if values["has_amounts"] else "without"
    return f"{values['format']}, {values['language']}, {amounts} amounts: {values['kinds']}"


def _shown(book: RuleBook | None, means: Means, row: Any, counted: Any) -> Target:
    numbers = {} if counted is None else {name: getattr(counted, name) for name in ("waiting", "sent", "failed")}
    return Target(
        row.id,
        row.name,
        row.format,
        tuple(row.kinds.split()),
        row.language,
        bool(row.has_amounts),
        bool(row.is_active),
        row.told,
        _shortened(means, row.address),
        row.created_at,
        row.created_by if book is None else book.masked(row.created_by),
        **numbers,
        sent_at=None if counted is None else counted.sent_at,
    )


def _shortened(means: Means, sealed: str) -> str:
    try:
        return shortened(means.seal.open(sealed))
    except Refused:  # sealed with a key that is lost: the page is there to enter another address
        return ""
