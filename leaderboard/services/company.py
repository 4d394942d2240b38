"""The company's sign-in (OpenID Connect): what the settings say of it, a sign-in under way, and whom it names."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Company:
    """What the settings say. name: on its button. domains: of the e-mails that are believed; empty: any.

    roles: that groups give; empty where they give none. creates: for whom accounts are made. signs_out: there too.
    """

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    name: str | None = None
    scopes: str = "openid email profile"
    verified_claim: str = "email_verified"
    domains: Sequence[str] = ()
    groups_claim: str = "groups"
    roles: Mapping[str, str] = field(default_factory=dict)
    requires_group: bool = False
    creates: str = "members"
    signs_out: bool = True


@dataclass(frozen=True)
class Begun:
    """A sign-in under way. url: where the browser goes; the rest is needed when it comes back.

    is_again: whoever is signed in there already is to prove anew who they are.
    """

    url: str
    state: str
    nonce: str
    verifier: str
    is_again: bool


@dataclass(frozen=True)
class Identity:
    """Who somebody is, as the company's sign-in has it. email: None where it is not verified."""

    issuer: str
    subject: str
    email: str | None
    groups: frozenset[str]
