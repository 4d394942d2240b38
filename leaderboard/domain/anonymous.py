"""People who were made anonymous: what stands in their place, and by what they are not taken up again.

Of what they were known by only a SHA-256 is kept: enough to tell a file or a page that names them, and no more.
"""

import hashlib
import re
from collections.abc import Mapping

PREFIX = "sha256:"
EMAIL_WITHIN = re.compile(r"[^@\s;,:<>()\"']+@[^@\s;,:<>()\"']+")
NAMES = {"en": "Former member {}", "pt_BR": "Ex-membro {}"}


def fingerprint(text: str) -> str:
    """Return what is kept of an e-mail or an id: e-mails are the same in any case, ids are not."""
    text = text.strip()
    known = text.lower() if "@" in text else text
    return PREFIX + hashlib.sha256(known.encode("utf-8", "surrogatepass")).hexdigest()


def neutral_name(member_id: int, language: str) -> str:
    """Return what a member is called who was made anonymous."""
    return NAMES.get(language, NAMES["en"]).format(member_id)


def neutral_key(member_id: int) -> str:
    """Return what a member is known by who was made anonymous."""
    return f"former-{member_id}"


def neutral_email(user_id: int) -> str:
    """Return the e-mail of an account whose owner was made anonymous: one that nobody can have."""
    return f"former-account-{user_id}@invalid"


def masked(text: str, names: Mapping[str, str]) -> str:
    """Return a text with the name that they have now in place of each e-mail of people who were made anonymous.

    names: by fingerprint. A text that is an id of theirs, alone or behind a first word as in `member crm-17`, is
    masked too: ids of other kinds do not stand out within a text.
    """
    if not names:
        return text
    found = EMAIL_WITHIN.sub(lambda match: names.get(fingerprint(match[0]), match[0]), text) if "@" in text else text
    first, space, rest = found.partition(" ")
    for whole, before in ((found, ""), (rest, f"{first} ") if space else (found, "")):
        if fingerprint(whole) in names:
            return before + names[fingerprint(whole)]
    return found
