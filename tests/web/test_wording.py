"""Money reads as the language writes it, to the minor unit (B1)."""

import pytest
from flask import Flask
from flask_babel import force_locale
from hypothesis import given
from hypothesis import strategies as st

from leaderboard.app import create_app
from leaderboard.domain.money import MINOR_DIGITS, minor_digits
from leaderboard.web.wording import money
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
