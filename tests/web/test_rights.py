"""The door is shut to everybody it should be shut to, on every route there is."""

import pytest

from leaderboard.services import accounts
from tests.web.door import (
    ANA,
    DORA,
    ENZO,
    add_people,
    routes,
    signed_in,
)

# Whoever adds a route that needs no sign-in says so here.
DOOR = {"static", "accounts.sign_in", "accounts.sign_in_now", "accounts.language", "health.healthz", "health.readyz"}
# They know a screen by a cookie of its own; the worker is a script without any data.
SCREENS = {"display.index", "display.slides", "display.worker", "display_streams.of_display", "pairing.poll"}
COMPANY = {"oidc.begin", "oidc.finish", "oidc.sign_out"}
# They show a proof of their own, or tell nothing: tokens of programs, signatures, sealed addresses.
PROGRAMS = {
    *("api.health", "api_docs.docs", "api_docs.openapi", "hooks.deliver", "calendar_feed.show"),
    *("notices.leave", "notices.ask"),
}
TOKENS = {
    *("api.send_events", "api.people", "api.load_people", "api.agreements", "api.agreement", "api.agreement_document"),
    *("api.check", "api.load", "api.standings", "api.attainments", "api.waiting", "api.points", "api.badges"),
    *("api.bonuses", "api.periods", "api.token"),
}
PUBLIC = DOOR | SCREENS | COMPANY | PROGRAMS | TOKENS


@pytest.fixture
def app(make_app):
    return make_app()


@pytest.fixture(autouse=True)
def _people(session):
    add_people(session)


@pytest.fixture
def ana(app):
    return signed_in(app)


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
