"""The pages of accounts: for administrators alone, passwords shown once, refusals in words."""

import re

import pytest
from sqlalchemy import select

from leaderboard.domain.actors import COMMAND_LINE
from leaderboard.services import accounts, tokens
from leaderboard.services.account_admin import AccountQuery, list_accounts
from leaderboard.storage.accounts_tables import ApiToken
from leaderboard.storage.tables import Team
from tests.factories import ids_of
from tests.web.worlds import NOW

PATH = "/manage/accounts"


def users(session):
    session.rollback()
    return {each.email.split("@")[0]: each for each in list_accounts(session, AccountQuery(state="all")).accounts}


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("name", ["ana", "dora"])
def test_only_administrators_come_in(reader, session, name):
    client, user_id = reader(name), users(session)["enzo"].id
    deeds = ("role", "teams", "member", "email", "deactivate", "reactivate", "sign-out", "password", "tokens/1/revoke")
    assert {client.get(path).status_code for path in (PATH, f"{PATH}/{user_id}", f"{PATH}/999")} == {403}
    assert {client.post(f"{PATH}/{user_id}/{deed}").status_code for deed in deeds} == {403}
    assert client.post(PATH, data={"email": "x@example.com", "role": "admin"}).status_code == 403
    assert "x" not in users(session)


@pytest.mark.databases("sqlite")
def test_what_is_not_there_is_not_found(reader, session):
    enzo, ana = reader("enzo"), users(session)["ana"].id
    for number in (999, 10**30):
        assert enzo.get(f"{PATH}/{number}").status_code == 404
        assert enzo.post(f"{PATH}/{number}/deactivate").status_code == 404
    for number in (999, 10**30):
        assert enzo.post(f"{PATH}/{ana}/tokens/{number}/revoke").status_code == 404
    for asked in ("role=boss", "state=x", "page=0", "text=%00"):
        assert enzo.get(f"{PATH}?{asked}").status_code == 400


def test_an_account_is_added_and_its_password_shown_this_once(reader, session):
    enzo, south = reader("enzo"), ids_of(session, Team)["South"]
    form = {"email": "Caio@example.com", "role": "manager", "teams_seen": "own", "team": str(south)}
    answer = enzo.post(PATH, data=form)
    password = re.search(r"<code>([^<]+)</code>", answer.text)[1]
    made = users(session)["caio"]
    assert (answer.status_code, made.role, made.member_id) == (200, "manager", ids_of(session)["caio"])
    assert [name for _, name in made.teams] == ["South"]
    assert password not in enzo.get(f"{PATH}/{made.id}").text
    signs_in = enzo.application.test_client().post("/sign-in", data={"email": made.email, "password": password})
    assert signs_in.status_code == 303
    again = enzo.post(PATH, data=form)
    assert (again.status_code, "another account has it" in again.text) == (422, True)
    assert 'value="Caio@example.com"' in again.text


@pytest.mark.databases("sqlite")
def test_each_deed_is_done_and_said(reader, session):
    enzo, ana = reader("enzo"), users(session)["ana"].id
    tokens.issue_token(session, email="ana@example.com", name="crm", now=NOW, by=COMMAND_LINE)
    token_id = session.execute(select(ApiToken.id)).scalar_one()
    session.rollback()

    def told(deed, said, **form):
        answer = enzo.post(f"{PATH}/{ana}/{deed}", data=form)
        assert answer.status_code == 303, answer.text
        assert said in enzo.get(answer.location).text

    page = enzo.get(f"{PATH}/{ana}").text
    assert "crm" in page
    assert "sla_" in page
    told(f"tokens/{token_id}/revoke", "The token is revoked")
    told("role", "The role is changed", role="manager")
    told("teams", "The teams are saved", teams_seen="own", team=str(ids_of(session, Team)["South"]))
    told("member", "Saved", member="caio@example.com")
    told("email", "The e-mail is changed", email="ana.l@example.com")
    told("sign-out", "signed out everywhere")
    told("deactivate", "The account is closed")
    told("reactivate", "open again")
    assert "A new password for" in enzo.post(f"{PATH}/{ana}/password").text


@pytest.mark.databases("sqlite")
def test_refusals_are_said_at_their_field_or_above(reader, session):
    enzo, found = reader("enzo"), users(session)
    for user, deed, form, status, words in (
        ("ana", "role", {"role": "boss"}, 422, "Choose one of the roles"),
        ("ana", "member", {"member": "nobody"}, 422, "Nobody has this e-mail or name"),
        ("ana", "member", {"member": "bia@example.com"}, 422, "has an account already"),
        ("ana", "email", {"email": "bia@example.com"}, 422, "another account has it"),
        ("dora", "teams", {"teams_seen": "own", "team": "999"}, 422, "not there any more"),
        ("enzo", "deactivate", {}, 422, "This is your own account"),
        ("enzo", "role", {"role": "rep"}, 422, "This is your own account"),
    ):
        answer = enzo.post(f"{PATH}/{found[user].id}/{deed}", data=form)
        assert (answer.status_code, words in answer.text) == (status, True), (deed, answer.text)
    assert enzo.post(f"{PATH}/{found['ana'].id}/teams", data={"team": "x"}).status_code == 400


def test_the_list_takes_the_same_few_statements_however_many_there_are(reader, session, query_counter):
    enzo, had = reader("enzo"), len(users(session))
    enzo.get(PATH)
    counts = []
    for number in range(2):
        for each in range(number * 3):
            accounts.add_user(
                session,
                email=f"u{each}@example.com",
                role="rep",
                now=NOW,
                by=COMMAND_LINE,
                costs=accounts.HashCosts(8, 1, 1),
            )
        with query_counter() as statements:
            page = enzo.get(f"{PATH}?text=example")
        assert page.text.count('<tr id="account-') == had + number * 3
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 7
    part = enzo.get(PATH, headers={"HX-Request": "true"}).text
    assert part.lstrip().startswith('<section id="users-list"')
    with query_counter() as statements:
        enzo.get(f"{PATH}/{users(session)['ana'].id}")
    assert len(statements) <= 10
