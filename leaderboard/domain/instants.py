"""Instants as whole numbers, and the years that the program knows."""

from datetime import UTC, date, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
FIRST_YEAR, LAST_YEAR = 1970, 2199
OUTSIDE = f"lies outside the years {FIRST_YEAR} to {LAST_YEAR}"


def to_micros(instant: datetime) -> int:
    """Return microseconds since 1970-01-01T00:00Z of an aware instant."""
    return (instant - EPOCH) // MICROSECOND


def from_micros(micros: int) -> datetime:
    """Return the aware UTC instant of microseconds since 1970-01-01T00:00Z, up to the year 2242.

    Until then a float holds seconds to less than half a microsecond, so that this is exact; adding a
    timedelta takes three times as long.
    """
    return datetime.fromtimestamp(micros / 1_000_000, UTC)


def is_known_day(value: object) -> bool:
    """Tell whether a value is a date, and of a year that the program knows."""
    return type(value) is date and FIRST_YEAR <= value.year <= LAST_YEAR
