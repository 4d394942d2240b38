"""The door is shut to everybody it should be shut to, on every route there is."""

import logging
import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Blueprint, Response, abort, current_app, g, render_template_string, request
from flask_login import current_user
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError

from leaderboard import app as application
from leaderboard.app import create_app
from leaderboard.services import accounts
from leaderboard.storage.accounts_tables import UserAccount, UserSession
from leaderboard.storage.database import Base, db
from leaderboard.web.rights import admin_required, manager_required, public
from tests.conftest import SETTINGS
from tests.web.door import ANA, DORA, ENZO, PASSWORD, add_people, form_token, post, sign_in, signed_in

# Whoever adds a route that needs no sign-in says so here.
PUBLIC = {"static", "accounts.sign_in", "accounts.sign_in_now", "accounts.language", "health.healthz", "health.readyz"}
CSRF_EXEMPT: set[str] = set()
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
CDN = "https://cdn.jsdelivr.net/npm/htmx.org@2.0.11/dist/htmx.min.js"


def trial_pages():
    """Return pages for these tests: what real ones do, and what goes wrong in them."""
    bp = Blueprint("trial", __name__, url_prefix="/trial")

    @bp.get("/page")
    def page():
        told = f"{current_user.email} {current_user.role} {g.scores_version} {g.rules_version}"
        return Response(told, mimetype="text/plain")

    @bp.get("/kept")
    def kept():
        response = Response("kept", headers={"Cache-Control": "private, no-cache"})
        response.set_etag("1")
        return response.make_conditional(request)

    @bp.post("/change")
    def change():
        return "changed"

    @bp.get("/managers")
    @manager_required
    def managers():
        return "for managers"

    @bp.get("/admins")
    @admin_required
    def admins():
        return "for admins"

    @bp.get("/open")
    @public
    @manager_required
    def opened():
        return "never reached by visitors"

    @bp.get("/bug")
    def bug():
        secret_in_the_traceback = 1
        return str(secret_in_the_traceback / 0)

    @bp.get("/away")
    def away():
        raise OperationalError("SELECT secret_column", {}, Exception("server closed the connection"))

    @bp.get("/status/<int:code>")
    def status(code):
        abort(code)

    @bp.get("/address")
    @public
    def address():
        return Response(f"{request.remote_addr} {request.scheme}", mimetype="text/plain")

    @bp.get("/undefined")
    def undefined():
        return render_template_string("{{ no_such_name }}")

    return bp


@pytest.fixture
def make_app(database_url, monkeypatch):
    """`make_app(**settings)` returns the application with the pages of these tests."""
    monkeypatch.setattr(application, "BLUEPRINTS", (*application.BLUEPRINTS, trial_pages()))
    made = []

    def make(**settings):
        made.append(create_app({**SETTINGS, "DATABASE_URL": database_url, **settings}))
        return made[-1]

    yield make
    for each in made:
        with each.app_context():
            db.engine.dispose()


@pytest.fixture
def app(make_app):
    return make_app()


@pytest.fixture
def static_file(tmp_path):
    """`static_file(app)` makes the application serve /static/some.css."""
    (tmp_path / "some.css").write_text("p { margin: 0 }", encoding="utf-8")

    def serve(app):
        app.static_folder = str(tmp_path)

    return serve


@pytest.fixture(autouse=True)
def _people(session):
    add_people(session)


@pytest.fixture
def ana(app):
    return signed_in(app)


def routes(app, method):
    """Return endpoint and address of each route that takes a method."""
    with app.test_request_context():
        for rule in app.url_map.iter_rules():
            if method in rule.methods:
                values = dict.fromkeys(rule.arguments, 404)
                yield rule.endpoint, rule.build({**values, **({"filename": "x"} if "filename" in values else {})})[1]


# Headers


def answers(app, client):
    """Return one answer of each kind."""
    return {
        "page": client.get("/password"),
        "text": client.get("/trial/page"),
        "redirect": app.test_client().get("/password"),
        "fragment refused": app.test_client().get("/password", headers={"HX-Request": "true"}),
        "forged form": client.post("/trial/change"),
        "forbidden": client.get("/trial/managers"),
        "not found": client.get("/none"),
        "wrong method": client.put("/trial/page"),
        "bug": client.get("/trial/bug"),
        "away": client.get("/trial/away"),
        "not modified": client.get("/trial/kept", headers={"If-None-Match": '"1"'}),
        "static": client.get("/static/some.css"),
        "health": client.get("/healthz"),
        "other host": client.get("/sign-in", headers={"Host": "evil.example"}),
    }


