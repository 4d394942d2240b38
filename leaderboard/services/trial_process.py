"""A process that works out what some subjects come to: `python -m leaderboard.services.trial_process NUMBER`.

It talks through the connection of that number with whoever started it, and ends with them. It knows no framework and no
SQLAlchemy, so that it is up in a moment, and it cannot write.
"""

import gc
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from multiprocessing.connection import Connection
from typing import Any, NamedTuple, Protocol

from leaderboard.domain.events import Event
from leaderboard.domain.rules import Rules
from leaderboard.domain.scoring import score_subject
from leaderboard.domain.working_out import WorkedOut
from leaderboard.storage.event_rows import event_reader


class Task(NamedTuple):
    """What to work out by: rules, the instant, and how to reach the database (see event_rows.event_reader)."""

    rules: Rules
    now: datetime
    dialect: str
    args: Sequence[Any]
    options: dict[str, Any]


class Step(NamedTuple):
    """How far it is: subjects that are done, of all."""

    done: int
    total: int


class Reader(Protocol):
    """Where the events of subjects come from."""

    def events_of(self, subjects: Sequence[str]) -> Mapping[str, Sequence[Event]]: ...


def work_out(reader: Reader, rules: Rules, subjects: Sequence[str], now: datetime, found: WorkedOut) -> None:
    """Add what some subjects come to by `now`."""
    known = reader.events_of(subjects)
    for subject in subjects:
        found.add(score_subject(rules, subject, known.get(subject, ()), now))


def serve(channel: Any) -> None:
    """Take a task, and then lists of subjects until there is an empty one; answer each when it is done.

    The answer is how many subjects it were, and at last what all of them come to.
    """
    task: Task = channel.recv()
    found = WorkedOut()
    with event_reader(task.dialect, task.args, task.options) as reader:
        while subjects := channel.recv():
            work_out(reader, task.rules, subjects, task.now, found)
            channel.send(len(subjects))
    channel.send(found)


def main(number: int) -> None:
    """Serve the connection of a file descriptor until its other end is gone."""
    gc.disable()  # what is made here has no cycles, and the process is short
    with Connection(number) as channel:
        try:
            serve(channel)
        except (EOFError, BrokenPipeError, KeyboardInterrupt):
            sys.exit(1)  # nobody waits for it any more


if __name__ == "__main__":
    main(int(sys.argv[1]))
