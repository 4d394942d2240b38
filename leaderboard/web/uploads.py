"""Imports in the browser, for administrators: files are handed in, looked at, tried, imported, and undone."""

from functools import partial
from typing import Any, cast

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, stream_with_context, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from leaderboard.domain.errors import Refused
from leaderboard.services import uploads
from leaderboard.services.import_lists import find_import, list_imports
from leaderboard.services.kept_mappings import forget_mapping, kept_mappings, note_use, rename_mapping
from leaderboard.services.undoing import undo_import
from leaderboard.services.upload_looks import look_at
from leaderboard.services.upload_starting import Choice, cancel, go_on, start_import
from leaderboard.services.upload_streams import PART, refused_parts
from leaderboard.storage.database import db
from leaderboard.storage.uploads import UploadRow
from leaderboard.web import upload_pages as pages
from leaderboard.web.clock import utc_now
from leaderboard.web.fragments import wants_fragment
from leaderboard.web.organisation import organisation_required
from leaderboard.web.paging import is_id, older_than
from leaderboard.web.rights import actor, admin_required
from leaderboard.web.upload_words import refusal_words, state_words

bp = Blueprint("uploads", __name__, url_prefix="/manage/imports")
FILE = "/files/<int:upload_id>"
LONGEST_SIZE = 12  # digits


@bp.get("")
@admin_required
@organisation_required
def index() -> str:
    """What came in, files that wait for something, and kept mappings; a place to drop the next file."""
    return _index()


@bp.post("")
@admin_required
@organisation_required
def send() -> ResponseReturnValue:
    """Take a file that a form brings as a whole."""
    file = request.files.get("file")
    if file is None or not file.filename:
        return _index(_("Choose a file first.")), 422
    try:
        upload_id = uploads.take_file(db.session(), file.filename, cast(Any, file.stream), by=actor(), now=utc_now())
    except Refused as error:
        return _index(refusal_words(error)), 422
    return redirect(url_for("uploads.show", upload_id=upload_id), 303)


@bp.post("/files")
@admin_required
def begin() -> ResponseReturnValue:
    """Begin to take a file in pieces: tells a script where they go, and how long they are."""
    size = request.form.get("size", "")
    if not size.isascii() or not size.isdecimal() or len(size) > LONGEST_SIZE:
        abort(400)
    try:
        upload_id = uploads.begin_upload(
            db.session(), request.form.get("name", ""), int(size), by=actor(), now=utc_now()
        )
    except Refused as error:
        return {"error": refusal_words(error)}, 422
    return {
        "piece": PART,
        "to": url_for("uploads.piece", upload_id=upload_id, number=0)[:-1],
        "then": url_for("uploads.show", upload_id=upload_id),
    }


@bp.post(FILE + "/pieces/<int:number>")
@admin_required
def piece(upload_id: int, number: int) -> ResponseReturnValue:
    """Take a piece of a file."""
    try:
        content = request.get_data(cache=False)
        is_whole = uploads.take_piece(db.session(), upload_id, number, content, by=actor(), now=utc_now())
    except Refused as error:
        return {"error": refusal_words(error)}, 422
    return {"is_whole": is_whole}


@bp.get(FILE)
@admin_required
@organisation_required
def show(upload_id: int) -> str:
    """A file: what it is, how far its import has come, or what became of it."""
    upload = upload_or_404(upload_id)
    if wants_fragment():
        return pages.state_fragment(upload)
    return pages.file_page(upload, is_again="again" in request.args)


@bp.post(FILE + "/start")
@admin_required
@organisation_required
def start(upload_id: int) -> ResponseReturnValue:
    """Show what a file would give, try it without taking anything, or import it."""
    upload, does, asked = upload_or_404(upload_id), request.form.get("do"), pages.asked_of_form(request.form)
    if does not in ("dry", "import"):
        return pages.preview_fragment(upload, asked) if wants_fragment() else pages.file_page(upload, asked)
    session = db.session()
    try:
        choice = pages.choice_of(upload, look_at(session, upload), asked)
        start_import(session, upload_id, choice, is_dry_run=does == "dry", by=actor(), now=utc_now())
        if kept_id := pages.kept_id_of(asked):
            note_use(session, kept_id, now=utc_now())
    except Refused as error:
        return pages.file_page(upload_or_404(upload_id), asked, refusal_words(error)), 422
    return redirect(url_for("uploads.show", upload_id=upload_id), 303)


