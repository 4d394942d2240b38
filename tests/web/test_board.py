"""The board's address, what it answers, what it costs, and to whom it shows what."""

import re

import pytest

from leaderboard.domain.actors import COMMAND_LINE
from leaderboard.services.accounts import add_user
from leaderboard.services.organising import load_organisation
from leaderboard.services.recording import record_event
from leaderboard.storage.tables import Member, Team
from tests.factories import event, ids_of
from tests.web import worlds
from tests.web.worlds import NOW

FRAGMENT = {"HX-Request": "true"}
OWN = 'aria-current="true" class="place-'  # the row of the reader
PEOPLE = "/?period=2026-11&scope=member"


def text_of(answer):
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return answer.get_data(as_text=True)


def ranks(page):
    """Return rank and name of each row."""
    name = r'class="name" dir="auto"[^>]*>(.*?)</(?:a|span)>'
    rows = re.findall(rf'<span class="medal">(\d+)</span>.*?{name}', page, re.DOTALL)
    return [(int(rank), name) for rank, name in rows]


def test_the_board_asks_for_sign_in_and_comes_back(client, world):
    answer = client.get("/?period=2026-10")
    assert answer.status_code == 303
    assert answer.location.startswith("/sign-in?next=")
    assert "2026-10" in answer.location


def test_s1_s2_everyone_active_is_ranked_and_ties_share_a_rank(reader):
    page = text_of(reader("ana").get(PEOPLE))
    assert ranks(page) == [
        (1, "Ana Lima"),
        (2, "Bia Souza"),
        (2, "Caio &lt;b&gt;Dias&lt;/b&gt;"),
        (4, "Dora Prado"),
        (4, "Enzo Reis"),
    ]


def test_names_of_people_lead_to_their_pages_in_the_period_of_the_board(reader, session):
    page = text_of(reader("ana").get("/?period=2026-10&scope=member"))
    assert f'href="/members/{ids_of(session)["bia"]}?period=2026-10">Bia Souza</a>' in page
    assert "/members/" not in text_of(reader("ana").get("/?period=2026-10&scope=team", headers=FRAGMENT))


def test_without_an_address_it_shows_the_teams_of_this_month(reader):
    page = text_of(reader("ana").get("/"))
    assert ranks(page) == [(1, "North"), (2, "South"), (3, "Leads")]
    assert "November 2026" in page
    assert "13 days left" in page


def test_p4_teams_compare_by_average_too(reader):
    page = text_of(reader("ana").get("/?by=average"))
    assert ranks(page) == [(1, "North"), (2, "South"), (3, "Leads")]
    assert '<span class="score">25.0</span>' in page


def test_a_side_has_a_board_of_its_own(reader):
    assert ranks(text_of(reader("ana").get("/?side=marketing"))) == [(1, "Leads")]


def test_s3_movement_is_since_the_month_before(reader):
    page = text_of(reader("ana").get(PEOPLE))
    ana = page[page.index('<tr id="standing-') :]
    assert re.search(r'icon-up"/></svg><span class="visually-hidden">up </span>2<', ana[: ana.index("</tr>")])


def test_s4_a_quarter_sums_its_months(reader):
    page = text_of(reader("ana").get("/?period=2026-Q4&scope=member"))
    assert re.findall(r'<span class="score">(.*?)</span>', page)[:3] == ["60", "40", "40"]


@pytest.mark.parametrize(("name", "sees"), [("ana", False), ("fabio", False), ("dora", True), ("enzo", True)])
def test_only_managers_of_all_teams_see_what_was_missed(reader, name, sees):
    assert ('<th scope="col" class="number wide">Missed</th>' in text_of(reader(name).get(PEOPLE))) is sees


def test_the_readers_own_row_is_marked_and_nobody_elses(reader):
    for name, full in (("ana", "Ana Lima"), ("bia", "Bia Souza")):
        page = text_of(reader(name).get(PEOPLE))
        own = page[page.index(OWN) :]
        assert full in own[: own.index("</tr>")]
        assert page.count(OWN) == 1


def test_htmx_gets_the_standings_alone_and_everybody_else_the_page(reader):
    client = reader("ana")
    fragment = text_of(client.get(PEOPLE, headers=FRAGMENT))
    assert fragment.startswith('<title>November 2026 · People · Aurora</title><section id="board-standings"')
    assert "<html" not in fragment
    for headers in ({}, {**FRAGMENT, "HX-Boosted": "true"}, {**FRAGMENT, "HX-History-Restore-Request": "true"}):
        assert "<html" in text_of(client.get(PEOPLE, headers=headers))
    assert "HX-Request" in client.get(PEOPLE).headers["Vary"]


@pytest.mark.parametrize(
    "asked",
    [
        "period=2026-13",
        "period=0001-01",
        "period=9999-12",
        "scope=all",
        "side=sale",
        "by=rank",
        "page=0",
        "page=-1",
        "page=1e3",
        "page=9999999",
        "page=٣",
        "page=²",
        "period=2026-10&period=2026-11",
    ],
)
def test_an_address_of_no_board_is_refused_in_a_sentence(reader, asked):
    answer = reader("ana").get(f"/?{asked}")
    assert answer.status_code == 400
    assert "Traceback" not in answer.get_data(as_text=True)


