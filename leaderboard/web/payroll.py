"""Payroll exports: made once, fetched as often as need be, and marked as paid (B1, B4).

A file holds the amounts of all teams: only who answers for all of them comes in.
"""

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from leaderboard.services import exporting
from leaderboard.services.exporting import ExportRefused
from leaderboard.storage.database import db
from leaderboard.web.clock import utc_now
from leaderboard.web.fragments import wants_fragment
from leaderboard.web.paging import LONGEST_ID, is_page, page_number
from leaderboard.web.rights import actor, all_teams_required
from leaderboard.web.wording import moment, number

bp = Blueprint("payroll", __name__, url_prefix="/manage/bonuses/exports")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@bp.get("")
@all_teams_required
def index() -> ResponseReturnValue:
    """The exports, newest first, and what waits for the next."""
    page = exporting.read_exports(db.session(), page_number())
    template = "payroll/_exports.html" if wants_fragment() else "payroll/index.html"
    return render_template(template, page=page, address=_address)


@bp.post("")
@all_teams_required
def create() -> ResponseReturnValue:
    """Make an export of all that waits."""
    try:
        made = exporting.create_export(db.session(), by=actor(), now=utc_now())
    except ExportRefused as error:
        flash(_words(error), "wrong")
        return redirect(url_for("payroll.index"), 303)
    flash(_("Export %(number)s is made: fetch its file below.", number=number(made)), "done")
    return redirect(f"{url_for('payroll.index')}#export-{made}", 303)


@bp.get("/<int:export_id>.csv")
@all_teams_required
def as_csv(export_id: int) -> ResponseReturnValue:
    """The file of an export as CSV."""
    try:
        content = exporting.export_csv(db.session(), _known(export_id))
    except ExportRefused as error:
        return _not_handed_out(error)
    return _attached(content, f"payroll-{export_id}.csv", "text/csv")


@bp.get("/<int:export_id>.xlsx")
@all_teams_required
def as_xlsx(export_id: int) -> ResponseReturnValue:
    """The file of an export as a workbook."""
    try:
        content = exporting.export_xlsx(db.session(), _known(export_id))
    except ExportRefused as error:
        return _not_handed_out(error)
    return _attached(content, f"payroll-{export_id}.xlsx", XLSX)


@bp.post("/<int:export_id>/pay")
@all_teams_required
def pay(export_id: int) -> ResponseReturnValue:
    """Mark all of an export as paid."""
    try:
        paid = exporting.mark_export_paid(db.session(), _known(export_id), by=actor(), now=utc_now())
    except ExportRefused as error:
        if error.because == "unknown":
            abort(404)
        flash(_words(error), "wrong")
    else:
        said = ngettext("%(much)s award is paid.", "%(much)s awards are paid.", paid, much=number(paid))
        flash(said, "done")
    page = request.form.get("page", "")
    return redirect(f"{_address(int(page) if is_page(page) else 1)}#export-{export_id}", 303)


def _known(export_id: int) -> int:
    return export_id if export_id < 10**LONGEST_ID else abort(404)


def _address(page: int) -> str:
    return url_for("payroll.index", page=page if page > 1 else None)


def _attached(content: bytes, name: str, mimetype: str) -> Response:
    return Response(content, headers={"Content-Disposition": f'attachment; filename="{name}"'}, mimetype=mimetype)


def _not_handed_out(error: ExportRefused) -> ResponseReturnValue:
    if error.because == "unknown":
        abort(404)
    flash(_words(error), "wrong")
    return redirect(url_for("payroll.index"), 303)


def _words(error: ExportRefused) -> str:
    """Return in the reader's language why an export cannot be had."""
    if error.because == "paid" and error.at is not None:
        return _("It was paid already: on %(when)s by %(who)s.", when=moment(error.at), who=error.by)
    says = {
        "nothing": _("Nothing waits for payroll: approve an award first. Prizes are not exported."),
        "raced": _("Somebody else was making an export at the same moment: look at the list, then try again."),
        "changed": _("The file is not what was handed out before: an administrator has to restore a backup."),
    }
    return says[error.because]
