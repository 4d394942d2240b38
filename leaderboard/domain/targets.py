"""Other targets: what share would have reached them, and which ones a share would have reached.

From the history of an SLA: of times how many fell into each band (domain/bands.py), of monthly results each value. What
was never done is above every time, and before no date.
"""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from itertools import accumulate
from math import ceil
from typing import Any, Protocol

from leaderboard.domain.agreement import Completion, Levels, Measure, ResponseTime, Sum
from leaderboard.domain.bands import NEVER, band_end
from leaderboard.domain.compliance import time_of_share

MOST_POINTS = 60  # of a curve
SECOND = timedelta(seconds=1)
MINUTES = (1, 2, 5, 10, 15, 20, 30, 45, 60, 90)
HOURS = (2, 3, 4, 6, 8, 12, 16, 24, 32, 40, 60, 80, 120, 160)  # of working time: a day, a week, a month are 8, 40, 160
DAYS = (1, 2, 3, 4, 5, 7, 10, 14, 21, 30, 45, 60, 90)
TIMES = [timedelta(seconds=30), *(timedelta(minutes=each) for each in MINUTES)]
WORKING_TIMES = [*TIMES, *(timedelta(hours=each) for each in HOURS)]
ALL_TIMES = [*TIMES, *(timedelta(hours=each) for each in HOURS if each < 24), *(timedelta(days=each) for each in DAYS)]
EARLY_TIMES = [
    timedelta(0),
    *(timedelta(hours=each) for each in (1, 2, 4, 8, 12)),
    *(timedelta(days=each) for each in DAYS),
]


class Distribution(Protocol):
    """What an SLA came to in the past. Targets, and what is asked of them, are in its measure's units."""

    @property
    def cases(self) -> int:
        """How many there were."""
        ...

    def share(self, target: Any) -> float:
        """Return the share that would have reached a target."""
        ...

    def target_of(self, share: Fraction) -> Any:
        """Return the hardest target that so large a share would have reached; None if there is none."""
        ...

    def curve(self) -> Sequence[tuple[float, float]]:
        """Return targets, rising, and the share that would have reached each; times in seconds."""
        ...


