"""The cookie by which the screen on a wall is known, and who it is.

It holds a random token and nothing else, as that of a user's session does; what it means stands in the database.
"""

from flask import current_app, g, request
from werkzeug.wrappers import Response

from leaderboard.services import displays
from leaderboard.services.displays import Device, Screen
from leaderboard.storage.database import db
from leaderboard.web.clock import utc_now

KEPT_SECONDS = 400 * 86_400  # browsers keep no cookie for longer; each load of the page begins it anew
MOST_PIXELS = 5  # digits


def device_of_request() -> Device | None:
    """Return the display that asks, None if it is no living one; one SQL statement, none without a cookie.

    A screen tells its size as w and h in the address.
    """
    token = _token()
    if not token:
        return None
    device = displays.resume_display(db.session(), token, screen=_screen(), now=utc_now())
    if device is not None:
        g.scores_version, g.rules_version = device.scores_version, device.rules_version
    return device


def renew_device(response: Response, device: Device) -> None:
    """Let a screen that loads its page keep its token, or a new one once a day."""
    token = displays.renew_token(db.session(), device, _token() or "", now=utc_now())
    if token is not None:
        keep_device(response, token)


def keep_device(response: Response, token: str) -> None:
    """Give a screen its token."""
    set_screen_cookie(response, "DISPLAY_COOKIE_NAME", token, KEPT_SECONDS)


def forget_device(response: Response) -> None:
    """Take a token away that is good no more, and what the screen has kept of its pages."""
    if _token():
        set_screen_cookie(response, "DISPLAY_COOKIE_NAME", "", 0)
        response.headers["Clear-Site-Data"] = '"cache", "storage"'


def set_screen_cookie(response: Response, name: str, value: str, seconds: int) -> None:
    """Set a cookie of screens. name: of the setting that names it; seconds: how long it is kept, 0 takes it away."""
    response.set_cookie(
        current_app.config[name],
        value,
        max_age=seconds,
        path="/",
        secure=current_app.config["SESSION_COOKIE_SECURE"],
        httponly=True,
        samesite="Strict",
    )


def _token() -> str | None:
    return request.cookies.get(current_app.config["DISPLAY_COOKIE_NAME"])


def _screen() -> Screen:
    return Screen(request.user_agent.string, _pixels("w"), _pixels("h"))


def _pixels(name: str) -> int | None:
    text = request.args.get(name, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= MOST_PIXELS else None
