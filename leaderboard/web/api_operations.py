"""The operations of the API: each is described where it is defined, and goes through the same door.

    @operation("GET", "/periods", tag="results", query=PageQuery, answer=Periods)
    def periods(call: Call) -> Answer:
        \"\"\"Summary.

        Description.
        \"\"\"

The door, in this order: https, the token, its allowance, its scope, the query, the body, the Idempotency-Key.
"""

import hashlib
import inspect
import re
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, current_app, g, request
from pydantic import BaseModel, ValidationError
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Session

from leaderboard.domain.errors import KeyReused, KeyUnderWay, Refused, Throttled, TokenRefused
from leaderboard.services import idempotency
from leaderboard.services.idempotency import Answer as KeptAnswer
from leaderboard.services.metering import Allowance, Meter
from leaderboard.services.reading import is_unfit
from leaderboard.services.scopes import Scope
from leaderboard.services.tokens import READ, Bearer, Sight, bearer_of, note_wrong_token, scope_of_bearer, sight_of
from leaderboard.storage.database import db
from leaderboard.web.api_bodies import JSON, body_of
from leaderboard.web.api_problems import CHALLENGE, MEDIA_TYPE, Problem, answer_problem
from leaderboard.web.clock import utc_now
from leaderboard.web.rights import public
from leaderboard.web.sessions import csrf, limits
from leaderboard.web.throttling import address

bp = Blueprint("api", __name__, url_prefix="/api/v1")
csrf.exempt(bp)
KEY = re.compile(r"[A-Za-z0-9._:-]{16,128}")
KEY_HEADER = "Idempotency-Key"
LONGEST_TOKEN = 200
ANY = "any"  # scope of what every token may
OPERATIONS: list["Operation"] = []


@dataclass(frozen=True)
class Operation:
    """What the API can do. path: with {names}. scope: None where no token is needed; answer: None for one of TOML.

    takes: by media type of the body its model, or the name of a schema written by hand. problems: kinds beyond those
    that every operation has. has_key: whether it takes an Idempotency-Key.
    """

    method: str
    path: str
    name: str
    tag: str
    view: Callable[..., Any]
    answer: type[BaseModel] | None
    scope: str | None
    query: type[BaseModel] | None
    takes: Mapping[str, Any]
    problems: Sequence[str]
    has_key: bool

    @property
    def summary(self) -> str:
        """What it does, in a line."""
        return inspect.cleandoc(self.view.__doc__ or "").split("\n", 1)[0]

    @property
    def description(self) -> str:
        """What else is to be known of it."""
        return inspect.cleandoc(self.view.__doc__ or "").partition("\n\n")[2]


@dataclass(frozen=True)
class Call:
    """A request that came through the door. bearer: whose; query: as the operation's model has it."""

    bearer: Bearer
    query: Any
    now: datetime
    media_type: str = ""
    body: bytes = field(default=b"", repr=False)

    @property
    def session(self) -> Session:
        """The session of the request."""
        return db.session()

    @property
    def filters(self) -> dict[str, Any]:
        """What a list is asked for, but for the page."""
        return self.query.model_dump(exclude={"limit", "cursor"})

    def scope(self) -> Scope:
        """Return which teams the bearer may look into."""
        return scope_of_bearer(self.session, self.bearer, now=self.now)

    def sight(self) -> Sight:
        """Return what the bearer may see of results and points."""
        return sight_of(self.session, self.bearer, now=self.now)


Answer = BaseModel | Response


def operation(
    method: str,
    path: str,
    *,
    tag: str,
    answer: type[BaseModel] | None,
    scope: str | None = READ,
    query: type[BaseModel] | None = None,
    takes: Mapping[str, Any] | None = None,
    problems: Sequence[str] = (),
    has_key: bool = False,
) -> Callable[[Callable[..., Answer]], Callable[..., Answer]]:
    """Make a function an operation of the API; see Operation. Its docstring describes it to those who use the API."""

    def register(view: Callable[..., Answer]) -> Callable[..., Answer]:
        name = view.__name__
        made = Operation(method, path, name, tag, view, answer, scope, query, takes or {}, problems, has_key)
        OPERATIONS.append(made)

        def through_the_door(**values: Any) -> Response:
            return _run(made, values)

        through_the_door.provide_automatic_options = False  # type: ignore[attr-defined]
        rule = re.sub(r"\{(\w+)\}", r"<int:\1>", path)
        bp.add_url_rule(rule, name, public(through_the_door), methods=[method])
        return view

    return register


@bp.record_once
def _measure(state: Any) -> None:
    state.app.extensions["meter"] = Meter(state.app.config["API_REQUESTS_A_MINUTE"])


@bp.after_request
def _tell_allowance(response: Response) -> Response:
    """Say what the token has left, as draft-ietf-httpapi-ratelimit-headers has it."""
    allowance: Allowance | None = g.get("allowance")
    if allowance is not None:
        response.headers["RateLimit-Policy"] = f'"minute";q={allowance.limit};w=60'
        response.headers["RateLimit"] = f'"minute";r={allowance.remaining};t={allowance.seconds}'
    response.headers.setdefault("Vary", "Authorization")
    return response


def _run(made: Operation, values: Mapping[str, Any]) -> Response:
    try:
        if made.scope is None:
            return _shown(made.view(**values))
        now = utc_now()
        bearer = _bearer(now)
        _check_allowance(bearer, now)
        _check_scope(bearer, made.scope)
        g.rules_version, g.scores_version = bearer.rules_version, bearer.scores_version
        query = _query(made.query)
        media_type, body = body_of(tuple(made.takes)) if made.takes else ("", b"")
        call = Call(bearer, query, now, media_type, body)
        if made.has_key and KEY_HEADER in request.headers:
            return _once(made, call, values, request.headers[KEY_HEADER])
        return _done(made, call, values)
    except Problem as problem:
        return answer_problem(problem)


