"""Working out many subjects in two processes of their own, so that the one that serves pages goes on serving them."""

import subprocess
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import islice
from multiprocessing.connection import Connection, Pipe, wait
from typing import Any, cast

from leaderboard.domain.working_out import WorkedOut
from leaderboard.services.trial_process import Step, Task

PROCESSES = 2
AHEAD = 2  # lists that each has at a time, so that it never waits
PATIENCE = 120.0  # seconds without an answer
END_SECONDS = 5.0
END: list[str] = []  # no subjects: there are no more


class TrialFailed(Exception):
    """A process that was to work something out has ended before."""


@contextmanager
def _process(task: Task) -> Iterator[Connection]:
    """Start a process and yield the connection to it; it is gone afterwards, whatever happens."""
    ours, theirs = Pipe()
    with ours:
        with theirs:
            command = [sys.executable, "-m", "leaderboard.services.trial_process", str(theirs.fileno())]
            # A session of its own, so that Ctrl-C reaches it through the closed connection only.
            child = subprocess.Popen(
                command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, start_new_session=True
            )
        try:
            ours.send(task)
            yield ours
        finally:
            child.kill()  # it holds nothing that needs an orderly end
            child.wait(END_SECONDS)


def work_out_in_processes(task: Task, chunks: Iterable[Sequence[str]]) -> Iterator[Step | WorkedOut]:
    """Yield how far it is, again and again, and at last what all subjects come to.

    chunks: the subjects, each in one of them. Raises TrialFailed.
    """
    with ExitStack() as started:
        try:
            yield from _shared_out([started.enter_context(_process(task)) for _ in range(PROCESSES)], iter(chunks))
        except (EOFError, ConnectionError) as error:
            raise TrialFailed("A process that was to try out the draft has ended; see the log.") from error


def _shared_out(channels: Sequence[Connection], chunks: Iterator[Sequence[str]]) -> Iterator[Step | WorkedOut]:
    first = list(islice(chunks, len(channels) * AHEAD))
    for channel, chunk in zip([*channels] * AHEAD, first, strict=False):
        channel.send(chunk)
    rest = list(chunks)  # found while the first are worked out
    done, total = 0, sum(map(len, [*first, *rest]))
    left, found, waiting = deque(rest), WorkedOut(), list(channels)
    for channel in channels if not rest else ():
        channel.send(END)
    while waiting:
        ready = cast(list[Any], wait(waiting, PATIENCE))
        if not ready:
            raise TrialFailed(f"Trying out the draft came to a stop: nothing was done for {PATIENCE:.0f} seconds.")
        for channel in ready:
            answer = channel.recv()
            if isinstance(answer, WorkedOut):
                found.merge(answer)
                waiting.remove(channel)
                continue
            done += answer
            yield Step(done, total)
            if left:
                channel.send(left.popleft())
                for each in channels if not left else ():  # each ends when it has done what it has
                    each.send(END)
    yield found
