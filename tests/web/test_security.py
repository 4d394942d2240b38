"""What every answer says, whom the server believes, and what an error tells."""

import logging
import re

import pytest
from flask import current_app
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from leaderboard.services import accounts
from leaderboard.storage.database import db
from tests.cdn import integrity_of
from tests.web.door import (
    ANA,
    PASSWORD,
    Https,
    add_people,
    form_token,
    post,
    sign_in,
    sign_in_over_https,
    signed_in,
)

CDN = "https://cdn.jsdelivr.net/npm/htmx.org@2.0.11/dist/htmx.min.js"


@pytest.fixture
def app(make_app):
    return make_app()


@pytest.fixture(autouse=True)
def _people(session):
    add_people(session)


@pytest.fixture
def ana(app):
    return signed_in(app)


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
        "static": client.get("/static/css/base.css"),
        "health": client.get("/healthz"),
        "other host": client.get("/sign-in", headers={"Host": "evil.example"}),
    }


def test_every_answer_carries_the_headers(make_app):
    app = make_app(COOKIE_SECURE=True, TRUSTED_HOSTS=["localhost"])
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


def test_a_page_may_say_how_long_it_is_kept(ana):
    answer = ana.get("/trial/kept", headers={"If-None-Match": '"1"'})
    assert (answer.status_code, answer.data) == (304, b"")
    assert answer.headers["Cache-Control"] == "private, no-cache"


def test_over_plain_http_no_https_is_demanded(client):
    assert "Strict-Transport-Security" not in client.get("/sign-in").headers


def test_an_own_copy_of_htmx_needs_no_foreign_script(make_app):
    answer = make_app(HTMX_URL="/static/htmx.min.js").test_client().get("/sign-in")
    assert "script-src 'self';" in answer.headers["Content-Security-Policy"]


def test_every_script_names_what_it_must_hold(app, ana):
    page = ana.get("/password").text
    scripts = dict(
        re.findall(r'<script src="([^"]+)" integrity="([^"]+)" crossorigin="anonymous" defer></script>', page)
    )
    assert page.count("<script") == len(scripts) == 2
    assert scripts.pop(CDN) == app.config["HTMX_INTEGRITY"]
    for path, integrity in scripts.items():
        with ana.get(path) as answer:
            assert integrity == integrity_of(answer.data)


def test_no_other_site_may_read_an_answer(ana):
    answer = ana.get("/trial/page", headers={"Origin": "https://evil.example"})
    assert not [name for name in dict(answer.headers) if name.lower().startswith("access-control")]


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
        "//[",
        "http://[::1/?a",
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
