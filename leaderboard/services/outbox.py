"""The outbox: announcements that wait are sent to their targets, each at least once.

A message is claimed before it is sent, by a change that only one of several schedulers can make, and what came of it
is stored after it; no transaction is open while the network is spoken to. A process that ends in between leaves it
claimed: when the claim is over it is sent again, and its id tells the receiver that it is the same.
"""

import json
import logging
import random
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

from sqlalchemy.orm import Session

from leaderboard.domain.errors import Refused
from leaderboard.domain.retrying import asked_wait, wait_after
from leaderboard.domain.signing import signature
from leaderboard.services.announced import Message, News, message_for
from leaderboard.services.means import Means
from leaderboard.services.reaching import Answer, post
from leaderboard.storage import hook_targets, outbox
from leaderboard.storage.database import DOOR_LOCK, all_or_nothing

LOOK_SECONDS = 20.0  # then no further message is begun, and the next look goes on
AT_ONCE = 8  # targets
MOST_EACH = 50  # messages of a target in one look
CLAIMED = timedelta(minutes=3)  # longer than the slowest try takes
GONE = 410
TOLD_GONE = "The server answered 410: it wants no more webhooks."
USER_AGENT = "SLA-Leaderboard-Webhooks/1"
SENT, AGAIN, FAILED, DROPPED = "sent", "to be tried again", "failed", "dropped"

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Parcel:
    """A message that is claimed, ready to be posted. tries: which try this is."""

    message_id: int
    target_id: int
    tries: int
    address: str
    body: bytes
    headers: Mapping[str, str]


def is_waiting(session: Session, *, now: datetime) -> bool:
    """Tell whether an announcement waits to be sent; one search in an index."""
    is_due = outbox.is_waiting(session.connection(), now)
    session.rollback()
    return is_due


def send_announcements(
    session: Session, means: Means, *, now: datetime, is_stopping: Callable[[], bool] = lambda: False
) -> dict[str, int]:
    """Send what is due, and return how many messages came to SENT, AGAIN, FAILED and DROPPED.

    Several targets at once, one message at a time each; a target that does not take one waits for the next look. It
    takes 20 seconds at most, and what the tries take that are under way then. is_stopping: leaves the rest to the next.
    """
    look = _Look(session, means, now, is_stopping)
    look.send()
    return look.came_to


