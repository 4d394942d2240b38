"""The screen's side of pairing: its page, its two cookies, and what becomes of a token that is good no more."""

import re

import pytest
import segno
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError

from leaderboard.app import create_app
from leaderboard.domain.displays import CODE_LETTERS
from leaderboard.services import pairing
from leaderboard.services.displays import list_displays, revoke_display
from leaderboard.services.pairing import CODE_LIFE, MOST_OF_ADDRESS
from leaderboard.storage.database import db
from leaderboard.storage.display_tables import DisplayRow, Pairing
from tests.conftest import SETTINGS
from tests.services.screens import DORA, claim
from tests.web.worlds import NOW

CODE = re.compile(rf'id="pairing-code"><span>([{CODE_LETTERS}]{{4}})</span> <span>([{CODE_LETTERS}]{{4}})</span>')


@pytest.fixture
def screen(client, world, clock):
    return client


def code_on(page):
    return "".join(CODE.search(page.text).groups())


def drawn(address):
    """Return the drawing of an address's QR code, as far as it differs from another's."""
    return segno.make(address, error="m").svg_inline(omitsize=True, svgclass=None, lineclass=None).partition(" d=")[2]


def set_cookies(answer):
    return {each.partition("=")[0]: each for each in answer.headers.getlist("Set-Cookie")}


def enter(session, code, clock, **entered):
    return claim(session, code, now=clock(), **entered)


def test_a_screen_is_paired_and_keeps_its_token_in_a_cookie_that_no_script_reads(screen, session, clock):
    page = screen.get("/display")
    code = code_on(page)
    assert page.status_code == 200
    assert page.headers["Cache-Control"] == "no-store"
    assert "localhost/manage/displays/pair" in page.text
    assert drawn(f"http://localhost/manage/displays/pair?code={code}") in page.text
    assert " style=" not in page.text
    assert '<noscript><meta http-equiv="refresh" content="5"></noscript>' in page.text
    assert "This code is good for another 10 minutes." in page.text
    cookie = set_cookies(page)["pairing"]
    assert all(each in cookie for each in ("HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=86400"))
    secret = cookie.partition(";")[0].partition(".")[2]
    assert len(secret) == 43
    assert secret not in page.text
    assert screen.get("/display/pairing").json == {"state": "waiting", "seconds": CODE_LIFE.seconds}
    enter(session, code, clock)
    assert screen.get("/display/pairing").json == {"state": "ready"}
    answer = screen.get("/display")
    assert (answer.status_code, answer.location) == (303, "/display")
    given = set_cookies(answer)
    assert all(each in given["display"] for each in ("HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=34560000"))
    assert "Max-Age=0" in given["pairing"]
    wall = screen.get("/display")
    assert (wall.status_code, CODE.search(wall.text)) == (200, None)
    assert "Max-Age=34560000" in set_cookies(wall)["display"]  # each load begins the 400 days anew
    assert screen.get("/display/pairing").json == {"state": "ready"}
    clock(days=1)
    assert set_cookies(screen.get("/display"))["display"].partition(";")[0] != given["display"].partition(";")[0]
    assert CODE.search(screen.get("/display").text) is None


def test_a_page_that_is_loaded_again_shows_the_same_code_until_it_is_over(screen, clock):
    code = code_on(screen.get("/display"))
    clock(minutes=9, seconds=59)
    assert code_on(screen.get("/display")) == code
    assert screen.get("/display/pairing").json == {"state": "waiting", "seconds": 1}
    clock(seconds=1)
    assert screen.get("/display/pairing").json == {"state": "over"}
    assert code_on(screen.get("/display")) != code


def test_a_revoked_display_is_refused_at_its_next_request_and_shows_a_code_again(screen, session, clock):
    enter(session, code_on(screen.get("/display")), clock)
    screen.get("/display")
    (display,) = list_displays(session)
    revoke_display(session, display.id, now=NOW, by=DORA)
    answer = screen.get("/display")
    assert code_on(answer)
    assert "Max-Age=0" in set_cookies(answer)["display"]
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert screen.get("/display/pairing").json["state"] == "waiting"


