"""What is said after too many attempts that failed, and where attempts come from."""

from math import ceil

from flask import Response, request
from flask_babel import ngettext

from leaderboard.domain.errors import Throttled


def address() -> str:
    """Return where a request comes from."""
    return request.remote_addr or "unknown"


def wait(error: Throttled) -> str:
    """Return in words how long to wait."""
    minutes = ceil(error.seconds / 60)
    return ngettext(
        "Too many attempts have failed. Try again in %(num)d minute.",
        "Too many attempts have failed. Try again in %(num)d minutes.",
        minutes,
    )


def throttled(page: str, error: Throttled) -> Response:
    """Return a page with the status that says how long to wait."""
    return Response(page, 429, {"Retry-After": str(error.seconds)}, mimetype="text/html")
