"""Who may see what. Every page needs a sign-in unless it says otherwise."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from flask import abort, current_app, g, request
from flask_login import current_user
from werkzeug.wrappers import Response

from leaderboard.domain.actors import Actor
from leaderboard.domain.periods import Period
from leaderboard.services.rules import rule_book
from leaderboard.services.scopes import EVERYTHING, NOTHING, Scope, scope_of
from leaderboard.storage.database import db
from leaderboard.web.clock import utc_now
from leaderboard.web.redirects import ask_to_sign_in

View = TypeVar("View", bound=Callable[..., Any])


def public(view: View) -> View:
    """Let everybody see a page, also those who are not signed in."""
    view.is_public = True  # type: ignore[attr-defined]
    return view


def is_public() -> bool:
    """Tell whether what is asked for needs no sign-in: static files, what says so, and what does not exist."""
    if request.endpoint is None or request.endpoint == "static":
        return True
    return getattr(current_app.view_functions[request.endpoint], "is_public", False)


def require_sign_in() -> Response | None:
    """Send visitors to the sign-in page, before every request."""
    return None if is_public() or current_user.is_authenticated else ask_to_sign_in()


def manager_required(view: View) -> View:
    """Let managers and administrators see a page; it stands below the route."""
    return _required(view, "is_manager")


def all_teams_required(view: View) -> View:
    """Let administrators and managers who answer for all teams see a page; it stands below the route."""
    return _required(view, "sees_all_teams")


def admin_required(view: View) -> View:
    """Let administrators see a page; it stands below the route."""
    return _required(view, "is_admin")


def actor() -> Actor:
    """Return who acts: the user who is signed in, as services and the audit trail name them."""
    return Actor(current_user.email, current_user.id, current_user.member_id)


def scope() -> Scope:
    """Return which teams the reader may look into; asked for once a request."""
    if "scope" not in g:
        g.scope = _scope() if current_user.is_manager else NOTHING
    return g.scope


def sees_member(member_id: int, period: Period) -> bool:
    """Tell whether the reader may see all of a member in a period, as a manager or as the member."""
    if member_id == current_user.member_id or current_user.sees_all_teams:
        return True
    if not current_user.is_manager:
        return False
    return scope().sees_member(rule_book(db.session().connection(), g.rules_version).rules, member_id, period)


def _scope() -> Scope:
    if current_user.sees_all_teams:
        return EVERYTHING
    return scope_of(db.session(), current_user.id, now=utc_now(), rules_version=g.rules_version)


def _required(view: View, right: str) -> View:
    @wraps(view)
    def checked(*args: Any, **kwargs: Any) -> Any:
        if not current_user.is_authenticated:
            return ask_to_sign_in()
        if not getattr(current_user, right):
            abort(403)
        return view(*args, **kwargs)

    return checked  # type: ignore[return-value]
