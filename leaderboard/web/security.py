"""What every response says to the browser, and whom the server believes about where a request comes from."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, request
from werkzeug.middleware.proxy_fix import ProxyFix

from leaderboard.web.clock import YEAR_SECONDS

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


def init_app(app: Flask) -> None:
    """Add the headers to every response, errors and static files too; believe as many proxies as there are."""
    app.after_request(_keep_private)
    headers = _headers(app.config["HTMX_URL"], app.config["COOKIE_SECURE"])
    app.wsgi_app = SecureHeaders(app.wsgi_app, headers)  # type: ignore[method-assign]
    proxies = app.config["PROXIES"]
    if proxies > 0:
        # Not the host: a proxy passes that on as it is, and TRUSTED_HOSTS says which are ours.
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=0)  # type: ignore[method-assign]


class SecureHeaders:
    """Adds headers to whatever the application answers, also where it fails to."""

    def __init__(self, wsgi_app: "WSGIApplication", headers: dict[str, str]) -> None:
        self.wsgi_app, self.headers = wsgi_app, list(headers.items())

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
            return start_response(status, headers + self.headers, *error)

        return self.wsgi_app(environ, start)


def _keep_private(response: Response) -> Response:
    """Let nobody keep a page unless its view says how, and tell caches what it depends on."""
    if request.endpoint != "static":
        if "Cache-Control" not in response.headers:
            response.headers["Cache-Control"] = "no-store"
        if "Vary" in response.headers:
            response.vary.update(("HX-Request", "Cookie"))
        else:
            response.headers["Vary"] = "HX-Request, Cookie"
    return response


def _headers(htmx_url: str, is_secure: bool) -> dict[str, str]:
    headers = {
        "Content-Security-Policy": _policy(htmx_url),
        "Integrity-Policy": "blocked-destinations=(script)",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=(), browsing-topics=()",
    }
    if is_secure:
        headers["Strict-Transport-Security"] = f"max-age={YEAR_SECONDS}; includeSubDomains"
    return headers


def _policy(htmx_url: str) -> str:
    """Return what a page may load: our own files and one script of the CDN, nothing inline."""
    scripts = "'self'" if htmx_url.startswith("/") else f"'self' {htmx_url}"
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {scripts}",
            "style-src 'self'",
            "img-src 'self' data:",
            "font-src 'self'",
            "connect-src 'self'",
            "worker-src 'self'",
            "manifest-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    )
