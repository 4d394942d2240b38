"""Recording one event: stored and scored in one transaction, once."""

import io
from datetime import UTC, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from leaderboard.domain.actors import COMMAND_LINE
from leaderboard.domain.errors import Refused
from leaderboard.services.boards import standings
from leaderboard.services.people import load_people
from leaderboard.services.recording import record_event
from leaderboard.services.verifying import verify
from leaderboard.storage.tables import Anomaly, EventRow
from tests.factories import crowd, event, ids_of, people_file
from tests.services.examples import NOW, attained, count, csv_of, hand_in, log, set_up, state

ANA = "ana@example.com"


@pytest.fixture
def aurora(session):
    set_up(session)
    return session


@pytest.fixture
def ana(aurora):
    return ids_of(aurora)["ana"]


def test_an_event_is_stored_whole_and_scored(aurora, ana):
    assert record_event(aurora, event("a", "10-05 09:00", "lead.assigned", ana), now=NOW)
    assert record_event(aurora, event("d", "10-05 09:30", "lead.disposed", ana, amount_minor=12), now=NOW)
    row = aurora.scalars(select(EventRow).where(EventRow.event_id == "d")).one()
    found = (row.source, row.type, row.subject, row.member_id, row.amount_minor)
    assert found == ("crm", "lead.disposed", "L1", ana, 12)
    assert row.occurred_at == datetime(2026, 10, 5, 12, 30, tzinfo=UTC)
    assert attained(aurora, "2026-10", "speed") == [("speed", ANA, "exceeded", 10)]
    assert list(verify(aurora, now=NOW)) == []


def test_the_same_id_again_in_its_source_changes_nothing(aurora, ana):
    first = event("a", "10-05 09:00", "lead.assigned", ana)
    assert record_event(aurora, first, now=NOW)
    before = state(aurora)
    assert not record_event(aurora, first, now=NOW)
    assert not record_event(aurora, first._replace(type="lead.disposed", subject="L2"), now=NOW)
    assert (count(aurora), state(aurora)) == (1, before)
    assert record_event(aurora, first._replace(source="other"), now=NOW)


def test_an_event_recorded_is_a_duplicate_to_an_import_and_the_other_way_round(aurora, ana):
    record_event(aurora, event("a", "10-05 09:00", "lead.assigned", ana), now=NOW)
    rows = (f"a,2026-10-05T09:00,lead.assigned,L1,{ANA}", f"b,2026-10-05T09:00,x.y,L1,{ANA}")
    report = hand_in(aurora, csv_of(*rows), source="crm")
    assert (report.new, report.duplicate) == (1, 1)
    assert not record_event(aurora, event("b", "10-05 09:00", "x.y", ana), now=NOW)


def test_it_is_on_disk_on_return_and_nothing_stays_locked(aurora, ana):
    record_event(aurora, event("a", "10-05 09:00", "lead.assigned", ana), now=NOW)
    assert not aurora.in_transaction()
    record_event(aurora, event("a", "10-05 09:00", "lead.assigned", ana), now=NOW)
    assert not aurora.in_transaction()


def test_an_event_that_cannot_be_scored_is_not_stored(aurora):
    with pytest.raises(IntegrityError):
        record_event(aurora, event("a", "10-05 09:00", "lead.assigned", 99), now=NOW)
    assert not aurora.in_transaction()
    assert count(aurora) == 0


def test_without_an_organisation_nothing_is_stored(session):
    with pytest.raises(Refused, match="No organisation is loaded yet"):
        record_event(session, event("a", "10-05 09:00", "lead.assigned", None), now=NOW)
    assert not session.in_transaction()
    assert count(session) == 0


def test_c6_an_anomaly_goes_when_its_assignment_comes(aurora, ana):
    record_event(aurora, event("d", "10-05 09:30", "lead.disposed", ana), now=NOW)
    assert aurora.execute(select(Anomaly.subject, Anomaly.sla, Anomaly.event_id)).all() == [("L1", "speed", "d")]
    record_event(aurora, event("a", "10-05 09:00", "lead.assigned", ana), now=NOW)
    assert count(aurora, Anomaly) == 0


def test_c6_c8_an_anomaly_goes_when_its_assignment_comes_at_the_same_instant(aurora, ana):
    record_event(aurora, event("d", "10-05 09:30", "lead.disposed", ana), now=NOW)
    record_event(aurora, event("e", "10-05 09:30", "lead.assigned", ana), now=NOW)  # its id is greater; it counts first
    assert count(aurora, Anomaly) == 0


def test_c6_an_anomaly_goes_when_a_file_of_one_row_brings_its_assignment(aurora, ana):
    record_event(aurora, event("d", "10-05 09:30", "lead.disposed", ana), now=NOW)
    log(aurora, "10-05 09:00 lead.assigned ana")
    assert count(aurora, Anomaly) == 0


def test_s2_the_first_event_of_a_month_gives_everybody_a_standing(aurora, ana):
    record_event(aurora, event("a", "09-05 09:00", "lead.assigned", ana), now=NOW)
    assert [each.key.partition("@")[0] for each in standings(aurora, "2026-09", "member")] == ["ana", "bia", "caio"]


def test_an_event_takes_at_most_12_statements(aurora, ana, query_counter):
    record_event(aurora, event("a", "10-05 09:00", "lead.assigned", ana), now=NOW)
    record_event(aurora, event("x", "10-05 09:00", "lead.disposed", ana, "L9"), now=NOW)  # an anomaly
    for number, kind in enumerate(("lead.disposed", "lead.reopened", "opportunity.won", "lead.assigned")):
        with query_counter() as statements:
            assert record_event(aurora, event(f"e{number}", f"10-05 09:3{number}", kind, ana, amount_minor=5), now=NOW)
        assert len(statements) <= 12, statements


def test_an_event_takes_as_many_statements_among_many_people_as_among_few(session, query_counter):
    set_up(session)
    load_people(session, io.BytesIO(people_file(crowd(300))), now=NOW, by=COMMAND_LINE)
    log(session, "\n".join(f"10-05 09:00 lead.assigned p{n:05d} subject=X{n}" for n in range(300)))
    test_an_event_takes_at_most_12_statements(session, ids_of(session)["ana"], query_counter)
