"""The page that says whether the data is sound: before any look, looking now, whose examples, and that it is quick."""

import pytest

from leaderboard.services import soundness as looking
from leaderboard.services.soundness import look
from leaderboard.storage import soundness
from leaderboard.storage.database import all_or_nothing
from leaderboard.web.rights import Actor
from tests.services.examples import log
from tests.web.test_markup import Markup
from tests.web.test_pages import enter
from tests.web.worlds import NOW

PATH = "/manage/readiness"
FRAGMENT = {"HX-Request": "true"}
BY = Actor("dora@example.com")


@pytest.fixture(autouse=True)
def _clock(world, monkeypatch):
    monkeypatch.setattr("leaderboard.web.readiness.utc_now", lambda: NOW)


@pytest.fixture
def faults(session):
    """Ana and Caio each ended three leads that nobody had begun."""
    for name in ("ana", "caio"):
        log(session, "\n".join(f"11-05 09:0{n} lead.disposed {name} subject={name}-{n}" for n in range(3)), now=NOW)


def test_before_any_look_it_says_so_and_a_manager_looks_now(reader, faults):
    dora = reader("dora")
    before = dora.get(PATH).text
    assert "Nobody has looked yet." in before
    assert "to mend first" not in dora.get("/manage/").text
    assert ("Look now" in before, Markup(before).faults) == (True, [])
    answer = dora.post(f"{PATH}/look", headers=FRAGMENT)
    assert answer.text.lstrip().startswith('<section id="readiness-report"')
    assert "All data was looked at again." in answer.text
    page = dora.get(PATH).text
    for text in ("Not sound enough yet: mend 2 things first.", "dora@example.com", "Look again now", "Definitions"):
        assert text in page
    assert "2 to mend first" in dora.get("/manage/").text
    assert page.index("Mend it first") < page.index("Look at it") < page.index("In order")
    assert Markup(page).faults == []
    again = dora.post(f"{PATH}/look")
    assert (again.status_code, again.location) == (303, PATH)


def test_an_own_teams_manager_reads_examples_of_it_and_an_administrator_all(reader, faults, session):
    look(session, now=NOW, by=BY)
    seen = {name: reader(name).get(PATH).text for name in ("fabio", "enzo")}
    assert [("ana-1" in page, "caio-1" in page) for page in seen.values()] == [(False, True), (True, True)]
    for page in seen.values():
        assert "6 of 20 ends came before any beginning: 30%." in page


def test_nobody_looks_while_somebody_else_does(reader, session):
    with all_or_nothing(session):
        soundness.begin_look(session.connection(), NOW, "another", looking.STALE_AFTER)
    dora = reader("dora")
    answer = dora.post(f"{PATH}/look", headers=FRAGMENT)
    assert (answer.status_code, "Somebody looks at this moment" in answer.text) == (409, True)
    assert dora.post(f"{PATH}/look").status_code == 303
    assert "Nobody has looked yet." in dora.get(PATH).text


@pytest.mark.databases("sqlite")
def test_a_look_that_fails_is_told_and_the_page_stands(reader, monkeypatch):
    def broken(*_args, **_kwargs):
        raise RuntimeError("a broken check")

    monkeypatch.setattr(looking, "find_all", broken)
    answer = reader("dora").post(f"{PATH}/look", headers=FRAGMENT)
    assert (answer.status_code, "RuntimeError: a broken check" in answer.text) == (200, True)


def test_the_page_takes_one_statement_for_the_report_whatever_was_found(reader, session, faults, query_counter):
    look(session, now=NOW, by=BY)
    dora, fabio = reader("dora"), reader("fabio")
    counts = []
    for client in (dora, fabio):
        client.get(PATH)
        with query_counter() as statements:
            client.get(PATH, headers=FRAGMENT)
        counts.append(len([each for each in statements if "readiness_report" in each]))
        assert len(statements) <= 4, statements
    assert counts == [1, 1]


@pytest.mark.browser
@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1440, "light")])
def test_axe_finds_nothing_and_looking_again_swaps_the_report(open_page, session, faults, axe, width, scheme):
    look(session, now=NOW, by=BY)
    page = enter(open_page(viewport={"width": width, "height": 900}, color_scheme=scheme), "dora")
    page.goto(PATH)
    page.locator("#examples-disorder").click()
    axe(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    report = page.locator("#readiness-report")
    heights = "all => all.filter(e => e.offsetHeight).map(e => e.getBoundingClientRect().height)"
    assert min(report.locator("button, summary, li a").evaluate_all(heights)) >= 44
    page.evaluate("document.body.dataset.sameDocument = 'yes'")
    page.locator("#readiness-look").click()
    page.get_by_text("All data was looked at again.").wait_for()
    assert page.evaluate("document.body.dataset.sameDocument") == "yes"
    assert page.evaluate("document.activeElement.id") == "readiness-look"
