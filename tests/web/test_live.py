"""The script that keeps a page live, in a real browser: a stream and a server that say what the test wants."""

import random
from difflib import SequenceMatcher

import pytest

from leaderboard.resources import resource

pytestmark = pytest.mark.browser
SITE = "http://127.0.0.1:9"
# A stream that the test speaks through; sources are kept to count and to look at.
STREAM = """
delete AbortSignal.timeout; // as in the browsers of televisions
window.sources = [];
window.EventSource = class extends EventTarget {
  constructor(url) { super(); this.url = String(url); this.isOpen = true; sources.push(this); }
  close() { this.isOpen = false; }
};
window.say = (name, data) => sources.at(-1).dispatchEvent(new MessageEvent(name, { data: JSON.stringify(data) }));
window.told = [];
window.begin = (more) => window.link = live.connect({
  url: "/stream?scope=team", poll: "/poll", root: "board",
  onApplied: (fresh) => told.push(["applied", fresh.length]), onBeat: (beat) => told.push(["beat", beat.now]),
  onCelebrate: ({ items }) => told.push(["celebrate", items.length]), onGone: () => told.push(["gone"]),
  onState: (state) => told.push([state]), ...more });
"""


@pytest.fixture
def site(chromium):
    """A page with an empty list and live.js under a clock that stands; `site.answer` is what it polls."""
    context = chromium.new_context()
    page = context.new_page()
    page.answer = {"status": 200, "body": whole([]), "headers": {"ETag": '"t0"', "X-Now": "1000", "X-Release": "r"}}
    page.polls = []

    def poll(route):
        page.polls.append(route.request.headers)
        route.abort() if page.answer is None else route.fulfill(**page.answer)

    page.route(f"{SITE}/", lambda route: route.fulfill(content_type="text/html", body=whole([])))
    page.route(f"{SITE}/poll", poll)
    page.clock.install()
    page.add_init_script(STREAM)
    page.goto(f"{SITE}/")
    page.clock.pause_at(page.evaluate("Date.now()") / 1000 + 60)
    page.add_script_tag(content=(resource("static") / "js" / "live.js").read_text())
    yield page
    context.close()


def row(key, text):
    """Return a row: some are mended within, the others replaced, and not all hold the same."""
    live = ' data-live=""' if len(text) != 2 else ""
    more = f"<i>{text}</i>, " if len(text) > 1 else ""
    return f'<li id="row-{key}" data-moves=""{live}>{more}<b>{text}</b> of it</li>'


def whole(rows):
    """Return a fragment of rows (id, text), one a line as templates write them."""
    return "\n".join(['<ul id="board" data-live="">', *(row(*each) for each in rows), "</ul>"])


def frame(page, rows, tag):
    page.evaluate("frame => say('frame', frame)", {"lines": whole(rows).split("\n"), "tag": tag})


def patch_of(old, new):
    matcher = SequenceMatcher(a=old, b=new, autojunk=False)
    return [[a, b - a, new[c:d]] for kind, a, b, c, d in matcher.get_opcodes() if kind != "equal"]


def shown(page):
    return page.evaluate("document.getElementById('board').outerHTML")


def tick(page, seconds):
    page.clock.run_for(int(seconds * 1000))


def until(page, condition):
    """Wait in real time: what Playwright itself waits with stands still with the page's clock."""
    for _ in range(200):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(10)
    raise AssertionError(f"never: {condition}")


def told(page):
    return page.evaluate("told.splice(0)")


def test_patches_show_what_the_whole_would_and_keep_the_elements_that_stay(site):
    chance = random.Random(4)
    site.evaluate("begin()")
    rows, tag = [], "t0"
    frame(site, rows, tag)
    for step in range(120):
        before = whole(rows).split("\n")
        kept = dict(rows)
        rows = [(key, chance.choice([text, text, f"{step}"])) for key, text in rows if chance.random() > 0.1]
        rows += [(f"{step}-{i}", "new") for i in range(chance.randrange(3))]
        if chance.random() < 0.5:
            chance.shuffle(rows)
        same = [f"row-{key}" for key, text in rows if kept.get(key) == text]
        site.evaluate("ids => { window.held = ids.map(id => document.getElementById(id)); }", same)
        patch = {"from": tag, "tag": f"t{step + 1}", "patch": patch_of(before, whole(rows).split("\n"))}
        tag = patch["tag"]
        site.evaluate("patch => say('patch', patch)", patch)
        assert shown(site) == whole(rows)
        assert site.evaluate("held.every(each => each.isConnected)")
    assert site.evaluate("sources.length") == 1
    assert site.polls == []


