"""Agreements in a real browser: from a ready-made one to two signatures with the keyboard alone, and on paper."""

import pytest
from playwright.sync_api import expect

from leaderboard.services.signing import propose
from tests.web.drafting import BY, DRAFTS, begin, promote
from tests.web.test_pages import enter
from tests.web.worlds import NOW

pytestmark = pytest.mark.browser
PATHS = (
    "/agreement",
    "/manage/agreements",
    "/manage/agreements/drafts/new",
    DRAFTS + "/{}",
    DRAFTS + "/{}/compare",
    DRAFTS + "/{}/document",
    DRAFTS + "/{}/head",
    DRAFTS + "/{}/sla",
    DRAFTS + "/{}/sla?key=paused",
    DRAFTS + "/{}/sla?kind=rate_of_events",
    DRAFTS + "/{}/definitions?key=MQL",
    DRAFTS + "/{}/bonus?key=win",
)
SMALL = """all => all.filter(e => e.offsetHeight && e.getBoundingClientRect().height < 44)
    .map(e => e.outerHTML.slice(0, 99))"""
FOCUSED = "(document.activeElement.labels?.[0] ?? document.activeElement).textContent.trim().replace(/\\s+/g, ' ')"


@pytest.fixture(autouse=True)
def _moment(monkeypatch):
    for name in ("agreements", "drafts", "draft_pages", "proposals"):
        monkeypatch.setattr(f"leaderboard.web.{name}.utc_now", lambda: NOW)


@pytest.fixture
def draft(world, session):
    return begin(session, effective_from="2026-12-01")


@pytest.mark.parametrize(("width", "scheme", "locale"), [(390, "dark", "pt-BR"), (1440, "light", "en-US")])
def test_axe_finds_nothing_nothing_overflows_and_what_is_pressed_is_large_enough(
    open_page, draft, axe, width, scheme, locale
):
    page = enter(open_page(viewport={"width": width, "height": 844}, color_scheme=scheme, locale=locale), "dora")
    for path in PATHS:
        page.goto(path.format(draft))
        page.locator("details.more").evaluate_all("all => all.forEach(each => each.open = true)")
        axe(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        pressed = "main button, main select, main summary, main input:not([type=checkbox], [type=radio]), .pill"
        assert page.locator(pressed).evaluate_all(SMALL) == [], path


def tab_to(page, text):
    """Press Tab until what has the focus is called so, from the content on or from where the address points."""
    met = []
    if "#" not in page.url and page.evaluate("document.activeElement === document.body"):
        page.keyboard.press("Tab")
        with page.expect_navigation():
            page.keyboard.press("Enter")
    for _ in range(120):
        page.keyboard.press("Tab")
        met.append(page.evaluate(FOCUSED))
        if met[-1].startswith(text):
            return
    raise AssertionError(f"no way to {text}: {sorted(set(met))}")


def press(page, text, key="Enter"):
    tab_to(page, text)
    with page.expect_navigation():
        page.keyboard.press(key)


def test_from_a_ready_made_agreement_to_two_signatures_with_the_keyboard_alone(open_page, world, session):
    promote(session)
    dora, bia = (enter(open_page(viewport={"width": 1440, "height": 900}), name) for name in ("dora", "bia"))
    dora.goto("/manage/agreements")
    press(dora, "Draft the next version")
    tab_to(dora, "AIn force now")  # the chosen one of its group: the arrows go on from there
    for _ in range(2):
        dora.keyboard.press("ArrowDown")
    press(dora, "Start the draft")
    expect(dora.locator("h1")).to_have_text("Speed to lead")
    press(dora, "Change · Every lead is contacted within 30 working minutes")
    tab_to(dora, "Target for met")
    dora.keyboard.type("45")
    press(dora, "Save")
    expect(dora.locator("#sla-first-contact")).to_contain_text("at most 45 minutes")
    press(dora, "Move down · Every lead is contacted within 30 working minutes")
    expect(dora.locator(".entry h3").nth(1)).to_contain_text("Every lead is contacted")
    press(dora, "Compare")
    expect(dora.locator("main")).to_contain_text("Speed to lead")
    dora.go_back()
    press(dora, "Propose for signature")
    press(dora, "Read and sign")
    press(dora, "Sign for marketing")
    bia.goto("/manage/")
    press(bia, "Speed to lead")
    press(bia, "Sign for sales")
    expect(bia.locator("main")).to_contain_text(
        "Both sides have signed: Speed to lead takes effect on December 1, 2026."
    )
    press(bia, "Speed to lead")
    expect(bia.locator(".signed")).to_have_count(2)


def test_choosing_another_measure_swaps_the_fields_and_keeps_what_is_typed(page, draft):
    enter(page, "dora")
    page.goto(f"{DRAFTS}/{draft}/sla?kind=count")
    page.get_by_label("Title").fill("Typed before")
    page.get_by_label("What is measured").focus()
    page.get_by_label("What is measured").select_option("completion")
    expect(page.locator("#drafts-measure")).to_have_count(0)
    expect(page.get_by_label("Title")).to_have_value("Typed before")
    assert page.evaluate("document.activeElement.id") == "field-kind"


def test_without_javascript_another_measure_has_a_button(open_page, draft):
    page = enter(open_page(java_script_enabled=False), "dora")
    page.goto(f"{DRAFTS}/{draft}/sla?kind=count")
    page.get_by_label("Title").fill("Typed before")
    page.get_by_label("What is measured").select_option("sum")
    page.get_by_role("button", name="Show its fields").click()
    expect(page.get_by_label("Title")).to_have_value("Typed before")
    expect(page.locator("#field-met-hint")).to_contain_text("BRL")


def test_ticked_kinds_of_events_alone_are_seen_until_all_are_unfolded(page, draft):
    enter(page, "dora")
    page.goto(f"{DRAFTS}/{draft}/sla?key=speed")
    starts = page.locator("#field-from .pill")
    expect(starts.filter(visible=True)).to_have_count(1)
    page.locator("#field-from summary").click()
    assert starts.filter(visible=True).count() > 10
    starts.filter(has_text="a lead comes in").click()
    page.locator("#field-from summary").click()
    expect(starts.filter(visible=True)).to_have_count(2)


def test_on_paper_there_are_lines_for_ink_where_nobody_signed_and_no_buttons(page, draft, session):
    enter(page, "dora")
    propose(session, draft, 1, by=BY, now=NOW)
    page.goto(f"{DRAFTS}/{draft}/document")
    expect(page.get_by_role("button", name="Sign for marketing")).to_be_visible()
    expect(page.locator(".ink").first).to_be_hidden()
    page.emulate_media(media="print")
    expect(page.locator(".ink:visible")).to_have_count(2)
    expect(page.locator(".agreement button:visible")).to_have_count(0)
    expect(page.locator(".top")).to_be_hidden()
    page.goto("/agreement")
    expect(page.locator(".agreement-tools:visible")).to_have_count(0)
