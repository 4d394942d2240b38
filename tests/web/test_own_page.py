"""My page: what to do now, where I stand, my course, and the lists that lead to why (S1-S3, C3, P8)."""

import pytest

from leaderboard.services.adjusting import adjust
from leaderboard.web.rights import Actor
from tests.factories import ids_of
from tests.services.examples import log
from tests.web.worlds import NOW

OPEN = "11-18 11:00 lead.assigned ana subject=waiting\n11-09 09:00 lead.assigned ana subject=overdue"


@pytest.fixture(autouse=True)
def _moment(monkeypatch):
    for name in ("members", "points"):
        monkeypatch.setattr(f"leaderboard.web.{name}.utc_now", lambda: NOW)


@pytest.fixture
def ids(session, world):
    return ids_of(session)


@pytest.mark.databases("sqlite")
def test_me_says_what_to_do_what_it_is_worth_and_what_is_still_open(reader, session, ids):
    log(session, OPEN, now=NOW)
    page = reader("ana").get("/me").text
    todo = page[page.index("What to do now") : page.index("around me".capitalize())]
    for text in ("waiting", "Exceeded until 12:00", "+10", "Met until Thu 11:00", "Still open", "overdue", "0 s"):
        assert text.replace(" ", "\N{NO-BREAK SPACE}") in todo or text in todo, text
    assert todo.index("waiting") < todo.index("Still open") < todo.index("overdue")
    assert "missed" not in todo.lower()  # nobody is shamed
    assert "Closed now: the clock runs on 1:00" in todo  # noon: they are at lunch


@pytest.mark.databases("sqlite")
def test_me_says_where_i_stand_and_how_far_the_next_rank_is(reader, ids):
    page = reader("bia").get("/me").text
    for text in ("20 points", "10 points to the next rank", "of 5", "1 down", "60 points", "Nobody has more."):
        assert text in page, text
    near = page[page.index('id="near-title"') : page.index("On the leaderboard")]
    assert [near.index(name) for name in ("Ana Lima", "Bia Souza", "Caio")] == sorted(
        near.index(name) for name in ("Ana Lima", "Bia Souza", "Caio"))  # fmt: skip
    assert near.count("aria-current") == 1


@pytest.mark.databases("sqlite")
def test_me_has_course_streak_history_and_what_others_see(reader, ids):
    page = reader("ana").get("/me").text
    for text in ("My course in November 2026", "3 of 3 in time", "4</strong> in time in a row", "My points by month",
                 "My latest points", "/points/", "What others see", 'name="hide_page"', "Language"):  # fmt: skip
        assert text in page, text
    fragment = reader("ana").get("/me", headers={"HX-Request": "true"}).text
    assert fragment.lstrip().startswith('<div id="members-now"')
    assert "My course" not in fragment


@pytest.mark.databases("sqlite")
def test_a_page_of_nobody_with_results_is_whole_too(reader, session, ids):
    page = reader("dora").get("/me").text
    for text in ("Nothing waits for you", "There are no points in this month.", "0</strong> in time in a row"):
        assert text in page, text


@pytest.mark.databases("sqlite")
def test_results_and_points_are_listed_by_month_each_leading_to_why(reader, session, ids):
    log(session, OPEN, now=NOW)
    ana, path = reader("ana"), f"/members/{ids['ana']}"
    page = ana.get(f"{path}/results").text
    assert page.count('class="line"') == 4  # three in time and one overdue; what is open is on my page
    assert "period=2026-10" in page
    assert ana.get(f"{path}/results?level=missed").text.count('class="line"') == 1
    assert ana.get(f"{path}/results?period=2026-10&sla=speed").text.count('class="line"') == 1
    adjust(session, ids["ana"], 40, "Helped", "2026-11", by=Actor("d", None, ids["dora"]), now=NOW)
    entries = ana.get(f"{path}/entries").text
    assert entries.count('class="line"') == 4
    assert entries.index("Helped") < entries.index("11-ana-2")


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("results?period=2026-Q4", 400),
        ("results?period=x", 400),
        ("results?sla=none", 400),
        ("results?level=great", 400),
        ("results?page=0", 400),
        ("entries?before=x", 400),
        ("entries?period=2027-05", 200),
    ],
)
def test_what_cannot_be_listed_is_told(reader, ids, path, code):
    assert reader("ana").get(f"/members/{ids['ana']}/{path}").status_code == code
    assert reader("ana").get(f"/members/{10**17}/results").status_code == 404


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize(("name", "code"), [("ana", 200), ("bia", 404), ("dora", 200), ("fabio", 404), ("enzo", 200)])
def test_lists_are_for_the_person_and_who_answers_for_them(reader, ids, name, code):
    for kind in ("results", "entries"):
        assert reader(name).get(f"/members/{ids['ana']}/{kind}").status_code == code


@pytest.mark.databases("sqlite")
def test_my_page_takes_a_bounded_number_of_statements(reader, session, ids, query_counter):
    ana, counts = reader("ana"), []
    for size in (1, 8):
        log(session, "\n".join(f"11-18 11:00 lead.assigned ana subject=w{size}-{n}" for n in range(size)), now=NOW)
        ana.get("/me")
        with query_counter() as statements:
            assert ana.get("/me").status_code == 200
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 45
