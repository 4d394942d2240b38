"""Whose leaderboard this is, for what every page shows."""

import sqlite3
from zoneinfo import ZoneInfo

from flask import g
from sqlalchemy.exc import SQLAlchemyError

from leaderboard.domain.errors import Refused
from leaderboard.domain.organisation_file import Organisation
from leaderboard.services.rules import rule_book
from leaderboard.storage.database import db

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
