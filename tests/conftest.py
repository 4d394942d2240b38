"""Fixtures for all tests: both databases, the application, a query counter, a browser."""

import gc
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Page, sync_playwright
from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from tests import browser as browsing
from tests.apps import app_on, engine_of
from tests.database import PostgresqlDatabases, SqliteDatabases, postgresql_server
from tests.documents import run
from tests.ready_command import ready_command

DATABASES = ("sqlite", "postgresql")
SETTINGS = {
    "TESTING": True,
    "SECRET_KEY": "0123456789abcdef-a-key-for-tests-only",
    "COOKIE_SECURE": False,
    "ARGON2_MEMORY_KIB": 8,  # as cheap as argon2 goes
    "ARGON2_PASSES": 1,
}


# Python's search for cycles goes through thousands of collected tests again and again: it takes an eighth of the time.
gc.set_threshold(200_000, 20, 100)


def pytest_collection_finish() -> None:
    """Leave what is collected out of the search for cycles."""
    gc.collect()
    gc.freeze()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run each test that uses a database on both kinds, unless its marker names fewer.

    Pages that are not marked run on SQLite: what they show comes from services, whose tests run on both.
    """
    if "database_url" not in metafunc.fixturenames:
        return
    marker = metafunc.definition.get_closest_marker("databases")
    is_page = metafunc.definition.get_closest_marker("browser") or metafunc.definition.path.parent.name == "web"
    names = marker.args if marker else ("sqlite",) if is_page else DATABASES
    metafunc.parametrize("database_url", names, indirect=True)


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Any]]:
    """Return where fresh databases of a kind come from; each kind is started when first asked for."""
    with ExitStack() as running:
        started: dict[str, Any] = {}

        def of_kind(kind: str) -> Any:
            if kind not in started and kind == "postgresql":
                started[kind] = PostgresqlDatabases(running.enter_context(postgresql_server()))
                running.callback(started[kind].close)
            elif kind not in started:
                started[kind] = SqliteDatabases(tmp_path_factory.mktemp("sqlite"))
            return started[kind]

        yield of_kind


@pytest.fixture
def database_url(databases: Callable[[str], Any], request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a fresh, migrated database."""
    with databases(request.param).fresh() as address:
        yield address


@pytest.fixture
def pool(database_url: str) -> Iterator[Engine]:
    """The engine that the application and the session have in common."""
    engine = engine_of(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def app(database_url: str, pool: Engine) -> Iterator[Flask]:
    app = app_on(pool, database_url, SETTINGS)
    yield app
    app.extensions["hub"].stop()  # else it goes on looking into a database that is gone


@pytest.fixture
def session(pool: Engine) -> Iterator[Session]:
    """A session outside every request: no application context stays open, so requests get their own."""
    with Session(pool, expire_on_commit=False) as session:
        yield session


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def query_counter(pool: Engine) -> Callable[[], AbstractContextManager[list[str]]]:
    """`with query_counter() as statements:` collects the SQL statements sent meanwhile."""

    @contextmanager
    def counting() -> Iterator[list[str]]:
        statements: list[str] = []

        def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            statements.append(statement)

        event.listen(pool, "before_cursor_execute", note)
        try:
            yield statements
        finally:
            event.remove(pool, "before_cursor_execute", note)

    return counting


@pytest.fixture(scope="session")
def shell() -> Iterator[Callable[..., str]]:
    """`shell(script, folder, **environment)` runs lines in which `leaderboard` is our command."""
    with ready_command() as folder:
        yield partial(run, commands=folder)


@pytest.fixture
def live_server(app: Flask) -> Iterator[str]:
    """The address of the application, served on a free port."""
    with browsing.served(app) as address:
        yield address


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = browsing.launch(playwright)
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium: Browser, app: Flask, live_server: str) -> Iterator[Callable[..., Page]]:
    """`open_page(viewport=…, locale=…, color_scheme=…)` opens a page in a context of its own."""
    with ExitStack() as pages:

        def opened(**options: Any) -> Page:
            options = {"base_url": live_server, "locale": "en-US", **options}
            return pages.enter_context(browsing.guarded_page(chromium, app, **options))

        yield opened


@pytest.fixture
def page(open_page: Callable[..., Page]) -> Page:
    return open_page(viewport={"width": 1440, "height": 900})


@pytest.fixture
def axe() -> Callable[[Page], None]:
    """`axe(page)` fails with what axe finds."""
    return browsing.check_accessibility