def test_every_answer_carries_the_headers(make_app, static_file):
    app = make_app(COOKIE_SECURE=True, TRUSTED_HOSTS=["localhost"])
    static_file(app)
    client = app.test_client()
    sign_in_over_https(client)
    found = answers(app, Https(client))
    statuses = {name: answer.status_code for name, answer in found.items()}
    assert statuses == {
        "page": 200,
        "text": 200,
        "redirect": 303,
        "fragment refused": 401,
        "forged form": 400,
        "forbidden": 403,
        "not found": 404,
        "wrong method": 405,
        "bug": 500,
        "away": 503,
        "not modified": 304,
        "static": 200,
        "health": 200,
        "other host": 400,
    }
    for name, answer in found.items():
        answer.close()
        policy = dict(each.split(" ", 1) for each in answer.headers["Content-Security-Policy"].split("; "))
        assert policy["script-src"] == f"'self' {CDN}", name
        assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'", name
        assert policy["style-src"] == policy["form-action"] == policy["connect-src"] == "'self'", name
        assert "unsafe" not in answer.headers["Content-Security-Policy"], name
        assert answer.headers["X-Content-Type-Options"] == "nosniff", name
        assert answer.headers["Referrer-Policy"] == "same-origin", name
        assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin", name
        assert answer.headers["Integrity-Policy"] == "blocked-destinations=(script)", name
        assert "camera=()" in answer.headers["Permissions-Policy"], name
        assert answer.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains", name
        assert not [header for header in dict(answer.headers) if header.startswith("Access-Control")], name
        if name not in {"not modified", "static"}:
            assert answer.headers["Cache-Control"] == "no-store", name
            assert {"hx-request", "cookie"} <= set(answer.vary.as_set()), name


class Https:
    """A client that asks over https, with the Referer that browsers send within a site."""

    def __init__(self, client):
        self.client = client

    def __getattr__(self, method):
        def ask(path, headers=None, **options):
            headers = {"Referer": "https://localhost/", **(headers or {})}
            return getattr(self.client, method)(path, base_url="https://localhost", headers=headers, **options)

        return ask


def sign_in_over_https(client):
    answer = sign_in(Https(client))
    assert answer.status_code == 303
    return answer


def test_a_page_may_say_how_long_it_is_kept(ana):
    answer = ana.get("/trial/kept", headers={"If-None-Match": '"1"'})
    assert (answer.status_code, answer.data) == (304, b"")
    assert answer.headers["Cache-Control"] == "private, no-cache"


def test_over_plain_http_no_https_is_demanded(client):
    assert "Strict-Transport-Security" not in client.get("/sign-in").headers


def test_an_own_copy_of_htmx_needs_no_foreign_script(make_app):
    answer = make_app(HTMX_URL="/static/htmx.min.js").test_client().get("/sign-in")
    assert "script-src 'self';" in answer.headers["Content-Security-Policy"]


def test_no_other_site_may_read_an_answer(ana):
    answer = ana.get("/trial/page", headers={"Origin": "https://evil.example"})
    assert not [name for name in dict(answer.headers) if name.lower().startswith("access-control")]


# Cookies and sessions


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
    accounts.deactivate(session, session.scalar(select(UserAccount.id).where(UserAccount.email == ANA)))
    assert ana.get("/trial/page").status_code == 303
    assert sign_in(app.test_client()).status_code == 401


def test_a_warm_page_costs_one_statement_and_static_files_none(app, ana, query_counter, static_file):
    static_file(app)
    with query_counter() as statements:
        assert ana.get("/trial/page").text == f"{ANA} rep None None"
    assert len(statements) == 1
    with query_counter() as statements:
        ana.get("/static/some.css").close()
    assert statements == []


# Forged forms


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
        return {name: session.execute(text(f'SELECT * FROM "{name}"')).all() for name in Base.metadata.tables}

    before = stored()
    for _, path in routes(app, "GET"):
        client.get(path)
        client.get(path, headers={"HX-Request": "true"})
    assert stored() == before
    assert before["user_account"]


