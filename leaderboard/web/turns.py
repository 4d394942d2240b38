"""How many requests are worked on at once: streams have threads by the thousand, which pages must not all use.

A stream's view takes its turn too, and then waits outside of it: only its events are still to be sent.
"""

from collections.abc import Iterable
from threading import BoundedSemaphore
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

AT_ONCE = 16


class Turns:
    """Lets so many requests in at a time; the others wait."""

    def __init__(self, wsgi_app: "WSGIApplication") -> None:
        self.wsgi_app = wsgi_app
        self._turns = BoundedSemaphore(AT_ONCE)

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        with self._turns:
            return self.wsgi_app(environ, start_response)