class _Look:
    """One look into the outbox."""

    def __init__(self, session: Session, means: Means, now: datetime, is_stopping: Callable[[], bool]) -> None:
        self.came_to = dict.fromkeys((SENT, AGAIN, FAILED, DROPPED), 0)
        self._session, self._means, self._now, self._begun = session, means, now, monotonic()
        self._is_stopping = is_stopping
        self._due: dict[int, deque[Any]] = {}
        for row in outbox.due_messages(session.connection(), now, MOST_EACH):
            self._due.setdefault(row.target_id, deque()).append(row)
        self._turns = deque(self._due)
        self._under_way: dict[Future[Answer], Parcel] = {}

    def send(self) -> None:
        """Send one message of each target, then the next of those that took theirs."""
        self._session.rollback()
        if not self._due:
            return
        with ThreadPoolExecutor(AT_ONCE, "webhook") as pool:
            self._begin(pool)
            while self._under_way:
                ended, _ = wait(self._under_way, return_when=FIRST_COMPLETED)
                for each in ended:
                    self._end(self._under_way.pop(each), each.result())
                self._begin(pool)

    def _begin(self, pool: ThreadPoolExecutor) -> None:
        while self._turns and len(self._under_way) < AT_ONCE and not self._is_over():
            parcel = self._next(self._due[self._turns.popleft()])
            if parcel is not None:
                may_reach_inside = self._means.may_reach_inside
                sending = pool.submit(
                    post, parcel.address, parcel.body, parcel.headers, may_reach_inside=may_reach_inside
                )
                self._under_way[sending] = parcel

    def _is_over(self) -> bool:
        return monotonic() - self._begun >= LOOK_SECONDS or self._is_stopping()

    def _next(self, due: deque[Any]) -> Parcel | None:
        """Return the next message of a target that is to be posted; None if it has none."""
        while due:
            parcel = self._claimed(due.popleft())
            if parcel is not None:
                return parcel
        return None

    def _claimed(self, row: Any) -> Parcel | None:
        """Claim a message; None where another has it, or where it is not to be posted."""
        now = self._clock()
        with all_or_nothing(self._session, DOOR_LOCK):
            tries = outbox.claim(self._session.connection(), row.id, row.next_try_at, now, now + CLAIMED)
        if tries is None:
            return None
        try:
            return self._parcel(row, tries, now)
        except Exception as error:  # whatever is wrong with one message, the others go on
            is_expected = isinstance(error, Refused)
            told = str(error) if is_expected else f"It cannot be put into words: {type(error).__name__}."
            if not is_expected:
                logger.exception("message %d cannot be put into words", row.id)
            self._end(Parcel(row.id, row.target_id, tries, "", b"", {}), Answer(None, told))
            return None

    def _parcel(self, row: Any, tries: int, now: datetime) -> Parcel | None:
        """Put a message into words and sign it; None where it is dropped."""
        connection, open_ = self._session.connection(), self._means.seal.open
        target, news = hook_targets.target(connection, row.target_id), outbox.news_of(connection, row.id)
        news = News(news.kind, news.occasion, news.at, json.loads(news.document))
        message = message_for(connection, self._means, target, news, now=now)
        self._session.rollback()  # the network is spoken to next
        if message.drop is not None:
            self._store(row.id, tries, DROPPED, state="dropped", told=message.drop, next_try_at=None)
            return None
        headers = headers_of(message, open_(target.secret), now)
        return Parcel(row.id, row.target_id, tries, open_(target.address), message.body, headers)

    def _end(self, parcel: Parcel, answer: Answer) -> None:
        """Store what came of a try, and give a target that took it its next turn."""
        now = self._clock()
        tried: dict[str, Any] = {"status": answer.status, "told": None if answer.is_taken else answer.told}
        if answer.is_taken:
            self._turns.append(parcel.target_id)
            self._store(parcel.message_id, parcel.tries, SENT, state="sent", sent_at=now, next_try_at=None, **tried)
            return
        later = wait_after(parcel.tries, spread=random.random(), asked=asked_wait(answer.retry_after, now))
        if answer.status == GONE:
            self._pause(parcel.target_id)
        if answer.status == GONE or later is None:
            self._store(parcel.message_id, parcel.tries, FAILED, state="failed", next_try_at=None, **tried)
        else:
            self._store(parcel.message_id, parcel.tries, AGAIN, next_try_at=now + later, **tried)

    def _store(self, message_id: int, tries: int, what: str, **values: Any) -> None:
        with all_or_nothing(self._session, DOOR_LOCK):
            self.came_to[what] += outbox.record(self._session.connection(), message_id, tries, **values)

    def _pause(self, target_id: int) -> None:
        with all_or_nothing(self._session, DOOR_LOCK):
            hook_targets.change_target(self._session.connection(), target_id, is_active=0, told=TOLD_GONE)
            hook_targets.hold_messages(self._session.connection(), target_id)

    def _clock(self) -> datetime:
        return self._now + timedelta(seconds=monotonic() - self._begun)


def headers_of(message: Message, secret: str, now: datetime) -> dict[str, str]:
    """Return the headers of a message: what it is, which one, and the proof that it is from us."""
    timestamp = int(now.timestamp())
    return {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": USER_AGENT,
        "X-Leaderboard-Event": message.kind,
        "X-Leaderboard-Delivery": message.delivery,
        "X-Leaderboard-Timestamp": str(timestamp),
        "X-Leaderboard-Signature": signature(secret, timestamp, message.body),
    }
