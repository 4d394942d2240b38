"""ID tokens: what one says is believed if its signature, audience, nonce and times are right (Core 3.1.3.7)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import ExpiredTokenError, InvalidClaimError, InvalidKeyIdError, JoseError
from joserfc.jwk import JWKRegistry, KeySet
from joserfc.jws import JWSRegistry

from leaderboard.domain.errors import CompanyRefused

LEEWAY = timedelta(seconds=60)  # by which the clocks may differ
# Signatures that only the holder of a private key can make: none of `none`, nor of a secret that both sides know.
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"]
KEY_TYPES = {"RSA", "EC", "OKP"}
TIMES = {"exp", "nbf", "iat"}


def signing_keys(keys: Sequence[Any]) -> KeySet:
    """Return of a JSON Web Key Set those that may have signed; others, and such as we do not know, are left out."""
    found = []
    for each in keys:
        if not isinstance(each, dict) or each.get("kty") not in KEY_TYPES or each.get("use", "sig") != "sig":
            continue
        try:
            found.append(JWKRegistry.import_key({name: each[name] for name in each if name != "key_ops"}))
        except (JoseError, ValueError, TypeError, KeyError):
            continue
    return KeySet(found)


def claims_of(
    id_token: str,
    keys: KeySet,
    access_token: str | None,
    *,
    issuer: str,
    client_id: str,
    nonce: str,
    now: datetime,
) -> dict[str, Any] | None:
    """Return what an ID token says; None if it is signed with a key that is not among these.

    Raises CompanyRefused: `wrong`, or `clock` where only its times are.
    """
    try:
        token = jwt.decode(id_token, keys, registry=JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False))
    except InvalidKeyIdError:
        return None
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise CompanyRefused("wrong", f"ID token: {type(error).__name__}") from None
    options: Any = {"iss": {"essential": True, "value": issuer}, "aud": {"essential": True}}
    expected = {"client_id": client_id, "nonce": nonce, "access_token": access_token}
    claims = CodeIDToken(token.claims, token.header, options, expected)
    try:
        claims.validate(now=int(now.timestamp()), leeway=int(LEEWAY.total_seconds()))
    except JoseError as error:
        claim = getattr(error, "claim", None)
        is_time = isinstance(error, ExpiredTokenError) or (isinstance(error, InvalidClaimError) and claim in TIMES)
        raise CompanyRefused(
            "clock" if is_time else "wrong", f"ID token: {error.error} {claim or ''}".strip()
        ) from None
    except (ValueError, TypeError, KeyError) as error:
        raise CompanyRefused("wrong", f"ID token: {type(error).__name__}") from None
    audience = claims["aud"]
    if client_id not in ([audience] if isinstance(audience, str) else audience):
        raise CompanyRefused("wrong", "ID token: for somebody else")
    return dict(claims)
