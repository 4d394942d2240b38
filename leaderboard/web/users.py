"""Accounts for administrators: who signs in, with which role, and which teams they answer for."""

from collections.abc import Callable
from typing import Any, NamedTuple

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from leaderboard.domain.errors import AccountRefused, AdjustmentRefused, Refused
from leaderboard.services import account_admin, accounts, identities
from leaderboard.services.account_admin import Account, AccountQuery
from leaderboard.services.adjusting import member_named
from leaderboard.services.people import ROLES
from leaderboard.storage import account_lists, people
from leaderboard.storage.database import db
from leaderboard.storage.identities import identities_of
from leaderboard.web.clock import utc_now
from leaderboard.web.fragments import wants_fragment
from leaderboard.web.paging import LONGEST_ID, is_id, page_number
from leaderboard.web.rights import actor, admin_required
from leaderboard.web.sessions import limits
from leaderboard.web.tokens import DAYS, Issue, issue_form, issued, scope_words
from leaderboard.web.user_words import fault_of, role_words

bp = Blueprint("users", __name__, url_prefix="/manage/accounts")
STATES = ("active", "closed", "all")
LONGEST_SEARCH = 200


class Told(NamedTuple):
    """What an account's page says beside the account. password: made just now, shown this once; made: a token."""

    fault: Any = None
    password: str | None = None
    is_new: bool = False
    made: Issue | None = None


NOTHING_TOLD = Told()


@bp.get("")
@admin_required
def index() -> str:
    """The accounts that the address asks for: the page, or for htmx its list alone."""
    return _index()


@bp.post("")
@admin_required
def add() -> ResponseReturnValue:
    """Add an account, and show its password this once."""
    form = request.form
    sees_all, team_names = form.get("teams_seen") == "all", _team_names(form.getlist("team"))
    is_manager = form.get("role") == "manager"
    try:
        password = accounts.add_user(
            db.session(),
            email=form.get("email", ""),
            role=form.get("role", ""),
            teams=team_names if is_manager and not sees_all else (),
            sees_all=is_manager and sees_all,
            now=utc_now(),
            by=actor(),
            costs=limits().costs,
        )
    except Refused as error:
        return _index(filled=form, fault=fault_of(error)), 422
    found = accounts.account_named(db.session(), form.get("email", ""))
    return _account_page(found.id, Told(password=password, is_new=True))


@bp.get("/<int:user_id>")
@admin_required
def show(user_id: int) -> str:
    """One account: what it may, and what can be done to it."""
    return _account_page(user_id)


@bp.post("/<int:user_id>/role")
@admin_required
def change_role(user_id: int) -> ResponseReturnValue:
    """Give an account the role that the form says."""
    return _changed(
        user_id, _("The role is changed."), account_admin.change_role, _account_or_404(user_id).id, _asked("role")
    )


@bp.post("/<int:user_id>/teams")
@admin_required
def give_teams(user_id: int) -> ResponseReturnValue:
    """Say which teams a manager answers for."""
    _account_or_404(user_id)
    team_ids = [int(each) if is_id(each) else abort(400) for each in request.form.getlist("team")]
    said = _("The teams are saved: they count from the next page on.")
    return _changed(user_id, said, account_admin.give_teams, user_id, _asked("teams_seen"), team_ids)


@bp.post("/<int:user_id>/member")
@admin_required
def link(user_id: int) -> ResponseReturnValue:
    """Say which member an account is."""
    _account_or_404(user_id)
    member_id = None
    if name := _asked("member"):
        try:
            member_id = member_named(db.session(), name)
        except AdjustmentRefused as error:
            return _account_page(user_id, Told(fault_of(error))), 422
    return _changed(user_id, _("Saved."), account_admin.link_member, user_id, member_id)


@bp.post("/<int:user_id>/email")
@admin_required
def change_email(user_id: int) -> ResponseReturnValue:
    """Let an account sign in with another e-mail."""
    _account_or_404(user_id)
    said = _("The e-mail is changed: they sign in with the new one from now on.")
    return _changed(user_id, said, account_admin.change_email, user_id, _asked("email"))


@bp.post("/<int:user_id>/deactivate")
@admin_required
def deactivate(user_id: int) -> ResponseReturnValue:
    """Close an account."""
    _account_or_404(user_id)
    said = _("The account is closed: whoever was signed in with it is out now.")
    return _changed(user_id, said, account_admin.deactivate, user_id)


@bp.post("/<int:user_id>/reactivate")
@admin_required
def reactivate(user_id: int) -> ResponseReturnValue:
    """Open an account again."""
    _account_or_404(user_id)
    said = _("The account is open again: they sign in with the password that they had.")
    return _changed(user_id, said, account_admin.reactivate, user_id)


