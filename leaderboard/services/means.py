"""What services need of the deployment to reach the world outside: keys, the mail server, our own address, words."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from leaderboard.domain.errors import Refused
from leaderboard.services.sealing import Seal


class Wording(Protocol):
    """Puts facts into a reader's language: services know the facts, and the floor of pages the words."""

    def fill(self, template: str, facts: Mapping[str, Any], *, language: str) -> str:
        """Return a template filled in, such as mail/digest.html; what is escaped depends on its ending, as for pages.

        It has the filters of pages, `_` and `page_url(endpoint, **values)`, which is "" while PUBLIC_URL is not set.
        """
        ...


class NoWording:
    """Stands where nobody gave the words."""

    def fill(self, template: str, facts: Mapping[str, Any], *, language: str) -> str:
        """Refuse."""
        raise Refused(f"{template} cannot be put into words here; run this from the application.")


@dataclass(frozen=True)
class MailServer:
    """Where e-mail goes out. security: `starttls`, `tls` or `none`. sender: who it is from, as in a From header."""

    host: str
    port: int
    security: str
    user: str | None
    password: str | None = field(repr=False)
    sender: str


@dataclass(frozen=True)
class Means:
    """seal: for secrets. address: where readers find us, such as https://board.example.com, without a slash at the end.

    mail: None where none is set up: then no e-mail is made. may_reach_inside: webhooks may go to private addresses.
    wording: tells facts in a reader's language, also where no request is answered.
    """

    seal: Seal = field(default_factory=lambda: Seal(()))
    address: str | None = None
    mail: MailServer | None = None
    may_reach_inside: bool = False
    wording: Wording = field(default_factory=NoWording, repr=False)


NO_MEANS = Means()