@pytest.mark.databases("sqlite")
def test_a_cookie_that_is_none_of_ours_is_as_good_as_none(app, screen):
    for cookie in ("", "x", "x.y", "ABCD2222.", ".y", "A" * 500 + ".y", "4.é"):
        screen = app.test_client()
        screen.set_cookie("pairing", cookie)
        assert screen.get("/display/pairing").json["state"] in ("none", "over")
        assert code_on(screen.get("/display"))


@pytest.mark.databases("sqlite")
def test_no_token_is_taken_from_an_address(screen, app, session, clock):
    enter(session, code_on(screen.get("/display")), clock)
    token = set_cookies(screen.get("/display"))["display"].partition(";")[0].partition("=")[2]
    assert code_on(app.test_client().get(f"/display?token={token}&display={token}"))


@pytest.mark.databases("sqlite")
def test_a_screen_gets_no_page_of_users_and_none_for_managers(screen, session, clock):
    enter(session, code_on(screen.get("/display")), clock)
    screen.get("/display")
    for path in ("/", "/me", "/members/1", "/manage/displays", "/badges"):
        assert screen.get(path).location.startswith("/sign-in")


def test_where_too_many_wait_or_the_database_is_busy_the_page_tries_again_by_itself(screen, app, session, monkeypatch):
    for _ in range(MOST_OF_ADDRESS):
        code_on(app.test_client().get("/display"))
    page = screen.get("/display")
    assert (page.status_code, CODE.search(page.text)) == (200, None)
    assert "This screen tries again by itself." in page.text
    assert '<meta http-equiv="refresh" content="30">' in page.text
    assert "pairing" not in set_cookies(page)

    def busy(*_args, **_kwargs):
        raise OperationalError("INSERT", {}, Exception("database is locked"))

    monkeypatch.setattr(pairing, "begin_pairing", busy)
    page = screen.get("/display")
    assert (page.status_code, 'data-seconds="20"' in page.text) == (200, True)
    assert len(session.scalars(select(Pairing)).all()) == MOST_OF_ADDRESS


@pytest.mark.databases("sqlite")
def test_the_page_speaks_the_organisations_language_whatever_the_browser_asks_for(screen, session):
    session.execute(
        text("UPDATE organisation SET document = replace(document, 'currency', 'language = \"pt_BR\"\ncurrency')")
    )
    session.execute(text("UPDATE organisation SET rules_version = rules_version + 1"))
    session.commit()
    assert '<html class="pairing-page" lang="pt-BR">' in screen.get("/display", headers={"Accept-Language": "en"}).text


@pytest.mark.databases("sqlite")
def test_before_there_is_an_organisation_there_is_a_code(client):
    assert code_on(client.get("/display"))


@pytest.mark.databases("sqlite")
def test_over_https_the_cookies_belong_to_this_host_alone(database_url, world, session):
    app = create_app({**SETTINGS, "DATABASE_URL": database_url, "COOKIE_SECURE": True})
    screen = app.test_client()
    https = {"base_url": "https://localhost"}
    page = screen.get("/display", **https)
    assert "Secure" in set_cookies(page)["__Host-pairing"]
    claim(session, code_on(page), now=session.scalar(select(Pairing.created_at)))
    assert "Secure" in set_cookies(screen.get("/display", **https))["__Host-display"]
    with app.app_context():
        db.engine.dispose()


def test_a_screen_tells_its_size_and_its_browser(screen, session, clock):
    enter(session, code_on(screen.get("/display")), clock)
    screen.get("/display")
    headers = {"User-Agent": "Mozilla/5.0 (X11; Linux aarch64) Chrome/128.0.0.0"}
    screen.get("/display/pairing?w=1920&h=1080", headers=headers)
    screen.get("/display/pairing?w=-1&h=9999999", headers=headers)
    row = session.execute(select(DisplayRow.width, DisplayRow.height, DisplayRow.user_agent)).one()
    assert tuple(row) == (1920, 1080, headers["User-Agent"])
