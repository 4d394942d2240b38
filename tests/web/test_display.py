"""The page of the screen on a wall, as a browser without scripts and a screen that asks get it."""

import re
from dataclasses import replace
from datetime import time
from itertools import count

import pytest
from flask_babel import force_locale
from sqlalchemy.exc import OperationalError

from leaderboard.domain.displays import SLIDES, Settings, Slide, slide_at
from leaderboard.services.celebrating import Celebration
from leaderboard.services.choices import choose
from leaderboard.services.displays import change_display, change_message, find_display, revoke_display
from leaderboard.services.walls import read_wall
from leaderboard.services.watching import read_versions
from leaderboard.web import walls
from leaderboard.web.frames import tag_of
from leaderboard.web.kept import Kept
from leaderboard.web.walls import celebration_items, short_period, trial_items
from tests.services.screens import DORA, pair
from tests.web.test_markup import Markup
from tests.web.walls import contents, wall_of
from tests.web.worlds import NOW

SHOWN = re.compile(r'id="slide-([a-z-]+)" class="slide shown"')
HX = {"HX-Request": "true"}


@pytest.fixture
def screen_of(app, session, world, clock):
    """`screen_of(settings)` is a screen that is paired, and its display's id."""
    names = map(str, count(1))

    def paired(settings=None):
        display_id, token = pair(session, next(names), settings=settings)
        client = app.test_client()
        client.set_cookie("display", token)
        return client, display_id

    return paired


def test_a_screen_gets_its_board_with_the_slide_whose_turn_it_is(screen_of, clock):
    settings = Settings(slides=(Slide("quarter-teams", 10), Slide("month-people", 20)))
    screen, _ = screen_of(settings)
    for _ in range(7):
        now = clock(seconds=5)
        page = screen.get("/display").text
        assert SHOWN.findall(page) == [settings.slides[slide_at(settings.slides, now)].kind]
        refresh = int(re.search(r'<noscript><meta http-equiv="refresh" content="(\d+)">', page)[1])
        assert 5 <= refresh <= 20  # a browser without scripts comes back when the next slide's turn has come
    assert "Caio &lt;b&gt;Dias" in page
    assert Markup(page).faults == []


def test_the_slides_alone_are_sent_once_and_have_the_tag_that_streams_give_them(screen_of, session):
    screen, display_id = screen_of()
    answer = screen.get("/display/slides")
    assert answer.headers["ETag"] == f'"{tag_of(answer.text)}"'
    assert answer.text.startswith('<div id="display-wall"')
    assert int(answer.headers["X-Now"]) == NOW.timestamp() * 1000
    again = screen.get("/display/slides", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.text) == (304, "")
    revoke_display(session, display_id, now=NOW, by=DORA)
    gone = screen.get("/display/slides", headers={"If-None-Match": answer.headers["ETag"]})
    assert gone.status_code == 401
    assert gone.headers["X-Release"] == answer.headers["X-Release"]  # it is we who say so, not a proxy


def test_what_only_the_page_shows_is_told_with_the_slides_so_that_the_page_is_loaded_anew(screen_of, session):
    screen, display_id = screen_of()
    look = re.compile(r'data-look="(\w+)"')

    def looks(**changed):
        settings = replace(find_display(session, display_id).settings, **changed)
        change_display(session, display_id, name="Hall", settings=settings, now=NOW, by=DORA)
        page, slides = look.findall(screen.get("/display").text), look.findall(screen.get("/display/slides").text)
        assert page == 2 * slides
        return slides

    before = looks()
    assert looks(top=5, names="initial", celebrates=False) == before  # slides and celebrations follow by themselves
    others = {"language": "pt_BR"}, {"theme": "light"}, {"margin": 10}, {"has_sound": True}, {"moves": False}
    seen = [before, *(looks(**other) for other in (*others, {"night": (time(19), time(7))}))]
    assert len({each for (each,) in seen}) == len(seen)


def test_a_screen_that_is_no_display_gets_the_page_for_pairing(client, world):
    page = client.get("/display")
    assert "Pair this screen" in page.text
    assert page.headers["X-Release"]
    assert client.get("/display/slides").status_code == 401


def test_what_has_not_changed_is_not_read_again(screen_of, clock, query_counter):
    screen, _ = screen_of()
    screen.get("/display/slides")
    with query_counter() as statements:
        assert screen.get("/display/slides").status_code == 200
    assert len(statements) <= 2  # whose it is, and the change counters
    clock(seconds=31)
    with query_counter() as statements:
        assert screen.get("/display").status_code == 200
    assert len(statements) <= 24


def test_displays_that_differ_in_their_message_alone_are_read_once(screen_of, session, monkeypatch):
    plain, first, second = screen_of(), screen_of(), screen_of()
    for (_, display_id), told in ((first, "Cake at four"), (second, "Well done")):
        change_message(session, display_id, message=told, until=None, now=NOW, by=DORA)
    read = []
    monkeypatch.setattr(walls, "read_wall", lambda *args, **more: read.append(args) or read_wall(*args, **more))
    shown, *pages = (screen.get("/display/slides").text for screen, _ in (plain, first, second))
    assert [each.count("Cake at four") + 2 * each.count("Well done") for each in pages] == [1, 2]
    assert 'id="slide-message"' not in shown
    assert pages[0].index('id="slide-message"') > pages[0].index('id="slide-quarter-teams"')  # in its place: the last
    assert len(read) == 1


