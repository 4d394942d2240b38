"""The description of the API is true: requests made from it are answered as it says, and answers look as it says."""

import json
import re

import pytest
import schemathesis
from hypothesis import HealthCheck, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import positive_data_acceptance

from leaderboard.web import api_operations
from leaderboard.web.api_description import REF, description
from leaderboard.web.api_operations import ANY, OPERATIONS
from leaderboard.web.api_problems import KINDS
from tests.documents import DOCS
from tests.web import access_world
from tests.web.api import Program, token_of

OPEN = {"API_REQUESTS_A_MINUTE": 10**6, "SIGN_IN_ATTEMPTS_PER_ADDRESS": 10**6}
MODES = list(GenerationMode)
EXAMPLES = 3  # of an operation and mode, beside what covers each of its parameters; hundreds are tried by hand
TEXTS = ("application/x-ndjson", "application/toml")


@schemathesis.serializer(*TEXTS)
def as_text(_context, value):
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")


@pytest.fixture
def served(make_app, session, monkeypatch):
    """The application of access_world, and a token of everything."""
    monkeypatch.setattr(api_operations, "utc_now", lambda: access_world.NOW)
    world = access_world.build(session)
    return make_app(**OPEN), token_of(session, "enzo", now=access_world.NOW), world


class Trying:
    """Sends cases with every check that there is, and keeps what was not as the description says."""

    def __init__(self):
        self.number, self.faults = 0, []

    def send(self, case):
        if case.media_type in TEXTS and not isinstance(case.body, str):
            return  # what is no text cannot be sent as one; and a schema cannot say which texts are lines, or TOML
        self.number += 1
        try:
            case.call_and_validate(excluded_checks=[positive_data_acceptance] if case.media_type in TEXTS else None)
        except FailureGroup as group:
            self.faults.append(f"{case.method} {case.path}: {group}")

    def fuzz(self, operation, mode):
        """Send cases made at random, as far as there are any: what asks for nothing can be asked wrongly in no way."""

        @seed(6)
        @settings(max_examples=EXAMPLES, database=None, deadline=None, suppress_health_check=list(HealthCheck))
        @given(operation.as_strategy(generation_mode=mode))
        def send(case):
            self.send(case)

        try:
            send()
        except Unsatisfiable:
            assert operation.path in ("/health", "/token")


def test_requests_made_from_the_description_are_answered_as_it_says(served):
    app, token, _ = served
    config = SchemathesisConfig.from_dict({"headers": {"Authorization": f"Bearer {token}"}})
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app, config=config)
    trying = Trying()
    for found in schema.get_all_operations():
        operation = found.ok()
        how = schema.config.generation_for(operation=operation)
        for case in schema.iter_coverage_cases(operation, generation_modes=MODES, generation_config=how):
            trying.send(case)
        for mode in MODES:
            trying.fuzz(operation, mode)
    assert trying.faults == []
    assert trying.number > 1_000


def test_every_answer_has_the_keys_that_are_described_and_no_others(served):
    app, token, world = served
    program, schemas = Program(app.test_client(), token), description()["components"]["schemas"]
    for path in (
        "/token",
        "/health",
        "/people",
        "/agreements",
        f"/agreements/{world.version}",
        "/attainments?period=2026-10",
    ):
        check_keys(program.get(path), schemas)
    for path in ("/attainments/waiting", "/points", "/badges", "/bonuses", "/periods", "/standings?period=2026-10"):
        check_keys(program.get(path), schemas)
    check_keys(program.post("/events", [{"event_id": "x"}]), schemas)
    check_keys(program.post("/agreements/check", {"document": "x"}), schemas)
    for name, schema in schemas.items():
        if name not in ("Event", "ProblemDetails") and name not in sent_names() and "properties" in schema:
            assert set(schema["required"]) == set(schema["properties"]), name
            assert schema["additionalProperties"] is False, name


def sent_names():
    """Return the names of the schemas of bodies."""
    names = {
        model if isinstance(model, str) else model.__name__ for each in OPERATIONS for model in each.takes.values()
    }
    return names | {"PersonRow"}


def check_keys(answer, schemas):
    rule = answer.request.path.removeprefix("/api/v1")
    path = next(each for each in description()["paths"] if re.fullmatch(re.sub(r"\{\w+\}", r"\\d+", each), rule))
    told = description()["paths"][path][answer.request.method.lower()]["responses"][str(answer.status_code)]
    compare(answer.json, told["content"]["application/json"]["schema"], schemas, path)


def compare(value, schema, schemas, where):
    """Compare the keys of a value, and of all that it holds, with those of its schema; lists must hold something."""
    schema = schemas[schema["$ref"].removeprefix(REF)] if "$ref" in schema else schema
    if isinstance(value, dict):
        assert set(value) == set(schema["properties"]), where
        for name, each in value.items():
            compare(each, schema["properties"][name], schemas, f"{where} {name}")
    elif isinstance(value, list) and "items" in schema and where.split()[-1] == "items":
        assert value, where
        for each in value:
            compare(each, schema["items"], schemas, where)


def test_the_description_is_for_programs_and_the_same_for_people(client, app):
    told = client.get("/api/v1/openapi.json")
    assert told.json == description()
    assert told.json["openapi"].startswith("3.1")
    again = client.get("/api/v1/openapi.json", headers={"If-None-Match": told.headers["ETag"]})
    assert again.status_code == 304
    page = client.get("/api/v1/docs").text
    assert "<script>" not in page
    for each in OPERATIONS:
        assert f"/api/v1{each.path}</code>" in page, each.path
        assert each.summary in page.replace("&#39;", "'")
    assert "`" not in page  # code is shown as code
    for kind in KINDS:
        assert f'id="{kind}"' in page  # where the type of a problem leads
    for told_schema in description()["components"]["schemas"].values():
        assert json.dumps(told_schema)


def test_the_guide_names_every_operation_scope_and_problem():
    guide = (DOCS / "api.md").read_text(encoding="utf-8")
    for each in OPERATIONS:
        assert f"`{each.method} {each.path}`" in guide, each.path
        assert each.scope in (None, ANY) or f"`{each.scope}`" in guide
    for kind, (status, _) in KINDS.items():
        assert f"| {status} | `{kind}` |" in guide
