"""The pages of compliance, of what is due and of the report: their words, files, fragments, and what they cost."""

import csv
import io
import re
import sys

import pytest
from openpyxl import load_workbook
from sqlalchemy import update

from leaderboard.services.rules import rule_book
from leaderboard.storage.accounts_tables import UserAccount
from leaderboard.storage.tables import Team
from tests.factories import ids_of
from tests.services.examples import csv_of, hand_in
from tests.web import worlds
from tests.web.worlds import NOW

FRAGMENT = {"HX-Request": "true"}
OCTOBER = "period=2026-10"
# How many statements a page may send, those of the session and of the rules among them.
PAGES = {
    "/manage/compliance": 9,
    "/manage/compliance/people": 7,
    "/manage/compliance/slas/speed": 10,
    "/manage/compliance/leads": 6,
    "/manage/compliance/compare": 6,
    "/manage/due": 10,
    "/manage/due/overdue": 5,
    "/manage/due/waiting": 5,
    "/manage/report/2026-10": 13,
}
FILES = [
    *(f"/manage/compliance/tables/{name}" for name in ("shortfalls", "slas", "teams", "months", "people")),
    *(f"/manage/compliance/tables/{name}" for name in ("teams-by-sla", "people-by-sla")),
    "/manage/compliance/leads",
    *(f"/manage/compliance/compare/{name}" for name in ("slas", "teams", "people")),
    *(f"/manage/due/{name}" for name in ("waiting", "overdue", "teams-load", "people-load")),
    *(f"/manage/report/2026-10/{name}" for name in ("teams", "people")),
]
STANDINGS = "/manage/tables/standings"  # the board is everybody's


@pytest.fixture
def at_now(monkeypatch):
    for name, module in list(sys.modules.items()):
        if name.startswith("leaderboard.web.") and hasattr(module, "utc_now"):
            monkeypatch.setattr(module, "utc_now", lambda: NOW)


def answers_for(session, teams):
    """Let Dora answer for `all` teams, or for her `own`."""
    session.execute(update(UserAccount).where(UserAccount.email == "dora@example.com").values(teams_seen=teams))
    session.commit()


@pytest.fixture
def dora(session, world, at_now, reader):
    """A manager of all; in November Caio missed a lead, and has not done it yet."""
    start = "2026-11-12T13:00:00+00:00"
    hand_in(session, csv_of(f"missed-a,{start},lead.assigned,=lead(1),caio@example.com"), now=NOW)
    answers_for(session, "all")
    return reader("dora")


def test_pages_stand_in_the_managers_way_with_a_fragment_each_and_few_statements(dora, session, query_counter):
    rule_book(session.connection())
    for path, most in PAGES.items():
        assert dora.get(path).status_code == 200, path
        with query_counter() as statements:
            page = dora.get(path)
        assert len(statements) <= most, (path, len(statements))
        fragment = dora.get(path, headers=FRAGMENT)
        if "report" not in path:
            assert "<html" not in fragment.text
            assert re.match(r'\s*<section id="(compliance|comparing|due)-\w+"', fragment.text), path
            assert len(fragment.data) < len(page.data)
    assert 'href="/manage/compliance"' in dora.get("/manage/").text


def test_figures_say_who_fell_short_and_lead_to_the_lead(dora, session):
    page = dora.get("/manage/compliance?period=2026-11").text
    assert "88%" in page  # seven of eight
    assert "Caio &lt;b&gt;Dias&lt;/b&gt;" in page
    member = ids_of(session)["caio"]
    link = re.search(rf'href="(/manage/compliance/leads\?[^"]*member={member}[^"]*level=missed[^"]*)"', page)
    behind = dora.get(link[1].replace("&amp;", "&")).text
    assert "=lead(1)" in behind
    assert "not done" in behind
    assert "1 result" in behind
    assert "7 results" in dora.get(f"/manage/compliance/leads?{OCTOBER}&level=exceeded&sla=speed").text


