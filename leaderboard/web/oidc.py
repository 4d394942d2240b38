"""Signing in with the company's account: there, back again, and out.

What a sign-in under way is known by stands in the form cookie, which only our server can have written; the session
that begins is one like any other. Everything is a GET, since the browser comes from elsewhere or goes there, which
the Content-Security-Policy does not let forms do.
"""

import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Flask, abort, current_app, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from leaderboard.company_settings import roles_of_groups
from leaderboard.domain.errors import CompanyRefused
from leaderboard.services import accounts
from leaderboard.services.company import Begun, Company
from leaderboard.services.identities import admit
from leaderboard.storage.database import db
from leaderboard.web.clock import utc_now
from leaderboard.web.means import whole_url
from leaderboard.web.redirects import HOME, safe_next
from leaderboard.web.rights import public
from leaderboard.web.sessions import begin_session, limits, session_token
from leaderboard.web.throttling import address

if TYPE_CHECKING:
    from leaderboard.services.company_provider import Provider

bp = Blueprint("oidc", __name__, url_prefix="/sign-in/company")
logger = logging.getLogger(__name__)
UNDER_WAY = "company_under_way"  # in the form cookie: sign-ins under way, by state
CAME_FROM = "company_came_from"  # there too: that the session began so
MOST_UNDER_WAY = 3  # as many tabs; a cookie has no room for more
TAKES = timedelta(minutes=10)
STATUS = {"away": 503, "setup": 502, "lost": 400, "denied": 403}


def init_app(app: Flask) -> None:
    """Read the settings once, and tell templates whether there are passwords."""
    config = app.config
    app.jinja_env.globals["has_passwords"] = config["PASSWORD_SIGN_IN"]
    app.extensions["company"] = None
    if config["OIDC_ISSUER"]:
        from leaderboard.services.company_provider import Provider  # only here: it takes long to load

        app.extensions["company"] = Provider(_company(config))


def provider() -> "Provider | None":
    """Return the company's sign-in, None if there is none."""
    return current_app.extensions["company"]


def company_name() -> str | None:
    """Return what the company's sign-in is called, None if there is none."""
    found = provider()
    return None if found is None else found.company.name or _("the company's account")


def came_from_company() -> bool:
    """Tell whether the present session began with the company's account."""
    return CAME_FROM in session


def can_sign_out_there() -> bool:
    """Tell whether the company's sign-in offers to sign out there too."""
    found = provider()
    try:
        return found is not None and found.sign_out_address("", now=utc_now()) is not None
    except CompanyRefused:
        return False


@bp.get("")
@public
def begin() -> ResponseReturnValue:
    """Send the browser to the company's sign-in; with `again`, to prove anew who they are."""
    target, now = safe_next(request.args.get("next")), utc_now()
    try:
        begun = _provider_or_404().begin(_come_back(), now=now, is_again="again" in request.args)
    except CompanyRefused as error:
        return _refused(error, target)
    _remember(begun, target, now)
    return redirect(begun.url, 303)


@bp.get("/return")
@public
def finish() -> ResponseReturnValue:
    """Begin the session of whoever the company's sign-in says came back."""
    found, now = _provider_or_404(), utc_now()
    kept = _take(request.args.get("state", ""), now)
    target = safe_next(None if kept is None else kept["next"])
    try:
        if kept is None:
            raise CompanyRefused("lost", "no such state")
        begun = Begun("", "", kept["nonce"], kept["verifier"], kept["again"])
        began_at = datetime.fromtimestamp(kept["at"], UTC)
        identity = found.finish(request.args, begun, _come_back(), began_at=began_at, now=now)
        admitted = admit(db.session(), identity, found.company, now=now, limits=limits())
    except CompanyRefused as error:
        return _refused(error, target)
    if admitted.keeps_role:
        logger.warning("account %s stays administrator though its groups say otherwise: the last one", admitted.user_id)
    if old := session_token():
        accounts.sign_out(db.session(), old)
    logger.info("signed in with the company's account: %s, from %s", ascii(admitted.email), address())
    response = redirect(target, 303)
    begin_session(response, admitted.token)
    session[CAME_FROM] = True
    return response


