"""The mapping of a webhook in: edited, tried on what was sent last or on what is pasted, and stored."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from leaderboard.domain.errors import Refused
from leaderboard.services import hooks
from leaderboard.services.hooks import HookShown, Preview
from leaderboard.storage.database import db
from leaderboard.web.clock import utc_now
from leaderboard.web.fragments import wants_fragment
from leaderboard.web.hook_settings import hook_or_404
from leaderboard.web.hook_words import outcome_words
from leaderboard.web.organisation import organisation_required
from leaderboard.web.rights import actor, admin_required

bp = Blueprint("hook_mappings", __name__, url_prefix="/manage/hooks/<int:hook_id>/mapping")
ROWS_SHOWN = 20


@bp.get("")
@admin_required
@organisation_required
def edit(hook_id: int) -> str:
    """The mapping as it is, or the one that its kind begins with, and what it makes of the last delivery."""
    hook = hook_or_404(hook_id)
    mapping = hooks.default_mapping(hook.kind) if request.args.get("standard") else hook.mapping
    return _page(hook, mapping, hooks.last_body(db.session(), hook_id))


@bp.post("")
@admin_required
@organisation_required
def save(hook_id: int) -> ResponseReturnValue:
    """Store a mapping: what comes from now on goes by it."""
    hook, mapping = hook_or_404(hook_id), request.form.get("mapping", "")
    try:
        hooks.change_mapping(db.session(), hook.id, mapping, now=utc_now(), by=actor())
    except Refused as error:
        return _page(hook, mapping, request.form.get("body", ""), str(error)), 422
    flash(_("The mapping is saved: what comes from now on goes by it."), "done")
    return redirect(url_for("hook_settings.show", hook_id=hook_id), 303)


@bp.post("/try")
@admin_required
@organisation_required
def attempt(hook_id: int) -> str:
    """Show what a mapping would make of a body; nothing is stored."""
    hook, form = hook_or_404(hook_id), request.form
    mapping, body = form.get("mapping", ""), form.get("body", "")
    if wants_fragment():
        return render_template("hooks/_preview.html", preview=_preview(hook, mapping, body), **_words())
    return _page(hook, mapping, body)


def _page(hook: HookShown, mapping: str, body: str, problem: str | None = None) -> str:
    return render_template(
        "hooks/mapping.html",
        hook=hook,
        mapping=mapping,
        body=body,
        problem=problem,
        preview=None if problem else _preview(hook, mapping, body),
        **_words(),
    )


def _preview(hook: HookShown, mapping: str, body: str) -> Preview | None:
    """Return what a mapping makes of a body; None for no body."""
    if not body.strip():
        return None
    return hooks.preview(db.session(), hook.kind, hook.slug, mapping, body, now=utc_now())


def _words() -> dict[str, object]:
    return {"outcomes": outcome_words(), "most": ROWS_SHOWN}
