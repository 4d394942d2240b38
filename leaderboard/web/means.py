"""What the settings say of the world outside, as services take it."""

from typing import Any

from flask import Flask, current_app, request, url_for

from leaderboard.services.means import MailServer, Means
from leaderboard.services.sealing import Seal
from leaderboard.web.telling import Telling


def init_app(app: Flask) -> None:
    """Read the settings once."""
    config = app.config
    keys = [key for key in (config["SECRET_KEY"], *config["SECRET_KEY_FALLBACKS"]) if key]
    address = config["PUBLIC_URL"] and config["PUBLIC_URL"].rstrip("/")
    app.extensions["means"] = Means(
        seal=Seal(keys),
        address=address,
        mail=_mail_server(app),
        may_reach_inside=config["HOOKS_MAY_REACH_INSIDE"],
        wording=Telling(app, address),
    )


def means() -> Means:
    """Return what the settings say."""
    return current_app.extensions["means"]


def own_address() -> str:
    """Return where readers find us, without a slash at the end: as the settings say, or as the reader has come in."""
    return means().address or request.url_root.rstrip("/")


def whole_url(endpoint: str, **values: Any) -> str:
    """Return the address of a page for those outside; both parts of it may say below which path we stand, once."""
    return own_address() + url_for(endpoint, **values).removeprefix(request.script_root)


def _mail_server(app: Flask) -> MailServer | None:
    config = app.config
    if not config["SMTP_HOST"]:
        return None
    return MailServer(
        config["SMTP_HOST"],
        config["SMTP_PORT"],
        config["SMTP_SECURITY"],
        config["SMTP_USER"],
        config["SMTP_PASSWORD"],
        config["MAIL_FROM"],
    )
