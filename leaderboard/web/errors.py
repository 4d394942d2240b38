"""What a reader is told when something goes wrong: what, and what to do; never how."""

import logging
import secrets
import sqlite3

from flask import Flask, Response, current_app, make_response, render_template, request
from flask.globals import request_ctx
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException, InternalServerError, ServiceUnavailable
from werkzeug.wrappers import Response as BaseResponse

from leaderboard.web.api_problems import answer_error, asks_api
from leaderboard.web.fragments import is_htmx, wants_fragment
from leaderboard.web.redirects import HOME

logger = logging.getLogger(__name__)
HOOKS = "/hooks/"
SCREEN = "display.index"  # stands on a wall, where nobody reads of errors


def init_app(app: Flask) -> None:
    """Answer every error with a page, or with a fragment where htmx asks."""
    app.register_error_handler(CSRFError, _forged)
    app.register_error_handler(HTTPException, _refused)
    app.register_error_handler(OperationalError, _busy)
    app.register_error_handler(sqlite3.OperationalError, _busy)
    app.register_error_handler(Exception, _failed)


def _forged(error: CSRFError) -> BaseResponse:
    if current_app.config["COOKIE_SECURE"] and not request.is_secure and not request.cookies:
        remedy = _("Your browser keeps no cookie of this site: open it with https, and allow its cookies.")
    else:
        remedy = _("Load the page again, then repeat what you did.")
    return _answer(error, (_("This form is no longer valid"), remedy))


def _refused(error: HTTPException) -> BaseResponse:
    if error.code is None or error.code < 400:
        return make_response(error.get_response())  # a redirect is an exception too
    response = _answer(error, _words(error.code))
    if error.code == 403 and is_htmx():
        response.headers["HX-Redirect"] = HOME
    return response


def _busy(error: Exception) -> BaseResponse:
    return _answer(ServiceUnavailable(retry_after=30), _words(503), _logged(error))


def _failed(error: Exception) -> BaseResponse:
    return _answer(InternalServerError(), _words(500), _logged(error))


def _logged(error: Exception) -> str:
    """Write an error into the log under a new id, by which the reader can name it."""
    error_id = secrets.token_hex(4)
    logger.error("error %s: %s %s", error_id, request.method, ascii(_path_without_token()), exc_info=error)
    return error_id


def _path_without_token() -> str:
    """Return the path that was asked for; who reads the log must not come in by it."""
    if request.path.startswith(HOOKS):
        return f"{HOOKS}..."
    token = (request.view_args or {}).get("token")
    return request.path.replace(token, "...") if token else request.path


def _words(code: int) -> tuple[str, str]:
    """Return a title and what to do."""
    words = {
        400: (_("This request could not be understood"), _("Go back, check what you entered, and try again.")),
        401: (_("You are not signed in"), _("Sign in, then try again.")),
        403: (_("You may not see this page"), _("Ask an administrator if you need it.")),
        404: (_("There is no such page"), _("Check the address, or start from the leaderboard.")),
        405: (_("This page cannot be used in that way"), _("Start again from the leaderboard.")),
        413: (_("This is too large to be taken"), _("Send a smaller file, or split it.")),
        429: (_("Too many attempts"), _("Wait a few minutes, then try again.")),
        500: (
            _("Something went wrong on our side"),
            _("Try again; if it stays, tell an administrator the number below."),
        ),
        503: (_("The database is busy"), _("Wait half a minute, then try again.")),
    }
    return words.get(code, words[400 if code < 500 else 500])


def _answer(error: HTTPException, words: tuple[str, str], error_id: str | None = None) -> BaseResponse:
    if asks_api():
        return answer_error(error, error_id)
    title, remedy = words
    response = _page(title, remedy, error_id)
    response.status_code = error.code or 500
    for name, value in error.get_headers():
        if name != "Content-Type":
            response.headers[name] = value
    response.headers["Cache-Control"] = "no-store"
    return response


def _page(title: str, remedy: str, error_id: str | None) -> Response:
    # The host is none of ours, so that no address can be made for it; or no page may show the address.
    if request_ctx.url_adapter is None or request.path.startswith(HOOKS):
        return _plain(title, remedy, error_id)
    try:
        return make_response(render_template(_template(), title=title, remedy=remedy, error_id=error_id))
    except Exception:
        logger.exception("the error page itself failed")
        return _plain(title, remedy, error_id)


def _template() -> str:
    if request.endpoint == SCREEN:
        return "errors/screen.html"
    return "errors/_error.html" if wants_fragment() else "errors/error.html"


def _plain(title: str, remedy: str, error_id: str | None) -> Response:
    text = f"{title}. {remedy}" + (f" ({error_id})" if error_id else "")
    return Response(text, mimetype="text/plain")
