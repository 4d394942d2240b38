"""The audit trail for administrators: searched, paged, and taken away as CSV. It tells of everybody and everything."""

from datetime import date
from itertools import chain
from typing import Any

from flask import Blueprint, Response, abort, render_template, request, stream_with_context, url_for

from leaderboard.domain.errors import PeriodRefused
from leaderboard.domain.inbound import LONGEST_TEXT
from leaderboard.domain.instants import is_known_day
from leaderboard.domain.periods import parse_period
from leaderboard.domain.shown import safe_cell
from leaderboard.services.trail import EXPORT_COLUMNS, TrailQuery, search_trail, trail_rows
from leaderboard.storage.database import db
from leaderboard.web.downloads import csv_parts
from leaderboard.web.fragments import wants_fragment
from leaderboard.web.paging import older_than
from leaderboard.web.rights import admin_required
from leaderboard.web.trail_words import ACTIONS

bp = Blueprint("audit", __name__, url_prefix="/manage/audit")
FIELDS = ("actor", "action", "about", "text", "from", "to")


@bp.get("")
@admin_required
def index() -> str:
    """The entries that the address asks for: the page, or for htmx its list alone."""
    asked, query = asked_for()
    page = search_trail(db.session(), query)
    return render_template(
        "audit/_list.html" if wants_fragment() else "audit/index.html",
        page=page,
        asked=asked,
        words=ACTIONS,
        place_of=_place_of,
        is_first=query.older_than is None,
        older=page.older_than and url_for("audit.index", **asked, before=page.older_than),
        export=url_for("audit.export", **asked),
        workbook=url_for("table_files.audit_trail", **asked),
    )


def _place_of(about: str) -> str | None:
    """Return the address of the page of what an entry is about; None where it has none."""
    kind, _space, number = about.partition(" ")
    if kind == "award" and number.isdecimal():
        return url_for("bonuses.show", award_id=int(number))
    if kind == "result" and number.isdecimal():
        return url_for("points.result", attainment_id=int(number))
    if kind == "entry" and number.isdecimal():
        return url_for("points.entry", entry_id=int(number))
    if kind == "export":
        return url_for("payroll.index", _anchor=f"export-{number}")
    try:
        return url_for("board.index", period=str(parse_period(about)))
    except PeriodRefused:
        return None


@bp.get("/export.csv")
@admin_required
def export() -> Response:
    """All entries that the address asks for, as a file; sent as it is read."""
    _asked, query = asked_for()
    headers = {"Content-Disposition": 'attachment; filename="audit-trail.csv"'}
    rows = chain([EXPORT_COLUMNS], (map(safe_cell, row) for row in trail_rows(db.session(), query)))
    return Response(stream_with_context(csv_parts(rows)), headers=headers, mimetype="text/csv")


def asked_for() -> tuple[dict[str, Any], TrailQuery]:
    """Return what an address asks for, as it stands there and as a query; 400 for what cannot be asked."""
    given = {name: request.args.get(name, "").strip() for name in FIELDS}
    asked: dict[str, Any] = {name: value for name, value in given.items() if value}
    if any(len(value) > LONGEST_TEXT or "\0" in value for value in given.values()):
        abort(400)
    return asked, TrailQuery(
        actor=given["actor"].lower(),
        action=given["action"].lower(),
        about=given["about"],
        text=given["text"],
        since=_day(given["from"]),
        until=_day(given["to"]),
        older_than=older_than(),
    )


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        abort(400)
    return day if is_known_day(day) else abort(400)
