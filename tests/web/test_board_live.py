"""An open board in a real browser: it follows what is scored, keeps its reader's place, and says when it cannot."""

import pytest
from playwright.sync_api import expect

from leaderboard.services.recording import record_event
from leaderboard.web import streams
from tests.factories import at, event, ids_of
from tests.web import worlds
from tests.web.test_pages import enter

pytestmark = pytest.mark.browser
# Rows on their way lie over each other, which axe would tell of.
STANDS = "() => document.getElementById('board-table').getAnimations({ subtree: true }).length === 0"


@pytest.fixture(autouse=True)
def _at_the_moment_of_the_world(monkeypatch):
    monkeypatch.setattr(streams, "today", lambda *_args, **_more: worlds.NOW.date())


def win(session, number, name="bia"):
    """Let somebody dispose of a lead in time: 10 points."""
    member, lead = ids_of(session)[name], f"win-{number}"
    record_event(session, event(f"a-{lead}", "11-18 09:00", "lead.assigned", member, lead), now=at("11-18 11:00"))
    record_event(session, event(f"d-{lead}", "11-18 09:30", "lead.disposed", member, lead), now=at("11-18 11:00"))


def test_an_open_board_follows_what_is_scored_and_another_board_after_it(page, world, session, axe):
    enter(page)
    mark = page.locator("#board-live")
    expect(mark).to_have_text("Live: changes show by themselves.")
    page.get_by_role("link", name="People").click()
    rows = page.locator(".standings tbody tr")
    expect(rows).to_have_count(5)
    expect(mark).to_have_text("Live: changes show by themselves.")
    expect(page.locator("tr[aria-current]")).to_contain_text("Ana Lima")
    page.locator("#choose-month").focus()
    for number in range(2):
        win(session, number)
    expect(rows.first).to_contain_text("Bia Souza", timeout=3_000)
    expect(rows.first.locator(".score")).to_have_text("40")
    expect(page.locator("tr[aria-current]")).to_contain_text("Ana Lima")
    assert page.evaluate("document.activeElement.id") == "choose-month"
    page.wait_for_function(STANDS)
    axe(page)


def test_a_board_says_since_when_it_has_heard_nothing_and_goes_on_by_itself(page, world, session):
    enter(page)
    mark = page.locator("#board-live")
    expect(mark).to_contain_text("Live")
    page.context.set_offline(True)
    expect(mark).to_contain_text("the server cannot be reached")
    expect(page.locator(".standings tbody tr")).to_have_count(3)
    win(session, 1)
    page.context.set_offline(False)
    expect(page.locator(".standings .score").first).to_have_text("60")
    expect(mark).to_contain_text("Live")
    page.guard.faults.clear()  # the browser names what it could not reach


def test_a_closed_month_has_no_stream(page, world, session):
    worlds.close_october(session)
    enter(page)
    page.goto("/?period=2026-10")
    expect(page.locator("#board-live")).to_be_hidden()
    assert page.locator("[data-stream]").count() == 0
