"""Pairing in Chromium: a television and a manager's phone, from the code to the board, and back when it is revoked."""

import re

import pytest
from playwright.sync_api import expect
from sqlalchemy import delete

from leaderboard.storage.display_tables import Pairing
from tests.services.screens import pair
from tests.web.test_pages import enter

pytestmark = pytest.mark.browser
TELEVISION = {"viewport": {"width": 1920, "height": 1080}}
PHONE = {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"}
SMALLEST = "all => Math.min(...all.filter(e => e.offsetWidth).map(e => parseFloat(getComputedStyle(e).fontSize)))"
HEIGHTS = "all => all.filter(e => e.offsetHeight && !e.matches('.skip')).map(e => e.getBoundingClientRect().height)"


def code_on(television):
    return television.locator("#pairing-code").inner_text().replace(" ", "")


def test_a_screen_is_paired_from_a_phone_outlives_an_outage_and_ends_when_it_is_revoked(open_page, world, axe):
    television, phone = open_page(**TELEVISION), open_page(**PHONE)
    television.clock.install()
    television.goto("/display")
    axe(television)
    assert television.locator("#pairing *").evaluate_all(SMALLEST) >= 28  # at 1080p
    code = code_on(television)
    television.route("**/display/pairing", lambda route: route.abort())
    television.clock.fast_forward(4_000)
    expect(television.locator("#pairing-away")).to_be_visible()
    expect(television.locator("#pairing-left")).to_have_text(re.compile(r"9:5\d"))
    television.unroute("**/display/pairing")
    television.clock.fast_forward(10_000)
    expect(television.locator("#pairing-away")).to_be_hidden()
    enter(phone, "dora")
    phone.goto(f"/manage/displays/pair?code={code}")
    axe(phone)
    phone.get_by_label("Name of the display").fill("Sales floor")
    phone.get_by_role("button", name="Pair").click()
    expect(phone.locator("h1")).to_have_text("Sales floor")
    television.clock.fast_forward(4_000)
    expect(television.locator("#display-wall")).to_be_visible()
    phone.get_by_role("link", name="Revoke").click()
    phone.get_by_role("button", name="Revoke").click()
    expect(phone.get_by_text("Sales floor is revoked")).to_be_visible()
    expect(television.locator("#pairing-code")).to_be_visible(timeout=5_000)  # nobody touches the screen
    assert code_on(television) not in ("", code)
    assert television.locator("#display-wall").count() == 0


def test_a_code_that_is_over_is_hidden_while_the_server_is_away_and_replaced_when_it_is_back(open_page, world, session):
    television = open_page(**TELEVISION)
    television.clock.install()
    television.goto("/display")
    code = code_on(television)
    television.route("**/display**", lambda route: route.abort())
    television.clock.fast_forward("11:00")
    expect(television.locator("#pairing-away")).to_be_visible()
    expect(television.locator("#pairing-code")).to_be_hidden()
    session.execute(delete(Pairing))
    session.commit()
    television.unroute("**/display**")
    television.clock.fast_forward("01:00")
    expect(television.locator("#pairing-code")).not_to_have_text(f"{code[:4]} {code[4:]}")
    expect(television.locator("#pairing-code")).to_be_visible()


def test_a_browser_that_keeps_no_cookie_is_told_so(open_page, world):
    television = open_page(**TELEVISION)
    television.clock.install()
    television.route("**/display/pairing", lambda route: route.fulfill(json={"state": "none"}))
    television.goto("/display")
    television.clock.fast_forward(4_000)
    expect(television.locator("#pairing-none")).to_be_visible()
    expect(television.locator("#pairing-code")).to_be_visible()


def test_axe_finds_nothing_on_the_pages_of_displays_and_every_control_is_large_enough(open_page, world, session, axe):
    display_id = pair(session, "Kitchen on the second floor, by the coffee machine")[0]
    page = enter(open_page(viewport=PHONE["viewport"], color_scheme="light", locale="pt-BR"), "dora")
    paths = ("", "/pair", f"/pair?replaces={display_id}", f"/{display_id}", f"/{display_id}/revoke")
    for path in (*(f"/manage/displays{each}" for each in paths), "/members/1"):
        page.goto(path)
        axe(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
        controls = "main button, main select, main summary, main input:not([type=checkbox]):not([type=hidden]), nav a"
        assert min(page.locator(controls).evaluate_all(HEIGHTS)) >= 44, path
