"""Imports in the browser without scripts: a file is handed in, mapped, tried, imported, mended and undone."""

import io
import re
from html import unescape

import pytest

from leaderboard.domain.actors import SCHEDULER
from leaderboard.services import upload_streams, uploads
from leaderboard.services.jobs import IMPORTS, run_job
from leaderboard.services.workbooks import workbook
from leaderboard.storage.tables import EventRow
from leaderboard.storage.upload_tables import KeptMapping, Upload, UploadPart
from leaderboard.web import upload_arrivals
from tests.services.examples import count, csv_of
from tests.web.test_markup import Markup
from tests.web.worlds import NOW

IMPORTS_PAGE = "/manage/imports"
EXPORT = (
    b"Lead;Owner;Assigned on;Closed on;Status\n"
    b"7;ana@example.com;05/10/2026 09:00;06/10/2026 10:00;Won\n"
    b"8;Somebody New;25/10/2026 09:00;;Open\n"
)


@pytest.fixture
def enzo(reader):
    return reader("enzo")


def hand_in(client, content, name="leads.csv"):
    """Hand a file in by the form, and return the address of its page."""
    answer = client.post(IMPORTS_PAGE, data={"file": (io.BytesIO(content), name)})
    assert answer.status_code == 303, answer.text
    return answer.location


def page(answer, status=200):
    assert answer.status_code == status, answer.text
    assert Markup(answer.text).faults == []
    return " ".join(re.sub("<[^>]+>", " ", answer.text).split())


def look(session):
    """Let the scheduler's job look."""
    session.rollback()
    report = run_job(session, IMPORTS, now=NOW, by=SCHEDULER, limits=None)
    assert report.failure is None
    return report


def test_a_file_of_ours_is_recognised_tried_imported_and_its_refused_rows_come_back(enzo, session):
    new = "n1,2026-11-05T09:00,lead.assigned,N1,ana@example.com"
    place = hand_in(enzo, csv_of(new, new, "n2,2026-11-05T09:00,lead.assigned,N2,stranger-9", "n3,soon,x.y,N3"))
    told = page(enzo.get(place))
    assert "nothing needs to be mapped" in told
    assert "Nobody knows yet: stranger-9" in told
    assert "Refused: line 5, column occurred_at" in told
    assert enzo.post(f"{place}/start", data={"mapping": "ours", "do": "dry"}).location == place
    waits = enzo.get(place)
    assert "It waits for the scheduler, and none has looked lately" in page(waits)
    assert 'hx-trigger="every 2s"' in waits.text
    look(session)
    told = page(enzo.get(place))
    assert "Nothing was taken. Import it Change something Discard the file" in told
    for figure in ("Rows read 4", "New events 1", "Known already 1", "Rows refused 2"):
        assert figure in told
    before = count(session, EventRow)
    enzo.post(f"{place}/import")
    assert look(session).done == ("leads.csv: 4 rows; 1 new; 1 duplicate; 2 refused",)
    assert count(session, EventRow) == before + 1
    told = page(enzo.get(place))
    assert "All of it is in, but for the rows below." in told
    fragment = enzo.get(place, headers={"HX-Request": "true"}).text
    assert fragment.lstrip().startswith('<section id="uploads-state"')
    assert "every 2s" not in fragment
    refused = enzo.get(f"{place}/refused")
    assert refused.headers["Content-Disposition"] == 'attachment; filename="leads-refused.csv"'
    mended = refused.data.replace(b"stranger-9", b"bia@example.com").replace(
        b"soon,x.y", b"2026-11-06T09:00,lead.assigned"
    )
    again = hand_in(enzo, mended)
    enzo.post(f"{again}/start", data={"mapping": "ours", "do": "import"})
    assert look(session).done == ("leads.csv: 2 rows; 2 new; 0 duplicate; 0 refused",)
    listed = page(enzo.get(IMPORTS_PAGE))
    assert "leads.csv file enzo@example.com 2 2 0 0 Undo …" in listed
    undo = re.search(r"/manage/imports/\d+/undo", enzo.get(IMPORTS_PAGE).text)[0]
    assert "All 2 events that it brought are taken away." in page(enzo.get(undo))
    assert enzo.post(undo).location == IMPORTS_PAGE
    assert "is undone: its events are gone, and their points. " in page(enzo.get(IMPORTS_PAGE)) + " "
    session.rollback()
    assert count(session, EventRow) == before + 1
    assert "is undone already" in page(enzo.post(undo), 409)
    assert "Undone What it brought is gone." in page(enzo.get(again))
    assert enzo.post(f"{place}/discard").location == IMPORTS_PAGE
    assert enzo.get(place).status_code == 404


