"""Mapping by hand: what is filled in becomes the TOML that the reader takes, and comes back as it was."""

import pytest

from leaderboard.domain.mapping import parse_mapping
from leaderboard.domain.mapping_forms import document_of, filled_of
from leaderboard.domain.mapping_guesses import guess_mapping
from leaderboard.domain.mapping_text import ours_in_zone, with_order, with_zone, write_mapping
from leaderboard.domain.time_guesses import are_ambiguous, guess_amounts, guess_formats
from leaderboard.domain.toml_text import read_toml

HEADER = ["Lead", "Owner", "Assigned", "Disposed", "Status", 'Odd "name"; x']
FILLED = {
    "time_format": "iso; %d/%m/%Y",
    "empty": "?; -",
    "decimal_mark": ",",
    "thousands_mark": " ",
    "footer": "1",
    "time_zone": "Europe/Lisbon",
    "source": "crm",
    "description": "Leads",
    "events": "2",
    "e0_type": "t:lead.assigned",
    "e0_event_id": "auto",
    "e0_subject": "c:Lead",
    "e0_occurred_at": "c:Assigned",
    "e0_member": "c:Owner",
    "e0_when": "Assigned",
    "e0_when_how": "filled",
    "e1_type": "c:Status",
    "e1_event_id": "=",
    "e1_event_id_text": "x-{Lead}",
    "e1_subject": "c:Lead",
    "e1_occurred_at": "c:Disposed",
    "e1_team": "=",
    "e1_team_text": "North",
    "e1_outcome": 'c:Odd "name"; x',
    "e1_when": "Status",
    "e1_when_how": "is",
    "e1_when_text": "Won; Lost",
    "e1_unless": "Owner",
    "e1_unless_how": "empty",
    "e1_values_type_0_from": "Won",
    "e1_values_type_0_to": "opportunity.won",
    "e1_values_type_1_from": "Lost",
    "e1_values_outcome_0_from": "*",
    "e1_values_outcome_0_to": "qualified",
}


def test_what_is_filled_in_is_written_read_and_filled_in_again_the_same():
    document = document_of(FILLED)
    text = write_mapping(document)
    assert read_toml(text) == document
    mapping = parse_mapping(text)
    assert [each.texts["event_id"].text for each in mapping.templates] == [
        "{Lead}-lead.assigned-{Assigned}",
        "x-{Lead}",
    ]
    assert (mapping.has_footer, mapping.empty, mapping.time_formats) == (True, {"?", "-"}, ("iso", "%d/%m/%Y"))
    again = filled_of(document, HEADER)
    assert again is not None
    assert document_of(again) == document
    assert {key: again[key] for key in FILLED if FILLED[key] and again.get(key) is not None}.keys() >= {"e1_team_text"}
    row = {"Lead": "7", "Owner": "Ana", "Disposed": "2026-10-05", "Status": "Won", 'Odd "name"; x': "any"}
    assert [ours for _, ours in mapping.rows({**row, "Assigned": ""})] == [
        {
            "type": "opportunity.won",
            "event_id": "x-7",
            "subject": "7",
            "occurred_at": "2026-10-05",
            "team": "North",
            "outcome": "qualified",
        }
    ]


@pytest.mark.parametrize(
    "more",
    [
        {"when": {"Lead": "*", "Owner": "*"}},  # two conditions in one
        {"when": "{Lead}{Owner}"},
        {"optional": True},
        {"values": {"member": {"a": "b"}}},
    ],
)
def test_what_the_form_has_no_field_for_is_left_to_the_text(more):
    event = {"type": "lead.assigned", "event_id": "{Lead}", "subject": "{Lead}", "occurred_at": "{Assigned}", **more}
    parse_mapping(write_mapping({"event": [event]}))
    assert filled_of({"event": [event]}, HEADER) is None


@pytest.mark.parametrize(
    ("values", "formats"),
    [
        (["2026-10-05T09:00-03:00", "2026-10-05"], ["iso"]),
        (["29/02/2024 09:05", "03/04/2026 10:00"], ["%d/%m/%Y %H:%M"]),
        (["02/29/2024 9:05 AM"], ["%m/%d/%Y %I:%M %p"]),
        (["1741597512123"], ["unix_ms"]),
        (["1741597512"], ["unix"]),
        (["5 Oct 2026"], ["%d %b %Y"]),
        (["yesterday"], []),
        ([""], []),
    ],
)
def test_how_times_are_written_is_found_out_from_them(values, formats):
    assert guess_formats(values)[:1] == formats
    assert not formats or not are_ambiguous(guess_formats(values)[:1], values)