def test_an_unchanged_board_is_answered_without_a_body(reader):
    client = reader("ana")
    first = client.get(PEOPLE, headers=FRAGMENT)
    again = client.get(PEOPLE, headers={**FRAGMENT, "If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_a_scored_event_changes_the_board_at_once(reader, session):
    client = reader("ana")
    first = client.get(PEOPLE, headers=FRAGMENT)
    bia = ids_of(session)["bia"]
    record_event(session, event("x", "11-17 10:00", "lead.assigned", bia, "new"), now=NOW)
    record_event(session, event("y", "11-17 10:10", "lead.disposed", bia, "new"), now=NOW)
    again = client.get(PEOPLE, headers={**FRAGMENT, "If-None-Match": first.headers["ETag"]})
    assert ranks(text_of(again))[:2] == [(1, "Ana Lima"), (1, "Bia Souza")]


def test_one_readers_entity_tag_is_no_use_to_another(reader):
    anas = reader("ana").get(PEOPLE, headers=FRAGMENT).headers["ETag"]
    assert reader("bia").get(PEOPLE, headers={**FRAGMENT, "If-None-Match": anas}).status_code == 200


@pytest.mark.parametrize("asked", ["", "&scope=member", "&by=average", "&period=2026-Q4"])
def test_a_warm_fragment_costs_one_statement(reader, query_counter, asked):
    client = reader("ana")
    client.get(f"/?side=sales{asked}", headers=FRAGMENT)
    with query_counter() as statements:
        client.get(f"/?side=sales{asked}", headers=FRAGMENT)
    assert len(statements) == 1, statements


@pytest.mark.parametrize("asked", ["scope=member", "by=average", "period=2026-Q4"])
def test_a_cold_page_costs_a_bounded_number_of_statements(reader, query_counter, asked):
    client = reader("ana")
    client.get("/?period=2026-10")
    with query_counter() as statements:
        text_of(client.get(f"/?{asked}"))
    assert len(statements) <= 7, statements


@pytest.mark.parametrize(("scope", "place"), [("member", "ana"), ("team", "North")])
def test_find_me_leads_to_the_row_of_the_reader_or_their_team(reader, session, scope, place):
    answer = reader("ana").get(f"/find-me?period=2026-11&scope={scope}")
    assert answer.status_code == 302
    ids = ids_of(session, Member if scope == "member" else Team)
    assert answer.location.endswith(f"#standing-{ids[place]}")


def test_p5_a_board_says_how_many_corrections_its_period_took_and_leads_to_them(reader, session):
    worlds.close_october(session)
    for lead in ("late", "later"):
        worlds.hand_in_late(session, "bia", lead=lead)
    dora, link = reader("dora"), '<a class="board-corrected" href="/manage/corrections?period=2026-11">'
    closed = text_of(dora.get("/?period=2026-10"))
    assert "board-corrected" not in closed
    assert '<a href="/bonuses?period=2026-10">Bonuses</a>' in closed
    assert f"{link}Includes 2 corrections of closed months</a>" in text_of(dora.get("/?scope=member"))
    assert "Includes 2 corrections" in text_of(dora.get("/?period=2026-Q4"))
    assert f"{link}Includes 2 corrections" in text_of(reader("fabio").get("/?scope=member"))
    own = '<a class="board-corrected" href="/me">Includes 2 corrections of closed months</a>'
    assert own in text_of(reader("ana").get("/?scope=member"))


def test_find_me_tells_one_who_is_not_on_the_board(reader):
    client = reader("ana")
    answer = client.get("/find-me?period=2026-11&scope=member&side=marketing&page=2")
    assert answer.location == "/?period=2026-11&scope=member&side=marketing"
    assert "You are not on this board." in client.get(answer.location).text
    assert "You are not on this board." not in client.get(answer.location).text


def test_a_board_is_kept_for_all_readers_but_marks_each_ones_own_row(reader, session):
    pages = {name: text_of(reader(name).get(PEOPLE, headers=FRAGMENT)) for name in ("ana", "bia")}
    own = re.compile(r' data-mine="\d+"| aria-current="true"(?= class="place)')
    assert own.sub("", pages["ana"]) == own.sub("", pages["bia"])
    assert [len(own.findall(page)) for page in pages.values()] == [2, 2]
    assert pages["ana"] != pages["bia"]


def test_a_period_in_which_nobody_has_points_shows_no_movement(reader):
    page = text_of(reader("ana").get("/?period=2026-12&scope=member"))
    assert "This period has not begun" in page
    assert '<span class="fresh">' not in page
    assert "place-1" not in page


def test_before_anything_is_loaded_the_page_says_what_to_do(app, session):
    app.config["WTF_CSRF_ENABLED"] = False
    add_user(session, email="enzo@example.com", role="admin", password=worlds.PASSWORD, now=NOW, by=COMMAND_LINE)
    enzo = worlds.sign_in(app.test_client(), "enzo")
    page = text_of(enzo.get("/"))
    assert "leaderboard organisation load FILE" in page
    assert ('href="/manage/organisation"' in page, 'href="/manage/people"' in page) == (True, False)  # that needs it
    load_organisation(session, worlds.ORGANISATION, now=NOW, by=COMMAND_LINE)
    home = text_of(enzo.get("/manage/"))
    assert ("To begin with" in home, "Start from a ready-made one" in home) == (True, True)
    places = [home.index(f'href="/manage/{each}"><strong>') for each in ("people", "imports", "agreements", "hooks")]
    assert places == sorted(places)  # history before the agreement, under which months that are over are closed
