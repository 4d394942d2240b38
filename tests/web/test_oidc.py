"""Signing in with the company's account, against a real OpenID provider that runs beside the tests."""

import logging
from datetime import timedelta
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import pytest
import requests
from sqlalchemy import select

from leaderboard.storage.accounts_tables import UserAccount
from leaderboard.web import means, oidc
from leaderboard.web.clock import utc_now
from tests.apps import app_on
from tests.browser import guarded_page, served
from tests.company_provider import company_provider
from tests.conftest import SETTINGS
from tests.web.door import ANA, DORA, ENZO, add_people, post, sign_in, signed_in

OURS = "http://localhost"
START = "/sign-in/company"
PEOPLE = {
    "17": {"email": ANA, "email_verified": True, "groups": ["everybody"]},
    "18": {"email": DORA, "email_verified": True, "groups": ["everybody", "leads"]},
    "19": {"email": "odo@example.com", "email_verified": True},
    "20": {"email": ENZO, "email_verified": False},
}


@pytest.fixture(scope="module")
def company():
    with company_provider() as running:
        running.knows(**PEOPLE)
        yield running


@pytest.fixture
def make(database_url, pool, session):
    """`make(**settings)` returns the application."""
    add_people(session)
    made = []

    def app(**settings):
        made.append(app_on(pool, database_url, {**SETTINGS, **settings}))
        return made[-1]

    yield app
    for each in made:
        each.extensions["hub"].stop()


@pytest.fixture
def known(make, company):
    """The application as the provider knows it."""
    return make(**company.register(OURS), OIDC_NAME="Aurora ID")


@pytest.fixture
def telling(caplog):
    """`telling()` returns what the log says of sign-ins, so far."""
    caplog.set_level(logging.INFO, "leaderboard.web.oidc")
    return lambda: [each.getMessage() for each in caplog.records if each.name == "leaderboard.web.oidc"]


def begin(client, query=""):
    answer = client.get(f"{START}{query}")
    assert answer.status_code == 303, answer.text
    return answer.location


def come_back(client, address):
    """Follow the provider's redirect to us."""
    assert address.startswith(f"{OURS}{START}/return?"), address
    return client.get(address.removeprefix(OURS))


def come_in(client, browser, name, query=""):
    return come_back(client, browser.sign_in(begin(client, query), name))


def changed(address, **values):
    """Return an address with other values in its query; None takes one away."""
    query = {**dict(parse_qsl(urlsplit(address).query)), **values}
    return f"{address.partition('?')[0]}?{urlencode({name: each for name, each in query.items() if each is not None})}"


def told(answer, status, words):
    assert answer.status_code == status, answer.text
    assert words in answer.text
    assert "Not signed in" in answer.text


def test_a_company_account_signs_in_and_out_and_nothing_from_before_survives(known, company, telling):
    client, browser = known.test_client(), company.browser()
    page = client.get("/sign-in?next=/password?a=1")
    assert f'href="{START}?next=/password?a%3D1"' in page.text
    assert "Sign in with Aurora ID" in page.text
    url = begin(client, "?next=/password?a%3D1")
    asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    assert asked["code_challenge_method"] == "S256"
    assert asked["redirect_uri"] == f"{OURS}{START}/return"
    assert len(asked["state"]) == len(asked["nonce"]) == 32
    assert not {"prompt", "max_age"} & set(asked)
    client.set_cookie("session", "planted")
    back = browser.sign_in(url, "17")
    answer = come_back(client, back)
    assert (answer.status_code, answer.location) == (303, "/password?a=1")
    assert len(client.get_cookie("session").value) == 43
    with client.session_transaction() as form:
        assert not {"nonce", "verifier", "planted"} & set(str(dict(form)))
    assert client.get("/password").status_code == 200
    told(come_back(client, back), 400, "Begin again.")  # once: the session goes on
    assert client.get("/password").status_code == 200
    left = post(client, "/sign-out", page="/password")
    assert left.location == "/sign-in?left=company"
    page = client.get(left.location)
    assert f'href="{START}/sign-out"' in page.text
    there = client.get(f"{START}/sign-out").location
    assert there.startswith(f"{company.address}/session/end?")
    assert requests.get(there, timeout=5).status_code == 200  # it knows us, and asks
    assert "Sign out there too" not in client.get("/sign-in").text
    secrets = {value for key, value in parse_qsl(urlsplit(back).query) if key in ("code", "state")}
    assert telling()[0] == f"signed in with the company's account: '{ANA}', from 127.0.0.1"
    assert not any(secret in line for secret in secrets for line in telling())


