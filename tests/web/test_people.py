"""The pages of people: managers look their own teams up, administrators edit, and are told before what it does."""

import html
import io
import re
from datetime import date

import pytest
from sqlalchemy import select

from leaderboard.domain.actors import COMMAND_LINE
from leaderboard.services import account_admin, directory
from leaderboard.services.account_admin import AccountQuery, list_accounts
from leaderboard.services.boards import standings
from leaderboard.services.scopes import EVERYTHING
from leaderboard.storage import people
from leaderboard.storage.tables import Member, Team
from tests.factories import ids_of
from tests.services.examples import csv_of, hand_in
from tests.web.worlds import NOW, close_october

PATH = "/manage/people"
DEEDS = ("", "/ids", "/ids/remove", "/memberships")


@pytest.fixture(autouse=True)
def _moment(monkeypatch):
    for name in ("people", "rights"):
        monkeypatch.setattr(f"leaderboard.web.{name}.utc_now", lambda: NOW)


def only_south(session):
    """Let Dora answer for South alone, beside her own team."""
    users = {each.email: each.id for each in list_accounts(session, AccountQuery()).accounts}
    teams = [ids_of(session, Team)["South"]]
    account_admin.give_teams(session, users["dora@example.com"], "own", teams, now=NOW, by=COMMAND_LINE)


def person(session, name):
    session.rollback()
    return directory.find_person(session, ids_of(session)[name], EVERYTHING, now=NOW)


@pytest.mark.databases("sqlite")
def test_a_rep_sees_none_of_it(reader, session):
    ana = reader("ana")
    for path in (PATH, f"{PATH}/1", f"{PATH}/999"):
        assert ana.get(path).status_code == 403
        assert ana.post(path).status_code == 403


def test_a_manager_sees_the_people_of_their_own_teams_and_changes_nothing(reader, session):
    only_south(session)
    dora, ids = reader("dora"), ids_of(session)
    page = dora.get(f"{PATH}?state=all").text
    assert "Administrators change what is wrong here" in page
    assert "caio@example.com" in page
    assert "dora@example.com" in page  # her own team
    assert "ana@example.com" not in page
    assert "North" not in page
    assert dora.get(f"{PATH}?state=all", headers={"HX-Request": "true"}).text.count('<tr id="person-') == 3
    assert dora.get(f"{PATH}?team={ids_of(session, Team)['North']}").text.count('<tr id="person-') == 0
    shown = dora.get(f"{PATH}/{ids['caio']}")
    assert (shown.status_code, f'action="{PATH}/' in shown.text) == (200, False)
    for number in (ids["ana"], 999, 10**30):
        assert dora.get(f"{PATH}/{number}").status_code == 404
    for deed in DEEDS:
        assert dora.post(f"{PATH}/{ids['caio']}{deed}").status_code == 403
    for path in (PATH, f"{PATH}/teams", f"{PATH}/teams/1/rename"):
        assert dora.post(path).status_code == 403


def test_a_team_and_a_person_are_added_and_the_person_stands_on_the_board(reader, session):
    enzo = reader("enzo")
    assert enzo.post(f"{PATH}/teams", data={"name": "East", "side": "sales"}).status_code == 303
    session.rollback()
    form = {"name": "Gil", "email": "gil@example.com", "team": str(ids_of(session, Team)["East"]), "from": "2026-11-01"}
    session.rollback()
    answer = enzo.post(PATH, data=form)
    session.rollback()
    assert answer.location == f"{PATH}/{ids_of(session)['gil']}"
    assert "their points count from that day on" in enzo.get(answer.location).text
    assert "Gil" in [each.name for each in standings(session, "2026-11", "member")]
    session.rollback()
    refused = enzo.post(PATH, data=form)
    assert (refused.status_code, html.unescape(refused.text).count("somebody else's")) == (422, 1)
    assert 'value="gil@example.com"' in refused.text
    assert enzo.post(f"{PATH}/teams", data={"name": "East", "side": "sales"}).status_code == 422
    assert enzo.post(f"{PATH}/teams/999/rename", data={"name": "West"}).status_code == 404
    east = ids_of(session, Team)["East"]
    assert enzo.post(f"{PATH}/teams/{east}/rename", data={"name": "North"}).status_code == 422
    assert enzo.post(f"{PATH}/teams/{east}/rename", data={"name": "West"}).status_code == 303


@pytest.mark.databases("sqlite")
def test_who_has_no_account_is_given_one_and_one_of_somebody_who_left_is_pointed_out(reader, session):
    enzo, ids = reader("enzo"), ids_of(session)
    link = re.search(r'href="(/manage/accounts\?email=[^"]+)">Give them', enzo.get(f"{PATH}/{ids['caio']}").text)[1]
    assert 'value="caio@example.com"' in enzo.get(link).text
    ana = ids["ana"]
    found = person(session, "ana")
    membership = found.memberships[0][0]
    form = {"of": str(membership.starts_on), "team": str(membership.team_id), "from": str(membership.starts_on)}
    sent = {**form, "last": "2026-11-17", "digest": found.digest, "confirmed": "1"}
    assert enzo.post(f"{PATH}/{ana}/memberships", data=sent).status_code == 303
    assert "They have left, and can still sign in" in enzo.get(f"{PATH}/{ana}").text


