"""How many requests are worked on at once: streams have threads by the thousand, which pages must not all use.

A stream's view takes its turn too, and then waits outside of it: only its events are still to be sent. So does who
sends slowly: what a request brings is taken in before its turn, or else a few that dribble would stop everybody. And
who writes may wait for an import to end, so that some turns are left to those who only read.
"""

from collections.abc import Iterable
from contextlib import ExitStack
from tempfile import SpooledTemporaryFile
from threading import BoundedSemaphore
from time import monotonic
from typing import TYPE_CHECKING, BinaryIO, cast

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

AT_ONCE, WRITING = 16, 12
READS = frozenset({"GET", "HEAD", "OPTIONS"})
SILENT_SECONDS, SLOW_SECONDS = 10, 60  # of one who is sending: without a byte, and in all
PIECE, IN_MEMORY = 16 * 1024, 64 * 1024  # bytes


class Turns:
    """Lets so many requests in at a time; the others wait. most_bytes: what is longer the application refuses."""

    def __init__(self, wsgi_app: "WSGIApplication", most_bytes: int) -> None:
        self.wsgi_app, self.most_bytes = wsgi_app, most_bytes
        self._turns, self._writing = BoundedSemaphore(AT_ONCE), BoundedSemaphore(WRITING)

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        with ExitStack() as kept:
            if self._brings_something(environ):
                body = kept.enter_context(SpooledTemporaryFile(IN_MEMORY))
                try:
                    self._take_in(environ, cast(BinaryIO, body))
                except OSError:  # silence, or it hung up, or what it sends is no body
                    start_response("408 Request Timeout", [("Content-Type", "text/plain")])
                    return [b"The request did not come whole; send it again.\n"]
            if environ["REQUEST_METHOD"] not in READS:
                kept.enter_context(self._writing)
            kept.enter_context(self._turns)
            return self.wsgi_app(environ, start_response)

    def _brings_something(self, environ: "WSGIEnvironment") -> bool:
        length = environ.get("CONTENT_LENGTH", "")
        if length.isdecimal():
            return 0 < int(length) <= self.most_bytes
        return bool(environ.get("wsgi.input_terminated") and environ.get("HTTP_TRANSFER_ENCODING"))

    def _take_in(self, environ: "WSGIEnvironment", body: BinaryIO) -> None:
        """Read what a request brings, and put it in its place; of what is too long, so much that this shows."""
        source, connection = environ["wsgi.input"], environ.get("gunicorn.socket")
        until = monotonic() + SLOW_SECONDS
        if connection is not None:
            connection.settimeout(SILENT_SECONDS)
        while body.tell() <= self.most_bytes and (piece := source.read(PIECE)):
            body.write(piece)
            if monotonic() > until:
                raise TimeoutError
        if connection is not None:
            connection.settimeout(None)
        body.seek(0)
        environ["wsgi.input"] = body
