"""When a page is asked for whole, and when for one fragment of itself."""

from flask import request


def is_htmx() -> bool:
    """Tell whether htmx asks: it follows a redirect unseen, and puts what it gets into the page."""
    return request.headers.get("HX-Request") == "true"


def wants_fragment() -> bool:
    """Tell whether htmx swaps a part; a boosted link or a step back in history wants the whole page."""
    return is_htmx() and not ("HX-Boosted" in request.headers or "HX-History-Restore-Request" in request.headers)
