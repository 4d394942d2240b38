"""The page of the jobs: who sees it, what it says, and a job run by hand."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from leaderboard.services import jobs
from leaderboard.storage.database import all_or_nothing
from leaderboard.storage.jobs import add_run, note_look
from leaderboard.storage.tables import OrganisationRow
from leaderboard.storage.trail_tables import JobLook, JobRun
from tests.web.test_markup import Markup
from tests.web.test_pages import enter
from tests.web.worlds import NOW

PATH = "/manage/jobs"
FRAGMENT = {"HX-Request": "true"}
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _clock(world, monkeypatch):
    for module in ("jobs", "health"):
        monkeypatch.setattr(f"leaderboard.web.{module}.utc_now", lambda: NOW)


@pytest.fixture
def history(session):
    """The scheduler looked a minute ago; October was closed; closing has failed three times since."""
    with all_or_nothing(session):
        connection = session.connection()
        for job in jobs.JOBS:
            note_look(connection, job, NOW - MINUTE, timedelta(milliseconds=1300), "board-1 4711")
        add_run(connection, "close", "done", "2026-10 closed", "scheduler", NOW - 9 * MINUTE, NOW - 8.9 * MINUTE)
        add_run(connection, "close", "failed", "<b>broken</b>", "scheduler", NOW - 3 * MINUTE, NOW - MINUTE)
        session.execute(JobRun.__table__.update().where(JobRun.outcome == "failed").values(times=3))


@pytest.fixture
def breaks(monkeypatch):
    def score(_task):
        raise RuntimeError("a broken rule")
        yield

    monkeypatch.setitem(jobs.JOBS, "score", score)


@pytest.mark.parametrize(("name", "sees", "runs"), [("ana", 403, 403), ("dora", 200, 403), ("enzo", 200, 200)])
def test_managers_see_jobs_and_administrators_run_them(reader, session, name, sees, runs):
    client = reader(name)
    page = client.get(PATH)
    assert (page.status_code, "Run now" in page.text) == (sees, runs == 200)
    assert client.post(f"{PATH}/score/run", headers=FRAGMENT).status_code == runs
    assert client.get(f"{PATH}/score/run").status_code == 405


def test_the_page_says_what_ran_what_failed_and_what_comes_next_in_the_organisations_zone(reader, history):
    page = reader("dora").get(PATH).text.replace("\u202f", " ")
    for text in (
        "A scheduler looks every minute: board-1 4711.",
        "Nov 18, 2026, 11:59 AM",  # NOW is noon in São Paulo
        "1.3 s",
        "2026-10 closed",
        "&lt;b&gt;broken&lt;/b&gt;",
        "3 times, since Nov 18, 2026, 11:57 AM",
        "October 2026",  # it waits to be closed
        "At the next look",
        "Nov 19, 2026, 3:30 AM",  # and the clean-up for the night
    ):
        assert text in page, text
    assert page.count(">Failing<") == 1
    assert Markup(page).faults == []


@pytest.mark.parametrize(
    ("minutes", "told"), [(3, "A scheduler looks every minute"), (4, "No scheduler has looked since Nov 18, 2026")]
)
def test_a_silent_scheduler_is_told(reader, session, minutes, told):
    with all_or_nothing(session):
        note_look(session.connection(), "score", NOW - minutes * MINUTE, MINUTE, "board-1 4711")
    assert told in reader("dora").get(PATH).text


def test_before_any_scheduler_the_page_says_how_to_start_one(reader):
    assert "No scheduler has ever looked. Start one with: leaderboard serve" in reader("dora").get(PATH).text


def test_a_job_run_by_hand_says_what_it_did_and_who_it_was(reader, session):
    client = reader("enzo")
    answer = client.post(f"{PATH}/close/run", headers=FRAGMENT)
    assert answer.text.lstrip().startswith('<section id="jobs-overview"')
    assert "Done: 2026-10 closed" in answer.text
    assert "There was nothing to do." in client.post(f"{PATH}/close/run", headers=FRAGMENT).text
    assert session.execute(select(JobRun.by, JobRun.job)).all() == [("enzo@example.com", "close")]
    assert session.execute(select(JobLook)).first() is None
    whole = client.post(f"{PATH}/close/run", follow_redirects=True).text
    assert "There was nothing to do." in whole
    assert "<html" in whole


def test_m3_a_job_that_fails_by_hand_is_told_and_the_page_stands(reader, session, breaks):
    answer = reader("enzo").post(f"{PATH}/score/run", headers=FRAGMENT)
    assert answer.status_code == 200
    assert "That failed, and what it had begun is undone: RuntimeError: a broken rule" in answer.text
    assert "Traceback" not in answer.text
    assert session.execute(select(OrganisationRow.name)).scalar_one() == "Aurora"


def test_what_is_no_job_is_not_found(reader):
    assert reader("enzo").post(f"{PATH}/backup/run").status_code == 404


def test_a_form_without_its_token_runs_nothing(app, reader, session):
    client = reader("dora")
    app.config["WTF_CSRF_ENABLED"] = True
    assert client.post(f"{PATH}/close/run").status_code == 400
    assert session.execute(select(JobRun.id)).first() is None


def test_the_page_takes_as_many_queries_whatever_has_run(reader, session, history, query_counter):
    client = reader("dora")

    def asked():
        with query_counter() as statements:
            assert client.get(PATH, headers=FRAGMENT).status_code == 200
        return len(statements)

    asked()
    before = asked()
    with all_or_nothing(session):
        for number in range(60):
            add_run(session.connection(), "score", "done", f"{number}", "scheduler", NOW, NOW)
    assert asked() == before <= 10


def test_ready_tells_of_the_scheduler_and_does_not_hang_on_it(client, session):
    assert client.get("/readyz").text == "ready\nscheduler: silent, none has ever looked\n"
    for minutes, told in ((3, "looked at 2026-11-18T14:57:00+00:00"), (4, "silent since 2026-11-18T14:56:00+00:00")):
        with all_or_nothing(session):
            note_look(session.connection(), "score", NOW - minutes * MINUTE, MINUTE, "board-1 4711")
        answer = client.get("/readyz")
        assert (answer.status_code, answer.text) == (200, f"ready\nscheduler: {told}\n")


# In a browser


def enter_jobs(page):
    enter(page, "enzo")
    page.goto(PATH)
    return page


@pytest.mark.browser
@pytest.mark.parametrize("size", [(390, 844), (1440, 900)])
def test_axe_finds_nothing_and_nothing_overflows(open_page, history, axe, size):
    page = enter_jobs(open_page(viewport={"width": size[0], "height": size[1]}))
    axe(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    page.locator("#run-close").click()
    expect(page.locator("#job-close").get_by_role("status")).to_contain_text("Done: 2026-10 closed")
    assert page.evaluate("document.activeElement.id") == "run-close"
    axe(page)


@pytest.mark.browser
def test_the_page_renews_itself_and_says_nothing_of_it(open_page, session, history):
    page = open_page()
    page.clock.install()
    enter_jobs(page).locator("#run-score").focus()
    with all_or_nothing(session):
        note_look(session.connection(), "score", NOW, MINUTE, "board-2 99")
    page.clock.fast_forward(30_000)
    expect(page.locator("#jobs-overview")).to_contain_text("board-2 99")
    assert page.evaluate("document.activeElement.id") == "run-score"
    assert page.locator("#said").inner_text() == ""


@pytest.mark.browser
def test_a_job_can_be_run_without_javascript(open_page):
    page = enter_jobs(open_page(java_script_enabled=False))
    page.locator("#run-close").click()
    expect(page.get_by_text("Done: 2026-10 closed")).to_be_visible()
