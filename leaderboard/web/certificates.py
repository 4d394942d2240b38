"""Certificates to print: of the rep and the team of the month, and of the team of the quarter."""

from flask import Blueprint, abort, render_template

from leaderboard.services.certificates import read_certificate
from leaderboard.storage.database import db
from leaderboard.web.paging import LONGEST_ID

bp = Blueprint("certificates", __name__)


@bp.get("/certificates/<int:badge_id>")
def show(badge_id: int) -> str:
    """The certificate of a badge, for everybody who may sign in: winners are named to all."""
    certificate = read_certificate(db.session(), badge_id) if badge_id < 10**LONGEST_ID else None
    if certificate is None:
        abort(404)
    return render_template("certificates/show.html", certificate=certificate)
