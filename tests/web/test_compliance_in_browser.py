"""The pages of compliance in a real browser: on a phone and a wide screen, in the dark, swapped, and on paper."""

import re
import sys

import pytest
from playwright.sync_api import expect

from tests.services.examples import csv_of, hand_in
from tests.web.test_manage_pages import HEIGHTS
from tests.web.test_pages import enter
from tests.web.worlds import NOW

pytestmark = pytest.mark.browser
PATHS = (
    "/manage/compliance?period=2026-Q4",
    "/manage/compliance/people?period=2026-Q4",
    "/manage/compliance/slas/speed?period=2026-Q4",
    "/manage/compliance/leads?period=2026-Q4",
    "/manage/compliance/compare",
    "/manage/due?days=7",
    "/manage/due/overdue",
    "/manage/report/2026-11",
)


@pytest.fixture
def short(session, world, monkeypatch):
    """In November Caio missed a lead and has not done it; another is due tomorrow."""
    for name, module in list(sys.modules.items()):
        if name.startswith("leaderboard.web.") and hasattr(module, "utc_now"):
            monkeypatch.setattr(module, "utc_now", lambda: NOW)
    starts = {"missed": "2026-11-12T13:00:00+00:00", "waits": "2026-11-18T14:00:00+00:00"}
    hand_in(
        session, csv_of(*(f"{key},{at},lead.assigned,{key},caio@example.com" for key, at in starts.items())), now=NOW
    )


@pytest.mark.parametrize(("width", "scheme", "locale"), [(390, "light", "pt-BR"), (1440, "dark", "en-US")])
def test_axe_finds_nothing_nothing_overflows_and_every_control_is_large_enough(
    open_page, short, axe, width, scheme, locale
):
    page = enter(open_page(viewport={"width": width, "height": 844}, color_scheme=scheme, locale=locale), "enzo")
    for path in PATHS:
        page.goto(path)
        for table in page.locator(".chart-table summary").all():
            table.click()
        axe(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        controls = "main button, main select, main summary, .exports a, .heat-cell a, .figure-tiles dd a"
        assert min(page.locator(controls).evaluate_all(HEIGHTS)) >= 44, path


def test_a_choice_swaps_the_figures_and_a_figure_leads_to_its_leads(page, short):
    enter(page, "enzo")
    page.goto("/manage/compliance")
    page.evaluate("document.body.dataset.sameDocument = 'yes'")
    page.get_by_label("Team", exact=True).select_option("South")
    expect(page.locator("#compliance-figures #teams tbody tr")).to_have_count(1)
    assert page.evaluate("document.body.dataset.sameDocument") == "yes"
    assert "team=" in page.url
    page.get_by_label("Period", exact=True).select_option("2026-10")
    expect(page.locator("#compliance-figures h2").first).to_have_text("October 2026")
    page.go_back()
    expect(page.locator("#compliance-figures h2").first).to_have_text("November 2026")
    page.locator("#worst tbody tr td.number a").first.click()
    expect(page.locator("#compliance-leads tbody tr")).to_have_count(1)
    expect(page.locator("#compliance-leads tbody th")).to_have_text("missed")


def test_the_report_is_one_page_of_paper_without_what_is_for_the_screen(page, short):
    enter(page, "enzo")
    page.goto("/manage/report/2026-11")
    paper = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", paper)) == 1
    page.emulate_media(media="print")
    expect(page.locator(".report-ways")).to_be_hidden()
    expect(page.locator(".manage-nav")).to_be_hidden()
    expect(page.locator(".report .chart-plot")).to_be_visible()