def test_dates_that_may_be_meant_either_way_are_asked_for_on_the_page_of_the_file(enzo, session):
    rows = "Deal ID,Deal Stage,Deal owner,Close Date,Create Date\n9,Closed Won,stranger-9,04/11/2026,02/11/2026\n"
    place = hand_in(enzo, rows.encode())
    told = page(enzo.get(place))
    assert "may be day first or month first, and no row tells" in told
    fields = fields_of(enzo.get(place).text) | {"do": "dry"}
    enzo.post(f"{place}/start", data=fields)
    look(session)
    stopped = page(enzo.get(place, headers={"HX-Request": "true"}))
    assert "Stopped" in stopped
    assert "Change something" in stopped
    shown = page(enzo.post(f"{place}/start", data=fields | {"dates": "day_first", "do": "preview"}))
    assert "Nov 2, 2026" in shown
    assert "1 row tried: 2 events , 0 rows refused , 1 row names somebody whom nobody knows" in shown
    enzo.post(f"{place}/start", data=fields | {"dates": "month_first", "create": "sales", "do": "dry"})
    look(session)
    assert "New events 2" in page(enzo.get(place))


def test_columns_are_mapped_by_hand_with_what_they_give_and_the_mapping_is_offered_again(enzo, session):
    place = hand_in(enzo, EXPORT)
    assert "Its columns are of no export that is known" in page(enzo.get(place))
    assert "Choose what the file is" in page(enzo.post(f"{place}/start", data={"do": "import"}), 422)
    guessed = enzo.get(f"{place}/map")
    told = page(guessed)
    assert "2 rows tried: 3 events , 0 rows refused" in told
    assert "Nobody knows yet: Somebody New" in told
    fields = fields_of(guessed.text)
    assert (fields["e0_occurred_at"], fields["e1_type"], fields["time_format"]) == (
        *("c:Assigned on", "t:lead.disposed", "%d/%m/%Y %H:%M"),
    )
    fields |= {"e1_outcome": "c:Status", "e1_when": "Status", "e1_when_how": "is", "e1_when_text": "Won; Lost"}
    shown = enzo.post(f"{place}/map", data=fields | {"do": "preview"}, headers={"HX-Request": "true"})
    assert shown.text.lstrip().startswith('<div id="uploads-mapping"')
    assert "is not an outcome of lead.disposed" in page(shown)
    fields = fields_of(shown.text) | {"e1_values_outcome_0_to": "qualified"}
    shown = enzo.post(f"{place}/map", data=fields | {"do": "preview"})
    assert "2 rows tried: 3 events , 0 rows refused" in page(shown)
    more = enzo.post(f"{place}/map", data=fields_of(shown.text) | {"do": "add"})
    assert "Event 3 of a row: fill in “What happened”." in page(more)
    used = enzo.post(f"{place}/map", data=fields_of(more.text) | {"do": "use"})
    assert (used.status_code, "Event 3 of a row: fill in “What happened”." in used.text) == (422, True)
    less = enzo.post(f"{place}/map", data=fields_of(more.text) | {"do": "remove-2"})
    token = {"csrf_token": ""}  # says when it was made
    assert fields_of(less.text) | token == fields_of(shown.text) | token
    text = enzo.post(f"{place}/map", data=fields_of(less.text) | {"do": "text"})
    assert "TOML, as the page about mappings describes it" in page(text)
    toml = fields_of(text.text) | {"toml": fields_of(text.text)["toml"].replace('"lead.assigned"', '"lead.received"')}
    assert "lead.received" in page(enzo.post(f"{place}/map", data=toml | {"do": "preview"}))
    assert "This is no TOML" in page(enzo.post(f"{place}/map", data=toml | {"toml": "no", "do": "form"}))
    back = enzo.post(f"{place}/map", data=toml | {"do": "form"})
    assert fields_of(back.text)["e0_type"] == "t:lead.received"
    used = enzo.post(f"{place}/map", data=fields_of(back.text) | {"do": "use", "keep": "1", "name": "Our leads"})
    assert used.location == place
    assert "As chosen before" in page(enzo.get(place))
    enzo.post(f"{place}/start", data={"mapping": "own", "create": "sales", "zone": "Europe/Lisbon", "do": "import"})
    assert look(session).done == ("leads.csv: 2 rows; 3 new; 0 duplicate; 0 refused",)
    columns = EXPORT.split(b"\n")[0].split(b";")
    other = hand_in(enzo, b",".join(reversed(columns)) + b"\nOpen,,05/12/2026 09:00,ana@example.com,9\n", "next.csv")
    offered = enzo.get(other)
    assert "You had a file with the same columns before" in page(offered)
    assert fields_of(offered.text)["mapping"].startswith("kept:")
    assert "1 row tried: 1 event , 0 rows refused" in page(offered)
    kept = session.query(KeptMapping).one().id
    session.rollback()
    assert "Give the mapping a name" in page(
        enzo.post(f"{IMPORTS_PAGE}/mappings/{kept}/rename", data={"name": " "}), 422
    )
    enzo.post(f"{IMPORTS_PAGE}/mappings/{kept}/rename", data={"name": "Leads of ours"})
    assert "Leads of ours" in enzo.get(IMPORTS_PAGE).text
    enzo.post(f"{IMPORTS_PAGE}/mappings/{kept}/remove")
    assert count(session, KeptMapping) == 0


