"""Shares, shortfalls and times of compliance, against slow obvious versions."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderboard.domain.bands import NEVER, band_end, band_of
from leaderboard.domain.compliance import NOTHING, Counts, points_of_change, shortfalls_first, time_of_share
from tests.domain.examples import properties

counts = st.builds(Counts, *[st.integers(0, 30)] * 3)


@dataclass(frozen=True)
class Named:
    counts: Counts
    name: str


def test_what_is_pending_or_taken_back_is_in_no_share():
    assert Counts(3, 1, 4).share == Fraction(1, 2)
    assert Counts(0, 0, 4).share == 0
    assert NOTHING.share is None


@pytest.mark.parametrize(
    ("before", "after", "points"),
    [
        (Counts(1, 0, 1), Counts(1, 1, 0), 50),
        (Counts(1, 1, 0), Counts(1, 0, 1), -50),
        (Counts(199, 0, 1), Counts(200, 0, 0), 1),  # half a point, away from zero
        (Counts(200, 0, 0), Counts(199, 0, 1), -1),
        (Counts(201, 0, 1), Counts(202, 0, 0), 0),  # a little less than half a point
        (NOTHING, Counts(1, 0, 0), None),
        (Counts(1, 0, 0), NOTHING, None),
    ],
)
def test_a_change_is_in_points_of_a_hundred(before, after, points):
    assert points_of_change(before, after) == points


@properties
@given(counts, counts)
def test_a_change_is_the_exact_one_rounded(before, after):
    if not (before.decided and after.decided):
        assert points_of_change(before, after) is None
        return
    exact = (Fraction(after.kept, after.decided) - Fraction(before.kept, before.decided)) * 100
    decimal = Decimal(exact.numerator) / Decimal(exact.denominator)
    assert points_of_change(before, after) == int(decimal.quantize(Decimal(1), ROUND_HALF_UP))


@properties
@given(st.lists(st.builds(Named, counts, st.sampled_from("abcABC"))))
def test_those_who_missed_most_come_first_then_the_smaller_share_then_by_name(rows):
    ordered = shortfalls_first(rows)
    assert sorted(ordered, key=repr) == sorted(rows, key=repr)
    for one, other in pairwise(ordered):
        assert one.counts.missed >= other.counts.missed
        if one.counts.missed == other.counts.missed and other.counts.decided:
            assert one.counts.decided
            assert one.counts.share <= other.counts.share
            if one.counts.share == other.counts.share:
                assert one.name.casefold() <= other.name.casefold()


@properties
@given(
    st.lists(st.integers(1, 10**13), min_size=1), st.integers(0, 5), st.sampled_from((Fraction(1, 2), Fraction(9, 10)))
)
def test_a_share_is_done_within_its_time_and_that_is_at_most_a_band_too_long(times, never, share):
    bands = {NEVER: never}
    for time in times:
        bands[band_of(time)] = bands.get(band_of(time), 0) + 1
    found, whole = time_of_share(bands, share), len(times) + never
    enough = sorted(times)[: -(-whole * share.numerator // share.denominator)]
    if len(enough) * share.denominator < whole * share.numerator:
        assert found is None  # so many were never done
    else:
        exact = enough[-1] / 1_000_000
        assert exact <= found * 1.000_001
        assert found <= max(1, exact * 1.0906)


def test_without_cases_there_is_no_time():
    assert time_of_share({}, Fraction(1, 2)) is None
    assert time_of_share({NEVER: 3}, Fraction(1, 2)) is None
    assert time_of_share({-9: 1}, Fraction(1, 2)) == band_end(0)
