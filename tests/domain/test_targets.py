"""Other targets: shares and percentiles against a slow obvious version, and numbers that a person would write."""

from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderboard.domain.agreement import Completion, Count, Levels, ResponseTime, SlaRate, Sum
from leaderboard.domain.bands import NEVER, band_end, band_of
from leaderboard.domain.targets import EarlyDays, Responses, Values, rounded_target, suggested

SECOND = 1_000_000
HALF = Fraction(1, 2)
WORKING = ResponseTime(frozenset({"a"}), frozenset({"b"}))
ALWAYS = ResponseTime(frozenset({"a"}), frozenset({"b"}), is_working=False)
TASKS, LEADS, MONEY, RATE = Completion(), Count(frozenset({"a"})), Sum(frozenset({"a"})), SlaRate("a")
micros = st.one_of(st.none(), st.integers(0, 10**7 * SECOND))
early = st.one_of(st.none(), st.integers(-(10**7) * SECOND, 10**7 * SECOND))
shares = st.fractions(Fraction(1, 20), 1, max_denominator=20)


def bands(values):
    found = {}
    for each in values:
        found[band_of(each)] = found.get(band_of(each), 0) + 1
    return found


def seconds(length):
    return timedelta(seconds=length)


def at_most(values, length):
    return sum(each is not None and 0 <= each <= length * SECOND for each in values) / len(values)


@given(st.lists(micros, min_size=1, max_size=40), st.integers(0, 10**7))
def test_the_share_within_a_time_is_right_to_its_band(values, target):
    band = band_of(target * SECOND)
    lower, upper = (at_most(values, band_end(each) if each >= 0 else -1) for each in (band - 1, band))
    assert lower - 1e-9 <= Responses(bands(values)).share(seconds(target)) <= upper + 1e-9


@given(st.lists(micros, min_size=1, max_size=40), shares)
def test_the_hardest_time_of_a_share_is_that_of_whoever_made_it_full(values, share):
    found = Responses(bands(values)).target_of(share)
    done = sorted(each for each in values if each is not None)
    needed = -(-share.numerator * len(values) // share.denominator)
    if needed > len(done):
        assert found is None  # what was never done is above every target
    else:
        band = band_of(done[needed - 1])
        assert found / timedelta(seconds=1) == pytest.approx(band_end(band - 1) if band else 0, abs=1e-5)


@given(st.lists(early, min_size=1, max_size=40), st.integers(0, 10**7), shares)
def test_k4_what_is_done_early_enough_is_reached_and_what_came_after_its_date_never(values, target, share):
    past = EarlyDays(bands(values))
    band = band_of(target * SECOND)
    ends = [-1.0 if each < 0 else band_end(each) for each in (band - 1, band)]
    surely, perhaps = (
        sum(each is not None and each >= 0 and each > end * SECOND for each in values) / len(values)
        for end in reversed(ends)
    )
    assert surely - 1e-9 <= past.share(seconds(target)) <= perhaps + 1e-9
    assert past.share(timedelta(0)) == sum(each is not None and each >= 0 for each in values) / len(values)
    found = past.target_of(share)
    if found is None:
        assert past.share(timedelta(0)) < share
    else:
        assert past.share(found) >= share - Fraction(1, 10**9)


@given(st.lists(st.integers(0, 50), min_size=1, max_size=40), st.integers(0, 60), shares)
def test_k1_monthly_results_reach_a_target_from_itself_on(values, target, share):
    past = Values({each: values.count(each) for each in values})
    assert past.share(target) == sum(each >= target for each in values) / len(values)
    best = [each for each in set(values) if each and sum(other >= each for other in values) >= share * len(values)]
    assert past.target_of(share) == max(best, default=None)


@given(st.lists(st.one_of(micros, st.integers(0, 100)), min_size=1, max_size=60))
def test_a_curve_of_times_never_falls_and_that_of_early_days_never_rises(values):
    for kind, sign in ((Responses, 1), (EarlyDays, -1)):
        curve = kind(bands(values)).curve()
        assert len(curve) <= 63
        assert [x for x, _ in curve] == sorted(x for x, _ in curve)
        heights = [sign * share for _, share in curve]
        assert all(one <= other + 1e-9 for one, other in pairwise(heights))


def test_a_curve_ends_with_the_share_that_was_ever_done():
    past = Responses(bands([30 * SECOND, 3_600 * SECOND, None, None]))
    assert past.curve()[-1][1] == pytest.approx(0.5)
    assert past.curve()[0][1] == 0


@pytest.mark.parametrize(
    ("measure", "exact", "rounded"),
    [
        (WORKING, timedelta(minutes=14, seconds=59), timedelta(minutes=15)),
        (WORKING, timedelta(minutes=15), timedelta(minutes=15)),
        (WORKING, timedelta(minutes=15, seconds=1), timedelta(minutes=20)),
        (WORKING, timedelta(hours=9), timedelta(hours=12)),
        (WORKING, timedelta(hours=161), timedelta(hours=200)),  # more weeks of 40 hours
        (WORKING, timedelta(0), timedelta(seconds=30)),
        (ALWAYS, timedelta(hours=25), timedelta(days=2)),
        (ALWAYS, timedelta(days=91), timedelta(days=112, hours=12)),
        (TASKS, timedelta(hours=167), timedelta(days=5)),  # the easier side: less early
        (TASKS, timedelta(0), timedelta(0)),
        (LEADS, 0, 1),
        (LEADS, 20, 20),
        (LEADS, 24, 20),
        (LEADS, 129, 120),
        (LEADS, 549, 500),
        (LEADS, 1_249, 1_200),
        (MONEY, 14_699_999, 14_000_000),  # R$ 146,999.99 becomes R$ 140,000.00
        (MONEY, 99, 100),
        (RATE, Fraction(79, 100), Decimal("0.75")),
        (RATE, Fraction(949, 1000), Decimal("0.94")),
        (RATE, Fraction(1), Decimal(1)),
        (RATE, Fraction(0), Decimal("0.05")),
    ],
)
def test_targets_are_rounded_to_what_a_person_would_write_on_the_easier_side(measure, exact, rounded):
    assert rounded_target(measure, exact, 2) == rounded


def test_suggestions_rest_on_shares_and_exceeded_is_harder_than_met_or_left_out():
    past = Values({1: 2, 3: 3, 7: 3, 9: 2})
    assert suggested(LEADS, past, Fraction(8, 10), Fraction(3, 10), 2) == Levels(3, 7)
    assert suggested(LEADS, Values({5: 10}), Fraction(8, 10), Fraction(3, 10), 2) == Levels(5, None)
    times = Responses(bands([600 * SECOND] * 5 + [6_800 * SECOND] * 5))
    assert suggested(WORKING, times, Fraction(8, 10), Fraction(3, 10), 2) == Levels(
        timedelta(hours=2), timedelta(minutes=10)
    )
    assert suggested(WORKING, Responses({NEVER: 3, 5: 1}), HALF, Fraction(1, 10), 2) is None
