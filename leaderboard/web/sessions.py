"""Who is there: the session's cookie, the user it belongs to, and the tokens of forms.

Two cookies. TOKEN_COOKIE_NAME holds a random token and nothing else; what it means stands in the database, so
that signing out ends it everywhere at once. SESSION_COOKIE_NAME is Flask's signed one, "form": it holds the
secret of the forms' CSRF tokens and messages for the next page, also before sign-in, and no right rests on it.
Before sign-in the secret is random. After it the secret is made from the session's token, again in each
request: a form of before sign-in, of another session, or a planted cookie does not pass.
"""

import hashlib
from datetime import timedelta

from flask import Flask, current_app, g, request, session
from flask_login import AnonymousUserMixin, LoginManager, UserMixin, current_user
from flask_wtf import CSRFProtect
from flask_wtf.csrf import generate_csrf
from werkzeug.wrappers import Response

from leaderboard.services import accounts
from leaderboard.services.accounts import HashCosts, Limits, Resumed
from leaderboard.services.scopes import Reach
from leaderboard.storage.database import db
from leaderboard.web import upload_arrivals
from leaderboard.web.clock import utc_now
from leaderboard.web.form_cookie import FormCookie
from leaderboard.web.rights import require_sign_in

MANAGING = frozenset({"manager", "admin"})  # roles
FORM_SECRET = "csrf_token"  # where Flask-WTF keeps it


class User(UserMixin):
    """The user who is signed in. is_manager: also of administrators.

    reach, sees_all_teams: how far they may look into what teams and members came to.
    """

    def __init__(self, resumed: Resumed) -> None:
        self.id = resumed.id
        self.email = resumed.email
        self.role = resumed.role
        self.member_id = resumed.member_id
        self.language = resumed.language
        self.signed_in_at = resumed.signed_in_at
        self.is_manager = resumed.role in MANAGING
        self.is_admin = resumed.role == "admin"
        self.reach = resumed.reach
        self.sees_all_teams = resumed.reach is Reach.ALL


class Visitor(AnonymousUserMixin):
    """Somebody who is not signed in."""

    id = email = role = member_id = language = signed_in_at = None
    is_manager = is_admin = sees_all_teams = False
    reach = Reach.NONE


class ServerSessions(LoginManager):
    """Flask-Login's current_user, of our sessions: without its own keys in the signed cookie and its remember-me."""

    def _load_user(self) -> None:
        self._update_request_context_with_user(_user_of_request())

    def _update_remember_cookie(self, response: Response) -> Response:
        return response


login = ServerSessions()
csrf = CSRFProtect()


def init_app(app: Flask) -> None:
    """Recognise users, then refuse forged forms, before every request."""
    config = app.config
    app.extensions["limits"] = Limits(
        window=timedelta(minutes=config["SIGN_IN_WINDOW_MINUTES"]),
        per_account=config["SIGN_IN_ATTEMPTS_PER_ACCOUNT"],
        per_address=config["SIGN_IN_ATTEMPTS_PER_ADDRESS"],
        idle=timedelta(minutes=config["SESSION_IDLE_MINUTES"]),
        absolute=timedelta(hours=config["SESSION_HOURS"]),
        costs=HashCosts(config["ARGON2_MEMORY_KIB"], config["ARGON2_PASSES"], config["ARGON2_LANES"]),
    )
    app.session_interface = FormCookie()
    login.anonymous_user = Visitor
    login.init_app(app)
    app.before_request(_recognise)
    app.before_request(require_sign_in)
    upload_arrivals.init_app(app)
    app.before_request(_bind_sent_forms)
    csrf.init_app(app)
    app.jinja_env.globals["csrf_token"] = form_token
    app.context_processor(lambda: {"csrf_token": form_token})


def limits() -> Limits:
    """Return what the settings allow."""
    return current_app.extensions["limits"]


def session_token() -> str | None:
    """Return the token in the request's cookie."""
    return request.cookies.get(current_app.config["TOKEN_COOKIE_NAME"])


def begin_session(response: Response, token: str) -> None:
    """Give the browser a new session; nothing from before sign-in survives."""
    config = current_app.config
    session.clear()
    session[FORM_SECRET] = _form_secret(token)
    response.set_cookie(
        config["TOKEN_COOKIE_NAME"],
        token,
        path="/",
        secure=config["SESSION_COOKIE_SECURE"],
        httponly=True,
        samesite=config["SESSION_COOKIE_SAMESITE"],
    )


def forget_session(response: Response) -> None:
    """Take the browser's session away, and what it has kept of our pages."""
    config = current_app.config
    session.clear()
    response.delete_cookie(
        config["TOKEN_COOKIE_NAME"],
        path="/",
        secure=config["SESSION_COOKIE_SECURE"],
        httponly=True,
        samesite=config["SESSION_COOKIE_SAMESITE"],
    )
    response.headers["Clear-Site-Data"] = '"cache", "storage"'


def form_token() -> str:
    """Return the CSRF token for a form of this session."""
    _bind_forms()
    return generate_csrf()


def _recognise() -> None:
    """Find out who is there, once; nobody asks for static files."""
    g.scores_version = g.rules_version = None
    if request.endpoint != "static":
        current_user.is_authenticated  # noqa: B018 - loads


def _bind_sent_forms() -> None:
    if request.method not in {"GET", "HEAD", "OPTIONS", "TRACE"}:
        _bind_forms()


def _bind_forms() -> None:
    """Make the secret of the forms that of the session, before a token is made or checked."""
    if current_user.is_authenticated:
        secret = _form_secret(session_token() or "")
        if session.get(FORM_SECRET) != secret:
            session[FORM_SECRET] = secret


def _user_of_request() -> User | None:
    """Return the user of the request's session; one SQL statement, none without a cookie.

    Where it fails, the error's page asks again: it gets nobody.
    """
    token = session_token()
    if not token or g.get("has_asked"):
        return None
    g.has_asked = True
    resumed = accounts.resume(db.session(), token, now=utc_now(), limits=limits())
    if resumed is None:
        return None
    g.scores_version, g.rules_version = resumed.scores_version, resumed.rules_version
    return User(resumed)


def _form_secret(token: str) -> str:
    return hashlib.sha256(b"form:" + token.encode("utf-8", "surrogatepass")).hexdigest()
