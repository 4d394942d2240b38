"""What a program is told when something goes wrong: problem details (RFC 9457), for every address below /api/."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from flask import Response, request
from werkzeug.exceptions import HTTPException

API = "/api/"
MEDIA_TYPE = "application/problem+json"
CHALLENGE = 'Bearer realm="SLA Leaderboard"'
# The last part of each problem's type, by the status that stands for it where nothing more is known; and its title.
KINDS: Mapping[str, tuple[int, str]] = {
    "malformed": (400, "The request could not be understood"),
    "no-token": (401, "No token came with the request"),
    "unknown-token": (401, "The token does not let in"),
    "not-allowed": (403, "The token may not do this"),
    "https-required": (403, "Tokens travel by https only"),
    "not-found": (404, "There is no such thing"),
    "wrong-method": (405, "This address does not take that method"),
    "timeout": (408, "The request did not come whole"),
    "refused": (409, "What was sent cannot be taken"),
    "under-way": (409, "The same request is still under way"),
    "too-large": (413, "The request is too large"),
    "wrong-type": (415, "The body is not of a type that is read here"),
    "key-reused": (422, "The Idempotency-Key came with another request before"),
    "too-many": (429, "Too many requests"),
    "failed": (500, "Something went wrong on our side"),
    "busy": (503, "The database is busy"),
}
BY_STATUS = {status: kind for kind, (status, _) in reversed(list(KINDS.items()))}
REMEDIES = {
    400: "Check it against the description at /api/v1/docs.",
    404: "Check the address against the description at /api/v1/docs.",
    405: "Use a method that the Allow header names.",
    413: "Send less at a time.",
    500: "Try again; if it stays, tell an administrator the error_id.",
    503: "Wait half a minute, then try again.",
}


class Problem(Exception):
    """A request that is not done, and what is told of it. errors: what is wrong where, each a place and a sentence."""

    def __init__(
        self,
        kind: str,
        detail: str,
        *,
        errors: Sequence[Mapping[str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.kind, self.detail, self.errors, self.headers = kind, detail, list(errors), dict(headers or {})


def asks_api() -> bool:
    """Tell whether a program asks."""
    return request.path.startswith(API)


def answer_problem(problem: Problem) -> Response:
    """Return the answer that tells a problem."""
    return _answer(problem.kind, problem.detail, problem.headers, errors=problem.errors or None)


def answer_error(error: HTTPException, error_id: str | None = None) -> Response:
    """Return the answer that tells an error of the framework's, or ours under an id in the log."""
    status = error.code or 500
    kind = BY_STATUS.get(status, "malformed" if status < 500 else "failed")
    remedy = REMEDIES.get(status, REMEDIES[400] if status < 500 else REMEDIES[500])
    headers = {name: value for name, value in error.get_headers() if name != "Content-Type"}
    return _answer(kind, remedy, headers, status=status, error_id=error_id)


def problem_text(kind: str, detail: str, *, status: int | None = None, **more: Any) -> str:
    """Return a problem as JSON; more: errors and error_id, None for none."""
    usual, title = KINDS[kind]
    told = {"type": f"/api/v1/docs#{kind}", "title": title, "status": status or usual, "detail": detail}
    return json.dumps(told | {name: value for name, value in more.items() if value is not None})


def _answer(kind: str, detail: str, headers: Mapping[str, str], **told: Any) -> Response:
    status = told.get("status") or KINDS[kind][0]
    response = Response(problem_text(kind, detail, **told), status, headers, mimetype=MEDIA_TYPE)
    response.headers["Cache-Control"] = "no-store"
    if status == 401:
        response.headers["WWW-Authenticate"] = (
            CHALLENGE if kind == "no-token" else f'{CHALLENGE}, error="invalid_token"'
        )
    return response
