"""How well promises are kept: shares of what was decided, who falls short first, and how long things take."""

from collections.abc import Iterable, Mapping
from fractions import Fraction
from itertools import accumulate
from typing import NamedTuple, Protocol, TypeVar

from leaderboard.domain.bands import NEVER, band_end


class Counts(NamedTuple):
    """How often something was met, exceeded and missed; what is pending, or was taken back, is in none of them."""

    met: int = 0
    exceeded: int = 0
    missed: int = 0

    @property
    def kept(self) -> int:
        """How often it was met or exceeded."""
        return self.met + self.exceeded

    @property
    def decided(self) -> int:
        """How often it was decided."""
        return self.met + self.exceeded + self.missed

    @property
    def share(self) -> Fraction | None:
        """The share of the decided that was met or exceeded; None of none, which is neither good nor bad."""
        return Fraction(self.kept, self.decided) if self.decided else None

    def plus(self, other: "Counts") -> "Counts":
        """Return both together."""
        return Counts(self.met + other.met, self.exceeded + other.exceeded, self.missed + other.missed)


NOTHING = Counts()


class Counted(Protocol):
    """What has counts and a name."""

    @property
    def counts(self) -> Counts: ...
    @property
    def name(self) -> str: ...


Row = TypeVar("Row", bound=Counted)


def shortfalls_first(rows: Iterable[Row]) -> list[Row]:
    """Return rows in the order of how often they fell short: most missed first, among equals the smaller share.

    Then by name; those of which nothing is decided come last.
    """
    return sorted(rows, key=lambda row: (-row.counts.missed, _share_or_all(row.counts), row.name.casefold(), row.name))


def _share_or_all(counts: Counts) -> Fraction:
    return Fraction(2) if counts.share is None else counts.share


def time_of_share(bands: Mapping[int, int], share: Fraction) -> float | None:
    """Return the seconds within which a share of the cases was done, as the end of a band: at most 9 % too long.

    bands: how many cases by band (domain/bands.py), those never done among them. None if there are no cases, or so
    few of them were ever done.
    """
    wanted, ordered = share * sum(bands.values()), sorted(bands)
    for band, reached in zip(ordered, accumulate(bands[band] for band in ordered), strict=True):
        if reached and reached >= wanted:
            return None if band >= NEVER else band_end(max(band, 0))
    return None


def points_of_change(before: Counts, after: Counts) -> int | None:
    """Return by how many percentage points the share rose, rounded half away from zero; None where one has none."""
    if not (before.decided and after.decided):
        return None
    change = after.kept * before.decided - before.kept * after.decided  # over the product of both
    whole = before.decided * after.decided
    rounded = (200 * abs(change) + whole) // (2 * whole)
    return rounded if change > 0 else -rounded
