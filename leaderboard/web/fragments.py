"""When a page is asked for whole, and when for one fragment of itself."""

from flask import request


def wants_fragment() -> bool:
    """Tell whether htmx swaps a part; a boosted link or a step back in history wants the whole page."""
    headers = request.headers
    return "HX-Request" in headers and not ("HX-Boosted" in headers or "HX-History-Restore-Request" in headers)
