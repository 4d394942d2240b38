"""Displays for managers: which there are and what they show, pairing one, changing and revoking it."""

import logging
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from leaderboard.domain.displays import (
    LONGEST_MESSAGE,
    LONGEST_NAME,
    OF_PEOPLE,
    SECONDS,
    TOP,
    Settings,
)
from leaderboard.domain.errors import DisplayRefused, Throttled
from leaderboard.services import displays, pairing
from leaderboard.services.displays import Display
from leaderboard.storage.database import db
from leaderboard.web.clock import utc_now
from leaderboard.web.display import Sources, fragment, wall_page
from leaderboard.web.display_forms import NO_FAULT, Fault, Filled, fault_of, filled_of, listed, settings_of, until_of
from leaderboard.web.display_words import words
from leaderboard.web.fragments import wants_fragment
from leaderboard.web.languages import OWN_NAMES
from leaderboard.web.organisation import organisation_required, time_zone
from leaderboard.web.paging import LONGEST_ID, is_id
from leaderboard.web.rights import actor, manager_required
from leaderboard.web.sessions import limits
from leaderboard.web.showing import Showing
from leaderboard.web.throttling import address, throttled, wait

bp = Blueprint("displays", __name__, url_prefix="/manage/displays")
logger = logging.getLogger(__name__)
LIMITS = {
    "name": LONGEST_NAME,
    "message": LONGEST_MESSAGE,
    "top": (TOP[0], TOP[-1]),
    "seconds": (SECONDS[0], SECONDS[-1]),
}


@bp.get("")
@manager_required
@organisation_required
def index() -> str:
    """The displays: the page, or for htmx its list alone."""
    template = "displays/_list.html" if wants_fragment() else "displays/index.html"
    return render_template(template, displays=displays.list_displays(db.session()), **_now())


@bp.get("/pair")
@manager_required
@organisation_required
def pair() -> str:
    """The form for a code, which a scanned address has filled in already."""
    return _pair_page(request.args, _replaced())


@bp.post("/pair")
@manager_required
@organisation_required
def pair_now() -> ResponseReturnValue:
    """Make the screen that shows the code a display, or let it take another's place."""
    replaced, filled = _replaced(), request.form
    try:
        display_id = _claim(filled, replaced)
    except DisplayRefused as error:
        if error.what == "code":
            logger.warning("pairing refused: %s, from %s", ascii(actor().name), address())
        return _pair_page(filled, replaced, fault_of(error)), 409 if error.what == "gone" else 422
    except Throttled as error:
        logger.warning("pairing throttled: %s, from %s", ascii(actor().name), address())
        return throttled(_pair_page(filled, replaced, Fault("code", wait(error))), error)
    flash(_("The screen is paired: in a few seconds it shows its board."), "done")
    return redirect(url_for("displays.show", display_id=display_id), 303)


@bp.get("/<int:display_id>")
@manager_required
@organisation_required
def show(display_id: int) -> str:
    """One display: what it shows, to be changed."""
    display = display_or_404(display_id)
    return _display_page(display, filled_of(display.name, display.settings))


@bp.get("/<int:display_id>/preview")
@manager_required
@organisation_required
def preview(display_id: int) -> ResponseReturnValue:
    """What a display shows, in a manager's own browser: the page, or for its script the slides alone."""
    display, now = display_or_404(display_id), utc_now()
    if wants_fragment():
        return fragment(display, now)
    here = url_for("displays.preview", display_id=display_id)
    stream = url_for("displays.show", display_id=display_id) + "/stream"
    return wall_page(display, Sources(here, here, stream, is_preview=True), now)


@bp.post("/<int:display_id>")
@manager_required
@organisation_required
def change(display_id: int) -> ResponseReturnValue:
    """Store the name and the settings that the form says."""
    display, filled = display_or_404(display_id), request.form
    try:
        settings = settings_of(filled)
        name = filled.get("name", "")
        displays.change_display(db.session(), display_id, name=name, settings=settings, now=utc_now(), by=actor())
    except DisplayRefused as error:
        return _display_page(display, filled, fault_of(error)), 409 if error.what == "gone" else 422
    flash(_("Saved: the screen follows at once."), "done")
    return redirect(url_for("displays.show", display_id=display_id), 303)


