"""Edits of an agreement's tables: one entry changes, the others stay as and where they were."""

import pytest

from leaderboard.domain.agreement_edits import add_missing, entry_of, keys_of, move, put, remove
from leaderboard.domain.agreement_file import parse_agreement
from leaderboard.domain.agreement_text import document_of, write_document
from leaderboard.domain.errors import AgreementRefused
from leaderboard.services.demo import demo_file

WORDS = ["Lead", "MQL", "SAL", "Disposed", "Opportunity"]


@pytest.fixture
def demo():
    return document_of(parse_agreement(demo_file("agreement.toml"), "BRL"), "BRL")


def read(document):
    return parse_agreement(write_document(document), "BRL")


def test_an_entry_is_put_in_its_place_or_at_the_end(demo):
    first, rest = demo["sla"][0], keys_of(demo, "sla")[1:]
    put(demo, "sla", "speed-to-lead", {**first, "title": "Faster"})
    put(demo, "sla", None, {**first, "key": "new"})
    assert keys_of(demo, "sla") == ["speed-to-lead", *rest, "new"]
    assert read(demo).slas[0].title == "Faster"
    assert read(demo).slas[-1].title == first["title"]


def test_rates_follow_an_sla_that_gets_another_key(demo):
    put(demo, "sla", "speed-to-lead", {**demo["sla"][0], "key": "speed"})
    assert entry_of(demo, "sla", "on-time-rate")["measure"]["of_sla"] == "speed"
    assert read(demo).slas[0].key == "speed"


def test_a_definition_is_renamed_in_its_place_and_added_at_the_end(demo):
    put(demo, "definitions", "MQL", {"word": "Marketing qualified lead", "meaning": "Scored 60."})
    put(demo, "definitions", None, {"word": "SQL", "meaning": "Has a budget."})
    assert list(read(demo).definitions) == ["Lead", "Marketing qualified lead", *WORDS[2:], "SQL"]
    assert entry_of(demo, "definitions", "SQL") == {"word": "SQL", "meaning": "Has a budget."}
    assert entry_of(demo, "definitions", "MQL") is None


@pytest.mark.parametrize(
    ("word", "meaning", "fields"),
    [
        ("Lead", "Another.", [("word", "twice")]),
        ("  ", "x", [("word", "missing")]),
        ("SQL", " \n", [("meaning", "missing")]),
        ("", "", [("word", "missing"), ("meaning", "missing")]),
    ],
)
def test_a_definition_needs_a_word_of_its_own_and_a_meaning(demo, word, meaning, fields):
    with pytest.raises(AgreementRefused) as refused:
        put(demo, "definitions", None, {"word": word, "meaning": meaning})
    assert [(each.field, each.why) for each in refused.value.problems] == fields
    assert keys_of(demo, "definitions") == WORDS


@pytest.mark.parametrize("part", ["definitions", "sla", "bonus"])
def test_what_is_removed_is_gone_and_what_is_moved_changes_places(demo, part):
    keys = keys_of(demo, part)
    move(demo, part, keys[0], 1)
    assert keys_of(demo, part) == [keys[1], keys[0], *keys[2:]]
    move(demo, part, keys[0], -1)
    for by in (-1, -9):
        move(demo, part, keys[0], by)
    move(demo, part, keys[-1], 1)
    assert keys_of(demo, part) == keys
    remove(demo, part, keys[1])
    assert keys_of(demo, part) == [keys[0], *keys[2:]]


def test_parts_of_another_agreement_are_added_where_there_is_nothing_of_that_key(demo):
    other = document_of(parse_agreement(demo_file("first_agreement.toml"), "BRL"), "BRL")
    remove(demo, "sla", "training")
    remove(demo, "definitions", "MQL")
    assert add_missing(demo, other) == [("definitions", "MQL"), ("sla", "training")]
    assert entry_of(demo, "definitions", "MQL")["meaning"] == "A lead whose score reached 50."
    assert entry_of(demo, "sla", "speed-to-lead")["levels"] == {"met": "8h", "exceeded": "2h"}
