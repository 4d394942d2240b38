"""Times and ratios: pairs interleaved, so that a busy machine slows both, and medians of what came out."""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from time import perf_counter

Timed = Callable[[], float]
"""Does its work once and returns the seconds that it took."""


@dataclass(frozen=True)
class Result:
    """One row of the table. bar: at most that, or at least that if is_at_least; measured: the same unit."""

    what: str
    bar: float
    measured: float
    unit: str = "×"
    is_at_least: bool = False
    note: str = ""

    @property
    def is_met(self) -> bool:
        """Whether the measured value keeps the bar."""
        return self.measured >= self.bar if self.is_at_least else self.measured <= self.bar


def seconds(work: Callable[[], object], times: int = 1, clock: Callable[[], float] = perf_counter) -> float:
    """Return how long one run of the work takes, on average over so many."""
    start = clock()
    for _ in range(times):
        work()
    return (clock() - start) / times


def interleaved(first: Timed, second: Timed, pairs: int) -> tuple[float, float, float]:
    """Return the median of first / second over so many pairs, and the median seconds of each."""
    times = [(first(), second()) for _ in range(pairs)]
    ratio = median(one / other for one, other in times)
    return ratio, median(one for one, _ in times), median(other for _, other in times)


def in_words(duration: float) -> str:
    """Return a duration as people read it."""
    if duration >= 1:
        return f"{duration:.1f} s"
    return f"{duration * 1_000:.2f} ms" if duration >= 0.001 else f"{duration * 1_000_000:.1f} µs"