def test_roles_and_accounts_come_from_the_companys_groups(make, company, session):
    settings = company.register(OURS)
    app = make(**settings, OIDC_ROLES="leads=manager, board-admins=admin", PASSWORD_SIGN_IN=False, OIDC_SIGN_OUT=False)
    page = app.test_client().get("/sign-in").text
    assert 'type="password"' not in page
    assert "the company&#39;s account" in page
    assert sign_in(app.test_client()).status_code == 403
    dora, ana = app.test_client(), app.test_client()
    assert come_in(dora, company.browser(), "18").status_code == 303
    assert "Change password" not in dora.get("/password").text
    assert come_in(ana, company.browser(), "17").status_code == 303
    assert session.execute(select(UserAccount.email, UserAccount.role)).all() == [
        (ANA, "rep"),
        (DORA, "manager"),
        (ENZO, "admin"),
    ]
    session.rollback()
    company.knows(**{**PEOPLE, "18": {**PEOPLE["18"], "groups": ["board-admins"]}})
    try:
        admin = app.test_client()
        assert come_in(admin, company.browser(), "18").status_code == 303
    finally:
        company.knows(**PEOPLE)
    added = post(admin, "/manage/accounts", {"email": "pia@example.com", "role": "rep"}, page="/manage/accounts")
    assert "The account is added. They sign in with the company's account." in added.text
    assert dora.get("/password").status_code == 303, "another role ends the other sessions"
    assert session.scalar(select(UserAccount.role).where(UserAccount.email == DORA)) == "admin"
    assert "Sign out there too" not in app.test_client().get("/sign-in?left=company").text
    told(come_in(app.test_client(), company.browser(), "19"), 403, "Nobody with your e-mail is known here.")
    told(come_in(app.test_client(), company.browser(), "20"), 403, "no verified e-mail")


def test_signing_in_anew_is_proved_not_only_asked_for(known, company, monkeypatch):
    """ASVS 7.5.3: before paying, the company's sign-in is to ask again, though it still knows the browser."""
    client, browser = known.test_client(), company.browser()
    assert come_in(client, browser, "17").status_code == 303
    first = client.get_cookie("session").value
    url = begin(client, "?again=1&next=/password")
    assert "prompt=login&" in url + "&"
    assert "max_age=0" in url
    assert come_back(client, browser.sign_in(url, "17")).location == "/password"
    assert client.get_cookie("session").value != first
    url = begin(client, "?again=1")
    back = browser.sign_in(changed(url, prompt=None, max_age=None), "17")  # as whoever has the browser may
    told(come_back(client, back), 403, "It did not ask anew who you are.")
    later = utc_now() + timedelta(minutes=3)
    monkeypatch.setattr("leaderboard.web.oidc.utc_now", lambda: later)
    back = browser.sign_in(changed(begin(client, "?again=1"), prompt=None, max_age="3600"), "17")
    told(come_back(client, back), 403, "It did not ask anew who you are.")


def test_what_does_not_belong_together_lets_nobody_in(known, company, monkeypatch, telling):
    client = known.test_client()
    back = company.browser().sign_in(begin(client), "17")
    told(come_back(known.test_client(), back), 400, "Begin again.")  # another browser
    told(come_back(client, changed(back, state="another")), 400, "Begin again.")
    told(come_back(client, changed(back, state=None)), 400, "Begin again.")
    told(come_back(client, changed(back, iss="https://evil.example.com")), 403, "cannot be relied on")
    for values in ({"code": "stolen"}, {"code": ""}, {"code": "x" * 5000}):
        back = company.browser().sign_in(begin(client), "17")
        told(come_back(client, changed(back, **values)), 400, "Begin again.")
    stolen = company.browser().sign_in(begin(client), "18")  # a code of one sign-in, brought to another: PKCE
    back = company.browser().sign_in(begin(client), "17")
    code = dict(parse_qsl(urlsplit(stolen).query))["code"]
    told(come_back(client, changed(back, code=code)), 400, "Begin again.")
    refused = company.browser().sign_in(begin(client), "17", gives_up=True)
    assert "error=access_denied" in refused
    told(come_back(client, refused), 403, "Nobody was let in there.")
    for query in ("?next=//evil.example.com", "?next=https://evil.example.com/", "?next=/\\evil.example.com"):
        assert come_in(known.test_client(), company.browser(), "17", query).location == "/"
    backs = [company.browser().sign_in(begin(client), "17") for _ in range(4)]
    told(come_back(client, backs[0]), 400, "Begin again.")  # only three are kept: a cookie has no room for more
    assert len(client.get_cookie("form").value) < 2500
    later = utc_now() + timedelta(minutes=10, seconds=5)
    monkeypatch.setattr("leaderboard.web.oidc.utc_now", lambda: later)
    told(come_back(client, backs[1]), 400, "more than ten minutes ago")
    assert client.get_cookie("session") is None
    assert any("refused: denied ('access_denied'), from 127.0.0.1" in each for each in telling())


