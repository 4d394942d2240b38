"""Exports of HubSpot, with the traps that real ones have."""

from datetime import UTC, datetime

import pytest

from leaderboard.domain.errors import Refused
from tests.services.exports import at, people, take, take_as_it_is
from tests.services.workbooks_by_hand import book, cell


@pytest.fixture
def aurora(session):
    return people(session)


HUBSPOT = (
    "\ufeffRecord ID,First Name,Lifecycle Stage,Contact owner,Create Date,Owner Assigned Date,"
    "Date of first engagement\n"
    "101,Camille,Lead,Rui Alves,2026-03-12 09:14,2026-03-12 09:20,2026-03-12 10:02\n"
    "102,Zoé,Lead,Eva Lima,3/13/2026 2:30 PM,3/13/2026 2:31 PM,\n"
    "103,Ana,Lead,,2026-03-13 08:00,,\n"
)


def test_hubspot_contacts_with_a_byte_order_mark_and_two_date_formats(aurora):
    report, found = take(aurora, "hubspot-contacts", HUBSPOT)
    assert (report.read, report.new, report.refused) == (3, 6, 0)
    assert found == [
        ("101", "lead.received", at(12, "09:14"), None, None, None),
        ("101", "lead.assigned", at(12, "09:20"), "Rui Alves", None, None),
        ("101", "lead.followed_up", at(12, "10:02"), "Rui Alves", None, None),
        ("103", "lead.received", at(13, "08:00"), None, None, None),
        ("102", "lead.received", at(13, "14:30"), None, None, None),
        ("102", "lead.assigned", at(13, "14:31"), "Eva Lima", None, None),
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


PORTUGUESE = (
    "ID do registro;Nome;Proprietário do contato;Data de criação;Data de atribuição do proprietário\r\n"
    "101;Conceição;José Conceição;12/03/2026 09:14;12/03/2026 09:20\r\n"
    "102;Zoé;Rui Alves;13/03/2026 14:30;13/03/2026 14:31\r\n"
)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "cp1252", "iso-8859-1"])
def test_contacts_in_portuguese_go_in_as_they_are_in_any_encoding(aurora, encoding):
    report, found = take_as_it_is(aurora, "hubspot-contacts", PORTUGUESE.encode(encoding))
    assert [(row[0], row[1], row[2], row[3]) for row in found] == [
        ("101", "lead.received", at(12, "09:14"), None),
        ("101", "lead.assigned", at(12, "09:20"), "José Conceição"),
        ("102", "lead.received", at(13, "14:30"), None),
        ("102", "lead.assigned", at(13, "14:31"), "Rui Alves"),
    ]
    told = ["line 1: the file is not UTF-8 and is read as Windows-1252; look at its accents"]
    assert [each.split(",")[0] for each in report.warnings] == (told if encoding in ("cp1252", "iso-8859-1") else [])


AMBIGUOUS = PORTUGUESE.replace("13/03", "11/03")


def test_a_file_whose_days_could_be_months_is_refused_until_one_says_which(aurora):
    said = '"12/03/2026 09:14" may be day first or month first, and no row tells; say which: time_format = "day_first"'
    with pytest.raises(Refused, match=said):
        take(aurora, "hubspot-contacts", AMBIGUOUS)
    _, found = take(aurora, "hubspot-contacts", AMBIGUOUS, time_format="day_first")
    assert [row[2] for row in found[2:]] == [at(12, "09:14"), at(12, "09:20")]
    _, found = take(aurora, "hubspot-contacts", AMBIGUOUS, time_format="month_first", source="again")
    assert found[-1][2] == datetime(2026, 12, 3, 12, 20, tzinfo=UTC)
    with pytest.raises(
        Refused, match=r'"13/03/2026 09:14" is written day first and "3/13/2026 9:14" month first; write'
    ):
        take(
            aurora,
            "hubspot-contacts",
            PORTUGUESE.replace("12/03", "13/03").replace("13/03/2026 14:30", "3/13/2026 9:14"),
        )


