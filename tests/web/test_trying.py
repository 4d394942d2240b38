"""What if, on a page: with progress where there are scripts, and without; people only of one's own teams."""

import json

import pytest
from playwright.sync_api import expect

from leaderboard.domain.actors import Actor
from leaderboard.services import trying
from leaderboard.services.drafting import start_draft
from leaderboard.services.trial_processes import TrialFailed
from tests.services.bonus_examples import CLOSED_AT, TEAM_WIN
from tests.services.examples import PIPELINE, WINS, agreement
from tests.web import won
from tests.web.test_markup import Markup
from tests.web.test_pages import enter

DRAFTS = "/manage/agreements/drafts"
DRAFT = agreement(WINS.replace("met = 2, exceeded = 4", "met = 4"), PIPELINE, TEAM_WIN.replace("1000.00", "800.00"))


def draft_of(session):
    return start_draft(session, DRAFT, by=Actor("dora@example.com"), now=CLOSED_AT)


def steps_of(client, draft_id):
    answer = client.get(f"{DRAFTS}/{draft_id}/try/steps?quarters=1")
    assert answer.mimetype == "application/x-ndjson"
    assert answer.headers["X-Accel-Buffering"] == "no"
    return [json.loads(line) for line in answer.text.splitlines()]


def test_the_page_asks_and_answers_without_scripts_what_would_have_been_beside_what_was(won_reader, session):
    draft_id = draft_of(session)
    dora = won_reader("dora")
    asked = dora.get(f"{DRAFTS}/{draft_id}/try")
    assert "Try it out" in asked.text
    assert "Was won by" not in asked.text
    answer = dora.get(f"{DRAFTS}/{draft_id}/try?quarters=1")
    assert Markup(answer.text).faults == []
    # Four wins are met, not exceeded: Ana 100 in each of two months, Eva 100, Bia nothing.
    told = " ".join(answer.text.split())
    for words in ("Q4 2026", "<bdi>North</bdi>: R$800.00", "<bdi>North</bdi>: R$1,000.00", "it was R$1,800.10"):
        assert words in told, told
    assert f'href="{DRAFTS}/{draft_id}"' in answer.text


def test_progress_comes_as_lines_and_at_last_the_same_fragment(won_reader, session, monkeypatch):
    monkeypatch.setattr(trying, "SUBJECTS_A_CHUNK", 4)
    draft_id, enzo = draft_of(session), won_reader("enzo")
    *steps, last = steps_of(enzo, draft_id)
    assert [each["share"] for each in steps] == sorted(each["share"] for each in steps)
    assert steps[-1] == {"share": 1.0, "text": "Q4 2026"}
    assert last["html"] in enzo.get(f"{DRAFTS}/{draft_id}/try?quarters=1").text


@pytest.mark.databases("sqlite")
def test_a_manager_sees_people_of_their_own_teams_alone_and_all_teams(won_reader, session):
    draft_id = draft_of(session)
    html = steps_of(won_reader("fabio"), draft_id)[-1]["html"]
    people = html[html.index("<caption>People") :]
    assert "<bdi>Eva</bdi>" in people
    assert "Ana" not in people
    assert "those of the teams that you answer for" in people
    assert "<bdi>North</bdi>" in html[: html.index("<caption>People")]


@pytest.mark.databases("sqlite")
def test_reps_are_refused_and_a_draft_that_is_not_there_is_none(won_reader, session):
    draft_id = draft_of(session)
    for path in ("try", "try/steps"):
        assert won_reader("ana").get(f"{DRAFTS}/{draft_id}/{path}").status_code == 403
        assert won_reader("dora").get(f"{DRAFTS}/999/{path}").status_code == 404


@pytest.mark.databases("sqlite")
def test_one_is_tried_at_a_time_and_what_fails_says_so(won_reader, session, monkeypatch):
    draft_id, dora = draft_of(session), won_reader("dora")
    with trying._turn:
        assert "at this moment" in steps_of(dora, draft_id)[-1]["html"]
        assert "at this moment" in dora.get(f"{DRAFTS}/{draft_id}/try?quarters=1").text

    def failing(*_):
        raise TrialFailed("it has ended")

    monkeypatch.setattr(trying, "work_out", failing)
    assert "could not be worked out" in steps_of(dora, draft_id)[-1]["html"]


@pytest.mark.databases("sqlite")
def test_before_anything_is_closed_there_is_nothing_to_try_on(reader, session):
    draft_id = draft_of(session)
    page = reader("dora").get(f"{DRAFTS}/{draft_id}/try?quarters=1").text
    assert "No quarter is closed yet" in page
    assert "No quarter is closed yet" in steps_of(reader("dora"), draft_id)[-1]["html"]


@pytest.mark.browser
def test_the_result_comes_into_the_page_and_axe_finds_nothing(open_page, session, axe):
    won.build(session)
    draft_id = draft_of(session)
    page = enter(open_page(viewport={"width": 390, "height": 844}, color_scheme="dark"), "enzo")
    page.goto(f"{DRAFTS}/{draft_id}/try")
    axe(page)
    page.evaluate("document.body.dataset.sameDocument = 'yes'")
    page.get_by_role("button", name="Try it out").press("Enter")
    expect(page.locator("#trying-result table")).to_have_count(3)
    expect(page.locator("#trying-title")).to_be_focused()
    expect(page.locator("#trying-progress")).to_be_hidden()
    axe(page)
    assert page.evaluate("document.body.dataset.sameDocument") == "yes"
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.route("**/try/steps*", lambda route: route.abort())
    page.get_by_role("button", name="Try it out").click()
    expect(page.get_by_role("alert")).to_contain_text("connection broke")
