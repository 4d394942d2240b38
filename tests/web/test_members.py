"""A member's page: what it says, and to whom (P5, P7)."""

import pytest
from sqlalchemy import update

from leaderboard.services.adjusting import adjust, take_back
from leaderboard.services.badge_reading import grouped
from leaderboard.services.choices import Choice, choice_of
from leaderboard.storage.accounts_tables import UserAccount
from leaderboard.storage.badges import ShownBadge
from leaderboard.web.rights import Actor
from tests.factories import ids_of
from tests.web import worlds
from tests.web.worlds import NOW

REASON = "Helped two colleagues"


@pytest.fixture(autouse=True)
def _moment(monkeypatch):
    for name in ("members", "manage"):
        monkeypatch.setattr(f"leaderboard.web.{name}.utc_now", lambda: NOW, raising=False)


@pytest.fixture
def ids(session, world):
    return ids_of(session)


def by(ids):
    return Actor("dora@example.com", None, ids["dora"])


def test_an_account_without_a_member_is_told_so(reader, session, world):
    session.execute(update(UserAccount).where(UserAccount.email == "enzo@example.com").values(member_id=None))
    session.commit()
    enzo = reader("enzo")
    answer = enzo.get("/me")
    assert (answer.status_code, "You have no page of your own" in answer.text) == (200, True)
    assert "My page" not in enzo.get("/").text
    assert enzo.get("/me/questions").status_code == 404


@pytest.mark.databases("sqlite")
def test_it_says_where_the_member_stands_in_month_and_quarter(reader, ids):
    page = reader("ana").get(f"/members/{ids['bia']}").text
    for text in ("Bia Souza", "North", "November 2026", "<strong>20</strong> points", "Rank 2 of 5"):
        assert text in page
    assert "Q4 2026" in page
    assert page.index("<strong>60</strong> points") > page.index("Q4 2026")
    october = reader("ana").get(f"/members/{ids['bia']}?period=2026-10").text
    assert "<strong>40</strong> points" in october
    assert f"/members/{ids['bia']}?period=2026-11" in october


def test_s2_before_anything_happened_in_a_month_all_share_the_first_rank_as_on_the_board(reader, ids):
    ana = reader("ana")
    assert "Rank 1 of 5" in ana.get(f"/members/{ids['bia']}?period=2026-08").text
    assert ana.get("/?period=2026-08&scope=member").text.count('<span class="medal">1</span>') == 5


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize(("name", "sees"), [("ana", True), ("bia", False), ("dora", True), ("enzo", True)])
def test_others_do_not_see_what_was_missed(reader, session, ids, name, sees):
    worlds.close_october(session)
    worlds.hand_in_late(session, "ana")
    page = reader(name).get(f"/members/{ids['ana']}").text
    assert ("Missed" in page) is sees
    assert (f'href="/members/{ids["ana"]}/statement/2026-11"' in page) is sees
    assert (f'href="/members/{ids["ana"]}/results?period=2026-11"' in page) is sees
    assert ("Nothing → Exceeded" in page) is sees
    assert ("Corrects October 2026 in November 2026. Events came in late." in page) is sees
    assert ("+10" in page) is sees


def test_p7_adjustments_show_with_their_reason_and_what_became_of_them(reader, session, ids):
    made = adjust(session, ids["ana"], 40, REASON, "2026-11", by=by(ids), now=NOW)
    page = reader("ana").get(f"/members/{ids['ana']}").text
    assert "<strong>70</strong> points" in page
    assert (
        REASON not in reader("bia").get(f"/members/{ids['ana']}").text
    )  # what her manager wrote is not for colleagues
    assert "+40" in page
    assert REASON in page
    take_back(session, made.id, "It was <i>Bia</i>", by=by(ids), now=NOW)
    page = reader("ana").get(f"/members/{ids['ana']}").text
    assert '<s class="told-points">+40</s>' in page
    assert "It was &lt;i&gt;Bia&lt;/i&gt;" in page
    assert REASON not in reader("ana").get(f"/members/{ids['caio']}").text


def test_p5_a_closed_month_says_so(reader, session, ids):
    page = reader("ana").get(f"/members/{ids['ana']}?period=2026-10").text
    assert "Over, not closed yet" in page
    worlds.close_october(session)
    page = reader("ana").get(f"/members/{ids['ana']}?period=2026-10").text
    assert ">Closed</span>" in page[: page.index("Q4 2026")]
    assert ">Open</span>" in page[page.index("Q4 2026") :]


def test_g1_badges_show_with_their_certificates(reader, session, ids):
    worlds.close_october(session)
    page = reader("ana").get(f"/members/{ids['bia']}").text
    badges = page[page.index('id="badges-title"') :]
    for text in ("Rep of the month", "First level exceeded", "Badges of the team North", "Team of the month"):
        assert text in badges
    assert badges.count("/certificates/") == 2
    assert "Rep of the month" not in reader("ana").get(f"/members/{ids['ana']}").text


