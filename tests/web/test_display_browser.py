"""The wall in a real browser: how it looks, whose turn it is, how it celebrates, and what it does without a server."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from itertools import count

import pytest
from playwright.sync_api import expect
from sqlalchemy.exc import OperationalError

from leaderboard.domain.displays import SLIDES, Settings, slide_at
from leaderboard.services.displays import change_display, list_displays
from leaderboard.web.frames import changes_between, frame_of
from leaderboard.web.kept import Kept
from leaderboard.web.walls import shown_wall
from tests.browser import served
from tests.services.screens import DORA, pair
from tests.web.test_live import STREAM, tick, until
from tests.web.walls import contents, wall_of
from tests.web.worlds import NOW

pytestmark = pytest.mark.browser
SLIDES_ALONE = "**/display/slides"
SIZES = [(1280, 720), (1920, 1080), (3840, 2160), (1080, 1920)]
# Says of the slide that is up what reaches out of it, what is cut off, and how small its smallest text is.
LOOK = """kind => {
  const slide = document.getElementById(`slide-${kind}`), screen = document.documentElement, faults = [];
  document.querySelectorAll(".slide").forEach(each => each.classList.toggle("shown", each === slide));
  const say = (each, what) => faults.push(`${kind}: .${each.className} ${what}: ${each.textContent.slice(0, 20)}`);
  const outer = slide.getBoundingClientRect();
  for (const each of slide.querySelectorAll("*:not(svg *):not(.visually-hidden)")) {
    const box = each.getBoundingClientRect(), style = getComputedStyle(each);
    const isOut = box.right > outer.right + 1 || box.bottom > outer.bottom + 1 || box.left < outer.left - 1 ||
      box.top < outer.top - 1;
    if (isOut && box.width && style.display !== "inline") say(each, "reaches out");
    const room = 3 + 0.12 * parseFloat(style.fontSize); // letters may reach above and below their line
    const isCut = each.scrollHeight > each.clientHeight + room || each.scrollWidth > each.clientWidth + 3;
    const isMeant = style.textOverflow === "ellipsis" || style.webkitLineClamp !== "none" || style.display === "inline";
    if (isCut && !isMeant && each.clientHeight && each.tagName !== "svg") say(each, "is cut");
  }
  const isWider = screen.scrollWidth > innerWidth || screen.scrollHeight > innerHeight;
  return isWider ? [...faults, `${kind}: the page is larger than the screen`] : faults;
}"""
SMALLEST = """() => {
  const walker = document.createTreeWalker(document.getElementById("screen"), NodeFilter.SHOW_TEXT), found = [];
  while (walker.nextNode()) {
    const { parentElement: element, textContent } = walker.currentNode;
    if (!textContent.trim() || element.closest(".visually-hidden, [hidden]")) continue;
    found.push(parseFloat(getComputedStyle(element).fontSize));
  }
  return Math.min(...found);
}"""


@pytest.fixture
def hung(app, session, world, monkeypatch):
    """`hung(found, seconds=10)` is what all walls show from then on; before it one of everything."""
    for name in ("display", "devices"):
        monkeypatch.setattr(f"leaderboard.web.{name}.utc_now", lambda: NOW)
    shown = {}

    def hang(found, **how):
        shown["wall"] = wall_of(found, **how)
        app.extensions["read_walls"] = Kept(4)

    hang(contents())
    monkeypatch.setattr("leaderboard.web.walls.read_wall", lambda *_, **__: shown["wall"])
    return hang


@pytest.fixture
def tv(open_page, session, hung, live_server):
    """`tv(settings, …)` is a page on a paired screen whose stream the test speaks through."""

    names = map(str, count(1))

    def opened(settings=None, *, worker="block", **options):
        _, token = pair(session, next(names), settings=settings)
        page = open_page(service_workers=worker, **{"viewport": {"width": 1920, "height": 1080}, **options})
        page.context.add_cookies([{"name": "display", "value": token, "url": live_server}])
        page.add_init_script(STREAM)
        return page

    return opened


def begin(page, at=NOW):
    """Open the wall with the clock standing."""
    page.clock.install(time=at)
    page.goto("/display")
    page.clock.pause_at(at + timedelta(seconds=20))


def up(page):
    return page.evaluate("document.querySelector('.slide.shown').id.slice(6)")


def say(page, name, data):
    page.evaluate("([name, data]) => say(name, data)", [name, data])


def epoch(at):
    return int(at.timestamp() * 1000)


def beat(page, at=NOW, release=None):
    say(page, "beat", {"now": epoch(at), "release": release or page.evaluate("document.body.dataset.release")})


def party(*names, at=NOW, more=0):
    items = [
        {
            "id": f"badge-{name}",
            "kind": "badge",
            "title": "New badge",
            "name": name,
            "reason": "For this",
            "at": epoch(at),
        }
        for name in names
    ]
    return {"items": items, "more": more}


def stage(page):
    """Return who is celebrated now, None for nobody."""
    return page.evaluate(
        "document.getElementById('celebration').hidden ? null : document.querySelector('.moment-name').textContent"
    )


def celebrated(page, seconds):
    """Return who is celebrated from now on, one after the other."""
    found = []
    for _ in range(seconds // 2):
        tick(page, 2)
        name = stage(page)
        if name and name not in found[-1:]:
            found.append(name)
    return found


@pytest.mark.parametrize("size", SIZES)
def test_nothing_reaches_out_and_no_text_is_small(tv, hung, size):
    page = tv(viewport={"width": size[0], "height": size[1]})
    begin(page)
    for how in ({}, {"people": 20, "teams": 8}):
        hung(contents(**how), organisation="Aurora Software e Serviços do Brasil Sociedade Anônima " * 2)
        page.reload(wait_until="load")
        faults = [fault for kind in SLIDES for fault in page.evaluate(LOOK, kind)]
        page.evaluate("document.body.className = 'margin-10'")
        faults += [f"margin: {fault}" for kind in SLIDES for fault in page.evaluate(LOOK, kind)]
        assert not faults, "\n".join(faults)
        assert page.evaluate(SMALLEST) >= 0.0259 * min(size)  # 28 px at 1080p


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_every_slide_and_a_celebration_can_be_read_by_everybody(tv, hung, axe, theme):
    page = tv(Settings(theme=theme, moves=False), color_scheme="light")
    for kind, content in contents(teams=8).items():
        hung({kind: content})
        page.goto("/display")
        axe(page)
    say(page, "celebrate", party("Ana Lima", at=datetime.now(UTC)))
    assert stage(page) == "Ana Lima"
    axe(page)


def test_the_slides_go_round_by_the_servers_clock(tv, hung):
    page = tv()
    page.route(SLIDES_ALONE, lambda route: route.abort())  # the server's clock stands in this test
    begin(page, NOW + timedelta(hours=3))  # and this screen's own is wrong
    slides = Settings().slides
    assert [each.seconds for each in slides] == [15] * len(SLIDES)
    hung(contents(), seconds=15)
    page.reload()
    started = page.evaluate("Date.now()")
    seen = []
    for _ in range(30):
        passed = (page.evaluate("Date.now()") - started) / 1000
        seen.append((up(page), SLIDES[slide_at(slides, NOW + timedelta(seconds=passed))]))
        tick(page, 5)
    assert [shown for shown, _ in seen] == [wanted for _, wanted in seen]
    assert {shown for shown, _ in seen} == set(SLIDES)
    assert page.locator(".slide.shown").count() == 1
    assert "12:02" in page.locator("#clock").inner_text()  # in São Paulo


def test_a_change_is_shown_at_once_and_who_rises_glides(tv, app, session, hung):
    page = tv(Settings(slides=Settings().slides[1:2]))
    begin(page)
    found = contents()
    with app.test_request_context():
        wall = shown_wall(session, Settings(), "", NOW)
        people = found["month-people"].places
        swapped = (replace(people[3], rank=1, points=999), *people[:3], *people[4:])
        hung(found | {"month-people": replace(found["month-people"], places=swapped)})
        then = shown_wall(session, Settings(), "", NOW)
    say(page, "frame", {"tag": wall.tag, "lines": wall.html.split("\n")})
    assert page.evaluate("document.getAnimations().filter(each => !each.transitionProperty).length") == 0
    before, after = frame_of(wall.html), frame_of(then.html)
    say(page, "patch", {"from": wall.tag, "tag": then.tag, "patch": changes_between(before.lines, after.lines)})
    assert page.locator("#slide-month-people .score").first.text_content() == "999"
    assert page.evaluate("document.getAnimations().filter(each => !each.transitionProperty).length") > 3


def test_celebrations_follow_each_other_are_summed_up_and_never_come_twice(tv):
    page = tv(Settings(moves=False))
    begin(page)
    say(page, "celebrate", party("Ana", "Bia"))
    assert stage(page) == "Ana"
    say(page, "celebrate", party("Ana", "Bia", more=3))  # sent again, as after a reconnection
    say(page, "celebrate", party("Old", at=NOW - timedelta(minutes=3), more=3))
    assert celebrated(page, 25) == ["Ana", "Bia"]
    say(page, "celebrate", party("Bia", "Caio", "Dora", "Enzo", "Flora Dias", more=7))
    assert celebrated(page, 25) == ["Caio", "Dora\u00a0· Enzo\u00a0· Flora\u00a0Dias"]
    assert page.locator(".moment-title").text_content() == "And 10 more to celebrate"
    assert stage(page) is None
    page.reload()
    say(page, "celebrate", party("Ana", "Caio", "Flora Dias", "Gil", at=NOW + timedelta(seconds=50)))
    assert celebrated(page, 20) == ["Gil"]


def test_confetti_falls_and_is_cleared_away_but_not_where_nothing_is_to_move(tv):
    for settings, width in ((Settings(), 1280), (Settings(moves=False), 300)):  # 300: as it is made, untouched
        page = tv(settings)
        begin(page)
        say(page, "celebrate", party("Ana"))
        assert stage(page) == "Ana"
        assert page.evaluate("document.getElementById('confetti').width") == width
        assert (page.evaluate("document.getAnimations().length") == 0) is not settings.moves
        tick(page, 8)
        assert stage(page) is None
        assert page.evaluate("document.getElementById('confetti').width") == (0 if settings.moves else 300)


def test_sound_is_off_unless_chosen_and_then_says_what_it_waits_for(tv):
    quiet, loud = tv(), tv(Settings(has_sound=True))
    begin(quiet)
    expect(quiet.locator("#hint")).to_be_hidden()
    begin(loud)
    expect(loud.locator("#hint")).to_have_text("Sound waits: press a key or touch the screen once.")
    loud.keyboard.press("Enter")
    expect(loud.locator("#hint")).to_be_hidden()


def test_without_a_server_the_board_stays_with_a_quiet_mark_until_it_is_back(tv):
    page = tv()
    begin(page)
    beat(page)
    expect(page.locator("#age")).to_have_text("Newest data: 4 minutes ago")
    page.route(SLIDES_ALONE, lambda route: route.abort())
    page.evaluate("sources[0].onerror()")
    tick(page, 2)
    mark = page.locator("#mark")
    expect(mark).to_have_text("as of 12:00 PM")
    for _ in range(20):
        tick(page, 30)
    expect(mark).to_have_text("as of 12:00 PM")
    expect(page.locator("#age")).to_have_text("Newest data: 14 minutes ago")
    assert page.locator(".slide").count() == len(SLIDES)
    assert page.evaluate("sources.length") == 1
    page.unroute(SLIDES_ALONE)
    for _ in range(100):  # little by little: the answer comes in real time, and is waited for by the page's clock
        if not mark.is_visible():
            break
        tick(page, 2)
        page.wait_for_timeout(100)
    expect(mark).to_be_hidden()
    until(page, "sources.length > 1 && sources.at(-1).isOpen")
    page.guard.faults.clear()


def test_a_page_of_yesterday_begins_with_what_was_shown_last(tv):
    page = tv()
    page.clock.install(time=NOW)
    old = page.goto("/display").text()
    page.clock.pause_at(NOW + timedelta(seconds=20))
    page.route(SLIDES_ALONE, lambda route: route.abort())
    beat(page, NOW + timedelta(minutes=5))
    lines = (
        page.evaluate("document.getElementById('display-wall').outerHTML").replace("Wei Chen", "Last Shown").split("\n")
    )
    say(page, "frame", {"tag": "t", "lines": lines})
    tick(page, 61)
    page.route("**/display", lambda route: route.fulfill(body=old, content_type="text/html"))
    page.reload()
    assert "Last Shown" in page.locator("#display-wall").text_content()
    assert page.evaluate("sources.length") == 1
    page.evaluate("sources[0].onerror()")
    tick(page, 2)
    expect(page.locator("#mark")).to_have_text("as of 12:05 PM")
    page.guard.faults.clear()


def no_database():
    raise OperationalError("SELECT", {}, Exception("no database"))


def loads(page):
    """Return a list that grows with each load of the page; where each of them ends at once."""
    found = []
    page.on("framenavigated", lambda _: found.append(page.url))
    return found


def pass_until_loaded(page, loaded, seconds):
    """Let so many seconds pass again and again, until the page is loaded anew: answers come in real time."""
    for _ in range(100):
        tick(page, seconds)
        page.wait_for_timeout(100)
        if loaded:
            break
    until(page, "window.sources?.length > 0")
    assert len(loaded) == 1


def test_a_new_release_reloads_within_a_minute_but_only_from_a_server_that_answers(tv):
    page = tv()
    begin(page)
    loaded = loads(page)
    page.route("**/display", lambda route: route.fulfill(status=502, body="bad gateway"))
    beat(page, release="another")
    tick(page, 60)
    page.wait_for_timeout(200)
    assert loaded == []
    page.unroute("**/display")
    pass_until_loaded(page, loaded, 30)
    page.guard.faults.clear()


def test_other_colours_load_the_page_anew_at_once(tv, session):
    page = tv()
    begin(page)
    loaded = loads(page)
    display = list_displays(session)[0]
    light = replace(display.settings, theme="light")
    change_display(session, display.id, name=display.name, settings=light, now=NOW, by=DORA)
    say(page, "bye", {})
    pass_until_loaded(page, loaded, 2)
    assert page.evaluate("document.documentElement.dataset.theme") == "light"
    say(
        page,
        "frame",
        {"tag": "t", "lines": page.evaluate("document.getElementById('display-wall').outerHTML").split("\n")},
    )
    tick(page, 2)
    page.wait_for_timeout(100)
    assert len(loaded) == 1


def test_the_night_is_dark_and_once_in_it_the_page_is_loaded_anew(tv):
    page = tv(Settings(night=(time(19), time(7))))
    page.add_init_script("Math.random = () => 0")  # its minute of the hour from three o'clock on
    evening = NOW.replace(hour=21, minute=59)  # in São Paulo 18:59
    begin(page, evening)
    loaded = loads(page)
    page.route(SLIDES_ALONE, lambda route: route.abort())
    say(page, "beat", {"now": epoch(evening)})
    assert page.locator("body.night").count() == 0
    tick(page, 61)
    assert page.locator("body.night").count() == 1
    say(page, "celebrate", party("Ana", at=evening))
    assert stage(page) is None
    page.clock.fast_forward("07:58:00")
    tick(page, 30)
    assert loaded == []
    pass_until_loaded(page, loaded, 30)
    page.guard.faults.clear()


def test_a_display_that_is_revoked_forgets_everything_at_once(tv):
    page = tv()
    begin(page)
    say(page, "celebrate", party("Ana"))
    page.context.clear_cookies()
    left = page.evaluate("() => { say('gone', {}); return document.getElementById('display-wall').textContent; }")
    assert left == ""
    page.clock.resume()
    expect(page.get_by_role("heading", name="Pair this screen")).to_be_visible()
    assert page.evaluate("localStorage.length") == 0


def test_a_wall_keeps_its_page_for_a_browser_that_starts_without_a_server(tv, app, chromium, session, monkeypatch):
    _, token = pair(session, "Lobby")
    context = chromium.new_context()
    page = context.new_page()
    with served(app) as address:
        context.add_cookies([{"name": "display", "value": token, "url": address}])
        page.goto(f"{address}/display")
        page.evaluate("navigator.serviceWorker.ready.then(() => null)")
        page.reload()  # the first load was not the worker's
        until(page, "navigator.serviceWorker.controller && caches.keys().then(names => names.length === 1)")
        with monkeypatch.context() as broken:
            broken.setattr("leaderboard.web.display.device_of_request", no_database)
            page.reload()
            expect(page.locator(".slide.shown")).to_be_visible()  # the worker's, not the server's 503
    page.reload()
    assert page.locator(".slide.shown").count() == 1
    assert page.evaluate("getComputedStyle(document.querySelector('.slide')).display") == "grid"  # its sheets too
    expect(page.locator("#mark")).to_contain_text("as of")
    context.close()


def test_a_wall_that_begins_while_the_database_is_away_comes_by_itself(tv, monkeypatch):
    page = tv()
    with monkeypatch.context() as broken:
        broken.setattr("leaderboard.web.display.device_of_request", no_database)
        page.clock.install(time=NOW)
        page.goto("/display")
        loaded = loads(page)
        expect(page.get_by_role("heading", name="The board will be back in a moment")).to_be_visible()
        tick(page, 20)
        page.wait_for_timeout(100)
        assert loaded == []  # it asked, and stayed
    tick(page, 20)
    # Where the answer to what it had asked comes only now, it asks again by itself within twenty seconds.
    expect(page.locator(".slide.shown")).to_be_visible(timeout=30_000)
    page.guard.faults.clear()
