"""What every response says to the browser, and whom the server believes about where a request comes from."""

from flask import Flask, Response, request
from werkzeug.middleware.proxy_fix import ProxyFix

YEAR_SECONDS = 31_536_000


def init_app(app: Flask) -> None:
    """Add the headers to every response, errors and static files too; believe as many proxies as there are."""
    headers = _headers(app.config["HTMX_URL"], app.config["COOKIE_SECURE"])

    @app.after_request
    def secure(response: Response) -> Response:
        for name, value in headers.items():
            response.headers.setdefault(name, value)
        if request.endpoint != "static":
            response.headers.setdefault("Cache-Control", "no-store")
            response.vary.update(("HX-Request", "Cookie"))
        return response

    proxies = app.config["PROXIES"]
    if proxies > 0:
        # Not the host: a proxy passes that on as it is, and TRUSTED_HOSTS says which are ours.
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=0)  # type: ignore[method-assign]


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
            "manifest-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    )
