"""Bands: values in order give bands in order, each ends where the next begins, and none is wider than 10 %."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderboard.domain.bands import NEVER, SECOND, band_end, band_of

TEN_YEARS = 10 * 366 * 86_400 * SECOND
values = st.integers(0, TEN_YEARS)


@given(values, values)
def test_a_longer_time_is_in_no_earlier_band_and_never_is_the_last(one, other):
    first, second = sorted((one, other))
    assert 0 <= band_of(first) <= band_of(second) < NEVER == band_of(None)


@given(values)
def test_a_time_is_no_longer_than_its_band_and_longer_than_the_one_before(value):
    band = band_of(value)
    assert value / SECOND <= band_end(band) * (1 + 1e-9)
    if band:
        assert value / SECOND >= band_end(band - 1) * (1 - 1e-9)
        assert band_end(band) / band_end(band - 1) < 1.1


@pytest.mark.parametrize(
    ("value", "band"), [(0, 0), (SECOND, 0), (SECOND + 1, 1), (2 * SECOND, 9), (-1, -1), (-2 * SECOND, -10)]
)
def test_the_first_band_holds_a_second_and_times_before_zero_mirror_those_after(value, band):
    assert band_of(value) == band


@pytest.mark.parametrize("band", [-1, NEVER])
def test_a_band_without_an_end_is_refused(band):
    with pytest.raises(ValueError, match="has no end"):
        band_end(band)
