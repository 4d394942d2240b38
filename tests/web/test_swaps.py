"""Swaps in a real browser: what a reader is told while one is under way, when it has come, and when it has not."""

import pytest
from playwright.sync_api import expect

from tests.web.test_pages import enter

pytestmark = pytest.mark.browser
BOARDS = "**/?period=*"


def trouble(page):
    return page.get_by_role("alert")


def test_a_swap_says_what_is_shown_and_keeps_the_focus(page, world):
    enter(page)
    page.get_by_role("link", name="People").press("Enter")
    expect(page.get_by_role("status")).to_have_text("November 2026 · People · Aurora")
    assert page.title() == "November 2026 · People · Aurora"
    assert page.evaluate("document.activeElement.id") == "choose-people"


def test_a_reader_whose_link_is_gone_goes_on_from_the_heading(page, world):
    enter(page)
    page.get_by_role("link", name="Previous period").press("Enter")
    expect(page.get_by_role("link", name="Next period")).to_be_visible()
    assert page.get_by_role("link", name="Previous period").count() == 0
    expect(page.locator("h1")).to_be_focused()


def test_a_swap_under_way_shows_and_the_old_board_stays(page, world):
    enter(page)
    held = []
    page.route(BOARDS, lambda route: held.append(route))
    page.get_by_role("link", name="People").click()
    expect(page.locator("#board-standings")).to_have_attribute("aria-busy", "true")
    expect(page.locator(".progress")).to_be_visible()
    assert page.locator(".standings tbody tr").count() == 3
    held[0].continue_()
    expect(page.locator(".standings tbody tr")).to_have_count(5)
    expect(page.locator("[aria-busy]")).to_have_count(0)
    expect(page.locator(".progress")).to_be_hidden()


def test_a_late_answer_to_an_earlier_choice_changes_nothing(page, world):
    enter(page)
    held = []
    page.route("**/?*side=*", lambda route: held.append(route))
    for name in ("Marketing", "Sales"):
        page.get_by_role("link", name=name).click()
        page.wait_for_timeout(100)
    held[1].continue_()
    expect(page.locator(".standings .name")).to_have_text(["North", "South"])
    held[0].continue_()
    page.wait_for_timeout(300)
    expect(page.locator(".standings .name")).to_have_text(["North", "South"])
    expect(page).to_have_title("November 2026 · Teams · Sales · Aurora")
    assert "side=sales" in page.url
    page.guard.faults.clear()  # htmx names the choice that was given up


def test_without_network_a_choice_says_so_and_goes_back(page, world, axe):
    enter(page)
    address = page.url
    page.context.set_offline(True)
    page.get_by_label("Period", exact=True).select_option("2026-10")
    expect(trouble(page)).to_contain_text("The server cannot be reached")
    assert page.get_by_label("Period", exact=True).input_value() == "2026-11"
    assert "November" in page.locator("h1").inner_text()
    assert page.url == address
    axe(page)
    page.context.set_offline(False)
    page.get_by_role("link", name="People").click()
    expect(page.locator(".standings tbody tr")).to_have_count(5)
    expect(trouble(page)).to_be_hidden()
    page.guard.faults.clear()


def test_a_refusal_is_told_in_the_servers_words_and_the_board_stays(page, world):
    enter(page)
    page.route(BOARDS, lambda route: route.continue_(url=route.request.url + "&page=0"))
    page.get_by_role("link", name="People").click()
    expect(trouble(page)).to_have_text(
        "This request could not be understood. Go back, check what you entered, and try again."
    )
    assert page.locator(".standings tbody tr").count() == 3
    page.guard.faults.clear()


def test_what_a_proxy_answers_is_told_in_our_words(page, world):
    enter(page)
    page.route(BOARDS, lambda route: route.fulfill(status=502, content_type="text/html", body="<h1>nginx</h1>"))
    page.get_by_role("link", name="People").click()
    expect(trouble(page)).to_contain_text("That did not work")
    assert "nginx" not in page.content()
    page.guard.faults.clear()


def test_a_session_that_ended_leads_to_the_door_which_says_so_and_back(page, world):
    enter(page)
    page.context.clear_cookies()
    page.context.add_cookies([{"name": "session", "value": "of-yesterday", "url": page.url}])
    page.get_by_role("link", name="People").click()
    expect(page.get_by_role("status")).to_contain_text("Your session has ended.")
    enter(page, path=page.url)
    assert page.locator("h1").inner_text() == "November 2026"


def test_the_menu_closes_with_escape_and_a_click_beside_it(page, world):
    enter(page)
    summary = page.locator(".menu summary")
    summary.click()
    page.keyboard.press("Escape")
    expect(page.locator(".menu[open]")).to_have_count(0)
    expect(summary).to_be_focused()
    summary.click()
    page.locator("h1").click()
    expect(page.locator(".menu[open]")).to_have_count(0)
