"""What is shown live: who listens to what, and the one thread of a process that watches for changes.

Many who look at the same share a channel. When the change counters rise, each channel is shown anew once, and what
differs goes to all its listeners: the cost of a change grows with what is looked at, not with how many look. While
nobody listens nothing is asked.
"""

import logging
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator
from functools import partial
from queue import Empty, SimpleQueue
from threading import Condition, Lock, Thread
from time import monotonic, sleep
from typing import Any

from leaderboard.services.watching import Versions
from leaderboard.web.frames import Frame, event, frame_of, patch, whole

LOOK_EVERY, LOOK_AGAIN = 0.1, 1.0  # seconds; the second after a look that failed
TIMED_EVERY = 30.0  # what depends on the time of day is shown anew
BEAT_EVERY = 15.0
MOST_WAITING = 100  # events that a listener has not taken: it starts again from a whole frame
logger = logging.getLogger(__name__)
Owner = tuple[str, Hashable]


class Crowded(Exception):
    """There are as many streams as this process, or this owner, may have."""


class Listener:
    """Somebody to whom events are sent. owner: whose stream it is, as a kind and a key; about: what it shows."""

    def __init__(self, owner: Owner, beat: Callable[[], bytes], about: Any = None) -> None:
        self.owner, self.about = owner, about
        self._beat = beat
        self._queue: SimpleQueue[bytes | None] = SimpleQueue()

    def put(self, sent: bytes) -> None:
        """Send an event, or end the stream of one who does not take them."""
        if self._queue.qsize() < MOST_WAITING:
            self._queue.put(sent)
        else:
            self.end()

    def end(self, last: bytes | None = None) -> None:
        """Send a last event, if there is one, and end."""
        if last is not None:
            self._queue.put(last)
        self._queue.put(None)

    def events(self) -> Iterator[bytes]:
        """Yield what is sent, several events together if they wait, and a beat now and then, until the end."""
        if first := self._beat():
            yield first
        next_beat = monotonic() + BEAT_EVERY
        while True:
            parts: list[bytes] = []
            try:
                sent = self._queue.get(timeout=max(0.0, next_beat - monotonic()))
                while sent is not None:
                    parts.append(sent)
                    sent = self._queue.get_nowait()
            except Empty:
                sent = b""
            if monotonic() >= next_beat:
                parts.append(self._beat())
                next_beat = monotonic() + BEAT_EVERY
            if told := b"".join(parts):
                yield told
            if sent is None:
                return


class Channel:
    """What many look at alike. show: makes it as it is now."""

    def __init__(self, key: Hashable, show: Callable[[], str]) -> None:
        self.key = key
        self.show = show
        self.frame: Frame | None = None
        self.whole = b""  # the event that brings the frame, the same for all
        self.listeners: set[Listener] = set()
        self.joining = 0
        self.showing = Lock()  # held while it is shown, so that what is older never comes last