@bp.post("/<int:user_id>/sign-out")
@admin_required
def sign_out(user_id: int) -> ResponseReturnValue:
    """End all sessions of an account."""
    _account_or_404(user_id)
    return _changed(user_id, _("They are signed out everywhere."), accounts.sign_out_everywhere, user_id)


@bp.post("/<int:user_id>/password")
@admin_required
def reset_password(user_id: int) -> ResponseReturnValue:
    """Give an account a new password, and show it this once."""
    _account_or_404(user_id)
    try:
        password = account_admin.reset_password(db.session(), user_id, now=utc_now(), by=actor(), costs=limits().costs)
    except Refused as error:
        return _account_page(user_id, Told(fault_of(error))), 422
    return _account_page(user_id, Told(password=password))


@bp.post("/<int:user_id>/unlink")
@admin_required
def unlink(user_id: int) -> ResponseReturnValue:
    """Let another company account sign in to an account."""
    _account_or_404(user_id)
    said = _("It is unlinked: the next company account with this e-mail that signs in is linked to it.")
    return _changed(user_id, said, identities.unlink, user_id)


@bp.post("/<int:user_id>/tokens")
@admin_required
def issue_token(user_id: int) -> ResponseReturnValue:
    """Make an API token of an account, and show it this once."""
    account = _account_or_404(user_id)
    try:
        made = issued(account.email, account.role)
    except Refused as error:
        return _account_page(user_id, Told(fault_of(error))), 409
    return _account_page(user_id, Told(made=made)), 422 if made.fault else 200


@bp.post("/<int:user_id>/tokens/<int:token_id>/revoke")
@admin_required
def revoke_token(user_id: int, token_id: int) -> ResponseReturnValue:
    """End an API token."""
    _account_or_404(user_id)
    if token_id >= 10**LONGEST_ID:
        abort(404)
    said = _("The token is revoked: programs that use it are refused from now on.")
    return _changed(user_id, said, account_admin.revoke_token, user_id, token_id)


def _account_or_404(user_id: int) -> Account:
    """Return an account; the page's rights are checked already."""
    found = account_admin.find_account(db.session(), user_id) if user_id < 10**LONGEST_ID else None
    return abort(404) if found is None else found


def _changed(user_id: int, said: str, change: Callable[..., None], *values: Any) -> ResponseReturnValue:
    """Do a change and say so, or show the account's page with why it cannot be."""
    try:
        change(db.session(), *values, now=utc_now(), by=actor())
    except AccountRefused as error:
        if error.problem == "token":
            abort(404)
        return _account_page(user_id, Told(fault_of(error))), 422
    except Refused as error:
        return _account_page(user_id, Told(fault_of(error))), 409
    flash(said, "done")
    return redirect(url_for("users.show", user_id=user_id), 303)


def _index(filled: Any = None, fault: Any = None) -> str:
    asked, email = _asked_for(), request.args.get("email", "")[:LONGEST_SEARCH]
    page = account_admin.list_accounts(db.session(), AccountQuery(**asked, page=page_number()))
    kept: dict[str, Any] = {name: value for name, value in asked.items() if value != {"state": "active"}.get(name, "")}
    return render_template(
        "users/_list.html" if wants_fragment() else "users/index.html",
        page=page,
        asked=asked,
        filled=filled or ({"email": email} if email else {}),
        given=filled.getlist("team") if filled else [],
        fault=fault,
        roles=role_words(),
        teams=people.teams(db.session().connection()),
        address=lambda number: url_for("users.index", page=number if number > 1 else None, **kept),
    )


def _account_page(user_id: int, told: Told = NOTHING_TOLD) -> str:
    account, connection = _account_or_404(user_id), db.session().connection()
    return render_template(
        "users/show.html",
        account=account,
        told=told,
        fault=told.fault,
        is_own=current_user.id == account.id,
        roles=role_words(),
        teams=people.teams(connection),
        tokens=account_lists.tokens_of(connection, user_id),
        made=told.made or issue_form(account.role),
        words=scope_words(),
        days=DAYS,
        sessions=account_lists.sessions_of(connection, user_id),
        linked=identities_of(connection, user_id),
        now=utc_now(),
    )


def _asked_for() -> dict[str, str]:
    """Return what the address looks for; 400 for what cannot be looked for."""
    text, role = request.args.get("text", "").strip(), request.args.get("role", "")
    state = request.args.get("state", "active")
    if len(text) > LONGEST_SEARCH or "\0" in text or role not in ("", *ROLES) or state not in STATES:
        abort(400)
    return {"text": text, "role": role, "state": state}


def _asked(name: str) -> str:
    return request.form.get(name, "").strip()


def _team_names(ids: list[str]) -> list[str]:
    """Return the names of the teams that a form ticked; 400 for what is none."""
    names = {str(team_id): name for team_id, name, _ in people.teams(db.session().connection())}
    return [names.get(each) or abort(400) for each in ids]
