"""Thousands who look, held by one thread: through streams, or by asking every few seconds. What comes, and when."""

import json
import selectors
import socket
from collections.abc import Sequence
from dataclasses import dataclass, field
from time import monotonic

CHUNK = 262_144
END_OF_EVENT = b"\n\n\r\n"  # and of the chunk of HTTP that it came in
POLL_SECONDS = 5.0


@dataclass(eq=False)
class Viewer:
    """Somebody who looks. stream, poll: addresses. changes: when each new state came; breaks: gaps between them."""

    stream: str
    poll: str
    cookie: str
    connection: socket.socket | None = None
    text: bytes = b""
    tag: str = ""
    changes: list[float] = field(default_factory=list)
    breaks: int = 0
    received: int = 0
    sent: int = 0

    def ask(self, port: int, path: str, *headers: str) -> None:
        """Connect and send a request; what comes is read when it is there."""
        lines = (f"GET {path} HTTP/1.1", "Host: 127.0.0.1", f"Cookie: {self.cookie}", *headers, "", "")
        request = "\r\n".join(lines).encode()
        self.text = b""
        self.connection = socket.create_connection(("127.0.0.1", port))
        self.connection.sendall(request)
        self.connection.setblocking(False)
        self.sent += len(request)


class Streams:
    """Viewers who listen."""

    def __init__(self, port: int, viewers: Sequence[Viewer]) -> None:
        self.viewers = viewers
        self.selector = selectors.DefaultSelector()
        for viewer in viewers:
            viewer.ask(port, viewer.stream, "Accept: text/event-stream")
            assert viewer.connection is not None
            self.selector.register(viewer.connection, selectors.EVENT_READ, viewer)
            self.run(0)

    def run(self, seconds: float) -> None:
        """Take what comes within so many seconds."""
        end = monotonic() + seconds
        while True:
            for key, _ in self.selector.select(max(0.0, end - monotonic())):
                self._take(key.data)
            if monotonic() >= end:
                return

    def _take(self, viewer: Viewer) -> None:
        assert viewer.connection is not None
        came, now = viewer.connection.recv(CHUNK), monotonic()
        if not came:
            self.selector.unregister(viewer.connection)
            viewer.breaks += 1
            return
        viewer.received += len(came)
        viewer.text += came
        if viewer.text.endswith(END_OF_EVENT):
            for line in viewer.text.split(b"\n"):
                self._note(viewer, line, now)
            viewer.text = b""

    def _note(self, viewer: Viewer, line: bytes, now: float) -> None:
        if line.startswith(b'data: {"tag"'):
            viewer.tag = json.loads(line[6:])["tag"]
        elif line.startswith(b'data: {"from"'):
            came = json.loads(line[6:])
            viewer.breaks += came["from"] != viewer.tag
            viewer.tag = came["tag"]
            viewer.changes.append(now)

    def close(self) -> None:
        """Hang up."""
        for viewer in self.viewers:
            if viewer.connection is not None:
                viewer.connection.close()
        self.selector.close()


class Polls:
    """Viewers who ask every few seconds, each in its turn, and are told if nothing has changed."""

    def __init__(self, port: int, viewers: Sequence[Viewer]) -> None:
        self.port, self.viewers = port, viewers
        self.selector = selectors.DefaultSelector()

    def run(self, seconds: float) -> None:
        """Ask, and take what comes, for so many seconds."""
        start = monotonic()
        due = [(start + POLL_SECONDS * place / len(self.viewers), viewer) for place, viewer in enumerate(self.viewers)]
        place = 0
        while (now := monotonic()) < start + seconds:
            at, viewer = due[place % len(due)]
            at += POLL_SECONDS * (place // len(due))
            if at <= now:
                place += 1
                if viewer.connection is None:  # the answer before has come
                    self._ask(viewer)
                else:
                    viewer.breaks += 1
            for key, _ in self.selector.select(max(0.0, min(at, start + seconds) - now)):
                self._take(key.data)

    def _ask(self, viewer: Viewer) -> None:
        headers = ["HX-Request: true", "Connection: close", *([f'If-None-Match: "{viewer.tag}"'] if viewer.tag else [])]
        viewer.ask(self.port, viewer.poll, *headers)
        assert viewer.connection is not None
        self.selector.register(viewer.connection, selectors.EVENT_READ, viewer)

    def _take(self, viewer: Viewer) -> None:
        assert viewer.connection is not None
        came = viewer.connection.recv(CHUNK)
        viewer.received += len(came)
        viewer.text += came
        if came:
            return
        self.selector.unregister(viewer.connection)
        viewer.connection.close()
        viewer.connection = None
        head = viewer.text.partition(b"\r\n\r\n")[0].decode().split("\r\n")
        tag = next((line.split('"')[1] for line in head if line.lower().startswith("etag:")), "")
        if not tag or head[0].split()[1] not in {"200", "304"}:
            raise AssertionError(f"{viewer.poll} gave {head[0]}")
        if tag != viewer.tag:
            viewer.tag = tag
            viewer.changes.append(monotonic())
