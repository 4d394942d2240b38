"""API tokens in the browser: everybody's own, and for administrators those of all, with the way into the API."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from leaderboard.domain.errors import AccountRefused
from leaderboard.services import tokens
from leaderboard.services.tokens import MOST_DAYS, PAGE_SIZE, READ, SCOPES, USUAL_DAYS, scopes_of
from leaderboard.storage import account_lists
from leaderboard.storage import tokens as stored
from leaderboard.storage.database import db
from leaderboard.web.clock import utc_now
from leaderboard.web.means import own_address
from leaderboard.web.paging import LONGEST_ID, older_than
from leaderboard.web.rights import actor, admin_required
from leaderboard.web.user_words import Fault

bp = Blueprint("tokens", __name__)
DAYS = (30, 90, 180, USUAL_DAYS, MOST_DAYS)


class Issue(NamedTuple):
    """A form to make a token with, and what became of it. token: made just now, shown this once.

    scopes: what it may at most, in words. filled: what was filled in; fault: what is wrong with it.
    """

    scopes: Mapping[str, Any]
    filled: Mapping[str, Any]
    token: str | None = None
    fault: Fault | None = None


@bp.get("/me/tokens")
def own() -> str:
    """The reader's own tokens."""
    return _own_page(issue_form(current_user.role))


@bp.post("/me/tokens")
def issue() -> ResponseReturnValue:
    """Make a token of one's own, and show it this once."""
    made = issued(current_user.email, current_user.role)
    return _own_page(made), 422 if made.fault else 200


@bp.post("/me/tokens/<int:token_id>/revoke")
def revoke(token_id: int) -> ResponseReturnValue:
    """End a token of one's own."""
    try:
        tokens.revoke_own_token(db.session(), _id_or_404(token_id), now=utc_now(), by=actor())
    except AccountRefused:
        abort(404)
    flash(_("The token is revoked: programs that use it are refused from now on."), "done")
    return redirect(url_for("tokens.own"), 303)


@bp.get("/manage/api")
@admin_required
def index() -> str:
    """The way into the API, and the tokens of all accounts."""
    before = older_than()
    rows = stored.all_tokens(db.session().connection(), before=before, limit=PAGE_SIZE + 1)
    more = rows[PAGE_SIZE - 1].id if len(rows) > PAGE_SIZE else None
    older = None if more is None else url_for("tokens.index", before=more)
    words, now = scope_words(), utc_now()
    root = own_address()
    return render_template("api/index.html", tokens=rows[:PAGE_SIZE], older=older, words=words, now=now, root=root)


def _own_page(made: Issue) -> str:
    found = account_lists.tokens_of(db.session().connection(), current_user.id)
    return render_template("api/own.html", made=made, tokens=found, now=utc_now(), words=scope_words(), days=DAYS)


def issue_form(role: str) -> Issue:
    """Return the empty form for a token of an account of some role."""
    words = scope_words()
    return Issue(
        {scope: words[scope] for scope in scopes_of(role)}, {"name": "", "scopes": [READ], "days": str(USUAL_DAYS)}
    )


def issued(email: str, role: str) -> Issue:
    """Make the token that a form asks for, of an account; return it, or the form with what is wrong."""
    form, empty = request.form, issue_form(role)
    scopes, days = form.getlist("scope"), form.get("days", "")
    filled = {"name": form.get("name", ""), "scopes": scopes, "days": days}
    if days not in map(str, DAYS) or not set(scopes) <= set(SCOPES):
        abort(400)
    try:
        asked: Any = {"name": filled["name"], "scopes": scopes, "days": int(days), "now": utc_now(), "by": actor()}
        token = tokens.issue_token(db.session(), email=email, **asked)
    except AccountRefused as error:
        return empty._replace(filled=filled, fault=_fault(error))
    return empty._replace(token=token)


def scope_words() -> dict[str, Any]:
    """Return what each scope is called, and what it lets a program do, in words."""
    return {
        "read": (_("Read"), _("What the account may see in the browser.")),
        "events:write": (_("Send events"), _("What happened, from a CRM: it is scored at once.")),
        "people:write": (_("Load people"), _("Members, teams, and who belongs where.")),
        "agreements:write": (_("Load agreements"), _("What was promised: everything is scored again under it.")),
    }


def _fault(error: AccountRefused) -> Fault:
    words = {
        "name": _("Give it a name by which you will know it, in one line."),
        "scopes": _("Tick what it may: something that this account may itself."),
    }
    return Fault(error.problem, words.get(error.problem, str(error)))


def _id_or_404(token_id: int) -> int:
    return token_id if token_id < 10**LONGEST_ID else abort(404)
