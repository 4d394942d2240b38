"""A program that uses the API as one of the people of worlds.py, each with a token of all that their account may."""

import json
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from leaderboard.domain.actors import COMMAND_LINE
from leaderboard.services.tokens import SCOPES, issue_token, scopes_of
from tests.web import worlds

ROLES = {"ana": "rep", "bia": "rep", "dora": "manager", "fabio": "manager", "enzo": "admin"}


class Program:
    """Asks and sends below /api/v1, and keeps the last answer's headers."""

    def __init__(self, client: FlaskClient, token: str | None) -> None:
        self.client, self.token = client, token

    def headers(self, **more: str) -> dict[str, str]:
        told = {} if self.token is None else {"Authorization": f"Bearer {self.token}"}
        return told | {name.replace("_", "-"): value for name, value in more.items()}

    def get(self, path: str, **headers: str) -> Any:
        return self.client.get(f"/api/v1{path}", headers=self.headers(**headers))

    def post(self, path: str, sent: Any, kind: str = "application/json", **headers: str) -> Any:
        data = sent if isinstance(sent, bytes | str) else json.dumps(sent)
        return self.client.post(f"/api/v1{path}", data=data, content_type=kind, headers=self.headers(**headers))

    def whole(self, path: str, limit: int) -> list[Any]:
        """Return the rows of all pages of a list, so many a page."""
        found, at = [], f"/api/v1{path}{'&' if '?' in path else '?'}limit={limit}"
        while at:
            answer = self.client.get(at, headers=self.headers())
            assert answer.status_code == 200, answer.text
            assert len(answer.json["items"]) <= limit
            assert answer.headers.get("Link") == (
                f'<{answer.json["next"]}>; rel="next"' if answer.json["next"] else None
            )
            found += answer.json["items"]
            at = answer.json["next"]
        return found


def token_of(session: Session, name: str, *scopes: str, now: Any = None) -> str:
    """Return a token of somebody, of all that their account may unless scopes are given."""
    wanted = scopes or scopes_of(ROLES.get(name, "rep"))
    email = f"{name}@example.com"
    assert set(wanted) <= set(SCOPES)
    return issue_token(session, email=email, name="tests", scopes=wanted, now=now or worlds.NOW, by=COMMAND_LINE)
