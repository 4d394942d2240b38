"""A stream of server-sent events as a browser takes it."""

import json
from threading import Thread
from time import monotonic, sleep

PATIENCE = 15  # seconds, for what takes a tenth of one


class Stream:
    """A stream as a browser takes it, read in a thread."""

    def __init__(self, client, address):
        self.answer = client.get(address)
        self.events, self.came_at, self.has_ended = [], [], False
        self._thread = Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self):
        for sent in self.answer.iter_encoded():
            for each in sent.decode().strip().split("\n\n"):
                name, data = each.split("\n")
                self.events.append((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
                self.came_at.append(monotonic())
        self.has_ended = True
        self.answer.close()

    def names(self):
        return [name for name, _ in self.events]

    def has(self, *names):
        until(lambda: self.names() == list(names), lambda: self.names())


def until(is_so, told=lambda: None):
    end = monotonic() + PATIENCE
    while not is_so():
        assert monotonic() < end, told()
        sleep(0.005)
