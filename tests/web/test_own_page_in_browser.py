"""My page, explanations and questions in a real browser, on a phone and a wide screen."""

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from leaderboard.storage.tables import AttainmentRow
from tests.services.examples import log
from tests.web.test_manage_pages import HEIGHTS
from tests.web.test_pages import enter
from tests.web.worlds import NOW

pytestmark = pytest.mark.browser
CONTROLS = "main button, main select, main summary, main textarea, main .line, main .choice, nav a"


@pytest.fixture
def result(session, world, monkeypatch):
    """The number of a result of Ana's; she has one lead that waits, and one that is late."""
    for name in ("members", "points", "questions"):
        monkeypatch.setattr(f"leaderboard.web.{name}.utc_now", lambda: NOW)
    log(
        session, "11-17 17:00 lead.assigned ana subject=waiting\n11-09 09:00 lead.assigned ana subject=overdue", now=NOW
    )
    mine = (AttainmentRow.subject == "11-ana-0", AttainmentRow.sla == "speed")
    return session.execute(select(AttainmentRow.id).where(*mine)).scalar_one()


@pytest.mark.parametrize(("width", "scheme", "locale"), [(390, "light", "pt-BR"), (1440, "dark", "en-US")])
def test_axe_finds_nothing_nothing_overflows_and_every_control_is_large_enough(
    open_page, result, axe, width, scheme, locale
):
    page = enter(open_page(viewport={"width": width, "height": 844}, color_scheme=scheme, locale=locale), "ana")
    for path in ("/me", f"/results/{result}", "/points/1", "/members/1/results", "/members/1/entries", "/me/questions"):
        page.goto(path)
        for summary in page.locator("main summary").all():
            summary.click()
        axe(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        assert min(page.locator(CONTROLS).evaluate_all(HEIGHTS)) >= 44, path


def test_a_question_is_asked_on_the_phone_and_answered_in_its_place(open_page, result):
    ana = enter(open_page(viewport={"width": 390, "height": 844}), "ana")
    ana.goto("/me")
    ana.get_by_role("link", name="11-ana-0").first.click()
    ana.locator("#ask").focus()
    ana.keyboard.press("Enter")
    ana.keyboard.press("Tab")
    ana.keyboard.type("I did it before noon")
    ana.keyboard.press("Tab")
    ana.keyboard.press("Enter")
    expect(ana.locator("#questions")).to_contain_text("Waits for an answer")
    dora = enter(open_page(viewport={"width": 1440, "height": 900}), "dora")
    dora.goto("/manage/questions")
    dora.evaluate("document.body.dataset.sameDocument = 'yes'")
    row = dora.locator("#question-1")
    row.locator("summary").click()
    row.get_by_label("Answer").fill("You are right")
    row.get_by_label("Points to give, if any").fill("70000")
    row.get_by_role("button", name="Send the answer").click()
    expect(row.get_by_role("alert")).to_contain_text("whole number")
    row.get_by_label("Points to give, if any").fill("7")
    row.get_by_role("button", name="Send the answer").click()
    expect(row).to_contain_text("7 points given")
    assert dora.evaluate("document.body.dataset.sameDocument") == "yes"
    ana.reload()
    expect(ana.locator("#questions")).to_contain_text("7 points given")
