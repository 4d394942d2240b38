"""What is told outside the pages, in e-mails and webhooks: the words of pages in a language, without a request.

Jobs take it from Means: they and the pages are floors that never import each other.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from flask_babel import force_locale


class Telling:
    """Fills templates in any language, on any thread. address: PUBLIC_URL without a slash at the end, or None."""

    def __init__(self, app: Flask, address: str | None) -> None:
        self._app, self._address = app, address

    def fill(self, template: str, facts: Mapping[str, Any], *, language: str) -> str:
        """Return a template filled in, with the filters of pages, `_` and `page_url`."""
        with self.speaking(language):
            return self._app.jinja_env.get_template(template).render({**facts, "page_url": self.page_url})

    @contextmanager
    def speaking(self, language: str) -> Iterator[None]:
        """Speak a language within a context of its own: also in a request, whose reader may have another."""
        with self._app.app_context(), force_locale(language):
            yield

    def page_url(self, endpoint: str, **values: Any) -> str:
        """Return the whole address of a page; "" while nobody has said where readers find us."""
        if self._address is None:
            return ""
        ours = urlsplit(self._address)
        urls = self._app.url_map.bind(ours.netloc, script_name=ours.path or "/", url_scheme=ours.scheme)
        return urls.build(endpoint, values, force_external=True)
