"""Server-sent events: a board that is open follows every change."""

import socket
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from time import time
from typing import Any, cast

from flask import Blueprint, Flask, Response, abort, current_app, g, request
from flask_babel import force_locale
from flask_login import current_user
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from leaderboard.services.boards import BoardQuery, today
from leaderboard.services.scopes import Reach
from leaderboard.services.watching import Versions, live_sessions, read_versions
from leaderboard.storage.database import db
from leaderboard.web import board
from leaderboard.web.assets import release
from leaderboard.web.clock import utc_now
from leaderboard.web.frames import event
from leaderboard.web.hub import Crowded, Hub, Listener, Owner
from leaderboard.web.languages import choose_language
from leaderboard.web.sessions import limits, session_token
from leaderboard.web.turns import Turns

bp = Blueprint("streams", __name__)
SESSION = "session"  # the kind of owner of a signed-in user's streams
MOST_EACH = 12  # windows of one user, or connections of one screen of which it knows no more
CHECK_SESSIONS_EVERY = 5.0  # seconds
DEAD_AFTER_MS = 60_000  # a peer that acknowledges nothing for so long is gone
RETRY_SECONDS = "20"


def init_app(app: Flask) -> None:
    """Give the application its hub, and requests their turns."""
    app.wsgi_app = Turns(app.wsgi_app, app.config["MAX_CONTENT_LENGTH"])  # type: ignore[method-assign]
    hub = Hub(lambda: _look(app), lambda: _beat(app), most=app.config["MOST_STREAMS"], most_each=MOST_EACH)
    hub.chores.append((CHECK_SESSIONS_EVERY, lambda: _check_sessions(app)))
    app.extensions["hub"] = hub


def hub() -> Hub:
    """Return the hub of this process."""
    return current_app.extensions["hub"]


@bp.get("/stream")
def of_board() -> Response:
    """The board that the address asks for, as `/` does, as it changes."""
    if g.rules_version is None:
        abort(404)
    asked, is_of_today = request.args, not request.args.get("period")
    query, language, reach = _query_now(asked), choose_language() or "en", current_user.reach
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    return streamed(
        ("board", query, is_of_today, language, reach),
        lambda: _standings(app, language, asked, reach),
        signed_in(),
    )


def streamed(
    key: Hashable,
    show: Callable[[], str],
    owner: Owner,
    *,
    about: Any = None,
    welcome: bytes = b"",
) -> Response:
    """Return the stream of a channel, as the hub's `join` says; 503 when there are too many.

    welcome: events that come first.
    """
    db.session.rollback()  # who waits for a channel keeps no connection from whoever is showing it
    try:
        listener = hub().join(key, show, owner, seen=request.args.get("seen"), about=about)
    except Crowded:
        return Response("There are too many streams.\n", 503, {"Retry-After": RETRY_SECONDS}, mimetype="text/plain")
    if welcome:
        listener.put(welcome)
    return answered(listener)


def answered(listener: Listener) -> Response:
    """Return the response that sends a listener's events until it ends or is closed."""
    _drop_when_dead(request.environ.get("gunicorn.socket"))
    response = Response(listener.events(), mimetype="text/event-stream")
    response.headers["X-Accel-Buffering"] = "no"  # nginx would collect events before it passes them on
    left = hub()
    response.call_on_close(lambda: left.leave(listener))
    return response


def signed_in() -> Owner:
    """Return whose a stream of the user who asks is: of a session, and of what its user may see."""
    return SESSION, (session_token(), current_user.reach)


@contextmanager
def for_many(app: Flask) -> Iterator[None]:
    """Make what many look at outside of any reader's request, by the rules as they are now."""
    with app.test_request_context():
        g.scores_version, g.rules_version, _ = read_versions(db.session()) or (None, None, None)
        yield


def _standings(app: Flask, language: str, asked: MultiDict[str, str], reach: Reach) -> str:
    with for_many(app), force_locale(language):
        return board.standings_now(_query_now(asked), reach)


def _drop_when_dead(connection: Any) -> None:
    """Let the system end a connection to a screen that was unplugged: its thread would wait for a quarter hour."""
    if isinstance(connection, socket.socket) and hasattr(socket, "TCP_USER_TIMEOUT"):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, DEAD_AFTER_MS)


def _query_now(asked: MultiDict[str, str]) -> BoardQuery:
    """Return what an address asks for at this moment: this month, if it names none."""
    return board.query_of(asked, today(db.session(), now=utc_now(), rules_version=g.rules_version))


def _look(app: Flask) -> Versions | None:
    with app.app_context(), Session(db.engine) as session:
        return read_versions(session)


def _beat(app: Flask) -> bytes:
    return event("beat", {"now": int(time() * 1000), "release": release(app)})


def _check_sessions(app: Flask) -> None:
    """End the streams of users who are signed in no more or see less or more: they come again and see theirs."""
    listeners = app.extensions["hub"].listeners(SESSION)
    if not listeners:
        return
    with app.app_context(), Session(db.engine) as session:
        tokens = {token for token, _ in map(_whose, listeners)}
        reaches = live_sessions(session, tokens, now=utc_now(), limits=limits())
    for listener in listeners:
        token, reach = _whose(listener)
        if token not in reaches:
            listener.end(event("gone", {}))
        elif reaches[token] is not reach:
            listener.end(event("bye", {}))


def _whose(listener: Listener) -> tuple[str, Reach]:
    """Return the session of a listener and how far its user saw, as `signed_in` noted them."""
    return cast(tuple[str, Reach], listener.owner[1])
