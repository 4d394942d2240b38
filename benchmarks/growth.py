"""Fills a database with this month's history, quickly: whole tables by bulk inserts, as scoring would leave them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.orm import Session

from benchmarks.data import NOW, SOURCE
from leaderboard.domain.agreement import Level
from leaderboard.domain.bands import band_of
from leaderboard.services.rules import RuleBook, rule_book
from leaderboard.services.scoring import Scoring
from leaderboard.services.tallies import LEVEL_PLACES, TalliesChange, write_tallies
from leaderboard.storage import events, people
from leaderboard.storage.attainments import ATTAINMENT_COLUMNS, reserve_ids
from leaderboard.storage.bulk import insert_rows
from leaderboard.storage.database import begin_write, to_micros
from leaderboard.storage.evidence import EVIDENCE_COLUMNS
from leaderboard.storage.ledger import ENTRY_COLUMNS

ROWS_A_BATCH = 50_000
HALF_HOUR = 1_800_000_000
FIRST, SPAN = NOW - timedelta(days=10), timedelta(days=9)
Rows = list[tuple[Any, ...]]


def fill(engine: Engine, leads: int, first: int = 0) -> None:
    """Add so many leads, each disposed of within half an hour: its attainment, its evidence and its ledger row.

    first: the number of the first lead.
    """
    with Session(engine) as session:
        begin_write(session)
        connection = session.connection()
        book = rule_book(connection)
        first_id = reserve_ids(connection, leads)
        for start in range(0, leads, ROWS_A_BATCH):
            numbers = range(start, min(start + ROWS_A_BATCH, leads))
            starts = {first + number: FIRST + SPAN * number / leads for number in numbers}
            _insert(connection, book, starts, first_id - first)
        write_tallies(connection, _tallies(book, first, leads))
        month = book.rules.months.month_of(NOW)
        people.raise_rules_version(connection)
        scoring = Scoring(session, NOW, has_new_rules=True)
        scoring.months.keep({month})  # so that the month has standings
        scoring.finish_everything()
        session.commit()


def _tallies(book: RuleBook, first: int, leads: int) -> TalliesChange:
    """Return what so many leads add to the tallies; all fall into one month."""
    change, members, month = TalliesChange(), sorted(book.members), f"{FIRST:%Y-%m}"
    for number in range(leads):
        member = _owner(members, first + number)
        team = book.rules.membership.team_at(member, FIRST + SPAN * number / leads)
        change.add(month, "speed-to-lead", member, team, [10, 0, 1, 0])
        if team is not None:
            change.spread(month, "speed-to-lead", team, band_of(HALF_HOUR), LEVEL_PLACES[Level.EXCEEDED], 10, 1)
    return change


def _owner(members: Sequence[int], number: int) -> int:
    return members[number * 7 % len(members)]


def _insert(connection: Connection, book: RuleBook, leads: dict[int, datetime], id_of_first: int) -> None:
    """Insert what some leads come to, given by their numbers and starts; their attainments' ids follow the numbers."""
    members, version = sorted(book.members), book.rules.versions[0].id
    facts: Rows = []
    attainments: Rows = []
    evidence: Rows = []
    ledger: Rows = []
    for number, at in leads.items():
        member, subject, begun = _owner(members, number), f"old-{number}", to_micros(at)
        team, month, done = book.rules.membership.team_at(member, at), f"{at:%Y-%m}", begun + HALF_HOUR
        for kind, instant in (("assigned", begun), ("disposed", done)):
            facts.append((SOURCE, f"{subject}-{kind}", instant, f"lead.{kind}", subject, member, *[None] * 4))
        who = ("speed-to-lead", "member", member, subject, begun, team, month, "exceeded", 10)
        attainments.append((id_of_first + number, *who, HALF_HOUR, None, done, done, done, version, 0))
        evidence.append((subject, "leads-disposed", month, "team", team, done, 1))
        ledger.append((id_of_first + number, member, team, month, None, 10, "exceeded", to_micros(NOW)))
    events.insert_events(connection, facts)
    insert_rows(connection, "attainment", ATTAINMENT_COLUMNS, attainments)
    insert_rows(connection, "evidence", EVIDENCE_COLUMNS, evidence)
    insert_rows(connection, "point_entry", ENTRY_COLUMNS, ledger)
