"""A member's statement for a month or quarter, for the person and their managers; and the rows that it rests on."""

from flask import Blueprint, Response, abort, render_template
from flask.typing import ResponseReturnValue

from leaderboard.domain.errors import PeriodRefused, Refused
from leaderboard.domain.periods import parse_period
from leaderboard.services import statements
from leaderboard.storage.database import db
from leaderboard.web.organisation import organisation_required
from leaderboard.web.rights import sees_member

bp = Blueprint("statements", __name__, url_prefix="/members/<int:member_id>/statement")


@bp.get("/<period>")
@organisation_required
def show(member_id: int, period: str) -> ResponseReturnValue:
    """The statement, to be read or printed."""
    _theirs_or_404(member_id, period)
    try:
        found = statements.statement(db.session(), member_id, period)
    except (PeriodRefused, Refused):
        abort(404)
    return render_template("statements/show.html", statement=found, most_shown=statements.MOST_SHOWN)


@bp.get("/<period>/ledger.jsonl")
@organisation_required
def ledger(member_id: int, period: str) -> ResponseReturnValue:
    """The rows of the ledger that the statement's digest is made of."""
    _theirs_or_404(member_id, period)
    try:
        content = b"".join(statements.ledger_document(db.session(), member_id, period))
    except (PeriodRefused, Refused):
        abort(404)
    headers = {"Content-Disposition": f'attachment; filename="ledger-{member_id}-{period}.jsonl"'}
    return Response(content, headers=headers, mimetype="application/jsonl")


def _theirs_or_404(member_id: int, period: str) -> None:
    """Let the person pass, and who answers for their team in all of the period; for others there is no such page."""
    try:
        if not sees_member(member_id, parse_period(period)):
            abort(404)
    except PeriodRefused:
        abort(404)
