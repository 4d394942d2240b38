"""Lives through many random lives, far more than a test may: `python -m tests.services.long_lives sqlite 0 100`.

A life that fails is told with its steps, as few as still fail in the same way.
"""

import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from traceback import print_exception
from typing import Any

from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from leaderboard.settings import database_url
from tests.database import PostgresqlDatabases, SqliteDatabases, postgresql_server
from tests.services.life import Step, live, steps_of

STEPS = 50


def failure(databases: Any, seed: int, steps: Sequence[Step], tell: Callable[[str], None]) -> Exception | None:
    """Live through steps on a fresh database; return what went wrong."""
    with databases.fresh() as address:
        engine = create_engine(database_url(address))
        try:
            with Session(engine, expire_on_commit=False) as session:
                live(session, seed, steps, tell)
        except Exception as error:  # noqa: BLE001 -- whatever went wrong is told
            return error
        finally:
            engine.dispose()
    return None


def kind_of(error: Exception | None) -> str:
    """Return what makes two failures alike: the beginning of what they say, without numbers."""
    said = f"{type(error).__name__} {error}"
    return "".join(each for each in said if not each.isdigit())[:90]


def shortest(fails: Callable[[Sequence[Step]], bool], steps: Sequence[Step]) -> Sequence[Step]:
    """Return a selection of steps that still fails, and from which none can be taken."""
    size = len(steps) // 2
    while size:
        start = 0
        while start < len(steps):
            fewer = merged(steps, start, start + size)
            if fewer and fails(fewer):
                steps = fewer
            else:
                start += size
        size //= 2
    return steps


def merged(steps: Sequence[Step], start: int, stop: int) -> Sequence[Step]:
    """Return the steps without some, whose time passes all the same."""
    rest = list(steps[stop:])
    if rest:
        rest[0] = rest[0]._replace(after=sum((each.after for each in steps[start:stop]), rest[0].after))
    return [*steps[:start], *rest]


def main(kind: str, first: int, last: int) -> int:
    """Live through the seeds from first to last; return how many failed."""
    failed = 0
    with ExitStack() as running:
        if kind == "postgresql":
            databases: Any = PostgresqlDatabases(running.enter_context(postgresql_server()))
        else:
            databases = SqliteDatabases(Path(running.enter_context(TemporaryDirectory())))
        for seed in range(first, last):
            steps = steps_of(seed, STEPS)
            error = failure(databases, seed, steps, lambda _text: None)
            print(seed, "holds" if error is None else kind_of(error), flush=True)
            if error is not None:
                failed += 1
                alike = kind_of(error)

                def fails(fewer: Sequence[Step], seed: int = seed, alike: str = alike) -> bool:
                    return kind_of(failure(databases, seed, fewer, lambda _text: None)) == alike

                print_exception(failure(databases, seed, shortest(fails, steps), print))
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])) > 0)
