"""Flask's signed cookie, opened only by those who look into it: most pages do not, and checking costs time."""

from collections.abc import Callable, Iterator, MutableMapping
from functools import cached_property
from typing import Any

from flask import Flask, Request, Response
from flask.sessions import SecureCookieSessionInterface, SessionMixin


class FormSession(SessionMixin, MutableMapping[str, Any]):
    """What the cookie holds, read at the first look."""

    modified = False

    def __init__(self, read: Callable[[], dict[str, Any]]) -> None:
        self._read = read

    @cached_property
    def _data(self) -> dict[str, Any]:
        self.accessed = True
        return self._read()

    def __getitem__(self, key: str) -> Any:
        return self._data[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self._data[key] = value
        self.modified = True

    def __delitem__(self, key: str) -> None:
        del self._data[key]
        self.modified = True

    def __iter__(self) -> Iterator[str]:
        return iter(self._data)

    def __len__(self) -> int:
        return len(self._data)


class FormCookie(SecureCookieSessionInterface):
    """Flask's own way of signing and setting the cookie, for a session that is read late."""

    def open_session(self, app: Flask, request: Request) -> FormSession | None:  # type: ignore[override]
        if not app.secret_key:
            return None
        opened = super().open_session
        return FormSession(lambda: dict(opened(app, request) or {}))

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        if session.accessed:
            super().save_session(app, session, response)
