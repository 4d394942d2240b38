"""Chromium for tests: no address but ours and the CDN's, whose files come from the npm packages."""

import os
import shutil
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, Page, Playwright, Route
from werkzeug.serving import make_server

from tests.cdn import cdn_file

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
LOOPBACK = {"127.0.0.1", "localhost", "[::1]", "::1"}
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
AXE = Axe()
FINDINGS = "options => axe.run(options).then(found => found.violations)"  # what was found in order is long
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def chromium_path() -> str:
    """Return Chromium's path: what CHROMIUM names, or else the first one installed."""
    named = os.environ.get("CHROMIUM")
    if path := named or next(filter(None, map(shutil.which, NAMES)), None):
        return path
    raise FileNotFoundError("Chromium is not installed: run `make test`, or install `chromium`")


def launch(playwright: Playwright) -> Browser:
    """Start Chromium; Playwright gives it an empty folder for its data."""
    return playwright.chromium.launch(executable_path=chromium_path(), args=FLAGS, chromium_sandbox=False)


class Guard:
    """Answers for the CDN, lets loopback pass, refuses the rest, and notes what went wrong in a page."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.files = files
        self.faults: list[str] = []

    def watch(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.faults.append(f"script error: {error}"))
        page.on("console", self._hear)

    def _hear(self, message: Any) -> None:
        is_status = "Failed to load resource" in message.text  # an answer such as 422, which a test may want
        if message.type == "error" and not is_status:
            self.faults.append(f"console: {message.text}")

    def route(self, route: Route) -> None:
        url = route.request.url
        if url in self.files:
            headers = {"Access-Control-Allow-Origin": "*", "Content-Type": "text/javascript; charset=utf-8"}
            route.fulfill(body=self.files[url], headers=headers)
        elif urlsplit(url).hostname in LOOPBACK:
            route.continue_()
        else:
            self.faults.append(f"asked for {url}")
            route.abort()


@contextmanager
def guarded_page(browser: Browser, app: Flask, **options: Any) -> Iterator[Page]:
    """Open a page in a context of its own; leaving it fails if it asked outside or logged an error.

    A test that expects an error empties `page.guard.faults` itself.
    """
    url = app.config["HTMX_URL"]
    guard = Guard({url: cdn_file(url, app.config["HTMX_INTEGRITY"])} if url.startswith("https://") else {})
    context = browser.new_context(**options)
    context.on("page", guard.watch)
    context.route("**/*", guard.route)
    try:
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.guard = guard
        yield page
    finally:
        context.close()
    assert not guard.faults, guard.faults


def _whole_files(app: Flask) -> Callable[..., Iterable[bytes]]:
    """Return the application with its static files read before they are sent.

    The server leaves a file open whose reader has gone, as Chromium has when a test ends: a warning in whatever
    test comes next.
    """

    def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        parts = app(environ, start_response)
        if not environ["PATH_INFO"].startswith("/static/"):
            return parts
        try:
            return [b"".join(parts)]
        finally:
            parts.close()

    return answer


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """Serve the application on a free port from a thread; yield its address."""
    server = make_server("127.0.0.1", 0, _whole_files(app), threaded=True)
    # It asks so often, in seconds, whether it is to end: at its own half a second each test would wait for it.
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def check_accessibility(page: Page) -> None:
    """Fail with axe's findings, one a line, if it has any."""
    page.wait_for_load_state("load")  # its style sheets too
    page.evaluate(AXE.axe_script)
    found = page.evaluate(FINDINGS, {"runOnly": RULES, "resultTypes": ["violations"]})
    lines = [f"{v['id']}: {v['help']}: {node['html']}" for v in found for node in v["nodes"]]
    assert not lines, "\n".join(lines)