@dataclass(frozen=True)
class Bands:
    """Times by band; what lies within a band counts as spread evenly over it, so a share is right to a band's own."""

    numbers: Mapping[int, int]

    @cached_property
    def cases(self) -> int:
        return sum(self.numbers.values())

    def _known(self) -> list[int]:
        return sorted(band for band in self.numbers if 0 <= band < NEVER)

    def _within(self, seconds: float) -> float:
        """Return how many times from zero on are at most so long."""
        found = 0.0
        for band in self._known():
            start, end = (band_end(band - 1) if band else 0.0), band_end(band)
            found += self.numbers[band] * min(max((seconds - start) / (end - start), 0.0), 1.0)
        return found

    def _ends(self) -> Iterator[float]:
        known = self._known()
        if known:
            few = -(-(known[-1] - known[0] + 2) // MOST_POINTS)
            yield from (band_end(band) for band in range(max(known[0] - 1, 0), known[-1] + few, few))


class Responses(Bands):
    """Times of responses: a target is reached by those that are at most so long."""

    def share(self, target: timedelta) -> float:
        return self._within(target / SECOND) / self.cases

    def target_of(self, share: Fraction) -> timedelta | None:
        """Return the time above which the share is full, to its band: where that begins."""
        end = time_of_share(self.numbers, share)
        return None if end is None else timedelta(seconds=end / band_end(1) if end > 1 else 0)

    def curve(self) -> list[tuple[float, float]]:
        return [(end, self._within(end) / self.cases) for end in self._ends()]


class EarlyDays(Bands):
    """Times before a task's date, below zero after it: a target is reached by those that are at least so long."""

    @cached_property
    def _in_time(self) -> int:
        return sum(number for band, number in self.numbers.items() if 0 <= band < NEVER)

    def share(self, target: timedelta) -> float:
        return (self._in_time - self._within(target / SECOND) if target else self._in_time) / self.cases

    def target_of(self, share: Fraction) -> timedelta | None:
        known, needed = self._known()[::-1], ceil(share * self.cases)
        for band, reached in zip(known, accumulate(self.numbers[band] for band in known), strict=True):
            if reached >= needed:
                return timedelta(seconds=band_end(band - 1)) if band else timedelta(0)
        return None

    def curve(self) -> list[tuple[float, float]]:
        return [(end, (self._in_time - self._within(end)) / self.cases) for end in self._ends()]


@dataclass(frozen=True)
class Values:
    """Monthly results, each with how often: whole numbers, minor units, exact shares; a target is a least value."""

    numbers: Mapping[Any, int]

    @cached_property
    def cases(self) -> int:
        return sum(self.numbers.values())

    @cached_property
    def _rising(self) -> list[Any]:
        return sorted(self.numbers)

    @cached_property
    def _from(self) -> list[int]:
        """How many are at least each value, in rising order of these; and none at the end."""
        return [*accumulate((self.numbers[each] for each in reversed(self._rising)), initial=0)][::-1]

    def share(self, target: Any) -> float:
        exact = Fraction(target) if isinstance(target, Decimal) else target
        return self._from[bisect_left(self._rising, exact)] / self.cases

    def target_of(self, share: Fraction) -> Any:
        needed = ceil(share * self.cases)
        falling = zip(self._rising[::-1], self._from[-2::-1], strict=True)
        return next((value for value, at_least in falling if value > 0 and at_least >= needed), None)

    def curve(self) -> list[tuple[float, float]]:
        few = -(-len(self._rising) // MOST_POINTS)
        chosen = self._rising[:: few or 1]
        if self._rising and chosen[-1] != self._rising[-1]:
            chosen.append(self._rising[-1])
        return [(float(each), self.share(each)) for each in chosen]


def suggested(measure: Measure, past: Distribution, met: Fraction, exceeded: Fraction, digits: int) -> Levels | None:
    """Return targets as a person would write them: met near where one share would keep it, exceeded near another.

    met, exceeded: shares, exceeded the smaller. digits: of the currency's minor unit. None where so many reached no
    target at all; without `exceeded` where that would not be harder than `met`.
    """
    most, least = past.target_of(met), past.target_of(exceeded)
    if most is None:
        return None
    rounded = rounded_target(measure, most, digits)
    harder = None if least is None else rounded_target(measure, least, digits)
    if harder is not None and not (harder < rounded if isinstance(measure, ResponseTime) else harder > rounded):
        harder = None
    return Levels(rounded, harder)


def rounded_target(measure: Measure, target: Any, digits: int) -> Any:
    """Return the next easier target that a person would write: 15m, 1h, 8h, 2d; 35, 120; 80 %.

    So at least as many have reached it. target: 0 or more. digits: of the currency's minor unit.
    """
    if isinstance(measure, ResponseTime):
        return _rounded_up(WORKING_TIMES if measure.is_working else ALL_TIMES, target)
    if isinstance(measure, Completion):
        return max(each for each in EARLY_TIMES if each <= target)
    if measure.kind == "rate":
        return _rounded_share(Fraction(target))
    unit = 10**digits if isinstance(measure, Sum) else 1
    return _rounded_number(max(1, target // unit)) * unit


def _rounded_up(times: Sequence[timedelta], target: timedelta) -> timedelta:
    """Return the first of some times, rising, that is long enough; above all of them, quarters of the last."""
    longest = times[-1]
    if target > longest:
        part = longest / 4
        return -(-target // part) * part
    return times[bisect_left(times, target)]


def _rounded_number(number: int) -> int:
    """Return a whole number of two digits and zeros; up to 20 any, from there to 100 and from 500 in halves."""
    if number <= 20:
        return number
    unit: int = 10 ** (len(str(number)) - 2)
    step = 5 * unit if number < 100 or number >= 50 * unit else unit
    return number // step * step


def _rounded_share(share: Fraction) -> Decimal:
    """Return a share in whole per cent from 90 on, in fives below; 5 % at least."""
    step = 1 if share >= Fraction(9, 10) else 5
    percent = int(share * 100 / step) * step
    return Decimal(max(percent, 5)) / 100