def test_what_is_written_the_other_way_round_further_down_is_refused_alone(aurora):
    rows = "".join(f"{n};x;Rui Alves;13/03/2026 09:00;13/03/2026 09:00\n" for n in range(2_001))
    content = PORTUGUESE.split("\r\n")[0] + "\n" + rows + "9999;x;Rui Alves;3/14/2026 9:00;3/14/2026 9:00\n"
    report, _ = take(aurora, "hubspot-contacts", content)
    assert (report.new, report.refused) == (4_002, 1)
    assert report.refusals[0].reason.startswith(
        "is not a date; expected ISO 8601 such as 2025-02-28T09:10-03:00 or 28/2"
    )


def test_contacts_from_a_workbook_with_real_dates(aurora):
    head = ("Record ID", "Contact owner", "Create Date", "Owner Assigned Date", "Notes")
    rows = cell("101", "n") + cell("Rui Alves") + cell("46093.384722222225", "n", 2) + cell("46093.5", "n", 2)
    content = book(f"<row>{''.join(map(cell, head))}</row><row>{rows}</row>")
    _, found = take_as_it_is(aurora, "hubspot-contacts", content)
    assert [row[:4] for row in found] == [
        ("101", "lead.received", at(12, "09:14"), None),
        ("101", "lead.assigned", at(12, "12:00"), "Rui Alves"),
    ]


DEALS_IN = {
    "Record ID;Deal Name;Deal Stage;Amount;Deal owner;Close Date;Create Date": "Closed Won",
    "ID do registro;Nome;Etapa do negócio;Valor;Proprietário do negócio;Data de fechamento;"
    "Data de criação": "Fechado ganho",
    "ID de registro;Nombre;Etapa del negocio;Valor;Propietario del negocio;Fecha de cierre;"
    "Fecha de creación": "Cierre ganado",
    "Datensatz-ID;Name;Deal-Phase;Betrag;Für Deal zuständiger Mitarbeiter;Abschlussdatum;"
    "Erstelldatum": "Abschluss erfolgreich",
    "ID de l'enregistrement;Nom;Phase de la transaction;Montant;Propriétaire de la transaction;Date de fermeture;"
    "Date de création": "Fermé gagné",
}  # fmt: skip
AMOUNTS = ("1.234,50", "1,234.50", "1234.5", "R$ 1.234,50", "1 234,50", "BRL 1,234.50", "1'234.50")


@pytest.mark.databases("sqlite")
def test_deals_in_five_languages_with_marks_of_thousands(aurora):
    for number, (header, stage) in enumerate(DEALS_IN.items()):
        rows = [f"{n};A;{stage};{each};Rui Alves;2026-03-12 10:00;2026-03-02 10:00" for n, each in enumerate(AMOUNTS)]
        content = "\n".join([header, *rows, ""])
        report, found = take_as_it_is(aurora, "hubspot-deals", content, source=f"deals {number}")
        assert report.new == 2 * len(AMOUNTS)
        assert {(row[1], row[5]) for row in found} == {("opportunity.created", 123_450), ("opportunity.won", 123_450)}


DEALS = "Record ID,Deal Stage,Amount,Currency,Deal owner,Close Date,Create Date,Is Closed Won\n"


def test_an_amount_that_can_be_read_in_two_ways_is_refused_unless_others_tell(aurora):
    row = '{},x,"{}",{},Rui Alves,2026-03-12,2026-03-02,{}\n'
    report, _ = take(aurora, "hubspot-deals", DEALS + row.format(1, "1.234", "", "false"))
    assert "can be read in two ways; say decimal_mark" in report.refusals[0].reason
    beside = row.format(2, "1.234,50", "BRL", "true")
    report, found = take(aurora, "hubspot-deals", DEALS + row.format(1, "1.234", "", "false") + beside)
    assert [(row[0], row[1], row[5]) for row in found] == [
        ("1", "opportunity.created", 123_400),
        ("2", "opportunity.created", 123_450),
        ("2", "opportunity.won", 123_450),
    ]
    report, _ = take(aurora, "hubspot-deals", DEALS + row.format(3, "USD 5", "", "") + row.format(4, "5", "EUR", ""))
    assert [each.column for each in report.refusals] == ["currency", "currency"]  # K2


def test_a_property_history_under_other_names(aurora):
    content = "Object ID,Property name,Property value,Change date\n101,Contact owner,Rui Alves,2026-03-12T12:20:00Z\n"
    _, found = take_as_it_is(aurora, "hubspot-history", content)
    assert found == [("101", "lead.assigned", at(12, "09:20"), "Rui Alves", None, None)]
