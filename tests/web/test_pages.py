"""The pages in a real browser: as a reader uses them, on a phone and a wide screen, in both languages."""

import re

import pytest
from playwright.sync_api import expect
from sqlalchemy import update

from leaderboard.storage.tables import OrganisationRow, Total
from tests.web.worlds import PASSWORD

pytestmark = pytest.mark.browser
# Over how many lines the text of each element goes.
LINES = """all => all.map(each => {
    const range = document.createRange();
    range.selectNodeContents(each);
    return range.getClientRects().length;
})"""
SIZES = {"phone": (390, 844), "laptop": (1440, 900), "wide": (1920, 1080)}


def enter(page, name="ana", path="/"):
    page.goto(path)
    page.locator("input[name=email]").fill(f"{name}@example.com")
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("form.stack button[type=submit]").click()
    page.wait_for_selector("#board-standings")
    page.wait_for_load_state()  # htmx works only then
    return page


def names(page):
    return page.locator(".standings .name").all_inner_texts()


def test_signing_in_leads_to_the_board_that_was_asked_for(page, world):
    enter(page, path="/?period=2026-10&scope=member")
    assert page.url.endswith("/?period=2026-10&scope=member")
    assert names(page)[0] == "Bia Souza"


def test_a_choice_swaps_the_board_alone_and_the_address_follows(page, world):
    enter(page)
    page.evaluate("document.body.dataset.sameDocument = 'yes'")
    page.get_by_role("link", name="People").click()
    expect(page.locator(".standings tbody tr")).to_have_count(5)
    assert "scope=member" in page.url
    assert page.evaluate("document.body.dataset.sameDocument") == "yes"
    assert page.evaluate("document.activeElement.id") == "choose-people"
    page.get_by_label("Period", exact=True).select_option("2026-10")
    expect(page.locator("h1")).to_contain_text("October")
    assert "period=2026-10" in page.url
    assert page.title().startswith("October 2026")
    page.go_back()
    expect(page.locator("h1")).to_contain_text("November")
    assert len(names(page)) == 5


def test_every_choice_works_from_the_keyboard(page, world):
    enter(page)
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "choose-quarter":
            break
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("Q4")


def test_without_javascript_everything_works(open_page, world):
    page = enter(open_page(java_script_enabled=False))
    page.get_by_role("link", name="People").click()
    assert len(names(page)) == 5
    page.get_by_label("Period", exact=True).select_option("2026-10")
    page.get_by_role("button", name="Show").click()
    assert "October 2026" in page.locator("h1").inner_text()
    page.get_by_role("link", name="Find me").click()
    assert "#standing-" in page.url


@pytest.mark.parametrize(
    ("size", "scheme", "locale"),
    [("phone", "dark", "pt-BR"), ("phone", "light", "en-US"), ("laptop", "light", "pt-BR"), ("wide", "dark", "en-US")],
)
def test_axe_finds_nothing_and_nothing_overflows(open_page, world, axe, size, scheme, locale):
    width, height = SIZES[size]
    page = open_page(viewport={"width": width, "height": height}, locale=locale, color_scheme=scheme)
    page.goto("/sign-in")
    axe(page)
    enter(page, "dora", "/?scope=member")
    axe(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator("html").get_attribute("lang") == ("en" if locale == "en-US" else "pt-BR")
    assert ("novembro de 2026" in page.locator("h1").inner_text()) is (locale == "pt-BR")
    page.locator(".menu summary").click()
    axe(page)


def test_a_name_with_markup_is_shown_as_text(page, world):
    enter(page, path="/?scope=member")
    assert "Caio <b>Dias</b>" in names(page)


def test_the_language_can_be_chosen_and_stays(page, world):
    enter(page)
    page.locator(".menu summary").click()
    page.get_by_role("button", name="Português").click()
    expect(page.locator("h1")).to_contain_text("novembro")
    page.goto("/?period=2026-10")
    assert "outubro de 2026" in page.locator("h1").inner_text()


def test_after_signing_out_the_way_back_shows_nothing(page, world):
    enter(page, path="/?scope=member")
    page.locator(".menu summary").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(re.compile("sign-in"))
    page.go_back()
    page.wait_for_selector("input[name=password]")
    assert "Bia Souza" not in page.content()


def test_on_paper_there_is_the_board_and_no_controls(page, world):
    enter(page, path="/?scope=member")
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 720, "height": 1018})
    assert page.locator(".standings").is_visible()
    for hidden in (".top", ".choices", ".board-find"):
        assert not page.locator(hidden).is_visible()
    assert page.locator("caption").inner_text() == "November 2026 · People · Aurora"
    assert page.get_by_role("columnheader", name="Exceeded").is_visible()


@pytest.mark.parametrize("width", [320, 768, 1440])
def test_no_figure_is_broken_and_nothing_overflows_at_any_width(open_page, world, session, width):
    long = "Maximiliana " * 30
    session.execute(update(Total).where(Total.name == "Bia Souza").values(name=long.strip()))
    session.execute(update(Total).values(points=Total.points * 123_457))
    session.execute(update(OrganisationRow).values(rules_version=OrganisationRow.rules_version + 1))
    session.commit()
    page = enter(open_page(viewport={"width": width, "height": 800}, locale="pt-BR"), "dora")
    for path in ("/?scope=member", "/?by=average", "/?period=2026-Q4"):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        for figure in (".score", ".medal"):
            assert set(page.locator(figure).evaluate_all(LINES)) == {1}
    assert "3.703.710" in page.goto("/?scope=member").text()
    assert long.strip() in page.locator(".standings").inner_text()


def test_every_control_is_large_enough_for_a_finger(open_page, world):
    page = enter(open_page(viewport={"width": 390, "height": 844}))
    page.locator(".menu summary").click()
    heights = (
        "els => els.filter(el => el.offsetHeight && !el.matches('.skip')).map(el => el.getBoundingClientRect().height)"
    )
    assert min(page.locator("a, button, select, summary").evaluate_all(heights)) >= 44
