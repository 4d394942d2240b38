"""The hub by itself: what it shows is a number here, and its clock is real but quick."""

import json
from collections import Counter
from itertools import islice
from threading import Event, Thread
from time import monotonic

import pytest

from leaderboard.services.watching import Versions
from leaderboard.web import hub as hubs
from leaderboard.web.hub import Crowded, Hub

PATIENCE = 10


class World:
    """What there is to see. looks, shows: how often the hub asked."""

    def __init__(self):
        self.number, self.looks, self.shows = 1, 0, Counter()
        self.fails = set()

    def look(self):
        self.looks += 1
        if "look" in self.fails:
            raise OSError("no database")
        return Versions(self.number, 1, 1)

    def show(self, what="board"):
        self.shows[what] += 1
        if what in self.fails:
            raise ValueError(what)
        return f"<p>\n{what} {self.number}\n</p>"


@pytest.fixture
def world():
    return World()


@pytest.fixture
def hub(world, monkeypatch):
    monkeypatch.setattr(hubs, "LOOK_EVERY", 0.005)
    monkeypatch.setattr(hubs, "LOOK_AGAIN", 0.005)
    made = Hub(world.look, lambda: b"event: beat\ndata: {}\n\n", most=5, most_each=3)
    yield made
    made.stop()


class Reader:
    """Takes a listener's events in a thread, as the server does."""

    def __init__(self, listener):
        self.events, self.has_ended = [], False
        self._thread = Thread(target=self._read, args=(listener,), daemon=True)
        self._thread.start()

    def _read(self, listener):
        for sent in listener.events():
            for each in sent.decode().strip().split("\n\n"):
                name, data = each.split("\n")
                self.events.append((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
        self.has_ended = True

    def lines(self):
        """Return what a page shows that takes frames and patches."""
        lines, tag = [], None
        for name, data in tuple(self.events):
            if name == "frame":
                lines, tag = data["lines"], data["tag"]
            elif name == "patch":
                assert data["from"] == tag
                tag = data["tag"]
                for start, count, new in reversed(data["patch"]):
                    lines[start : start + count] = new
        return lines

    def names(self):
        return [name for name, _ in self.events]


def until(is_so):
    end = monotonic() + PATIENCE
    while not is_so():
        assert monotonic() < end
        Event().wait(0.002)


def joined(hub, world, what="board", who=0, **more):
    return hub.join(what, lambda: world.show(what), ("session", who), **more)


def test_a_change_is_shown_once_however_many_look(hub, world):
    readers = [Reader(joined(hub, world, who=who)) for who in range(4)]
    other = Reader(joined(hub, world, "other", who=9))
    looks = world.looks
    until(lambda: other.lines() and all(each.lines() for each in readers) and world.looks > looks + 1)
    world.shows.clear()
    world.number = 2
    until(lambda: all(each.lines()[1:2] == ["board 2"] for each in readers) and other.lines()[1] == "other 2")
    assert world.shows == {"board": 1, "other": 1}
    assert [each.names() for each in readers] == [["beat", "frame", "patch"]] * 4


def test_who_has_the_frame_already_gets_only_what_comes_after_it(hub, world):
    first = Reader(joined(hub, world))
    until(first.lines)
    tag = next(data["tag"] for name, data in first.events if name == "frame")
    again, stale = Reader(joined(hub, world, seen=tag)), Reader(joined(hub, world, seen="older"))
    until(stale.lines)
    world.number = 2
    until(lambda: "patch" in again.names() and "patch" in stale.names())
    assert again.names() == ["beat", "patch"]
    assert stale.names() == ["beat", "frame", "patch"]


def test_a_change_while_somebody_joins_is_not_lost(hub, world):
    Reader(joined(hub, world, "other", who=9))
    is_showing, go_on = Event(), Event()

    def slowly():
        html = world.show()
        if world.number == 1:
            is_showing.set()
            go_on.wait(PATIENCE)
        return html

    found = []
    joining = Thread(target=lambda: found.append(hub.join("board", slowly, ("session", 1))))
    joining.start()
    is_showing.wait(PATIENCE)
    world.number = 2  # read before it, and the watcher sees the change while the first frame is being made
    until(lambda: world.shows["other"] >= 2)
    go_on.set()
    joining.join(PATIENCE)
    reader = Reader(found[0])
    until(lambda: reader.lines()[1:2] == ["board 2"])


def test_nothing_is_asked_while_nobody_listens(hub, world):
    listener = joined(hub, world)
    until(lambda: world.looks >= 2)
    hub.leave(listener)
    hub.leave(listener)
    assert hub.channels() == []
    Event().wait(0.05)  # a look under way ends
    looks = world.looks
    Event().wait(0.05)
    assert world.looks == looks
    world.number = 2
    again = Reader(joined(hub, world))
    until(lambda: again.lines() == ["<p>", "board 2", "</p>"])


def test_there_are_only_so_many_streams_in_all_and_of_one_owner(hub, world):
    mine = [joined(hub, world, who=1) for _ in range(3)]
    with pytest.raises(Crowded):
        joined(hub, world, who=1)
    theirs = [joined(hub, world, who=2) for _ in range(2)]
    with pytest.raises(Crowded):
        joined(hub, world, who=3)
    hub.leave(theirs[0])
    with pytest.raises(Crowded):
        joined(hub, world, who=1)
    hub.leave(mine[0])
    joined(hub, world, who=1)


def test_what_fails_leaves_the_rest_as_it_is_and_comes_back_by_itself(hub, world):
    broken, sound = Reader(joined(hub, world, "broken")), Reader(joined(hub, world, "sound"))
    until(lambda: broken.lines() and sound.lines())
    world.fails, world.number = {"broken"}, 2
    until(lambda: sound.lines()[1] == "sound 2")
    assert broken.lines()[1] == "broken 1"
    world.fails, world.number = {"look"}, 3
    until(lambda: not hub.can_see)
    blind = Reader(joined(hub, world, "sound", who=1))
    until(blind.lines)
    assert blind.names() == ["frame"]  # no beat says that this is up to date
    assert sound.lines()[1] == "sound 2"
    world.fails = set()
    until(lambda: sound.lines()[1] == "sound 3" and broken.lines()[1] == "broken 3")


def test_who_cannot_be_shown_anything_does_not_stay(hub, world):
    world.fails = {"board"}
    with pytest.raises(ValueError, match="board"):
        joined(hub, world)
    assert hub.listeners("session") == []
    assert hub.channels() == []


def test_a_watcher_that_cannot_start_is_started_by_the_next_who_joins(hub, world, monkeypatch):
    class NoRoom(Thread):
        def start(self):
            raise RuntimeError("can't start new thread")

    with monkeypatch.context() as full:
        full.setattr(hubs, "Thread", NoRoom)
        with pytest.raises(RuntimeError):
            joined(hub, world)
    assert hub.listeners("session") == []
    assert hub.channels() == []
    reader = Reader(joined(hub, world))
    until(reader.lines)
    world.number = 2
    until(lambda: reader.lines()[1] == "board 2")


def test_all_streams_end_when_the_server_stops_and_none_begins(hub, world):
    readers = [Reader(joined(hub, world, who=who)) for who in range(3)]
    until(lambda: all(each.lines() for each in readers))
    hub.stop()
    until(lambda: all(each.has_ended for each in readers))
    assert [each.names()[-1] for each in readers] == ["bye"] * 3
    with pytest.raises(Crowded):
        joined(hub, world)


def test_one_who_does_not_take_what_is_sent_is_cut_off_and_comes_again(hub, world):
    listener = joined(hub, world)
    for _ in range(2 * hubs.MOST_WAITING):
        listener.put(b"event: beat\ndata: {}\n\n")
    assert len(b"".join(islice(listener.events(), 3)).split(b"\n\n")) < hubs.MOST_WAITING + 5
    assert len(list(listener.events())) <= 2  # it ends


def test_chores_are_done_and_changes_told_before_they_are_shown(hub, world):
    told, done = [], []
    hub.changed.append(
        lambda before, after: told.append((before and before.scores, after.scores, world.shows["board"]))
    )
    hub.chores.append((0.01, lambda: done.append(1)))
    reader = Reader(joined(hub, world))
    until(lambda: len(done) >= 2 and told)
    shows, world.number = world.shows["board"], 2
    until(lambda: reader.lines()[1] == "board 2")
    assert told == [(None, 1, 1), (1, 2, shows)]
