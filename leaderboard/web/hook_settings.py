"""Webhooks in for administrators: connecting a CRM, its secrets, and what came through."""

from collections.abc import Callable
from typing import Any, NamedTuple

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from leaderboard.domain.errors import HookRefused, Refused
from leaderboard.services import hooks
from leaderboard.services.hooks import GIVEN, HookShown
from leaderboard.services.parking import count_unknown_names
from leaderboard.services.receiving import REFUSALS_WITHIN
from leaderboard.storage.database import db
from leaderboard.storage.hooks import STATES
from leaderboard.web.clock import utc_now
from leaderboard.web.fragments import wants_fragment
from leaderboard.web.hook_words import fault_of, kind_words, state_words, steps
from leaderboard.web.means import means, whole_url
from leaderboard.web.organisation import organisation_required
from leaderboard.web.paging import LONGEST_ID, older_than
from leaderboard.web.rights import actor, admin_required
from leaderboard.web.user_words import Fault

bp = Blueprint("hook_settings", __name__, url_prefix="/manage/hooks")
FIELDS = ("kind", "name", "slug", "secret")


class Told(NamedTuple):
    """What a webhook's page says beside it. secret: made just now, shown this once."""

    fault: Fault = Fault("", "")
    secret: str | None = None
    filled: dict[str, str] = {}  # noqa: RUF012 - never changed


NOTHING_TOLD = Told()


@bp.get("")
@admin_required
@organisation_required
def index() -> str:
    """All webhooks in, and how to add one."""
    return _index()


@bp.post("")
@admin_required
@organisation_required
def add() -> ResponseReturnValue:
    """Add a webhook, and show its secret this once."""
    form = {name: request.form.get(name, "") for name in FIELDS}
    try:
        hook_id, secret = hooks.add_hook(db.session(), **form, seal=means().seal, now=utc_now(), by=actor())
    except Refused as error:
        return _index({**form, "secret": ""}, fault_of(error)), 422
    return _page(hook_id, Told(secret=secret))


@bp.get("/<int:hook_id>")
@admin_required
@organisation_required
def show(hook_id: int) -> str:
    """One webhook: what to enter in the CRM, its secrets, what came through."""
    return _page(hook_id)


@bp.post("/<int:hook_id>/secret")
@admin_required
@organisation_required
def rotate(hook_id: int) -> ResponseReturnValue:
    """Give a webhook a new secret; one that we make is shown this once."""
    hook, secret = hook_or_404(hook_id), request.form.get("secret", "")
    try:
        made = hooks.rotate(db.session(), hook.id, secret, seal=means().seal, now=utc_now(), by=actor())
    except Refused as error:
        return _page(hook_id, Told(fault_of(error))), 422
    if made is not None:
        return _page(hook_id, Told(secret=made))
    flash(_("The new secret counts from now on; the one before still does for seven days."), "done")
    return redirect(url_for("hook_settings.show", hook_id=hook_id), 303)


@bp.post("/<int:hook_id>/secret/end")
@admin_required
@organisation_required
def end_former(hook_id: int) -> ResponseReturnValue:
    """Let the present secret alone count."""
    said = _("The present secret alone counts now.")
    return _changed(hook_id, said, hooks.end_former_secret, seal=means().seal)


@bp.post("/<int:hook_id>/organisation")
@admin_required
@organisation_required
def set_organisation(hook_id: int) -> ResponseReturnValue:
    """Say from which organisation of Salesforce messages must come."""
    text = request.form.get("organisation", "")
    return _changed(hook_id, _("Saved."), hooks.set_organisation, text=text, seal=means().seal)


@bp.post("/<int:hook_id>/pause")
@admin_required
@organisation_required
def pause(hook_id: int) -> ResponseReturnValue:
    """Take nothing for a while."""
    said = _("Paused: the CRM is asked to send again later.")
    return _changed(hook_id, said, hooks.set_active, is_active=False)


@bp.post("/<int:hook_id>/resume")
@admin_required
@organisation_required
def resume(hook_id: int) -> ResponseReturnValue:
    """Take deliveries again."""
    return _changed(hook_id, _("It takes deliveries again."), hooks.set_active, is_active=True)


