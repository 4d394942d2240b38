"""Webhooks out for administrators: which there are, what each is told, and what became of it."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from leaderboard.domain.announcements import JSON, PERIOD_CLOSED, SLACK
from leaderboard.domain.errors import Refused, TargetRefused
from leaderboard.domain.outside import LONGEST_ADDRESS
from leaderboard.services import hook_targets
from leaderboard.services.hook_targets import LONGEST_NAME, Target, Wanted
from leaderboard.services.reaching import Answer
from leaderboard.storage.database import db
from leaderboard.web.clock import utc_now
from leaderboard.web.fragments import wants_fragment
from leaderboard.web.hook_target_words import fault_of, format_words, kind_words, told_of, told_words
from leaderboard.web.languages import OWN_NAMES
from leaderboard.web.means import means
from leaderboard.web.organisation import organisation
from leaderboard.web.paging import LONGEST_ID, older_than
from leaderboard.web.rights import actor, admin_required
from leaderboard.web.user_words import Fault

bp = Blueprint("hook_targets", __name__, url_prefix="/manage/webhooks")
bp.add_app_template_filter(told_words)
bp.add_app_template_filter(told_of)
LIMITS = {"name": LONGEST_NAME, "address": LONGEST_ADDRESS}


class Told(NamedTuple):
    """What a webhook's page says beside it. secret: made just now, shown this once; answer: to a test."""

    fault: Fault | None = None
    secret: str | None = None
    answer: Answer | None = None


NOTHING_TOLD = Told()


@bp.get("")
@admin_required
def index() -> str:
    """All webhooks, and the form for a new one."""
    ours = organisation()
    language = ours.language if ours else "en"
    return _index(_filled(Wanted("", "", SLACK, (PERIOD_CLOSED,), language)))


@bp.post("")
@admin_required
def add() -> ResponseReturnValue:
    """Add a webhook; one that checks signatures is shown its secret this once."""
    wanted = _wanted()
    try:
        target_id, secret = hook_targets.add_target(db.session(), means(), wanted, now=utc_now(), by=actor())
    except Refused as error:
        return _index(_filled(wanted), fault_of(error)), 422
    if wanted.format != JSON:  # chats check nothing
        return _done(target_id, _("Added: send a test, and look at the channel."))
    return _page(target_id, Told(secret=secret))


@bp.get("/<int:target_id>")
@admin_required
def show(target_id: int) -> str:
    """One webhook with its log: the page, or for htmx the log alone."""
    return _page(target_id)


@bp.post("/<int:target_id>")
@admin_required
def change(target_id: int) -> ResponseReturnValue:
    """Change a webhook as the form says."""
    _target_or_404(target_id)
    wanted = _wanted()
    try:
        hook_targets.change_target(db.session(), means(), target_id, wanted, now=utc_now(), by=actor())
    except Refused as error:
        return _page(target_id, Told(fault_of(error)), _filled(wanted)), 422
    return _done(target_id, _("Saved: it counts from the next message on."))


@bp.post("/<int:target_id>/test")
@admin_required
def test(target_id: int) -> ResponseReturnValue:
    """Send a test, and show what was answered."""
    _target_or_404(target_id)
    try:
        answer = hook_targets.send_test(db.session(), means(), target_id, now=utc_now())
    except Refused as error:
        return _page(target_id, Told(fault_of(error))), 409
    return _page(target_id, Told(answer=answer))


@bp.post("/<int:target_id>/secret")
@admin_required
def renew_secret(target_id: int) -> ResponseReturnValue:
    """Make another secret, and show it this once."""
    _target_or_404(target_id)
    try:
        secret = hook_targets.renew_secret(db.session(), means(), target_id, now=utc_now(), by=actor())
    except Refused as error:
        return _page(target_id, Told(fault_of(error))), 409
    return _page(target_id, Told(secret=secret))


@bp.post("/<int:target_id>/pause")
@admin_required
def pause(target_id: int) -> ResponseReturnValue:
    """Send nothing until it is resumed."""
    return _changed(target_id, _("Paused: it is sent nothing until you resume it."), hook_targets.pause_target)


