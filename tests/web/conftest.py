"""Pages are tested on the organisation of worlds.py, at its moment."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.web import worlds


@pytest.fixture
def world(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """The organisation is loaded, and the board's clock stands at its moment."""
    worlds.build(session)
    monkeypatch.setattr("leaderboard.web.board.utc_now", lambda: worlds.NOW)


@pytest.fixture
def reader(app: Flask, world: None) -> Callable[[str], FlaskClient]:
    """`reader("ana")` is a client who has signed in."""
    app.config["WTF_CSRF_ENABLED"] = False
    return lambda name: worlds.sign_in(app.test_client(), name)
