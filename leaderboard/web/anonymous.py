"""What pages show is without those who were made anonymous: some things that name them are stored for good."""

import sqlite3
from collections.abc import Mapping
from typing import Any

from flask import Flask, g, has_request_context
from markupsafe import Markup, escape
from sqlalchemy.exc import SQLAlchemyError

from leaderboard.domain.anonymous import masked
from leaderboard.domain.errors import Refused
from leaderboard.services.rules import rule_book
from leaderboard.storage.database import db


def init_app(app: Flask) -> None:
    """Mask every e-mail of theirs that a template writes, wherever it comes from."""
    app.jinja_env.finalize = unnamed


def unnamed(value: Any) -> Any:
    """Return what is written for a value: a text without the e-mails of people who were made anonymous.

    A translated text with an e-mail in it comes here as Markup.
    """
    if type(value) not in (str, Markup) or "@" not in value:
        return value
    names = _names()
    if not names or type(value) is str:
        return masked(value, names)
    return Markup(masked(str(value), {known: escape(name) for known, name in names.items()}))


def _names() -> Mapping[str, str]:
    """Return the names that they have now; none where nobody is signed in, or while the database is away."""
    version = g.get("rules_version") if has_request_context() else None
    if version is None:
        return {}
    try:
        return rule_book(db.session().connection(), version).anonymous
    except (Refused, SQLAlchemyError, sqlite3.Error):
        return {}
