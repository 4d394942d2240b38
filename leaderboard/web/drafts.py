"""Drafting the next agreement: where it starts from, its parts each with a form, and how it differs from the last."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, abort, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from leaderboard.domain.agreement_changes import Comparison, compare
from leaderboard.domain.agreement_edits import entry_of, keys_of, move, put, remove
from leaderboard.domain.agreement_text import Document, document_of
from leaderboard.domain.errors import AgreementRefused, DraftRefused, Refused
from leaderboard.domain.organisation_file import LANGUAGES
from leaderboard.services import drafting
from leaderboard.services.drafting import Draft, change_draft, choosable_months, read_draft, start_draft
from leaderboard.services.signing import signatures_under
from leaderboard.services.starting import STARTS, add_start, start_text, version_text
from leaderboard.services.versions import agreed_versions, agreement_in_force
from leaderboard.storage.database import db
from leaderboard.web import draft_forms as forms
from leaderboard.web.agreements import as_file, document_parts, open_sides, uploaded_text
from leaderboard.web.clock import utc_now
from leaderboard.web.draft_words import NO_FAULTS, Faults, entry_changes, faults_of, head_changes, refusal_words
from leaderboard.web.organisation import organisation_required
from leaderboard.web.paging import LONGEST_ID, is_id
from leaderboard.web.rights import actor, manager_required
from leaderboard.web.start_words import start_words

bp = Blueprint("drafts", __name__, url_prefix="/manage/agreements/drafts")
PARTS = "<int:draft_id>/<any(definitions, sla, bonus):part>"


@bp.get("/new")
@manager_required
@organisation_required
def new() -> str:
    """Where a draft may start from."""
    return _start_page({})


@bp.post("/new")
@manager_required
@organisation_required
def start() -> ResponseReturnValue:
    """Start a draft from what was chosen."""
    try:
        document = _chosen_start()
        draft_id = start_draft(db.session(), document, by=actor(), now=utc_now())
    except Refused as error:
        return _start_page(request.form, str(error).splitlines()), 422
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
    draft = draft_or_404(draft_id)
    before, after = agreement_in_force(db.session(), now=utc_now()), draft.agreement()
    found = None if before is None else compare(before, after)
    told = {} if before is None or found is None else _told(found, before, after, draft.currency)
    return render_template(
        "drafts/compare.html", draft=draft, before=before, comparison=found, told=told, agreement=after
    )


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
    return _settled(draft) or _head_page(draft, forms.filled_head(tables_of(draft)["agreement"]))


@bp.post("/<int:draft_id>/head")
@manager_required
@organisation_required
def save_head(draft_id: int) -> ResponseReturnValue:
    """Store title, first month and review."""
    draft, filled = draft_or_404(draft_id), request.form
    try:
        _change(draft, lambda tables: tables.update(agreement=forms.head_of(filled)))
    except AgreementRefused as error:
        return _head_page(draft, filled, faults_of(error.problems, "agreement", 0)), 422
    except DraftRefused as error:
        draft = draft_or_404(draft_id)
        return _settled(draft) or (_head_page(draft, filled, Faults({}, [refusal_words(error)])), 409)
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
    return _settled(draft) or _entry_page(draft, part, key, filled)


@bp.post(f"/{PARTS}")
@manager_required
@organisation_required
def save(draft_id: int, part: str) -> ResponseReturnValue:
    """Store a definition, an SLA or a bonus; or show the fields of what else is to be measured."""
    draft, filled, key = draft_or_404(draft_id), request.form, request.form.get("was") or None
    if filled.get("only") == "fields":
        return _settled(draft) or _entry_page(draft, part, key, filled)
    keys = keys_of(tables_of(draft), part)
    entry = forms.entry_of_form(part, filled, [each for each in keys if each != key])
    try:
        _change(draft, lambda tables: put(tables, part, _there(tables, part, key), entry))
    except AgreementRefused as error:
        place = keys.index(key) + 1 if key in keys else len(keys) + 1
        return _entry_page(draft, part, key, filled, faults_of(error.problems, part, place)), 422
    except DraftRefused as error:
        draft = draft_or_404(draft_id)
        page = _entry_page(draft, part, key, filled, Faults({}, [refusal_words(error)]), is_stale=True)
        return _settled(draft) or (page, 409)
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
        drafting.discard_draft(db.session(), draft_id, _revision(), by=actor(), now=utc_now())
    except DraftRefused as error:
        return draft_page(draft_or_404(draft_id), refusal_words(error)), 409
    flash(_("%(title)s is discarded. It is kept in the list.", title=draft.title), "done")
    return redirect(url_for("agreements.index"), 303)


def draft_or_404(draft_id: int) -> Draft:
    """Return a draft; the page's rights are checked already."""
    found = read_draft(db.session(), draft_id) if draft_id < 10**LONGEST_ID else None
    return abort(404) if found is None else found