def fields_of(html):
    """Return what a browser would send of the first form in the content, but for buttons."""
    form = re.search(r"<form[^>]*(?:/map|/start)\".*?</form>", html, re.DOTALL)[0]
    fields = {}
    for tag in re.findall(r"<input[^>]*>", form):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and ("checkbox" not in tag or " checked" in tag):
            fields[name[1]] = unescape(value[1]) if value else ""
    for name, options in re.findall(r'<select[^>]*name="([^"]*)"[^>]*>(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', options) or re.search(r'value="([^"]*)"', options)
        fields[name] = unescape(chosen[1])
    for name, text in re.findall(r'<textarea[^>]*name="([^"]*)"[^>]*>(.*?)</textarea>', form, re.DOTALL):
        fields[name] = unescape(text)
    return fields


def test_an_export_that_is_known_and_days_that_could_be_months_are_told(enzo):
    place = hand_in(
        enzo,
        b"Record ID,Deal Name,Deal Stage,Create Date,Close Date,Amount,Deal owner\n1,A,Won,2026-10-05 09:00,,5,Ana\n",
    )
    assert "It has the columns of an export that is known: hubspot-deals" in page(enzo.get(place))
    asks = hand_in(enzo, b"Lead,Owner,When\n1,ana@example.com,03/04/2026\n")
    shown = enzo.get(f"{asks}/map")
    fields = fields_of(shown.text) | {"time_format": ""}
    assert "03/04/2026 can be read as different days" in page(enzo.post(f"{asks}/map", data=fields))
    assert "1 row tried: 0 events" not in page(enzo.post(f"{asks}/map", data=fields | {"time_format": "%m/%d/%Y"}))
    nothing = hand_in(enzo, b"\x00\x01\x02", "junk.bin")
    assert enzo.get(nothing).status_code == 200
    assert enzo.get(f"{nothing}/map").status_code in (200, 422)