# Who may see what


def test_every_route_needs_a_sign_in_but_those_listed(app):
    open_to_all = set()
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        for endpoint, path in routes(app, method):
            answer = app.test_client().open(path, method=method)
            is_shut = answer.status_code == 303 and answer.location.startswith("/sign-in?next=")
            if not is_shut:
                open_to_all.add(endpoint)
    assert open_to_all == PUBLIC | {"trial.address"}


@pytest.mark.parametrize(
    ("email", "managers", "admins"), [(ANA, 403, 403), (DORA, 200, 403), (ENZO, 200, 200), (None, 303, 303)]
)
def test_each_role_sees_what_it_may(app, email, managers, admins):
    client = signed_in(app, email) if email else app.test_client()
    assert client.get("/trial/managers").status_code == managers
    assert client.get("/trial/admins").status_code == admins


def test_a_fragment_is_never_redirected_to_the_sign_in_page(client):
    headers = {"HX-Request": "true", "HX-Current-URL": "http://localhost/trial/page?period=2026-11"}
    answer = client.get("/trial/page", headers=headers)
    assert (answer.status_code, answer.location) == (401, None)
    assert answer.headers["HX-Redirect"] == "/sign-in?next=/trial/page?period%3D2026-11"
    assert "<form" not in answer.text


def test_a_forbidden_fragment_leads_home(ana):
    answer = ana.get("/trial/managers", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (403, "/")
    assert "<html" not in answer.text


def test_a_rights_check_that_fails_lets_nobody_through(app, monkeypatch):
    client = signed_in(app, DORA)

    def broken(*_args, **_kwargs):
        raise RuntimeError("no rights to be had")

    monkeypatch.setattr(accounts, "resume", broken)
    answer = client.get("/trial/managers")
    assert answer.status_code == 500
    assert "for managers" not in answer.text


# Addresses


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "///evil.example/",
        "/\\evil.example/",
        "\\\\evil.example/",
        "http:///evil.example/",
        "/\t/evil.example/",
        "javascript:alert(1)",
        "/ok\r\nSet-Cookie: a=b",
        " //evil.example",
        "evil.example",
        "/\x00",
    ],
)
def test_nobody_is_sent_to_another_site(app, client, target):
    assert sign_in(client, next_page=target).location == "/"
    assert client.get("/sign-in", query_string={"next": target}).location == "/"
    assert post(client, "/language", {"language": "en", "next": target}, page="/password").location == "/"
    if "\n" in target:
        return  # no header holds a line break
    hop = app.test_client().get("/trial/page", headers={"HX-Request": "true", "HX-Current-URL": target})
    assert hop.headers["HX-Redirect"].startswith("/sign-in?next=/")
    assert not hop.headers["HX-Redirect"].startswith("/sign-in?next=//")


def test_only_named_hosts_are_answered(make_app):
    client = make_app(TRUSTED_HOSTS=["board.example"]).test_client()
    assert client.get("/sign-in", headers={"Host": "board.example"}).status_code == 200
    answer = client.get("/sign-in", headers={"Host": "evil.example"})
    assert answer.status_code == 400
    assert "evil.example" not in answer.text


