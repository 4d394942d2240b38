"""Payroll exports on their page: made, fetched, marked as paid; each award once (B1, B4)."""

import csv
import io
from hashlib import sha256

import pytest
from openpyxl import load_workbook
from sqlalchemy import update

from leaderboard.services.awards import read_award
from leaderboard.services.deciding import approve
from leaderboard.services.exporting import create_export
from leaderboard.storage.tables import Member
from tests.services.bonus_examples import DECIDABLE_AT, award_id
from tests.web.test_markup import Markup
from tests.web.won import FRAGMENT, LATER, actor_of

EXPORTS = "/manage/bonuses/exports"


@pytest.fixture
def approved(won_reader, session):
    """North's award and Ana's trip are approved."""
    ids = [award_id(session, "team-win", "North"), award_id(session, "best-rep", "Ana")]
    approve(session, ids, by=actor_of(session, "enzo"), now=DECIDABLE_AT)
    return ids


def test_only_managers_and_administrators_export_and_pay(won_reader, session, approved):
    create_export(session, by=actor_of(session, "dora"), now=LATER)
    ana, enzo = won_reader("ana"), won_reader("enzo")
    for path in (EXPORTS, f"{EXPORTS}/1.csv", f"{EXPORTS}/1.xlsx"):
        assert (ana.get(path).status_code, enzo.get(path).status_code) == (403, 200)
    for path in (EXPORTS, f"{EXPORTS}/1/pay"):
        assert ana.post(path).status_code == 403
    session.rollback()
    assert read_award(session, approved[0]).status == "approved"


def test_b1_an_export_is_made_of_what_waits_and_the_page_says_what_it_holds(won_reader, approved, query_counter):
    dora = won_reader("dora")
    page = dora.get(EXPORTS).text
    assert "1 award: <strong>R$1,000.00</strong>" in page
    assert "There is no export yet." in page
    answer = dora.post(EXPORTS)
    assert (answer.status_code, answer.location) == (303, f"{EXPORTS}#export-1")
    with query_counter() as statements:
        page = dora.get(EXPORTS).text
    assert sum(each.startswith("SELECT") for each in statements) == 4
    assert "Export 1 is made" in page
    row = page[page.index('<tr id="export-1"') :]
    digest = sha256(dora.get(f"{EXPORTS}/1.csv").data).hexdigest()
    for text in ("Jan 6, 2027, 1:00", "dora@example.com", "R$1,000.00", digest, "Mark all as paid"):
        assert text in row
    assert "Nothing: every approved award is in an export" in page
    dora.post(EXPORTS)
    assert "Nothing waits for payroll: approve an award first." in dora.get(EXPORTS).text
    assert Markup(page).faults == []


def test_b1_its_files_are_the_same_each_time_also_when_people_are_renamed(won_reader, session, approved):
    dora = won_reader("dora")
    dora.post(EXPORTS)
    files = {kind: dora.get(f"{EXPORTS}/1.{kind}") for kind in ("csv", "xlsx")}
    session.execute(update(Member).where(Member.name == "Ana").values(name="=1+1"))
    session.commit()
    for kind, answer in files.items():
        assert answer.headers["Content-Disposition"] == f'attachment; filename="payroll-1.{kind}"'
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"
        assert dora.get(f"{EXPORTS}/1.{kind}").data == answer.data
    rows = list(csv.reader(io.StringIO(files["csv"].data.decode(), newline="")))
    assert [row[8] for row in rows] == ["name", "Ana", "Bia", "2 lines"]
    assert rows[-1][-2:] == ["1000.00", "BRL"]
    sheet = load_workbook(io.BytesIO(files["xlsx"].data)).active
    assert [cell.value for cell in sheet["K"]] == ["amount", 500, 500, 1000]


def test_b4_all_of_an_export_is_paid_once(won_reader, session, approved):
    dora, enzo = won_reader("dora"), won_reader("enzo")
    dora.post(EXPORTS)
    answer = dora.post(f"{EXPORTS}/1/pay", data={"page": "2"})
    assert answer.location == f"{EXPORTS}?page=2#export-1"
    page = dora.get(EXPORTS).text
    assert "1 award is paid." in page
    assert "Mark all as paid" not in page
    for page in ("9" * 5_000, "0", "\u0663"):  # a form can name any page
        assert enzo.post(f"{EXPORTS}/1/pay", data={"page": page}).location == f"{EXPORTS}#export-1"
    assert "It was paid already: on Jan 6, 2027, 1:00" in (told := enzo.get(EXPORTS).text)
    assert "by dora@example.com." in told
    assert read_award(session, approved[0]).paid_by == "dora@example.com"
    shown = dora.get(f"/manage/bonuses/{approved[0]}").text
    assert f'href="{EXPORTS}#export-1"' in shown


@pytest.mark.databases("sqlite")
def test_htmx_gets_the_list_alone_and_what_is_not_there_is_not_found(won_reader):
    dora = won_reader("dora")
    assert dora.get(EXPORTS, headers=FRAGMENT).text.lstrip().startswith('<section id="payroll-exports"')
    for number in (1, 10**18):
        assert dora.get(f"{EXPORTS}/{number}.csv").status_code == 404
        assert dora.get(f"{EXPORTS}/{number}.xlsx").status_code == 404
        assert dora.post(f"{EXPORTS}/{number}/pay").status_code == 404
    assert dora.get(f"{EXPORTS}?page=0").status_code == 400
