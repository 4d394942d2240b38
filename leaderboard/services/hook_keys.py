"""The secrets of a webhook in: two while one takes the other's place; stored sealed."""

import json
import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from leaderboard.services.accounts import TOKEN_BYTES
from leaderboard.services.sealing import Seal

ROTATES_IN = timedelta(days=7)


@dataclass(frozen=True)
class Key:
    """A secret. until: when it ends, None for never."""

    secret: str
    until: datetime | None = None

    def is_valid(self, now: datetime) -> bool:
        """Tell whether it counts at an instant."""
        return self.until is None or now < self.until


@dataclass(frozen=True)
class Keys:
    """What proves a sender: secrets, the present one first. organisation: whose Salesforce it must be, if said."""

    keys: tuple[Key, ...]
    organisation: str = ""

    def valid(self, now: datetime) -> list[str]:
        """Return the secrets that count at an instant."""
        return [each.secret for each in self.keys if each.is_valid(now)]

    def rotated(self, secret: str, now: datetime) -> "Keys":
        """Return them with a new secret first; the one before stays good for a week, older ones are gone."""
        former = [replace(each, until=now + ROTATES_IN) for each in self.keys[:1]]
        return replace(self, keys=(Key(secret), *former))

    def alone(self) -> "Keys":
        """Return them with the present secret alone."""
        return replace(self, keys=self.keys[:1])


def new_secret() -> str:
    """Return a new secret, 256 random bits."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def sealed(keys: Keys, seal: Seal) -> str:
    """Return keys as they are stored."""
    told = [[each.secret, each.until and each.until.isoformat()] for each in keys.keys]
    return seal.seal(json.dumps({"keys": told, "organisation": keys.organisation}))


def opened(text: str, seal: Seal) -> Keys:
    """Return what `sealed` returned; Refused if it cannot be opened."""
    found = json.loads(seal.open(text))
    keys = (Key(secret, until and datetime.fromisoformat(until)) for secret, until in found["keys"])
    return Keys(tuple(keys), found["organisation"])
