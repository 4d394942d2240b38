"""Settings: read from config.py and the environment, completed, and checked before serving."""

import os
from collections.abc import Mapping
from email.utils import parseaddr
from pathlib import Path
from typing import Any

from flask import Config
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from leaderboard.company_settings import company_faults
from leaderboard.resources import resource

KEY_LENGTH = 32
KEY_VARIETY = 8  # different characters: "aaaa…" is long and no key
NEW_KEY = 'python3 -c "import secrets; print(secrets.token_urlsafe(48))"'
DRIVERS = {"postgres": "postgresql+psycopg", "postgresql": "postgresql+psycopg"}
MAIL_SECURITIES = ("starttls", "tls", "none")
SAFE_URL_STARTS = ("https://", "http://", "/")


class SettingsError(ValueError):
    """A setting that cannot be used; the message names it, the value met and what is accepted."""


def instance_folder() -> Path:
    """Return the folder of what this installation keeps: `instance` in the working folder."""
    return Path.cwd() / "instance"


def load_settings(config: Config, overrides: Mapping[str, Any] | None = None) -> None:
    """Fill a Flask config from config.py, then from overrides, and derive what extensions expect."""
    try:
        config.from_pyfile(os.fspath(resource("config.py")))
    except (ValueError, OSError) as error:
        raise SettingsError(str(error)) from error
    config.update(overrides or {})
    url = database_url(config["DATABASE_URL"])
    config["SQLALCHEMY_DATABASE_URI"] = url
    # An error's text would carry hashes and e-mails into the log. With the pool's own 5 there is a connection for each
    # request that has its turn (web/turns.py), and for the watcher of what is live.
    engine: dict[str, Any] = {"hide_parameters": True, "max_overflow": 15}
    if url.get_backend_name() == "postgresql":
        engine |= {"pool_pre_ping": True, "pool_timeout": 5}
    config.setdefault("SQLALCHEMY_ENGINE_OPTIONS", engine)
    secure = config["COOKIE_SECURE"]
    config.update(
        TOKEN_COOKIE_NAME="__Host-session" if secure else "session",
        SESSION_COOKIE_NAME="__Host-form" if secure else "form",  # what each holds: leaderboard/web/sessions.py
        DISPLAY_COOKIE_NAME="__Host-display" if secure else "display",
        PAIRING_COOKIE_NAME="__Host-pairing" if secure else "pairing",
        SESSION_COOKIE_SECURE=secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        WTF_CSRF_TIME_LIMIT=None,  # a token lives as long as its session
    )


def database_url(address: str) -> URL:
    """Return the address with its driver; a relative SQLite file lies in the instance folder."""
    try:
        url = make_url(address)
    except (ArgumentError, ValueError):
        raise SettingsError(
            "DATABASE_URL is no database address; expected one such as sqlite:///leaderboard.db "
            "or postgresql://user:password@host/name"
        ) from None
    url = url.set(drivername=DRIVERS.get(url.drivername, url.drivername))
    if url.get_backend_name() not in {"sqlite", "postgresql"}:
        raise SettingsError(f"DATABASE_URL names {url.drivername}; expected sqlite or postgresql")
    if url.get_backend_name() == "sqlite" and url.database in {None, "", ":memory:"}:
        raise SettingsError("DATABASE_URL names no file; expected one such as sqlite:///leaderboard.db")
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_absolute():
        folder = instance_folder()
        folder.mkdir(mode=0o700, exist_ok=True)
        url = url.set(database=os.fspath(folder / (url.database or "")))
    return url


def check_settings(config: Mapping[str, Any]) -> list[str]:
    """Return a sentence for each setting that is unsafe to serve with; an empty list: safe."""
    return [
        *_key_faults("SECRET_KEY", config.get("SECRET_KEY")),
        *(
            fault
            for key in config.get("SECRET_KEY_FALLBACKS") or ()
            for fault in _key_faults("SECRET_KEY_FALLBACKS", key)
        ),
        *_htmx_faults(config),
        *company_faults(config),
        *_number_faults(config),
        *_mail_faults(config),
        *(["DEBUG is on: unset FLASK_DEBUG"] if config.get("DEBUG") else []),
    ]


def _key_faults(name: str, key: object) -> list[str]:
    remedy = f"set it to {KEY_LENGTH} or more random characters, such as the output of: {NEW_KEY}"
    if not key:
        return [f"{name} is not set: {remedy}"]
    if not isinstance(key, (str, bytes)) or len(key) < KEY_LENGTH:
        return [f"{name} is too short to be safe: {remedy}"]
    if len(set(key)) < KEY_VARIETY:
        return [f"{name} repeats the same few characters: {remedy}"]
    return []


def _htmx_faults(config: Mapping[str, Any]) -> list[str]:
    """The address stands in the Content-Security-Policy, where a blank or `;` would end its entry."""
    url, integrity = str(config.get("HTMX_URL", "")), str(config.get("HTMX_INTEGRITY", ""))
    faults = []
    if not url.startswith(SAFE_URL_STARTS) or any(c.isspace() or c in ";,'\"" for c in url):
        faults.append(f"HTMX_URL is {url!r}: expected an https address or a path such as /static/htmx.min.js")
    if not integrity.startswith(("sha256-", "sha384-", "sha512-")):
        faults.append(f"HTMX_INTEGRITY is {integrity!r}: expected sha384- and the hash of that file")
    return faults


def _mail_faults(config: Mapping[str, Any]) -> list[str]:
    """E-mail that cannot be sent is to be known at the start, not on the first morning."""
    if not config.get("SMTP_HOST"):
        return []
    faults = []
    if config.get("SMTP_SECURITY") not in MAIL_SECURITIES:
        faults.append(f"SMTP_SECURITY is {config.get('SMTP_SECURITY')!r}: expected {', '.join(MAIL_SECURITIES)}")
    sender = str(config.get("MAIL_FROM", ""))
    if "@" not in parseaddr(sender)[1] or not sender.isprintable():
        faults.append(f"MAIL_FROM is {sender!r}: expected an address such as Leaderboard <board@example.com>")
    if not str(config.get("PUBLIC_URL") or "").startswith(("https://", "http://")):
        faults.append(
            "SMTP_HOST is set, but PUBLIC_URL is no address such as https://board.example.com: each e-mail has links "
            "to the board, and one to get no more of its kind"
        )
    return faults


def _number_faults(config: Mapping[str, Any]) -> list[str]:
    least = {
        "API_REQUESTS_A_MINUTE": 1,
        "ARGON2_LANES": 1,
        "ARGON2_MEMORY_KIB": 8,
        "ARGON2_PASSES": 1,
        "MAX_CONTENT_LENGTH": 1,
        "MOST_STREAMS": 1,
        "PROXIES": 0,
        "SESSION_HOURS": 1,
        "SESSION_IDLE_MINUTES": 1,
        "SIGN_IN_ATTEMPTS_PER_ACCOUNT": 1,
        "SIGN_IN_ATTEMPTS_PER_ADDRESS": 1,
        "SIGN_IN_WINDOW_MINUTES": 1,
        "SMTP_PORT": 1,
    }
    return [
        f"{name} is {config[name]}: expected {lowest} or more"
        for name, lowest in least.items()
        if name in config and config[name] < lowest
    ]
