"""The pages of the door as a browser sees them."""

import re
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from leaderboard.domain.actors import COMMAND_LINE
from leaderboard.services.organising import load_organisation
from leaderboard.storage.accounts_tables import UserAccount
from tests.web.door import ANA, DORA, PASSWORD, add_people, post, sign_in, signed_in

NEW = "fünf Dächer aus Zinn"


@pytest.fixture(autouse=True)
def _people(session):
    add_people(session)


def change(client, **fields):
    return post(client, "/password", {"old": PASSWORD, "new": NEW, "again": NEW, **fields}, page="/password")


def test_signing_in_leads_to_the_page_that_was_asked_for(client):
    asked = client.get("/password?a=1")
    assert (asked.status_code, asked.location) == (303, "/sign-in?next=/password?a%3D1")
    page = client.get(asked.location)
    assert 'name="next" value="/password?a=1"' in page.text
    answer = sign_in(client, next_page="/password?a=1")
    assert (answer.status_code, answer.location) == (303, "/password?a=1")
    assert client.get("/password").status_code == 200


def test_one_who_is_signed_in_needs_no_sign_in_page(app):
    answer = signed_in(app).get("/sign-in?next=/password")
    assert (answer.status_code, answer.location) == (303, "/password")


@pytest.mark.parametrize(("email", "password"), [(ANA, "wrong"), ("nobody@example.com", PASSWORD), ("", "")])
def test_a_refused_sign_in_says_so_beside_the_field_and_keeps_the_e_mail(client, email, password):
    answer = sign_in(client, email, password)
    assert answer.status_code == 401
    assert answer.text.count("The e-mail or the password is not right.") == 1
    described = re.search(r'<input id="field-password"[^>]*aria-describedby="([^"]+)"', answer.text)[1]
    assert f'id="{described}"' in answer.text
    assert not email or f'value="{email}"' in answer.text
    assert PASSWORD not in answer.text
    assert client.get("/password").status_code == 303


def test_an_e_mail_is_shown_as_text_not_as_html(client):
    answer = sign_in(client, '"><script>alert(1)</script>@x', "wrong")
    assert "<script>alert" not in answer.text


def test_only_one_whose_session_ended_is_told_so(app, client):
    told = "Your session has ended."
    assert told not in client.get("/sign-in").text
    gone = signed_in(app)
    gone.set_cookie("session", "of-yesterday")
    assert told in gone.get("/sign-in?next=/password").text
    post(gone, "/sign-out", page="/sign-in")
    left = signed_in(app)
    post(left, "/sign-out", page="/password")
    assert told not in left.get("/sign-in").text


def test_throttled_says_how_long_to_wait(client):
    for _ in range(5):
        assert sign_in(client, password="wrong").status_code == 401
    answer = sign_in(client)
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 900
    assert re.search(r"Try again in 1\d minutes\.", answer.text)


def test_signing_out_ends_the_session(app):
    client = signed_in(app)
    answer = post(client, "/sign-out", page="/password")
    assert (answer.status_code, answer.location) == (303, "/sign-in")
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert client.get("/password").status_code == 303


def test_signing_out_everywhere_ends_all_sessions_of_that_user(app):
    one, two, other = signed_in(app), signed_in(app), signed_in(app, DORA)
    post(one, "/sign-out", {"everywhere": "1"}, page="/password")
    assert [each.get("/password").status_code for each in (one, two, other)] == [303, 303, 200]


def test_a_changed_password_keeps_this_browser_signed_in_and_no_other(app):
    one, two = signed_in(app), signed_in(app)
    before = one.get_cookie("session").value
    answer = change(one)
    assert (answer.status_code, answer.location) == (303, "/password")
    assert one.get_cookie("session").value != before
    assert "Your password is changed." in one.get("/password").text
    assert two.get("/password").status_code == 303
    assert sign_in(app.test_client()).status_code == 401
    assert sign_in(app.test_client(), password=NEW).status_code == 303


@pytest.mark.parametrize(
    ("fields", "status", "told"),
    [
        ({"old": "wrong"}, 403, "This is not your present password."),
        ({"again": NEW + "!"}, 422, "The two new passwords differ."),
        ({"new": "short", "again": "short"}, 422, "has fewer than 12 characters"),
        ({"new": "x7" + "ab9!" * 250, "again": "x7" + "ab9!" * 250}, 422, "has more than 1,000 characters"),
        ({"new": "password1234", "again": "password1234"}, 422, "guessed first"),
        ({"new": "ana.example1", "again": "ana.example1"}, 422, "your own name"),
    ],
)
def test_a_password_that_is_not_changed_says_why(app, fields, status, told):
    client = signed_in(app)
    answer = change(client, **fields)
    assert answer.status_code == status
    assert told in answer.text
    assert sign_in(app.test_client()).status_code == 303
    assert client.get("/password").status_code == 200


def test_a_visitor_chooses_a_language_and_the_browser_keeps_it(client):
    assert '<html lang="en' in client.get("/sign-in").text
    answer = post(client, "/language", {"language": "pt_BR", "next": "/sign-in?next=/x"})
    assert (answer.status_code, answer.location) == (303, "/sign-in?next=/x")
    assert '<html lang="pt-BR' in client.get("/sign-in", headers={"Accept-Language": "en"}).text


def test_a_users_language_goes_with_them_to_another_browser(app, session):
    post(signed_in(app), "/language", {"language": "pt_BR"}, page="/password")
    assert session.scalar(select(UserAccount.language).where(UserAccount.email == ANA)) == "pt_BR"
    page = signed_in(app).get("/password", headers={"Accept-Language": "en"})
    assert '<html lang="pt-BR' in page.text


def test_an_unknown_language_changes_nothing(app, session):
    answer = post(signed_in(app), "/language", {"language": "../../etc"}, page="/password")
    assert answer.status_code == 303
    assert answer.headers.getlist("Set-Cookie") == []
    session.rollback()
    assert session.scalar(select(UserAccount.language).where(UserAccount.email == ANA)) is None


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("pt-BR,pt;q=0.9,en;q=0.8", "pt-BR"),
        ("pt-PT", "pt-BR"),
        ("pt", "pt-BR"),
        ("en-GB,pt;q=0.5", "en"),
        ("fr", "en"),
    ],
)
def test_without_a_choice_the_browser_decides(client, accepted, language):
    assert f'<html lang="{language}"' in client.get("/sign-in", headers={"Accept-Language": accepted}).text


def test_a_language_that_nobody_here_speaks_gives_the_organisations(client, session):
    text = '[organisation]\nname = "A"\ntime_zone = "UTC"\ncurrency = "BRL"\nlanguage = "pt_BR"\n'
    load_organisation(session, text + '[calendar]\nmonday = ["09:00-17:00"]\n', now=datetime.now(UTC), by=COMMAND_LINE)
    for accepted in ("fr", "fr,en;q=0"):
        assert '<html lang="pt-BR' in client.get("/sign-in", headers={"Accept-Language": accepted}).text


def test_the_server_is_alive_without_a_database_and_ready_with_one(client, session):
    assert (client.get("/healthz").status_code, client.get("/readyz").status_code) == (200, 200)
    session.connection().exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
    session.commit()
    answer = client.get("/readyz")
    assert (answer.status_code, answer.text) == (
        503,
        "not ready: the database is of another version; run leaderboard upgrade\n",
    )
    assert client.get("/healthz").status_code == 200
