"""Sealing secrets that must be used again, such as those of webhooks: the database alone does not tell them."""

from base64 import urlsafe_b64encode
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from leaderboard.domain.errors import Refused

PURPOSE = b"sla-leaderboard sealed secrets 1"


class Seal:
    """Seals and opens texts with the installation's keys (Fernet; a key each by HKDF, RFC 5869).

    keys: SECRET_KEY, then its fallbacks: the first one seals, any opens.
    """

    def __init__(self, keys: Sequence[str | bytes]) -> None:
        self._fernet = MultiFernet([_fernet(key) for key in keys]) if keys else None

    def seal(self, text: str) -> str:
        """Return a text sealed; Refused while there is no key."""
        return self._known().encrypt(text.encode()).decode()

    def open(self, sealed: str) -> str:
        """Return the text of what `seal` returned; Refused if none of the keys opens it."""
        try:
            return self._known().decrypt(sealed.encode()).decode()
        except InvalidToken:
            raise Refused(
                "A stored secret cannot be opened with the present SECRET_KEY; add the key that it was sealed with to "
                "SECRET_KEY_FALLBACKS, or enter the secret again."
            ) from None

    def _known(self) -> MultiFernet:
        if self._fernet is None:
            raise Refused("SECRET_KEY is not set, so that no secret can be kept; set it and start again.")
        return self._fernet


def _fernet(key: str | bytes) -> Fernet:
    secret = key if isinstance(key, bytes) else key.encode()
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=PURPOSE).derive(secret)
    return Fernet(urlsafe_b64encode(derived))
