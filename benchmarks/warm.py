"""Processor time of a warm board against a view that asks for a version and returns a kept text."""

import re
from collections.abc import Callable
from time import process_time
from typing import Any

from flask import Flask
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session
from werkzeug.test import EnvironBuilder, run_wsgi_app

from benchmarks.data import NOW, email
from benchmarks.measuring import Result, in_words, interleaved, seconds
from leaderboard.domain.actors import COMMAND_LINE
from leaderboard.services.accounts import add_user
from leaderboard.storage.database import db
from leaderboard.storage.tables import OrganisationRow

PASSWORD = "a long enough benchmark password"
BOARD = f"/?period={NOW:%Y-%m}&scope=member"


def measure(app: Flask, engine: Engine, requests: int, rounds: int) -> list[Result]:
    """Compare both as WSGI applications, so that no server's time hides the difference."""
    app.config["WTF_CSRF_ENABLED"] = False  # for the sign-in below; a board asks for no token
    cookie = signed_in(app, engine)
    board = request_of(app, BOARD, {"Cookie": cookie, "HX-Request": "true"})
    page = board()
    if not re.search(r'<tr id="standing-\d+" aria-current', page):
        raise AssertionError(f"the board does not show the reader: {page[:500]}")
    bare = request_of(_bare_view(app, page), "/", {})
    bare()
    ratio, ours, theirs = interleaved(
        lambda: seconds(board, requests, process_time), lambda: seconds(bare, requests, process_time), rounds
    )
    note = f"{in_words(ours)} of processor time against {in_words(theirs)}"
    return [Result("a warm board fragment against a bare version-query view", 2, ratio, note=note)]


def signed_in(app: Flask, engine: Engine, account: str = email(0), role: str = "rep") -> str:
    """Add an account, and return the cookie of one who has signed in with it."""
    with Session(engine) as session:
        add_user(session, email=account, role=role, password=PASSWORD, now=NOW, by=COMMAND_LINE)
    client = app.test_client()
    answer = client.post("/sign-in", data={"email": account, "password": PASSWORD})
    if answer.status_code != 303:
        raise AssertionError(f"signing in gave {answer.status}: {answer.get_data(as_text=True)[:500]}")
    token = client.get_cookie(app.config["TOKEN_COOKIE_NAME"])
    assert token is not None
    return f"{token.key}={token.value}"


def request_of(app: Flask, path: str, headers: dict[str, str]) -> Callable[[], str]:
    """Return what sends one request and returns the body."""
    environ = EnvironBuilder(path=path.partition("?")[0], query_string=path.partition("?")[2], headers=headers)
    kept: dict[str, Any] = environ.get_environ()

    def send() -> str:
        body, status, _ = run_wsgi_app(app.wsgi_app, dict(kept), buffered=True)
        if not status.startswith("200"):
            raise AssertionError(f"{path} gave {status}")
        return b"".join(body).decode()

    return send


def _bare_view(app: Flask, page: str) -> Flask:
    """Return an application of one view: one version query, and the text that is kept for it."""
    bare = Flask("bare")
    bare.config["SQLALCHEMY_DATABASE_URI"] = app.config["SQLALCHEMY_DATABASE_URI"]
    db.init_app(bare)
    pages: dict[int, str] = {}

    @bare.get("/")
    def index() -> str:
        version = db.session.execute(select(OrganisationRow.scores_version)).scalar_one()
        return pages.setdefault(version, page)

    return bare