def test_a_day_that_could_be_a_month_is_asked_about():
    found = guess_formats(["03/04/2026", "05/04/2026"])
    assert found == ["%d/%m/%Y", "%m/%d/%Y"]
    assert are_ambiguous(found, ["03/04/2026"])
    assert not are_ambiguous(found, ["04/04/2026"])


@pytest.mark.parametrize(
    ("values", "marks"),
    [
        (["1234.50", "7"], (".", "")),
        (["1.234,50", "1,5"], (",", ".")),
        (["1,234.50"], (".", ",")),
        (["1 234,5"], (",", " ")),
        (["many"], None),
        ([], None),
    ],
)
def test_the_marks_of_amounts_are_found_out_from_them(values, marks):
    assert guess_amounts(values) == marks


def test_a_first_guess_takes_each_column_of_times_for_an_event():
    columns = {"Lead ID": ["1", "2"], "Owner": ["a", "b"], "Assigned": ["05/10/2026 09:00", "25/10/2026 09:00"]}
    columns |= {"Won on": ["", "26/10/2026 09:00"], "Amount": ["1.234,50", "7"], "Note": ["", "x"]}
    guess = guess_mapping(list(columns), columns)
    assert (guess["time_format"], guess["decimal_mark"], guess["thousands_mark"]) == ("%d/%m/%Y %H:%M", ",", ".")
    assigned, won = guess["event"]
    assert (assigned["type"], assigned["subject"], assigned["member"]) == ("lead.assigned", "{Lead ID}", "{Owner}")
    assert (won["type"], won["amount"], won["when"]) == ("opportunity.won", "{Amount}", {"Won on": "*"})
    parse_mapping(write_mapping(guess))
    assert filled_of(guess, list(columns)) is not None
    assert guess_mapping(["a"], {"a": ["?"]})["event"][0]["type"] == "lead.received"


def test_a_first_guess_takes_no_id_for_a_time_and_no_target_for_another_lead():
    columns = {"CASE_ENQUIRY_ID": ["101001241454"], "OPEN_DT": ["01/22/2015 03:14:47 PM"], "SALES_AGENT": ["a"]}
    columns |= {"TARGET_DT": ["01/29/2015 03:14:47 PM"], "CLOSE_DATE": ["02/19/2015 02:31:08 PM"]}
    guess = guess_mapping(list(columns), columns)
    assert guess["time_format"] == "%m/%d/%Y %I:%M:%S %p"
    told = [(each["type"], each["occurred_at"], each["subject"], each["member"]) for each in guess["event"]]
    assert told == [
        ("lead.received", "{OPEN_DT}", "{CASE_ENQUIRY_ID}", "{SALES_AGENT}"),
        ("lead.disposed", "{CLOSE_DATE}", "{CASE_ENQUIRY_ID}", "{SALES_AGENT}"),
    ]


def test_another_time_zone_changes_nothing_else_of_a_mapping():
    text = 'source = "x" # kept\ntime_zone = "UTC"\n\n[[event]]\ntype = "a.b"\n'
    assert with_zone(text, "Asia/Tokyo") == 'time_zone = "Asia/Tokyo"\nsource = "x" # kept\n\n[[event]]\ntype = "a.b"\n'
    ours = parse_mapping(ours_in_zone(["event_id", "occurred_at", "type", "subject", "note"], "Asia/Tokyo"))
    assert (ours.time_zone.key, len(ours.columns)) == ("Asia/Tokyo", 4)


def test_an_order_of_dates_is_said_of_a_mapping_that_leaves_it_open_and_of_no_other():
    text = 'time_format = ["iso", "day_or_month_first"]\n\n[[event]]\ntype = "day_or_month_first"\n'
    assert with_order(text, "day_first") == text.replace("day_or_month_first", "day_first", 1)
    closed = 'time_format = "%d/%m/%Y"\n'
    assert with_order(closed, "month_first") == closed
