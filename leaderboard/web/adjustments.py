"""Points given by hand: managers give them, see all that were given, and take them back (P7)."""

from typing import Any, NamedTuple

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from leaderboard.domain.errors import AdjustmentRefused, PeriodRefused
from leaderboard.services import adjusting
from leaderboard.services.adjusting import LONGEST_REASON, MOST_POINTS, SHORTEST_REASON, Adjustment
from leaderboard.storage.database import db
from leaderboard.web.clock import utc_now
from leaderboard.web.fragments import wants_fragment
from leaderboard.web.organisation import organisation_required
from leaderboard.web.paging import LONGEST_ID, older_than
from leaderboard.web.rights import actor, manager_required, scope
from leaderboard.web.wording import number, period_name

bp = Blueprint("adjustments", __name__, url_prefix="/manage/adjustments")
FIELDS = ("member", "points", "month", "reason")


class Fault(NamedTuple):
    """What is wrong with what was filled in, and at which field."""

    field: str
    words: str


@bp.get("")
@manager_required
@organisation_required
def index() -> ResponseReturnValue:
    """The form and the newest adjustments, or those older than the address says."""
    return _page({})


@bp.post("")
@manager_required
@organisation_required
def make() -> ResponseReturnValue:
    """Give the points that the form says."""
    filled = {name: request.form.get(name, "").strip() for name in FIELDS}
    try:
        member_id = adjusting.member_named(db.session(), filled["member"])
        points = _points(filled["points"])
        given: dict[str, Any] = {"by": actor(), "now": utc_now(), "within": scope()}
        made = adjusting.adjust(db.session(), member_id, points, filled["reason"], filled["month"], **given)
    except AdjustmentRefused as error:
        return _page(filled, _fault(error)), 422
    except PeriodRefused:
        abort(400)
    said = ngettext(
        "%(number)s point is given to %(name)s for %(month)s.",
        "%(number)s points are given to %(name)s for %(month)s.",
        made.points,
        number=number(made.points),
        name=made.name,
        month=period_name(made.month),
    )
    flash(said, "done")
    return redirect(url_for("adjustments.index"), 303)


@bp.post("/<int:adjustment_id>/take-back")
@manager_required
@organisation_required
def take_back(adjustment_id: int) -> ResponseReturnValue:
    """Take back what an adjustment gave: its row for htmx, or else the list again."""
    found = _adjustment_or_404(adjustment_id)
    reason = request.form.get("reason", "")
    try:
        found = adjusting.take_back(db.session(), adjustment_id, reason, by=actor(), now=utc_now())
    except AdjustmentRefused as error:
        return _refused(found, reason, _fault(error).words), 409 if error.problem == "gone" else 422
    if wants_fragment():
        return _row(found)
    flash(_("The points are taken back."), "done")
    return redirect(f"{url_for('adjustments.index')}#adjustment-{found.id}", 303)


def _adjustment_or_404(adjustment_id: int) -> Adjustment:
    found = adjusting.find_adjustment(db.session(), adjustment_id) if adjustment_id < 10**LONGEST_ID else None
    return abort(404) if found is None or not scope().sees_team(found.team_id) else found


def _refused(found: Adjustment, reason: str, words: str) -> str:
    """Return why an adjustment is not taken back, with what is so by now."""
    return _row(_adjustment_or_404(found.id), reason, words) if wants_fragment() else _page({}, Fault("", words))


def _row(found: Adjustment, reason: str = "", error: str | None = None) -> str:
    return render_template("adjustments/_adjustment.html", adjustment=found, reason=reason, error=error)


def _page(filled: dict[str, str], fault: Fault | None = None) -> str:
    session, now = db.session(), utc_now()
    page, older = adjusting.list_adjustments(session, older_than=older_than(), within=scope())
    return render_template(
        "adjustments/_list.html" if wants_fragment() else "adjustments/index.html",
        adjustments=page,
        older=older and url_for("adjustments.index", before=older),
        months=adjusting.open_months(session, now=now),
        people=adjusting.proposed_members(session, now=now, within=scope()),
        filled=filled,
        fault=fault or Fault("", ""),
    )


def _points(text: str) -> int:
    """Return what was filled in as a number; what is none is refused as 0 is."""
    is_number = text.isascii() and text.isdecimal() and len(text) <= len(str(MOST_POINTS))
    return int(text) if is_number else 0


def _fault(error: AdjustmentRefused) -> Fault:
    """Return in the reader's language what is wrong, and where."""
    closed = _("This month is closed and never changes.")
    faults: dict[str, Any] = {
        "member": ("member", _("Nobody whom you answer for has this e-mail or name. Choose one that is proposed.")),
        "several": ("member", _("Several people have this name. Give the e-mail.")),
        "self": ("member", _("Nobody adjusts their own points. Ask another manager.")),
        "inactive": ("month", _("They belong to no team in this month. Choose one in which they do.")),
        "points": ("points", _("Give a whole number from 1 to %(most)s.", most=number(MOST_POINTS))),
        "month": ("month", _("Choose a month.")),
        "closed": ("month", closed),
        "future": ("month", _("This month has not begun.")),
        "early": ("month", _("This month lies before the first standings.")),
        "reason": (
            "reason",
            _(
                "Give a reason of %(least)s to %(most)s characters, on one line.",
                least=number(SHORTEST_REASON),
                most=number(LONGEST_REASON),
            ),
        ),
        "twice": (
            "reason",
            _("The same was given for the same reason already. If you mean more, say so in the reason."),
        ),
        "gone": ("", _("Somebody has taken this back already.")),
        "missing": ("", _("There is no such adjustment any more.")),
    }
    return Fault(*faults[error.problem])
