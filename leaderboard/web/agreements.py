"""The agreement in writing: the one in force for everybody, all versions with their signatures, loading a file."""

from typing import Any, BinaryIO, cast

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from leaderboard.domain.agreement import SIDES
from leaderboard.domain.errors import DraftRefused, Refused
from leaderboard.services.agreeing import load_agreement
from leaderboard.services.drafting import list_drafts
from leaderboard.services.reading import read_text
from leaderboard.services.signing import Signature, sides_of, sign_version, signatures_under
from leaderboard.services.versions import AgreedVersion, News, agreed_versions, agreement_news
from leaderboard.storage.database import db
from leaderboard.web import agreement_words
from leaderboard.web.agreement_calendars import calendars
from leaderboard.web.clock import utc_now
from leaderboard.web.draft_words import refusal_words
from leaderboard.web.organisation import organisation, organisation_required
from leaderboard.web.rights import actor, admin_required, manager_required

bp = Blueprint("agreements", __name__)


@bp.get("/agreement")
@organisation_required
def in_force() -> ResponseReturnValue:
    """The agreement that is in force now; where nothing is, the one to come, or that there is none."""
    versions = agreed_versions(db.session(), now=utc_now())
    found = next((each for each in versions if each.state == "in_force"), None)
    return render_template("agreements/nothing.html") if found is None else _document(found)


@bp.get("/agreement/<int:version_id>")
@organisation_required
def show(version_id: int) -> str:
    """A version of the agreement, to be read or printed."""
    return _document(_version_or_404(version_id))


@bp.get("/agreement/<int:version_id>.toml")
@organisation_required
def download(version_id: int) -> Response:
    """A version of the agreement as its file was loaded."""
    version = _version_or_404(version_id)
    return as_file(version.document, f"agreement-{version.agreement.effective_from}")


@bp.post("/agreement/<int:version_id>/sign")
@manager_required
@organisation_required
def sign(version_id: int) -> ResponseReturnValue:
    """Sign a version that was loaded as a file."""
    version = _version_or_404(version_id)
    side, digest = request.form.get("side", ""), request.form.get("digest", "")
    try:
        sign_version(db.session(), version_id, side, digest, by=actor(), now=utc_now())
    except DraftRefused as error:
        return _document(_version_or_404(version_id), refusal_words(error)), 409
    flash(_("You have signed %(title)s.", title=version.agreement.title), "done")
    return redirect(url_for("agreements.show", version_id=version_id) + "#signatures", 303)


@bp.get("/manage/agreements")
@manager_required
@organisation_required
def index() -> str:
    """What is to be done, all versions, and the drafts."""
    return _index()


@bp.post("/manage/agreements/load")
@admin_required
@organisation_required
def load() -> ResponseReturnValue:
    """Load a file as the command line does: without signatures."""
    try:
        agreement = load_agreement(db.session(), uploaded_text(), now=utc_now(), by=actor())
    except Refused as error:
        return _index(str(error).splitlines()), 422
    day = agreement_words.long_day(agreement.effective_from)
    flash(_("%(title)s is loaded; it takes effect on %(day)s.", title=agreement.title, day=day), "done")
    return redirect(url_for("agreements.index"), 303)


@bp.app_template_global("agreement_news")
def news() -> list[News]:
    """Return what managers are told of the agreement on their home."""
    return agreement_news(db.session(), now=utc_now()) if organisation() else []


@bp.app_context_processor
def words() -> dict[str, Any]:
    """Give templates the words for agreements."""
    return {"words": agreement_words}


def uploaded_text() -> str:
    """Return the text of the file that a form brings; Refused if there is none, or it is no text."""
    file = request.files.get("file")
    if file is None or not file.filename:
        raise Refused(_("Choose a file first."))
    return read_text(cast(BinaryIO, file.stream), _("The file"))


def as_file(document: str, name: str) -> Response:
    """Return an agreement as a file to be stored."""
    headers = {"Content-Disposition": f'attachment; filename="{name}.toml"'}
    return Response(document, headers=headers, mimetype="application/toml")


def open_sides(given: dict[str, Signature]) -> list[str]:
    """Return the sides that the reader may sign for now, under a document with some signatures."""
    if not current_user.is_manager or any(each.user_id == current_user.id for each in given.values()):
        return []
    own = sides_of(db.session(), current_user.id, now=utc_now())
    return [side for side in SIDES if side in own and side not in given]


def document_parts(agreement: Any) -> dict[str, Any]:
    """Return what the document needs beside the agreement: the currency and the calendars."""
    ours = organisation()
    assert ours is not None
    return {
        "agreement": agreement,
        "currency": ours.currency,
        "calendars": calendars(ours, agreement.effective_from),
        "by_side": {side: [sla for sla in agreement.slas if sla.side == side] for side in SIDES},
    }


def _version_or_404(version_id: int) -> AgreedVersion:
    """Return a version that the reader may see: reps those that have begun."""
    versions = agreed_versions(db.session(), now=utc_now())
    found = next((each for each in versions if each.id == version_id), None)
    if found is None or (found.state == "to_come" and not current_user.is_manager):
        abort(404)
    return found


def _document(version: AgreedVersion, error: str | None = None) -> str:
    return render_template(
        "agreements/show.html",
        version=version,
        error=error,
        signable=open_sides(version.signatures),
        **document_parts(version.agreement),
    )


def _index(problems: list[str] | None = None) -> str:
    session = db.session()
    drafts = list_drafts(session, "draft", "proposed")
    return render_template(
        "agreements/index.html",
        versions=agreed_versions(session, now=utc_now())[::-1],
        drafts=drafts,
        given=signatures_under(session, *(each.digest for each in drafts)) if drafts else {},
        discarded=list_drafts(session, "withdrawn"),
        problems=problems or [],
    )