def test_what_moves_glides_unless_motion_is_off_and_a_focus_stays(site):
    site.evaluate("begin()")
    frame(site, [("a", "1"), ("b", "2")], "t0")
    site.evaluate("const row = document.getElementById('row-b'); row.tabIndex = 0; row.focus()")
    frame(site, [("b", "3"), ("a", "1")], "t1")
    assert site.evaluate("document.getAnimations().length") == 2
    site.evaluate(
        "document.getAnimations().forEach(each => each.finish()); document.documentElement.dataset.motion = 'off'"
    )
    frame(site, [("a", "1"), ("b", "3")], "t2")
    assert site.evaluate("document.getAnimations().length") == 0
    site.evaluate("delete document.documentElement.dataset.motion")
    site.emulate_media(reduced_motion="reduce")
    frame(site, [("b", "3"), ("a", "1")], "t3")
    assert site.evaluate("document.getAnimations().length") == 0


def test_a_patch_of_something_else_asks_for_the_whole(site):
    site.evaluate("begin()")
    frame(site, [("a", "1")], "t1")
    site.evaluate("say('patch', { from: 't7', tag: 't8', patch: [[1, 1, []]] })")
    assert site.evaluate("sources.map(each => [new URL(each.url).search, each.isOpen])") == [
        ["?scope=team", False],
        ["?scope=team", True],
    ]
    assert shown(site) == whole([("a", "1")])


def test_a_stream_that_breaks_is_followed_by_a_question_and_a_new_stream(site):
    site.evaluate("begin()")
    frame(site, [("a", "1")], "t1")
    site.answer |= {"status": 304, "body": "", "headers": {**site.answer["headers"], "ETag": '"t1"'}}
    site.evaluate("sources[0].onerror()")
    assert site.evaluate("sources[0].isOpen") is False
    tick(site, 0.4)
    assert site.polls == []  # never at once: all displays of a house lose their server in the same moment
    tick(site, 1.2)
    until(site, "sources.length == 2")
    assert site.polls[0]["if-none-match"] == '"t1"'
    assert "seen=t1" in site.evaluate("sources[1].url")
    assert told(site) == [["applied", 1], ["beat", 1000]]  # and never away


def test_without_a_server_it_is_away_waits_longer_and_longer_and_comes_back(site):
    site.evaluate("begin()")
    frame(site, [("a", "1")], "t1")
    site.answer = None
    site.evaluate("sources[0].onerror()")
    tick(site, 1.5)
    until(site, "told.length == 2")
    for _ in range(10):
        tick(site, 45)
        site.wait_for_timeout(20)
    asked = len(site.polls)
    assert told(site) == [["applied", 1], ["away"]]
    assert shown(site) == whole([("a", "1")])  # the last board stays
    for _ in range(4):
        tick(site, 14)
        site.wait_for_timeout(20)
    assert len(site.polls) - asked <= 4  # half a minute is the longest wait, a quarter of one the shortest then
    site.answer = {"status": 200, "body": whole([("b", "2")]), "headers": {"ETag": 'W/"t2"'}}
    while site.evaluate("sources.length") == 1:
        tick(site, 5)
        site.wait_for_timeout(20)
    assert told(site) == [["applied", 1], ["live"]]
    assert "seen=t2" in site.evaluate("sources[1].url")


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 200, "body": "<h1>Sign in to the guest network</h1>", "headers": {"ETag": '"x"'}},
        {"status": 200, "body": "<h1>Sign in</h1>"},
        {"status": 302, "headers": {"Location": "http://127.0.0.1:9/guests"}},
        {"status": 403, "body": "blocked by the proxy"},
        {"status": 502, "body": "<h1>Bad gateway</h1>", "headers": {"ETag": '"x"'}},
    ],
)
def test_what_others_answer_in_the_servers_place_is_never_shown(site, answer):
    site.evaluate("begin()")
    frame(site, [("a", "1")], "t1")
    site.answer = answer
    site.evaluate("sources[0].onerror()")
    tick(site, 1.5)
    until(site, "told.length == 2")
    assert told(site) == [["applied", 1], ["away"]]
    assert shown(site) == whole([("a", "1")])


@pytest.mark.parametrize("header", ["X-Release", "HX-Redirect"])
def test_a_refusal_of_ours_and_the_word_gone_end_it(site, header):
    site.evaluate("begin()")
    site.answer = {"status": 401, "body": "", "headers": {header: "/"}}
    site.evaluate("sources[0].onerror()")
    tick(site, 1.5)
    until(site, "told.length")
    site.evaluate("begin(); say('gone', {})")
    tick(site, 120)
    assert told(site) == [["gone"], ["gone"]]
    assert site.evaluate("sources.map(each => each.isOpen)") == [False, False]
    assert len(site.polls) == 1


def test_silence_is_noticed_sooner_where_a_stream_never_spoke(site):
    site.evaluate("begin()")
    tick(site, 9)
    assert site.evaluate("sources[0].isOpen")
    tick(site, 6)  # it is looked at every five seconds
    assert not site.evaluate("sources[0].isOpen")
    tick(site, 2)
    until(site, "sources.length == 2")
    site.evaluate("say('beat', { now: 1 })")
    tick(site, 36)
    assert site.evaluate("sources[1].isOpen")
    tick(site, 10)
    # By chance it has asked already, and is live again.
    assert told(site)[:4] == [["applied", 0], ["beat", 1000], ["beat", 1], ["away"]]
