"""Comparing agreements: everything that differs is told, once, and nothing else."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leaderboard.domain.agreement import Count, Levels
from leaderboard.domain.agreement_changes import compare
from leaderboard.domain.agreement_file import parse_agreement
from leaderboard.domain.agreement_text import write_agreement
from leaderboard.services.demo import demo_file
from tests.domain.agreements import agreements
from tests.domain.examples import properties

few = settings(properties, max_examples=60)  # two whole agreements take a while to make up


@pytest.fixture
def demo():
    return parse_agreement(demo_file("agreement.toml"), "BRL")


def changed(agreement, key, **values):
    slas = [replace(sla, **values) if sla.key == key else sla for sla in agreement.slas]
    return replace(agreement, slas=tuple(slas))


def told(comparison):
    return [(each.key, each.status, list(each.changes)) for each in comparison.entries if each.status != "same"]


@few
@given(agreements(), agreements(), st.booleans())
def test_two_agreements_are_the_same_if_and_only_if_nothing_is_told(one, other, is_renamed):
    other = replace(one, title=other.title) if is_renamed else other
    found = compare(one, other)
    assert found.is_same == (write_agreement(one, "BRL") == write_agreement(other, "BRL"))
    assert compare(one, one).is_same


@few
@given(agreements(), agreements())
def test_seen_from_the_other_side_new_is_gone_and_after_is_before(one, other):
    there, back = compare(one, other), compare(other, one)
    assert there.count("new") == back.count("gone")
    assert there.count("changed") == back.count("changed")
    assert {(key, before, after) for key, before, after in there.head} == {
        (key, after, before) for key, before, after in back.head
    }
    assert there.reordered == back.reordered


@few
@given(agreements(), agreements())
def test_every_entry_of_either_agreement_stands_in_the_comparison_once(one, other):
    found = compare(one, other)
    for entries, old, new in (
        (found.slas, [sla.key for sla in one.slas], [sla.key for sla in other.slas]),
        (found.bonuses, [each.key for each in one.bonuses], [each.key for each in other.bonuses]),
        (found.definitions, list(one.definitions), list(other.definitions)),
    ):
        assert [each.key for each in entries] == new + [key for key in old if key not in new]


def test_a_changed_target_is_told_from_what_to_what(demo):
    levels = Levels(timedelta(hours=4), timedelta(hours=2))
    assert told(compare(demo, changed(demo, "speed-to-lead", levels=levels))) == [
        ("speed-to-lead", "changed", [("met", timedelta(hours=8), timedelta(hours=4))])
    ]


def test_a_detail_of_a_measure_is_told_by_its_name(demo):
    measure = replace(demo.slas[0].measure, credit="closer")
    assert told(compare(demo, changed(demo, "speed-to-lead", measure=measure))) == [
        ("speed-to-lead", "changed", [("measure.credit", "owner", "closer")])
    ]


def test_what_is_measured_otherwise_is_told_as_one_change(demo):
    other = changed(demo, "speed-to-lead", measure=Count(frozenset({"lead.disposed"})))
    assert told(compare(demo, other)) == [
        ("speed-to-lead", "changed", [("measure", "ResponseTime", "Count")]),
    ]


def test_what_is_gone_new_or_moved_is_told_as_such(demo):
    other = replace(
        demo,
        effective_from=date(2027, 1, 1),
        definitions={**demo.definitions, "SQL": "x"},
        slas=(demo.slas[1], demo.slas[0], *demo.slas[2:]),
        bonuses=demo.bonuses[1:],
    )
    found = compare(demo, other)
    assert found.head == (("effective_from", date(2000, 1, 1), date(2027, 1, 1)),)
    assert told(found) == [("SQL", "new", []), ("quarter-win", "gone", [])]
    assert (found.reordered, found.count("same")) == (("slas",), 20)
