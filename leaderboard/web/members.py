"""A member's page: the person sees all of it, managers too, and others what was reached."""

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from leaderboard.domain.errors import PeriodRefused
from leaderboard.domain.periods import parse_period
from leaderboard.services.certificates import has_certificate
from leaderboard.services.members import MemberPage, read_member
from leaderboard.storage.database import db
from leaderboard.web.clock import utc_now
from leaderboard.web.organisation import organisation_required

bp = Blueprint("members", __name__)
MOST_MEMBERS = 10**18  # more than any database's id


@bp.get("/me")
def me() -> ResponseReturnValue:
    """Lead to the reader's own page."""
    if current_user.member_id is None:
        return render_template("members/nobody.html")
    return redirect(url_for("members.show", member_id=current_user.member_id))


@bp.get("/members/<int:member_id>")
@organisation_required
def show(member_id: int) -> str:
    """Show a member in the month that the address names, or the present one."""
    page = _page_or_404(member_id)
    is_own = current_user.member_id == member_id
    return render_template(
        "members/show.html",
        page=page,
        is_own=is_own,
        sees_all=is_own or current_user.is_manager,
        has_certificate=has_certificate,
    )


def _page_or_404(member_id: int) -> MemberPage:
    text = request.args.get("period")
    try:
        period = parse_period(text) if text else None
    except PeriodRefused:
        abort(400)
    page = read_member(db.session(), member_id, period, now=utc_now()) if member_id < MOST_MEMBERS else None
    return abort(404) if page is None else page