def test_the_worker_may_keep_the_page_and_comes_anew_each_time(client, world):
    answer = client.get("/display/worker.js")
    assert answer.headers["Service-Worker-Allowed"] == "/display"
    assert answer.headers["Cache-Control"] == "no-cache"
    assert answer.mimetype == "text/javascript"
    assert "worker-src 'self'" in answer.headers["Content-Security-Policy"]


def test_a_preview_is_for_managers_and_keeps_nothing(reader, screen_of):
    _, display_id = screen_of(Settings(night=None))
    address = f"/manage/displays/{display_id}/preview"
    assert reader("ana").get(address).status_code == 403
    dora = reader("dora")
    page = dora.get(address).text
    assert "data-worker" not in page
    assert f'data-stream="/manage/displays/{display_id}/stream"' in page
    assert dora.get(address, headers=HX).text.startswith('<div id="display-wall"')
    assert dora.get("/manage/displays/99/preview").status_code == 404


@pytest.mark.databases("sqlite")
def test_every_slide_has_sound_markup_in_both_languages(app, screen_of, monkeypatch):
    found = contents()
    quarter = replace(found["quarter-teams"], by="average")
    for each in ({}, {"quarter-teams": quarter}, found, contents(people=3, teams=1), contents(people=20, teams=8)):
        wall = wall_of(each)
        monkeypatch.setattr("leaderboard.web.walls.read_wall", lambda *_, wall=wall, **__: wall)
        for language in (None, "pt_BR"):
            app.extensions["read_walls"] = Kept(4)
            screen, _ = screen_of(Settings(language=language, theme="auto", has_sound=True, moves=False))
            page = screen.get("/display").text
            assert Markup(page).faults == []
            assert [kind for kind in SLIDES if f'id="slide-{kind}"' in page] == [
                kind for kind in SLIDES if kind in each
            ]


@pytest.mark.databases("sqlite")
def test_celebrations_are_told_in_words_under_the_names_that_a_display_shows(app, session, world):
    def one(kind, **more):
        return Celebration(f"{kind}-1", kind, "member", 1, "Ana Maria Lima", "Aninha", "sales", NOW, **more)

    told = [
        one("exceeded", sla="Every lead in one day"),
        one("badge", badge="in-a-row-10", period="2026-11"),
        one("leader", period="2026-11"),
        one("bonus", programme="best", place=2, period="2026-10"),
    ]
    with app.test_request_context():
        given = celebration_items(told, Settings(names="initial"), "en", more=3)
        portuguese = celebration_items(told, Settings(), "pt_BR")
        trial = trial_items("Lobby", "en", NOW)
    assert given["more"] == 3
    assert [(each["title"], each["reason"]) for each in given["items"]] == [
        ("Level exceeded", "Every lead in one day"),
        ("New badge", "10 in time in a row · November 2026"),
        ("New leader", "First in November 2026"),
        ("Bonus won", "Place 2 in October 2026"),
    ]
    assert [(each["title"], each["reason"]) for each in portuguese["items"]] == [
        ("Nível superado", "Every lead in one day"),
        ("Nova medalha", "10 seguidas no prazo · novembro de 2026"),
        ("Nova liderança", "1º lugar · novembro de 2026"),
        ("Bônus conquistado", "2º lugar · outubro de 2026"),
    ]
    assert {each["name"] for each in given["items"]} == {"Ana L."}
    assert {each["at"] for each in given["items"]} == {int(NOW.timestamp() * 1000)}
    assert trial["items"][0]["name"] == "Lobby"


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize(("language", "names"), [("en", ["November", "Q4"]), ("pt_BR", ["novembro", "T4"])])
def test_what_goes_on_is_named_without_its_year_where_there_is_little_room(app, world, language, names):
    with app.test_request_context(), force_locale(language):
        assert [short_period(each) for each in ("2026-11", "2026-Q4")] == names


def test_a_member_who_hides_is_on_no_wall_from_the_next_look_on(screen_of, session):
    screen, _ = screen_of()
    before, versions = screen.get("/display/slides").text, read_versions(session)
    assert "Ana Lima" in before
    session.rollback()
    choose(session, 1, is_hidden=True, nickname="", now=NOW, by=DORA)
    assert read_versions(session) != versions
    assert "Ana Lima" not in screen.get("/display/slides").text


FAILURES = {
    503: OperationalError("SELECT", {}, Exception("the server closed the connection")),
    500: TimeoutError("QueuePool limit reached"),
}


@pytest.mark.parametrize("status", FAILURES)
@pytest.mark.databases("sqlite")
def test_a_screen_that_cannot_have_its_board_says_so_quietly_and_stays_a_display(screen_of, monkeypatch, status):
    screen, _ = screen_of()

    def fails(*_args, **_more):
        raise FAILURES[status]

    monkeypatch.setattr("leaderboard.web.display.device_of_request", fails)
    answer = screen.get("/display")
    assert answer.status_code == status  # so that the service worker shows the page that it keeps
    assert "The board will be back in a moment" in answer.text
    assert '<meta http-equiv="refresh"' in answer.text
    assert "js/away.js" in answer.text
    assert "error" not in answer.text.lower()
    assert not answer.headers.getlist("Set-Cookie")
    assert "Clear-Site-Data" not in answer.headers
    monkeypatch.undo()
    assert screen.get("/display").status_code == 200
