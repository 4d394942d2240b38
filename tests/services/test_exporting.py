"""Payroll gets each approved award once, in a file that never changes and that no spreadsheet runs (B1, B4)."""

import csv
import io
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256

import pytest
from openpyxl import load_workbook
from sqlalchemy import Engine, select, update

from leaderboard.domain.errors import Refused
from leaderboard.domain.shown import FORMULA_STARTS
from leaderboard.services.deciding import approve, mark_paid
from leaderboard.services.exporting import (
    PAYROLL_COLUMNS,
    create_export,
    export_csv,
    export_differences,
    export_xlsx,
    mark_export_paid,
    read_exports,
)
from leaderboard.services.workbooks import workbook
from leaderboard.storage.bonus_tables import BonusAward, PayrollExport
from leaderboard.storage.people import raise_rules_version
from leaderboard.storage.tables import Member
from leaderboard.storage.trail_tables import AuditEntry
from tests.factories import fresh_engine
from tests.services.bonus_examples import (
    BEST_REP,
    BY_POINTS,
    DECIDABLE_AT,
    DORA,
    ENZO,
    MONTHLY,
    TEAM_WIN,
    award_id,
    close,
    sold,
)
from tests.services.recorders import at_once

LATER = DECIDABLE_AT + timedelta(hours=1)
NASTY = '=HYPERLINK("http://x"),\n\''


@pytest.fixture
def aurora(session):
    """Five awards are approved, one of them a prize in kind, and one of a month is not."""
    sold(session, TEAM_WIN, BY_POINTS, BEST_REP, MONTHLY)
    close(session, "2026-10")
    close(session)
    ids = session.execute(select(BonusAward.id).where(BonusAward.programme != "month-win")).scalars().all()
    assert len(approve(session, ids, by=DORA, now=LATER).done) == 5
    return session


def rows_of(content):
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


def test_b4_an_export_has_a_line_for_each_share_and_a_control_total(aurora):
    number = create_export(aurora, by=DORA, now=LATER)
    content = export_csv(aurora, number)
    assert content.splitlines()[0].decode() == ",".join(PAYROLL_COLUMNS)
    assert content.count(b"\r\n") == len(content.splitlines()) == 9
    *lines, total = rows_of(content)
    assert [tuple(row.values())[2:] for row in lines] == [
        ("2026-Q4", programme, place, award, email, email, name, team, amount, "BRL")
        for programme, place, award, email, name, team, amount in (
            ("team-win", "1", "2", "ana@example.com", "Ana", "North", "500.00"),
            ("team-win", "1", "2", "bia@example.com", "Bia", "North", "500.00"),
            ("team-win", "2", "3", "bia@example.com", "Bia", "South", "250.00"),
            ("team-win", "2", "3", "eva@example.com", "Eva", "South", "250.00"),
            ("by-points", "1", "4", "ana@example.com", "Ana", "North", "200.00"),  # Bia has nothing of it: no line
            ("by-points", "2", "5", "bia@example.com", "Bia", "South", "33.33"),
            ("by-points", "2", "5", "eva@example.com", "Eva", "South", "66.67"),
        )
    ]
    assert [(row["line"], row["export"]) for row in lines] == [(str(n), "1") for n in range(1, 8)]
    assert (total["line"], total["name"], total["amount"], total["currency"]) == ("TOTAL", "7 lines", "1800.00", "BRL")
    row = aurora.get(PayrollExport, number)
    assert (row.awards, row.lines, row.total_minor, row.digest) == (4, 7, 180_000, sha256(content).hexdigest())
    assert (row.created_by, row.created_at) == (DORA.name, LATER)


def test_b4_no_award_goes_into_two_exports(aurora):
    first = create_export(aurora, by=DORA, now=LATER)
    with pytest.raises(Refused, match="No approved award waits for payroll"):
        create_export(aurora, by=DORA, now=LATER)
    approve(aurora, [award_id(aurora, "month-win", "Ana")], by=DORA, now=LATER)
    second = create_export(aurora, by=ENZO, now=LATER)
    assert (first, second) == (1, 2)
    assert [row["award"] for row in rows_of(export_csv(aurora, second))[:-1]] == ["1"]
    assert [row["team"] for row in rows_of(export_csv(aurora, second))[:-1]] == [
        "North"
    ]  # of a member: where they were
    assert aurora.execute(select(BonusAward.export_id).order_by(BonusAward.id)).scalars().all() == [2, 1, 1, 1, 1, None]


