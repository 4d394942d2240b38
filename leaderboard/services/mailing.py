"""Mailing: e-mails that wait are sent, each once. The database waits for nobody while the mail server is spoken to."""

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime, timedelta
from time import monotonic
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from leaderboard.domain.errors import Refused
from leaderboard.domain.instants import to_micros
from leaderboard.domain.reminders import next_day
from leaderboard.services.mail_kinds import REMINDER, is_mail_set_up, read
from leaderboard.services.manager_digests import named
from leaderboard.services.means import Means
from leaderboard.services.messages import Letter, compose, deliverable
from leaderboard.services.postman import FAILED, LATER, SENT, Outcome, Postman
from leaderboard.services.rules import rule_book
from leaderboard.storage import mails, reminders
from leaderboard.storage.database import DOOR_LOCK, all_or_nothing

MAILS_A_LOOK = 200
SECONDS_A_LOOK = 20  # then the other jobs have their turn
SENDING_IS_OVER = timedelta(minutes=15)  # of one that is not known to be sent
KEPT = timedelta(days=400)
REMINDERS_KEPT = timedelta(days=31)
AGAIN_AFTER = tuple(timedelta(minutes=each) for each in (1, 5, 15, 60, 180, 360))
ENDED = "The program ended while it was sent; it may have arrived."
TOO_LATE = "It came too late to be of use."
UNWANTED = "Nobody wants it any more."
logger = logging.getLogger(__name__)
Send = Callable[[str, bytes], Outcome]


def send_waiting(session: Session, *, now: datetime, means: Means) -> Counter[str]:
    """Send the e-mails that wait, by day, and return how many of each state came out of it.

    Raises Unreachable, a Refused, where the server takes none: they wait, and those that come too late are dropped.
    """
    found: Counter[str] = Counter()
    if not is_mail_set_up(means):
        return found
    assert means.mail is not None
    rows = mails.ready(session.connection(), now, MAILS_A_LOOK)
    pending = _still_pending(session, rows)
    to_send = []
    for row in rows:
        facts = _still_true(row, pending, now)
        if (settled := _settled(row, facts, now)) is not None:
            found[settled["state"]] += _change(session, row, row.state, **settled)
        elif facts is not None:
            to_send.append((row, facts))
    with _Route(means) as route:
        for row, facts in to_send:
            if route.is_late:
                break
            found[_sent(session, row, facts, route, now=now, means=means)] += 1
    return found


class _Route:
    """The way to the mail server: opened for the first e-mail, and again where it broke."""

    def __init__(self, means: Means) -> None:
        assert means.mail is not None
        self._server, self._stack = means.mail, ExitStack()
        self._postman: Postman | None = None
        self._began = monotonic()

    def __enter__(self) -> "_Route":
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    @property
    def is_late(self) -> bool:
        return monotonic() - self._began > SECONDS_A_LOOK

    def open(self) -> Postman:
        """Return a postman at the door."""
        if self._postman is None or not self._postman.is_usable:
            self._stack.close()
            self._postman = self._stack.enter_context(Postman(self._server))
        return self._postman


def _still_pending(session: Session, rows: Sequence[Any]) -> Mapping[int, datetime | None]:
    """Return what is still to be done of that of which some e-mails remind."""
    ids = {each["id"] for row in rows if row.kind == REMINDER for each in read(row.document)["items"]}
    return reminders.still_pending(session.connection(), sorted(ids)) if ids else {}