def test_a_move_is_told_before_and_done_once_it_was_read(reader, session):
    close_october(session)
    enzo, bia, south = reader("enzo"), ids_of(session)["bia"], ids_of(session, Team)["South"]
    form = {"of": "", "team": str(south), "from": "2026-10-05", "last": "", "digest": person(session, "bia").digest}
    told = enzo.post(f"{PATH}/{bia}/memberships", data=form)
    text = " ".join(re.sub("<[^>]+>", " ", told.text).split())
    assert told.status_code == 200
    assert "It makes a difference from Oct 5, 2026 on" in text
    assert "Closed months stay as they were closed: October 2026" in text
    assert "the difference goes to November 2026 as a correction" in text
    assert len(person(session, "bia").memberships) == 1  # nothing is done yet
    sent = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', told.text))
    answer = enzo.post(f"{PATH}/{bia}/memberships", data=sent)
    assert answer.status_code == 303
    assert "the points have moved with it" in enzo.get(answer.location).text
    assert [(team.name, each.starts_on) for each, team in person(session, "bia").memberships] == [
        ("North", date(2026, 1, 1)),
        ("South", date(2026, 10, 5)),
    ]
    stale = enzo.post(f"{PATH}/{bia}/memberships", data={**sent, "from": "2026-11-05"})
    assert (stale.status_code, "Somebody has changed these memberships meanwhile" in stale.text) == (409, True)


@pytest.mark.databases("sqlite")
def test_refusals_are_said_at_their_field_and_keep_what_was_filled_in(reader, session):
    enzo, ana = reader("enzo"), ids_of(session)["ana"]
    digest, south = person(session, "ana").digest, str(ids_of(session, Team)["South"])
    for deed, form, status, words in (
        ("", {"name": "", "email": "ana@example.com"}, 422, "A name takes 1 to 400 characters"),
        ("", {"name": "Ana", "email": "bia@example.com"}, 422, "somebody else's"),
        ("/ids", {"external_id": "bia@example.com"}, 422, "names somebody already"),
        ("/ids/remove", {"external_id": "x"}, 409, "not there any more"),
        ("/memberships", {"team": south, "from": "2025-12-01"}, 422, "two teams on Jan 1, 2026"),
        ("/memberships", {"team": south, "from": "soon"}, 422, "Give the first day"),
        ("/memberships", {"team": south, "from": "2026-12-01", "last": "never"}, 422, "Give the first day"),
        ("/memberships", {"team": "999", "from": "2026-12-01"}, 422, "Choose a team from the list"),
        ("/memberships", {"of": "2026-02-02", "team": south, "from": "2026-12-01"}, 409, "not there any more"),
    ):
        answer = enzo.post(f"{PATH}/{ana}{deed}", data={"digest": digest, **form})
        assert (answer.status_code, words in html.unescape(answer.text)) == (status, True), (deed, form)
    assert enzo.post(f"{PATH}/{ana}/memberships", data={"of": "x"}).status_code == 400
    for asked in ("state=x", "team=x", "page=0", "text=%00"):
        assert enzo.get(f"{PATH}?{asked}").status_code == 400
    assert enzo.post(f"{PATH}/{ana}/ids", data={"external_id": "crm-4"}).status_code == 303
    assert "crm-4" in enzo.get(f"{PATH}/{ana}").text
    assert enzo.post(f"{PATH}/{ana}/ids/remove", data={"external_id": "crm-4"}).status_code == 303


def test_the_list_takes_the_same_few_statements_however_many_there_are(reader, session, query_counter):
    enzo, counts = reader("enzo"), []
    for size in (0, 300):
        if size:
            rows = [{"key": f"m{number}", "email": None, "name": f"M {number}"} for number in range(size)]
            session.execute(Member.__table__.insert(), rows)
            people.raise_rules_version(session.connection())
            session.commit()
        enzo.get(PATH)
        with query_counter() as statements:
            page = enzo.get(f"{PATH}?state=all&text=m").text
        counts.append(len(statements))
    assert page.count('<tr id="person-') == 50
    assert "page=2" in page
    assert counts[0] == counts[1] <= 5
    address = f"{PATH}/{ids_of(session)['ana']}"
    with query_counter() as statements:
        enzo.get(address)
    assert len(statements) <= 7
    assert session.execute(select(Member.id)).all()


def test_the_file_goes_out_and_comes_in_again_or_says_what_is_wrong(reader, session):
    enzo = reader("enzo")
    enzo.post(f"{PATH}/{ids_of(session)['ana']}/ids", data={"external_id": "crm-4"})
    hand_in(session, csv_of("w1,2026-11-02T12:00,lead.qualified,Q1,crm-5"), now=NOW, create_members="sales")
    content = enzo.get(f"{PATH}/people.csv").get_data()
    assert b"ana@example.com,Ana Lima,North,sales,2026-01-01,,rep,crm-4\r\n" in content
    assert b"crm-5" not in content  # has no e-mail by which a file could name them
    before = person(session, "ana")
    answer = enzo.post(f"{PATH}/file", data={"file": (io.BytesIO(content), "people.csv")})
    assert answer.status_code == 303
    assert "5 rows are loaded: 5 people in 3 teams." in enzo.get(answer.location).text
    assert person(session, "ana") == before
    for sent, words in (
        (content.replace(b"North,sales", b"North,sails"), '"sails" is not a side'),
        (content.replace(b",admin,", b",rep,"), "nobody who can administer"),
        (b"", "line 1"),
    ):
        refused = enzo.post(f"{PATH}/file", data={"file": (io.BytesIO(sent), "people.csv")})
        assert (refused.status_code, words in html.unescape(refused.text)) == (422, True), refused.text
    assert enzo.post(f"{PATH}/file").status_code == 422
    assert "Choose a file first" in enzo.post(f"{PATH}/file").text
    dora = reader("dora")
    assert {dora.get(f"{PATH}/{name}").status_code for name in ("people.csv", "people.xlsx", "file")} == {403}
    assert dora.post(f"{PATH}/file").status_code == 403
