"""The web's clock: services and domain are told the time. And how long a browser keeps things."""

from datetime import UTC, datetime

YEAR_SECONDS = 31_536_000


def utc_now() -> datetime:
    """Return the present instant."""
    return datetime.now(UTC)
