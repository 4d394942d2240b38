"""The mappings that are part of the product, on exports with the traps that real ones have."""

import io
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from leaderboard.cli import main
from leaderboard.domain.actors import COMMAND_LINE
from leaderboard.domain.errors import Refused
from leaderboard.domain.inbound import KNOWN_TYPES
from leaderboard.domain.mapping import parse_mapping
from leaderboard.services.mappings import built_in_mappings, mapping_file, read_mapping
from leaderboard.services.people import load_people
from leaderboard.storage.tables import EventRow, Member
from tests.services.examples import NOW, hand_in, set_up

PEOPLE = """email,name,team,side,from,until,role,external_id
rui@example.com,Rui Alves,North,sales,2020-01-01,,rep,Rui Alves;44023296;0055f00000AbCdE
eva@example.com,Eva Lima,North,sales,2020-01-01,,rep,Eva Lima;42972304;0055f00000XyZwV
"""


@pytest.fixture
def aurora(session):
    set_up(session)
    load_people(session, io.BytesIO(PEOPLE.encode()), now=NOW, by=COMMAND_LINE)
    return session


def take(session, name, content, **options):
    """Import through a built-in mapping; return the report and what is stored, in order of time and id."""
    raw = content if isinstance(content, bytes) else content.encode()
    report = hand_in(session, raw, mapping=read_mapping(mapping_file(name)), **options)
    rows = session.execute(
        select(
            EventRow.subject, EventRow.type, EventRow.occurred_at, Member.name, EventRow.outcome, EventRow.amount_minor
        )
        .outerjoin(Member, Member.id == EventRow.member_id)
        .order_by(EventRow.occurred_at, EventRow.event_id)
    )
    return report, [tuple(row) for row in rows]


def at(day, clock="00:00"):
    """Return an instant of March 2026 in São Paulo, three hours behind UTC."""
    hour, *rest = map(int, clock.split(":"))
    return datetime(2026, 3, day, hour + 3, *rest, tzinfo=UTC)


@pytest.mark.parametrize("name", built_in_mappings())
def test_a_built_in_mapping_gives_known_types_under_its_own_name(name):
    mapping = read_mapping(mapping_file(name))
    assert mapping.source == name
    assert {template.texts["type"].fill({}) for template in mapping.templates} <= KNOWN_TYPES


HUBSPOT = (
    "\ufeffRecord ID,First Name,Lifecycle Stage,Contact owner,Create Date,Owner Assigned Date,"
    "Date of first engagement\n"
    "101,Camille,Lead,Rui Alves,2026-03-12 09:14,2026-03-12 09:20,2026-03-12 10:02\n"
    "102,Zoé,Lead,Eva Lima,3/12/2026 2:30 PM,3/12/2026 2:31 PM,\n"
    "103,Ana,Lead,,2026-03-13 08:00,,\n"
)


def test_hubspot_contacts_with_a_byte_order_mark_and_two_date_formats(aurora):
    report, found = take(aurora, "hubspot-contacts", HUBSPOT)
    assert (report.read, report.new, report.refused) == (3, 6, 0)
    assert found == [
        ("101", "lead.received", at(12, "09:14"), None, None, None),
        ("101", "lead.assigned", at(12, "09:20"), "Rui Alves", None, None),
        ("101", "lead.followed_up", at(12, "10:02"), "Rui Alves", None, None),
        ("102", "lead.received", at(12, "14:30"), None, None, None),
        ("102", "lead.assigned", at(12, "14:31"), "Eva Lima", None, None),
        ("103", "lead.received", at(13, "08:00"), None, None, None),
    ]


def test_the_same_export_again_is_all_duplicates_and_a_reassignment_is_new(aurora):
    take(aurora, "hubspot-contacts", HUBSPOT)
    again, _ = take(aurora, "hubspot-contacts", HUBSPOT)
    assert (again.new, again.duplicate) == (0, 6)
    later, found = take(
        aurora,
        "hubspot-contacts",
        HUBSPOT.replace("Rui Alves,2026-03-12 09:14,2026-03-12 09:20", "Eva Lima,2026-03-12 09:14,2026-03-12 11:00"),
    )
    assert (later.new, later.duplicate) == (1, 5)
    assert ("101", "lead.assigned", at(12, "11:00"), "Eva Lima", None, None) in found


