"""Thousands of streams held by one process, and polls in their place: what comes, when, and how many bytes."""

import json
import selectors
import socket
from collections.abc import Sequence
from dataclasses import dataclass, field
from time import monotonic

CHUNK = 262_144


@dataclass
class Viewer:
    """Somebody who looks: where, and what has come. changes: when each patch came; breaks: gaps in their chain."""

    path: str
    cookie: str
    connection: socket.socket | None = None
    text: bytes = b""
    tag: str = ""
    changes: list[float] = field(default_factory=list)
    breaks: int = 0
    received: int = 0
    sent: int = 0


def request_of(viewer: Viewer, *headers: str) -> bytes:
    """Return a GET request for what somebody looks at."""
    lines = [f"GET {viewer.path} HTTP/1.1", "Host: 127.0.0.1", f"Cookie: {viewer.cookie}", *headers]
    return "\r\n".join([*lines, "", ""]).encode()


class Streams:
    """Viewers of streams, all read by this thread."""

    def __init__(self, port: int, viewers: Sequence[Viewer]) -> None:
        self.selector = selectors.DefaultSelector()
        self.viewers = viewers
        for viewer in viewers:
            viewer.connection = socket.create_connection(("127.0.0.1", port))
            request = request_of(viewer, "Accept: text/event-stream")
            viewer.connection.sendall(request)
            viewer.sent += len(request)
            viewer.connection.setblocking(False)
            self.selector.register(viewer.connection, selectors.EVENT_READ, viewer)
            self.read(0)

    def read(self, seconds: float) -> None:
        """Read what comes within so many seconds."""
        end = monotonic() + seconds
        while True:
            found = self.selector.select(max(0.0, end - monotonic()))
            for key, _ in found:
                self._take(key.data)
            if monotonic() >= end:
                return

    def _take(self, viewer: Viewer) -> None:
        assert viewer.connection is not None
        came = viewer.connection.recv(CHUNK)
        if not came:
            self.selector.unregister(viewer.connection)
            viewer.breaks += 1
            return
        now = monotonic()
        viewer.received += len(came)
        viewer.text += came
        if not viewer.text.endswith(b"\n\n\r\n"):  # the end of an event, and of its chunk
            return
        for line in viewer.text.split(b"\n"):
            if line.startswith(b'data: {"tag"'):
                viewer.tag = json.loads(line[6:])["tag"]
            elif line.startswith(b'data: {"from"'):
                start = json.loads(line[6:])
                viewer.breaks += start["from"] != viewer.tag
                viewer.tag = start["tag"]
                viewer.changes.append(now)
        viewer.text = b""

    def close(self) -> None:
        """Hang up."""
        for viewer in self.viewers:
            if viewer.connection is not None:
                viewer.connection.close()
        self.selector.close()