def test_forwarded_headers_are_believed_from_as_many_proxies_as_there_are(make_app):
    headers = {"X-Forwarded-For": "203.0.113.9, 198.51.100.7", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil"}
    told = [make_app(PROXIES=n).test_client().get("/trial/address", headers=headers).text for n in (0, 1, 2)]
    assert told == ["127.0.0.1 http", "198.51.100.7 https", "203.0.113.9 http"]


def test_a_forged_address_is_no_way_round_the_limit(app):
    client = app.test_client()
    token = form_token(client)
    statuses = [
        client.post(
            "/sign-in",
            data={"csrf_token": token, "email": ANA, "password": f"guess {number}"},
            headers={"X-Forwarded-For": f"203.0.113.{number}"},
        ).status_code
        for number in range(20)
    ]
    assert statuses == [401] * 5 + [429] * 15


def test_one_address_may_not_try_account_after_account(make_app):
    client = make_app(SIGN_IN_ATTEMPTS_PER_ADDRESS=7).test_client()
    token = form_token(client)
    guess = {"csrf_token": token, "password": "wrong"}
    tries = [client.post("/sign-in", data={**guess, "email": f"{n}@example.com"}).status_code for n in range(9)]
    assert tries == [401] * 7 + [429] * 2


# Errors and the log


def test_an_error_tells_its_number_and_no_more(ana, caplog):
    answer = ana.get("/trial/bug")
    assert answer.status_code == 500
    number = re.search(r"<code>(\w{8})</code>", answer.text)[1]
    assert f"error {number}: GET '/trial/bug'" in caplog.text
    assert "ZeroDivisionError" in caplog.text
    for inner in ("Traceback", "ZeroDivision", "secret_in", ".py"):
        assert inner not in answer.text


def test_a_database_that_does_not_answer_says_when_to_try_again(ana):
    answer = ana.get("/trial/away")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
    assert "secret_column" not in answer.text


def test_the_error_page_of_a_lost_database_needs_no_database(ana, app, monkeypatch):
    def lost(*_args, **_kwargs):
        raise OperationalError("SELECT", {}, Exception("gone"))

    monkeypatch.setattr(accounts, "resume", lost)
    answer = ana.get("/trial/page")
    assert answer.status_code == 503
    assert "The database is busy" in answer.text


@pytest.mark.parametrize("code", [400, 401, 403, 404, 405, 409, 413, 418, 429, 500, 502, 503])
def test_every_error_is_a_page_with_a_remedy_or_a_fragment_of_one(ana, code):
    page = ana.get(f"/trial/status/{code}")
    fragment = ana.get(f"/trial/status/{code}", headers={"HX-Request": "true"})
    assert page.status_code == fragment.status_code == code
    assert '<h1 id="error-title">' in page.text
    assert fragment.text.count("<p") == 1
    assert 'id="errors-error" role="alert"' in fragment.text
    assert "<html" not in fragment.text


def test_a_method_that_a_page_does_not_know_is_refused_with_those_it_does(ana):
    answer = ana.open("/trial/page", method="TRACE")
    assert answer.status_code == 405
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}


def test_too_large_a_form_is_refused(make_app):
    client = make_app(MAX_CONTENT_LENGTH=2_000).test_client()
    token = form_token(client)
    sent = {"csrf_token": token, "email": ANA, "password": "x"}
    assert client.post("/sign-in", data={**sent, "password": "x" * 1_500}).status_code == 401
    assert client.post("/sign-in", data={**sent, "password": "x" * 2_000}).status_code == 413


def test_a_name_that_a_template_does_not_get_is_an_error_not_a_blank(ana):
    assert ana.get("/trial/undefined").status_code == 500


def test_the_log_names_who_came_and_no_secret(app, caplog):
    caplog.set_level(logging.DEBUG)
    client = app.test_client()
    sign_in(client, password="a wrong secret")
    sign_in(client, "typed a secret here", "x")
    sign_in(client)
    token = client.get_cookie("session").value
    post(client, "/password", {"old": PASSWORD, "new": "fünf Dächer", "again": "fünf Dächer"}, page="/password")
    post(client, "/sign-out", page="/password")
    for told in ("sign-in refused: account 1, from 127.0.0.1", f"signed in: '{ANA}'", "signed out: account 1"):
        assert told in caplog.text
    for secret in (PASSWORD, token, "a wrong secret", "typed a secret", "fünf Dächer", accounts.token_key(token)):
        assert secret not in caplog.text


def test_a_line_break_in_a_name_makes_no_line_in_the_log(app, caplog):
    sign_in(app.test_client(), "a\n2026 INFO signed in: admin", "x")
    app.test_client().get("/none%0a2026 INFO")
    signed_in(app).get("/trial/bug%0aINFO")
    assert not [record for record in caplog.records if "\n" in record.getMessage()]


def test_an_error_of_the_database_does_not_tell_values(app, session):
    with app.app_context(), pytest.raises(Exception, match="hidden") as error:
        db.session.execute(text("SELECT * FROM no_such_table WHERE a = :a"), {"a": "a secret value"})
    assert "a secret value" not in str(error.value)
    assert current_app is not None
