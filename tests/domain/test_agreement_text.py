"""Agreements written as TOML: what was read comes back the same, whatever stands in it."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leaderboard.domain.agreement_file import parse_agreement
from leaderboard.domain.agreement_text import document_of, write_agreement, write_document, write_duration
from leaderboard.domain.toml_table import parse_duration
from leaderboard.services.demo import demo_file
from tests.domain.agreements import agreements
from tests.domain.examples import properties

CURRENCIES = st.sampled_from(["BRL", "JPY", "KWD"])


@settings(properties, max_examples=120)
@given(agreements(), CURRENCIES)
def test_what_is_written_is_read_back_the_same(agreement, currency):
    text = write_agreement(agreement, currency)
    again = parse_agreement(text, currency)
    assert again == agreement
    assert list(again.definitions) == list(agreement.definitions)
    assert write_agreement(again, currency) == text


@pytest.mark.parametrize("name", ["agreement.toml", "first_agreement.toml"])
def test_the_demos_agreements_are_written_without_loss(name):
    agreement = parse_agreement(demo_file(name), "BRL")
    assert parse_agreement(write_agreement(agreement, "BRL"), "BRL") == agreement


@properties
@given(st.dictionaries(st.text(), st.text(), min_size=1))
def test_definitions_hold_any_text_there_is(definitions):
    document = document_of(parse_agreement(demo_file("agreement.toml"), "BRL"), "BRL")
    written = write_document({**document, "definitions": definitions})
    assert parse_agreement(written, "BRL").definitions == definitions


def test_half_a_surrogate_pair_becomes_a_question_mark():
    document = document_of(parse_agreement(demo_file("agreement.toml"), "BRL"), "BRL")
    document["definitions"] = {"MQL": "a\ud800b"}
    assert parse_agreement(write_document(document), "BRL").definitions == {"MQL": "a?b"}


@pytest.mark.parametrize(
    ("duration", "elapsed", "working"),
    [
        (timedelta(0), "0s", "0s"),
        (timedelta(seconds=30), "30s", "30s"),
        (timedelta(minutes=90), "90m", "90m"),
        (timedelta(hours=8), "8h", "8h"),
        (timedelta(days=2), "2d", "48h"),  # two days of working time would be read as two working days
    ],
)
def test_t2_a_duration_is_written_in_its_largest_unit_and_working_time_in_hours(duration, elapsed, working):
    assert (write_duration(duration), write_duration(duration, is_working=True)) == (elapsed, working)
    assert parse_duration(elapsed) == parse_duration(working) == duration


def test_what_stands_in_no_agreement_is_not_written():
    with pytest.raises(TypeError, match="float stands in no file"):
        write_document({"agreement": {"title": 0.5}})


def test_shares_and_dates_are_written_as_a_reader_would():
    document = {"agreement": {"effective_from": date(2026, 10, 1), "share": Decimal("0.95"), "is": True}}
    assert write_document(document) == "[agreement]\neffective_from = 2026-10-01\nshare = 0.95\nis = true\n"
