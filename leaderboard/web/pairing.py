"""What a screen shows before it is a display: a code for a manager to enter, and how it learns that one did.

Two cookies. PAIRING_COOKIE_NAME holds the code that is shown and the secret by which the screen asks for its token;
DISPLAY_COOKIE_NAME (devices.py) then holds the token. Secret and token never stand in an address or in a page.
"""

import sqlite3
from datetime import datetime
from math import ceil
from typing import NamedTuple

import segno
from flask import Blueprint, current_app, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import force_locale
from markupsafe import Markup
from sqlalchemy.exc import OperationalError
from werkzeug.wrappers import Response

from leaderboard.domain.errors import Throttled
from leaderboard.services import pairing
from leaderboard.storage.database import db
from leaderboard.web.clock import utc_now
from leaderboard.web.devices import device_of_request, forget_device, keep_device, set_screen_cookie
from leaderboard.web.organisation import organisation
from leaderboard.web.rights import public
from leaderboard.web.throttling import address

bp = Blueprint("pairing", __name__)
LONGEST_COOKIE = 100
BUSY = (OperationalError, sqlite3.OperationalError)
RETRY_SECONDS = 20  # where there is no code to show


class Waiting(NamedTuple):
    """What a screen that waits holds, and until when its code is good."""

    code: str
    secret: str
    expires_at: datetime


@bp.get("/display/pairing")
@public
def poll() -> dict[str, str | int]:
    """Tell a screen how far it is.

    state: `ready`, it loads /display again and gets its board; `waiting`, with the seconds left; `over`, the code is
    good no more; `none`, the screen has shown no cookie, so that it can never be paired.
    """
    if device_of_request() is not None:
        return {"state": "ready"}
    held, now = _held(), utc_now()
    if held is None:
        return {"state": "none"}
    pending = pairing.pairing_of(db.session(), *held, now=now)
    if pending is None:
        return {"state": "over"}
    if pending.is_claimed:
        return {"state": "ready"}
    return {"state": "waiting", "seconds": _seconds(pending.expires_at, now)}


def pairing_page() -> ResponseReturnValue:
    """Answer a screen that is no display: with a code to show, or, once that was entered, with its token.

    Where there is no code to be had, as while an import holds the database, the page says so and tries again.
    """
    now = utc_now()
    try:
        if token := _token_of_claimed(now):
            return _entered(token)
        waiting = _still_waiting(now) or _begin(now)
    except Throttled as error:
        return _page(None, error.seconds)
    except BUSY:
        db.session().rollback()
        current_app.logger.warning("no code for a screen: the database is busy")
        return _page(None, RETRY_SECONDS)
    response = _page(waiting, _seconds(waiting.expires_at, now))
    set_screen_cookie(response, "PAIRING_COOKIE_NAME", f"{waiting.code}.{waiting.secret}", _lasting())
    return response


def _token_of_claimed(now: datetime) -> str | None:
    held = _held()
    if held is None:
        return None
    pending = pairing.pairing_of(db.session(), *held, now=now)
    return pairing.collect_token(db.session(), held[1], now=now) if pending and pending.is_claimed else None


def _still_waiting(now: datetime) -> Waiting | None:
    """Return the code that the screen shows already, so that a page that is loaded again shows no other."""
    held = _held()
    pending = pairing.pairing_of(db.session(), *held, now=now) if held else None
    return None if held is None or pending is None else Waiting(*held, pending.expires_at)


def _begin(now: datetime) -> Waiting:
    code, secret = pairing.begin_pairing(db.session(), address=address(), now=now)
    return Waiting(code, secret, now + pairing.CODE_LIFE)


def _entered(token: str) -> Response:
    response = redirect(url_for("display.index"), 303)
    keep_device(response, token)
    set_screen_cookie(response, "PAIRING_COOKIE_NAME", "", 0)
    return response


def _page(waiting: Waiting | None, seconds: int) -> Response:
    """Return the page, in the organisation's language. seconds: as its template says."""
    ours = organisation()
    with force_locale(ours.language if ours else "en"):
        response = make_response(
            render_template(
                "display/pairing.html",
                code=waiting and waiting.code,
                seconds=seconds,
                minutes=ceil(seconds / 60),
                picture=waiting and _picture(url_for("displays.pair", code=waiting.code, _external=True)),
                address=request.host + url_for("displays.pair"),
            )
        )
    forget_device(response)
    return response


def _picture(target: str) -> Markup:
    """Return the QR code of an address as a drawing without styles, which our security policy would not let in."""
    code = segno.make(target, error="m", micro=False)
    return Markup(code.svg_inline(omitsize=True, border=4, svgclass=None, lineclass=None))


def _held() -> tuple[str, str] | None:
    """Return code and secret of the screen's cookie."""
    text = request.cookies.get(current_app.config["PAIRING_COOKIE_NAME"], "")
    code, _, secret = text.partition(".")
    return (code, secret) if secret and len(text) <= LONGEST_COOKIE else None


def _seconds(until: datetime, now: datetime) -> int:
    return max(1, ceil((until - now).total_seconds()))


def _lasting() -> int:
    return int(pairing.FETCH_WITHIN.total_seconds())
