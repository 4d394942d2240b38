"""Rows that come in: a well-formed event, or the column, value and reason (K2, design section 4)."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderboard.domain.inbound import COLUMNS, LONGEST_TEXT, EventReader, InboundEvent, RowError, TimeReader
from tests.domain.examples import BERLIN, NEW_YORK, SAO_PAULO, properties

GOOD = {"event_id": "e1", "occurred_at": "2026-10-05T09:00", "type": "lead.assigned", "subject": "L1"}


def read(zone=SAO_PAULO, **cells):
    reader = EventReader("BRL", TimeReader(ZoneInfo(zone)))
    return reader.read([{**GOOD, **cells}.get(name, "") for name in COLUMNS])


def refusal(**cells):
    with pytest.raises(RowError) as refused:
        read(**cells)
    return refused.value


def test_a_row_is_read():
    found = read(
        type="opportunity.won", member="ana@example.com", team="North", outcome="x", amount="12.50", currency="BRL",
        due_at="2026-10-06T09:00Z",
    )  # fmt: skip
    assert found == InboundEvent(
        "e1", datetime(2026, 10, 5, 12, tzinfo=UTC), "opportunity.won", "L1", "ana@example.com", "North", "x", 1250,
        datetime(2026, 10, 6, 9, tzinfo=UTC),
    )  # fmt: skip


def test_what_is_empty_is_nothing():
    found = read()
    assert (found.member, found.team, found.outcome, found.amount_minor, found.due_at) == ("", "", None, None, None)


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-10-05T09:00", "2026-10-05T12:00"),  # without an offset: the organisation's zone
        ("2026-10-05 09:00:00.123456", "2026-10-05T12:00:00.123456"),
        ("2026-10-05", "2026-10-05T03:00"),
        ("2026-10-05T09:00Z", "2026-10-05T09:00"),
        ("2026-10-05T09:00+05:30", "2026-10-05T03:30"),
        ("20261005T090000", "2026-10-05T12:00"),
        ("2024-02-29T09:00", "2024-02-29T12:00"),
        ("1970-01-02T00:00Z", "1970-01-02T00:00"),
        ("2199-12-31T23:59:59.999999Z", "2199-12-31T23:59:59.999999"),
    ],
)
def test_t1_instants_are_iso_8601_in_the_organisations_zone(text, utc):
    assert read(occurred_at=text).occurred_at == datetime.fromisoformat(utc).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "text", "utc"),
    [
        (BERLIN, "2026-03-29T02:30", "2026-03-29T01:30"),  # does not exist
        (BERLIN, "2026-10-25T02:30", "2026-10-25T00:30"),  # exists twice
        (NEW_YORK, "2026-03-08T02:30", "2026-03-08T07:30"),
        (NEW_YORK, "2026-11-01T01:30", "2026-11-01T05:30"),
        (SAO_PAULO, "2018-11-04T00:30", "2018-11-04T03:30"),
        (SAO_PAULO, "2018-02-17T23:30", "2018-02-18T01:30"),
        ("Australia/Lord_Howe", "2026-10-04T02:15", "2026-10-03T15:45"),  # half an hour
    ],
)
def test_t1_an_hour_that_does_not_exist_or_exists_twice_is_fold_0_and_warned_of(zone, text, utc):
    warnings = []
    reader = TimeReader(ZoneInfo(zone), warn=warnings.append)
    assert reader.read(text, "occurred_at") == datetime.fromisoformat(utc).replace(tzinfo=UTC)
    assert len(warnings) == 1
    assert text in warnings[0]
    reader.read(text + "Z", "occurred_at")
    assert len(warnings) == 1  # with an offset there is no doubt


@pytest.mark.parametrize(
    "zone", [BERLIN, NEW_YORK, SAO_PAULO, "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Casablanca"]
)
@properties
@given(minutes=st.integers(0, 60 * 24 * 366 * 12))
def test_t1_a_wall_clock_time_is_what_the_zone_says(zone, minutes):
    wall = datetime(2015, 1, 1) + timedelta(minutes=minutes)  # noqa: DTZ001 - the zone follows
    expected = wall.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    warnings = []
    assert TimeReader(ZoneInfo(zone), warn=warnings.append).read(wall.isoformat(), "due_at") == expected
    is_doubtful = (
        wall.replace(tzinfo=ZoneInfo(zone)).utcoffset() != wall.replace(tzinfo=ZoneInfo(zone), fold=1).utcoffset()
    )
    assert bool(warnings) == is_doubtful


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("31/02/2025 09:10", "is not a date; expected ISO 8601 such as 2025-02-28T09:10-03:00"),
        ("2025-02-29T09:00", "is not a date"),
        ("2025-13-01", "is not a date"),
        ("yesterday", "is not a date"),
        ("0001-01-01T00:00", "lies outside the years 1970 to 2199"),
        ("0001-01-01T00:00+14:00", "lies outside the years 1970 to 2199"),
        ("9999-12-31T23:59", "lies outside the years 1970 to 2199"),
        ("9999-12-31T23:59-14:00", "lies outside the years 1970 to 2199"),
        ("9999-12-31", "lies outside the years 1970 to 2199"),
        ("1970-01-01T23:59:59.999999Z", "lies outside the years 1970 to 2199"),
        ("2200-01-01T00:00Z", "lies outside the years 1970 to 2199"),
        ("10000-01-01", "is not a date"),
    ],
)
def test_what_is_no_instant_is_refused_in_either_column(text, reason):
    for column in ("occurred_at", "due_at"):
        refused = refusal(**{column: text})
        assert (refused.column, refused.value) == (column, text)
        assert refused.reason.startswith(reason)


def test_a_time_format_of_a_mapping_is_named_where_it_does_not_fit():
    reader = TimeReader(ZoneInfo(SAO_PAULO), ("%d-%m-%Y %H:%M",))
    assert reader.read("05-10-2026 09:00", "occurred_at") == datetime(2026, 10, 5, 12, tzinfo=UTC)
    with pytest.raises(RowError) as refused:
        reader.read("2026-10-05T09:00", "occurred_at")
    assert refused.value.reason == "is not a date; expected %d-%m-%Y %H:%M"


@pytest.mark.parametrize("column", ["event_id", "occurred_at", "subject"])
def test_a_required_cell_that_is_empty_is_named(column):
    refused = refusal(**{column: ""})
    assert (refused.column, refused.value, refused.reason) == (column, "", "is empty; every event needs one")


@pytest.mark.parametrize(
    "text",
    ["", "assigned", "Lead.Assigned", "lead.", ".lead", "lead..assigned", "lead assigned", "lead.é", "a." + "b" * 400],
)
def test_a_type_is_a_dotted_word(text):
    refused = refusal(type=text)
    assert (refused.column, refused.value) == ("type", text[:80])
    assert "expected a dotted word in lower case such as lead.assigned" in refused.reason or not text


@pytest.mark.parametrize(
    "text", ["lead.assigned", "ticket.on_hold", "a.b.c", "x1.y2", "lead.2nd_call", "sign-repair.opened"]
)
def test_other_types_are_taken(text):
    assert read(type=text).type == text


@pytest.mark.parametrize("outcome", ["qualified", "disqualified", "recycled", ""])
def test_a_disposal_has_one_of_three_outcomes(outcome):
    assert read(type="lead.disposed", outcome=outcome).outcome == (outcome or None)


def test_another_outcome_of_a_disposal_is_refused_with_those_that_are_accepted():
    refused = refusal(type="lead.disposed", outcome="won")
    assert (refused.column, refused.value) == ("outcome", "won")
    assert "expected qualified, disqualified, recycled" in refused.reason
    assert read(type="lead.converted", outcome="won").outcome == "won"


@pytest.mark.parametrize(
    ("cells", "column", "reason"),
    [
        ({"amount": "1234,50"}, "amount", "write digits and a decimal point, such as 1234.50"),
        ({"amount": "1.005"}, "amount", "is finer than the minor unit of BRL, which has 2 decimal places"),
        ({"amount": "10", "currency": "USD"}, "currency", "expected BRL"),
        ({"currency": "USD"}, "currency", "expected BRL"),
        ({"amount": "10", "currency": "brl"}, "currency", "expected BRL"),
        ({"amount": "9" * 30}, "amount", "is too large an amount"),
    ],
)
def test_k2_an_amount_in_another_currency_or_form_is_refused(cells, column, reason):
    refused = refusal(**cells)
    assert (refused.column, refused.value) == (column, cells[column])
    assert reason in refused.reason


def test_k2_a_currency_without_an_amount_is_nothing():
    assert read(currency="BRL").amount_minor is None


@pytest.mark.parametrize("column", ["event_id", "subject", "member", "team", "outcome"])
def test_a_text_has_so_many_characters_at_most(column):
    assert read(**{column: "é" * LONGEST_TEXT})
    refused = refusal(**{column: "é" * (LONGEST_TEXT + 1)})
    assert (refused.column, refused.reason) == (column, "is longer than 400 characters")
    assert len(refused.value) < 60


@properties
@given(cells=st.fixed_dictionaries({}, optional=dict.fromkeys(COLUMNS, st.text(max_size=20))))
def test_whatever_a_row_holds_is_taken_or_refused_in_words(cells):
    with suppress(RowError):
        assert read(**cells).occurred_at.tzinfo is UTC
