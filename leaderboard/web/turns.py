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

from leaderboard.web.api_problems import API, problem_text
from leaderboard.web.api_problems import MEDIA_TYPE as PROBLEM

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
            if length := self._length(environ):
                body = kept.enter_context(SpooledTemporaryFile(IN_MEMORY))
                try:
                    take_in(environ, cast(BinaryIO, body), length)
                except OSError:  # silence, or it hung up, or what it sends is no body
                    return _not_whole(environ, start_response)
            if environ["REQUEST_METHOD"] not in READS:
                kept.enter_context(self._writing)
            kept.enter_context(self._turns)
            return self.wsgi_app(environ, start_response)

    def _length(self, environ: "WSGIEnvironment") -> int:
        """Return how much to take in: what is sent in chunks has no length, and what is too long is left alone."""
        length = environ.get("CONTENT_LENGTH", "")
        if length.isdecimal():
            return int(length) if int(length) <= self.most_bytes else 0
        is_chunked = environ.get("wsgi.input_terminated") and environ.get("HTTP_TRANSFER_ENCODING")
        return self.most_bytes + 1 if is_chunked else 0


def _not_whole(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    """Say that a request did not come whole: to a program as everything that goes wrong is told to programs."""
    told, kind = "The request did not come whole; send it again.", "text/plain"
    if environ.get("PATH_INFO", "").startswith(API):
        told, kind = problem_text("timeout", told), PROBLEM
    start_response("408 Request Timeout", [("Content-Type", kind)])
    return [f"{told}\n".encode()]


def take_in(environ: "WSGIEnvironment", body: BinaryIO, most: int) -> None:
    """Read so much of what a request brings, or to its end, and put it in its place; OSError if it does not come."""
    source, connection = environ["wsgi.input"], environ.get("gunicorn.socket")
    until = monotonic() + SLOW_SECONDS
    if connection is not None:
        connection.settimeout(SILENT_SECONDS)
    while piece := source.read(min(PIECE, most - body.tell())):  # not past it: not all servers know where it ends
        body.write(piece)
        if monotonic() > until:
            raise TimeoutError
    if connection is not None:
        connection.settimeout(None)
    if environ.get("CONTENT_LENGTH") and body.tell() < most:
        raise ConnectionError("it ended before its length")
    if not environ.get("CONTENT_LENGTH"):  # of what came in chunks it is known now: Werkzeug refuses by it what is
        environ["CONTENT_LENGTH"] = str(body.tell())  # beyond a limit, and without it takes what lies before the limit
        environ.pop("HTTP_TRANSFER_ENCODING", None)
    body.seek(0)
    environ["wsgi.input"] = body