class Hub:
    """The channels and listeners of a process.

    look: reads the change counters. beat: makes the event that says that what is shown is up to date; it is left out
    while the counters cannot be read, so that those who look find out. changed: told of a change,
    before what is shown follows. most, most_each: how many streams there may be, and one owner may have.
    """

    def __init__(
        self,
        look: Callable[[], Versions | None],
        beat: Callable[[], bytes],
        *,
        most: int,
        most_each: int,
    ) -> None:
        self.look, self.beat = look, beat
        self.most, self.most_each = most, most_each
        self.chores: list[tuple[float, Callable[[], Any]]] = []  # what else is to be done every so many seconds
        self.changed: list[Callable[[Versions | None, Versions], Any]] = []
        self.is_stopping: Callable[[], bool] = lambda: False
        self.can_see = True
        self._channels: dict[Hashable, Channel] = {}
        self._where: dict[Listener, Channel] = {}
        self._owners: Counter[Owner] = Counter()
        self._lock = Lock()
        self._somebody = Condition(self._lock)
        self._thread: Thread | None = None

    def join(
        self,
        key: Hashable,
        show: Callable[[], str],
        owner: Owner,
        *,
        seen: str | None = None,
        about: Any = None,
    ) -> Listener:
        """Return a new listener of a channel, which it makes if need be; Crowded if there are too many.

        seen: the tag of the frame that the listener has already.
        """
        with self._lock:
            if len(self._where) >= self.most or self._owners[owner] >= self.most_each or self.is_stopping():
                raise Crowded
            channel = self._channels.setdefault(key, Channel(key, show))
            channel.joining += 1
            listener = Listener(owner, lambda: self.beat() if self.can_see else b"", about)
            self._where[listener] = channel
            self._owners[owner] += 1
        try:
            with channel.showing:
                if channel.frame is None:
                    channel.frame = frame_of(channel.show())
                if channel.frame.tag != seen:
                    channel.whole = channel.whole or whole(channel.frame)
                    listener.put(channel.whole)
                channel.listeners.add(listener)
            with self._lock:
                self._watch()
        except BaseException:
            self.leave(listener)
            raise
        finally:
            with self._lock:
                channel.joining -= 1
                self._drop_if_empty(channel)
        return listener

    def leave(self, listener: Listener) -> None:
        """Forget a listener, and its channel if it was the last; a second time changes nothing."""
        with self._lock:
            channel = self._where.pop(listener, None)
            if channel is None:
                return
            self._owners[listener.owner] -= 1
            if not self._owners[listener.owner]:
                del self._owners[listener.owner]
            channel.listeners.discard(listener)
            self._drop_if_empty(channel)

    def listeners(self, kind: str) -> list[Listener]:
        """Return the listeners whose owners are of a kind."""
        with self._lock:
            return [each for each in self._where if each.owner[0] == kind]

    def channels(self) -> list[Channel]:
        """Return the channels that somebody looks at."""
        with self._lock:
            return list(self._channels.values())

    def stop(self) -> None:
        """End all streams, and wait until nothing is asked any more."""
        self.is_stopping = lambda: True
        with self._lock:
            self._somebody.notify()
        if self._thread is not None:
            self._thread.join()

    def _close(self) -> None:
        """End all streams: their listeners come again, to another process or a newer one."""
        with self._lock:
            everybody = list(self._where)
        for listener in everybody:
            listener.end(event("bye", {}))

    def _drop_if_empty(self, channel: Channel) -> None:
        if not channel.listeners and not channel.joining and self._channels.get(channel.key) is channel:
            del self._channels[channel.key]

    def _watch(self) -> None:
        """Wake the watcher, which the first listener starts: no thread outlives the fork of a server's workers."""
        if self._thread is None:
            thread = Thread(target=self._run, name="watcher", daemon=True)
            thread.start()  # where there is no room for one, the next listener tries again
            self._thread = thread
        self._somebody.notify()

    def _run(self) -> None:
        watcher = Watcher(self)
        while not self.is_stopping():
            with self._somebody:
                while not self._where and not self.is_stopping():
                    watcher.rest()
                    self._somebody.wait()
            sleep(watcher.look())
        self._close()


class Watcher:
    """Looks for changes, one look at a time."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.rest()

    def rest(self) -> None:
        """Forget what was seen: after a rest everything is shown anew."""
        self.seen: Versions | None = None
        now = monotonic()
        self.next_timed = now + TIMED_EVERY
        self.next_chores = [now + seconds for seconds, _ in self.hub.chores]

    def look(self) -> float:
        """Look once, show what has changed, and return how many seconds to wait: as long as that took, or more."""
        began = monotonic()
        try:
            found = self.hub.look()
        except Exception:
            if self.seen is not None:
                logger.exception("the change counters cannot be read; what is shown live stays as it is")
            self.seen, self.hub.can_see = None, False
            return LOOK_AGAIN
        self.hub.can_see = True
        if found is not None and found != self.seen:
            self._tell(found)
            self.seen = found
            self._show(self.hub.channels())
        elif monotonic() >= self.next_timed:
            self._show(self.hub.channels())
        if monotonic() >= self.next_timed:
            self.next_timed = monotonic() + TIMED_EVERY
        self._do_chores()
        return max(LOOK_EVERY, monotonic() - began)  # while much changes, others shall have the processor too

    def _tell(self, found: Versions) -> None:
        for told in self.hub.changed:
            _safely(partial(told, self.seen, found))

    def _do_chores(self) -> None:
        for place, (seconds, chore) in enumerate(self.hub.chores):
            if monotonic() >= self.next_chores[place]:
                self.next_chores[place] = monotonic() + seconds
                _safely(chore)

    def _show(self, channels: Iterable[Channel]) -> None:
        for channel in channels:
            _safely(partial(show_anew, channel))


def show_anew(channel: Channel) -> None:
    """Show a channel as it is now, and send what differs to its listeners."""
    with channel.showing:
        before, after = channel.frame, frame_of(channel.show())
        if before is not None and before.tag == after.tag:
            return
        channel.frame, channel.whole = after, b""
        if before is None:  # whoever joins now waits for it
            return
        sent = patch(before, after)
        for listener in tuple(channel.listeners):
            listener.put(sent)


def _safely(do: Callable[[], Any]) -> None:
    """Do one thing; what fails is logged, and the watcher goes on."""
    try:
        do()
    except Exception:
        logger.exception("a live view could not be brought up to date; it stays as it is")