def test_a_sign_in_that_is_not_set_up_or_away_says_so_and_passwords_go_on(make, company, telling):
    settings = company.register(OURS)
    client = make(**{**settings, "OIDC_CLIENT_SECRET": "wrong"}).test_client()
    told(come_in(client, company.browser(), "17"), 502, "the server&#39;s log says more")
    other = make(**{**settings, "OIDC_ISSUER": f"{company.address}/realms/none"})
    told(other.test_client().get(START), 503, "It does not answer.")
    client = make(**{**settings, "OIDC_ISSUER": "http://127.0.0.1:9"}).test_client()
    told(client.get(f"{START}?next=/password"), 503, "It does not answer.")
    assert 'href="/sign-in?next=/password"' in client.get(f"{START}?next=/password").text
    assert client.get("/sign-in?left=company").status_code == 200
    assert sign_in(client).status_code == 303
    elsewhere = make(**{**settings, "OIDC_ISSUER": company.address.replace("127.0.0.1", "localhost")})
    told(elsewhere.test_client().get(START), 502, "not set up as it should be")
    assert not any(settings["OIDC_CLIENT_SECRET"] in each for each in telling())


def test_an_administrator_sees_the_companys_account_and_unlinks_it(known, company, session):
    assert come_in(known.test_client(), company.browser(), "17").status_code == 303
    ana = session.scalar(select(UserAccount.id).where(UserAccount.email == ANA))
    session.rollback()
    enzo = signed_in(known, ENZO)
    page = enzo.get(f"/manage/accounts/{ana}").text
    assert company.address in page
    answer = post(enzo, f"/manage/accounts/{ana}/unlink", page=f"/manage/accounts/{ana}")
    assert answer.status_code == 303
    page = enzo.get(f"/manage/accounts/{ana}").text
    assert company.address not in page
    assert "It is unlinked" in page


@pytest.mark.browser
def test_chromium_signs_in_with_the_company_and_out_again(make, company, chromium, axe):
    """The Content-Security-Policy stops forms that lead elsewhere: every way there is a link."""
    app = make(OIDC_ISSUER=company.address, OIDC_NAME="Aurora ID")
    with served(app) as address:
        settings = company.register(address)
        app.config.update(settings)
        means.init_app(app)  # its address is known only now
        oidc.init_app(app)
        with guarded_page(chromium, app, base_url=address, locale="en-US") as page:
            page.goto("/password")
            axe(page)
            page.get_by_role("link", name="Sign in with Aurora ID").click()
            page.get_by_placeholder("Enter any login").fill("17")
            page.get_by_placeholder("and password").fill("any")
            page.get_by_role("button", name="Sign-in").click()
            page.get_by_role("button", name="Continue").click()
            page.wait_for_url("**/password")
            assert page.locator("input[name=username]").input_value() == ANA
            page.locator(".menu summary").click()
            page.get_by_role("button", name="Sign out", exact=True).click()
            axe(page)
            page.get_by_role("link", name="Sign out there too").click()
            page.get_by_role("button", name="Yes, sign me out").click()
            page.wait_for_url("**/sign-in")
            page.goto("/sign-in/company/return?error=access_denied&state=x")
            axe(page)
            page.guard.faults = [
                each for each in page.guard.faults if "fonts.googleapis.com" not in each
            ]  # the provider's