@bp.post(FILE + "/import")
@admin_required
def import_tried(upload_id: int) -> ResponseReturnValue:
    """Import a file just as it was tried."""
    upload = upload_or_404(upload_id)
    tried = Choice(upload.mapping, upload.source, upload.create_members)
    return _done(upload, partial(start_import, choice=tried, is_dry_run=False))


@bp.post(FILE + "/cancel")
@admin_required
def stop(upload_id: int) -> ResponseReturnValue:
    """Stop an import."""
    return _done(upload_or_404(upload_id), cancel)


@bp.post(FILE + "/resume")
@admin_required
def resume(upload_id: int) -> ResponseReturnValue:
    """Let an import that stopped go on."""
    return _done(upload_or_404(upload_id), go_on)


@bp.post(FILE + "/discard")
@admin_required
def discard(upload_id: int) -> ResponseReturnValue:
    """Forget a file; what was imported stays."""
    upload = upload_or_404(upload_id)
    try:
        uploads.discard_upload(db.session(), upload_id, by=actor(), now=utc_now())
    except Refused as error:
        flash(refusal_words(error), "error")
        return redirect(url_for("uploads.show", upload_id=upload_id), 303)
    flash(_("%(name)s is forgotten. What was imported of it stays.", name=upload.file_name), "done")
    return redirect(url_for("uploads.index"), 303)


@bp.get(FILE + "/refused")
@admin_required
def refused(upload_id: int) -> Response:
    """The refused rows as a file: what came in, to be mended and handed in again."""
    upload = upload_or_404(upload_id)
    name = pages.refused_name(upload.file_name)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    parts = stream_with_context(refused_parts(db.session(), upload_id))
    return Response(parts, headers=headers, mimetype="text/csv")


@bp.get("/<int:import_id>/undo")
@admin_required
def confirm_undo(import_id: int) -> str:
    """What undoing an import does, before it is done."""
    return pages.undo_page(import_or_404(import_id))


@bp.post("/<int:import_id>/undo")
@admin_required
def undo(import_id: int) -> ResponseReturnValue:
    """Take all events of an import away again."""
    found = import_or_404(import_id)
    try:
        undo_import(db.session(), import_id, now=utc_now(), by=actor())
    except Refused as error:
        return pages.undo_page(found, str(error)), 409
    flash(_("The import of %(name)s is undone: its events are gone, and their points.", name=found.file_name), "done")
    return redirect(url_for("uploads.index"), 303)


@bp.post("/mappings/<int:mapping_id>/rename")
@admin_required
def rename(mapping_id: int) -> ResponseReturnValue:
    """Give a kept mapping another name."""
    try:
        name = request.form.get("name", "")
        if not rename_mapping(db.session(), mapping_id, name, by=actor(), now=utc_now()):
            abort(404)
    except Refused as error:
        return _index(refusal_words(error)), 422
    return redirect(url_for("uploads.index") + "#mappings", 303)


@bp.post("/mappings/<int:mapping_id>/remove")
@admin_required
def remove(mapping_id: int) -> ResponseReturnValue:
    """Forget a kept mapping."""
    if not forget_mapping(db.session(), mapping_id, by=actor(), now=utc_now()):
        abort(404)
    return redirect(url_for("uploads.index") + "#mappings", 303)


def upload_or_404(upload_id: int) -> UploadRow:
    """Return a file that came in."""
    found = uploads.find_upload(db.session(), upload_id) if is_id(str(upload_id)) else None
    return found or abort(404)


def import_or_404(import_id: int) -> Any:
    """Return an import."""
    found = find_import(db.session(), import_id) if is_id(str(import_id)) else None
    return found or abort(404)


def _done(upload: UploadRow, act: Any) -> ResponseReturnValue:
    try:
        act(db.session(), upload.id, by=actor(), now=utc_now())
    except Refused as error:
        flash(refusal_words(error), "error")
    return redirect(url_for("uploads.show", upload_id=upload.id), 303)


def _index(fault: str | None = None) -> str:
    session = db.session()
    imports, older = list_imports(session, older_than())
    shown = {"imports": imports, "older": older and url_for("uploads.index", before=older)}
    if wants_fragment():
        return render_template("uploads/_imports.html", **shown)
    return render_template(
        "uploads/index.html",
        fault=fault,
        files=uploads.list_uploads(session),
        kept=kept_mappings(session),
        most=uploads.MOST_BYTES // 1024**2,
        state_words=state_words(),
        now=utc_now(),
        **shown,
    )
