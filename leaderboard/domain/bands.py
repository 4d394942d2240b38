"""Bands of values: the distribution of times is kept as a number a band, eight bands to each doubling."""

from math import log2

A_DOUBLING = 8  # a band is 9 % wide
NEVER = 1_000  # no value: it was never done
SECOND = 1_000_000  # microseconds


def band_of(value: int | None) -> int:
    """Return the band of a time in microseconds, or NEVER for None.

    Up to a second it is 0; from there each band is longer by the eighth root of two. Times before zero, such as those
    after a task's date (K4), have the bands of their amount, below zero.
    """
    if value is None:
        return NEVER
    if value < 0:
        return -1 - band_of(-value)
    return int(A_DOUBLING * log2(value / SECOND)) + 1 if value > SECOND else 0


def band_end(band: int) -> float:
    """Return the seconds at which a band of times above zero ends: none in it is longer.

    band: 0 or more, and not NEVER (else ValueError).
    """
    if not 0 <= band < NEVER:
        raise ValueError(f"band {band} has no end: it is below zero, or that of what was never done")
    return 2 ** (band / A_DOUBLING)
