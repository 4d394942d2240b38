"""Closing a large month: how long it takes, in how much memory, and how long boards take to be read meanwhile.

The close is a process of its own, as the scheduler is: `python -m benchmarks.closing ADDRESS`.
"""

import io
import json
import resource
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from time import perf_counter, sleep

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from benchmarks.data import NOW, people_csv
from benchmarks.databases import Fresh, application, engine_of, load_ground
from benchmarks.growth import fill
from benchmarks.importing import GIBIBYTE, KIBIBYTE
from benchmarks.measuring import Result, in_words
from leaderboard.domain.actors import SCHEDULER
from leaderboard.services.boards import BoardQuery, read_board
from leaderboard.services.closing import close_period
from leaderboard.services.people import load_people

PERIOD, CLOSES_AT = f"{NOW:%Y-%m}", datetime(2026, 8, 3, 3, tzinfo=UTC)
PAUSE, IDLE_READS = 0.002, 1_500


def measure(fresh: Fresh, leads: int, members: int) -> list[Result]:
    """Close a month of so many attainments of so many members, while its board is read again and again."""
    address = fresh()
    engine = engine_of(application(address))
    load_ground(engine)
    with Session(engine) as session:
        load_people(session, io.BytesIO(people_csv(members).encode()), now=NOW, by=SCHEDULER)
    fill(engine, leads)
    idle = reading_times(engine, lambda done: done >= IDLE_READS)
    command = [sys.executable, "-m", "benchmarks.closing", address]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as closing:
        meanwhile = reading_times(engine, lambda _: closing.poll() is not None)
        found = json.loads(closing.communicate()[0])
    quiet, busy = p99(idle), p99(meanwhile)
    what = f"a month of {leads:,} attainments and {members:,} members"
    return [
        Result(f"closing {what}", 30, found["seconds"], " s"),
        Result("the most memory of that", 1, found["bytes"] / GIBIBYTE, " GiB"),
        Result(
            "p99 of reading a board meanwhile, against idle",
            3,
            busy / quiet,
            note=f"{in_words(busy)} over {len(meanwhile):,} reads against {in_words(quiet)}",
        ),
    ]


def reading_times(engine: Engine, is_done: Callable[[int], bool]) -> list[float]:
    """Return the seconds that each reading of the board's first page took, until it is done."""
    times: list[float] = []
    while not is_done(len(times)):
        start = perf_counter()
        with Session(engine) as session:
            read_board(session, BoardQuery(PERIOD, "member"), now=NOW)
        times.append(perf_counter() - start)
        sleep(PAUSE)
    return times


def p99(times: list[float]) -> float:
    """Return the time that 99 of 100 were within."""
    return sorted(times)[len(times) * 99 // 100]


def main(address: str) -> None:
    """Close the month, and print the seconds and the most memory that the process ever had."""
    engine = engine_of(application(address))
    start = perf_counter()
    with Session(engine) as session:
        close_period(session, PERIOD, now=CLOSES_AT, by=SCHEDULER)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * KIBIBYTE
    print(json.dumps({"seconds": perf_counter() - start, "bytes": peak}))


if __name__ == "__main__":
    main(*sys.argv[1:])
