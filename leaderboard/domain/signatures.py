"""Whether a webhook comes from whom it says: each vendor's own way to prove it, over the bytes as they came.

Every comparison takes the same time whatever it finds, and each secret is tried, so that nothing can be learnt from how
long a refusal takes.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from leaderboard.domain.signing import signature

WINDOW = timedelta(minutes=5)  # either way, both ends included
MICROSECOND = timedelta(microseconds=1)
HUBSPOT_SIGNATURE, HUBSPOT_TIMESTAMP = "x-hubspot-signature-v3", "x-hubspot-request-timestamp"
OUR_SIGNATURE, OUR_TIMESTAMP = "x-leaderboard-signature", "x-leaderboard-timestamp"
STANDARD_ID, STANDARD_TIMESTAMP, STANDARD_SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
STANDARD_PREFIX = "whsec_"
# What HubSpot decodes of the address before it signs it; everything else stays as it is written.
HUBSPOT_DECODES = {
    "%3A": ":",
    "%2F": "/",
    "%3F": "?",
    "%40": "@",
    "%21": "!",
    "%24": "$",
    "%27": "'",
    "%28": "(",
    "%29": ")",
    "%2A": "*",
    "%2C": ",",
    "%3B": ";",
}
_decoded = re.compile("|".join(HUBSPOT_DECODES), re.IGNORECASE)
_number = re.compile(r"[0-9]{1,16}")


class Unproven(Exception):
    """A request does not prove where it comes from. because: `missing`, `stale` (too old or too new) or `wrong`."""

    def __init__(self, because: str) -> None:
        super().__init__(because)
        self.because = because


@dataclass(frozen=True)
class Request:
    """What came in. headers: by name in lower case; addresses: where it may have been sent; key: from the path."""

    method: str
    addresses: Sequence[str]
    headers: Mapping[str, str]
    body: bytes
    key: str = ""


def check(kind: str, request: Request, secrets: Sequence[str], now: datetime) -> None:
    """Raise Unproven unless a request proves, in one of the ways of its kind of hook, that it knows one of the secrets.

    kind: of the hook, one of KINDS. secrets: those that are valid now.
    """
    ways = [way for has_it, way in WAYS[kind] if has_it(request)]
    if not ways or not secrets:
        raise Unproven("missing")
    ways[0](request, secrets, now)


def hubspot(request: Request, secrets: Sequence[str], now: datetime) -> None:
    """HubSpot's signature v3: base64 of HMAC-SHA256 over method, address, body and timestamp (milliseconds)."""
    timestamp = request.headers.get(HUBSPOT_TIMESTAMP, "")
    _check_time(timestamp, 1_000, now)
    given = request.headers.get(HUBSPOT_SIGNATURE, "").strip().replace(" ", "+")  # some proxies decode the + away
    expected = (
        base64.b64encode(_hmac(secret.encode(), f"{request.method}{uri}".encode() + request.body + timestamp.encode()))
        for secret in secrets
        for uri in map(hubspot_uri, request.addresses)
    )
    _compare([given], expected)


def hubspot_uri(address: str) -> str:
    """Return an address as HubSpot signs it."""
    return _decoded.sub(lambda match: HUBSPOT_DECODES[match[0].upper()], address)


def ours(request: Request, secrets: Sequence[str], now: datetime) -> None:
    """Check the general signature: hexadecimal HMAC-SHA256 over `timestamp.body`, the timestamp in seconds."""
    timestamp = request.headers.get(OUR_TIMESTAMP, "")
    _check_time(timestamp, 1, now)
    given = request.headers.get(OUR_SIGNATURE, "").strip().lower().removeprefix("sha256=")
    _compare([f"sha256={given}"], (signature(secret, timestamp, request.body).encode() for secret in secrets))


def standard(request: Request, secrets: Sequence[str], now: datetime) -> None:
    """Standard Webhooks (standardwebhooks.com, 1.0.0): base64 of HMAC-SHA256 over `id.timestamp.body`."""
    timestamp = request.headers.get(STANDARD_TIMESTAMP, "")
    _check_time(timestamp, 1, now)
    given = [each[3:] for each in request.headers.get(STANDARD_SIGNATURE, "").split() if each.startswith("v1,")]
    content = f"{request.headers.get(STANDARD_ID, '')}.{timestamp}.".encode() + request.body
    _compare(given, (base64.b64encode(_hmac(_standard_key(secret), content)) for secret in secrets))


def bearer(request: Request, secrets: Sequence[str], _now: datetime) -> None:
    """`Authorization: Bearer <secret>`."""
    _compare([_authorization(request, "bearer")], (secret.encode() for secret in secrets))


def basic(request: Request, secrets: Sequence[str], _now: datetime) -> None:
    """HTTP Basic; the secret is the password, and any name of a user is taken."""
    try:
        decoded = base64.b64decode(_authorization(request, "basic"), validate=True).decode()
    except (binascii.Error, ValueError):
        raise Unproven("wrong") from None
    _compare([decoded.partition(":")[2]], (secret.encode() for secret in secrets))


def key_in_path(request: Request, secrets: Sequence[str], _now: datetime) -> None:
    """Check a secret at the end of the address: for senders that can do nothing else."""
    _compare([request.key], (secret.encode() for secret in secrets))


def _has_header(name: str) -> Callable[[Request], bool]:
    return lambda request: name in request.headers


def _authorizes_by(scheme: str) -> Callable[[Request], bool]:
    return lambda request: request.headers.get("authorization", "").lower().startswith(f"{scheme} ")


def _has_key(request: Request) -> bool:
    return request.key != ""


Way = tuple[Callable[[Request], bool], Callable[[Request, Sequence[str], datetime], None]]
WAYS: Mapping[str, Sequence[Way]] = {
    "hubspot": [(_has_header(HUBSPOT_SIGNATURE), hubspot)],
    "salesforce": [(_authorizes_by("bearer"), bearer), (_has_key, key_in_path)],
    "odoo": [(_authorizes_by("basic"), basic), (_has_key, key_in_path)],
    "pipedrive": [(_authorizes_by("basic"), basic)],
    "generic": [(_has_header(OUR_SIGNATURE), ours), (_has_header(STANDARD_SIGNATURE), standard)],
}
KINDS = tuple(WAYS)


def _authorization(request: Request, scheme: str) -> str:
    return request.headers.get("authorization", "")[len(scheme) + 1 :].strip()


def _check_time(text: str, units_a_second: int, now: datetime) -> None:
    """Raise Unproven for what is no whole number, or lies outside the window."""
    if not text:
        raise Unproven("missing")
    if not _number.fullmatch(text):
        raise Unproven("wrong")
    sent = int(text) * (1_000_000 // units_a_second)  # a number: no timedelta holds the largest of them
    if abs((now - datetime(1970, 1, 1, tzinfo=UTC)) // MICROSECOND - sent) > WINDOW // MICROSECOND:
        raise Unproven("stale")


def _standard_key(secret: str) -> bytes:
    try:
        return base64.b64decode(secret.removeprefix(STANDARD_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        return secret.encode()


def _hmac(secret: bytes, content: bytes) -> bytes:
    return hmac.new(secret, content, hashlib.sha256).digest()


def _compare(given: Sequence[str], expected: Iterable[bytes]) -> None:
    """Raise Unproven unless something given is what is expected; all are compared."""
    texts = [each.encode("utf-8", "surrogateescape") for each in given]
    found = [hmac.compare_digest(text, each) for each in expected for text in texts]
    if not any(found):
        raise Unproven("wrong")
