"""How many requests a token may make in a minute, over all processes: each takes a few at a time for itself."""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import NamedTuple

from sqlalchemy.orm import Session

from leaderboard.services.tokens import Bearer
from leaderboard.storage import tokens
from leaderboard.storage.database import write_at_once

WINDOW = timedelta(minutes=1)
MOST_AT_A_TIME = 20  # so that a request that only reads does not write each time
MOST_HELD = 10_000  # tokens
USED_EVERY = timedelta(minutes=1)


class Allowance(NamedTuple):
    """What a token has left. is_allowed: whether this request is within it. remaining: after it, as far as is known.

    limit: requests a minute; seconds: until it begins anew.
    """

    is_allowed: bool
    limit: int
    remaining: int
    seconds: int


@dataclass
class _Held:
    """What this process may still let through in a window; beyond: what the others have left, when it last looked.

    owed: what was let through while the database was busy, to be counted with the next.
    """

    window_at: datetime
    left: int = 0
    beyond: int = 0
    is_spent: bool = False
    owed: int = 0


class Meter:
    """Counts the requests of each token. a_minute: how many it may make."""

    def __init__(self, a_minute: int) -> None:
        self.a_minute = a_minute
        self.at_a_time = max(1, min(MOST_AT_A_TIME, a_minute // 10))
        self._held: OrderedDict[int, _Held] = OrderedDict()
        self._lock = Lock()

    def take(self, session: Session, bearer: Bearer, *, now: datetime) -> Allowance:
        """Count a request of a token; it writes once a minute and for each `at_a_time` requests, and waits for nobody.

        While others write, the requests are let through and counted later.
        """
        window_at = now.replace(second=0, microsecond=0)
        with self._lock:
            held = self._of(bearer.token_id, window_at)
            if held.left > 0 or held.is_spent:
                return self._allowance(held, now)
            wanted = self.at_a_time + held.owed
        taken = _take(session, bearer, window_at, wanted, now)
        with self._lock:
            held = self._of(bearer.token_id, window_at)
            if taken is None:
                held.left += self.at_a_time
                held.owed += self.at_a_time
            else:
                held.owed = max(0, held.owed - (wanted - self.at_a_time))
                held.left += max(0, min(self.at_a_time, self.a_minute - (taken - self.at_a_time)))
                held.beyond = max(0, self.a_minute - taken)
                held.is_spent = held.left == 0
            return self._allowance(held, now)

    def _of(self, token_id: int, window_at: datetime) -> _Held:
        held = self._held.get(token_id)
        if held is None or held.window_at != window_at:
            held = self._held[token_id] = _Held(window_at)
        self._held.move_to_end(token_id)
        while len(self._held) > MOST_HELD:
            self._held.popitem(last=False)
        return held

    def _allowance(self, held: _Held, now: datetime) -> Allowance:
        is_allowed = held.left > 0
        held.left -= int(is_allowed)
        seconds = -(-(held.window_at + WINDOW - now) // timedelta(seconds=1))
        return Allowance(is_allowed, self.a_minute, held.left + held.beyond, max(1, seconds))


def _take(session: Session, bearer: Bearer, window_at: datetime, count: int, now: datetime) -> int | None:
    """Take requests for this process, and return how many are taken in all; None while the database is busy."""
    with write_at_once(session) as connection:
        taken = tokens.take(connection, bearer.token_id, window_at, count)
        if bearer.last_used_at is None or now - bearer.last_used_at >= USED_EVERY:
            tokens.mark_used(connection, bearer.token_id, now)
        return taken
    return None
