"""What somebody is told outside the pages: which e-mails, and their calendar; and the way out of an e-mail's kind."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from leaderboard.services.due_calendar import end_calendar, has_calendar_since, renew_calendar
from leaderboard.services.mail_kinds import (
    Unsubscribing,
    choose_kinds,
    is_mail_set_up,
    kinds_for,
    latest_mails,
    read_unsubscribe_token,
    unsubscribe,
    wanted_kinds,
)
from leaderboard.services.reminding import count_near
from leaderboard.storage.database import db
from leaderboard.web.clock import utc_now
from leaderboard.web.means import means, whole_url
from leaderboard.web.notice_words import kind_words
from leaderboard.web.rights import actor, public
from leaderboard.web.sessions import csrf

bp = Blueprint("notices", __name__)


@bp.get("/me/notices")
def index() -> str:
    """Which e-mails the reader gets, and their calendar."""
    return _page()


@bp.post("/me/notices")
def choose() -> ResponseReturnValue:
    """Store which kinds the reader wants."""
    offered = _kinds()
    wanted = set(request.form.getlist("kind")) & set(offered)
    choose_kinds(db.session(), current_user.id, wanted, offered, now=utc_now(), by=actor())
    flash(_("Saved."), "done")
    return redirect(url_for("notices.index"), 303)


@bp.post("/me/notices/calendar")
def renew() -> str:
    """Give the reader's calendar an address, which is shown this once; one from before leads nowhere any more."""
    token = renew_calendar(db.session(), now=utc_now(), by=actor())
    return _page(whole_url("calendar_feed.show", token=token))


@bp.post("/me/notices/calendar/end")
def end() -> ResponseReturnValue:
    """Take the reader's calendar away."""
    end_calendar(db.session(), now=utc_now(), by=actor())
    flash(_("Done: the address of your calendar leads nowhere any more."), "done")
    return redirect(url_for("notices.index"), 303)


@bp.get("/me/soon")
def soon() -> str:
    """How much of the reader's is about to fall due, for the head of the page."""
    member_id = current_user.member_id
    number = 0 if member_id is None else count_near(db.session(), member_id, now=utc_now())
    return render_template("notices/_soon.html", number=number)


@bp.get("/unsubscribe/<token>")
@public
def ask(token: str) -> str:
    """Ask whether an e-mail's kind is to end: programs that look into e-mails follow links, but send no forms."""
    return _unsubscribe_page(token, _ended_or_404(token), "asked")


@bp.post("/unsubscribe/<token>")
@csrf.exempt
@public
def leave(token: str) -> str:
    """End an e-mail's kind, also by the mail program's own button (RFC 8058), or begin it again."""
    ended, is_undone = _ended_or_404(token), bool(request.form.get("undo"))
    if not unsubscribe(db.session(), ended, now=utc_now(), is_undone=is_undone):
        abort(404)
    return _unsubscribe_page(token, ended, "undone" if is_undone else "ended")


def _ended_or_404(token: str) -> Unsubscribing:
    return read_unsubscribe_token(means().seal, token) or abort(404)


def _unsubscribe_page(token: str, ended: Unsubscribing, state: str) -> str:
    return render_template("notices/unsubscribe.html", token=token, kind=kind_words()[ended.kind], state=state)


def _kinds() -> tuple[str, ...]:
    return kinds_for(member_id=current_user.member_id, is_manager=current_user.is_manager)


def _page(address: str | None = None) -> str:
    words: dict[str, Any] = kind_words()
    return render_template(
        "notices/index.html",
        kinds=[(kind, words[kind]) for kind in _kinds()],
        wanted=wanted_kinds(db.session(), current_user.id),
        is_set_up=is_mail_set_up(means()),
        names=words,
        latest=latest_mails(db.session(), current_user.id),
        calendar_since=has_calendar_since(db.session(), current_user.id),
        address=address,
    )
