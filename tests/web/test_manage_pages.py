"""The pages for managers, of members and of certificates in a real browser, on a phone and a wide screen."""

import pytest
from playwright.sync_api import expect

from leaderboard.services.adjusting import adjust
from leaderboard.web.rights import Actor
from tests.factories import ids_of
from tests.web import worlds
from tests.web.test_pages import enter
from tests.web.worlds import NOW

pytestmark = pytest.mark.browser
PATHS = ("/manage/", "/manage/adjustments", "/manage/corrections", "/manage/audit", "/members/1", "/certificates/{}")
HEIGHTS = "all => all.filter(e => e.offsetHeight && !e.matches('.skip')).map(e => e.getBoundingClientRect().height)"


@pytest.fixture
def adjusted(session, world, monkeypatch):
    """October is closed and corrected; Bia has points by hand, of which the number is returned."""
    for name in ("adjustments", "members"):
        monkeypatch.setattr(f"leaderboard.web.{name}.utc_now", lambda: NOW)
    by = Actor("dora@example.com", None, ids_of(session)["dora"])
    made = adjust(session, ids_of(session)["bia"], 40, "Helped two colleagues", "2026-11", by=by, now=NOW)
    worlds.close_october(session)
    worlds.hand_in_late(session, "ana")
    return made


@pytest.mark.parametrize(("width", "scheme", "locale"), [(390, "light", "pt-BR"), (1440, "dark", "en-US")])
def test_axe_finds_nothing_nothing_overflows_and_every_control_is_large_enough(
    open_page, adjusted, axe, width, scheme, locale
):
    page = enter(open_page(viewport={"width": width, "height": 844}, color_scheme=scheme, locale=locale), "enzo")
    page.goto("/manage/")
    winner = page.locator("a[href^='/certificates/']").first.get_attribute("href").split("/")[-1]
    for path in PATHS:
        page.goto(path.format(winner))
        axe(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        controls = "main button, main select, main summary, nav a:not(.manage-side a)"
        assert min(page.locator(controls).evaluate_all(HEIGHTS)) >= 44, path
        assert min(page.locator(".manage-side a").evaluate_all(HEIGHTS), default=32) >= 32, path  # for a mouse


def test_points_are_taken_back_in_their_row_and_searching_swaps_the_list(page, adjusted):
    enter(page, "enzo")
    page.goto("/manage/adjustments")
    page.evaluate("document.body.dataset.sameDocument = 'yes'")
    row = page.locator(f"#adjustment-{adjusted.id}")
    row.locator("summary").click()
    row.get_by_label("Reason").fill("It was Ana")
    row.get_by_role("button", name="Take back").click()
    expect(row).to_contain_text("It was Ana")
    expect(row.locator("summary")).to_have_count(0)
    assert page.evaluate("document.body.dataset.sameDocument") == "yes"
    page.goto("/manage/audit")
    page.get_by_label("What was done").fill("adjustment")
    page.get_by_role("button", name="Search").click()
    expect(page.locator("#audit-list tbody tr")).to_have_count(2)
    assert "action=adjustment" in page.url
    page.go_back()
    expect(page.locator("#audit-list")).to_contain_text("Organisation loaded")
