"""For what watches the server: is it alive, and can it do its work. Neither tells a secret.

A scheduler that is silent is told, and is no reason to send nobody here: the pages work without it.
"""

import sqlite3
from datetime import datetime
from functools import lru_cache

from alembic.script import ScriptDirectory
from flask import Blueprint, Response
from sqlalchemy.exc import SQLAlchemyError

from leaderboard.resources import resource
from leaderboard.services.job_states import scheduler_look
from leaderboard.services.readiness import stored_version
from leaderboard.storage.database import db
from leaderboard.web.clock import utc_now
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
        looked_at, is_alive = scheduler_look(db.session(), now=utc_now()) if is_current else (None, False)
    except (SQLAlchemyError, sqlite3.Error):
        return Response("not ready: the database does not answer\n", 503, mimetype="text/plain")
    if not is_current:
        told = "not ready: the database is of another version; run leaderboard upgrade\n"
        return Response(told, 503, mimetype="text/plain")
    return Response(f"ready\nscheduler: {_scheduler(looked_at, is_alive)}\n", mimetype="text/plain")


def _scheduler(looked_at: datetime | None, is_alive: bool) -> str:
    if looked_at is None:
        return "silent, none has ever looked"
    return f"{'looked at' if is_alive else 'silent since'} {looked_at.isoformat(timespec='seconds')}"


@lru_cache(maxsize=1)
def newest_migration() -> str | None:
    """Return the migration that this program expects."""
    return ScriptDirectory(str(resource("migrations"))).get_current_head()