def _still_true(row: Any, pending: Mapping[int, datetime | None], now: datetime) -> dict[str, Any] | None:
    """Return the facts that an e-mail tells, as far as they hold now; None where nothing is left."""
    facts = read(row.document)
    if now >= facts["until_at"]:
        return None
    if row.kind == REMINDER:
        facts["items"] = [
            each for each in facts["items"] if pending.get(each["id"]) == each["due_at"] and now < each["deadline_at"]
        ]
        for each in facts["items"]:
            each["left"] = timedelta(minutes=max(each["left_seconds"] // 60, 1))
        return facts if facts["items"] else None
    return facts


def _settled(row: Any, facts: Mapping[str, Any] | None, now: datetime) -> dict[str, Any] | None:
    """Return what becomes of an e-mail that is not to be sent now; None of one that is."""
    if row.state == mails.SENDING:
        return {"state": mails.FAILED, "told": ENDED}
    if not row.is_active or row.is_refused:
        return {"state": mails.DROPPED, "told": UNWANTED}
    if facts is None:
        return {"state": mails.DROPPED, "told": TOO_LATE}
    by_day = next_day(ZoneInfo(facts["zone"]), now)
    return None if by_day == now else {"state": mails.WAITING, "next_try_at": by_day}


def _sent(session: Session, row: Any, facts: Mapping[str, Any], route: _Route, *, now: datetime, means: Means) -> str:
    """Send an e-mail, and return what became of it. That it is being sent is known before, so that it is once."""
    try:
        to, content = deliverable(row.email), _content(session, row, facts, now, means)
    except Refused as error:
        _change(session, row, mails.WAITING, state=mails.FAILED, told=str(error))
        return mails.FAILED
    except Exception as error:  # whatever is wrong with one e-mail, the others go out
        logger.exception("e-mail %d cannot be put into words", row.id)
        session.rollback()
        told = f"It cannot be put into words: {type(error).__name__}."
        _change(session, row, mails.WAITING, state=mails.FAILED, told=told)
        return mails.FAILED
    postman = route.open()
    claim = {"state": mails.SENDING, "tries": row.tries + 1, "next_try_at": now + SENDING_IS_OVER}
    if not _change(session, row, mails.WAITING, **claim):
        return "another's"
    try:
        outcome = postman.send(to, content)
    except Refused:
        _change(session, row, mails.SENDING, state=mails.WAITING, tries=row.tries, next_try_at=now)
        raise
    after = _after(outcome, row.tries, now)
    _change(session, row, mails.SENDING, **after)
    return str(after["state"])


def _content(session: Session, row: Any, facts: Mapping[str, Any], now: datetime, means: Means) -> bytes:
    book = rule_book(session.connection())
    language = row.language or book.rules.organisation.language
    facts = {**named(dict(facts), book), "organisation": book.rules.organisation.name}
    key = f"{row.kind}-{row.id}-{to_micros(row.created_at)}"
    letter = Letter(row.user_id, row.email, row.kind, key, language)
    session.rollback()  # words may look into the database themselves
    return compose(letter, facts, means, now=now).as_bytes()


def _after(outcome: Outcome, tries: int, now: datetime) -> dict[str, Any]:
    if outcome.state == SENT:
        return {"state": mails.SENT, "sent_at": now, "told": None}
    if outcome.state == LATER and tries < len(AGAIN_AFTER):
        return {"state": mails.WAITING, "next_try_at": now + AGAIN_AFTER[tries], "told": outcome.told}
    assert outcome.state in (LATER, FAILED)
    return {"state": mails.FAILED, "told": outcome.told}


def _change(session: Session, row: Any, before: str, **values: Any) -> bool:
    with all_or_nothing(session, DOOR_LOCK):
        return mails.change(session.connection(), row.id, before, **values)


def told_of(counts: Mapping[str, int]) -> Iterable[tuple[str, int]]:
    """Return what a run of the job says: of each state how many."""
    words = {
        mails.SENT: "e-mails sent",
        mails.WAITING: "e-mails to be sent later",
        mails.FAILED: "e-mails that could not be sent",
        mails.DROPPED: "e-mails not sent any more",
    }
    return [(what, counts.get(state, 0)) for state, what in words.items()]


def forget_mails(connection: Connection, *, now: datetime) -> int:
    """Forget e-mails of long ago, and return how many."""
    reminders.forget_reminders(connection, now - REMINDERS_KEPT)
    return mails.forget_old(connection, now - KEPT)
