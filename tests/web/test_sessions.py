"""Sessions end when they should, and a form is taken from its own session only."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select, text

from leaderboard.domain.actors import COMMAND_LINE
from leaderboard.services import account_admin, accounts
from leaderboard.storage.accounts_tables import UserAccount, UserSession
from leaderboard.storage.database import Base
from tests.web.door import (
    ANA,
    DORA,
    ENZO,
    PASSWORD,
    add_people,
    form_token,
    post,
    routes,
    sign_in,
    sign_in_over_https,
    signed_in,
)

CSRF_EXEMPT = {  # whoever asks proves in another way who they are
    *("api.check", "api.load", "api.load_people", "api.send_events"),
    *("hooks.deliver", "notices.leave"),
}
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


@pytest.fixture
def app(make_app):
    return make_app()


@pytest.fixture(autouse=True)
def _people(session):
    add_people(session)


@pytest.fixture
def ana(app):
    return signed_in(app)


def test_the_cookies_are_bound_to_this_host_and_hidden_from_scripts(make_app):
    client = make_app(COOKIE_SECURE=True).test_client()
    cookies = sign_in_over_https(client).headers.getlist("Set-Cookie")
    assert sorted(cookie.split("=")[0] for cookie in cookies) == ["__Host-form", "__Host-session"]
    for cookie in cookies:
        attributes = set(cookie.split("; ")[1:])
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= attributes
        assert not [each for each in attributes if each.startswith("Domain")]
    assert client.get_cookie("__Host-session").http_only


def test_the_session_cookie_holds_a_random_token_and_nothing_else(app, session):
    values = [signed_in(app).get_cookie("session").value for _ in range(2)]
    assert values[0] != values[1]
    assert all(re.fullmatch(r"[\w-]{43}", value) for value in values)
    stored = set(session.scalars(select(UserSession.key)))
    assert stored == {accounts.token_key(value) for value in values}


def test_a_session_from_before_sign_in_is_not_the_one_after(client):
    client.set_cookie("session", "planted-by-somebody-else")
    client.get("/sign-in")
    form_before = client.get_cookie("form").value
    sign_in(client)
    assert client.get_cookie("session").value != "planted-by-somebody-else"
    assert client.get_cookie("form").value != form_before


def test_signing_in_again_ends_the_session_before(app, ana):
    old = ana.get_cookie("session").value
    token = form_token(ana, "/password")
    data = {"csrf_token": token, "email": DORA, "password": PASSWORD}
    assert ana.post("/sign-in", data=data).status_code == 303
    thief = app.test_client()
    thief.set_cookie("session", old)
    assert thief.get("/trial/page").status_code == 303
    assert ana.get("/trial/page").text.startswith(DORA)


def test_the_old_cookie_is_worth_nothing_after_signing_out(app, ana):
    old = ana.get_cookie("session").value
    thief = app.test_client()
    thief.set_cookie("session", old)
    assert thief.get("/trial/page").status_code == 200
    post(ana, "/sign-out", page="/password")
    assert thief.get("/trial/page").status_code == 303


def test_the_form_cookie_alone_signs_nobody_in(app, ana):
    thief = app.test_client()
    thief.set_cookie("form", ana.get_cookie("form").value)
    assert thief.get("/trial/page").status_code == 303


@pytest.mark.parametrize("cookie", ["remember_token", "not used"])
def test_no_remembered_sign_in_is_taken(client, cookie):
    headers = {"Cookie": f"{cookie}=1|{'0' * 128}"}
    assert client.get("/trial/page", headers=headers).status_code == 303


def test_a_foreign_remember_cookie_keeps_nobody_out(ana):
    ana.set_cookie("remember_token", "of another program on this host")
    assert ana.get("/trial/page").status_code == 200


def test_an_idle_session_ends_and_a_used_one_goes_on(app):
    with time_machine.travel(NOON, tick=False) as clock:
        client = signed_in(app)
        for _ in range(3):
            clock.shift(timedelta(minutes=29))
            assert client.get("/trial/page").status_code == 200
        clock.shift(timedelta(minutes=30))
        assert client.get("/trial/page").status_code == 303


def test_a_session_ends_twelve_hours_after_sign_in(app):
    with time_machine.travel(NOON, tick=False) as clock:
        client = signed_in(app)
        for _ in range(12 * 3 - 1):
            clock.shift(timedelta(minutes=20))
            assert client.get("/trial/page").status_code == 200
        clock.shift(timedelta(minutes=20))
        assert client.get("/trial/page").status_code == 303


def test_a_demoted_manager_loses_the_right_at_once(app, session):
    client = signed_in(app, DORA)
    assert client.get("/trial/managers").status_code == 200
    user = session.scalar(select(UserAccount).where(UserAccount.email == DORA))
    user.role = "rep"
    session.commit()
    assert client.get("/trial/managers").status_code == 403


def test_a_closed_account_is_out_at_once(app, session, ana):
    user_id = session.scalar(select(UserAccount.id).where(UserAccount.email == ANA))
    account_admin.deactivate(session, user_id, now=datetime.now(UTC), by=COMMAND_LINE)
    assert ana.get("/trial/page").status_code == 303
    assert sign_in(app.test_client()).status_code == 401


def test_a_warm_page_costs_one_statement_and_static_files_none(app, ana, query_counter):
    with query_counter() as statements:
        assert ana.get("/trial/page").text == f"{ANA} rep None None"
    assert len(statements) == 1
    with query_counter() as statements:
        ana.get("/static/css/base.css").close()
    assert statements == []


def test_no_form_is_taken_without_its_token(app):
    client = signed_in(app, ENZO)
    refused = {}
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        for endpoint, path in routes(app, method):
            refused[endpoint] = client.open(path, method=method).status_code
    assert {"accounts.sign_in_now", "accounts.sign_out", "accounts.change_password", "trial.change"} <= set(refused)
    assert {endpoint for endpoint, status in refused.items() if status != 400} == CSRF_EXEMPT


def test_a_form_is_taken_with_its_token_in_a_field_or_a_header(ana):
    token = form_token(ana, "/password")
    assert ana.post("/trial/change", data={"csrf_token": token}).text == "changed"
    assert ana.post("/trial/change", headers={"X-CSRFToken": token}).text == "changed"


def test_a_token_is_of_one_session_only(app, ana):
    theirs = form_token(signed_in(app, DORA), "/password")
    before = form_token(app.test_client())
    for token in (theirs, before, "", "x", theirs[:-1]):
        assert ana.post("/trial/change", data={"csrf_token": token}).status_code == 400


def test_a_planted_form_cookie_does_not_pass(app, ana):
    attacker = app.test_client()
    token = form_token(attacker)
    ana.set_cookie("form", attacker.get_cookie("form").value)
    assert ana.post("/trial/change", data={"csrf_token": token}).status_code == 400


def test_a_form_may_stay_open_all_day(app):
    with time_machine.travel(NOON, tick=False) as clock:
        client = signed_in(app)
        token = form_token(client, "/password")
        for _ in range(20):
            clock.shift(timedelta(minutes=25))
            client.get("/trial/page")
        assert client.post("/trial/change", data={"csrf_token": token}).status_code == 200


def test_over_plain_http_a_sign_in_that_cannot_work_says_why(make_app):
    answer = sign_in(make_app(COOKIE_SECURE=True).test_client(use_cookies=False))
    assert answer.status_code == 400
    assert "open it with https" in answer.text


@pytest.mark.parametrize(("referer", "status"), [("https://localhost/x", 200), ("https://evil.example/", 400)])
def test_over_https_a_form_must_come_from_this_host(make_app, referer, status):
    client = make_app(COOKIE_SECURE=True).test_client()
    sign_in_over_https(client)
    token = form_token(client, "/password", base_url="https://localhost")
    options = {"base_url": "https://localhost", "headers": {"Referer": referer}}
    assert client.post("/trial/change", data={"csrf_token": token}, **options).status_code == status


def test_asking_for_a_page_changes_nothing(app, session):
    client = signed_in(app, ENZO)

    def stored():
        session.rollback()
        names = Base.metadata.tables.keys() - {"pairing"}  # a screen that nobody is at gets a code by itself
        return {name: session.execute(text(f'SELECT * FROM "{name}"')).all() for name in names}

    before = stored()
    for _, path in routes(app, "GET"):
        client.get(path)
        client.get(path, headers={"HX-Request": "true"})
    assert stored() == before
    assert before["user_account"]
