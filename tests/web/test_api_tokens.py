"""The door of the API: which token lets in, what it may, how often, and what is told to who stays outside."""

import re
from datetime import timedelta

import pytest

from leaderboard.domain.actors import COMMAND_LINE
from leaderboard.services import account_admin
from leaderboard.storage import accounts
from leaderboard.storage.accounts_tables import ApiToken, SignInAttempt
from leaderboard.web import api_operations
from tests.services.examples import count
from tests.web import worlds
from tests.web.api import Program, token_of

PROBLEM = "application/problem+json"


@pytest.fixture
def moment(monkeypatch):
    """`moment(minutes=5)` moves the time on that the API sees."""
    passed = [timedelta(0)]
    monkeypatch.setattr(api_operations, "utc_now", lambda: worlds.NOW + passed[0])

    def move(**by):
        passed[0] += timedelta(**by)
        return worlds.NOW + passed[0]

    return move


@pytest.fixture
def program(app, session, world, moment):
    """`program("enzo", "read")` is a program with a token of somebody."""
    return lambda name, *scopes, on=app: Program(on.test_client(), token_of(session, name, *scopes))


def kind_of(answer):
    assert answer.mimetype == PROBLEM, answer.text
    told = answer.json
    assert told["status"] == answer.status_code
    assert (
        {"type", "title", "status", "detail"}
        <= told.keys()
        <= {*("type", "title", "status", "detail", "errors", "error_id")}
    )
    return answer.status_code, told["type"].removeprefix("/api/v1/docs#")


def test_without_a_token_that_lets_in_the_answer_says_so_and_how(program, session, moment, app):
    for headers in ({}, {"Authorization": "Basic YTpi"}, {"Authorization": "Bearer "}):
        answer = app.test_client().get("/api/v1/people", headers=headers)
        assert kind_of(answer) == (401, "no-token")
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="SLA Leaderboard"'
    answer = Program(app.test_client(), "sla_wrong").get("/people")
    assert kind_of(answer) == (401, "unknown-token")
    assert answer.headers["WWW-Authenticate"].endswith('error="invalid_token"')
    enzo = program("enzo")
    assert enzo.get("/people").status_code == 200
    moment(days=365)
    expired = enzo.get("/people")
    assert kind_of(expired) == (401, "unknown-token")
    assert "was valid until 2027-11-18" in expired.json["detail"]


def test_a_closed_account_and_a_revoked_token_are_out_at_once(program, session, moment):
    dora, ana = program("dora"), program("ana")
    assert (dora.get("/token").status_code, ana.get("/token").status_code) == (200, 200)
    user = accounts.account_with(session.connection(), "dora@example.com").id
    account_admin.deactivate(session, user, now=moment(), by=COMMAND_LINE)
    assert kind_of(dora.get("/token")) == (401, "unknown-token")
    whose = session.query(ApiToken).filter(ApiToken.prefix == ana.token[:10]).one()
    account_admin.revoke_token(session, whose.user_id, whose.id, now=moment(), by=COMMAND_LINE)
    assert kind_of(ana.get("/token")) == (401, "unknown-token")


def test_a_token_may_what_its_scopes_say_and_its_account_still_may(program, session, moment):
    reader, sender = program("enzo", "read"), program("enzo", "events:write")
    refused = reader.post("/events", [{}])
    assert kind_of(refused) == (403, "not-allowed")
    assert refused.headers["WWW-Authenticate"].endswith('error="insufficient_scope", scope="events:write"')
    assert kind_of(sender.get("/people")) == (403, "not-allowed")
    assert sender.get("/token").json["scopes"] == ["events:write"]  # every token may ask what it may
    assert sender.post("/events", [{}]).status_code == 200
    user = accounts.account_with(session.connection(), "enzo@example.com").id
    dora = accounts.account_with(session.connection(), "dora@example.com").id
    account_admin.change_role(session, dora, "admin", now=moment(), by=COMMAND_LINE)
    account_admin.change_role(session, user, "manager", now=moment(), by=COMMAND_LINE)
    assert kind_of(sender.post("/events", [{}])) == (403, "not-allowed")
    assert sender.get("/token").json["scopes"] == []


def test_wrong_tokens_are_throttled_by_address_and_keep_nobody_from_signing_in(program, app, session, moment):
    app.extensions["limits"] = limits = app.extensions["limits"].__class__(
        **vars(app.extensions["limits"]) | {"per_address": 3}
    )
    enzo, wrong = program("enzo"), Program(app.test_client(), "sla_wrong")
    assert [kind_of(wrong.get("/people"))[0] for _ in range(limits.per_address)] == [401] * 3
    answer = wrong.get("/people")
    assert kind_of(answer) == (429, "too-many")
    assert answer.headers["Retry-After"] == str(15 * 60)
    assert count(session, SignInAttempt) == 3
    assert enzo.get("/people").status_code == 200  # from the same address
    app.config["WTF_CSRF_ENABLED"] = False
    worlds.sign_in(app.test_client(), "ana")
    moment(minutes=15)
    assert kind_of(wrong.get("/people")) == (401, "unknown-token")


