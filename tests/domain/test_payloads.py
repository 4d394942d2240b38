"""Reading what CRMs send: flat rows for a mapping, and junk refused in words before anything is made of it."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leaderboard.domain.mapping import parse_mapping
from leaderboard.domain.payloads import (
    LONGEST_NAME,
    MOST_BYTES,
    MOST_COLUMNS,
    MOST_DEPTH,
    MOST_ROWS,
    READERS,
    PayloadRefused,
    read_payload,
)
from leaderboard.services.hooks import default_mapping
from tests.domain.hook_bodies import (
    HUBSPOT_DISPOSED,
    HUBSPOT_EVENT,
    LEAD,
    ODOO,
    PIPEDRIVE,
    PIPEDRIVE_1,
    as_json,
    notification,
    soap,
)


def events(kind, body):
    """Return type, subject and member of what the standard mapping makes of a body."""
    mapping = parse_mapping(default_mapping(kind))
    found = [row for theirs in read_payload(kind, body).rows for _, row in mapping.rows(theirs)]
    return [(row["type"], row["subject"], row.get("member", "")) for row in found]


def test_names_within_are_joined_by_dots_and_texts_stay_as_they_are_written():
    body = '{"a": {"b": [1.50, {"c": true}], "d": null}, "e": "São", "f": 10000000000000000000000, "g": []}'
    (row,) = read_payload("generic", body.encode()).rows
    assert row == {"a.b.0": "1.50", "a.b.1.c": "true", "a.d": "", "e": "São", "f": "1" + "0" * 22}


@pytest.mark.parametrize("body", ['{"events": [{"x": 1}]}', '[{"x": 1}]', '\ufeff{"x": 1}'])
def test_an_object_a_list_and_a_list_called_events_are_rows(body):
    assert read_payload("generic", body.encode()).rows == [{"x": "1"}]


def test_what_cannot_be_stored_is_replaced():
    (row,) = read_payload("generic", rb'{"a\u0000b": "\ud800 \u0000", "c": "\ud83d\ude00\n"}').rows
    assert row == {"a\ufffdb": "\ufffd \ufffd", "c": "😀\n"}


def test_hubspot_s_events_are_mapped_and_known_again_in_any_order():
    unfamiliar = {**HUBSPOT_EVENT, "propertyName": "phone"}
    new_style = {**HUBSPOT_EVENT, "subscriptionType": "object.creation", "objectTypeId": "0-3", "eventId": 5}
    sent = [HUBSPOT_EVENT, HUBSPOT_DISPOSED, unfamiliar, new_style]
    assert events("hubspot", as_json(sent)) == [
        ("lead.assigned", "123", "hs-1"),
        ("lead.disposed", "123", ""),
        ("opportunity.created", "deal-123", ""),
    ]
    again = [{**each, "attemptNumber": 1} for each in reversed(sent)]
    assert read_payload("hubspot", as_json(again)).key == read_payload("hubspot", as_json(sent)).key
    assert read_payload("hubspot", as_json(sent[:1])).key != read_payload("hubspot", as_json(sent)).key
    assert read_payload("hubspot", b"[]") == ([], None, "", False)


def test_salesforce_s_messages_and_callouts_give_the_same_events():
    sent = [notification(1, **LEAD), notification(2, "Opportunity", **{**LEAD, "StageName": "Closed Won", "Amount": 5})]
    found = read_payload("salesforce", soap(*sent))
    assert (found.is_soap, found.organisation) == (True, "00Dxx0000001gPLEAY")
    assert found.rows[0]["object"] == "Lead"
    assert "session" not in str(found.rows)
    owner = LEAD["OwnerId"][:15]
    expected = [("lead.received", LEAD["Id"][:15], ""), ("lead.assigned", LEAD["Id"][:15], owner)]
    assert events("salesforce", soap(*sent[:1])) == expected
    assert events("salesforce", as_json({**LEAD, "object": "Lead"})) == expected
    assert [each[0] for each in events("salesforce", soap(sent[1]))] == ["opportunity.created", "opportunity.won"]
    assert len(read_payload("salesforce", soap(*(notification(each) for each in range(100)))).rows) == 100
    assert read_payload("salesforce", soap(*reversed(sent))).key == found.key


def test_odoo_s_records_are_mapped():
    assert events("odoo", as_json(ODOO)) == [
        ("lead.received", "42", ""),
        ("lead.assigned", "42", "7"),
        ("lead.followed_up", "42", "7"),
    ]
    won = {**ODOO, "stage_id": 4, "date_closed": "2026-10-09 10:00:00"}
    assert events("odoo", as_json(won))[2:] == [("opportunity.won", "42", "7")]


def test_pipedrive_s_versions_are_read_alike():
    lead = PIPEDRIVE["data"]["id"]
    assert events("pipedrive", as_json(PIPEDRIVE)) == [("lead.received", lead, ""), ("lead.assigned", lead, "77")]
    assert events("pipedrive", as_json(PIPEDRIVE_1)) == [("opportunity.won", "deal-9", "77")]
    retried = {**PIPEDRIVE, "meta": {**PIPEDRIVE["meta"], "attempt": 2}}
    assert read_payload("pipedrive", as_json(retried)).key == read_payload("pipedrive", as_json(PIPEDRIVE)).key


def nested(depth):
    return b'{"a":' * (depth - 1) + b'{"a":1}' + b"}" * (depth - 1)


@pytest.mark.parametrize(
    ("fits", "does_not", "status"),
    [
        (nested(MOST_DEPTH), nested(MOST_DEPTH + 1), 422),
        (as_json([{"a": 1}] * MOST_ROWS), as_json([{"a": 1}] * (MOST_ROWS + 1)), 422),
        (
            as_json(dict.fromkeys(map(str, range(MOST_COLUMNS)), 1)),
            as_json(dict.fromkeys(map(str, range(MOST_COLUMNS + 1)), 1)),
            422,
        ),
        (as_json({"n" * LONGEST_NAME: 1}), as_json({"n" * (LONGEST_NAME + 1): 1}), 422),
        (b'{"a":1}'.ljust(MOST_BYTES), b'{"a":1}'.ljust(MOST_BYTES + 1), 413),
    ],
    ids=["depth", "rows", "columns", "name", "bytes"],
)
def test_each_limit_holds(fits, does_not, status):
    assert read_payload("generic", fits).rows
    with pytest.raises(PayloadRefused) as refused:
        read_payload("generic", does_not)
    assert refused.value.status == status


BOMB = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><x>&b;</x>'
JUNK = {
    "nothing": b"",
    "words": b"hello",
    "half": b'{"a": ',
    "number": b"1",
    "list of numbers": b"[1]",
    "nan": b'{"a": NaN}',
    "latin-1": '{"a": "ç"}'.encode("latin-1"),
    "utf-16": '{"a": 1}'.encode("utf-16"),
    "a million brackets": b"[" * MOST_BYTES,
    "deep within a long name": b'{"' + b"k" * 1000 + b'":{"' + b"k" * 1000 + b'":[' + b"1," * 100 + b"1]}}",
    "entities": BOMB,
    "no message": b"<a/>",
    "open": b"<a>",
    "deep": b"<a>" * 100_000,
    "xml in latin-1": '<?xml version="1.0" encoding="ISO-8859-1"?><a>ç</a>'.encode("latin-1"),
    "odd encoding": b'<?xml version="1.0" encoding="x-none"?><a/>',
    "too many": soap(*(notification(each) for each in range(MOST_ROWS + 1))),
    "too wide": soap(notification(1, **{f"F{each}": 1 for each in range(MOST_COLUMNS)})),
}


@pytest.mark.parametrize("kind", READERS)
@pytest.mark.parametrize("name", JUNK)
def test_junk_is_refused_in_a_sentence(kind, name):
    with pytest.raises(PayloadRefused) as refused:
        read_payload(kind, JUNK[name])
    assert refused.value.status in (400, 413, 422)
    assert str(refused.value).endswith(".")
    assert len(str(refused.value)) < 300


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda each: st.lists(each, max_size=3) | st.dictionaries(st.text(max_size=5), each, max_size=3),
    max_leaves=10,
)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(sorted(READERS)),
    ANYTHING | st.dictionaries(st.sampled_from(["data", "current", "previous", "meta", "events"]), ANYTHING),
)
def test_any_json_gives_rows_of_texts_or_is_refused(kind, found):
    try:
        payload = read_payload(kind, json.dumps(found).encode())
    except PayloadRefused:
        return
    assert all(isinstance(text, str) for row in payload.rows for each in row.items() for text in each)
    list(events(kind, json.dumps(found).encode()))
