"""What services need of the deployment to reach the world outside: keys, the mail server, our own address."""

from dataclasses import dataclass, field

from leaderboard.services.sealing import Seal


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
    """

    seal: Seal = field(default_factory=lambda: Seal(()))
    address: str | None = None
    mail: MailServer | None = None
    may_reach_inside: bool = False


NO_MEANS = Means()
