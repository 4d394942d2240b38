"""Importing in any order, any number of times and in any pieces comes to the same (P2)."""

import io
import random
from functools import cache

import pytest
from sqlalchemy.orm import Session

from leaderboard.app import create_app
from leaderboard.domain.actors import COMMAND_LINE
from leaderboard.domain.events import in_order
from leaderboard.services.agreeing import load_agreement
from leaderboard.services.importing import ImportOptions, import_events
from leaderboard.services.organising import load_organisation
from leaderboard.services.people import load_people
from leaderboard.services.recording import record_event
from leaderboard.services.scoring import score_due, score_everything
from leaderboard.services.verifying import verify
from leaderboard.storage import events as event_queries
from leaderboard.storage.database import db
from tests.conftest import SETTINGS
from tests.reference.logs import EVENT_COLUMNS, csv_text, generate
from tests.services.examples import state

FEW = 25  # subjects of a random log whose events come one by one


def ground(session, random_log):
    """Load all that a random log rests on, but none of its events."""
    load_organisation(session, random_log.organisation, now=random_log.as_of, by=COMMAND_LINE)
    load_people(session, io.BytesIO(random_log.people_csv().encode()), now=random_log.as_of, by=COMMAND_LINE)
    for text in random_log.agreements:
        load_agreement(session, text, now=random_log.as_of, by=COMMAND_LINE)


def in_pieces(session, rows, sizes, now):
    start = 0
    while start < len(rows):
        size = sizes()
        content = csv_text(EVENT_COLUMNS, rows[start : start + size]).encode()
        import_events(session, io.BytesIO(content), ImportOptions(source="crm"), now=now, by=COMMAND_LINE)
        start += size


def differing(rows):
    """Return the rows without later ones of an id: which of them counts depends on which comes first."""
    return list({row["event_id"]: row for row in reversed(rows)}.values())[::-1]


@pytest.fixture(scope="module")
def expected(databases):
    """`expected(seed)`: the log, its rows, the events and what they come to, from one file in a database of its own."""

    @cache
    def worked_out(seed, subjects=60):
        random_log = generate(seed, subjects)
        rows = differing(random_log.events)
        with databases("sqlite").fresh() as address:
            app = create_app({**SETTINGS, "DATABASE_URL": address})
            with app.app_context(), Session(db.engine) as session:
                ground(session, random_log)
                in_pieces(session, rows, lambda: len(rows), random_log.as_of)
                subjects = event_queries.subjects_beyond(session.connection(), None, 10_000)
                found = event_queries.events_of(session.connection(), subjects)
                events = in_order(each for theirs in found.values() for each in theirs)
                result = state(session)
                session.rollback()
                db.engine.dispose()
        return random_log, rows, events, result

    return worked_out


def agrees(session, result, now):
    found = state(session)
    for part, wanted in result.items():
        assert found[part] == wanted, part
    assert list(verify(session, now=now)) == []
    assert score_everything(session, now=now, by=COMMAND_LINE) == 0
    assert state(session) == result


@pytest.mark.parametrize("seed", range(4))
def test_p2_shuffled_in_batches_of_any_size_and_twice_the_result_is_the_same(session, expected, seed):
    random_log, rows, _, result = expected(seed)
    chance = random.Random(seed)
    shuffled = chance.sample(rows, len(rows)) + chance.sample(rows, len(rows) // 2)
    ground(session, random_log)
    in_pieces(session, shuffled, lambda: chance.choice([1, 2, 7, 60, 200]), random_log.as_of)
    agrees(session, result, random_log.as_of)


@pytest.mark.parametrize("seed", range(2))
def test_p2_event_by_event_in_any_order_the_result_is_the_same(session, expected, seed):
    random_log, _, events, result = expected(seed, FEW)
    ground(session, random_log)
    for event in random.Random(seed).sample(events, len(events)):
        assert record_event(session, event, now=random_log.as_of)
    assert not record_event(session, events[0], now=random_log.as_of)
    agrees(session, result, random_log.as_of)


@pytest.mark.parametrize("seed", range(3))
def test_p2_as_time_goes_by_the_result_is_the_same(session, expected, seed):
    """Events come one by one as they happen, some late, while the scheduler scores what falls due."""
    random_log, _, events, result = expected(seed, FEW)
    ground(session, random_log)
    chance = random.Random(seed)
    late = set(chance.sample(events, len(events) // 5))
    for number, event in enumerate(each for each in events if each not in late):
        record_event(session, event, now=min(event.occurred_at, random_log.as_of))
        if number % 20 == 0:
            score_due(session, now=min(event.occurred_at, random_log.as_of))
    for event in late:
        record_event(session, event, now=random_log.as_of)
    score_due(session, now=random_log.as_of)
    assert list(verify(session, now=random_log.as_of)) == []
    agrees(session, result, random_log.as_of)


@pytest.mark.parametrize("seed", range(2))
def test_p2_whatever_is_loaded_first_the_result_is_the_same(session, expected, seed):
    random_log, rows, _, result = expected(seed)
    load_organisation(session, random_log.organisation, now=random_log.as_of, by=COMMAND_LINE)
    load_people(session, io.BytesIO(random_log.people_csv().encode()), now=random_log.as_of, by=COMMAND_LINE)
    in_pieces(session, rows, lambda: 100, random_log.as_of)
    for text in reversed(random_log.agreements):
        load_agreement(session, text, now=random_log.as_of, by=COMMAND_LINE)
    found = state(session)
    assert {row[:6] for row in found["attainments"]} == {row[:6] for row in result["attainments"]}
    assert (found["ledger"], found["totals"]) == (result["ledger"], result["totals"])
    assert list(verify(session, now=random_log.as_of)) == []