@bp.post("/<int:display_id>/message")
@manager_required
@organisation_required
def message(display_id: int) -> ResponseReturnValue:
    """Show a message on a display, or none any more."""
    display, typed = display_or_404(display_id), request.form.get("message", "")
    try:
        until = until_of(request.form)
        displays.change_message(db.session(), display_id, message=typed, until=until, now=utc_now(), by=actor())
    except DisplayRefused as error:
        kept = {"message": typed, "until": request.form.get("until", "")}
        page = _display_page(display, filled_of(display.name, display.settings), fault_of(error), kept)
        return page, 409 if error.what == "gone" else 422
    flash(_("The message is shown.") if typed.strip() else _("No message is shown any more."), "done")
    return redirect(url_for("displays.show", display_id=display_id), 303)


@bp.post("/<int:display_id>/celebrate")
@manager_required
@organisation_required
def celebrate(display_id: int) -> ResponseReturnValue:
    """Let a display celebrate, for somebody to look at."""
    display_or_404(display_id)
    try:
        displays.ask_for_celebration(db.session(), display_id, now=utc_now(), by=actor())
    except DisplayRefused:
        abort(404)
    flash(_("The screen celebrates now: look at it."), "done")
    return redirect(url_for("displays.show", display_id=display_id), 303)


@bp.get("/<int:display_id>/revoke")
@manager_required
@organisation_required
def confirm(display_id: int) -> str:
    """Ask whether a display is to be revoked."""
    return render_template("displays/revoke.html", display=display_or_404(display_id))


@bp.post("/<int:display_id>/revoke")
@manager_required
@organisation_required
def revoke(display_id: int) -> ResponseReturnValue:
    """End a display."""
    display = display_or_404(display_id)
    try:
        displays.revoke_display(db.session(), display_id, now=utc_now(), by=actor())
    except DisplayRefused:
        abort(404)
    flash(_("%(name)s is revoked: its screen shows nothing any more.", name=display.name), "done")
    return redirect(url_for("displays.index"), 303)


def display_or_404(display_id: int) -> Display:
    """Return a display; the page's rights are checked already."""
    found = displays.find_display(db.session(), display_id) if display_id < 10**LONGEST_ID else None
    return abort(404) if found is None else found


def _replaced() -> Display | None:
    """Return the display whose place a new screen is to take, if the form or the address names one."""
    text = request.values.get("replaces", "")
    if not text:
        return None
    return display_or_404(int(text)) if is_id(text) else abort(404)


def _claim(filled: Filled, replaced: Display | None) -> int:
    how: dict[str, Any] = {"now": utc_now(), "by": actor(), "address": address(), "limits": limits()}
    session, code = db.session(), filled.get("code", "")
    if replaced is not None:
        return pairing.claim_in_place(session, code, replaced.id, **how)
    like = filled.get("like", "")
    settings = display_or_404(int(like)).settings if is_id(like) else Settings()
    return pairing.claim(session, code, name=filled.get("name", ""), settings=settings, **how)


def _pair_page(filled: Filled, replaced: Display | None, fault: Fault = NO_FAULT) -> str:
    likes = [(str(each.id), _("The same as %(name)s", name=each.name)) for each in displays.list_displays(db.session())]
    return render_template(
        "displays/pair.html",
        filled=filled,
        replaced=replaced,
        likes=[("", _("The usual: all slides")), *likes],
        fault=fault,
        limits=LIMITS,
        screen=request.host_url.rstrip("/") + url_for("display.index"),
    )


def _display_page(
    display: Display, filled: Filled, fault: Fault = NO_FAULT, typed: dict[str, str] | None = None
) -> str:
    """Return a display's page. filled: of its settings; typed: of its message, None for what is stored."""
    message = display.message_at(utc_now())
    until = display.message_until.astimezone(time_zone()) if message and display.message_until else None
    return render_template(
        "displays/show.html",
        display=display,
        filled=filled,
        kinds=listed(filled),
        typed=typed or {"message": message, "until": until.strftime("%Y-%m-%dT%H:%M") if until else ""},
        fault=fault,
        limits=LIMITS,
        languages=list(OWN_NAMES.items()),
        of_people=OF_PEOPLE,
        **_now(),
    )


def _now() -> dict[str, Any]:
    """Return what the templates need to say how displays are now."""
    now = utc_now()
    return {"now": now, "shows": Showing(now), **words()}
