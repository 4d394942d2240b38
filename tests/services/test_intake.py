"""Taking events from a program: every row is answered, once stored it stays, and what is unknown can wait."""

import json
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from leaderboard.domain.errors import Refused
from leaderboard.services.intake import Outcome, take_events
from leaderboard.services.verifying import verify
from leaderboard.storage.connection_tables import ParkedEvent
from leaderboard.storage.tables import EventRow, PointEntry
from tests.services.examples import NOW, count, set_up

ANA = "ana@example.com"
ASSIGNED = {"event_id": "a", "occurred_at": "2026-10-05T09:00", "type": "lead.assigned", "subject": "L1", "member": ANA}
DISPOSED = {**ASSIGNED, "event_id": "d", "occurred_at": "2026-10-05T09:30", "type": "lead.disposed"}


@pytest.fixture
def aurora(session):
    set_up(session)
    return session


def take(session, *rows, **options):
    return take_events(session, rows, source="crm", now=NOW, **options)


def test_each_row_is_answered_and_what_is_new_is_stored_and_scored(aurora):
    wrong = {**ASSIGNED, "event_id": "w", "occurred_at": "31/02/2026"}
    unknown = {**ASSIGNED, "event_id": "u", "member": "nobody@example.com"}
    found = take(aurora, ASSIGNED, DISPOSED, {**ASSIGNED, "type": "lead.reopened"}, wrong, unknown)
    assert [each.outcome for each in found] == ["new", "new", "duplicate", "refused", "refused"]
    assert (found[3].column, found[3].value) == ("occurred_at", "31/02/2026")
    assert found[4].reason == "is not a known e-mail or external id; load people first"
    assert (count(aurora, EventRow), count(aurora, PointEntry)) == (2, 1)
    assert [each.outcome for each in take(aurora, ASSIGNED, DISPOSED)] == ["duplicate", "duplicate"]
    assert list(verify(aurora, now=NOW)) == []


def test_a_row_alone_is_scored_as_among_others(aurora):
    assert [each.outcome for each in (*take(aurora, ASSIGNED), *take(aurora, DISPOSED))] == ["new", "new"]
    assert count(aurora, PointEntry) == 1
    assert list(verify(aurora, now=NOW)) == []


def test_a_row_that_names_somebody_unknown_waits_once_where_that_is_asked_for(aurora):
    unknown = {**ASSIGNED, "member": "hubspot:77", "note": "passed over"}
    assert [take(aurora, unknown, parks=True)[0].outcome for _ in range(2)] == [Outcome.PARKED] * 2
    kept = aurora.scalars(select(ParkedEvent)).one()
    assert (kept.source, kept.event_id, kept.column, kept.unknown) == ("crm", "a", "member", "hubspot:77")
    assert json.loads(kept.document) == {**ASSIGNED, "member": "hubspot:77"}
    assert count(aurora, EventRow) == 0


def test_an_event_to_come_is_taken_with_a_warning(aurora):
    later = {**ASSIGNED, "occurred_at": "2027-10-05T09:00:00Z"}
    (found,) = take(aurora, later)
    assert found.outcome is Outcome.NEW
    assert found.warnings == (
        f"{datetime(2027, 10, 5, 9, tzinfo=UTC).isoformat()} lies in the future; the event counts from then on",
    )


def test_a_source_that_is_no_name_is_refused(aurora):
    with pytest.raises(Refused, match="is not a name"):
        take_events(aurora, [ASSIGNED], source="a\nb", now=NOW)
