"""A member's statement for a month or quarter, for the person and for managers; and the rows that it rests on."""

from flask import Blueprint, Response, abort, render_template
from flask.typing import ResponseReturnValue
from flask_login import current_user

from leaderboard.domain.errors import PeriodRefused, Refused
from leaderboard.services import statements
from leaderboard.storage.database import db
from leaderboard.web.organisation import organisation_required

bp = Blueprint("statements", __name__, url_prefix="/members/<int:member_id>/statement")


@bp.get("/<period>")
@organisation_required
def show(member_id: int, period: str) -> ResponseReturnValue:
    """The statement, to be read or printed."""
    _own_or_404(member_id)
    try:
        found = statements.statement(db.session(), member_id, period)
    except (PeriodRefused, Refused):
        abort(404)
    return render_template("statements/show.html", statement=found, most_shown=statements.MOST_SHOWN)


@bp.get("/<period>/ledger.jsonl")
@organisation_required
def ledger(member_id: int, period: str) -> ResponseReturnValue:
    """The rows of the ledger that the statement's digest is made of."""
    _own_or_404(member_id)
    try:
        content = b"".join(statements.ledger_document(db.session(), member_id, period))
    except (PeriodRefused, Refused):
        abort(404)
    headers = {"Content-Disposition": f'attachment; filename="ledger-{member_id}-{period}.jsonl"'}
    return Response(content, headers=headers, mimetype="application/jsonl")


def _own_or_404(member_id: int) -> None:
    """Let the person and managers pass; for others there is no such page."""
    if member_id != current_user.member_id and not current_user.is_manager:
        abort(404)
