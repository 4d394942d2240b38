"""Whose leaderboard this is, for what every page shows."""

import sqlite3
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from flask import g, render_template
from sqlalchemy.exc import SQLAlchemyError

from leaderboard.domain.errors import Refused
from leaderboard.domain.organisation_file import Organisation
from leaderboard.services.rules import rule_book
from leaderboard.storage.database import db

View = TypeVar("View", bound=Callable[..., Any])
PRODUCT = "SLA Leaderboard"


def organisation_name() -> str:
    """Return whose name stands on every page: the product's before an organisation is loaded."""
    ours = organisation()
    return ours.name if ours else PRODUCT


def time_zone() -> ZoneInfo:
    """Return the time zone in which pages tell the time: UTC before an organisation is loaded."""
    ours = organisation()
    return ours.zone if ours else ZoneInfo("UTC")


def organisation() -> Organisation | None:
    """Return the organisation; None before one is loaded, and while the database does not answer."""
    try:
        return rule_book(db.session().connection(), g.get("rules_version")).rules.organisation
    except (Refused, SQLAlchemyError, sqlite3.Error):
        return None


def organisation_required(view: View) -> View:
    """Say what to load first where there is no organisation; it stands below the route and the rights."""

    @wraps(view)
    def checked(*args: Any, **kwargs: Any) -> Any:
        return render_template("board/empty.html") if g.rules_version is None else view(*args, **kwargs)

    return checked  # type: ignore[return-value]
