"""Somebody must always be able to administer: the last administrator stays one."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection

from leaderboard.domain.errors import Refused
from leaderboard.storage import account_lists

LAST_ADMINISTRATOR = (
    "This would leave nobody who can administer: make somebody else an administrator first, then try again."
)


@contextmanager
def one_stays(connection: Connection) -> Iterator[None]:
    """Refuse what is done within if it leaves no administrator who can sign in, where there was one.

    Whoever writes holds the lock of accounts (DOOR_LOCK), so that two do not each take away what the other leaves.
    """
    before = account_lists.count_administrators(connection)
    yield
    if before and not account_lists.count_administrators(connection):
        raise Refused(LAST_ADMINISTRATOR)