def test_hubspot_contacts_with_lifecycle_dates_give_more_events(aurora):
    content = (
        "Record ID,Contact owner,Create Date,Owner Assigned Date,Became a Marketing Qualified Lead Date,"
        "Became a Sales Qualified Lead Date\n"
        "101,Rui Alves,2026-03-12 09:14,2026-03-12 09:20,2026-03-12 09:15,2026-03-12 10:30\n"
    )
    _, found = take(aurora, "hubspot-contacts", content)
    assert found[1][1:3] == ("lead.qualified", at(12, "09:15"))
    assert found[3][1:5] == ("lead.disposed", at(12, "10:30"), "Rui Alves", "qualified")


def test_a_column_that_is_not_optional_is_named_when_it_lacks(aurora):
    with pytest.raises(
        Refused, match=r"line 1: column Create Date is missing; the mapping reads it, and the file has Id"
    ):
        take(aurora, "hubspot-deals", "Id,Record ID,Deal Stage,Amount,Deal owner,Close Date\n1,1,x,1,x,x\n")


def test_hubspot_history_with_two_values_in_one_second(aurora):
    content = (
        "Record ID,Property,Value,Timestamp,Source\n"
        "101,lifecyclestage,marketingqualifiedlead,2026-03-12T12:14:05.120Z,FORM\n"
        "101,hubspot_owner_id,44023296,2026-03-12T12:20:00.001Z,CRM_UI\n"
        "101,hubspot_owner_id,42972304,2026-03-12T12:20:00.001Z,CRM_UI\n"
        "101,hubspot_owner_id,,2026-03-12T12:25:00Z,CRM_UI\n"
        "101,hs_lead_status,BAD_TIMING,2026-03-12T13:00:00Z,CRM_UI\n"
        "101,hs_lead_status,IN_PROGRESS,2026-03-12T13:01:00Z,CRM_UI\n"
        "102,lifecyclestage,salesqualifiedlead,2026-03-12T13:02:00Z,CRM_UI\n"
    )
    report, found = take(aurora, "hubspot-history", content)
    assert (report.new, report.duplicate, report.refused) == (6, 0, 0)
    assert found[0] == ("101", "lead.qualified", datetime(2026, 3, 12, 12, 14, 5, 120_000, UTC), None, None, None)
    assert {row[3] for row in found[1:3]} == {"Rui Alves", "Eva Lima"}
    assert found[3][1:4] == ("lead.assigned", at(12, "09:25"), None)
    assert [row[4] for row in found[4:]] == ["recycled", "qualified"]


def test_hubspot_deals(aurora):
    content = (
        "Record ID,Deal Name,Deal Stage,Amount,Deal owner,Close Date,Create Date\n"
        "7,A,closedwon,1234.5,Rui Alves,2026-03-12 10:00,2026-03-02 10:00\n"
        "8,B,Closed Lost,,Eva Lima,2026-03-13 10:00,2026-03-02 11:00\n"
        "9,C,Appointment,10,Eva Lima,,2026-03-02 12:00\n"
    )
    _, found = take(aurora, "hubspot-deals", content)
    assert [row[:2] for row in found[3:]] == [("7", "opportunity.won"), ("8", "opportunity.lost")]
    assert [row[5] for row in found] == [123_450, None, 1_000, 123_450, None]


def report_row(*cells):
    """Return a row as Salesforce writes it: every value in quotation marks, those within doubled."""
    return ",".join('"' + cell.replace('"', '""') + '"' for cell in cells) + "\n"


SALESFORCE_REPORT = "".join(
    [
        report_row(
            *("Lead Owner", "Lead ID", "Lead Status", "Create Date"),
            *("Field / Event", "Old Value", "New Value", "Edited By", "Edit Date"),
        ),
        report_row(
            *("Rui Alves", "00Q5f00000AbCdE", "Working - Contacted", "12/03/2026 14:30"),
            *("Lead Owner", 'Fila "Norte"', "Rui Alves", "Eva Lima", "12/03/2026 14:31"),
        ),
        report_row(
            *("Rui Alves", "00Q5f00000AbCdE", "Working - Contacted", "12/03/2026 14:30"),
            *("Lead Status", "Open - Not Contacted", "Working - Contacted", "Rui Alves", "12/03/2026 15:12"),
        ),
        report_row(
            *("Rui Alves", "00Q5f00000AbCdE", "Closed - Not Converted", "12/03/2026 14:30"),
            *("Lead Status", "Working - Contacted", "Closed - Not Converted", "Rui Alves", "12/03/2026 16:00"),
        ),
        report_row(
            *("Eva Lima", "00Q5f00000AbCde", "Open - Not Contacted", "12/03/2026 14:35"),
            *("Company", "Acme\r\nLtd.", "Acme", "Eva Lima", "12/03/2026 14:40"),
        ),
        "\n",
        report_row("Lead History Report"),
        report_row("Copyright (c) 2000-2026 a company, inc. All rights reserved."),
        report_row("Confidential Information - Do Not Distribute"),
        report_row("Generated By:  Rui Alves  13/03/2026 09:00"),
        report_row("Aurora"),
    ]
)


