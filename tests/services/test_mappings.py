"""The mappings that are part of the product, on exports with the traps that real ones have."""

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from leaderboard.cli import main
from leaderboard.domain.errors import Refused
from leaderboard.domain.inbound import KNOWN_TYPES
from leaderboard.domain.mapping import parse_mapping
from leaderboard.services import mappings
from leaderboard.services.mappings import built_in_mappings, mapping_file, read_mapping, recognise
from leaderboard.services.upload_looks import built_in_text
from leaderboard.storage.tables import EventRow
from tests.services.examples import hand_in
from tests.services.exports import people, take


@pytest.fixture
def aurora(session):
    return people(session)


@pytest.mark.parametrize("name", built_in_mappings())
def test_a_built_in_mapping_gives_known_types_under_its_own_name(name):
    mapping = read_mapping(mapping_file(name))
    assert mapping.source == name
    assert {template.texts["type"].fill({}) for template in mapping.templates} <= KNOWN_TYPES


def test_each_built_in_mapping_is_recognised_by_its_own_columns_and_by_those_of_each_language():
    for name in built_in_mappings():
        mapping = read_mapping(mapping_file(name))
        header = sorted(mapping.reads)
        assert recognise(header) == name
        for number in range(4):
            others = [[each, *mapping.headings.get(each, [])] for each in header]
            assert recognise([each[min(number, len(each) - 1)].upper() for each in others]) == name


@pytest.mark.parametrize(
    "header",
    [
        "event_id,occurred_at,type,subject,member",
        "Record ID,Company name,Company owner,Create Date",  # HubSpot's companies are no leads
        "a,b,c",
        "",
    ],
)
def test_what_no_mapping_was_made_for_is_not_recognised(header):
    assert recognise(header.split(",")) is None


def test_what_two_mappings_fit_alike_is_not_recognised(monkeypatch):
    twice = read_mapping(mapping_file("odoo-leads"))
    monkeypatch.setattr(mappings, "_built_in", lambda: {"one": twice, "two": twice})
    assert recognise(sorted(twice.reads)) is None


def test_the_command_lists_the_built_in_mappings_and_takes_their_names(tmp_path):
    shown = " ".join(CliRunner().invoke(main, ["events", "import", "--help"]).output.split()).replace("- ", "-")
    assert all(name in shown for name in built_in_mappings())
    file = tmp_path / "events.csv"
    file.write_text("x\n")
    wrong = CliRunner().invoke(main, ["events", "import", str(file), "--mapping", "hubspot"])
    assert wrong.exit_code == 1
    assert '"hubspot" is neither a file nor a built-in mapping; built in are hubspot-contacts,' in wrong.output


def test_a_mapping_reads_csv_only(aurora):
    with pytest.raises(Refused, match="A mapping reads CSV"):
        take(aurora, "odoo-leads", "{}\n", is_json=True)


STATES = """
time_format = "%d/%m/%Y %H:%M"
empty = "?"
[[event]]
type = "ticket.assigned"
event_id = "{number}-{sys_mod_count}-assigned"
subject = "{number}"
occurred_at = "{sys_updated_at}"
member = "{assigned_to}"
when = { assigned_to = "*" }
unless = { incident_state = ["Resolved", "Closed"] }
[[event]]
type = "{incident_state}"
event_id = "{number}-{sys_mod_count}-{incident_state}"
subject = "{number}"
occurred_at = "{sys_updated_at}"
values.type = { "Awaiting User Info" = "ticket.paused", "Resolved" = "ticket.resolved", "*" = "ticket.resumed" }
unless = { incident_state = ["Closed", ""] }
"""


def test_rows_of_states_become_events(aurora):
    content = (
        "number,incident_state,reassignment_count,sys_mod_count,sys_updated_at,assigned_to\n"
        "INC1,New,0,0,2/3/2026 01:23,?\n"
        "INC1,Active,0,1,2/3/2026 09:00,Rui Alves\n"
        "INC1,Awaiting User Info,0,2,2/3/2026 10:00,Rui Alves\n"
        "INC1,Active,1,3,2/3/2026 11:00,Eva Lima\n"
        "INC1,Resolved,1,4,2/3/2026 12:00,Eva Lima\n"
        "INC1,Closed,1,5,7/3/2026 12:00,Eva Lima\n"
        "INC1,-100,1,6,?,?\n"
    )
    report = hand_in(aurora, content.encode(), mapping=parse_mapping(STATES))
    assert (report.new, [(each.column, each.value) for each in report.refusals]) == (8, [("occurred_at", "")])
    rows = sorted(aurora.execute(select(EventRow.occurred_at, EventRow.event_id, EventRow.type)))
    assert [kind.removeprefix("ticket.") for _, _, kind in rows] == [
        "resumed", "resumed", "assigned", "paused", "assigned", "resumed", "assigned", "resolved",
    ]  # fmt: skip


def test_a_built_in_mapping_is_never_a_file_of_that_name(tmp_path, monkeypatch):
    (tmp_path / "notes").write_text("what else lies where the server runs")
    monkeypatch.chdir(tmp_path)
    assert built_in_text("notes") is None
    assert built_in_text("odoo-leads").startswith("#")
