"""The pages of people, accounts and the organisation in a real browser, on a phone and a wide screen."""

import re

import pytest
from playwright.sync_api import expect

from leaderboard.services.account_admin import AccountQuery, list_accounts
from leaderboard.storage.tables import Team
from tests.factories import ids_of
from tests.web.test_manage_pages import HEIGHTS
from tests.web.test_pages import enter
from tests.web.worlds import NOW

pytestmark = pytest.mark.browser
CONTROLS = "main button, main select, main summary, main input:not([type=hidden], [type=radio], [type=checkbox])"


@pytest.fixture
def places(session, world, monkeypatch):
    """The addresses of the pages, at the moment of their organisation."""
    for name in ("people", "rights", "settings", "personal"):
        monkeypatch.setattr(f"leaderboard.web.{name}.utc_now", lambda: NOW)
    bia, north = ids_of(session)["bia"], ids_of(session, Team)["North"]
    account = next(each.id for each in list_accounts(session, AccountQuery()).accounts if each.email.startswith("dora"))
    session.rollback()
    return (
        *(
            "/manage/people?state=all",
            f"/manage/people/{bia}",
            "/manage/people/file",
            f"/manage/people/{bia}/anonymise",
        ),
        *("/manage/accounts", f"/manage/accounts/{account}", "/manage/organisation", "/manage/organisation/calendar"),
        *(f"/manage/organisation/calendars/{north}", "/me/data"),
    )


@pytest.mark.parametrize(("width", "scheme", "locale"), [(390, "dark", "en-US"), (1440, "light", "pt-BR")])
def test_axe_finds_nothing_nothing_overflows_and_every_control_is_large_enough(
    open_page, places, axe, width, scheme, locale
):
    page = enter(open_page(viewport={"width": width, "height": 844}, color_scheme=scheme, locale=locale), "enzo")
    for path in places:
        page.goto(path)
        page.evaluate("document.querySelectorAll('main details').forEach(each => { each.open = true })")
        axe(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        assert min(page.locator(CONTROLS).evaluate_all(HEIGHTS), default=44) >= 44, path


def test_an_administrator_moves_somebody_with_the_keyboard_and_reads_first_what_it_does(page, places):
    enter(page, "enzo")
    page.goto("/manage/people")
    page.get_by_label("Name, e-mail or external id").fill("bia")
    page.keyboard.press("Enter")
    expect(page.locator("#people-list tbody tr")).to_have_count(1)
    assert "text=bia" in page.url
    page.get_by_role("link", name="Bia Souza").focus()
    page.keyboard.press("Enter")
    page.locator("#new-team").select_option(label="South (Sales)")
    page.locator("#new-from").fill("2026-11-04")
    page.locator("#new-from").press("Enter")
    expect(page.get_by_role("heading", name="Change where Bia Souza belongs?")).to_be_visible()
    expect(page.locator("caption", has_text="Points of teams")).to_be_visible()
    page.get_by_role("button", name="Change it").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#memberships li").first).to_contain_text("South")


def test_regions_follow_their_country_and_a_calendar_is_previewed(page, places):
    enter(page, "enzo")
    page.goto("/manage/organisation/calendar")
    page.get_by_label("Country").select_option(label="Brazil")
    page.get_by_label("Region").select_option(label="São Paulo")
    page.get_by_label("Monday").fill("9-12")
    page.get_by_role("button", name="Preview the weeks ahead").click()
    expect(page.get_by_role("heading", name=re.compile("not saved yet"))).to_be_visible()
    expect(page.locator(".ahead td").first).to_contain_text("09:00-12:00")
    expect(page.get_by_label("Region")).to_have_value("SP")