@bp.get("/sign-out")
@public
def sign_out() -> ResponseReturnValue:
    """Send a browser that is signed out here to where it signs out of the company's sign-in."""
    try:
        there = _provider_or_404().sign_out_address(whole_url("accounts.sign_in"), now=utc_now())
    except CompanyRefused as error:
        return _refused(error, HOME)
    return redirect(there or url_for("accounts.sign_in"), 303)


def _provider_or_404() -> "Provider":
    return provider() or abort(404)


def _company(config: Any) -> Company:
    try:
        roles = roles_of_groups(config["OIDC_ROLES"])
    except ValueError:  # the server refuses to start with it; commands need no company
        roles = {}
    return Company(
        issuer=config["OIDC_ISSUER"],
        client_id=config["OIDC_CLIENT_ID"] or "",
        client_secret=config["OIDC_CLIENT_SECRET"] or "",
        name=config["OIDC_NAME"],
        scopes=config["OIDC_SCOPES"],
        verified_claim=config["OIDC_VERIFIED_CLAIM"],
        domains=[each.lower() for each in config["OIDC_EMAIL_DOMAINS"]],
        groups_claim=config["OIDC_GROUPS_CLAIM"],
        roles=roles,
        requires_group=config["OIDC_REQUIRE_GROUP"],
        creates=config["OIDC_CREATE_ACCOUNTS"],
        signs_out=config["OIDC_SIGN_OUT"],
    )


def _come_back() -> str:
    return whole_url("oidc.finish")


def _remember(begun: Begun, target: str, now: datetime) -> None:
    latest = sorted(session.get(UNDER_WAY, {}).items(), key=lambda each: each[1]["at"])  # the cookie keeps no order
    under_way = dict(latest[1 - MOST_UNDER_WAY :])
    under_way[begun.state] = {
        "nonce": begun.nonce,
        "verifier": begun.verifier,
        "again": begun.is_again,
        "next": target,
        "at": now.timestamp(),
    }
    session[UNDER_WAY] = under_way


def _take(state: str, now: datetime) -> dict[str, Any] | None:
    """Return what is kept of the sign-in with a state, once; None if none was begun here, or too long ago."""
    under_way = dict(session.get(UNDER_WAY, {}))
    if state not in under_way:
        return None
    found = under_way.pop(state)
    session[UNDER_WAY] = under_way
    return found if 0 <= now.timestamp() - found["at"] <= TAKES.total_seconds() else None


def _refused(error: CompanyRefused, target: str) -> ResponseReturnValue:
    logger.warning("company sign-in refused: %s (%s), from %s", error.because, error.detail or "-", address())
    page = render_template(
        "accounts/company_refused.html", words=_words(error.because), next=target, company=company_name()
    )
    return page, STATUS.get(error.because, 403)


def _words(because: str) -> str:
    return {
        "denied": _("Nobody was let in there. Try again, or ask whoever keeps the company's accounts."),
        "lost": _("This sign-in was begun in another browser, or more than ten minutes ago. Begin again."),
        "away": _("It does not answer. Try again in a minute."),
        "setup": _("It is not set up as it should be. Tell an administrator; the server's log says more."),
        "wrong": _("What it says cannot be relied on. Try again; if it stays so, tell an administrator."),
        "clock": _("Its clock and that of this server differ. Tell an administrator."),
        "stale": _("It did not ask anew who you are. Sign out there, then try again."),
        "email": _("Your account there has no verified e-mail. Have it verified, then sign in again."),
        "domain": _("This e-mail is not one of the company. Sign in with your account of the company."),
        "group": _("You are in no group there that is let in. Ask an administrator for one."),
        "unknown": _("Nobody with your e-mail is known here. Ask an administrator to add you."),
        "taken": _("Another account of the company signs in to yours here. Ask an administrator to unlink that one."),
        "closed": _("Your account here is closed. Ask an administrator."),
    }[because]
