"""Drafting the next agreement: where it starts from, its parts each with a form, and how it differs from the last."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from leaderboard.domain.agreement_edits import entry_of, keys_of, move, put, remove
from leaderboard.domain.agreement_text import Document
from leaderboard.domain.errors import AgreementRefused, DraftRefused, Refused
from leaderboard.domain.organisation_file import LANGUAGES
from leaderboard.services.drafting import Draft, change_draft, discard_draft, start_draft
from leaderboard.services.starting import STARTS, add_start, start_text, version_text
from leaderboard.storage.database import db
from leaderboard.web import draft_forms as forms
from leaderboard.web.agreements import as_file, uploaded_text
from leaderboard.web.clock import utc_now
from leaderboard.web.draft_pages import (
    chosen_day,
    compare_page,
    document_page,
    draft_or_404,
    draft_page,
    entry_page,
    head_page,
    settled,
    start_page,
    tables_of,
)
from leaderboard.web.draft_words import Faults, faults_of, refusal_words
from leaderboard.web.organisation import organisation_required
from leaderboard.web.paging import is_id
from leaderboard.web.rights import actor, manager_required

bp = Blueprint("drafts", __name__, url_prefix="/manage/agreements/drafts")
PARTS = "<int:draft_id>/<any(definitions, sla, bonus):part>"


@bp.get("/new")
@manager_required
@organisation_required
def new() -> str:
    """Where a draft may start from."""
    return start_page({})


@bp.post("/new")
@manager_required
@organisation_required
def start() -> ResponseReturnValue:
    """Start a draft from what was chosen."""
    try:
        document = _chosen_start()
        draft_id = start_draft(db.session(), document, by=actor(), now=utc_now())
    except Refused as error:
        return start_page(request.form, str(error).splitlines()), 422
    flash(_("The draft is there: nobody is bound by it until both sides have signed."), "done")
    return redirect(url_for("drafts.show", draft_id=draft_id), 303)


@bp.get("/<int:draft_id>")
@manager_required
@organisation_required
def show(draft_id: int) -> str:
    """A draft with all its parts, and what can be done with it."""
    return draft_page(draft_or_404(draft_id))


@bp.get("/<int:draft_id>/compare")
@manager_required
@organisation_required
def changes(draft_id: int) -> str:
    """How a draft differs from the agreement in force."""
    return compare_page(draft_or_404(draft_id))


@bp.get("/<int:draft_id>/document")
@manager_required
@organisation_required
def document(draft_id: int) -> str:
    """A draft as the document that it would be; a proposal is signed here."""
    return document_page(draft_or_404(draft_id))


@bp.get("/<int:draft_id>.toml")
@manager_required
@organisation_required
def download(draft_id: int) -> Response:
    """A draft as a file."""
    return as_file(draft_or_404(draft_id).document, f"agreement-draft-{draft_id}")


@bp.get("/<int:draft_id>/head")
@manager_required
@organisation_required
def head(draft_id: int) -> ResponseReturnValue:
    """The form of title, first month and review."""
    draft = draft_or_404(draft_id)
    return settled(draft) or head_page(draft, forms.filled_head(tables_of(draft)["agreement"]))


@bp.post("/<int:draft_id>/head")
@manager_required
@organisation_required
def save_head(draft_id: int) -> ResponseReturnValue:
    """Store title, first month and review."""
    draft, filled = draft_or_404(draft_id), request.form
    head = forms.head_of(filled)
    head["effective_from"] = chosen_day(filled) or ""
    try:
        _change(draft, lambda tables: tables.update(agreement=head))
    except AgreementRefused as error:
        return head_page(draft, filled, faults_of(error.problems, "agreement", 0)), 422
    except DraftRefused as error:
        draft = draft_or_404(draft_id)
        return head_page(draft, filled, Faults({}, [refusal_words(error)])), 409
    flash(_("Saved."), "done")
    return redirect(url_for("drafts.show", draft_id=draft_id), 303)


@bp.get(f"/{PARTS}")
@manager_required
@organisation_required
def edit(draft_id: int, part: str) -> ResponseReturnValue:
    """The form of a definition, an SLA or a bonus: of the one with the key in the address, or of a new one."""
    draft, key = draft_or_404(draft_id), request.args.get("key")
    entry = None if key is None else entry_of(tables_of(draft), part, key)
    if key is not None and entry is None:
        abort(404)
    filled = forms.blank(part, request.args.get("kind", "")) if entry is None else forms.filled_of(part, entry)
    return settled(draft) or entry_page(draft, part, key, filled)


@bp.post(f"/{PARTS}")
@manager_required
@organisation_required
def save(draft_id: int, part: str) -> ResponseReturnValue:
    """Store a definition, an SLA or a bonus; or show the fields of what else is to be measured."""
    draft, filled, key = draft_or_404(draft_id), request.form, request.form.get("was") or None
    if filled.get("only") == "fields":
        return settled(draft) or entry_page(draft, part, key, filled)
    keys = keys_of(tables_of(draft), part)
    entry = forms.entry_of_form(part, filled, [each for each in keys if each != key])
    try:
        _change(draft, lambda tables: put(tables, part, _there(tables, part, key), entry))
    except AgreementRefused as error:
        place = keys.index(key) + 1 if key in keys else len(keys) + 1
        return entry_page(draft, part, key, filled, faults_of(error.problems, part, place)), 422
    except DraftRefused as error:
        draft = draft_or_404(draft_id)
        return entry_page(draft, part, key, filled, Faults({}, [refusal_words(error)]), is_stale=True), 409
    flash(_("Saved."), "done")
    return redirect(url_for("drafts.show", draft_id=draft_id) + f"#{part}", 303)


@bp.post(f"/{PARTS}/remove")
@manager_required
@organisation_required
def remove_entry(draft_id: int, part: str) -> ResponseReturnValue:
    """Take a definition, an SLA or a bonus out."""
    key = request.form.get("key", "")
    return _changed(draft_id, lambda tables: remove(tables, part, _there(tables, part, key) or ""), part)


@bp.post(f"/{PARTS}/move")
@manager_required
@organisation_required
def move_entry(draft_id: int, part: str) -> ResponseReturnValue:
    """Move a definition, an SLA or a bonus one place up or down."""
    key, by = request.form.get("key", ""), -1 if request.form.get("to") == "up" else 1
    return _changed(draft_id, lambda tables: move(tables, part, _there(tables, part, key) or "", by), part)


@bp.post("/<int:draft_id>/add")
@manager_required
@organisation_required
def add(draft_id: int) -> ResponseReturnValue:
    """Add what a ready-made agreement has and the draft has not."""
    draft, name, language = draft_or_404(draft_id), request.form.get("start", ""), _language()
    if name not in STARTS:
        abort(400)
    return _changed(draft_id, lambda tables: add_start(tables, name, language, draft.currency), "sla")


@bp.post("/<int:draft_id>/discard")
@manager_required
@organisation_required
def discard(draft_id: int) -> ResponseReturnValue:
    """Give a draft up."""
    draft = draft_or_404(draft_id)
    try:
        discard_draft(db.session(), draft_id, _revision(), by=actor(), now=utc_now())
    except DraftRefused as error:
        return draft_page(draft_or_404(draft_id), refusal_words(error)), 409
    flash(_("%(title)s is discarded. It is kept in the list.", title=draft.title), "done")
    return redirect(url_for("agreements.index"), 303)


def _chosen_start() -> str:
    """Return the TOML of what a draft is to start from; Refused if nothing that there is was chosen."""
    kind, _colon, name = request.form.get("source", "").partition(":")
    if kind == "file":
        return uploaded_text()
    day = chosen_day(request.form)
    if day is None:
        raise Refused(_("Choose a month."))
    if kind == "start" and name in STARTS:
        return start_text(name, _language(), day)
    found = version_text(db.session(), int(name), day) if kind == "version" and is_id(name) else None
    if found is None:
        raise Refused(_("Choose where the draft starts from."))
    return found


def _language() -> str:
    chosen = request.form.get("language", "")
    return chosen if chosen in LANGUAGES else "en"


def _revision() -> int:
    text = request.form.get("revision", "")
    return int(text) if is_id(text) else abort(400)


def _there(tables: Document, part: str, key: str | None) -> str | None:
    """Return a key that the tables have, or None for a new entry; DraftRefused for one that is gone."""
    if key is not None and key not in keys_of(tables, part):
        raise DraftRefused("stale")
    return key


def _change(draft: Draft, act: Callable[[Document], Any]) -> None:
    change_draft(db.session(), draft.id, _revision(), act, by=actor(), now=utc_now())


def _changed(draft_id: int, act: Callable[[Document], Any], part: str) -> ResponseReturnValue:
    """Change a draft and lead back to it; one that cannot be changed so is shown with the reason."""
    draft = draft_or_404(draft_id)
    try:
        _change(draft, act)
    except AgreementRefused as error:
        return draft_page(draft, " ".join(faults_of(error.problems, "", -1).others)), 422
    except DraftRefused as error:
        return draft_page(draft_or_404(draft_id), refusal_words(error)), 409
    return redirect(url_for("drafts.show", draft_id=draft_id) + f"#{part}", 303)