@bp.post("/<int:target_id>/resume")
@admin_required
def resume(target_id: int) -> ResponseReturnValue:
    """Send what waits."""
    return _changed(target_id, _("Resumed: what waits is sent now."), hook_targets.resume_target)


@bp.get("/<int:target_id>/remove")
@admin_required
def confirm(target_id: int) -> str:
    """Ask whether a webhook is to be removed."""
    return render_template("hook_targets/remove.html", target=_target_or_404(target_id))


@bp.post("/<int:target_id>/remove")
@admin_required
def remove(target_id: int) -> ResponseReturnValue:
    """Remove a webhook with its log."""
    target = _target_or_404(target_id)
    try:
        hook_targets.remove_target(db.session(), target_id, now=utc_now(), by=actor())
    except TargetRefused:
        abort(404)
    flash(_("%(name)s is removed.", name=target.name), "done")
    return redirect(url_for("hook_targets.index"), 303)


@bp.post("/<int:target_id>/messages/<int:message_id>/resend")
@admin_required
def resend(target_id: int, message_id: int) -> ResponseReturnValue:
    """Send a message of the log again."""
    if message_id >= 10**LONGEST_ID:
        abort(404)
    said = _("It is on its way again.")
    return _changed(target_id, said, hook_targets.resend, message_id)


def _target_or_404(target_id: int) -> Target:
    """Return a webhook; the page's rights are checked already."""
    found = hook_targets.find_target(db.session(), means(), target_id) if target_id < 10**LONGEST_ID else None
    return abort(404) if found is None else found


def _changed(target_id: int, said: str, change: Callable[..., None], *values: Any) -> ResponseReturnValue:
    """Do a change and say so, or show the page with why it cannot be."""
    _target_or_404(target_id)
    try:
        change(db.session(), target_id, *values, now=utc_now(), by=actor())
    except Refused as error:
        return _page(target_id, Told(fault_of(error))), 409
    return _done(target_id, said)


def _done(target_id: int, said: str) -> ResponseReturnValue:
    flash(said, "done")
    return redirect(url_for("hook_targets.show", target_id=target_id), 303)


def _wanted() -> Wanted:
    form = request.form
    return Wanted(
        form.get("name", ""),
        form.get("address", ""),
        form.get("format", ""),
        form.getlist("kinds"),
        form.get("language", ""),
        "has_amounts" in form,
    )


def _filled(wanted: Wanted | Target) -> dict[str, Any]:
    """Return what the form shows; an address only as somebody has just typed it."""
    names = ("name", "format", "kinds", "language", "has_amounts")
    typed = wanted.address if isinstance(wanted, Wanted) else ""
    return {**{name: getattr(wanted, name) for name in names}, "address": typed}


def _index(filled: Mapping[str, Any], fault: Fault | None = None) -> str:
    targets = hook_targets.list_targets(db.session(), means())
    return render_template("hook_targets/index.html", targets=targets, **_form(filled, fault))


def _page(target_id: int, told: Told = NOTHING_TOLD, filled: Mapping[str, Any] | None = None) -> str:
    target = _target_or_404(target_id)
    log = hook_targets.read_log(db.session(), target_id, older_than())
    if wants_fragment() and told is NOTHING_TOLD:
        return render_template("hook_targets/_log.html", target=target, log=log, kinds=kind_words(), now=utc_now())
    return render_template(
        "hook_targets/show.html",
        target=target,
        log=log,
        told=told,
        now=utc_now(),
        **_form(filled or _filled(target), told.fault),
    )


def _form(filled: Mapping[str, Any], fault: Fault | None) -> dict[str, Any]:
    """Return what the form of a webhook needs."""
    return {
        "filled": filled,
        "fault": fault,
        "kinds": kind_words(),
        "formats": format_words(),
        "languages": list(OWN_NAMES.items()),
        "limits": LIMITS,
        "has_address": means().address is not None,
    }
