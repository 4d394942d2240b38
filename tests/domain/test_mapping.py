"""Mappings: any other CSV into events; what is wrong in one is refused with its place and remedy."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderboard.domain.errors import Refused
from leaderboard.domain.event_templates import Text
from leaderboard.domain.inbound import COLUMNS, RowError
from leaderboard.domain.mapping import parse_mapping
from tests.domain.examples import properties

HEAD = 'time_zone = "America/Sao_Paulo"\ntime_format = "%d-%m-%Y %H:%M"\nsource = "olist"\n'
QUALIFIED = '[[event]]\ntype = "lead.qualified"\nevent_id = "q-{id}"\nsubject = "{id}"\noccurred_at = "{contact}"\n'
WON = (
    '[[event]]\ntype = "lead.converted"\nevent_id = "won-{id}"\nsubject = "{id}"\noccurred_at = "{won}"\n'
    'member = "{sr}"\nwhen = "{won}"\n'
)


def rows(text, **theirs):
    return [row for _, row in parse_mapping(text).rows(theirs)]


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
    assert (found.time_zone.key, found.time_formats, found.source, found.delimiter) == (
        "America/Sao_Paulo",
        ("%d-%m-%Y %H:%M",),
        "olist",
        ";",
    )
    plain = parse_mapping(QUALIFIED)
    assert (plain.time_zone, plain.time_formats, plain.source, plain.delimiter) == (None, ("iso",), None, None)


def test_white_space_around_is_left_out_and_within_is_kept():
    assert Text(" {a}-{b} ").fill({"a": " x y ", "b": "z "}) == "x y-z"
    assert Text("{missing}").fill({}) == ""
    assert Text("{First Name}").fill({"First Name": "Ana"}) == "Ana"


def test_what_a_cell_holds_is_never_taken_for_a_column():
    assert Text("{a}").fill({"a": "{b}", "b": "secret"}) == "{b}"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "The mapping has no [[event]]; write one for each event that a row gives."),
        ("event = []", "The mapping has no [[event]]"),
        ("event = 1", "The mapping has no [[event]]"),
        ("event = [1]", "event number 1 of the mapping is not a table; write it as [[event]]."),
        ("[[event]", "The mapping is not TOML"),
        ("a = " + "9" * 5000, "The mapping is not TOML: it holds a number that is too large"),
        ("zone = 1\n" + QUALIFIED, "The mapping: zone is not a known key; known are time_zone, time_format,"),
        ("time_zone = 1\n" + QUALIFIED, "the mapping: time_zone = 1; expected a text."),
        (
            'time_zone = "Mars"\n' + QUALIFIED,
            'The mapping: time_zone = "Mars" is not a time zone; write a name such as',
        ),
        ('delimiter = ";;"\n' + QUALIFIED, 'The mapping: delimiter = ";;"; expected one character such as ";", but no'),
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


def types(text, **theirs):
    return [row["type"] for row in rows(text, **theirs)]


STATE = QUALIFIED.replace("lead.qualified", "ticket.paused")


@pytest.mark.parametrize(
    ("condition", "skipped", "taken"),
    [
        ('when = { state = "On hold" }', ["", "Active", "on hold"], ["On hold", " On hold "]),
        ('when = { state = ["On hold", "Waiting"] }', ["", "Active"], ["On hold", "Waiting"]),
        ('when = { state = "*" }', ["", " "], ["Active"]),
        ('when = { state = "" }', ["Active"], ["", " "]),
        ('when = { state = ["", "Active"] }', ["Closed"], ["", "Active"]),
        ("when = { state = 2 }", ["", "3"], ["2"]),
        ('unless = { state = ["Resolved", "Closed"] }', ["Resolved", "Closed"], ["", "Active"]),
        ('unless = "{state}"', ["Active"], ["", " "]),
        ('when = "{state}"\nunless = { state = "Closed" }', ["", "Closed"], ["Active"]),
    ],
)
def test_an_event_is_taken_when_its_condition_holds_and_its_exception_does_not(condition, skipped, taken):
    text = f"{STATE}{condition}\n"
    assert [state for state in skipped if types(text, id="7", contact="x", state=state)] == []
    assert [state for state in taken if types(text, id="7", contact="x", state=state)] == taken


def test_an_optional_event_is_left_out_of_files_that_lack_its_columns():
    mapping = parse_mapping(QUALIFIED + WON + "optional = true\n")
    assert [
        len(mapping.for_header(header).templates) for header in (["id", "contact"], ["id", "contact", "won", "sr"])
    ] == [
        1,
        2,
    ]
    assert mapping.for_header(["id", "won", "sr"]).columns == {
        "id",
        "contact",
        "won",
        "sr",
    }  # to be refused by its name


def test_every_column_of_a_condition_must_hold():
    text = STATE + 'when = { state = "Active", group = "*" }\n'
    assert types(text, id="7", contact="x", state="Active", group="North") == ["ticket.paused"]
    assert types(text, id="7", contact="x", state="Active", group="") == []


def test_texts_that_stand_for_nothing_are_empty_everywhere():
    text = 'empty = ["?", "NULL"]\n' + WON
    assert rows(text, id="7", won=" ? ", sr="ana") == []
    assert rows(text, id="7", won="x", sr="NULL")[0]["member"] == ""
    assert rows(text, id="7", won="x", sr="?!")[0]["member"] == "?!"


def test_a_star_exchanges_every_other_text_but_the_empty_one():
    text = QUALIFIED + 'outcome = "{why}"\nvalues.outcome = { "Won" = "qualified", "*" = "disqualified" }\n'
    found = [rows(text, id="7", contact="x", why=why)[0]["outcome"] for why in ("Won", "Lost", "")]
    assert found == ["qualified", "disqualified", ""]


def test_a_column_can_be_cut_so_that_ids_of_15_and_18_characters_are_one():
    cut = Text("sf-{Lead ID:15}")
    assert (
        cut.fill({"Lead ID": "00Q5f00000AbCdEAAV"}) == cut.fill({"Lead ID": "00Q5f00000AbCdE"}) == "sf-00Q5f00000AbCdE"
    )
    assert cut.columns == ["Lead ID"]
    assert Text("{concept:name}").columns == ["concept:name"]  # a colon within a name is no cut


BRAZIL = 'decimal_mark = ","\nthousands_mark = "."\ncurrency_sign = "R$"\n'
PLAIN = 'thousands_mark = ","\ncurrency_sign = "$"\n'


@pytest.mark.parametrize(
    ("head", "written", "plain"),
    [
        (BRAZIL, "R$ 1.234,50", "1234.50"),
        (BRAZIL, "1234,5", "1234.5"),
        (BRAZIL, "-R$ 1.234.567,00", "-1234567.00"),
        (BRAZIL, "R$\u00a07", "7"),
        (BRAZIL, "", ""),
        (PLAIN, "$1,234.50", "1234.50"),
        ("", "$1,234.50", "$1,234.50"),
        ('thousands_mark = " "\n', "1\u202f234", "1234"),
    ],
)
def test_k2_amounts_are_read_as_the_mapping_says_they_are_written(head, written, plain):
    assert rows(head + WON + 'amount = "{sum}"\n', id="7", won="x", sr="", sum=written)[0]["amount"] == plain


@pytest.mark.parametrize(
    ("head", "written"),
    [
        (BRAZIL, "1.23"),  # neither thousands nor a decimal comma
        (BRAZIL, "1,234.50"),  # the other way round
        (BRAZIL, "US$ 7"),  # another currency
        (PLAIN, "1,23"),  # a decimal comma
        (PLAIN, "seven"),
    ],
)
def test_k2_an_amount_that_is_written_differently_is_refused(head, written):
    with pytest.raises(RowError) as refused:
        rows(head + WON + 'amount = "{sum}"\n', id="7", won="x", sr="", sum=written)
    assert (refused.value.column, refused.value.value) == ("amount", written)
    assert refused.value.reason.startswith("is not written as the mapping says; expected an amount such as 1")


def test_several_time_formats_are_kept_in_order():
    text = 'time_format = ["iso", "%d/%m/%Y %H:%M", "unix_ms"]\n' + QUALIFIED
    assert parse_mapping(text).time_formats == ("iso", "%d/%m/%Y %H:%M", "unix_ms")


def test_a_z_at_the_end_of_a_format_stands_for_utc():
    text = 'time_format = ["%Y-%m-%dT%H:%M:%S.%fZ", "%d/%m/%Y %%Z"]\n' + QUALIFIED
    assert parse_mapping(text).time_formats == ("%Y-%m-%dT%H:%M:%S.%f%z", "%d/%m/%Y %%Z")


def test_a_column_may_be_called_as_a_shortened_one_is_written():
    mapping = parse_mapping(QUALIFIED + 'team = "{SLA:30}"\nwhen = "{SLA:30}"\n')
    row = {"id": "1", "contact": "2026-03-10", "SLA": "x" * 40, "SLA:30": "Gold"}
    for header, team in ((("id", "contact", "SLA:30"), "Gold"), (("id", "contact", "SLA"), "x" * 30)):
        read = mapping.for_header(header)
        assert read.columns == set(header)
        assert [ours["team"] for _, ours in read.rows(row)] == [team]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (QUALIFIED.replace('"q-{id}"', '"q"'), 'event_id = "q" is the same for every row'),
        (QUALIFIED.replace('"{id}"', '"{id"'), 'subject = "{id" has a brace out of place'),
        (QUALIFIED.replace('"{id}"', '"{}"'), 'subject = "{}" has a brace out of place'),
        (QUALIFIED + 'when = "{state} == Active"\n', 'when = "{state} == Active" is never empty, whatever the row'),
        (QUALIFIED + 'when = ""\n', 'when = "" is never empty'),
        (QUALIFIED + "when = {}\n", "when names nothing to compare with"),
        (QUALIFIED + "when = { state = true }\n", "when, state = true; expected a text or a list of texts"),
        (
            QUALIFIED + 'when = { a.b = "x" }\n',
            "when holds a table in a table; put a name with a dot into quotation marks",
        ),
        (
            QUALIFIED + 'time_zone = "UTC"\n',
            "time_zone is a key of the whole file; write it above the first [[event]].",
        ),
        (QUALIFIED + "when = { state = [] }\n", "when names nothing to compare with"),
        (QUALIFIED + 'when = ["{state}"]\n', 'when = ["{state}"]; expected when = "{column}", or to compare when = {'),
        (QUALIFIED + "unless = 1\n", 'unless = 1; expected unless = "{column}", or to compare'),
        ("empty = [1.5]\n" + QUALIFIED, "empty = [1.5]; expected a text or a list of texts"),
        ('footer = "yes"\n' + QUALIFIED, 'footer = "yes"; expected true or false'),
        ('decimal_mark = "12"\n' + QUALIFIED, 'decimal_mark = "12"; expected one character such as ","'),
        ('delimiter = "\\u0000"\n' + QUALIFIED, r'delimiter = "\x00"; expected one character'),
        ('delimiter = "\\n"\n' + QUALIFIED, r'delimiter = "\n"; expected one character'),
        ('decimal_mark = "1"\n' + QUALIFIED, 'decimal_mark = "1"; expected one character'),
        ('decimal_mark = ","\nthousands_mark = ","\n' + QUALIFIED, '"," is both the decimal and the thousands mark'),
        ("time_format = []\n" + QUALIFIED, "time_format names no format"),
        ("time_format = 1.5\n" + QUALIFIED, "time_format = 1.5; expected a text or a list"),
        ('time_format = "DD/MM/YYYY"\n' + QUALIFIED, '"DD/MM/YYYY" does not read dates; write a format with day'),
        ('time_format = "%H:%M"\n' + QUALIFIED, '"%H:%M" does not read dates'),
        (
            'time_format = ["%d/%m/%Y", "%m/%d/%Y"]\n' + QUALIFIED,
            'time_format "%d/%m/%Y" and "%m/%d/%Y" read "04/03/2026" differently; keep the one that your file uses.',
        ),
        ('time_format = ["unix", "unix_ms"]\n' + QUALIFIED, "read the same number differently"),
    ],
)
def test_what_would_go_wrong_in_silence_is_refused(text, reason):
    with pytest.raises(Refused) as refused:
        parse_mapping(text)
    assert reason in str(refused.value)


@properties
@given(cell=st.text(max_size=20))
def test_whatever_a_cell_holds_rows_are_texts_in_our_columns(cell):
    for row in rows(HEAD + QUALIFIED + WON, id=cell, contact=cell, won=cell, sr=cell):
        assert set(row) <= set(COLUMNS)
        assert all(isinstance(text, str) for text in row.values())
