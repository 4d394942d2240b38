"""What things cost, without a clock: statements, what they read, and memory."""

import re
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, event, insert, select
from sqlalchemy.orm import Session

from benchmarks.data import NOW, lead_events
from benchmarks.databases import load_ground
from benchmarks.growth import fill
from leaderboard.domain.displays import Settings
from leaderboard.domain.events import Event
from leaderboard.domain.periods import month_of_key
from leaderboard.services import importing, lines, scoring, sheets
from leaderboard.services.boards import BoardQuery, page_of, read_board
from leaderboard.services.celebrating import begin, celebrations_since
from leaderboard.services.explaining import explain
from leaderboard.services.own_page import read_own
from leaderboard.services.recording import record_event
from leaderboard.services.results import list_entries, list_results
from leaderboard.services.walls import read_wall
from leaderboard.storage import past_values
from leaderboard.storage.closing_tables import BadgeRow
from leaderboard.storage.database import db
from leaderboard.storage.tables import Member
from tests.services.examples import HEADER, hand_in

MOST_STATEMENTS = 12
PERIODS = (f"{NOW:%Y-%m}", f"{NOW:%Y}-Q3", f"{NOW:%Y-%m}".replace("07", "08"))
Sent = list[tuple[str, Any]]


@pytest.fixture
def engine(app: Flask) -> Engine:
    with app.app_context():
        engine = db.engine
    load_ground(engine)
    return engine


def sent_by(engine: Engine, work: Callable[[Session], object]) -> Sent:
    """Return the statements that some work sends, each with its parameters or the first set of them."""
    sent: Sent = []

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, _context: Any, is_many: bool) -> None:
        sent.append((statement, values[0] if is_many else values))

    event.listen(engine, "before_cursor_execute", note)
    try:
        with Session(engine) as session:
            work(session)
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return sent


def lead_of(engine: Engine, subject: str) -> Iterator[Event]:
    """Yield a lead's two events; the second is scored, posts points and decides a clock."""
    with Session(engine) as session:
        member = session.execute(select(Member.id).order_by(Member.id).limit(1)).scalar_one()
    for minutes, kind in ((90, "assigned"), (70, "disposed")):
        at = NOW - timedelta(minutes=minutes)
        yield Event(f"{subject}-{kind}", at, f"lead.{kind}", subject, member, source="hook")


def statements_for_a_lead(engine: Engine, subject: str) -> list[Sent]:
    return [
        sent_by(engine, lambda session, each=each: record_event(session, each, now=NOW))
        for each in lead_of(engine, subject)
    ]


def read_boards(session: Session) -> None:
    """Read every kind of page that the screen can ask for."""
    member = session.execute(select(Member.id).order_by(Member.id).limit(1)).scalar_one()
    for period in PERIODS:
        for scope, by in (("member", "total"), ("team", "total"), ("team", "average")):
            for side in (None, "sales"):
                for page in (1, 3):
                    read_board(session, BoardQuery(period, scope, side, by, page), now=NOW)
                page_of(session, BoardQuery(period, scope, side, by), member_id=member)


def scans_in(engine: Engine, sent: Sent) -> list[str]:
    """Return the steps of the databases' plans that read one of the great tables from end to end."""
    explain, scan = "EXPLAIN QUERY PLAN", r"SCAN (?:point_entry|event|attainment|evidence)\b"
    if engine.dialect.name == "postgresql":
        explain, scan = "EXPLAIN", r"Seq Scan on (?:point_entry|event|attainment|evidence)\b"
    found = []
    with engine.connect() as connection:
        for statement, values in dict(sent).items():
            if statement.lstrip().startswith(("SELECT", "WITH", "INSERT", "UPDATE")):
                rows = connection.exec_driver_sql(f"{explain} {statement}", values).all()
                found += [f"{row[-1]} in {statement}" for row in rows if re.search(scan, str(row[-1]))]
    return found


def test_an_event_takes_at_most_12_statements_the_same_at_1_k_and_20_k_ledger_rows(engine):
    fill(engine, 1_000)
    statements_for_a_lead(engine, "first")  # reads the rules, which are kept
    few = statements_for_a_lead(engine, "early")
    fill(engine, 19_000, first=1_000)
    statements_for_a_lead(engine, "second")
    many = statements_for_a_lead(engine, "late")
    assert [len(sent) for sent in many] == [len(sent) for sent in few]
    assert max(len(sent) for sent in many) <= MOST_STATEMENTS


