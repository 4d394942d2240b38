"""The pages of the door: sign in, sign out, password, language."""

import logging

from flask import Blueprint, abort, current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from leaderboard.domain.errors import PasswordRefused, Throttled, WrongSignIn
from leaderboard.domain.organisation_file import LANGUAGES
from leaderboard.services import accounts
from leaderboard.storage.database import db
from leaderboard.web.clock import utc_now
from leaderboard.web.languages import remember_language
from leaderboard.web.oidc import came_from_company, can_sign_out_there, company_name
from leaderboard.web.redirects import safe_next
from leaderboard.web.rights import actor, public
from leaderboard.web.sessions import begin_session, forget_session, limits, session_token
from leaderboard.web.throttling import address, throttled, wait

bp = Blueprint("accounts", __name__)
logger = logging.getLogger(__name__)


@bp.get("/sign-in")
@public
def sign_in() -> BaseResponse | str:
    target = safe_next(request.args.get("next"))
    if current_user.is_authenticated:
        return redirect(target, 303)
    return _sign_in_page(target, has_ended=session_token() is not None)


@bp.post("/sign-in")
@public
def sign_in_now() -> BaseResponse | tuple[str, int]:
    _check_passwords_are_on()
    email, target = request.form.get("email", ""), safe_next(request.form.get("next"))
    try:
        token = accounts.sign_in(
            db.session(),
            email=email,
            password=request.form.get("password", ""),
            address=address(),
            now=utc_now(),
            limits=limits(),
        )
    except WrongSignIn as error:
        logger.warning("sign-in refused: account %s, from %s", error.user_id or "unknown", address())
        return _sign_in_page(target, email, _("The e-mail or the password is not right.")), 401
    except Throttled as error:
        logger.warning("sign-in throttled: from %s", address())
        return throttled(_sign_in_page(target, email, wait(error)), error)
    if old := session_token():
        accounts.sign_out(db.session(), old)
    logger.info("signed in: %s, from %s", ascii(email.strip().lower()), address())
    response = redirect(target, 303)
    begin_session(response, token)
    return response


@bp.post("/sign-out")
def sign_out() -> BaseResponse:
    left = "company" if came_from_company() else None
    if request.form.get("everywhere"):
        accounts.sign_out_everywhere(db.session(), current_user.id, now=utc_now(), by=actor())
    else:
        accounts.sign_out(db.session(), session_token() or "")
    logger.info("signed out: account %s, from %s", current_user.id, address())
    response = redirect(url_for("accounts.sign_in", left=left), 303)
    forget_session(response)
    return response


@bp.get("/password")
def password() -> str:
    return _password_page({})


@bp.post("/password")
def change_password() -> BaseResponse | tuple[str, int]:
    _check_passwords_are_on()
    new = request.form.get("new", "")
    if new != request.form.get("again", ""):
        return _password_page({"again": _("The two new passwords differ.")}), 422
    try:
        token = accounts.change_password(
            db.session(),
            current_user.id,
            old=request.form.get("old", ""),
            new=new,
            address=address(),
            now=utc_now(),
            by=actor(),
            limits=limits(),
        )
    except WrongSignIn:
        logger.warning("password change refused: account %s, from %s", current_user.id, address())
        return _password_page({"old": _("This is not your present password.")}), 403
    except PasswordRefused as error:
        return _password_page({"new": _password_problems()[error.reason]}), 422
    except Throttled as error:
        return throttled(_password_page({"old": wait(error)}), error)
    logger.info("password changed: account %s, from %s", current_user.id, address())
    response = redirect("/password", 303)
    begin_session(response, token)
    flash(_("Your password is changed. Everywhere else you are signed out."), "done")
    return response


@bp.post("/language")
@public
def language() -> BaseResponse:
    response = redirect(safe_next(request.form.get("next")), 303)
    chosen = request.form.get("language", "")
    if chosen in LANGUAGES:
        remember_language(response, chosen)
        if current_user.is_authenticated:
            accounts.set_language(db.session(), current_user.id, chosen)
    return response


def _sign_in_page(target: str, email: str = "", error: str | None = None, has_ended: bool = False) -> str:
    may_leave = request.args.get("left") == "company" and can_sign_out_there()
    return render_template(
        "accounts/sign_in.html",
        next=target,
        email=email,
        error=error,
        has_ended=has_ended,
        company=company_name(),
        may_leave=may_leave,
    )


def _check_passwords_are_on() -> None:
    """Answer 403 where everybody signs in with the company's account."""
    if not current_app.config["PASSWORD_SIGN_IN"]:
        abort(403)


def _password_page(errors: dict[str, str]) -> str:
    return render_template("accounts/password.html", errors=errors)


def _password_problems() -> dict[str, str]:
    return {
        "short": _("This password has fewer than 12 characters: add words."),
        "long": _("This password has more than 1,000 characters: shorten it."),
        "common": _("This password is one of those that are guessed first: choose words that do not belong together."),
        "personal": _("This password is little more than your own name: choose words that others do not know of you."),
    }
