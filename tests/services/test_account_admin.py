"""Accounts as administrators keep them: roles, teams, closing, passwords, and that one administrator stays."""

import io
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select

from leaderboard.domain.actors import COMMAND_LINE, Actor
from leaderboard.domain.errors import AccountRefused, Refused, WrongSignIn
from leaderboard.services import account_admin, accounts, tokens
from leaderboard.services.account_admin import AccountQuery
from leaderboard.services.people import load_people
from leaderboard.services.scopes import scope_of
from leaderboard.services.trail import TrailQuery, search_trail
from leaderboard.storage.accounts_tables import ApiToken, UserSession
from leaderboard.storage.tables import Team
from tests.factories import ids_of, people_file
from tests.services.examples import set_up
from tests.services.test_accounts import LIMITS
from tests.web.door import ANA, CHEAP, DORA, ENZO, PASSWORD, add_people

NOW = datetime(2026, 12, 15, 15, tzinfo=UTC)
HOW = {"now": NOW, "by": COMMAND_LINE}


@pytest.fixture
def users(session):
    """Ana is a rep, Dora a manager, Enzo the only administrator; their ids by e-mail."""
    set_up(session)
    add_people(session, NOW)
    found = account_admin.list_accounts(session, AccountQuery()).accounts
    return {each.email: each.id for each in found}


def signed_in(session, email, password=PASSWORD):
    accounts.sign_in(session, email=email, password=password, address="127.0.0.1", now=NOW, limits=LIMITS)


def count_sessions(session):
    found = session.execute(select(func.count()).select_from(UserSession)).scalar_one()
    session.rollback()
    return found


def find(session, user_id):
    return account_admin.find_account(session, user_id)


def test_another_role_ends_the_sessions_and_is_audited(session, users):
    signed_in(session, ANA)
    account_admin.change_role(session, users[ANA], "rep", **HOW)
    assert count_sessions(session) == 1  # it was that already
    account_admin.change_role(session, users[ANA], "manager", **HOW)
    assert (find(session, users[ANA]).role, count_sessions(session)) == ("manager", 0)
    entry = search_trail(session, TrailQuery(action="role.changed")).entries[0]
    assert (entry.about, entry.before, entry.after) == (f"user {ANA}", "rep", "manager")


def test_the_last_administrator_is_neither_closed_nor_demoted_by_any_way(session, users):
    enzo = f"{ENZO},Enzo,Leads,marketing,2026-01-01,,rep,"
    attempts = (
        lambda: account_admin.deactivate(session, users[ENZO], **HOW),
        lambda: account_admin.change_role(session, users[ENZO], "rep", **HOW),
        lambda: load_people(session, io.BytesIO(people_file([enzo])), **HOW),
    )
    for attempt in attempts:
        with pytest.raises(Refused, match="nobody who can administer"):
            attempt()
    assert (find(session, users[ENZO]).role, find(session, users[ENZO]).is_active) == ("admin", True)
    account_admin.change_role(session, users[DORA], "admin", **HOW)
    load_people(session, io.BytesIO(people_file([enzo])), **HOW)
    assert find(session, users[ENZO]).role == "rep"
    with pytest.raises(Refused, match="nobody who can administer"):
        account_admin.deactivate(session, users[DORA], **HOW)


def test_a_closed_account_is_out_at_once_and_comes_back_as_it_was(session, users):
    signed_in(session, ANA)
    account_admin.deactivate(session, users[ANA], **HOW)
    assert count_sessions(session) == 0
    with pytest.raises(WrongSignIn):
        signed_in(session, ANA)
    assert [each.email for each in account_admin.list_accounts(session, AccountQuery(state="closed")).accounts] == [ANA]
    account_admin.reactivate(session, users[ANA], **HOW)
    signed_in(session, ANA)


def test_a_new_password_is_shown_once_and_ends_the_sessions(session, users):
    signed_in(session, ANA)
    password = account_admin.reset_password(session, users[ANA], costs=CHEAP, **HOW)
    assert count_sessions(session) == 0
    with pytest.raises(WrongSignIn):
        signed_in(session, ANA)
    signed_in(session, ANA, password)
    assert password not in str(search_trail(session, TrailQuery(action="password.reset")).entries)


