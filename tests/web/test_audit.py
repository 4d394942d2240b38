"""The page of the audit trail: who sees it, what is found, and the file."""

import csv
import io

import pytest

from leaderboard.domain.actors import COMMAND_LINE, Actor
from leaderboard.storage import trail
from tests.web.worlds import NOW

FRAGMENT = {"HX-Request": "true"}
PATH = "/manage/audit"


@pytest.mark.databases("sqlite")
def test_only_administrators_see_it_since_it_tells_of_everybody(reader):
    for name, code in (("ana", 403), ("fabio", 403), ("dora", 403), ("enzo", 200)):
        for path in (PATH, f"{PATH}/export.csv"):
            assert reader(name).get(path).status_code == code


def test_an_entry_says_who_what_when_and_from_which_value_to_which(reader, session):
    dora = Actor("dora@example.com")
    trail.note(session.connection(), dora, "award.declined", "award 7", at=NOW, before="proposed", why="<b>test</b>")
    session.commit()
    page = reader("enzo").get(f"{PATH}?about=award+7").text
    row = page[page.index('<tr id="entry-') :]
    for text in ("dora@example.com", "Bonus declined", "award 7", "proposed", "&lt;b&gt;test&lt;/b&gt;"):
        assert text in row
    assert "Nov 18, 2026, 12:00" in row  # in São Paulo
    assert page.count('<tr id="entry-') == 1


def test_htmx_gets_the_list_alone_and_what_is_asked_goes_into_the_way_on(reader, session):
    for number in range(52):
        trail.note(session.connection(), COMMAND_LINE, "award.approved", f"award {number}", at=NOW)
    session.commit()
    client = reader("enzo")
    fragment = client.get(f"{PATH}?action=award&to=2026-11-30", headers=FRAGMENT).text
    assert fragment.lstrip().startswith('<section id="audit-list"')
    assert fragment.count('<tr id="entry-') == 50
    older = fragment[fragment.index('id="audit-list-older" href="') :].split('"')[3].replace("&amp;", "&")
    assert older.startswith(f"{PATH}?action=award&to=2026-11-30&before=")
    assert client.get(older, headers=FRAGMENT).text.count('<tr id="entry-') == 2
    assert f"{PATH}/export.csv?action=award&amp;to=2026-11-30" in fragment


@pytest.mark.databases("sqlite")
def test_what_an_entry_is_about_leads_to_its_page(reader, session):
    dora = Actor("dora@example.com")
    for about in ("award 7", "export 2", "2026-Q3", "member ana@example.com"):
        trail.note(session.connection(), dora, "question.asked", about, at=NOW)
    session.commit()
    page = reader("enzo").get("/manage/audit").text
    for address in ("/manage/bonuses/7", "/manage/bonuses/exports#export-2", "/?period=2026-Q3"):
        assert f'<small><a href="{address}">' in page
    assert "<small><bdi>member ana@example.com</bdi></small>" in page


def test_nothing_found_says_so(reader):
    assert "Nothing was found" in reader("enzo").get(f"{PATH}?text=no+such+thing").text


def test_the_file_has_what_was_asked_for_and_no_cell_of_it_is_a_formula(reader, session, monkeypatch):
    monkeypatch.setattr("leaderboard.web.downloads.ROWS_A_PART", 2)
    for why in ("=HYPERLINK(1)", "two\nlines", "-1", "plain"):
        trail.note(session.connection(), COMMAND_LINE, "award.declined", "award 1", at=NOW, why=why)
    session.commit()
    answer = reader("enzo").get(f"{PATH}/export.csv?action=award")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="audit-trail.csv"'
    assert answer.mimetype == "text/csv"
    header, *rows = csv.reader(io.StringIO(answer.text))
    assert header == ["id", "at", "actor", "action", "about", "before", "after", "why"]
    assert [row[-1] for row in rows] == ["plain", "'-1", r"two\nlines", "'=HYPERLINK(1)"]


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("asked", ["from=x", "to=9999-12-31", "before=-1", "before=1" + "0" * 18, "text=" + "x" * 401])
def test_what_cannot_be_asked_is_refused(reader, asked):
    assert reader("enzo").get(f"{PATH}?{asked}").status_code == 400
