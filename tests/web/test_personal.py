"""The pages of personal data: everybody takes their own, administrators anybody's, and whoever asks is forgotten."""

import io
import json
import zipfile
from datetime import date

import pytest
from flask import render_template_string

from leaderboard.domain.actors import COMMAND_LINE
from leaderboard.domain.anonymous import fingerprint
from leaderboard.domain.memberships import MembershipChange
from leaderboard.services import directory, people_editing
from leaderboard.services.account_admin import AccountQuery, list_accounts
from leaderboard.services.personal_data import JSON_NAME
from leaderboard.services.scopes import EVERYTHING
from tests.factories import ids_of
from tests.web.worlds import NOW


@pytest.fixture(autouse=True)
def _moment(monkeypatch):
    for name in ("people", "personal", "rights"):
        monkeypatch.setattr(f"leaderboard.web.{name}.utc_now", lambda: NOW)


def data_in(answer):
    assert answer.mimetype == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.get_data())) as archive:
        return json.loads(archive.read(JSON_NAME))


def end(session, name):
    """End somebody's membership in September, before anything happened."""
    member_id = ids_of(session)[name]
    found = directory.find_person(session, member_id, EVERYTHING, now=NOW)
    membership = found.memberships[0][0]
    change = MembershipChange(membership.starts_on, membership.team_id, membership.starts_on, date(2026, 9, 1))
    people_editing.change_memberships(session, member_id, change, digest=found.digest, now=NOW, by=COMMAND_LINE)
    return member_id


@pytest.mark.databases("sqlite")
def test_everybody_takes_away_their_own_data_and_administrators_anybodys(reader, session):
    ana, bia = reader("ana"), ids_of(session)["bia"]
    assert "Download my data" in ana.get("/me/data").text
    own = data_in(ana.post("/me/data"))
    assert [each["email"] for each in own["account"]] == ["ana@example.com"]
    assert own["person"][0]["name"] == "Ana Lima"
    assert ana.post(f"/manage/people/{bia}/data").status_code == 403
    enzo, users = reader("enzo"), list_accounts(session, AccountQuery()).accounts
    session.rollback()
    assert data_in(enzo.post(f"/manage/people/{bia}/data"))["person"][0]["name"] == "Bia Souza"
    for each in users:
        assert data_in(enzo.post(f"/manage/accounts/{each.id}/data"))["account"][0]["email"] == each.email
    for number in (999, 10**30):
        assert enzo.post(f"/manage/people/{number}/data").status_code == 404
        assert enzo.post(f"/manage/accounts/{number}/data").status_code == 404


def test_whoever_asks_is_forgotten_once_it_was_read_and_no_page_names_them(reader, session):
    enzo, bia = reader("enzo"), end(session, "bia")
    path = f"/manage/people/{bia}/anonymise"
    assert "There is no way back" in enzo.get(path).text
    assert enzo.post(path).status_code == 422
    assert enzo.get(f"/manage/people/{bia}").text.count("bia@example.com")
    answer = enzo.post(path, data={"understood": "1"})
    assert answer.status_code == 303
    assert "they are anonymous now" in enzo.get(answer.location).text
    for page in (
        *("/?scope=member&period=2026-10", "/?scope=member", f"/members/{bia}", f"/manage/people/{bia}"),
        *("/manage/people?state=all", "/manage/accounts?state=all", "/manage/audit", "/manage/audit/export.csv"),
    ):
        told = enzo.get(page).text
        assert "bia@example.com" not in told, page
        assert "Bia" not in told, page
    assert f"Former member {bia}" in enzo.get("/manage/audit").text
    assert enzo.post(path, data={"understood": "1"}).status_code == 409


@pytest.mark.databases("sqlite")
def test_who_is_still_there_cannot_be_forgotten_and_the_page_says_why(reader, session):
    enzo, ana = reader("enzo"), ids_of(session)["ana"]
    page = enzo.get(f"/manage/people/{ana}/anonymise").text
    assert "end their membership first" in page
    assert "understood" not in page
    assert enzo.post(f"/manage/people/{ana}/anonymise", data={"understood": "1"}).status_code == 409
    assert enzo.get("/manage/people/999/anonymise").status_code == 404
    assert reader("dora").post(f"/manage/people/{ana}/anonymise", data={"understood": "1"}).status_code == 403


def test_a_translated_sentence_does_not_name_them_either(app, monkeypatch):
    known = {fingerprint("ana@example.com"): "Former <b>member 1"}
    monkeypatch.setattr("leaderboard.web.anonymous._names", lambda: known)
    text = '{{ _("Taken back by %(who)s, %(when)s:", who=who, when="now") }} <i title="{{ who }}">{{ bia }}</i>'
    with app.test_request_context():
        shown = render_template_string(text, who="ana@example.com", bia="<bia@example.com>")
    assert shown == (
        'Taken back by Former &lt;b&gt;member 1, now: <i title="Former &lt;b&gt;member 1">&lt;bia@example.com&gt;</i>'
    )