def test_every_table_is_there_as_csv_and_as_a_workbook_with_the_same_cells_and_no_formula(dora):
    for path in (*FILES, STANDINGS):
        query = "period=2026-11&days=7"
        rows = list(csv.reader(io.StringIO(dora.get(f"{path}.csv?{query}").get_data(as_text=True), newline="")))
        answer = dora.get(f"{path}.xlsx?{query}")
        assert answer.status_code == 200, path
        assert re.fullmatch(r'attachment; filename="[\w-]+\.xlsx"', answer.headers["Content-Disposition"])
        sheet = load_workbook(io.BytesIO(answer.data)).active
        cells = [["" if each is None else str(each) for each in row] for row in sheet.iter_rows(values_only=True)]
        assert [len(row) for row in cells] == [len(row) for row in rows], path
        assert cells[0] == rows[0]
        assert len(rows) > 1 or "waiting" in path, path  # nothing falls due in seven days
        assert not any(cell.startswith("=") for row in rows for cell in row)
        assert not any(cell.data_type == "f" for row in sheet.iter_rows() for cell in row)
    assert dora.get(f"/manage/compliance/tables/times.csv?{OCTOBER}&sla=speed").text.count("\n") > 1
    assert dora.get("/manage/compliance/tables/times.csv").status_code == 404  # of one SLA
    assert dora.get("/manage/compliance/tables/others.csv").status_code == 404
    assert dora.get("/manage/compliance/tables/slas.pdf").status_code == 404


@pytest.mark.databases("sqlite")
def test_nonsense_is_400_and_what_there_is_not_404(dora):
    for path in ("/manage/compliance", "/manage/compliance/compare"):
        for query in ("side=x", "side=sales&side=marketing"):
            assert dora.get(f"{path}?{query}").status_code == 400, query
        for query in ("team=99", "team=x", "team=-1", "sla=none", "team=9999999999999999999999"):
            assert dora.get(f"{path}?{query}").status_code == 404, query
    assert dora.get("/manage/compliance?period=2026").status_code == 400
    assert dora.get("/manage/compliance/people?page=0").status_code == 400
    assert dora.get("/manage/compliance/leads?level=worst").status_code == 400
    assert dora.get("/manage/compliance/leads?after=1").status_code == 400
    assert dora.get("/manage/compliance/leads?member=99").status_code == 404
    assert dora.get("/manage/compliance/slas/none").status_code == 404
    assert dora.get("/manage/due?days=8").status_code == 400
    assert dora.get("/manage/due/overdue?at=x").status_code == 400
    assert dora.get("/manage/due/others").status_code == 404
    for month in ("2026-Q4", "2026-13", "2027-01", "x"):
        assert dora.get(f"/manage/report/{month}").status_code == 404, month


def test_a_manager_of_one_team_gets_404_for_another_and_reads_nothing_of_it(session, world, at_now, reader):
    teams = ids_of(session, Team)
    answers_for(session, "own")  # Leads
    dora = reader("dora")
    for path in (*PAGES, *(f"{path}.csv" for path in FILES)):
        assert dora.get(f"{path}?team={teams['South']}").status_code == 404, path
        page = dora.get(f"{path}?{OCTOBER}" if "report" not in path else path).text
        assert "Caio" not in page, path
        assert "10-caio-0" not in page, path
        assert dora.get(path, headers=FRAGMENT).text.count("Bia Souza") == 0, path


def test_two_months_are_compared_with_sign_and_word(dora):
    page = dora.get("/manage/compliance/compare?first=2026-10&second=2026-11").text
    assert "−12 percentage points" in page or "−13 percentage points" in page  # noqa: RUF001
    assert "unchanged" in page
    mixed = dora.get("/manage/compliance/compare?first=2026-Q3&second=2026-11").text
    assert "October 2026" in mixed  # a quarter is not compared with a month: the month before is


def test_the_report_says_in_sentences_how_it_went_and_whether_it_is_final(dora, session):
    page = dora.get("/manage/report/2026-10").text
    assert "7 results were decided in October 2026: 100% were kept (0 met, 7 exceeded), 0 were missed." in page
    assert "not closed" in page
    worlds.close_october(session)
    worlds.hand_in_late(session, "ana")
    page = dora.get("/manage/report/2026-10").text
    assert "the standings are final" in page
    assert "1 result that came to be known after the close" in page
    assert "8 results were decided" in page
    november = dora.get("/manage/report/2026-11").text
    assert "percentage points less than in October 2026 (100%)" in november
    assert "Missed most: speed, 1 of 8; met, they would have earned 5 points." in november
