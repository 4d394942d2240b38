"""Where a page may send a browser next: to a page of ours and nowhere else."""

import re
from urllib.parse import urlsplit

from flask import Response, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from leaderboard.web.fragments import is_htmx

HOME = "/"
# One leading slash: browsers read //host, /\host and, leaving out control characters, /<tab>/host as another host.
OURS = re.compile(r"/(?!/)[^\\\x00-\x20\x7f]*")


def safe_next(text: str | None) -> str:
    """Return an address of ours as it is, the home page instead of anything else."""
    return text if text and OURS.fullmatch(text) else HOME


def ask_to_sign_in() -> BaseResponse:
    """Send a visitor to the sign-in page, and from there back to where they are."""
    if is_htmx():
        here = _shown_page(request.headers.get("HX-Current-URL", ""))
        response = Response(_("You are signed out: sign in again."), 401, mimetype="text/plain")
        response.headers["HX-Redirect"] = url_for("accounts.sign_in", next=here)
        return response
    if request.accept_mimetypes.best == "text/event-stream":
        return Response(_("You are signed out: sign in again."), 401, mimetype="text/plain")
    here = request.full_path.rstrip("?") if request.method == "GET" else HOME
    return redirect(url_for("accounts.sign_in", next=safe_next(here)), 303)


def _shown_page(url: str) -> str:
    """Return the address of ours that htmx says is shown; what it sends may be anything."""
    try:
        shown = urlsplit(url)
    except ValueError:
        return HOME
    return safe_next(shown.path + (f"?{shown.query}" if shown.query else ""))
