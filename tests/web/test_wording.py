"""Money reads as the language writes it, to the minor unit (B1); durations in their two largest units."""

from datetime import timedelta

import pytest
from flask import Flask
from flask_babel import force_locale
from hypothesis import given
from hypothesis import strategies as st

from leaderboard.app import create_app
from leaderboard.domain.money import MINOR_DIGITS, minor_digits
from leaderboard.web.wording import duration, money
from tests.conftest import SETTINGS
from tests.domain.examples import properties


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    return create_app({**SETTINGS, "DATABASE_URL": f"sqlite:///{tmp_path_factory.mktemp('money')}/x.db"})


@pytest.mark.parametrize(
    ("language", "amount", "currency", "text"),
    [
        ("en", 123_456_789, "BRL", "R$1,234,567.89"),
        ("pt_BR", 123_456_789, "BRL", "R$\xa01.234.567,89"),
        ("en", 5, "USD", "$0.05"),
        ("pt_BR", -5, "EUR", "-€\xa00,05"),
        ("en", 1_500, "JPY", "¥1,500"),
        ("en", 1_234, "KWD", "KWD\xa01.234"),
        ("en", 123_456_789_012_345_678, "BRL", "R$1,234,567,890,123,456.78"),
        ("en", 0, "IQD", "IQD\xa00.000"),  # Babel itself would show no decimals
    ],
)
def test_b1_money_reads_as_the_language_writes_it(app, language, amount, currency, text):
    with app.test_request_context(), force_locale(language):
        assert money(amount, currency) == text
        assert app.jinja_env.filters["money"](amount, currency) == text


@properties
@given(
    amount=st.integers(0, 10**18),
    currency=st.sampled_from(["BRL", "RSD", *MINOR_DIGITS]),
    language=st.sampled_from(("en", "pt_BR")),
)
def test_b1_no_minor_unit_is_lost(app, amount, currency, language):
    with app.test_request_context(), force_locale(language):
        shown = money(amount, currency)
    digits = "".join(each for each in shown if each.isdigit())
    assert int(digits) == amount
    assert len(digits) > minor_digits(currency)


@pytest.mark.parametrize(
    ("length", "has_days", "text"),
    [
        (timedelta(0), False, "0 s"),
        (timedelta(seconds=59), False, "59 s"),
        (timedelta(minutes=20), False, "20 min"),
        (timedelta(hours=3, minutes=20, seconds=59), False, "3 h 20 min"),
        (timedelta(hours=8, seconds=1), False, "8 h 1 s"),  # a target missed by a second shows
        (timedelta(hours=1_250), False, "1,250 h"),
        (timedelta(days=2, hours=5), False, "53 h"),
        (timedelta(days=2, hours=5), True, "2 d 5 h"),
        (timedelta(minutes=-5), False, "\u22125 min"),
        (timedelta(microseconds=-5), False, "0 s"),
    ],
)
def test_a_duration_reads_in_its_two_largest_units(app, length, has_days, text):
    with app.test_request_context(), force_locale("en"):
        assert duration(length, has_days=has_days).replace("\xa0", " ") == text
        assert app.jinja_env.filters["duration"](length, has_days=has_days).replace("\xa0", " ") == text
    with app.test_request_context(), force_locale("pt_BR"):
        assert duration(timedelta(hours=1_250)) == "1.250\xa0h"