def test_b4_what_was_paid_by_itself_is_not_exported(aurora):
    mark_paid(aurora, [award_id(aurora, "team-win", "North")], by=DORA, now=LATER)
    number = create_export(aurora, by=DORA, now=LATER)
    assert {row["award"] for row in rows_of(export_csv(aurora, number))[:-1]} == {"3", "4", "5"}


def test_b4_an_export_is_paid_as_a_whole_and_once(aurora):
    number = create_export(aurora, by=DORA, now=LATER)
    mark_paid(aurora, [award_id(aurora, "team-win", "North")], by=ENZO, now=LATER)
    assert [(each.id, each.awards, each.paid) for each in read_exports(aurora).exports] == [(1, 4, 1)]
    assert mark_export_paid(aurora, number, by=DORA, now=LATER + timedelta(hours=1)) == 3
    with pytest.raises(Refused, match=r"Export 1 was paid already, at 2027-01-06 17:00 UTC by dora@example.com"):
        mark_export_paid(aurora, number, by=ENZO, now=LATER)
    with pytest.raises(Refused, match="There is no export 7"):
        mark_export_paid(aurora, 7, by=ENZO, now=LATER)
    mine = AuditEntry.action.in_(("award.paid", "export.created"))
    entries = aurora.execute(select(AuditEntry).where(mine).order_by(AuditEntry.id))
    digest = read_exports(aurora).exports[0].digest
    assert [(row.action, row.about, row.after, row.why) for row in entries.scalars()] == [
        ("export.created", "export 1", f"awards: 4; lines: 7; sum: 1800.00 BRL; sha256 {digest[:12]}", None),
        ("award.paid", "award 2", "paid", None),
        *[("award.paid", f"award {award}", "paid", "export 1") for award in (3, 4, 5)],
    ]
    assert read_exports(aurora).waiting == []


def test_b4_an_export_stays_as_it_was_handed_out_when_people_are_renamed(aurora):
    number = create_export(aurora, by=DORA, now=LATER)
    before = export_csv(aurora, number), export_xlsx(aurora, number)
    aurora.execute(update(Member).values(name="X", email=Member.email + ".br", key=Member.key + ".br"))
    aurora.commit()
    assert (export_csv(aurora, number), export_xlsx(aurora, number)) == before
    assert list(export_differences(aurora.connection())) == []


def sheet_of(content):
    return load_workbook(io.BytesIO(content))["Payroll 1"]


@pytest.mark.databases("sqlite")
def test_b1_the_workbook_has_the_rows_of_the_csv_with_numbers_as_numbers(aurora):
    number = create_export(aurora, by=DORA, now=LATER)
    rows = [[cell.value for cell in row] for row in sheet_of(export_xlsx(aurora, number)).iter_rows()]
    texts = [["" if value is None else value for value in row] for row in rows]
    *lines, total = rows_of(export_csv(aurora, number))
    assert texts[0] == PAYROLL_COLUMNS
    assert [row[:5] for row in texts[1:-1]] == [
        [int(each["line"]), 1, "2026-Q4", each["programme"], int(each["place"])] for each in lines
    ]
    assert [row[10] for row in texts[1:]] == [float(each["amount"]) for each in (*lines, total)]
    assert {cell.number_format for cell in sheet_of(export_xlsx(aurora, number))["K"][1:]} == {"#,##0.00"}
    assert texts[-1][0] == "TOTAL"