def test_a_workbook_is_taken_from_the_pieces_in_which_it_lies_and_its_refused_rows_are_csv(enzo, session, monkeypatch):
    rows = [["Lead", "Owner", "Assigned"], *([f"W{n}", "ana@example.com", "2026-11-05T09:00"] for n in range(40))]
    rows.append(["W9", "nobody-9", "2026-11-05T09:00"])
    monkeypatch.setattr(upload_streams, "PART", 1_000)
    monkeypatch.setattr(uploads, "PART", 1_000)
    place = hand_in(enzo, workbook("Leads", rows, None, {}, created_at=NOW, has_total=False), "leads.xlsx")
    assert count(session, UploadPart) > 2
    fields = fields_of(enzo.get(f"{place}/map").text)
    enzo.post(f"{place}/map", data=fields | {"do": "use"})
    enzo.post(f"{place}/start", data={"mapping": "own", "do": "import"})
    assert look(session).done == ("leads.xlsx: 41 rows; 40 new; 0 duplicate; 1 refused",)
    assert enzo.get(f"{place}/refused").text.splitlines() == ["Lead,Owner,Assigned", "W9,nobody-9,2026-11-05T09:00"]


def test_only_this_form_takes_more_than_others_only_from_administrators_and_up_to_its_own_limit(
    app, reader, session, monkeypatch
):
    app.config["MAX_CONTENT_LENGTH"] = 50_000
    enzo, large = reader("enzo"), csv_of("n1,2026-11-05T09:00,x.y,N1" + "y" * 200_000)
    assert hand_in(enzo, large)
    assert count(session, UploadPart) == 1
    body = {"file": (io.BytesIO(large), "a.csv")}
    assert enzo.post("/manage/people/file", data=body).status_code == 413
    for name in ("dora", "ana"):
        answer = reader(name).post(IMPORTS_PAGE, data={"file": (io.BytesIO(large), "a.csv")})
        assert answer.status_code in (403, 413)
    monkeypatch.setattr(upload_arrivals, "MOST_BYTES", 100_000)
    too_large = enzo.post(IMPORTS_PAGE, data={"file": (io.BytesIO(large), "a.csv")})
    assert too_large.status_code == 413
    monkeypatch.undo()
    app.config["MAX_CONTENT_LENGTH"] = 50_000
    monkeypatch.setattr(uploads, "MOST_BYTES", 100_000)
    assert "The file is larger" in page(enzo.post(IMPORTS_PAGE, data={"file": (io.BytesIO(large), "a.csv")}), 422)
    assert count(session, Upload) == 1


def test_pieces_arrive_with_a_token_in_the_header_and_none_without(app, enzo, session):
    begun = enzo.post(f"{IMPORTS_PAGE}/files", data={"name": "a.csv", "size": "5"}).json
    assert begun["piece"] == 1024**2
    app.config["WTF_CSRF_ENABLED"] = True
    token = re.search(r'name="csrf_token" value="([^"]+)"', enzo.get(IMPORTS_PAGE).text)[1]
    where, octets = f"{begun['to']}0", {"content_type": "application/octet-stream"}
    assert enzo.post(where, data=b"a,b\n1", **octets).status_code == 400
    with_token = {"X-CSRFToken": token}
    short = enzo.post(where, data=b"a", headers=with_token, **octets)
    assert (short.status_code, short.json["error"]) == (422, "The file did not come whole: begin again.")
    assert enzo.post(where, data=b"a,b\n1", headers=with_token, **octets).json == {"is_whole": True}
    assert enzo.get(begun["then"]).status_code == 200
    for size, status in (("0", 422), ("-1", 400), (str(uploads.MOST_BYTES + 1), 422)):
        form = {"name": "a.csv", "size": size}
        assert enzo.post(f"{IMPORTS_PAGE}/files", data=form, headers=with_token).status_code == status


def test_however_much_came_in_the_pages_ask_as_often(enzo, session, query_counter):
    place = hand_in(enzo, csv_of("n1,2026-11-05T09:00,lead.assigned,N1,ana@example.com"))
    enzo.get(IMPORTS_PAGE)
    with query_counter() as few:
        enzo.get(IMPORTS_PAGE)
    for number in range(uploads.MOST_HELD - 1):
        other = hand_in(enzo, csv_of(f"m{number},2026-11-05T09:00,x.y,N1,ana@example.com"))
        enzo.post(f"{other}/start", data={"mapping": "ours", "do": "import"})
    look(session)
    with query_counter() as many:
        enzo.get(IMPORTS_PAGE)
    assert len(many) == len(few) <= 8
    with query_counter() as shown:
        enzo.get(place)
    assert len(shown) <= 16