def test_a_salesforce_report_ends_with_lines_that_are_no_rows(aurora):
    report, found = take(aurora, "salesforce-lead-history", SALESFORCE_REPORT)
    assert (report.new, report.refused) == (5, 0)
    assert found == [
        ("00Q5f00000AbCdE", "lead.received", at(12, "14:30"), None, None, None),
        ("00Q5f00000AbCdE", "lead.assigned", at(12, "14:31"), "Rui Alves", None, None),
        ("00Q5f00000AbCde", "lead.received", at(12, "14:35"), None, None, None),  # another lead: ids know their case
        ("00Q5f00000AbCdE", "lead.followed_up", at(12, "15:12"), "Rui Alves", None, None),
        ("00Q5f00000AbCdE", "lead.disposed", at(12, "16:00"), "Rui Alves", "disqualified", None),
    ]


def test_a_row_of_a_report_that_lost_cells_is_refused_all_the_same(aurora):
    report, _ = take(aurora, "salesforce-lead-history", SALESFORCE_REPORT.replace('"Acme","Eva Lima",', '"Eva Lima",'))
    assert report.refused == 1
    assert report.refusals[0].reason == "the row has 8 cells, but the header has 9"


def test_salesforce_ids_of_18_and_15_characters_are_one_lead(aurora):
    content = (
        '"Id","Status","OwnerId","CreatedDate","IsConverted","ConvertedDate"\n'
        '"00Q5f00000AbCdEAAV","Working","0055f00000AbCdEAAW","2026-03-12T12:00:00.000Z","false",""\n'
        '"00Q5f00000QwErT","Closed","0055f00000XyZwV","2026-03-12T12:00:00.000+0000","true","2026-03-20"\n'
    )
    report, found = take(aurora, "salesforce-leads", content)
    assert report.refused == 0
    assert found[0][0] == "00Q5f00000AbCdE"
    assert found[2] == ("00Q5f00000QwErT", "lead.converted", at(20), "Eva Lima", None, None)
    _, more = take(aurora, "salesforce-lead-history", SALESFORCE_REPORT)
    assert {row[0] for row in more} == {"00Q5f00000AbCdE", "00Q5f00000AbCde", "00Q5f00000QwErT"}


def test_salesforce_opportunity_history(aurora):
    content = (
        '"OpportunityId","StageName","Amount","CloseDate","CreatedById","CreatedDate"\n'
        '"0065f00000AbCdEAAV","Prospecting","900.0","2026-03-31","0055f00000AbCdEAAW","2026-03-02T12:00:00.000Z"\n'
        '"0065f00000AbCdEAAV","Negotiation","1200.5","2026-03-31","0055f00000AbCdEAAW","2026-03-09T12:00:00.000Z"\n'
        '"0065f00000AbCdEAAV","Closed Won","1234.5","2026-03-31","0055f00000AbCdEAAW","2026-03-12T12:00:00.000Z"\n'
    )
    _, found = take(aurora, "salesforce-opportunity-history", content)
    assert [(row[1], row[3], row[5]) for row in found] == [
        ("opportunity.created", "Rui Alves", 90_000),
        ("opportunity.followed_up", "Rui Alves", None),
        ("opportunity.won", "Rui Alves", 123_450),
    ]


def test_an_odoo_export(aurora):
    content = (
        '"External ID","Opportunity","Salesperson","Sales Team","Stage","Created on","Assignment Date",'
        '"Last Stage Update","Closed Date","Expected Revenue"\n'
        '"__export__.crm_lead_1","A","Rui Alves","North","Won","2026-03-02 09:00:00","2026-03-02 09:05:00",'
        '"2026-03-12 10:00:00","2026-03-12 10:00:00","1234.50"\n'
        '"__export__.crm_lead_2","B","","North","New","2026-03-02 10:00:00","","2026-03-02 10:00:00","","0.00"\n'
    )
    _, found = take(aurora, "odoo-leads", content)
    assert [(row[1], row[3], row[5]) for row in found] == [
        ("lead.received", None, None),
        ("lead.assigned", "Rui Alves", None),
        ("lead.received", None, None),
        ("opportunity.won", "Rui Alves", 123_450),
    ]


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