def badge(id, key, period, withdrawn=None):
    return ShownBadge(key, "member", 1, "Bia", period, NOW, {}, withdrawn, id)


def test_g2_equal_badges_are_one_group_and_a_withdrawn_one_is_alone():
    newest_first = [
        badge(5, "in-a-row-10", "2026-11"),
        badge(4, "in-a-row-10", "2026-11", withdrawn="run"),
        badge(3, "first-met", "2026-10"),
        badge(2, "in-a-row-10", "2026-10"),
        badge(1, "in-a-row-10", "2026-09", withdrawn="run"),
    ]
    groups = grouped(newest_first)
    assert [[each.id for each in group.badges] for group in groups] == [[5, 2], [4], [3], [1]]
    assert [(group.latest.id, group.times) for group in groups] == [(5, 2), (4, 1), (3, 1), (1, 1)]
    assert [group.withdrawn_because for group in groups] == [None, "run", None, "run"]


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize(
    ("path", "code"), [("99999", 404), ("1" * 30, 404), ("1?period=2026", 400), ("1?period=x", 400)]
)
def test_what_is_not_there_is_not_found(reader, world, path, code):
    assert reader("dora").get(f"/members/{path}").status_code == code


def test_the_person_and_managers_choose_what_displays_show_and_nobody_else(reader, session, ids):
    ana, bia, dora = (reader(name) for name in ("ana", "bia", "dora"))
    form = {"hide": "1", "nickname": "Owl"}
    assert ana.post("/me/display", data=form).location == "/me"
    session.rollback()
    assert choice_of(session, ids["ana"]) == Choice(True, "Owl")
    page = ana.get("/me").text
    assert "Saved: the displays follow at once." in page
    assert 'name="hide" value="1" checked' in page
    assert 'value="Owl"' in page
    for client in (ana, bia):
        assert client.post(f"/members/{ids['ana']}/display", data={}).status_code == 403
        assert "On the office displays" not in client.get(f"/members/{ids['caio']}").text
    refused = bia.post("/me/display", data={"nickname": "owl"})
    assert (refused.status_code, "Somebody else is known by this name" in refused.text) == (422, True)
    refused = bia.post("/me/display", data={"nickname": "x" * 41})
    assert (refused.status_code, "at most 40 characters" in refused.text, "x" * 41 in refused.text) == (422, True, True)
    session.rollback()
    assert (choice_of(session, ids["ana"]), choice_of(session, ids["bia"])) == (Choice(True, "Owl"), Choice())
    assert f'action="/members/{ids["ana"]}/display"' in dora.get(f"/members/{ids['ana']}").text
    assert dora.post(f"/members/{ids['ana']}/display", data={"nickname": ""}).status_code == 303
    session.rollback()
    assert choice_of(session, ids["ana"]) == Choice()


@pytest.mark.databases("sqlite")
def test_who_hides_their_page_shows_colleagues_no_more_than_the_board_does(reader, session, ids):
    worlds.close_october(session)
    bia, ana, dora, path = reader("bia"), reader("ana"), reader("dora"), f"/members/{ids['bia']}"
    assert "Rep of the month" in ana.get(path).text
    assert bia.post("/me/display", data={"hide_page": "1"}).status_code == 303
    session.rollback()
    assert choice_of(session, ids["bia"]) == Choice(False, None, True)
    page = ana.get(path).text
    assert "badge" not in page[page.index("<main") :]
    for text in ("Bia Souza", "North", "<strong>20</strong> points", "Rank 2 of 5", "Exceeded"):
        assert text in page
    for client in (bia, dora):
        assert "Rep of the month" in client.get(path).text
    assert 'name="hide_page" value="1" checked' in bia.get("/me").text
    assert bia.post("/me/display", data={}).status_code == 303
    assert "Rep of the month" in ana.get(path).text


@pytest.mark.databases("sqlite")
def test_whoever_is_no_member_chooses_nothing(reader, session, world):
    session.execute(update(UserAccount).where(UserAccount.email == "enzo@example.com").values(member_id=None))
    session.commit()
    enzo = reader("enzo")
    assert enzo.post("/me/display", data={"hide": "1"}).status_code == 404
    assert enzo.post("/members/99999/display", data={"hide": "1"}).status_code == 404


def test_a_page_costs_a_bounded_number_of_statements(reader, session, ids, query_counter):
    ana, path = reader("ana"), f"/members/{ids['bia']}"
    worlds.close_october(session)
    ana.get(path)
    counts = []
    for size in (1, 5):
        for number in range(size):
            adjust(session, ids["bia"], 10 * size + number, REASON, "2026-11", by=by(ids), now=NOW)
            worlds.hand_in_late(session, "bia", lead=f"late-{size}-{number}")
        ana.get(path)
        with query_counter() as statements:
            assert ana.get(path).status_code == 200
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 13
