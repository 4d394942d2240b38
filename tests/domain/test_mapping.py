"""Mappings: any other CSV into events; what is wrong in one is refused with its place and remedy."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderboard.domain.errors import Refused
from leaderboard.domain.inbound import COLUMNS
from leaderboard.domain.mapping import fill, parse_mapping
from tests.domain.examples import properties

HEAD = 'time_zone = "America/Sao_Paulo"\ntime_format = "%d-%m-%Y %H:%M"\nsource = "olist"\n'
QUALIFIED = '[[event]]\ntype = "lead.qualified"\nevent_id = "q-{id}"\nsubject = "{id}"\noccurred_at = "{contact}"\n'
WON = (
    '[[event]]\ntype = "lead.converted"\nevent_id = "won-{id}"\nsubject = "{id}"\noccurred_at = "{won}"\n'
    'member = "{sr}"\nwhen = "{won}"\n'
)


def rows(text, **theirs):
    return list(parse_mapping(text).rows(theirs))


def test_one_row_gives_several_events():
    found = rows(HEAD + QUALIFIED + WON, id="7", contact="01-02-2018 10:00", won="03-02-2018 11:00", sr="ana")
    assert found == [
        {"type": "lead.qualified", "event_id": "q-7", "subject": "7", "occurred_at": "01-02-2018 10:00"},
        {
            "type": "lead.converted", "event_id": "won-7", "subject": "7", "occurred_at": "03-02-2018 11:00",
            "member": "ana",
        },
    ]  # fmt: skip


def test_an_event_is_skipped_when_its_condition_is_empty():
    assert [row["type"] for row in rows(HEAD + QUALIFIED + WON, id="7", contact="x", won=" ", sr="")] == [
        "lead.qualified"
    ]


def test_values_are_exchanged_and_others_stay():
    text = QUALIFIED.replace('"lead.qualified"', '"{stage}"') + 'values.type = { "Lost" = "lead.disposed" }\n'
    assert [rows(text, id="7", contact="x", stage=stage)[0]["type"] for stage in ("Lost", "lead.won")] == [
        "lead.disposed",
        "lead.won",
    ]


def test_the_columns_that_it_reads_are_known():
    assert parse_mapping(HEAD + QUALIFIED + WON).columns == {"id", "contact", "won", "sr"}


def test_the_head_is_read():
    found = parse_mapping('delimiter = ";"\n' + HEAD + QUALIFIED)
    assert (found.time_zone.key, found.time_format, found.source, found.delimiter) == (
        "America/Sao_Paulo",
        "%d-%m-%Y %H:%M",
        "olist",
        ";",
    )
    plain = parse_mapping(QUALIFIED)
    assert (plain.time_zone, plain.time_format, plain.source, plain.delimiter) == (None, None, None, ",")


def test_white_space_around_is_left_out_and_within_is_kept():
    assert fill(" {a}-{b} ", {"a": " x y ", "b": "z "}) == "x y-z"
    assert fill("{missing}", {}) == ""
    assert fill("{First Name}", {"First Name": "Ana"}) == "Ana"


def test_what_a_cell_holds_is_never_taken_for_a_column():
    assert fill("{a}", {"a": "{b}", "b": "secret"}) == "{b}"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "The mapping has no [[event]]; write one for each event that a row gives."),
        ("event = []", "The mapping has no [[event]]"),
        ("event = 1", "The mapping has no [[event]]"),
        ("event = [1]", "event number 1 of the mapping is not a table; write it as [[event]]."),
        ("[[event]", "The mapping is not TOML"),
        ("zone = 1\n" + QUALIFIED, "The mapping: zone is not a known key; known are time_zone, time_format,"),
        ("time_zone = 1\n" + QUALIFIED, "the mapping: time_zone = 1; expected a text."),
        (
            'time_zone = "Mars"\n' + QUALIFIED,
            'The mapping: time_zone = "Mars" is not a time zone; write a name such as',
        ),
        ('delimiter = ";;"\n' + QUALIFIED, 'The mapping: delimiter = ";;"; expected one character such as ";".'),
        (
            QUALIFIED + WON.replace("sr", "sr").replace("member", "owner"),
            "event number 2 of the mapping: owner is not a known key",
        ),
        (
            QUALIFIED.replace('subject = "{id}"\n', ""),
            "event number 1 of the mapping: subject is missing; write a text with columns in braces",
        ),
        (QUALIFIED.replace('"{id}"', '""'), "subject is missing"),
        (QUALIFIED.replace('"{id}"', "7"), "event number 1 of the mapping: subject = 7; expected a text."),
        (QUALIFIED + "values = 1", "write values.type = {"),
        (QUALIFIED + 'values.kind = { "a" = "b" }', "values.kind is not a table of texts for one of our columns"),
        (QUALIFIED + 'values.type = { "a" = 1 }', "values.type is not a table of texts"),
    ],
)
def test_a_mistake_is_refused_with_its_place_and_remedy(text, reason):
    with pytest.raises(Refused) as refused:
        parse_mapping(text)
    assert reason in str(refused.value)


@properties
@given(cell=st.text(max_size=20))
def test_whatever_a_cell_holds_rows_are_texts_in_our_columns(cell):
    for row in rows(HEAD + QUALIFIED + WON, id=cell, contact=cell, won=cell, sr=cell):
        assert set(row) <= set(COLUMNS)
        assert all(isinstance(text, str) for text in row.values())
