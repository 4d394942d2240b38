"""Personal data: everybody takes their own away, administrators anybody's; and make those anonymous who ask for it."""

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from leaderboard.domain.errors import PersonRefused
from leaderboard.services import account_admin, anonymising
from leaderboard.services.directory import Person
from leaderboard.services.personal_data import hand_out
from leaderboard.storage.database import db
from leaderboard.web.clock import utc_now
from leaderboard.web.organisation import organisation_required
from leaderboard.web.paging import LONGEST_ID
from leaderboard.web.people import person_or_404
from leaderboard.web.people_words import fault_of
from leaderboard.web.rights import actor, admin_required
from leaderboard.web.user_words import Fault

bp = Blueprint("personal", __name__)


@bp.get("/me/data")
def own() -> str:
    """What is kept of the reader, and the way to take it away."""
    return render_template("personal/own.html")


@bp.post("/me/data")
def take_own() -> Response:
    """All that names the reader, as a file."""
    if current_user.member_id is None:
        return _file(user_id=current_user.id)
    return _file(member_id=current_user.member_id)


@bp.post("/manage/people/<int:member_id>/data")
@admin_required
@organisation_required
def of_member(member_id: int) -> Response:
    """All that names a member, as a file."""
    return _file(member_id=person_or_404(member_id).id)


@bp.post("/manage/accounts/<int:user_id>/data")
@admin_required
def of_account(user_id: int) -> Response:
    """All that names somebody who signs in and earns no points, as a file."""
    found = account_admin.find_account(db.session(), user_id) if user_id < 10**LONGEST_ID else None
    if found is None:
        abort(404)
    return _file(user_id=found.id) if found.member_id is None else _file(member_id=found.member_id)


@bp.get("/manage/people/<int:member_id>/anonymise")
@admin_required
@organisation_required
def confirm(member_id: int) -> str:
    """Say what becomes of somebody who is made anonymous, and ask whether to."""
    person = person_or_404(member_id)
    try:
        anonymising.check_can_be_anonymised(db.session(), member_id, now=utc_now())
    except PersonRefused as error:
        return _confirm_page(person, fault_of(error))
    return _confirm_page(person)


@bp.post("/manage/people/<int:member_id>/anonymise")
@admin_required
@organisation_required
def anonymise(member_id: int) -> ResponseReturnValue:
    """Make somebody anonymous, for good."""
    person = person_or_404(member_id)
    if not request.form.get("understood"):
        return _confirm_page(person, Fault("understood", _("Tick that you have read this."))), 422
    try:
        anonymising.anonymise(db.session(), member_id, now=utc_now(), by=actor())
    except PersonRefused as error:
        return _confirm_page(person, fault_of(error)), 409
    flash(_("Done: they are anonymous now. Signatures under agreements and payroll files keep their names."), "done")
    return redirect(url_for("people.show", member_id=member_id), 303)


def _file(*, member_id: int | None = None, user_id: int | None = None) -> Response:
    content = hand_out(db.session(), member_id=member_id, user_id=user_id, now=utc_now(), by=actor())
    headers = {"Content-Disposition": 'attachment; filename="personal-data.zip"'}
    return Response(content, headers=headers, mimetype="application/zip")


def _confirm_page(person: Person, fault: Fault | None = None) -> str:
    return render_template("personal/anonymise.html", person=person, fault=fault)
