"""The agreement in writing: who reads which version, what the document says, signing it, loading a file."""

import io

import pytest
from sqlalchemy import select

from leaderboard.domain.actors import COMMAND_LINE
from leaderboard.services.agreeing import load_agreement
from leaderboard.services.drafting import read_draft
from leaderboard.services.signing import propose
from leaderboard.services.versions import agreed_versions
from leaderboard.storage.tables import AgreementVersion
from tests.services.examples import SPEED, WINS, agreement
from tests.web import worlds
from tests.web.drafting import ALL, BY, DRAFTS, begin, plain, promote
from tests.web.worlds import NOW


@pytest.fixture(autouse=True)
def _moment(monkeypatch):
    for name in ("agreements", "drafts", "draft_pages", "proposals", "manage"):
        monkeypatch.setattr(f"leaderboard.web.{name}.utc_now", lambda: NOW, raising=False)


def read(client, path="/agreement", **options):
    return plain(client.get(path, **options).text)


def load(session, *parts, effective_from):
    load_agreement(session, agreement(*parts, effective_from=effective_from), now=NOW, by=COMMAND_LINE)


def test_everybody_reads_what_is_in_force_and_was_managers_also_what_is_to_come(reader, session):
    load(session, WINS, effective_from="2026-11-01")
    load(session, SPEED, effective_from="2027-01-01")
    ana, dora = reader("ana"), reader("dora")
    assert "In a month, an opportunity is won at least 2 times" in read(ana)
    ids = {str(row.effective_from): row.id for row in session.execute(select(AgreementVersion.__table__.c)).all()}
    assert "The next version begins on November 1, 2026." in read(ana, f"/agreement/{ids['2026-01-01']}")
    for path in (f"/agreement/{ids['2027-01-01']}", f"/agreement/{ids['2027-01-01']}.toml"):
        assert (ana.get(path).status_code, dora.get(path).status_code) == (404, 200)
    assert ana.get("/agreement/99").status_code == 404
    assert ana.get(f"/agreement/{ids['2026-11-01']}.toml").text == agreement(WINS, effective_from="2026-11-01")


@pytest.mark.databases("sqlite")
def test_reps_see_no_drafts_and_only_administrators_load_without_signatures(reader, session):
    draft = begin(session)
    for path in ("/manage/agreements", DRAFTS + "/new", f"{DRAFTS}/{draft}", f"{DRAFTS}/{draft}/document"):
        assert reader("ana").get(path).status_code == 403
        assert reader("dora").get(path).status_code == 200
    assert reader("dora").post("/manage/agreements/load").status_code == 403
    assert reader("dora").get(f"{DRAFTS}/99").status_code == 404
    assert reader("dora").get(f"{DRAFTS}/{'9' * 30}").status_code == 404


SAID = [
    "MQL Scored 60.",
    "Each person in sales: From when a lead is assigned until a lead is disposed of, at most 8 hours of working time",
    "Only working hours count, by the calendar of the team.",
    "When the case is handed over in time, the clock of its next owner begins anew.",
    "If a lead is reopened within 14 days afterwards, the points are taken back.",
    "Exceeded at most 1 hour 10 points each time",
    "In a month, an opportunity is won at least 2 times; the same one counts once.",
    "Each team in sales: In a month, the amounts of all cases in which an opportunity is won add up to",
    "In a month, at least 50% of the results of “speed” are met or exceeded.",
    "With fewer than 2 cases in a month there is no result.",
    "Each task that is assigned is completed by its due date.",
    "7 days before the due date",
    "Of all cases in which a lead is accepted in a month, in at least 20% a lead is converted too by the end of",
    "at least 30.5%",
    "From when a lead comes in until a lead is qualified or “lead.rejected”, at most 2 days go by, day and night.",
    "The clock rests from when “lead.paused” until “lead.resumed”.",
    "For the teams with the most points in a quarter. Only sales competes. The places get: 1. R$1,000.50; 2. R$500.00.",
    "A team's bonus is divided among its members by their points.",
    "The places get: 1. A dinner; 2. A plaque.",
    "Monday to Friday 09:00\N{EN DASH}12:00, 13:00\N{EN DASH}18:00 Saturday to Sunday closed",
    "No review is agreed.",
]


@pytest.mark.databases("sqlite")
def test_the_document_says_every_kind_of_promise_in_sentences(reader, session):
    load(session, *ALL, effective_from="2026-11-01")
    said = read(reader("ana"), headers={"Accept-Language": "en"}).replace("&#39;", "'")
    for sentence in SAID:
        assert sentence in said, sentence
    assert "<b>" not in reader("ana").get("/agreement").text.split("Hot / cold")[1][:200]


@pytest.mark.databases("sqlite")
def test_where_nothing_is_in_force_the_page_says_so(reader, session, monkeypatch):
    monkeypatch.setattr("leaderboard.web.agreements.utc_now", lambda: NOW.replace(year=2025))
    assert "Nothing is agreed yet" in read(reader("ana"))
    assert "Draft an agreement" in read(reader("dora"))


