"""Names that CRMs send and nobody here has: administrators say whose they are, or give up what waits for them."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import ngettext

from leaderboard.domain.errors import Refused
from leaderboard.services import parking
from leaderboard.services.adjusting import proposed_members
from leaderboard.storage.database import db
from leaderboard.web.clock import utc_now
from leaderboard.web.hook_words import fault_of
from leaderboard.web.organisation import organisation_required
from leaderboard.web.rights import actor, admin_required
from leaderboard.web.user_words import Fault
from leaderboard.web.wording import number

bp = Blueprint("unknown_names", __name__, url_prefix="/manage/hooks/unknown")


@bp.get("")
@admin_required
@organisation_required
def index() -> str:
    """The names that events wait for."""
    return _page()


@bp.post("/claim")
@admin_required
@organisation_required
def claim() -> ResponseReturnValue:
    """Let a name be somebody's from now on."""
    form = request.form
    name, member = form.get("unknown", ""), form.get("member", "")
    try:
        taken = parking.claim_name(db.session(), name, member, now=utc_now(), by=actor())
    except Refused as error:
        return _page(("member", name, fault_of(error))), 422
    said = ngettext(
        "%(name)s is known now; %(number)s event that waited is taken.",
        "%(name)s is known now; %(number)s events that waited are taken.",
        taken,
        name=name,
        number=number(taken),
    )
    flash(said, "done")
    return redirect(url_for("unknown_names.index"), 303)


@bp.post("/discard")
@admin_required
@organisation_required
def discard() -> ResponseReturnValue:
    """Give up the events that wait for a name."""
    form = request.form
    column, name, reason = form.get("column", ""), form.get("unknown", ""), form.get("reason", "")
    try:
        given_up = parking.discard_name(db.session(), column, name, reason, now=utc_now(), by=actor())
    except Refused as error:
        return _page((column, name, fault_of(error))), 422
    said = ngettext(
        "%(number)s event is discarded.", "%(number)s events are discarded.", given_up, number=number(given_up)
    )
    flash(said, "done")
    return redirect(url_for("unknown_names.index"), 303)


def _page(wrong: tuple[str, str, Fault] | None = None) -> str:
    """wrong: at which name, and what."""
    session = db.session()
    names, count = parking.unknown_names(session), parking.count_unknown_names(session)
    people = proposed_members(session, now=utc_now())
    return render_template("hooks/unknown.html", names=names, count=count, people=people, wrong=wrong)
