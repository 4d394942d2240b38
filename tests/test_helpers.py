"""The tests' own tools fail when they should: a guard that sleeps proves nothing."""

import pytest
from sqlalchemy import text

from tests.browser import guarded_page
from tests.cdn import cdn_file, integrity_of
from tests.factories import opened


def test_each_test_has_a_fresh_migrated_database(session):
    assert session.scalar(text("SELECT count(*) FROM alembic_version")) == 1


def test_a_database_that_is_used_again_has_its_version_again(databases):
    for _ in range(2):
        with databases("postgresql").fresh() as address, opened(address) as session:
            assert session.scalar(text("SELECT version_num FROM alembic_version")) != "0001"
            session.execute(text("UPDATE alembic_version SET version_num = '0001'"))
            session.commit()


def test_the_counter_sees_each_statement(session, query_counter):
    with query_counter() as statements:
        session.execute(text("SELECT 1"))
        session.execute(text("SELECT 2"))
    session.execute(text("SELECT 3"))
    assert statements == ["SELECT 1", "SELECT 2"]


@pytest.mark.browser
@pytest.mark.parametrize(
    ("script", "fault"),
    [
        ("() => fetch('https://elsewhere.example/', {mode: 'no-cors'}).catch(() => 0)", "asked for https"),
        ("() => console.error('broken')", "console: broken"),
    ],
)
def test_a_page_that_asks_outside_or_logs_an_error_fails(chromium, app, live_server, script, fault):
    def visit():
        with guarded_page(chromium, app, bypass_csp=True) as page:  # the policy would stop the page first
            page.goto(f"{live_server}/healthz")
            page.evaluate(script)

    with pytest.raises(AssertionError, match=fault):
        visit()


@pytest.mark.databases("sqlite")
def test_the_cdn_file_is_the_one_that_the_page_names(app):
    url, integrity = app.config["HTMX_URL"], app.config["HTMX_INTEGRITY"]
    assert integrity_of(cdn_file(url, integrity)) == integrity
    with pytest.raises(ValueError, match="has the integrity"):
        cdn_file(url, "sha384-another")
