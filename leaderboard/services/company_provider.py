"""The company's sign-in (OpenID Connect) as a server: asking it who somebody is, and believing only what it has signed.

The authorization code flow with PKCE. What is answered is checked as OpenID Connect Core 3.1.3.7 says; what a token
holds is never logged.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from authlib.common.security import generate_token
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from requests import RequestException

from leaderboard.domain.errors import CompanyRefused
from leaderboard.services.company import Begun, Company, Identity
from leaderboard.services.company_tokens import LEEWAY, claims_of, signing_keys
from leaderboard.services.reading import is_unfit

METADATA = "/.well-known/openid-configuration"
KEPT_FOR = timedelta(hours=1)
SPARED_FOR = timedelta(seconds=5)  # a server that does not answer is not asked by everybody who waits
TIMEOUTS = (3.05, 6.0)  # seconds: to connect, to be answered
NEEDED = ("authorization_endpoint", "token_endpoint", "jwks_uri")
LONGEST_SUBJECT = 255
SAID_OF_US = {"unauthorized_client", "invalid_client", "invalid_scope", "invalid_request", "unsupported_response_type"}


class Provider:
    """The company's sign-in, with what it says of itself, kept for an hour."""

    def __init__(self, company: Company) -> None:
        self.company = company
        self._metadata: tuple[datetime, dict[str, Any]] | None = None
        self._keys: list[Any] | None = None
        self._failed: tuple[datetime, CompanyRefused] | None = None

    def begin(self, redirect_uri: str, *, now: datetime, is_again: bool = False) -> Begun:
        """Return where a browser is to sign in. Raises CompanyRefused: `away`, `setup`."""
        metadata = self.metadata(now)
        nonce, verifier = generate_token(32), generate_token(64)
        # max_age=0 asks for a new sign-in where `prompt` is not understood
        asked = {"prompt": "login", "max_age": "0"} if is_again else {}
        with self._session(metadata) as session:
            url, state = session.create_authorization_url(
                metadata["authorization_endpoint"],
                state=generate_token(32),
                code_verifier=verifier,
                redirect_uri=redirect_uri,
                nonce=nonce,
                **asked,
            )
        return Begun(url, state, nonce, verifier, is_again)

    def finish(
        self, answer: Mapping[str, str], begun: Begun, redirect_uri: str, *, began_at: datetime, now: datetime
    ) -> Identity:
        """Return who signed in. answer: what the browser brought back. Raises CompanyRefused."""
        metadata = self.metadata(now)
        if "error" in answer:
            raise _refusal(answer["error"])
        if answer.get("iss", metadata["issuer"]) != metadata["issuer"]:  # RFC 9207
            raise CompanyRefused("wrong", "the answer comes from another issuer")
        if not answer.get("code"):
            raise CompanyRefused("lost", "no code")
        with self._session(metadata) as session:
            token = self._token(session, metadata, answer["code"], begun, redirect_uri)
            claims = self._claims(session, metadata, token, begun, now)
            if begun.is_again:
                _check_is_new(claims, began_at)
            return self._identity(self._completed(session, metadata, claims), metadata["issuer"])

    def sign_out_address(self, back_to: str, *, now: datetime) -> str | None:
        """Return where a browser signs out of the company's sign-in, None if that offers none.

        Without the ID token, which is not kept, it asks first whether one wants to (RP-Initiated Logout 1.0, 2).
        """
        endpoint = self.metadata(now).get("end_session_endpoint")
        if not endpoint or not self.company.signs_out:
            return None
        asked = {"client_id": self.company.client_id, "post_logout_redirect_uri": back_to}
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(asked)}"

    def metadata(self, now: datetime) -> dict[str, Any]:
        """Return what the company's sign-in says of itself (Discovery 1.0, 4). Raises CompanyRefused."""
        if self._metadata is not None and timedelta(0) <= now - self._metadata[0] < KEPT_FOR:
            return self._metadata[1]
        if self._failed is not None and timedelta(0) <= now - self._failed[0] < SPARED_FOR:
            raise CompanyRefused(self._failed[1].because, self._failed[1].detail)
        try:
            found = self._discovered()
        except CompanyRefused as error:
            self._failed = (now, error)
            raise
        self._metadata, self._keys = (now, found), None
        return found

    def _discovered(self) -> dict[str, Any]:
        with self._session({}) as session:
            found = _answered(session, self.company.issuer.rstrip("/") + METADATA)
        missing = [name for name in NEEDED if not isinstance(found.get(name), str)]
        if missing:
            raise CompanyRefused("setup", f"its metadata lacks {', '.join(missing)}")
        if str(found.get("issuer", "")).rstrip("/") != self.company.issuer.rstrip("/"):
            raise CompanyRefused("setup", f"it calls itself {found.get('issuer')!r:.200}, not as OIDC_ISSUER says")
        return found

    def _session(self, metadata: Mapping[str, Any]) -> Any:
        methods = metadata.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        is_basic = "client_secret_basic" in methods
        return OAuth2Session(
            self.company.client_id,
            self.company.client_secret,
            token_endpoint_auth_method="client_secret_basic" if is_basic else "client_secret_post",
            scope=self.company.scopes,
            code_challenge_method="S256",
            default_timeout=TIMEOUTS,
        )

    def _token(self, session: Any, metadata: Any, code: str, begun: Begun, redirect_uri: str) -> Any:
        try:
            token = session.fetch_token(
                metadata["token_endpoint"],
                grant_type="authorization_code",
                code=code,
                redirect_uri=redirect_uri,
                code_verifier=begun.verifier,
            )
        except OAuthError as error:
            raise _refusal(error.error, "invalid_grant") from None
        except (RequestException, ValueError) as error:
            raise CompanyRefused("away", f"token endpoint: {type(error).__name__}") from None
        if not isinstance(token.get("id_token"), str):
            raise CompanyRefused("wrong", "no ID token")
        return token

    def _claims(self, session: Any, metadata: Any, token: Any, begun: Begun, now: datetime) -> dict[str, Any]:
        """Return what the ID token says, once it is proved; a key that is not known is asked for once."""
        expected = {"issuer": metadata["issuer"], "client_id": self.company.client_id, "nonce": begun.nonce}
        for is_last in (False, True):
            if self._keys is None or is_last:
                self._keys = _answered(session, metadata["jwks_uri"]).get("keys") or []
            keys = signing_keys(self._keys)
            claims = claims_of(token["id_token"], keys, token.get("access_token"), now=now, **expected)
            if claims is not None:
                return claims
        raise CompanyRefused("wrong", "signed with a key that is not its own")

    def _completed(self, session: Any, metadata: Any, claims: dict[str, Any]) -> dict[str, Any]:
        """Return claims with those that only the userinfo endpoint tells (Core 5.3)."""
        wanted = {"email", self.company.verified_claim, *([self.company.groups_claim] if self.company.roles else [])}
        endpoint = metadata.get("userinfo_endpoint")
        if not endpoint or all(_claim(claims, name) is not None for name in wanted):
            return claims
        more = _answered(session, endpoint, withhold_token=False)
        if more.get("sub") != claims["sub"]:
            raise CompanyRefused("wrong", "userinfo is about somebody else")
        return {**more, **claims}

    def _identity(self, claims: Mapping[str, Any], issuer: str) -> Identity:
        subject = claims["sub"]
        if not isinstance(subject, str) or not 0 < len(subject) <= LONGEST_SUBJECT or is_unfit(subject):
            raise CompanyRefused("wrong", "its subject is no text of 1 to 255 characters")
        email, verified = claims.get("email"), _claim(claims, self.company.verified_claim)
        is_verified = verified in (True, 1, "true", "1")
        groups = _claim(claims, self.company.groups_claim)
        groups = [groups] if isinstance(groups, str) else groups if isinstance(groups, list) else []
        return Identity(
            issuer,
            subject,
            email.strip().lower() if isinstance(email, str) and is_verified else None,
            frozenset(each for each in groups if isinstance(each, str)),
        )


