from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderboard.domain.money import LARGEST, MINOR_DIGITS, format_amount, minor_digits, parse_amount
from leaderboard.domain.shown import quoted
from tests.domain.examples import properties

CURRENCIES = ["BRL", "USD", "JPY", "KWD", "CLF"]


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("1234.50", "BRL", 123450),
        ("1234.5", "BRL", 123450),
        ("1234", "BRL", 123400),
        ("1234.", "BRL", 123400),
        ("0.01", "BRL", 1),
        ("0.010", "BRL", 1),  # trailing zeros are no finer
        ("-0.01", "BRL", -1),
        ("-0", "BRL", 0),
        ("007.00", "BRL", 700),
        ("1234", "JPY", 1234),
        ("1234.00", "JPY", 1234),
        ("1.234", "KWD", 1234),
        ("0.0001", "CLF", 1),
        ("10000000000000.00", "BRL", LARGEST),
    ],
)
def test_k2_an_amount_is_exact_to_the_minor_unit(text, currency, minor):
    assert parse_amount(text, currency) == minor


@pytest.mark.parametrize(
    ("text", "currency", "reason"),
    [
        ("1234,50", "BRL", "write digits and a decimal point, such as 1234.50"),
        ("1.234,50", "BRL", "write digits and a decimal point"),
        ("1,234.50", "BRL", "write digits and a decimal point"),
        ("1 234.50", "BRL", "write digits and a decimal point"),
        ("R$ 10", "BRL", "write digits and a decimal point"),
        ("", "BRL", "is not an amount"),
        (".5", "BRL", "is not an amount"),
        ("1e3", "BRL", "is not an amount"),
        ("NaN", "BRL", "is not an amount"),
        ("Infinity", "BRL", "is not an amount"),
        ("+1", "BRL", "is not an amount"),
        ("--1", "BRL", "is not an amount"),
        ("1_000", "BRL", "is not an amount"),
        ("٣", "BRL", "is not an amount"),  # a digit of another script
        ("1\n", "BRL", "is not an amount"),
        ("1.005", "BRL", "has 2 decimal places"),
        ("1.5", "JPY", "has 0 decimal places"),
        ("1.0005", "KWD", "has 3 decimal places"),
        ("10000000000000.01", "BRL", "is too large"),
        ("1000000000000001", "JPY", "is too large"),
        ("9" * 40, "JPY", "is too large"),
        ("9" * 5000, "JPY", "is not an amount"),  # more digits than int() takes
    ],
)
def test_k2_what_is_no_amount_is_refused_with_the_value_and_the_remedy(text, currency, reason):
    with pytest.raises(ValueError) as refused:
        parse_amount(text, currency)
    assert reason in str(refused.value)
    assert str(refused.value).startswith(f"{quoted(text)} ")


@properties
@given(minor=st.integers(-LARGEST, LARGEST), currency=st.sampled_from(CURRENCIES))
def test_b1_an_amount_reads_back_as_it_is_written(minor, currency):
    assert parse_amount(format_amount(minor, currency), currency) == minor


@properties
@given(one=st.integers(0, 10**9), other=st.integers(0, 10**9), currency=st.sampled_from(CURRENCIES))
def test_b1_sums_of_minor_units_lose_nothing(one, other, currency):
    total = parse_amount(format_amount(one, currency), currency) + parse_amount(
        format_amount(other, currency), currency
    )
    assert format_amount(total, currency) == format_amount(one + other, currency)


@properties
@given(text=st.text(max_size=12))
def test_k2_any_text_is_an_integer_or_refused(text):
    with suppress(ValueError):
        assert isinstance(parse_amount(text, "BRL"), int)


def test_minor_units_are_two_unless_iso_4217_says_otherwise():
    assert minor_digits("BRL") == 2
    assert {minor_digits(each) for each in MINOR_DIGITS} == {0, 3, 4}
