"""Events that name somebody unknown wait, and count as soon as somebody is known by that name; none is lost."""

import io
import json

import pytest
from sqlalchemy import select

from leaderboard.domain.actors import Actor
from leaderboard.domain.errors import AdjustmentRefused, HookRefused, PersonRefused
from leaderboard.domain.mapping import parse_mapping
from leaderboard.services import parking
from leaderboard.services.intake import take_events
from leaderboard.services.parking import claim_name, count_unknown_names, discard_name, take_parked, unknown_names
from leaderboard.services.people import load_people
from leaderboard.services.verifying import verify
from leaderboard.storage.connection_tables import HookDelivery, ParkedEvent
from leaderboard.storage.tables import EventRow, PointEntry
from leaderboard.storage.trail_tables import AuditEntry
from tests.factories import people_file
from tests.services.examples import NOW, count, set_up
from tests.services.test_hooks import add
from tests.services.test_receiving import event, send

BY = Actor("enzo@example.com")
NEW = "gil@example.com,Gil,West,sales,2026-01-01,,rep,hs-77"


@pytest.fixture
def waiting(session):
    """Events of a webhook for somebody unknown, under three names and for a team."""
    set_up(session)
    secret = add(session, "generic", slug="crm")[1]
    rows = [event(1, "hs-77"), event(1, "hs-77", "disposed"), event(2, "Gil@Example.com"), event(3, "hs-78")]
    send(session, secret, [*rows, {**event(4), "team": "West"}, {**event(5, "hs-77"), "team": "West"}, event(6)])
    assert (count(session, ParkedEvent), count(session, EventRow)) == (6, 1)
    return session


def delivery(session):
    session.rollback()
    return session.execute(select(HookDelivery.new, HookDelivery.parked, HookDelivery.refused)).one()


def test_who_is_loaded_gets_what_waited_for_them_by_id_e_mail_and_team(waiting):
    assert take_parked(waiting, now=NOW) == 0
    load_people(waiting, io.BytesIO(people_file([NEW])), now=NOW, by=BY)
    assert take_parked(waiting, now=NOW) == 5
    assert take_parked(waiting, now=NOW) == 0
    assert (count(waiting, ParkedEvent), count(waiting, EventRow), count(waiting, PointEntry)) == (1, 6, 1)
    assert delivery(waiting) == (6, 1, 0)
    assert list(verify(waiting, now=NOW)) == []


def test_it_goes_in_chunks_each_whole(waiting, monkeypatch):
    monkeypatch.setattr(parking, "ROWS_A_CHUNK", 2)
    load_people(waiting, io.BytesIO(people_file([NEW])), now=NOW, by=BY)
    assert take_parked(waiting, now=NOW, most_chunks=1) == 2
    assert (count(waiting, ParkedEvent), count(waiting, EventRow)) == (4, 3)
    assert take_parked(waiting, now=NOW) == 3


def test_a_chunk_that_fails_waits_on(waiting, monkeypatch):
    def broken(*_args, **_options):
        raise RuntimeError

    load_people(waiting, io.BytesIO(people_file([NEW])), now=NOW, by=BY)
    with monkeypatch.context() as failing:
        failing.setattr(parking, "take_within", broken)
        with pytest.raises(RuntimeError):
            take_parked(waiting, now=NOW)
    assert count(waiting, ParkedEvent) == 6
    assert take_parked(waiting, now=NOW) == 5


def test_an_administrator_says_whose_a_name_is_and_one_that_names_another_unknown_waits_on(waiting):
    assert [(each.column, each.unknown, each.number) for each in unknown_names(waiting)] == [
        ("member", "hs-77", 2),
        ("team", "West", 2),
        ("member", "Gil@Example.com", 1),
        ("member", "hs-78", 1),
    ]
    assert count_unknown_names(waiting) == 4
    assert claim_name(waiting, "hs-77", "Bia", now=NOW, by=BY) == 2
    assert count(waiting, ParkedEvent) == 4
    with pytest.raises(AdjustmentRefused):
        claim_name(waiting, "hs-78", "Nobody", now=NOW, by=BY)
    with pytest.raises(PersonRefused):
        claim_name(waiting, "hs-77", "Ana", now=NOW, by=BY)


def test_what_waits_is_discarded_with_a_reason_that_is_noted(waiting):
    for reason in ("no", "", "x" * 501, "a\x00b c"):
        with pytest.raises(HookRefused):
            discard_name(waiting, "member", "hs-77", reason, now=NOW, by=BY)
    assert discard_name(waiting, "member", "hs-77", " An  intern ", now=NOW, by=BY) == 2
    noted = waiting.execute(select(AuditEntry.about, AuditEntry.after, AuditEntry.why).order_by(AuditEntry.id)).all()
    assert noted[-1] == ("member hs-77", "2 events", "An intern")
    assert count(waiting, ParkedEvent) == 4


def test_the_times_of_a_mapping_are_kept_as_they_were_read(session):
    set_up(session)
    mapping = parse_mapping(
        'time_format = "%d/%m/%Y %H:%M"\ntime_zone = "Asia/Tokyo"\n[[event]]\ntype = "lead.assigned"\n'
        'event_id = "{e}"\nsubject = "s"\noccurred_at = "{at}"\nmember = "{m}"\n'
    )
    ((_, row),) = mapping.rows({"e": "1", "at": "05/10/2026 21:00", "m": "hs-77"})
    take_events(session, [row], source="crm", now=NOW, mapping=mapping, parks=True)
    kept = json.loads(session.execute(select(ParkedEvent.document)).scalar_one())
    assert kept["occurred_at"] == "2026-10-05T12:00:00+00:00"
    load_people(session, io.BytesIO(people_file([NEW])), now=NOW, by=BY)
    assert take_parked(session, now=NOW) == 1
