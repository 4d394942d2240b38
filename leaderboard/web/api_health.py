"""For programs: whether the server can do its work, and whose token they have."""

import sqlite3
from typing import Any

from flask import Response
from sqlalchemy.exc import SQLAlchemyError

from leaderboard.services.job_states import scheduler_look
from leaderboard.services.readiness import stored_version
from leaderboard.services.rules import known_rules
from leaderboard.services.tokens import SCOPES
from leaderboard.storage.database import db
from leaderboard.web.api_answers import Health, TokenTold
from leaderboard.web.api_bodies import JSON
from leaderboard.web.api_operations import ANY, Answer, Call, operation
from leaderboard.web.clock import utc_now
from leaderboard.web.health import newest_migration


@operation("GET", "/health", tag="operations", scope=None, answer=Health)
def health() -> Answer:
    """Ask whether the server can do its work; it needs no token. 503 where it cannot."""
    database, scheduler, looked_at = "ready", "unknown", None
    try:
        if stored_version(db.session()) != newest_migration():
            database = "other_version"
        else:
            looked_at, is_alive = scheduler_look(db.session(), now=utc_now())
            scheduler = "alive" if is_alive else "silent"
    except (SQLAlchemyError, sqlite3.Error):
        database = "away"
    status = "ready" if database == "ready" else "not_ready"
    told: Any = {"status": status, "database": database, "scheduler": scheduler, "scheduler_looked_at": looked_at}
    return Response(Health(**told).model_dump_json(), 200 if database == "ready" else 503, mimetype=JSON)


@operation("GET", "/token", tag="operations", scope=ANY, answer=TokenTold)
def token(call: Call) -> Answer:
    """Read what the token may do, until when, and whose it is."""
    bearer, book = call.bearer, known_rules(call.session.connection())
    member = None if book is None or bearer.member_id is None else book.members[bearer.member_id][0]
    told: Any = {"name": bearer.name, "begins_with": bearer.prefix, "expires_at": bearer.expires_at}
    told |= {"account": bearer.email, "role": bearer.role, "member": member}
    return TokenTold(**told, scopes=[each for each in SCOPES if each in bearer.scopes])