@pytest.mark.databases("sqlite")
def test_no_spreadsheet_runs_what_stands_in_an_export_as_a_formula(session):
    sold(session, TEAM_WIN)
    starts = [*FORMULA_STARTS, "\0"]
    for index, member in enumerate(("ana", "bia", "eva")):
        who = Member.key == f"{member}@example.com"
        session.execute(update(Member).where(who).values(name=NASTY, email=f"{starts[index]}{member}@example.com"))
    raise_rules_version(session.connection())
    session.commit()
    close(session)
    approve(session, [1, 2], by=DORA, now=LATER)
    number = create_export(session, by=DORA, now=LATER)
    content = export_csv(session, number)
    cells = [cell for row in csv.reader(io.StringIO(content.decode(), newline="")) for cell in row]
    assert [cell for cell in cells if cell.startswith(tuple(starts))] == []
    assert cells.count("'=HYPERLINK(\"http://x\"),\\n'") == 4
    found = {cell.data_type for row in sheet_of(export_xlsx(session, number)).iter_rows() for cell in row}
    assert found <= {"inlineStr", "s", "n"}  # no formula and no error


@pytest.mark.parametrize(
    ("currency", "amount", "shown"),
    [("JPY", "1500", "#,##0"), ("BRL", "1500.10", "#,##0.00"), ("KWD", "1.234", "#,##0.000")],
)
def test_b1_a_workbook_shows_an_amount_with_the_decimals_of_its_currency(currency, amount, shown):
    content = workbook("A", [["amount"], [amount]], (), {"amount": currency}, created_at=LATER)
    cell = load_workbook(io.BytesIO(content))["A"]["A2"]
    assert (cell.value, cell.number_format, cell.data_type) == (float(amount), shown, "n")
    assert content == workbook("A", [["amount"], [amount]], (), {"amount": currency}, created_at=LATER)


def test_what_xml_has_no_place_for_is_replaced_in_a_workbook():
    content = workbook("A", [["name"], ["A\ufffeB\uffff"], ["=1"]], (), {}, created_at=LATER)
    sheet = load_workbook(io.BytesIO(content))["A"]
    assert (sheet["A2"].value, sheet["A3"].value) == ("A\ufffdB\ufffd", "=1")


def test_exports_are_listed_newest_first_with_what_waits_for_the_next(aurora, query_counter):
    assert read_exports(aurora).waiting == [("BRL", 4, 180_000)]
    create_export(aurora, by=DORA, now=LATER)
    approve(aurora, [1], by=DORA, now=LATER)
    create_export(aurora, by=ENZO, now=LATER)
    aurora.rollback()
    with query_counter() as statements:
        page = read_exports(aurora, 1, page_size=1)
    assert len(statements) == 3
    assert [(each.id, each.created_by, each.total_minor) for each in page.exports] == [(2, ENZO.name, 10)]
    assert (page.page, page.pages) == (1, 2)
    assert [each.id for each in read_exports(aurora, 5, page_size=1).exports] == [1]


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = fresh_engine(database_url)
    yield engine
    engine.dispose()


def attempt(job):
    """Return a job that gives what it was refused for."""

    def tried(session):
        try:
            return job(session)
        except Refused as refusal:
            return str(refusal)

    return tried


@pytest.mark.parametrize("number", [2, 4])
def test_b4_of_those_who_export_and_pay_at_once_one_does_it(aurora, engine, number):
    aurora.rollback()
    told = at_once(engine, *[attempt(lambda session: create_export(session, by=DORA, now=LATER))] * number)
    assert Counter(map(str, told)).pop("1") == 1
    assert sum("No approved award waits" in str(each) for each in told) == number - 1
    told = at_once(engine, *[attempt(lambda session: mark_export_paid(session, 1, by=DORA, now=LATER))] * number)
    assert told.count(4) == 1
    assert sum("Export 1 was paid already" in str(each) for each in told) == number - 1
    assert len(aurora.execute(select(AuditEntry).where(AuditEntry.action == "award.paid")).all()) == 4


@pytest.mark.databases("sqlite")
def test_an_export_that_was_tampered_with_is_not_handed_out(aurora):
    number = create_export(aurora, by=DORA, now=LATER)
    aurora.connection().exec_driver_sql("DROP TRIGGER payroll_export_no_update")
    aurora.execute(update(PayrollExport).values(document="line\r\n", total_minor=1))
    with pytest.raises(Refused, match="Export 1 is not what was handed out any more"):
        export_csv(aurora, number)
    assert list(export_differences(aurora.connection())) == [
        "export 1: its file is not what was handed out.",
        "export 1: stored with 4 awards, 7 lines and 1 minor units, but its awards come to 4, 7 and 180000.",
    ]