def test_by_plain_http_a_token_is_refused_where_cookies_are_secure(make_app, session, world, moment):
    app = make_app(COOKIE_SECURE=True)
    enzo = Program(app.test_client(), token_of(session, "enzo"))
    assert kind_of(enzo.get("/people")) == (403, "https-required")
    assert "Location" not in enzo.get("/people").headers
    over_https = app.test_client().get("/api/v1/people", base_url="https://localhost", headers=enzo.headers())
    assert over_https.status_code == 200
    assert app.test_client().get("/api/v1/health").status_code == 200  # it takes no token


@pytest.mark.databases("sqlite", "postgresql")
def test_a_token_has_so_many_requests_a_minute_over_all_processes(make_app, session, world, moment):
    token = token_of(session, "enzo")
    apps = [make_app(API_REQUESTS_A_MINUTE=12) for _ in range(2)]
    first, second = (Program(app.test_client(), token) for app in apps)
    moment(seconds=20)
    answers = [each.get("/token") for each in (first, second) * 7]
    assert [each.status_code for each in answers] == [200] * 12 + [429] * 2
    assert answers[0].headers["RateLimit-Policy"] == '"minute";q=12;w=60'
    assert [each.headers["RateLimit"] for each in answers[10:]] == ['"minute";r=1;t=40'] + ['"minute";r=0;t=40'] * 3
    assert kind_of(answers[-1]) == (429, "too-many")
    assert answers[-1].headers["Retry-After"] == "40"
    moment(seconds=40)
    assert first.get("/token").status_code == 200


def test_a_read_writes_once_a_minute_and_for_each_twenty(program, query_counter, moment):
    enzo = program("enzo")
    writes = []
    for _ in range(41):
        with query_counter() as statements:
            assert enzo.get("/token").status_code == 200
        writes.append(sum(each.startswith(("INSERT", "UPDATE")) for each in statements))
    assert [number for number, each in enumerate(writes) if each] == [0, 20, 40]
    assert writes[0] == 2  # the requests taken, and when the token was used last
    assert writes[20] == 1


def test_requests_are_let_through_while_the_database_is_busy_and_counted_later(make_app, session, pool, world, moment):
    app = make_app(API_REQUESTS_A_MINUTE=20)
    enzo = Program(app.test_client(), token_of(session, "enzo"))
    with pool.connect() as writer:
        writer.exec_driver_sql("PRAGMA busy_timeout = 0")
        connection = writer.execution_options(is_write=True)
        connection.exec_driver_sql("UPDATE organisation SET name = name")
        assert [enzo.get("/token").status_code for _ in range(5)] == [200] * 5
        writer.rollback()
    codes = [enzo.get("/token").status_code for _ in range(20)]
    assert codes.count(200) == 15


def test_a_token_is_made_in_the_browser_and_shown_once(reader, session, moment):
    ana, enzo = reader("ana"), reader("enzo")
    page = ana.post("/me/tokens", data={"name": "My script", "scope": "read", "days": "30"})
    token = re.search(r"<code class=\"token-text\">([^<]+)</code>", page.text)[1]
    assert (page.status_code, "events:write" in page.text) == (200, False)  # she is no administrator
    program = Program(ana.application.test_client(), token)
    assert program.get("/token").json["account"] == "ana@example.com"
    later = ana.get("/me/tokens").text
    assert "My script" in later
    assert token not in later
    assert ana.post("/me/tokens", data={"name": "x", "scope": "events:write", "days": "30"}).status_code == 422
    assert ana.post("/me/tokens", data={"name": " ", "scope": "read", "days": "30"}).status_code == 422
    assert ana.post("/me/tokens", data={"name": "x", "scope": "read", "days": "31"}).status_code == 400
    whose = session.query(ApiToken).one()
    session.rollback()
    assert "My script" in enzo.get("/manage/api").text
    assert enzo.post(f"/me/tokens/{whose.id}/revoke").status_code == 404  # it is not his
    assert ana.post(f"/me/tokens/{whose.id}/revoke").status_code == 303
    assert program.get("/token").status_code == 401
    made = enzo.post(f"/manage/accounts/{whose.user_id}/tokens", data={"name": "CRM", "scope": "read", "days": "90"})
    token = re.search(r"<code class=\"token-text\">([^<]+)</code>", made.text)[1]
    assert Program(ana.application.test_client(), token).get("/token").json["account"] == "ana@example.com"
