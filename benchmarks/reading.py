"""People who look while others write: each has a board open, live, and goes to a page now and then."""

import http.client
import multiprocessing
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from multiprocessing.connection import Connection
from time import monotonic, sleep

from benchmarks.streaming import Streams, Viewer

EVERY = 20.0  # seconds between two pages of one reader
PAGES = ("/?scope=member", "/me", "/?scope=team")
AT_ONCE = 16
Page = tuple[str, float]  # its address, and the seconds that it took
READY_SECONDS = 60  # until everybody sees a board
BOARDS = ("scope=member", "scope=team", "scope=member&side=sales")


class Readers:
    """A process of so many readers. cookies: of their sessions."""

    def __init__(self, port: int, cookies: Sequence[str]) -> None:
        ours, theirs = multiprocessing.Pipe()
        self.pipe = ours
        context = multiprocessing.get_context("spawn")
        self.process = context.Process(target=_read, args=(port, list(cookies), theirs), daemon=True)
        self.process.start()
        if self.pipe.recv() != "ready":
            raise AssertionError("the readers cannot read")

    def stop(self) -> tuple[list[Page], int, int, int]:
        """Return how long each page took, and how many changes came to open boards, gaps in them, pages that failed."""
        self.pipe.send("stop")
        found: tuple[list[Page], int, int, int] = self.pipe.recv()
        self.process.join(30)
        return found


def _read(port: int, cookies: Sequence[str], pipe: Connection) -> None:
    viewers = [Viewer(f"/stream?{BOARDS[number % len(BOARDS)]}", "", cookie) for number, cookie in enumerate(cookies)]
    streams = Streams(port, viewers)
    until = monotonic() + READY_SECONDS
    while not all(each.tag for each in viewers) and monotonic() < until:
        streams.run(0.5)
    pipe.send("ready" if all(each.tag for each in viewers) else "blind")
    times: list[Page] = []
    failed: list[str] = []
    is_over: list[bool] = []
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for line in range(AT_ONCE):
            pool.submit(_go_about, port, cookies[line::AT_ONCE], line, times, failed, is_over)
        while not pipe.poll():
            streams.run(0.2)
        is_over.append(True)
    streams.run(2)
    streams.close()
    changes, gaps = (sum(each) for each in zip(*((len(one.changes), one.breaks) for one in viewers), strict=True))
    pipe.send((times, changes, gaps, len(failed)))


def _go_about(
    port: int, cookies: Sequence[str], line: int, times: list[Page], failed: list[str], is_over: list[bool]
) -> None:
    """Load pages, each reader's in its turn, until it is over."""
    start, number = monotonic() + EVERY / len(cookies) * line / AT_ONCE, 0
    while not is_over:
        due = start + number * EVERY / len(cookies)
        if monotonic() < due:
            sleep(min(0.1, due - monotonic()))
            continue
        cookie, path = cookies[number % len(cookies)], PAGES[(number + line) % len(PAGES)]
        number += 1
        asked = monotonic()
        try:
            if (status := _status(port, path, cookie)) != 200:
                failed.append(f"{path}: {status}")
        except (OSError, http.client.HTTPException) as error:
            failed.append(f"{path}: {error}")
        times.append((path, monotonic() - asked))


def _status(port: int, path: str, cookie: str) -> int:
    """Load a page over a connection of its own: a server closes those that are idle, and browsers then ask again."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    with closing(connection):
        connection.request("GET", path, headers={"Cookie": cookie, "Connection": "close"})
        answer = connection.getresponse()
        answer.read()
        return answer.status