def test_nobody_changes_their_own_role_link_password_or_closes_themself(session, users):
    account_admin.change_role(session, users[DORA], "admin", **HOW)
    account_admin.link_member(session, users[DORA], ids_of(session)["caio"], **HOW)
    dora = {"now": NOW, "by": Actor(DORA, users[DORA])}
    for attempt in (
        lambda: account_admin.change_role(session, users[DORA], "rep", **dora),
        lambda: account_admin.deactivate(session, users[DORA], **dora),
        lambda: account_admin.link_member(session, users[DORA], None, **dora),
        lambda: account_admin.link_member(session, users[DORA], ids_of(session)["bia"], **dora),
        lambda: account_admin.reset_password(session, users[DORA], costs=CHEAP, **dora),
    ):
        with pytest.raises(AccountRefused, match="your own account"):
            attempt()
    assert (find(session, users[DORA]).role, find(session, users[DORA]).member) == ("admin", "Caio")


def test_a_manager_answers_for_the_teams_given(session, users):
    teams = ids_of(session, Team)
    assert scope_of(session, users[DORA], now=NOW).is_all  # belongs to no member, and nothing is said
    account_admin.give_teams(session, users[DORA], "own", [teams["South"]], **HOW)
    assert scope_of(session, users[DORA], now=NOW).team_ids == {teams["South"]}
    assert [name for _, name in find(session, users[DORA]).teams] == ["South"]
    account_admin.give_teams(session, users[DORA], "all", [teams["South"]], **HOW)
    assert scope_of(session, users[DORA], now=NOW).is_all
    told = [(each.before, each.after) for each in search_trail(session, TrailQuery(action="teams.given")).entries]
    assert told == [("own team, South", "all teams"), ("all teams", "own team, South")]
    for seen, given in (("own", [999]), ("none", [])):
        with pytest.raises(AccountRefused):
            account_admin.give_teams(session, users[DORA], seen, given, **HOW)


def test_whoever_has_an_account_gets_no_second_one_by_their_e_mail(session, users):
    bia = ids_of(session)["bia"]
    account_admin.link_member(session, users[DORA], bia, **HOW)
    accounts.add_user(session, email="bia@example.com", role="rep", password=PASSWORD, costs=CHEAP, **HOW)
    load_people(session, io.BytesIO(people_file(["bia@example.com,Bia,North,sales,2026-01-01,,,"])), **HOW)
    found = account_admin.list_accounts(session, AccountQuery()).accounts
    assert [each.email for each in found if each.member_id == bia] == [DORA]
    account_admin.link_member(session, users[DORA], None, **HOW)
    load_people(session, io.BytesIO(people_file(["bia@example.com,Bia,North,sales,2026-01-01,,,"])), **HOW)
    found = account_admin.list_accounts(session, AccountQuery()).accounts
    assert [each.email for each in found if each.member_id == bia] == ["bia@example.com"]


def test_an_account_is_linked_to_one_person_and_signs_in_by_another_e_mail(session, users):
    bia = ids_of(session)["bia"]
    signed_in(session, DORA)
    account_admin.link_member(session, users[DORA], bia, **HOW)
    assert (find(session, users[DORA]).member, count_sessions(session)) == ("Bia", 0)
    for member_id, problem in ((ids_of(session)["ana"], "taken"), (999, "member")):
        with pytest.raises(AccountRefused) as refused:
            account_admin.link_member(session, users[DORA], member_id, **HOW)
        assert refused.value.problem == problem
    account_admin.link_member(session, users[DORA], None, **HOW)
    assert find(session, users[DORA]).member is None
    account_admin.change_email(session, users[DORA], "Dora.P@example.com", **HOW)
    signed_in(session, "dora.p@example.com")
    with pytest.raises(AccountRefused):
        account_admin.change_email(session, users[DORA], ANA, **HOW)


def test_a_revoked_token_is_gone_and_one_of_another_account_is_not_found(session, users):
    tokens.issue_token(session, email=ANA, name="crm", **HOW)
    token_id = session.execute(select(ApiToken.id)).scalar_one()
    with pytest.raises(AccountRefused):
        account_admin.revoke_token(session, users[DORA], token_id, **HOW)
    account_admin.revoke_token(session, users[ANA], token_id, **HOW)
    assert session.execute(select(ApiToken.id)).all() == []
    assert (
        search_trail(session, TrailQuery(action="token.revoked")).entries[0].before.startswith("crm; begins with sla_")
    )


def test_accounts_are_found_by_e_mail_name_role_and_state(session, users):
    def found(**asked):
        return [each.email for each in account_admin.list_accounts(session, AccountQuery(**asked)).accounts]

    assert found() == [ANA, DORA, ENZO]
    assert found(text="ANA@") == found(text="Ana") == [ANA]
    assert found(role="manager") == [DORA]
    page = account_admin.list_accounts(session, AccountQuery(page=9), page_size=2)
    assert (page.page, page.pages, page.count, [each.email for each in page.accounts]) == (2, 2, 3, [ENZO])
    with pytest.raises(AccountRefused):
        account_admin.deactivate(session, 999, **HOW)
