"""When a webhook that did not arrive is sent again: ever later, for about two days."""

from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

MOST_TRIES = 10
FIRST_WAIT = timedelta(minutes=1)
FACTOR = 3
LONGEST_WAIT = timedelta(hours=12)
SPREAD = 0.2  # of a wait, so that what failed together does not come back together
LONGEST_ASKED = timedelta(hours=24)


def wait_after(tries: int, *, spread: float, asked: timedelta | None = None) -> timedelta | None:
    """Return how long to wait after so many tries before the next; None: that was the last.

    tries: from 1. spread: from 0 to 1, by chance. asked: what the receiver asked for; it may lengthen the wait, to a
    day at most.
    """
    if tries >= MOST_TRIES:
        return None
    wait = min(FIRST_WAIT * int(FACTOR ** (tries - 1)), LONGEST_WAIT)
    return max(wait * (1 + SPREAD * spread), min(asked or timedelta(0), LONGEST_ASKED))


def asked_wait(header: str | None, now: datetime) -> timedelta | None:
    """Return what a Retry-After header asks for (RFC 9110, 10.2.3): seconds, or until an instant; None: nothing."""
    text = (header or "").strip()
    if text.isascii() and text.isdecimal():
        return timedelta(seconds=min(int(text[:9]), int(LONGEST_ASKED.total_seconds())))
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, OverflowError, TypeError):
        return None
    return None if until.tzinfo is None else max(until - now, timedelta(0))
