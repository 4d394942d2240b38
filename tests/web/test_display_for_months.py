"""A display that is left alone: thousands of changes, a server that dies, a network that is away for ten minutes."""

from datetime import UTC, datetime, timedelta
from time import monotonic

import pytest
from playwright.sync_api import expect

from leaderboard.domain.events import Event
from leaderboard.services.recording import record_event
from leaderboard.web import hub as hubs
from tests.factories import ids_of
from tests.services.screens import pair
from tests.web.listening import until

pytestmark = pytest.mark.browser
CHANGES = 2_500
SHOWN = "text => document.body.textContent.includes(text)"
ROOM = 256 * 1024  # bytes: an open page's own ups and downs


@pytest.fixture
def now():
    return datetime.now(UTC)


@pytest.fixture
def tv(open_page, session, world, now, live_server):
    """A page on a paired screen, which shows its board."""
    _, token = pair(session, now=now)
    page = open_page(viewport={"width": 1920, "height": 1080}, service_workers="block")
    page.context.add_cookies([{"name": "display", "value": token, "url": live_server}])
    page.goto("/display")
    return page


def exceed(session, number, now, name="bia"):
    """Let somebody dispose of a lead well in time, just now."""
    member, lead = ids_of(session)[name], f"win-{number}"
    for kind, ago in (("assigned", 2), ("disposed", 1)):
        at = now - timedelta(minutes=ago)
        record_event(session, Event(f"{kind}-{lead}", at, f"lead.{kind}", lead, member, source="crm"), now=now)


def used(page, session):
    """Return the bytes of the page's heap and how many nodes it has, after what is not needed has gone."""
    session.send("HeapProfiler.collectGarbage")
    heap = session.send("Runtime.getHeapUsage")["usedSize"]
    return heap, session.send("Memory.getDOMCounters")["nodes"]


def test_thousands_of_changes_leave_nothing_behind(tv, app, session, now):
    exceed(session, 0, now)
    expect(tv.locator(".slide").first).to_be_attached()
    until(lambda: app.extensions["hub"].channels())
    (channel,) = app.extensions["hub"].channels()
    html, counted = channel.show(), 0
    channel.show = lambda: html.replace("Bia Souza", f"Bia {counted}")
    chromium = tv.context.new_cdp_session(tv)
    (listener,) = app.extensions["hub"].listeners("display")
    measured = []
    for counted in range(1, CHANGES + 1):
        hubs.show_anew(channel)
        if counted % 50 == 0:
            until(lambda: listener._queue.empty())
        if counted in (CHANGES // 10, CHANGES):
            tv.wait_for_function(
                "text => document.body.textContent.includes(text)", arg=f"Bia {counted}", timeout=60_000
            )
            measured.append(used(tv, chromium))
    (heap, nodes), (last_heap, last_nodes) = measured
    assert last_heap < heap + ROOM
    assert last_nodes <= nodes + 100
    assert app.extensions["hub"].listeners("display") == [listener]  # it never had to begin again


def test_a_display_outlives_its_server_and_the_network(tv, app, session, now, live_server):
    expect(tv.locator(".slide").first).to_be_attached()
    mark = tv.locator("#mark")
    expect(mark).to_be_hidden()
    shown = tv.locator("#display-wall").inner_text()
    tv.context.set_offline(True)
    expect(mark).to_be_visible()
    tv.clock.install(time=now)
    tv.clock.fast_forward("10:00")
    assert tv.locator("#display-wall").inner_text() == shown
    expect(mark).to_contain_text("as of")
    exceed(session, 1, now)
    tv.clock.resume()
    tv.context.set_offline(False)
    since = monotonic()
    expect(mark).to_be_hidden(timeout=15_000)
    until(lambda: "Bia Souza" in tv.locator("#display-wall").text_content())
    assert monotonic() - since < 15
    tv.guard.faults.clear()  # the browser names what it could not reach
