"""ID tokens: only what the company's sign-in has signed, for us, now, in answer to what we asked, is believed."""

import hmac
import json
from base64 import urlsafe_b64encode
from datetime import UTC, datetime

import pytest
from authlib.oidc.core.util import create_half_hash
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from leaderboard.domain.errors import CompanyRefused
from leaderboard.services.company_tokens import claims_of, signing_keys

NOW = datetime(2026, 11, 18, 15, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
OURS = {"issuer": "https://login.example.com", "client_id": "board", "nonce": "asked"}
RIGHT = {
    "iss": "https://login.example.com",
    "aud": "board",
    "sub": "17",
    "nonce": "asked",
    "iat": SECONDS,
    "exp": SECONDS + 300,
}
KEY = RSAKey.generate_key(2048, {"kid": "1"}, private=True)
OTHER = RSAKey.generate_key(2048, {"kid": "1"}, private=True)  # of somebody else who calls it the same
KEYS = [KEY.as_dict(private=False)]


def signed(claims=None, key=KEY, alg="RS256", header=None):
    return jwt.encode({"alg": alg, "kid": "1", **(header or {})}, {**RIGHT, **(claims or {})}, key, algorithms=[alg])


def forged(algorithm, secret=None):
    """Return a token that is signed with what everybody knows, or not at all."""
    parts = ({"alg": algorithm, "kid": "1"}, RIGHT)
    text = ".".join(urlsafe_b64encode(json.dumps(each).encode()).decode().rstrip("=") for each in parts)
    signature = hmac.digest(secret, text.encode(), "sha256") if secret else b""
    return f"{text}.{urlsafe_b64encode(signature).decode().rstrip('=')}"


def read(token, keys=KEYS, access_token="an access token"):
    return claims_of(token, signing_keys(keys), access_token, now=NOW, **OURS)


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"aud": ["board"]},
        {"aud": ["board", "other"], "azp": "board"},
        {"exp": SECONDS - 59},  # the clocks may differ by a minute
        {"iat": SECONDS + 60, "nbf": SECONDS + 60},
        {"at_hash": create_half_hash("an access token", "RS256").decode()},
    ],
)
def test_a_right_token_is_believed(claims):
    assert read(signed(claims))["sub"] == "17"


@pytest.mark.parametrize(
    ("claims", "because"),
    [
        ({"iss": "https://login.example.org"}, "wrong"),
        ({"iss": None}, "wrong"),
        ({"aud": "other"}, "wrong"),
        ({"aud": ["other"], "azp": "board"}, "wrong"),
        ({"aud": []}, "wrong"),
        ({"aud": ["board", "other"]}, "wrong"),  # for both, and nobody says to whom it was given
        ({"azp": "other"}, "wrong"),
        ({"nonce": "another"}, "wrong"),
        ({"nonce": None}, "wrong"),
        ({"sub": None}, "wrong"),
        ({"at_hash": "AAAA"}, "wrong"),
        ({"exp": "soon"}, "clock"),
        ({"exp": SECONDS - 60}, "clock"),
        ({"nbf": SECONDS + 61}, "clock"),
        ({"iat": SECONDS + 61}, "clock"),
    ],
)
def test_a_token_of_somebody_else_or_of_another_time_is_refused(claims, because):
    with pytest.raises(CompanyRefused) as refusal:
        read(signed(claims))
    assert refusal.value.because == because
    assert "another" not in refusal.value.detail


def test_no_signature_but_that_of_a_private_key_of_theirs_is_believed():
    unsigned, with_secret = forged("none"), forged("HS256", b"the client's secret")
    with_public_key = forged("HS256", KEY.as_pem(private=False))
    head, body, signature = signed().split(".")
    changed = f"{head}.{signed({'sub': '18'}).split('.')[1]}.{signature}"
    embedded = signed(key=OTHER, header={"jwk": OTHER.as_dict(private=False)})
    with_curve = signed(key=ECKey.generate_key("P-256", {"kid": "1"}, private=True), alg="ES256")
    junk = [
        "",
        "a.b.c",
        f"{head}.{body}",
        f"{head}.{body}.",
        "ä" * 9,
        "." * 5000,
        f"{head}.{'A' * 300_000}.{signature}",
    ]
    for token in (signed(key=OTHER), unsigned, with_public_key, with_secret, changed, embedded, with_curve, *junk):
        with pytest.raises(CompanyRefused, match="cannot be relied on"):
            read(token)


def test_a_key_that_is_not_known_yet_is_asked_for_and_keys_of_other_kinds_are_left_out():
    assert read(signed(header={"kid": "2"})) is None
    odd = [
        "junk",
        {"kty": "oct", "k": "c2VjcmV0", "kid": "1"},
        {"kty": "AKP", "kid": "1", "alg": "ML-DSA-44"},
        {"kty": "EC", "crv": "secp256k9", "x": "A", "y": "A", "kid": "1"},
        {"kty": "RSA", "kid": "1"},
        {**OTHER.as_dict(private=False), "use": "enc"},
    ]
    assert read(signed(), [*odd, *KEYS])["sub"] == "17"
    assert read(signed(), odd) is None
