"""Targets on pages: what was, what to think about, and taking it into a draft."""

import pytest
from playwright.sync_api import expect

from leaderboard.services import suggesting
from leaderboard.services.drafting import read_draft
from tests.web import worlds
from tests.web.test_markup import Markup
from tests.web.test_pages import enter

FRAGMENT = {"HX-Request": "true"}


@pytest.fixture
def past(session, world, monkeypatch):
    """October is closed; seven leads are enough to suggest from."""
    worlds.close_october(session)
    monkeypatch.setattr(suggesting, "FEWEST_OCCURRENCES", 5)
    monkeypatch.setattr("leaderboard.web.targets.utc_now", lambda: worlds.NOW)
    monkeypatch.setattr("leaderboard.web.draft_pages.utc_now", lambda: worlds.NOW)


def test_the_list_and_the_page_of_an_sla_say_what_was_and_what_is_suggested(past, reader):
    dora = reader("dora")
    page = dora.get("/manage/targets")
    assert Markup(page.text).faults == []
    told = " ".join(page.text.split())
    for words in ('href="/manage/targets/speed?months=6', '<td class="number" data-label="Results">7</td>', "30 min"):
        assert words in told
    one = dora.get("/manage/targets/speed?months=3&met=90&exceeded=10")
    assert Markup(one.text).faults == []
    for words in ('<option value="90" selected>', "chart-targets", 'value="30m"', "October 2026"):
        assert words in one.text
    for path in ("/manage/targets", "/manage/targets/speed"):
        part = dora.get(path, headers=FRAGMENT).text.lstrip()
        assert part.startswith("<section id=")
    assert dora.get("/manage/targets/none").status_code == 404
    assert reader("ana").get("/manage/targets").status_code == 403


@pytest.mark.databases("sqlite")
def test_managers_of_some_teams_see_what_those_came_to(past, reader):
    assert 'data-label="Results">2</td>' in reader("fabio").get("/manage/targets").text  # Caio's
    assert "too few results: 2 of at least 5" in reader("fabio").get("/manage/targets/speed").text


@pytest.mark.databases("sqlite")
def test_targets_go_into_a_draft_and_what_is_none_is_told(past, reader, session):
    dora = reader("dora")
    answer = dora.post("/manage/targets/speed/take", data={"met": "4h", "exceeded": "20m", "draft": ""})
    assert (answer.status_code, answer.location) == (303, "/manage/agreements/drafts/1#sla")
    session.rollback()
    assert 'met = "4h", exceeded = "20m"' in read_draft(session, 1).document
    wrong = dora.post("/manage/targets/speed/take", data={"met": "soon", "exceeded": "", "draft": "1"})
    assert wrong.status_code == 422
    assert 'role="alert"' in wrong.text
    assert 'value="soon"' in wrong.text
    harder = dora.post("/manage/targets/speed/take", data={"met": "1h", "exceeded": "2h", "draft": "1"})
    assert harder.status_code == 422
    assert dora.post("/manage/targets/speed/take", data={"met": "1h", "draft": "77"}).status_code == 409
    assert dora.post("/manage/targets/speed/take", data={"met": "1h", "draft": "x"}).status_code == 400
    assert dora.post("/manage/targets/none/take", data={"met": "1h", "draft": ""}).status_code == 404
    assert reader("ana").post("/manage/targets/speed/take", data={"met": "1h"}).status_code == 403


@pytest.mark.browser
def test_on_a_phone_in_the_dark_and_wide_axe_finds_nothing(open_page, past, axe):
    for width, scheme in ((390, "dark"), (1440, "light")):
        page = enter(open_page(viewport={"width": width, "height": 844}, color_scheme=scheme), "enzo")
        for path in ("/manage/targets", "/manage/targets/speed"):
            page.goto(path)
            axe(page)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        page.get_by_label("Met where it was kept by").select_option("95")
        expect(page.locator("#choose-met")).to_have_value("95")
        page.wait_for_url("**met=95**")
