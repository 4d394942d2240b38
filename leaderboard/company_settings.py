"""What the settings say of signing in with the company's account (OpenID Connect), and what is wrong with it."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

ROLES = ("rep", "manager", "admin")
CREATES = ("members", "everybody", "nobody")
LOOPBACK = {"localhost", "127.0.0.1", "::1"}


def company_faults(config: Mapping[str, Any]) -> list[str]:
    """Return a sentence for each setting of the company's sign-in that cannot be used."""
    if not config.get("OIDC_ISSUER"):
        return _faults_without(config)
    return [
        *_issuer_faults(config["OIDC_ISSUER"]),
        *(
            f"{name} is not set: it is what the company's sign-in calls this program and gives it"
            for name in ("OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET")
            if not config.get(name)
        ),
        *_group_faults(config),
        *([] if "openid" in config["OIDC_SCOPES"].split() else ["OIDC_SCOPES lacks openid: add it"]),
        *(
            []
            if config["OIDC_CREATE_ACCOUNTS"] in CREATES
            else [f"OIDC_CREATE_ACCOUNTS is {config['OIDC_CREATE_ACCOUNTS']!r}: expected {', '.join(CREATES)}"]
        ),
    ]


def roles_of_groups(text: str) -> dict[str, str]:
    """Return the role that each group gives, of a text such as `board-admins=admin, managers=manager`.

    With a `;` in it that parts the groups, so that names may have commas in them. ValueError says what is wrong.
    """
    found = {}
    for each in filter(None, map(str.strip, text.split(";" if ";" in text else ","))):
        group, is_pair, role = (part.strip() for part in each.rpartition("="))
        if not is_pair or not group or role not in ROLES:
            raise ValueError(f"{each!r} is not a group and its role such as board-admins=admin ({', '.join(ROLES)})")
        found[group] = role
    return found


def _faults_without(config: Mapping[str, Any]) -> list[str]:
    given = [name for name in ("OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET", "OIDC_ROLES") if config.get(name)]
    faults = [f"{name} is set, but not OIDC_ISSUER: set it to the address of the company's sign-in" for name in given]
    if not config.get("PASSWORD_SIGN_IN", True):
        faults.append("PASSWORD_SIGN_IN is off, and OIDC_ISSUER is not set: nobody could sign in; set one of the two")
    return faults


def _issuer_faults(issuer: str) -> list[str]:
    try:
        parts = urlsplit(issuer)
        is_safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
    except ValueError:
        parts, is_safe = urlsplit(""), False
    if is_safe and parts.hostname and not (parts.query or parts.fragment or parts.username):
        return []
    return [f"OIDC_ISSUER is {issuer!r}: expected an https address such as https://login.example.com/realms/company"]


def _group_faults(config: Mapping[str, Any]) -> list[str]:
    try:
        roles = roles_of_groups(config["OIDC_ROLES"])
    except ValueError as error:
        return [f"OIDC_ROLES: {error}"]
    if config["OIDC_REQUIRE_GROUP"] and not roles:
        return ["OIDC_REQUIRE_GROUP is on, and OIDC_ROLES is empty: nobody could sign in; name the groups there"]
    return []
