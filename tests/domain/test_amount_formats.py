"""Amounts whose marks show by themselves, and those that show nothing."""

import pytest

from leaderboard.domain.amount_formats import FoundOut
from leaderboard.domain.inbound import RowError


@pytest.mark.parametrize(
    ("text", "plain", "currency"),
    [
        ("1.234,50", "1234.50", ""), ("1,234.50", "1234.50", ""), ("1.234.567", "1234567", ""),
        ("1,234,567", "1234567", ""),

        ("12,5", "12.5", ""), ("0.125", "0.125", ""), ("1234.125", "1234.125", ""), ("7", "7", ""),
        ("-1.234,5", "-1234.5", ""),
        ("R$ 1.234,50", "1234.50", "BRL"), ("-R$ 7", "-7", "BRL"), ("US$ 7.50", "7.50", "USD"),
        ("7,50 €", "7.50", "EUR"),
        ("EUR 7,50", "7.50", "EUR"), ("7.50 GBP", "7.50", "GBP"), ("12\u202f500,50", "12500.50", ""),
        ("1\u2019234.5", "1234.5", ""),
    ],
)  # fmt: skip
def test_an_amount_is_read_by_what_it_shows(text, plain, currency):
    found = FoundOut()
    assert (found.plain(text), found.currency_of(text)) == (plain, currency)


@pytest.mark.parametrize("text", ["$ 7", "7 apples", "1.23.4,5", "1,2,3", "1.234,5,6", "", "--7", "1 2"])
def test_what_is_no_amount_is_refused(text):
    with pytest.raises(RowError, match="is not an amount"):
        FoundOut().plain(text)


@pytest.mark.parametrize(("beside", "plain"), [(["1,5"], "1234"), (["1.5"], "1.234"), (["1,234.5", "x"], "1.234")])
def test_an_amount_that_shows_nothing_is_read_as_those_beside_it(beside, plain):
    assert FoundOut().settled([*beside, "1.234"]).plain("1.234") == plain


@pytest.mark.parametrize("beside", [[], ["7"], ["1,5", "1.5"]])
def test_k2_an_amount_that_could_be_a_thousand_times_as_much_is_refused(beside):
    with pytest.raises(RowError, match="can be read in two ways"):
        FoundOut().settled(beside).plain("1,234")


def test_a_sign_that_the_mapping_names_is_left_out():
    assert FoundOut("$").plain("$1,234.50") == "1234.50"
