"""Deployment settings, each from the environment with a safe default; README.md lists them.

No policy lives here: grace times, points and targets belong to the organisation and its agreement.
"""

import os
from pathlib import Path


def _flag(name: str, default: bool) -> bool:
    return os.environ.get(name, "1" if default else "0").strip().lower() in {"1", "true", "yes", "on"}


def _number(name: str, default: int) -> int:
    value = os.environ.get(name) or str(default)
    try:
        return int(value)
    except ValueError:
        raise ValueError(f"{name} is {value!r}: expected a whole number such as {default}") from None


def _words(name: str) -> list[str]:
    return os.environ.get(name, "").replace(",", " ").split()


def _secret(name: str) -> str | None:
    """Read NAME, or else the file that NAME_FILE names (a mounted secret)."""
    path = os.environ.get(f"{name}_FILE")
    if path and not os.environ.get(name):
        return Path(path).read_text(encoding="utf-8").strip()
    return os.environ.get(name)


# Database: sqlite:///name.db lies in the instance folder; postgres:// addresses are understood too.
DATABASE_URL = _secret("DATABASE_URL") or "sqlite:///leaderboard.db"

# Keys: the server refuses to start without SECRET_KEY; older keys go on reading what they signed.
SECRET_KEY = _secret("SECRET_KEY")
SECRET_KEY_FALLBACKS = _words("SECRET_KEY_FALLBACKS")

# The door: names that the server answers to (empty: any), proxies in front of it, secure cookies.
TRUSTED_HOSTS = _words("TRUSTED_HOSTS") or None
PROXIES = _number("PROXIES", 0)
COOKIE_SECURE = _flag("COOKIE_SECURE", True)

# Sessions end after IDLE_MINUTES without a request, and SESSION_HOURS after sign-in whatever happens.
SESSION_IDLE_MINUTES = _number("SESSION_IDLE_MINUTES", 30)
SESSION_HOURS = _number("SESSION_HOURS", 12)

# Sign-in attempts that may fail in a window of minutes, by account and by address.
SIGN_IN_WINDOW_MINUTES = _number("SIGN_IN_WINDOW_MINUTES", 15)
SIGN_IN_ATTEMPTS_PER_ACCOUNT = _number("SIGN_IN_ATTEMPTS_PER_ACCOUNT", 5)
SIGN_IN_ATTEMPTS_PER_ADDRESS = _number("SIGN_IN_ATTEMPTS_PER_ADDRESS", 50)

# Argon2id costs of a new password hash: memory in KiB, passes, lanes.
ARGON2_MEMORY_KIB = _number("ARGON2_MEMORY_KIB", 19456)
ARGON2_PASSES = _number("ARGON2_PASSES", 2)
ARGON2_LANES = _number("ARGON2_LANES", 1)

# htmx from a CDN; offices without internet point this at a copy of their own, byte for byte the same.
HTMX_URL = os.environ.get("HTMX_URL", "https://cdn.jsdelivr.net/npm/htmx.org@2.0.11/dist/htmx.min.js")
HTMX_INTEGRITY = os.environ.get(
    "HTMX_INTEGRITY", "sha384-2OatzQy1H+Zd/IIrjr1TcuDGqLXeHhbooAyJY1KdQMKnr4LZ22k31GBLdYKHmVjg"
)

# Outside: where readers find us, for links in e-mail and webhooks; webhooks to addresses within the own network.
PUBLIC_URL = os.environ.get("PUBLIC_URL") or None
HOOKS_MAY_REACH_INSIDE = _flag("HOOKS_MAY_REACH_INSIDE", False)

# E-mail goes out where SMTP_HOST is set. SMTP_SECURITY: starttls, tls or none.
SMTP_HOST = os.environ.get("SMTP_HOST") or None
SMTP_PORT = _number("SMTP_PORT", 587)
SMTP_SECURITY = os.environ.get("SMTP_SECURITY", "starttls").strip().lower()
SMTP_USER = os.environ.get("SMTP_USER") or None
SMTP_PASSWORD = _secret("SMTP_PASSWORD")
MAIL_FROM = os.environ.get("MAIL_FROM", "SLA Leaderboard <leaderboard@localhost>")

# Sign-in with the company's account (OpenID Connect), where OIDC_ISSUER is set: docs/sign-in.md.
OIDC_ISSUER = os.environ.get("OIDC_ISSUER") or None
OIDC_CLIENT_ID = os.environ.get("OIDC_CLIENT_ID") or None
OIDC_CLIENT_SECRET = _secret("OIDC_CLIENT_SECRET")
OIDC_NAME = os.environ.get("OIDC_NAME") or None
OIDC_SIGN_OUT = _flag("OIDC_SIGN_OUT", True)
OIDC_SCOPES = os.environ.get("OIDC_SCOPES") or "openid email profile"
OIDC_VERIFIED_CLAIM = os.environ.get("OIDC_VERIFIED_CLAIM") or "email_verified"
OIDC_EMAIL_DOMAINS = _words("OIDC_EMAIL_DOMAINS")
OIDC_GROUPS_CLAIM = os.environ.get("OIDC_GROUPS_CLAIM") or "groups"
OIDC_ROLES = os.environ.get("OIDC_ROLES", "")
OIDC_REQUIRE_GROUP = _flag("OIDC_REQUIRE_GROUP", False)
OIDC_CREATE_ACCOUNTS = (os.environ.get("OIDC_CREATE_ACCOUNTS") or "members").strip().lower()
PASSWORD_SIGN_IN = _flag("PASSWORD_SIGN_IN", True)

# Requests: the largest body in bytes.
MAX_CONTENT_LENGTH = _number("MAX_CONTENT_LENGTH", 2 * 1024 * 1024)

# The API: how many requests a token may make in a minute, over all processes.
API_REQUESTS_A_MINUTE = _number("API_REQUESTS_A_MINUTE", 600)

# Live views: how many streams one process keeps open; each costs a waiting thread.
MOST_STREAMS = _number("MOST_STREAMS", 2500)
