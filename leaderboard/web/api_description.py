"""The description of the API (OpenAPI 3.1), made from the operations and their models."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from leaderboard.services.intake import MOST_ROWS
from leaderboard.services.tokens import SCOPES
from leaderboard.web import api_agreements, api_events, api_health, api_people, api_results  # noqa: F401 - register
from leaderboard.web.api_answers import ProblemDetails
from leaderboard.web.api_bodies import JSON, TOML
from leaderboard.web.api_models import EVENT_FIELDS, LONGEST_DOCUMENT, SOURCE
from leaderboard.web.api_operations import ANY, KEY_HEADER, OPERATIONS, Operation
from leaderboard.web.api_problems import KINDS, MEDIA_TYPE

Plain = dict[str, Any]
VERSION = "1.0"
REF = "#/components/schemas/"
TAGS = {
    "events": "What happened, from your CRM.",
    "people": "Members, their teams and when.",
    "agreements": "What was promised.",
    "results": "What it came to: ranks, levels, points, badges, bonuses.",
    "operations": "Whether it works, and what a token may.",
}
ALWAYS = ("malformed", "failed", "busy")
WITH_TOKEN = (
    "no-token",
    "unknown-token",
    "not-allowed",
    "https-required",
    "refused",
    "too-many",
)  # refused: no organisation
WITH_BODY = ("timeout", "too-large", "wrong-type")
# Not as a parameter: what is generated from the description would send other requests with the same key.
OF_KEY = f"""\
It takes the header `{KEY_HEADER}`: 16 to 128 letters, digits and `. _ : -`, such as a UUID. The same key with the same
request is answered as before, for 24 hours, and nothing is done twice."""
INTRODUCTION = """\
The API takes events, people and agreements from your systems, and gives back what they come to.

Send a token with each request: `Authorization: Bearer sla_…`. Tokens are made in the browser under **API tokens**, or
with `leaderboard user token`. A token sees what its account sees.
"""


@lru_cache(maxsize=1)
def description() -> Plain:
    """Return the description."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "SLA Leaderboard", "version": VERSION, "description": INTRODUCTION},
        "servers": [{"url": "/api/v1"}],
        "tags": [{"name": name, "description": told} for name, told in TAGS.items()],
        "security": [{"token": []}],
        "paths": _paths(),
        "components": {
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": f"Its scopes: {', '.join(SCOPES)}. Only tokens of administrators write.",
                }
            },
            "headers": _headers(),
            "responses": {str(status): _problem(status) for status in sorted({status for status, _ in KINDS.values()})},
            "schemas": _schemas(),
        },
    }


def _paths() -> Plain:
    paths: Plain = {}
    for each in OPERATIONS:
        paths.setdefault(each.path, {})[each.method.lower()] = _operation(each)
    return paths


def _operation(made: Operation) -> Plain:
    told: Plain = {
        "operationId": made.name,
        "tags": [made.tag],
        "summary": made.summary,
        "parameters": [*_path_parameters(made), *_query_parameters(made), *_header_parameters(made)],
        "responses": _responses(made),
    }
    if told_more := "\n\n".join(filter(None, (made.description, OF_KEY if made.has_key else ""))):
        told["description"] = told_more
    if made.scope is None:
        told["security"] = []
    elif made.scope != ANY:
        told["x-scope"] = made.scope
    if made.takes:
        content = {media_type: {"schema": _ref(model)} for media_type, model in made.takes.items()}
        told["requestBody"] = {"required": True, "content": content}
    return told


def _path_parameters(made: Operation) -> Iterable[Plain]:
    names = [part[1:-1] for part in made.path.split("/") if part.startswith("{")]
    schema = {"type": "integer", "minimum": 1, "maximum": 10**15}
    return [{"name": name, "in": "path", "required": True, "schema": schema} for name in names]


def _query_parameters(made: Operation) -> Iterable[Plain]:
    if made.query is None:
        return
    schema = made.query.model_json_schema()
    for name, told in schema["properties"].items():
        known = {"name": name, "in": "query", "required": name in schema.get("required", ())}
        if text := told.pop("description", ""):
            known["description"] = text
        yield known | {"schema": _without_null(_untitled(told))}


def _without_null(schema: Plain) -> Plain:
    """Return the schema of a parameter that may be left out: it is never null."""
    kinds = [each for each in schema.pop("anyOf", []) if each != {"type": "null"}]
    if "default" in schema and schema["default"] is None:
        del schema["default"]
    return schema | (kinds[0] if kinds else {})


