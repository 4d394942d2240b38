"""Importing, validating and scoring lead events against a bare insert of the same events.

Each run is a process of its own, so that its peak memory is its own:
`python -m benchmarks.importing WHAT ADDRESS FILE`.
"""

import csv
import json
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from benchmarks.data import NOW, SOURCE, write_lead_events
from benchmarks.databases import Fresh, application, engine_of, load_ground
from benchmarks.measuring import Result, in_words, interleaved, seconds
from leaderboard.domain.actors import COMMAND_LINE
from leaderboard.services.importing import ImportOptions, import_events
from leaderboard.storage.tables import EventRow, Member

ROWS_A_BATCH = 20_000
KIBIBYTE, GIBIBYTE = 1_024, 1_024**3


def measure(fresh: Fresh, leads: int, rounds: int) -> list[Result]:
    """Compare the time of both, and take the greatest memory of an import."""
    memory: list[int] = []
    with tempfile.TemporaryDirectory(prefix="benchmarks-") as folder:
        path = Path(folder) / "leads.csv"
        write_lead_events(path, leads)

        def run(what: str) -> float:
            address = fresh()
            load_ground(engine_of(application(address)))
            command = [sys.executable, "-m", "benchmarks.importing", what, address, str(path)]
            found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
            if what == "import":
                memory.append(found["bytes"])
            return float(found["seconds"])

        ratio, ours, bare = interleaved(lambda: run("import"), lambda: run("insert"), rounds)
    what = f"import, validate and score {2 * leads:,} lead events against a bare insert"
    note = f"{in_words(ours)} against {in_words(bare)}"
    return [
        Result(what, 3, ratio, note=note),
        Result("its peak memory against 1 GiB", 1, max(memory) / GIBIBYTE, unit=" GiB"),
    ]


def insert_bare(engine: Engine, path: Path) -> Callable[[], None]:
    """Return what inserts a file's events, which are read before, without a look at them: one idempotent insert."""
    rows = _rows_of(engine, path)
    kind = postgresql if engine.dialect.name == "postgresql" else sqlite
    statement = kind.insert(EventRow.__table__).on_conflict_do_nothing(index_elements=["event_id", "source"])

    def work() -> None:
        with engine.connect().execution_options(is_write=True) as connection, connection.begin():
            for start in range(0, len(rows), ROWS_A_BATCH):
                connection.execute(statement, rows[start : start + ROWS_A_BATCH])

    return work


def _rows_of(engine: Engine, path: Path) -> list[dict[str, Any]]:
    with Session(engine) as session:
        members = dict(session.execute(select(Member.key, Member.id)).tuples().all())
    with path.open(newline="", encoding="utf-8") as file:
        return [
            {
                "source": SOURCE,
                "event_id": row["event_id"],
                "occurred_at": datetime.fromisoformat(row["occurred_at"]),
                "type": row["type"],
                "subject": row["subject"],
                "member_id": members[row["member"]],
                "team_id": None,
                "outcome": row["outcome"] or None,
                "amount_minor": None,
                "due_at": None,
            }
            for row in csv.DictReader(file)
        ]


def import_all(engine: Engine, path: Path) -> Callable[[], None]:
    """Return what imports a file and scores what it touches, as the command does."""

    def work() -> None:
        with Session(engine) as session, path.open("rb") as stream:
            import_events(session, stream, ImportOptions(source=SOURCE), now=NOW, by=COMMAND_LINE)

    return work


def main(what: str, address: str, file: str) -> None:
    """Do one of them, and print its seconds and the most memory that the process ever had."""
    engine = engine_of(application(address))
    prepare = insert_bare if what == "insert" else import_all
    work = prepare(engine, Path(file))
    duration = seconds(work)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * KIBIBYTE
    print(json.dumps({"seconds": duration, "bytes": peak}))


if __name__ == "__main__":
    main(*sys.argv[1:])