def _answered(session: Any, url: str, *, withhold_token: bool = True) -> dict[str, Any]:
    """Return the JSON object that an address of the company's sign-in answers with."""
    try:
        response = session.get(url, withhold_token=withhold_token)
        response.raise_for_status()
        found = response.json()
    except (RequestException, OAuthError, ValueError) as error:
        status = getattr(getattr(error, "response", None), "status_code", "")
        raise CompanyRefused("away", f"{url[:200]}: {type(error).__name__} {status}".rstrip()) from None
    if not isinstance(found, dict):
        raise CompanyRefused("away", f"{url[:200]}: no JSON object")
    return found


def _refusal(error: object, lost: str = "") -> CompanyRefused:
    """Return what an error of OAuth comes to. lost: the one that says that the code is over, or another's."""
    told = ascii(str(error)[:100])
    if error == lost:
        return CompanyRefused("lost", told)
    if error in SAID_OF_US:
        return CompanyRefused("setup", told)
    return CompanyRefused("away" if error in ("server_error", "temporarily_unavailable") else "denied", told)


def _check_is_new(claims: Mapping[str, Any], began_at: datetime) -> None:
    """Refuse a sign-in that happened before it was asked for."""
    at = claims.get("auth_time")
    if not isinstance(at, int | float) or at < (began_at - LEEWAY).timestamp():
        raise CompanyRefused("stale", "auth_time is missing" if at is None else "auth_time is before it was asked for")


def _claim(claims: Mapping[str, Any], name: str) -> Any:
    """Return a claim; a name with dots that is none itself leads into objects, as in realm_access.roles."""
    if name in claims:
        return claims[name]
    found: Any = claims
    for part in name.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found