def _done(made: Operation, call: Call, values: Mapping[str, Any]) -> Response:
    """Do what is asked for; what the services refuse is told as a problem."""
    try:
        return _shown(made.view(call, **values))
    except Problem as problem:
        return answer_problem(problem)
    except Refused as error:
        return answer_problem(Problem("refused", str(error)))


def _once(made: Operation, call: Call, values: Mapping[str, Any], key: str) -> Response:
    """Do what is asked for, or answer as before where the key has come with the same request."""
    if not KEY.fullmatch(key):
        raise Problem("malformed", f"The {KEY_HEADER} is not 16 to 128 letters, digits and . _ : -; a UUID does.")
    token_id = call.bearer.token_id
    told = b"\0".join((made.name.encode(), request.query_string, call.media_type.encode(), call.body))
    try:
        kept = idempotency.begin(call.session, token_id, key, hashlib.sha256(told).hexdigest(), now=call.now)
    except KeyReused as error:
        raise Problem("key-reused", str(error)) from None
    except KeyUnderWay as error:
        raise Problem("under-way", str(error), headers={"Retry-After": "2"}) from None
    if kept is not None:
        mimetype = JSON if kept.status < 400 else MEDIA_TYPE
        return Response(kept.body, kept.status, {"Idempotent-Replayed": "true"}, mimetype=mimetype)
    try:
        response = _done(made, call, values)
    except BaseException:
        with suppress(SQLAlchemyError, sqlite3.Error):
            idempotency.abandon(call.session, token_id, key)
        raise
    idempotency.finish(call.session, token_id, key, KeptAnswer(response.status_code, response.get_data(as_text=True)))
    return response


def _shown(answer: Answer) -> Response:
    if isinstance(answer, Response):
        return answer
    return Response(answer.model_dump_json(), headers=link_to(getattr(answer, "next", None)), mimetype=JSON)


def link_to(following: str | None) -> dict[str, str]:
    """Return the header that leads to the next page; none at the end."""
    return {} if following is None else {"Link": f'<{following}>; rel="next"'}


def _bearer(now: datetime) -> Bearer:
    """Return whose request it is; Problem for one without a token that lets in."""
    if current_app.config["COOKIE_SECURE"] and not request.is_secure:
        raise Problem(
            "https-required",
            "This request came by plain http: whoever was on its way has the token. Revoke it, use https.",
        )
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    token = token.strip()
    if kind.lower() != "bearer" or not token:
        raise Problem("no-token", "Send a token in the header: Authorization: Bearer sla_…")
    try:
        return bearer_of(db.session(), token[:LONGEST_TOKEN], now=now)
    except TokenRefused as error:
        told = str(error)
    try:
        note_wrong_token(db.session(), address=address(), now=now, limits=limits())
    except Throttled as error:
        raise Problem("too-many", f"{told} {error}", headers={"Retry-After": str(error.seconds)}) from None
    raise Problem("unknown-token", told)


def _check_allowance(bearer: Bearer, now: datetime) -> None:
    try:
        g.allowance = allowance = current_app.extensions["meter"].take(db.session(), bearer, now=now)
    except IntegrityError:  # it was revoked at this moment
        raise Problem("unknown-token", str(TokenRefused("unknown"))) from None
    if not allowance.is_allowed:
        told = (
            f"This token has made its {allowance.limit} requests of this minute; go on in {allowance.seconds} seconds."
        )
        raise Problem("too-many", told, headers={"Retry-After": str(allowance.seconds)})


def _check_scope(bearer: Bearer, scope: str) -> None:
    if scope != ANY and scope not in bearer.scopes:
        told = f"This needs a token with the scope {scope}"
        told += "." if scope == READ else " of an administrator's account; make one under API tokens."
        challenge = f'{CHALLENGE}, error="insufficient_scope", scope="{scope}"'
        raise Problem("not-allowed", told, headers={"WWW-Authenticate": challenge})


def _query(model: type[BaseModel] | None) -> BaseModel | None:
    """Return what the address asks for; Problem for what stands twice, is unknown, or is not of its kind."""
    if model is None:
        if request.args:
            raise _unfit([{"where": f"query {next(iter(request.args))}", "detail": "is not asked for here"}])
        return None
    twice = [name for name in request.args if len(request.args.getlist(name)) > 1]
    if twice:
        raise _unfit([{"where": f"query {twice[0]}", "detail": "stands twice; give it once"}])
    given = request.args.to_dict()
    try:
        made = model.model_validate(given)
    except ValidationError as error:
        raise _unfit(faults_of(error, "query ")) from None
    for name, value in given.items():
        if is_unfit(value):
            raise _unfit([{"where": f"query {name}", "detail": "holds a character that is none"}])
    return made


def _unfit(errors: Sequence[Mapping[str, str]]) -> Problem:
    first = errors[0]
    return Problem("malformed", f"{first['where']}: {first['detail']}.", errors=errors)


def faults_of(error: ValidationError, start: str = "/") -> list[dict[str, str]]:
    """Return what is wrong where, the first fifty."""
    return [
        {"where": start + "/".join(map(str, each["loc"])), "detail": each["msg"].removeprefix("Value error, ")[:300]}
        for each in error.errors(include_url=False, include_input=False, include_context=False)[:50]
    ]


def read_sent(model: type[BaseModel], sent: Any) -> Any:
    """Return a body as its model has it; Problem for what is not so."""
    try:
        return model.model_validate(sent)
    except ValidationError as error:
        raise _unfit(faults_of(error)) from None
