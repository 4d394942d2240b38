"""E-mails as they are sent: headers that nobody can add to, plain text and HTML in the reader's language."""

from collections.abc import Mapping
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from typing import Any, NamedTuple
from urllib.parse import quote

from leaderboard.domain.errors import Refused
from leaderboard.domain.shown import shown
from leaderboard.services.mail_kinds import unsubscribe_token
from leaderboard.services.means import Means


class Letter(NamedTuple):
    """An e-mail to be sent. key: what its Message-ID is made of, always the same."""

    user_id: int
    email: str
    kind: str
    key: str
    language: str


def deliverable(email: str) -> str:
    """Return an address as every mail server takes it; Refused for one that only few can deliver to."""
    local, _, domain = email.rpartition("@")
    try:
        if local.isascii():
            return Address(username=local, domain=domain.encode("idna").decode()).addr_spec
    except ValueError:
        pass
    raise Refused(f"{shown(email)} is no address that every mail server takes; give the account another.")


def compose(letter: Letter, facts: Mapping[str, Any], means: Means, *, now: datetime) -> EmailMessage:
    """Return an e-mail of facts. Raises Refused where its reader has no address that can be delivered to."""
    assert means.mail is not None
    assert means.address is not None
    token = unsubscribe_token(means.seal, letter.user_id, letter.kind)
    told = {**facts, "kind": letter.kind, "token": token, "now": now, "language": letter.language}
    words = means.wording.fill(f"mail/{letter.kind}.txt", told, language=letter.language)
    subject, _, text = words.strip().partition("\n")
    html = means.wording.fill(f"mail/{letter.kind}.html", {**told, "subject": subject}, language=letter.language)
    message = EmailMessage(SMTP)
    message["From"] = means.mail.sender
    message["To"] = deliverable(letter.email)
    message["Subject"] = "".join(each for each in " ".join(subject.split()) if each.isprintable())
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{letter.key}@{parseaddr(means.mail.sender)[1].rpartition('@')[2]}>"
    message["List-Unsubscribe"] = f"<{means.address}/unsubscribe/{quote(token)}>"
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message.set_content(text.strip() + "\n", cte="quoted-printable")
    message.add_alternative(html, subtype="html", cte="quoted-printable")
    message["Content-Language"] = letter.language.replace("_", "-")
    return message
