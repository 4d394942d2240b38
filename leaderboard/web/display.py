"""The screen on a wall: its page, the fragment to ask for while no stream comes through, and its service worker."""

from datetime import datetime
from typing import Any, NamedTuple

from flask import Blueprint, Response, current_app, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import force_locale
from markupsafe import Markup

from leaderboard.domain.displays import Slide, is_night, slide_at
from leaderboard.resources import resource
from leaderboard.services.displays import Shown
from leaderboard.services.walls import Wall
from leaderboard.storage.database import db
from leaderboard.web.assets import release
from leaderboard.web.clock import utc_now
from leaderboard.web.devices import device_of_request, renew_device
from leaderboard.web.kept import Kept
from leaderboard.web.pairing import pairing_page
from leaderboard.web.rights import public
from leaderboard.web.walls import (
    KEPT_SECONDS,
    ShownWall,
    ago,
    clock_time,
    crowd,
    percent,
    place_name,
    short_period,
    shown_wall,
)

bp = Blueprint("display", __name__)
for _filter in (ago, clock_time, crowd, percent, short_period):
    bp.add_app_template_filter(_filter)
MOST_WALLS = 64
SHORTEST_REFRESH = 5  # seconds, of a browser without scripts
WORKER = "js/display_worker.js"


class Sources(NamedTuple):
    """Where the page of a display gets what it shows: the page itself, its fragment and its stream."""

    home: str
    poll: str
    stream: str
    is_preview: bool = False


@bp.record_once
def _keep(state: Any) -> None:
    state.app.extensions["read_walls"] = Kept[Wall](MOST_WALLS)
    state.app.extensions["kept_walls"] = Kept[ShownWall](MOST_WALLS)


@bp.after_request
def _say_whose(response: Response) -> Response:
    """Let a screen tell our answers from those of a proxy or a guest network's sign-in page."""
    response.headers["X-Release"] = release(current_app._get_current_object())  # type: ignore[attr-defined]
    response.headers["X-Now"] = str(int(utc_now().timestamp() * 1000))
    return response


@bp.get("/display")
@public
def index() -> ResponseReturnValue:
    """Show the board of the display that asks, or how to make the screen one."""
    device = device_of_request()
    if device is None:
        return pairing_page()
    ours = Sources(url_for("display.index"), url_for("display.slides"), url_for("display.index") + "/stream")
    response = make_response(wall_page(device, ours, utc_now()))
    renew_device(response, device)
    return response


@bp.get("/display/slides")
@public
def slides() -> ResponseReturnValue:
    """Return the slides alone; 401 for a screen that is no display, or no more."""
    device = device_of_request()
    return Response(status=401) if device is None else fragment(device, utc_now())


@bp.get("/display/worker.js")
@public
def worker() -> Response:
    """Return the script that keeps the last board in the browser; its address says what pages it may keep."""
    response = Response((resource("static") / WORKER).read_text(encoding="utf-8"), mimetype="text/javascript")
    response.headers["Service-Worker-Allowed"] = url_for("display.index")
    response.headers["Cache-Control"] = "no-cache"
    return response


def fragment(display: Shown, now: datetime) -> Response:
    """Return the slides of a display, or 304 to a screen that has them."""
    shown = _shown_now(display, now)
    headers = {"ETag": f'"{shown.tag}"', "Cache-Control": "private, no-cache"}
    if shown.tag in request.if_none_match:
        return Response(status=304, headers=headers)
    return Response(shown.html, headers=headers, mimetype="text/html")


def wall_page(display: Shown, sources: Sources, now: datetime) -> str:
    """Return the page of a display: with the slide whose turn it is, so that it needs no script."""
    shown, settings = _shown_now(display, now), display.settings
    wall = shown.wall
    local = now.astimezone(wall.zone)
    html, seconds_left = shown.html, KEPT_SECONDS
    if wall.slides:
        index = slide_at([Slide(each.kind, each.seconds) for each in wall.slides], now)
        up = f'id="slide-{wall.slides[index].kind}" class="slide'
        html = html.replace(up, f"{up} shown", 1)
        seconds_left = _seconds_left(wall.slides, index, now)
    with force_locale(settings.language or wall.language):
        return render_template(
            "display/wall.html",
            wall=wall,
            settings=settings,
            slides=Markup(html),
            sources=sources,
            local=local,
            now=now,
            place=place_name(wall),
            is_dark=is_night(settings.night, local),
            refresh_seconds=max(SHORTEST_REFRESH, seconds_left),
            release=release(current_app._get_current_object()),  # type: ignore[attr-defined]
        )


def _seconds_left(slides: Any, index: int, now: datetime) -> int:
    """Return for how long a slide stays up from now on."""
    ends = sum(each.seconds for each in slides[: index + 1])
    return ends - int(now.timestamp()) % sum(each.seconds for each in slides)


def _shown_now(display: Shown, now: datetime) -> ShownWall:
    return shown_wall(db.session(), display.settings, display.message_at(now), now)