def _header_parameters(made: Operation) -> Iterable[Plain]:
    if made.name == "standings":
        told = "The ETag of an earlier answer."
        yield {"name": "If-None-Match", "in": "header", "required": False, "description": told, "schema": TEXT}


TEXT: Plain = {"type": "string"}


def _responses(made: Operation) -> Plain:
    told: Plain = {"200": {"description": "Done.", **_content(made)}}
    kinds = [*ALWAYS, *(WITH_TOKEN if made.scope else ()), *(WITH_BODY if made.takes else ()), *made.problems]
    if made.query is not None and "cursor" in made.query.model_fields:
        kinds.append("not-found")
    for status in sorted({KINDS[kind][0] for kind in kinds}):
        told[str(status)] = {"$ref": f"#/components/responses/{status}"}
    if made.scope is not None:
        told["200"]["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in ALLOWANCE}
    if made.name == "standings":
        told["200"]["headers"]["ETag"] = {"description": "Changes with the page.", "schema": TEXT}
        told["304"] = {"description": "Nothing has changed since that ETag."}
    if made.name == "health":
        told["503"] = {"description": "It cannot do its work.", **_content(made)}
    return told


ALLOWANCE = ("RateLimit", "RateLimit-Policy")


def _content(made: Operation) -> Plain:
    if made.answer is None:
        return {"content": {TOML: {"schema": TEXT}}}
    return {"content": {JSON: {"schema": _ref(made.answer)}}}


def _problem(status: int) -> Plain:
    titles = [f"`{kind}`: {title}." for kind, (of, title) in KINDS.items() if of == status]
    told: Plain = {
        "description": " ".join(titles),
        "content": {MEDIA_TYPE: {"schema": {"$ref": f"{REF}ProblemDetails"}}},
    }
    if status in (429, 503):
        told["headers"] = {"Retry-After": {"description": "In how many seconds to try again.", "schema": TEXT}}
    return told


def _headers() -> Plain:
    return {
        "RateLimit": {
            "description": "What is left: requests (r) and seconds until they begin anew (t).",
            "schema": TEXT,
        },
        "RateLimit-Policy": {"description": "How many requests (q) in how many seconds (w).", "schema": TEXT},
    }


def _ref(model: Any) -> Plain:
    return {"$ref": REF + (model if isinstance(model, str) else model.__name__)}


def _schemas() -> Plain:
    told = {each.answer for each in OPERATIONS if each.answer is not None} | {ProblemDetails}
    sent = {model for each in OPERATIONS for model in each.takes.values() if not isinstance(model, str)}
    wanted = [(model, "serialization") for model in sorted(told, key=_name)]
    wanted += [(model, "validation") for model in sorted(sent, key=_name)]
    _, schemas = models_json_schema(wanted, ref_template=REF + "{model}")  # type: ignore[arg-type]
    return {name: _untitled(schema) for name, schema in sorted({**schemas["$defs"], **_by_hand()}.items())}


def _name(model: type[BaseModel]) -> str:
    return model.__name__


def _by_hand() -> Mapping[str, Plain]:
    """Return the schemas of what is read row by row, so that one row does not keep the others out."""
    fields = {
        name: {"description": told, **({"examples": [example]} if example else {})}
        for name, (told, example) in EVENT_FIELDS.items()
    }
    event = {
        "type": "object",
        "description": "A fact. Each value is a text or a number, or null for none; what is anything else, or is "
        "missing, is refused in its row. Fields that are not known are passed over.",
        "properties": fields,
    }
    batch = {"type": "array", "minItems": 1, "maxItems": MOST_ROWS, "items": {"$ref": f"{REF}Event"}}
    source = {
        "type": "string",
        "pattern": SOURCE,
        "description": "Under which source they are stored.",
        "default": "api",
    }
    whole = {
        "type": "object",
        "properties": {"source": source, "events": batch},
        "required": ["events"],
        "additionalProperties": False,
    }
    return {
        "Event": event,
        "EventsSent": {"description": "An array of events, or an object with them.", "anyOf": [batch, whole]},
        "EventLines": {"type": "string", "description": f"A JSON object a line, 1 to {MOST_ROWS:,} of them."},
        "AgreementDocument": {"type": "string", "minLength": 1, "maxLength": LONGEST_DOCUMENT},
    }


def _untitled(schema: Any) -> Any:
    """Return a schema without the titles that only say a name again."""
    if isinstance(schema, list):
        return [_untitled(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: {key: _untitled(each) for key, each in value.items()} if name == "properties" else _untitled(value)
        for name, value in schema.items()
        if name != "title" or not isinstance(value, str)
    }
