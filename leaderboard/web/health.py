"""For what watches the server: is it alive, and can it do its work. Neither tells a secret."""

import sqlite3
from functools import lru_cache

from alembic.script import ScriptDirectory
from flask import Blueprint, Response
from sqlalchemy.exc import SQLAlchemyError

from leaderboard.resources import resource
from leaderboard.services.readiness import stored_version
from leaderboard.storage.database import db
from leaderboard.web.rights import public

bp = Blueprint("health", __name__)


@bp.get("/healthz")
@public
def healthz() -> Response:
    return Response("alive\n", mimetype="text/plain")


@bp.get("/readyz")
@public
def readyz() -> Response:
    try:
        is_current = stored_version(db.session()) == newest_migration()
    except (SQLAlchemyError, sqlite3.Error):
        return Response("not ready: the database does not answer\n", 503, mimetype="text/plain")
    if not is_current:
        told = "not ready: the database is of another version; run leaderboard upgrade\n"
        return Response(told, 503, mimetype="text/plain")
    return Response("ready\n", mimetype="text/plain")


@lru_cache(maxsize=1)
def newest_migration() -> str | None:
    """Return the migration that this program expects."""
    return ScriptDirectory(str(resource("migrations"))).get_current_head()