def plans_of(engine: Engine, sent: Sent) -> list[str]:
    """Return the databases' plan of each statement, in one line."""
    explain = "EXPLAIN" if engine.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"
    with engine.connect() as connection:
        plans = [connection.exec_driver_sql(f"{explain} {statement}", values).all() for statement, values in sent]
    return [" ".join(str(row[-1]) for row in plan) for plan in plans]


def many_badges(number: int) -> list[dict[str, Any]]:
    """Return rows of so many badges, one a minute."""
    same = {"key": "training-early", "scope": "member", "participant_id": 1, "period": "2026-07", "ground": "{}"}
    instants = [NOW - timedelta(minutes=each) for each in range(number)]
    return [{**same, "occasion": f"{each}", "earned_at": at, "awarded_at": at} for each, at in enumerate(instants)]


def read_own_pages(session: Session) -> None:
    """Read a member's own page, a page of their results, and why the first is what it is."""
    member = session.execute(select(Member.id).order_by(Member.id).limit(1)).scalar_one()
    read_own(session, member, now=NOW)
    month = month_of_key(f"{NOW:%Y-%m}")
    results, _ = list_results(session, member, month, sla=None, level="exceeded", page=1)
    explain(session, results[0], now=NOW)
    list_entries(session, member, month)


def read_walls(session: Session) -> None:
    """Read what displays show, and look for something to celebrate a little back."""
    for side in (None, "sales"):
        read_wall(session, Settings(side=side), message="Hello", now=NOW)
    mark = begin(session, now=NOW)
    celebrations_since(session, replace(mark, entry_id=mark.entry_id - 50, badge_id=-1), now=NOW)


def read_past(session: Session) -> None:
    """Read what suggestions of targets rest on."""
    month, connection = f"{NOW:%Y-%m}", session.connection()
    assert list(past_values.bands_by_month(connection, [month], ["speed-to-lead"], None))
    assert list(past_values.values_by_month(connection, [month], ["leads-disposed", "on-time-rate"], None))


def test_neither_page_nor_event_nor_display_scans_ledger_events_or_attainments(engine):
    fill(engine, 20_000)
    with engine.begin() as connection:
        connection.execute(insert(BadgeRow), many_badges(3_000))
        connection.exec_driver_sql("ANALYZE")
    grouped = "SELECT member_id, sum(points) FROM point_entry GROUP BY month, member_id"
    assert scans_in(engine, [(grouped, ())])  # one would be seen
    pages = sent_by(engine, read_boards)
    assert len(pages) > 100
    assert scans_in(engine, pages) == []
    own = [each for each in sent_by(engine, read_own_pages) if not each[0].startswith("SET ")]
    assert len(own) > 25
    assert scans_in(engine, own) == []
    past = sent_by(engine, read_past)
    assert len(past) == 2
    assert scans_in(engine, past) == []
    shown = [each for each in sent_by(engine, read_walls) if not each[0].startswith("SET ")]
    of_month = [each for each in shown if "decided_at <" in each[0]]
    assert len(of_month) == 1  # counted for one wall, and kept for the other
    assert scans_in(engine, [each for each in shown if each not in of_month]) == []
    of_today = [each for each in shown if "attainment.decided_at >=" in each[0] and each not in of_month]
    newest = [each for each in shown if "badge.earned_at DESC" in each[0]]
    assert len(of_today) == len(newest) == 2
    assert all("ix_attainment_decided" in plan for plan in plans_of(engine, of_today))
    assert all("ix_badge_newest" in plan for plan in plans_of(engine, newest))
    for sent in statements_for_a_lead(engine, "lead"):
        assert scans_in(engine, sent) == []


@pytest.mark.databases("sqlite")
def test_an_import_holds_a_batch_in_memory_and_not_the_file(engine, monkeypatch):
    monkeypatch.setattr(lines, "BLOCK", 65_536)
    monkeypatch.setattr(sheets, "LOOKED_AT", 65_536)
    monkeypatch.setattr(importing, "ROWS_A_BATCH", 500)
    monkeypatch.setattr(scoring, "SUBJECTS_A_CHUNK", 250)

    def peak_of(leads: int) -> int:
        lines = [
            f"{leads}-{event_id},{at.isoformat()},{kind},{leads}-{subject},{member},,,,,"
            for event_id, at, kind, subject, member, _ in lead_events(leads)
        ]
        content = "\n".join([HEADER, *lines, ""]).encode()
        with Session(engine) as session:
            tracemalloc.start()
            try:
                assert hand_in(session, content, now=NOW).new == 2 * leads
                return tracemalloc.get_traced_memory()[1]
            finally:
                tracemalloc.stop()

    peak_of(300)  # what is kept for good: the rules, the statements; what months come to grows with people, not leads
    assert peak_of(7_200) < 2 * peak_of(1_800)
