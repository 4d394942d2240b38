"""The language of a page: the user's, a visitor's choice, the browser's, the organisation's, English."""

from flask import Flask, current_app, has_request_context, request
from flask_babel import Babel, get_locale
from flask_login import current_user
from werkzeug.wrappers import Response

from leaderboard.domain.organisation_file import LANGUAGES
from leaderboard.resources import PACKAGE
from leaderboard.web.clock import YEAR_SECONDS
from leaderboard.web.organisation import organisation

OWN_NAMES = {"en": "English", "pt_BR": "Português"}
COOKIE = "language"
babel = Babel()


def init_app(app: Flask) -> None:
    """Translate what templates and views say; templates also get the languages to choose from."""
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(PACKAGE / "translations")
    babel.init_app(app, default_locale="en", locale_selector=choose_language)
    app.jinja_env.globals.update(get_locale=get_locale, languages=list(OWN_NAMES.items()))


def choose_language() -> str | None:
    """Return the language of the request, None outside of one."""
    if not has_request_context():
        return None
    if current_user.language in LANGUAGES:
        return current_user.language
    if (chosen := request.cookies.get(COOKIE)) in LANGUAGES:
        return chosen
    return _language_of_browser() or _language_of_organisation()


def remember_language(response: Response, language: str) -> None:
    """Keep a choice in the browser: it also holds before sign-in."""
    response.set_cookie(
        COOKIE,
        language,
        max_age=YEAR_SECONDS,
        secure=current_app.config["SESSION_COOKIE_SECURE"],
        httponly=True,
        samesite="Lax",
    )


def _language_of_browser() -> str | None:
    """Return the first that we speak of the languages that the browser accepts; pt-PT gets pt_BR."""
    by_family = {language.split("_")[0]: language for language in LANGUAGES}
    for tag, quality in request.accept_languages:
        family = tag.split("-")[0].lower()
        if quality > 0 and family in by_family:
            return by_family[family]
    return None


def _language_of_organisation() -> str:
    ours = organisation()
    return ours.language if ours else "en"