@bp.post("/<int:hook_id>/remove")
@admin_required
@organisation_required
def remove(hook_id: int) -> ResponseReturnValue:
    """Remove a webhook; its events stay."""
    hook = hook_or_404(hook_id)
    try:
        hooks.remove_hook(db.session(), hook.id, now=utc_now(), by=actor())
    except HookRefused:
        abort(404)
    flash(_("Removed. The events that it brought stay."), "done")
    return redirect(url_for("hook_settings.index"), 303)


@bp.get("/<int:hook_id>/deliveries/<int:delivery_id>")
@admin_required
@organisation_required
def delivery(hook_id: int, delivery_id: int) -> str:
    """What a delivery said, as it came."""
    hook = hook_or_404(hook_id)
    found = _delivery_or_404(hook_id, delivery_id)
    return render_template("hooks/delivery.html", hook=hook, delivery=found, states=state_words())


@bp.post("/<int:hook_id>/deliveries/<int:delivery_id>/again")
@admin_required
@organisation_required
def again(hook_id: int, delivery_id: int) -> ResponseReturnValue:
    """Take a delivery anew, with the mapping as it is now."""
    hook = hook_or_404(hook_id)
    _delivery_or_404(hook_id, delivery_id)
    try:
        state = hooks.try_again(db.session(), hook.id, delivery_id, now=utc_now(), by=actor())
    except HookRefused as error:
        return _page(hook_id, Told(fault_of(error))), 409
    flash(_("Tried again: %(state)s.", state=state_words()[state][0]), "done" if state == "taken" else "wrong")
    return redirect(url_for("hook_settings.delivery", hook_id=hook_id, delivery_id=delivery_id), 303)


def hook_or_404(hook_id: int) -> HookShown:
    """Return a webhook; the page's rights are checked already."""
    found = None
    if hook_id < 10**LONGEST_ID:
        found = hooks.find_hook(db.session(), hook_id, seal=means().seal, now=utc_now())
    return abort(404) if found is None else found


def _delivery_or_404(hook_id: int, delivery_id: int) -> Any:
    found = None
    if delivery_id < 10**LONGEST_ID:
        found = hooks.find_delivery(db.session(), hook_id, delivery_id)
    return abort(404) if found is None else found


def _changed(hook_id: int, said: str, change: Callable[..., None], **values: Any) -> ResponseReturnValue:
    """Do a change and say so, or show the page with why it cannot be."""
    hook = hook_or_404(hook_id)
    try:
        change(db.session(), hook.id, **values, now=utc_now(), by=actor())
    except HookRefused as error:
        if error.problem == "gone":
            abort(404)
        return _page(hook_id, Told(fault_of(error), filled=request.form.to_dict())), 422
    except Refused as error:
        return _page(hook_id, Told(fault_of(error))), 409
    flash(said, "done")
    return redirect(url_for("hook_settings.show", hook_id=hook_id), 303)


def _index(filled: dict[str, str] | None = None, fault: Fault | None = None) -> str:
    return render_template(
        "hooks/index.html",
        hooks=hooks.list_hooks(db.session()),
        unknown=count_unknown_names(db.session()),
        kinds=kind_words(),
        given=GIVEN,
        filled=filled or {},
        fault=fault or Fault("", ""),
    )


def _page(hook_id: int, told: Told = NOTHING_TOLD) -> str:
    hook, state = hook_or_404(hook_id), request.args.get("state", "")
    if state not in ("", *STATES):
        abort(400)
    found, older = hooks.list_deliveries(db.session(), hook_id, older_than=older_than(), state=state)
    address = whole_url("hooks.deliver", slug=hook.slug)
    return render_template(
        "hooks/_deliveries.html" if wants_fragment() and request.method == "GET" else "hooks/show.html",
        hook=hook,
        told=told,
        address=address,
        steps=steps(hook, address, told.secret),
        is_given=hook.kind in GIVEN,
        kinds=kind_words(),
        states=state_words(),
        state=state,
        minutes=REFUSALS_WITHIN.seconds // 60,
        deliveries=found,
        older=older and url_for("hook_settings.show", hook_id=hook_id, before=older, state=state or None),
    )
