"""The kinds of e-mail, who gets which, and the choices of those who want fewer."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from leaderboard.domain.actors import Actor
from leaderboard.domain.errors import Refused
from leaderboard.services.means import Means
from leaderboard.services.sealing import Seal
from leaderboard.storage import mails, trail
from leaderboard.storage.database import DOOR_LOCK, all_or_nothing

REMINDER, DAY, WEEK, CLOSE, REVIEW = "reminder", "day", "week", "close", "review"
KINDS = (REMINDER, DAY, WEEK, CLOSE, REVIEW)
OF_MEMBERS, OF_MANAGERS = (REMINDER, DAY), (WEEK, CLOSE, REVIEW)
PURPOSE = "unsubscribe"
LATEST = 8


@dataclass(frozen=True)
class Unsubscribing:
    """Whose e-mails of which kind an address in one of them ends."""

    user_id: int
    kind: str


def is_mail_set_up(means: Means) -> bool:
    """Tell whether e-mail is made: there is a server, and an address for the links that each e-mail must have."""
    return means.mail is not None and means.address is not None


def kinds_for(*, member_id: int | None, is_manager: bool) -> tuple[str, ...]:
    """Return the kinds that an account may get."""
    return (*(OF_MEMBERS if member_id is not None else ()), *(OF_MANAGERS if is_manager else ()))


def wanted_kinds(session: Session, user_id: int) -> set[str]:
    """Return the kinds that somebody has not refused."""
    return set(KINDS) - mails.refused_kinds(session.connection(), user_id)


def latest_mails(session: Session, user_id: int) -> Sequence[Any]:
    """Return kind, state, told (why it did not go out), created_at and sent_at of the newest e-mails to somebody."""
    return mails.newest_of(session.connection(), user_id, LATEST)


def choose_kinds(
    session: Session, user_id: int, wanted: Collection[str], offered: Collection[str], *, now: datetime, by: Actor
) -> None:
    """Store which of the kinds that are offered somebody wants."""
    with all_or_nothing(session, DOOR_LOCK):
        connection = session.connection()
        before = mails.refused_kinds(connection, user_id)
        refused = set(offered) - set(wanted)
        mails.refuse(connection, user_id, refused - before, now)
        mails.want(connection, user_id, set(offered) & set(wanted) & before)
        after = mails.refused_kinds(connection, user_id)
        if before != after:
            _note(session, by, before, after, now)


def _note(session: Session, by: Actor, before: Collection[str], after: Collection[str], now: datetime) -> None:
    told = {"before": ", ".join(sorted(before)) or None, "after": ", ".join(sorted(after)) or None}
    trail.note(session.connection(), by, "mail.refused", f"user {by.name}", at=now, **told)


def unsubscribe_token(seal: Seal, user_id: int, kind: str) -> str:
    """Return what stands in the address that ends a kind of e-mail for somebody: sealed, so that nobody makes it up."""
    return seal.seal(f"{PURPOSE} {user_id} {kind}")


def read_unsubscribe_token(seal: Seal, token: str) -> Unsubscribing | None:
    """Return whose e-mails of which kind a token ends; None for what is none of ours."""
    try:
        purpose, user_id, kind = seal.open(token).split(" ")
    except (Refused, ValueError):
        return None
    return Unsubscribing(int(user_id), kind) if purpose == PURPOSE and kind in KINDS else None


def unsubscribe(session: Session, ended: Unsubscribing, *, now: datetime, is_undone: bool = False) -> bool:
    """End a kind of e-mail for somebody, or begin it again; tell whether there is such an account."""
    with all_or_nothing(session, DOOR_LOCK):
        connection = session.connection()
        email = mails.email_of(connection, ended.user_id)
        if email is None:
            return False
        before = mails.refused_kinds(connection, ended.user_id)
        if (ended.kind in before) == is_undone:
            if is_undone:
                mails.want(connection, ended.user_id, [ended.kind])
            else:
                mails.refuse(connection, ended.user_id, [ended.kind], now)
            after = mails.refused_kinds(connection, ended.user_id)
            _note(session, Actor(email, ended.user_id, None), before, after, now)
    return True


def written(facts: Mapping[str, Any]) -> str:
    """Return facts as JSON; instants and dates as ISO 8601, under names that end in _at and _on."""
    return json.dumps(facts, default=_iso, ensure_ascii=False, separators=(",", ":"))


def read(document: str) -> dict[str, Any]:
    """Return the facts of what `written` returned."""
    found: dict[str, Any] = json.loads(document, object_hook=_instants)
    return found


def _iso(value: Any) -> str:
    if isinstance(value, date):  # an instant is one too
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} stands in no e-mail")


def _instants(facts: dict[str, Any]) -> dict[str, Any]:
    for name, value in facts.items():
        if isinstance(value, str) and name.endswith("_at"):
            facts[name] = datetime.fromisoformat(value)
        elif isinstance(value, str) and name.endswith("_on"):
            facts[name] = date.fromisoformat(value)
    return facts
