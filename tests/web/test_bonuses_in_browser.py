"""The pages of bonuses in a real browser: swaps, the confirmation, phones and wide screens, the printed statement."""

import pytest
from playwright.sync_api import expect

from tests.factories import ids_of
from tests.services.bonus_examples import CLOSED_AT, award_id
from tests.web import won
from tests.web.test_pages import SIZES, enter
from tests.web.won import stand_at

pytestmark = pytest.mark.browser
LIST = "/manage/bonuses"


@pytest.fixture
def quarter(session, monkeypatch):
    won.build(session)
    stand_at(monkeypatch, won.LATER)
    return award_id(session, "team-win", "North")


def test_an_award_is_approved_in_place_and_its_reader_goes_on_there(page, quarter):
    enter(page, "dora")
    page.goto(LIST)
    award = page.locator(f"#award-{quarter}")
    award.get_by_role("button", name="Approve").press("Enter")
    expect(award.locator(".award-status")).to_have_text("Approved")
    expect(page.locator("#said")).to_have_text("Team win · North is approved.")
    expect(award.locator("h3")).to_be_focused()
    assert page.locator("article").count() == 6


def test_a_reason_that_is_refused_stays_open_with_what_is_wrong(page, quarter, axe):
    enter(page, "dora")
    page.goto(LIST)
    award = page.locator(f"#award-{quarter}")
    award.get_by_text("Decline …").click()
    award.get_by_label("Reason").fill("   ")
    award.locator("details").get_by_role("button", name="Decline").click()
    expect(award.get_by_role("alert")).to_have_text("Write a sentence.")
    expect(award.get_by_label("Reason")).to_be_visible()
    axe(page)


@pytest.mark.parametrize("scripts", [True, False])
def test_several_awards_are_declined_after_a_confirmation(open_page, quarter, scripts):
    page = enter(open_page(java_script_enabled=scripts), "dora")
    page.goto(f"{LIST}?period=2026-Q4")
    page.get_by_role("link", name="Select all of this page").click()
    expect(page.get_by_label("Select Best rep · Ana")).to_be_checked()
    for name in ("Best rep · Ana", "By points · North", "By points · South"):
        page.get_by_label(f"Select {name}").uncheck()
    page.locator("#bonuses-chosen").get_by_role("button", name="Decline").click()
    assert "R$1,500.00" in page.locator("tfoot").inner_text()
    page.get_by_label("Reason").fill("Won by a mistake")
    page.get_by_role("button", name="Decline").click()
    expect(page.get_by_role("status").filter(has_text="2 awards are declined.")).to_be_visible()
    assert page.url.endswith("?period=2026-Q4")


@pytest.mark.parametrize(("size", "scheme"), [("phone", "dark"), ("laptop", "light")])
def test_the_pages_are_accessible_and_fit_the_screen(open_page, quarter, session, axe, size, scheme, monkeypatch):
    width, height = SIZES[size]
    page = enter(open_page(viewport={"width": width, "height": height}, color_scheme=scheme), "bia")
    own = f"/members/{ids_of(session)['bia']}/statement/2026-Q4"
    confirm = f"{LIST}/confirm?step=approved&award={quarter}&award={award_id(session, 'best-rep', 'Ana')}"
    for path in (LIST, f"{LIST}/exports", own, *((confirm, "/bonuses") if size == "phone" else ())):
        if path == "/bonuses":
            stand_at(monkeypatch, CLOSED_AT)  # it can be asked about
        page.goto(path)
        page.evaluate("document.querySelectorAll('main details').forEach(each => { each.open = true; })")
        axe(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path


def test_a_printed_statement_is_a_page_of_a4_without_what_is_for_the_screen(page, quarter, session):
    enter(page, "ana")
    page.goto(f"/members/{ids_of(session)['ana']}/statement/2026-Q4")
    page.emulate_media(media="print")
    for gone in (".top", ".on-screen >> nth=0"):
        expect(page.locator(gone)).to_be_hidden()
    printed = page.pdf(prefer_css_page_size=True)
    assert printed.count(b"/Type /Page\n") == 1
    assert b"/MediaBox [0 0 594.95996 841.91998]" in printed
