"""Imports in a real browser: a file is dropped, its columns are mapped with a live preview, its import is watched."""

import re

import pytest
from playwright.sync_api import expect

from leaderboard.domain.actors import SCHEDULER
from leaderboard.services import upload_runs
from leaderboard.services.jobs import IMPORTS, run_job
from leaderboard.storage.tables import EventRow
from leaderboard.storage.upload_tables import Upload
from tests.services.examples import count
from tests.web.test_pages import enter
from tests.web.worlds import NOW

pytestmark = pytest.mark.browser
PLACE = "/manage/imports"
DROP = """([zone, text]) => {
    const data = new DataTransfer();
    data.items.add(new File([text], "leads.csv", { type: "text/csv" }));
    for (const name of ["dragenter", "dragover", "drop"]) {
        const how = { dataTransfer: data, bubbles: true, cancelable: true };
        document.querySelector(zone).dispatchEvent(new DragEvent(name, how));
    }
}"""
LEADS = "Lead,Owner,Assigned,Disposed,Status\n" + "".join(
    f"B{number},{'ana' if number % 2 else 'x-99'}@example.com,2026-11-05T09:00,2026-11-05T10:00,Won{' ' * 2000}\n"
    for number in range(600)
)


def fits(page, axe):
    axe(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"], page.url


def test_a_file_is_dropped_mapped_by_hand_watched_and_reported(open_page, world, session, axe, monkeypatch):
    monkeypatch.setattr(upload_runs, "ROWS_A_BATCH", 200)
    page = enter(open_page(viewport={"width": 390, "height": 844}, color_scheme="dark"), "enzo")
    page.goto(PLACE)
    fits(page, axe)
    assert len(LEADS) > 1024**2  # more than a piece
    page.evaluate(DROP, [".drop-zone", LEADS])
    page.wait_for_url("**/files/*")
    file = page.url
    page.get_by_role("button", name="Map the columns by hand").click()
    mapping = page.locator("#uploads-mapping")
    expect(mapping.locator(".preview-sum")).to_contain_text("300 rows tried: 600 events, 0 rows refused")
    mapping.locator("fieldset").nth(1).locator("summary").click()
    mapping.locator("#e1_outcome").select_option("c:Status")
    expect(mapping.locator(".preview-sum")).to_contain_text("300 rows refused")  # swapped as it is chosen
    mapping.locator("#e1_values_outcome_0_to").focus()
    mapping.locator("#e1_values_outcome_0_to").select_option("qualified")
    expect(mapping.locator(".preview-sum")).to_contain_text("0 rows refused")
    expect(page.locator("#e1_values_outcome_0_to")).to_be_focused()
    expect(mapping.locator(".unknown-names")).to_contain_text("x-99@example.com")
    fits(page, axe)
    page.get_by_role("button", name="Use this mapping").click()
    page.wait_for_url(file)
    page.get_by_role("button", name="Import it").click()
    bar = page.get_by_role("progressbar")
    expect(bar).to_have_attribute("value", "0")
    seen = []

    def watched(rows):
        expect(page.locator(".import-progress label")).to_contain_text(f"{rows} rows are done")
        seen.append(bar.evaluate("bar => bar.value"))
        return False

    report = run_job(
        session, IMPORTS, now=NOW, by=SCHEDULER, limits=None, is_stopping=lambda: between_batches(session, watched)
    )
    assert report.failure is None
    expect(page.locator("#report-title")).to_be_visible()
    expect(page.locator(".report-figures")).to_contain_text(re.compile(r"Rows refused\s*300"))
    assert 0 < seen[0] <= seen[1]
    assert count(session, EventRow) >= 600
    fits(page, axe)
    with page.expect_download() as download:
        page.get_by_role("link", name="Refused rows as a file to mend").click()
    assert download.value.path().read_text().count("\n") == 301


def between_batches(session, watched):
    """Look at the page between two batches; before the first and after the last there is nothing to see."""
    row = session.query(Upload.rows_done, Upload.state).one()
    session.rollback()
    return watched(row.rows_done) if row.state == "running" and row.rows_done else False
