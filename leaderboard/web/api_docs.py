"""The description of the API: for programs as JSON, for people as a page in our own design."""

import json
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from flask import Blueprint, Response, current_app, render_template, request
from markupsafe import Markup, escape
from werkzeug.wrappers import Response as BaseResponse

from leaderboard.web.api_bodies import JSON, TOML
from leaderboard.web.api_description import REF, TAGS, description
from leaderboard.web.api_problems import KINDS, MEDIA_TYPE, problem_text
from leaderboard.web.means import own_address
from leaderboard.web.rights import public

bp = Blueprint("api_docs", __name__, url_prefix="/api/v1")
EXAMPLES: Mapping[str, Any] = {
    "send_events": {
        "source": "crm",
        "events": [
            {
                "event_id": "8812-disposed",
                "occurred_at": "2026-11-18T09:12:00-03:00",
                "type": "lead.disposed",
                "subject": "lead-8812",
                "member": "ana@aurora.example",
                "outcome": "qualified",
            }
        ],
    },
    "load_people": {
        "people": [
            {
                "email": "ana@aurora.example",
                "name": "Ana Lima",
                "team": "North",
                "side": "sales",
                "from": "2026-01-01",
                "external_ids": ["hubspot:77"],
            }
        ]
    },
}
ASKED = {"standings": "?period=2026-Q4&scope=team", "attainments": "?period=2026-10", "people": "?limit=500"}
USUAL_ID = "1"
CODE = re.compile("`([^`]+)`")


class Shown(NamedTuple):
    """An operation as the page shows it. fields: of the answer, or of what a body holds: name, type, what it is."""

    id: str
    method: str
    path: str
    summary: Markup
    paragraphs: list[Markup]
    scope: str
    parameters: list[Mapping[str, Any]]
    sent: list[tuple[str, str, Markup]]
    answer: list[tuple[str, str, Markup]]
    statuses: list[str]
    curl: str


@bp.get("/openapi.json")
@public
def openapi() -> BaseResponse:
    """The description for programs."""
    response = Response(_text(), headers={"Cache-Control": "no-cache"}, mimetype=JSON)
    response.add_etag()
    return response.make_conditional(request)


@bp.get("/docs")
@public
def docs() -> str:
    """The description for people."""
    root = own_address()
    a_minute = current_app.config["API_REQUESTS_A_MINUTE"]
    example = json.dumps(json.loads(problem_text("not-found", "There is no version 7 of the agreement.")), indent=2)
    return render_template(
        "api/docs.html",
        groups=_groups(root),
        root=root,
        a_minute=a_minute,
        kinds=KINDS,
        example=example,
        media=MEDIA_TYPE,
    )


@lru_cache(maxsize=1)
def _text() -> str:
    return json.dumps(description(), ensure_ascii=False, indent=1)


@lru_cache(maxsize=8)
def _groups(root: str) -> list[tuple[str, str, list[Shown]]]:
    found: dict[str, list[Shown]] = {name: [] for name in TAGS}
    for path, operations in description()["paths"].items():
        for method, told in operations.items():
            found[told["tags"][0]].append(_shown(root, method.upper(), path, told))
    return [(name, TAGS[name], found[name]) for name in TAGS]


def _shown(root: str, method: str, path: str, told: Mapping[str, Any]) -> Shown:
    done = next(iter(told["responses"].values()))
    content = done.get("content", {}).get(JSON, {}).get("schema")
    body = told.get("requestBody", {}).get("content", {}).get(JSON, {}).get("schema")
    return Shown(
        id=told["operationId"].replace("_", "-"),
        method=method,
        path=path,
        summary=_with_code(told["summary"]),
        paragraphs=[_with_code(each) for each in told.get("description", "").split("\n\n") if each],
        scope=told.get("x-scope", ""),
        parameters=list(map(_parameter, told["parameters"])),
        sent=list(_fields(body)) if body else [],
        answer=list(_fields(content)) if content else [],
        statuses=list(told["responses"]),
        curl=_curl(root, method, path, told),
    )


def _parameter(told: Mapping[str, Any]) -> Mapping[str, Any]:
    about = _with_code(told.get("description", ""))
    return {**told, "description": about, "kind": _kind(told["schema"])}


def _with_code(text: str) -> Markup:
    """Return a text of the description as HTML: what stands between backticks is code."""
    return Markup(CODE.sub(r"<code>\1</code>", str(escape(text))))


def _curl(root: str, method: str, path: str, told: Mapping[str, Any]) -> str:
    name = told["operationId"]
    address = f"{root}/api/v1{path}{ASKED.get(name, '')}".replace("{version_id}", USUAL_ID)
    lines = [f"curl '{address}'"]
    if told.get("security") != []:
        lines.append('-H "Authorization: Bearer $TOKEN"')
    if name in EXAMPLES:
        lines.append(f"-H 'Content-Type: {JSON}'")
        lines.append(f"-d '{json.dumps(EXAMPLES[name], indent=2)}'")
    elif method == "POST":
        lines += [f"-H 'Content-Type: {TOML}'", "--data-binary @agreement.toml"]
    return " \\\n  ".join(lines)


def _fields(schema: Mapping[str, Any], start: str = "") -> Iterator[tuple[str, str, Markup]]:
    """Yield the fields of a schema, those of what it holds after it with a longer name."""
    schema = _resolved(schema)
    if "anyOf" in schema:  # of a batch of events: the object says more than the array
        schema = _resolved(schema["anyOf"][-1])
    for name, told in schema.get("properties", {}).items():
        yield start + name, _kind(told), _with_code(told.get("description", ""))
        if (inner := _inner(told)) is not None:
            yield from _fields(inner, f"{start}{name}[].")


def _inner(schema: Mapping[str, Any]) -> Mapping[str, Any] | None:
    items = _resolved(schema).get("items")
    return items if items and "properties" in _resolved(items) else None


def _resolved(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    reference = schema.get("$ref")
    return schema if reference is None else description()["components"]["schemas"][reference.removeprefix(REF)]


def _kind(schema: Mapping[str, Any]) -> str:
    """Return in a few words what a value is."""
    schema = _resolved(schema)
    if "anyOf" in schema:
        return " | ".join(_kind(each) for each in schema["anyOf"])
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    if "const" in schema:
        return str(schema["const"])
    if schema.get("type") == "array":
        return f"array of {_kind(schema['items'])}"
    return str(schema.get("format") or schema.get("type") or "text | number | null")
