"""Tests of pages stand on the organisation of worlds.py at its moment; those of the door on pages that go wrong."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask import Blueprint, Flask, Response, abort, g, render_template_string, request
from flask.testing import FlaskClient
from flask_login import current_user
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from leaderboard import app as application
from leaderboard.web.rights import admin_required, manager_required, public
from tests.apps import app_on
from tests.conftest import SETTINGS
from tests.web import won, worlds


def trial_pages():
    """Return pages for these tests: what real ones do, and what goes wrong in them."""
    bp = Blueprint("trial", __name__, url_prefix="/trial")
    _add_pages(bp)
    _add_doors(bp)
    _add_faults(bp)
    return bp


def _add_pages(bp):
    @bp.get("/page")
    def page():
        told = f"{current_user.email} {current_user.role} {g.scores_version} {g.rules_version}"
        return Response(told, mimetype="text/plain")

    @bp.get("/kept")
    def kept():
        response = Response("kept", headers={"Cache-Control": "private, no-cache"})
        response.set_etag("1")
        return response.make_conditional(request)

    @bp.post("/change")
    def change():
        return "changed"

    @bp.get("/address")
    @public
    def address():
        return Response(f"{request.remote_addr} {request.scheme}", mimetype="text/plain")


def _add_doors(bp):
    @bp.get("/managers")
    @manager_required
    def managers():
        return "for managers"

    @bp.get("/admins")
    @admin_required
    def admins():
        return "for admins"

    @bp.get("/open")
    @public
    @manager_required
    def opened():
        return "never reached by visitors"


def _add_faults(bp):
    @bp.get("/bug")
    def bug():
        secret_in_the_traceback = 1
        return str(secret_in_the_traceback / 0)

    @bp.get("/away")
    def away():
        raise OperationalError("SELECT secret_column", {}, Exception("server closed the connection"))

    @bp.get("/status/<int:code>")
    def status(code):
        abort(code)

    @bp.get("/undefined")
    def undefined():
        return render_template_string("{{ no_such_name }}")


@pytest.fixture
def make_app(database_url, pool, monkeypatch):
    """`make_app(**settings)` returns the application with the pages of these tests."""
    monkeypatch.setattr(application, "BLUEPRINTS", (*application.BLUEPRINTS, trial_pages()))
    made = []

    def make(**settings):
        made.append(app_on(pool, database_url, {**SETTINGS, **settings}))
        return made[-1]

    yield make
    for each in made:
        each.extensions["hub"].stop()


@pytest.fixture
def world(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """The organisation is loaded, and the board's clock stands at its moment."""
    worlds.build(session)
    monkeypatch.setattr("leaderboard.web.board.utc_now", lambda: worlds.NOW)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[..., datetime]:
    """`clock(minutes=5)` moves on the time that screens see, which begins at the organisation's moment."""
    passed = [timedelta(0)]
    for name in ("display", "displays", "devices", "pairing"):
        monkeypatch.setattr(f"leaderboard.web.{name}.utc_now", lambda: worlds.NOW + passed[0])

    def move(**by: float) -> datetime:
        passed[0] += timedelta(**by)
        return worlds.NOW + passed[0]

    return move


@pytest.fixture
def reader(app: Flask, world: None) -> Callable[[str], FlaskClient]:
    """`reader("ana")` is a client who has signed in."""
    app.config["WTF_CSRF_ENABLED"] = False
    return lambda name: worlds.sign_in(app.test_client(), name)


@pytest.fixture
def won_reader(app: Flask, session: Session, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], FlaskClient]:
    """`won_reader("dora")` is a client who has signed in where a quarter was won, after its question window."""
    won.build(session)
    won.stand_at(monkeypatch, won.LATER)
    app.config["WTF_CSRF_ENABLED"] = False
    return lambda name: worlds.sign_in(app.test_client(), name)
