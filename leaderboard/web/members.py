"""A member's page: the person sees all of it, managers too, and others what was reached."""

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from leaderboard.domain.displays import LONGEST_NICKNAME
from leaderboard.domain.errors import DisplayRefused, PeriodRefused
from leaderboard.domain.periods import parse_period
from leaderboard.services.boards import today
from leaderboard.services.certificates import has_certificate
from leaderboard.services.choices import Choice, choice_of, choose
from leaderboard.services.members import MemberPage, read_member
from leaderboard.storage.database import db
from leaderboard.web.clock import utc_now
from leaderboard.web.organisation import organisation_required
from leaderboard.web.rights import actor, manager_required, sees_member

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
    return _shown(page, choice_of(db.session(), member_id) if _may_choose(member_id) else None)


@bp.post("/me/display")
@organisation_required
def choose_own() -> ResponseReturnValue:
    """Store what the reader chose about the displays on the walls."""
    return _choose(abort(404) if current_user.member_id is None else current_user.member_id)


@bp.post("/members/<int:member_id>/display")
@manager_required
@organisation_required
def choose_for(member_id: int) -> ResponseReturnValue:
    """Store it for a member, as managers may who are asked to and answer for them."""
    return _choose(member_id if _may_choose(member_id) else abort(404))


def _choose(member_id: int) -> ResponseReturnValue:
    page, is_hidden, nickname = (
        _page_or_404(member_id),
        bool(request.form.get("hide")),
        request.form.get("nickname", ""),
    )
    try:
        choose(db.session(), member_id, is_hidden=is_hidden, nickname=nickname, now=utc_now(), by=actor())
    except DisplayRefused as error:
        fault = _("Somebody else is known by this name: choose another.")
        if error.what == "nickname":
            fault = _("A nickname takes at most %(most)s characters, on one line.", most=LONGEST_NICKNAME)
        return _shown(page, Choice(is_hidden, nickname), fault), 422
    flash(_("Saved: the displays follow at once."), "done")
    return redirect(url_for("members.show", member_id=member_id), 303)


def _may_choose(member_id: int) -> bool:
    """Tell whether the choice is the reader's, or of somebody whom they answer for today."""
    day = today(db.session(), now=utc_now(), rules_version=g.rules_version)
    return sees_member(member_id, parse_period(f"{day:%Y-%m}"))


def _shown(page: MemberPage, choice: Choice | None, fault: str | None = None) -> str:
    """Return the page. choice: about displays, None where the reader is not to see it; fault: what is wrong with it."""
    is_own = current_user.member_id == page.id
    return render_template(
        "members/show.html",
        page=page,
        is_own=is_own,
        sees_all=sees_member(page.id, parse_period(page.quarter.period)),
        has_certificate=has_certificate,
        choice=choice,
        fault=fault,
        longest_nickname=LONGEST_NICKNAME,
    )


def _page_or_404(member_id: int) -> MemberPage:
    text = request.args.get("period")
    try:
        period = parse_period(text) if text else None
    except PeriodRefused:
        abort(400)
    page = read_member(db.session(), member_id, period, now=utc_now()) if member_id < MOST_MEMBERS else None
    return abort(404) if page is None else page
