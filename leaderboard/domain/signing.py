"""How our webhooks prove that they come from us: HMAC-SHA256 over the time and the body (docs/webhooks-out.md)."""

import hashlib
import hmac


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """Return what X-Leaderboard-Signature says of a body sent at a Unix second, given in decimal digits.

    It is `sha256=` and the HMAC-SHA256, in hexadecimal digits, of the timestamp, a full stop and the body as it is
    sent; the key is the secret's UTF-8.
    """
    signed = timestamp.encode() + b"." + body
    return f"sha256={hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()}"