def draft_page(draft: Draft, error: str | None = None) -> str:
    """Return the page of a draft."""
    before, after = agreement_in_force(db.session(), now=utc_now()), draft.agreement()
    comparison = None if before is None else compare(before, after)
    return render_template(
        "drafts/show.html",
        draft=draft,
        agreement=after,
        currency=draft.currency,
        comparison=comparison,
        status={(each, entry.key): entry.status for each, entry in _by_part(comparison)},
        signatures=signatures_under(db.session(), draft.digest)[draft.digest],
        starts=start_words(),
        language=str(get_locale()),
        can_try="trying.show" in current_app.view_functions,
        error=error,
    )


def document_page(draft: Draft, error: str | None = None) -> str:
    """Return a draft as a document."""
    signatures = signatures_under(db.session(), draft.digest)[draft.digest]
    return render_template(
        "drafts/document.html",
        draft=draft,
        signatures=signatures,
        signable=open_sides(signatures) if draft.state == "proposed" else [],
        error=error,
        **document_parts(draft.agreement()),
    )


def tables_of(draft: Draft) -> Document:
    """Return the tables of a draft's file."""
    return document_of(draft.agreement(), draft.currency)


def _by_part(comparison: Comparison | None) -> list[tuple[str, Any]]:
    if comparison is None:
        return []
    parts = {"definitions": comparison.definitions, "sla": comparison.slas, "bonus": comparison.bonuses}
    return [(part, entry) for part, entries in parts.items() for entry in entries]


def _told(found: Comparison, before: Any, after: Any, currency: str) -> dict[Any, Any]:
    told = {entry.key + part: entry_changes(entry, before, after, currency) for part, entry in _by_part(found)}
    return {"head": head_changes(found.head), **told}


def _chosen_start() -> str:
    """Return the TOML of what a draft is to start from; Refused if nothing that there is was chosen."""
    kind, _colon, name = request.form.get("source", "").partition(":")
    if kind == "file":
        return uploaded_text()
    day = forms.day_of(request.form.get("effective_from", ""))
    if day is None or day.day != 1:
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


def _start_page(filled: Any, problems: list[str] | None = None) -> str:
    now = utc_now()
    months = choosable_months(db.session(), now=now)
    versions = agreed_versions(db.session(), now=now)
    return render_template(
        "drafts/new.html",
        versions=versions[::-1],
        months=months,
        next_month=next((each for each in months if each.first_day > now.date()), months[-1]),
        starts=start_words(),
        language=str(get_locale()),
        filled=filled,
        problems=problems or [],
    )


def _head_page(draft: Draft, filled: Any, faults: Faults = NO_FAULTS) -> str:
    months = choosable_months(db.session(), now=utc_now())
    taken = {each.agreement.effective_from for each in agreed_versions(db.session(), now=utc_now())}
    return render_template("drafts/head.html", draft=draft, filled=filled, faults=faults, months=months, taken=taken)


def _entry_page(
    draft: Draft, part: str, key: str | None, filled: Any, faults: Faults = NO_FAULTS, *, is_stale: bool = False
) -> str:
    """Return the form of an entry. key: the one that it has, None of a new one; is_stale: the draft was changed."""
    agreement, tables = draft.agreement(), tables_of(draft)
    is_there = key is not None and key in keys_of(tables, part)
    return render_template(
        f"drafts/{part}.html",
        draft=draft,
        was=key if is_there else None,
        filled=filled,
        faults=faults,
        agreement=agreement,
        currency=draft.currency,
        is_stale=is_stale,
        now=_entry_now(agreement, part, key) if is_stale and key is not None else None,
        **(forms.sla_choices(drafting.event_types(db.session(), draft), filled) if part == "sla" else {}),
        clock_choices=[(each.key, each.title) for each in agreement.slas if each.measure.kind == "response_time"],
        rows_of=forms.rows_of,
    )


def _entry_now(agreement: Any, part: str, key: str) -> Any:
    if part == "definitions":
        return agreement.definitions.get(key)
    return next((each for each in (agreement.slas if part == "sla" else agreement.bonuses) if each.key == key), None)


def _settled(draft: Draft) -> BaseResponse | None:
    """Send who would change what does not change any more back to the draft; None for one that may change."""
    if draft.state == "draft":
        return None
    flash(_("This draft does not change any more: it is proposed, in force or discarded."), "wrong")
    return redirect(url_for("drafts.show", draft_id=draft.id), 303)


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
