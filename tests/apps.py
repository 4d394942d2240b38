"""Applications and engines for tests: each is a test's own, and shares only what it would compile anew."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from sqlalchemy import Engine
from werkzeug.routing import Rule

from leaderboard.app import create_app
from leaderboard.storage.database import db


class _Templates(BytecodeCache):
    """Templates as Python compiled them; Jinja looks whether the source is still the same."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self.kept:
            bucket.bytecode_from_string(self.kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.kept[bucket.key] = bucket.bytecode_to_string()


TEMPLATES = _Templates()


def _share_addresses() -> None:
    """Let applications share how the addresses of a rule are built.

    Werkzeug compiles that anew for each of two hundred rules, which is nine tenths of making an application.
    """
    compiled: dict[tuple[Any, ...], Any] = {}
    compile_anew = Rule._compile_builder

    def builder(rule: Rule, append_unknown: bool = True) -> Any:
        key = (rule.rule, rule.subdomain, rule.host, repr(rule.defaults), append_unknown)
        if key not in compiled:
            compiled[key] = compile_anew(rule, append_unknown)
        return compiled[key]

    Rule._compile_builder = builder


_share_addresses()


@cache
def _first_engine(address: str) -> Engine:
    app = create_app({"DATABASE_URL": address, "SECRET_KEY": "makes an engine", "TESTING": True})
    with app.app_context():
        return db.engine


def engine_of(address: str) -> Engine:
    """Return an engine as the product makes it: it shares statements and pool with earlier ones of the address.

    It is another object, so that what the product keeps for an engine is not what it kept in an earlier test. Dispose
    of it before the database is used again.
    """
    return _first_engine(address).execution_options()


def app_on(engine: Engine, address: str, settings: Mapping[str, Any]) -> Flask:
    """Return the application, which uses this engine of its address."""
    app = create_app({**settings, "DATABASE_URL": address})
    app.jinja_env.bytecode_cache = TEMPLATES
    with app.app_context():
        db.engines[None] = engine
    return app
