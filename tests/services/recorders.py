"""Many writers at once, in threads of one process; run by itself it is one of several processes."""

import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from leaderboard.domain.events import Event
from leaderboard.services.recording import record_event
from tests.factories import event, fresh_engine
from tests.services.examples import NOW

T = TypeVar("T")


def at_once(engine: Engine, *jobs: Callable[[Session], T]) -> list[T]:
    """Return what the jobs return, each done in a thread and a session of its own; all begin together."""
    ready = Barrier(len(jobs))

    def run(job: Callable[[Session], T]) -> T:
        with Session(engine, expire_on_commit=False) as session:
            ready.wait(60)
            return job(session)

    with ThreadPoolExecutor(len(jobs)) as threads:
        return list(threads.map(run, jobs))


def recorder(each: Event) -> Callable[[Session], bool]:
    """Return the job of recording an event."""
    return lambda session: record_event(session, each, now=NOW)


def disposal(number: int, member_id: int) -> Event:
    """Return the event that disposes of lead number so-and-so in time."""
    return event(f"d{number}", "10-05 09:30", "lead.disposed", member_id, f"L{number:03d}")


def record_disposals(engine: Engine, numbers: Sequence[int], member_id: int) -> list[bool]:
    """Record the disposals of many leads at once."""
    return at_once(engine, *(recorder(disposal(number, member_id)) for number in numbers))


if __name__ == "__main__":
    url, first, stop, ana = sys.argv[1], *map(int, sys.argv[2:])
    sys.exit(not all(record_disposals(fresh_engine(url), range(first, stop), ana)))
