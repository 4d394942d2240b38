"""An import that is killed, again and again, at any statement: nothing is lost or twice, and its report is right."""

import os
import signal
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import count as counting
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from leaderboard.services import upload_runs
from leaderboard.services.upload_starting import start_import
from leaderboard.services.verifying import verify
from leaderboard.storage.tables import EventImport
from tests.conftest import DATABASES
from tests.factories import fresh_engine, opened
from tests.services.examples import NOW, attained, count, csv_of, hand_in, ledger, set_up
from tests.services.test_closing_killed import FORK
from tests.services.test_upload_runs import CREATES, rows, told
from tests.services.uploading import arrive, enzo, found, refused_file, report_of


@pytest.fixture(params=DATABASES)
def addresses(databases: Callable[[str], Any], request: pytest.FixtureRequest) -> Iterator[tuple[str, str]]:
    """The addresses of two fresh databases that every process opens for itself."""
    with databases(request.param).fresh() as one, databases(request.param).fresh() as other:
        yield one, other


def work(address: str, now: datetime, at: int) -> None:
    """Import what waits, in a process of its own that is killed before its n-th statement."""
    engine, seen = fresh_engine(address), counting(1)
    event.listen(engine, "before_cursor_execute", lambda *_: next(seen) == at and os.kill(os.getpid(), signal.SIGKILL))
    with Session(engine, expire_on_commit=False) as session:
        list(upload_runs.run_waiting(session, now=now))


def test_killed_before_any_statement_and_taken_over_it_comes_to_the_same(addresses, monkeypatch):
    monkeypatch.setattr(upload_runs, "ROWS_A_BATCH", 16)
    content, now, kills = csv_of(*rows()), NOW, 0
    with opened(addresses[0]) as session, opened(addresses[1]) as twin:
        for each in (session, twin):
            set_up(each)
        other = hand_in(twin, content, source="crm", create_members="sales")
        upload = arrive(session, content)
        start_import(session, upload, CREATES, is_dry_run=False, by=enzo(session), now=now)
        while found(session, upload).state != "done":
            process = FORK.Process(target=work, args=(addresses[0], now, 50 + 31 * kills))
            process.start()
            process.join()
            kills += process.exitcode == -signal.SIGKILL
            now += upload_runs.SILENT * 2  # whoever was killed is silent by then
        assert kills > 1
        assert told(report_of(session, upload)) == told(other)
        assert ledger(session) == ledger(twin)
        assert attained(session, "2026-11") == attained(twin, "2026-11")
        (row,) = session.execute(select(EventImport)).scalars()
        assert (row.read, row.new, count(session)) == (other.read, other.new, other.new)
        assert refused_file(session, upload).count(b"\n") == 1 + other.refused
        assert list(verify(session, now=NOW)) == []
