"""Tables of other pages as files, for managers: standings, corrections, adjustments and the audit trail."""

from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from leaderboard.services.adjusting import list_adjustments
from leaderboard.services.boards import Standing, read_board, today
from leaderboard.services.corrections import list_corrections
from leaderboard.services.trail import EXPORT_COLUMNS, trail_rows
from leaderboard.storage.database import db
from leaderboard.web.audit import asked_for as trail_asked_for
from leaderboard.web.board import query_of
from leaderboard.web.clock import utc_now
from leaderboard.web.compliance_query import book
from leaderboard.web.corrections import asked_for as corrections_asked_for
from leaderboard.web.downloads import MOST_ROWS, download
from leaderboard.web.organisation import organisation_required
from leaderboard.web.rights import admin_required, manager_required, scope

bp = Blueprint("table_files", __name__, url_prefix="/manage/tables")


@bp.get("/standings.<any(csv, xlsx):kind>")
@manager_required
@organisation_required
def standings(kind: str) -> ResponseReturnValue:
    """The standings that the board's address asks for, all pages; who missed what only for those who see all teams."""
    query = query_of(request.args, today(db.session(), now=utc_now()))
    board = read_board(db.session(), query, now=utc_now(), page_size=MOST_ROWS)
    columns = [_("Rank"), _("Name"), _("Side"), _("Team"), _("Points"), _("Average"), _("Met"), _("Exceeded")]
    columns += [_("Missed")] if scope().is_all else []
    rows = ([*_standing(each), *([each.missed] if scope().is_all else [])] for each in board.standings)
    return download(_("Standings"), f"standings-{query.period}-{query.scope}", columns, rows, kind)


def _standing(each: Standing) -> list[Any]:
    return [each.rank, each.name, each.side, each.team, each.points, each.average, each.met, each.exceeded]


@bp.get("/corrections.<any(csv, xlsx):kind>")
@manager_required
@organisation_required
def corrections(kind: str) -> ResponseReturnValue:
    """The corrections that the page's address asks for, all pages."""
    _asked, periods = corrections_asked_for()
    page = list_corrections(db.session(), **periods, within=scope(), page_size=MOST_ROWS)
    columns = [
        _("When"), _("Who"), _("SLA"), _("Subject"), _("Closed month"), _("Level before"),
        _("Points before"), _("Level after"), _("Points after"), _("Points went to"), _("Why"),
    ]  # fmt: skip
    rows = (
        [
            each.posted_at, each.name, each.sla, each.subject, each.corrects, each.level_before,
            each.points_before, each.level_after, each.points_after, each.month, each.because,
        ]
        for each in page.corrections
    )  # fmt: skip
    return download(_("Corrections"), "corrections", columns, rows, kind)


@bp.get("/adjustments.<any(csv, xlsx):kind>")
@manager_required
@organisation_required
def adjustments(kind: str) -> ResponseReturnValue:
    """All points given by hand in the reader's teams."""
    found, _older = list_adjustments(db.session(), within=scope(), page_size=MOST_ROWS)
    columns = [
        _("Given"), _("Person"), _("Team"), _("Month"), _("Points"), _("Reason"), _("Given by"), _("Taken back"),
        _("Taken back by"), _("Why"),
    ]  # fmt: skip
    teams = book().rules.teams
    rows = (
        [
            each.made_at, each.name, each.team_id and teams[each.team_id].name, each.month, each.points, each.reason,
            each.made_by, each.taken_back_at, each.taken_back_by, each.taken_back_because,
        ]
        for each in found
    )  # fmt: skip
    return download(_("Adjustments"), "adjustments", columns, rows, kind)


@bp.get("/audit-trail.xlsx")
@admin_required
def audit_trail() -> ResponseReturnValue:
    """The entries of the audit trail that the page's address asks for, as a workbook; its CSV has no end."""
    _asked, query = trail_asked_for()
    return download(_("Audit trail"), "audit-trail", EXPORT_COLUMNS, trail_rows(db.session(), query), "xlsx")