def sign(client, draft_id, side, digest):
    return client.post(f"{DRAFTS}/{draft_id}/sign", data={"side": side, "digest": digest})


def test_a_draft_is_proposed_signed_by_both_sides_and_in_force(reader, session):
    promote(session)
    draft, dora, bia = begin(session), reader("dora"), reader("bia")
    assert "Sign for" not in read(dora, f"{DRAFTS}/{draft}/document")
    assert dora.post(f"{DRAFTS}/{draft}/propose", data={"revision": "1"}).status_code == 303
    digest = read_draft(session, draft).digest
    assert "A proposal waits for signatures: A (Sales, Marketing)" in read(dora, "/manage/")
    document = read(bia, f"{DRAFTS}/{draft}/document")
    assert ("Sign for marketing" in document, "Sign for sales" in document) == (False, True)
    assert sign(bia, draft, "marketing", digest).status_code == 409
    assert sign(dora, draft, "marketing", digest).status_code == 303
    assert "Sign for" not in read(dora, f"{DRAFTS}/{draft}/document")
    answer = sign(bia, draft, "sales", digest)
    assert (answer.status_code, answer.location) == (303, "/manage/agreements")
    listed = read(bia, "/manage/agreements")
    assert "Both sides have signed: A takes effect on January 1, 2027." in listed
    assert "Sales: Bia Souza" in listed
    assert "A new version of the agreement takes effect on January 1, 2027:" in listed
    session.rollback()
    assert [each.state for each in agreed_versions(session, now=NOW)] == ["in_force", "to_come"]


def test_a_month_closed_meanwhile_leads_back_to_the_draft_with_the_reason(reader, session):
    promote(session)
    draft = begin(session, SPEED, WINS, effective_from="2026-10-01")
    propose(session, draft, 1, by=BY, now=NOW)
    digest = read_draft(session, draft).digest
    assert sign(reader("bia"), draft, "sales", digest).status_code == 303
    worlds.close_october(session)
    answer = sign(reader("dora"), draft, "marketing", digest)
    assert answer.status_code == 422
    assert "This month is closed meanwhile: choose a later one." in plain(answer.text)
    session.rollback()
    assert read_draft(session, draft).state == "draft"


@pytest.mark.databases("sqlite")
def test_a_review_is_announced_to_managers_on_their_home_and_beside_the_agreement(reader, session):
    text = agreement(SPEED, effective_from="2026-09-01").replace('"A"', '"A"\nreview_every_months = 3')
    load_agreement(session, text, now=NOW, by=COMMAND_LINE)
    said = "The agreement is to be reviewed on December 1, 2026. Draft the next version"
    for path in ("/manage/", "/manage/agreements", "/agreement"):
        assert said in read(reader("dora"), path), path
    assert "to be reviewed on" not in read(reader("ana"))


@pytest.mark.databases("sqlite")
def test_a_version_loaded_as_a_file_says_that_it_is_not_signed_here_and_can_be(reader, session):
    dora = reader("dora")
    page = read(dora)
    assert page.count("Not signed here.") == 2
    (version,) = agreed_versions(session, now=NOW)
    form = {"side": "marketing", "digest": version.digest}
    assert dora.post(f"/agreement/{version.id}/sign", data=form).status_code == 303
    assert "Dora Prado signed on" in read(reader("ana"))
    assert reader("ana").post(f"/agreement/{version.id}/sign", data=form | {"side": "sales"}).status_code == 403
    answer = dora.post(f"/agreement/{version.id}/sign", data=form | {"side": "sales"})
    assert answer.status_code == 409


@pytest.mark.databases("sqlite")
def test_an_administrator_loads_a_file_as_the_command_line_does(reader, session):
    enzo = reader("enzo")

    def send(text):
        file = (io.BytesIO(text.encode()), "agreement.toml")
        return enzo.post("/manage/agreements/load", data={"file": file})

    assert send(agreement(WINS, effective_from="2026-12-01")).status_code == 303
    assert len(agreed_versions(session, now=NOW)) == 2
    answer = send(agreement(WINS.replace('"sales"', '"finance"'), effective_from="2026-12-01"))
    assert answer.status_code == 422
    assert "The file was not loaded; nothing has changed." in answer.text
    assert "&#34;finance&#34;; expected" in answer.text
    assert enzo.post("/manage/agreements/load").status_code == 422


@pytest.mark.databases("sqlite")
def test_the_pages_take_few_statements_whatever_there_is(reader, session, query_counter):
    for number in range(2, 9):
        load(session, SPEED, effective_from=f"2026-0{number}-01")
        begin(session, WINS, effective_from=f"2027-0{number}-01")
    for name, path, most in (("ana", "/agreement", 5), ("dora", "/agreement", 9), ("dora", "/manage/agreements", 12)):
        client = reader(name)
        client.get(path)
        with query_counter() as statements:
            assert client.get(path).status_code == 200
        assert len(statements) <= most, statements
