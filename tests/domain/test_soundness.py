"""Verdicts on the data: from when on something is looked at, and from when on it is mended first."""

from fractions import Fraction

import pytest

from leaderboard.domain.agreement_file import parse_agreement
from leaderboard.domain.soundness import CHECKS, FEW_CASES, Types, Verdict, judge, overall, starved, types_of
from tests.services.examples import ON_TIME, PIPELINE, SPEED, TRAINING, WINS, agreement, sla

GOOD, LOOK, MEND = Verdict
CLOSER = sla(
    "won", 'kind = "response_time", from = ["lead.qualified"], to = ["lead.won"], pause = ["lead.parked"]', 'met = "8h"'
).replace('participant = "member"', 'participant = "team"')
RATE = sla("rate", 'kind = "rate", of = ["lead.qualified"], in = ["lead.won"], at_least = 2', "met = 0.5")


def agreed(*slas):
    return parse_agreement(agreement(*slas), "BRL")


@pytest.mark.parametrize(
    ("check", "number", "of", "verdict"),
    [
        ("unowned", 0, 1000, GOOD),
        ("unowned", 9, 1000, GOOD),
        ("unowned", 10, 1000, LOOK),
        ("unowned", 99, 1000, LOOK),
        ("unowned", 100, 1000, MEND),
        ("unowned", FEW_CASES - 1, FEW_CASES - 1, LOOK),  # too few to say more
        ("unowned", FEW_CASES, FEW_CASES, MEND),
        ("undisposed", 25, 10, MEND),  # more than began since
        ("disorder", 4, 1000, GOOD),
        ("disorder", 5, 1000, LOOK),
        ("disorder", 50, 1000, MEND),
        ("day_end", 149, Fraction(100), GOOD),
        ("day_end", 150, Fraction(100), LOOK),
        ("day_end", 250, Fraction(100), MEND),
        ("day_end", 19, Fraction(1), LOOK),
        ("day_end", 20, Fraction(1), MEND),
        ("silent", 2, 1, GOOD),
        ("silent", 3, 1, LOOK),
        ("silent", 9, 1, LOOK),
        ("silent", 10, 1, MEND),
        ("starved", 1, 12, MEND),
        ("undefined", 1, 1, MEND),
        ("unsigned", 2, 2, LOOK),
        ("unknown", 500, 1, LOOK),
        ("nameless", 1, 40, LOOK),
        ("late", 0, 0, GOOD),
        ("late", 1, 0, GOOD),
    ],
)
def test_the_verdict_on_a_check(check, number, of, verdict):
    assert judge(check, number, of) is verdict


def test_what_has_a_share_to_mend_from_has_a_smaller_one_to_look_from():
    for check, limits in CHECKS.items():
        assert limits.mend is None or limits.look <= limits.mend, check
    with pytest.raises(KeyError):
        judge("no such check", 1, 1)


def test_all_of_it_is_as_bad_as_its_worst():
    assert overall([]) is GOOD
    assert overall([GOOD, LOOK, GOOD]) is LOOK
    assert overall([LOOK, MEND, GOOD]) is MEND


def test_types_play_the_parts_that_the_slas_give_them():
    types = types_of(agreed(SPEED, CLOSER, WINS, ON_TIME, TRAINING))
    assert types == Types(
        begin_of_members=frozenset({"lead.assigned"}),
        begin_of_teams=frozenset({"lead.qualified"}),
        end=frozenset({"lead.disposed", "lead.won"}),
        used=frozenset(
            "lead.assigned lead.disposed lead.reopened lead.qualified lead.won lead.parked opportunity.won "
            "task.assigned task.completed".split()
        ),
        clocks=frozenset({"speed", "won"}),
    )
    assert types.assign == {"lead.assigned", "lead.qualified"}
    assert types_of(agreed(WINS)).assign == {"lead.assigned"}


@pytest.mark.parametrize(
    ("seen", "lacking"),
    [
        (
            "lead.assigned lead.disposed opportunity.won lead.qualified lead.won",
            {"training": "task.assigned task.completed"},
        ),
        (
            "lead.assigned task.assigned task.completed lead.won",
            {
                "speed": "lead.disposed",
                "wins": "opportunity.won",
                "pipeline": "opportunity.won",
                "rate": "lead.qualified",
            },
        ),
    ],
)
def test_an_sla_that_lacks_a_type_that_it_needs_can_give_nothing(seen, lacking):
    found = starved(agreed(SPEED, WINS, PIPELINE, ON_TIME, TRAINING, RATE), seen.split())
    assert {each.key: " ".join(sorted(types)) for each, types in found} == lacking
