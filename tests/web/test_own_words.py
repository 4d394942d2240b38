"""How values, targets and moments read on a rep's pages."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from flask_babel import force_locale

from leaderboard.app import create_app
from leaderboard.web.own_words import soon
from leaderboard.web.result_words import missing, target, value_of
from tests.conftest import SETTINGS

HOUR = timedelta(hours=1)
NOW = datetime(2026, 11, 18, 15, tzinfo=UTC)  # a Wednesday; times are UTC before an organisation is loaded


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    return create_app({**SETTINGS, "DATABASE_URL": f"sqlite:///{tmp_path_factory.mktemp('words')}/x.db"})


def plain(text):
    return text.replace("\N{NO-BREAK SPACE}", " ").replace("\N{NARROW NO-BREAK SPACE}", " ")


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (NOW + HOUR, "4:00 PM"),
        (NOW - timedelta(hours=15), "12:00 AM"),
        (NOW + timedelta(hours=9), "Thu 12:00 AM"),
        (NOW + timedelta(days=6), "Tue 3:00 PM"),
        (NOW + timedelta(days=7), "Wed, Nov 25"),
        (NOW - timedelta(days=6), "Thu 3:00 PM"),
        (NOW - timedelta(days=7), "Wed, Nov 11"),
    ],
)
def test_a_moment_is_told_as_short_as_can_be(app, at, text):
    with app.test_request_context(), force_locale("en"):
        assert plain(soon(at, NOW)) == text


@pytest.mark.parametrize(
    ("value", "kind", "is_working", "text"),
    [
        (8 * HOUR, "response_time", True, "8 h"),
        (48 * HOUR, "response_time", True, "48 h"),
        (48 * HOUR, "response_time", False, "2 d"),
        (7 * 24 * HOUR, "completion", True, "7 d"),
        (Decimal("0.85"), "rate", True, "85%"),
        (Decimal("0.9755"), "rate", True, "97.55%"),
        (1200, "count", True, "1,200"),
    ],
)
def test_a_target_reads_by_the_kind_of_its_measure(app, value, kind, is_working, text):
    with app.test_request_context(), force_locale("en"):
        assert plain(target(value, kind, is_working=is_working)) == text


@pytest.mark.parametrize(
    ("value", "cases", "kind", "text"),
    [
        (None, None, "response_time", ""),
        (90 * 60_000_000, None, "response_time", "1 h 30 min"),
        (25 * 3_600_000_000, None, "completion", "1 d 1 h before its date"),
        (0, None, "completion", "0 s before its date"),
        (-3_600_000_000, None, "completion", "1 h late"),
        (9, 10, "rate", "9 of 10"),
        (4, None, "count", "4"),
    ],
)
def test_a_value_reads_by_the_kind_of_its_measure(app, value, cases, kind, text):
    with app.test_request_context(), force_locale("en"):
        assert plain(value_of(value, cases, kind)) == text


def test_what_is_missing_reads_as_one_would_say_it(app):
    with app.test_request_context(), force_locale("en"):
        assert [missing(1, "rate"), missing(3, "rate"), missing(2, "count")] == [
            "1 more in time", "3 more in a row in time", "2 more"]  # fmt: skip
