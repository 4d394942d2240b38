"""How the times of a file are written: checked once, then read row by row."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import permutations

ISO, UNIX, UNIX_MS = "iso", "unix", "unix_ms"
EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - only ever taken as UTC, below
PROBE = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)  # day, month, hour and minute differ, and each could be another
LITERAL_Z = re.compile(r"(?<!%)Z$")
EXAMPLE = 'such as "%d/%m/%Y %H:%M", or "iso", "unix" or "unix_ms"'


def read_time(text: str, formats: Sequence[str]) -> datetime:
    """Return the time that a text says, aware if it has an offset; the first format that fits decides.

    formats: as of strptime, or "iso" (ISO 8601), "unix" or "unix_ms" (whole seconds or milliseconds since
    1970 in UTC). Raises ValueError if none fits, OverflowError beyond the calendar.
    """
    for each in formats:
        try:
            return _read(text, each)
        except ValueError:
            continue
    raise ValueError(text)


def with_offset(time_format: str) -> str:
    """Return a format in which a Z at the end stands for UTC, as in ISO 8601, and not for a letter."""
    return LITERAL_Z.sub("%z", time_format)


def _read(text: str, time_format: str) -> datetime:
    if time_format == ISO:
        return datetime.fromisoformat(text)
    if time_format not in (UNIX, UNIX_MS):
        return datetime.strptime(text, time_format)  # noqa: DTZ007 - the zone follows
    if not (text.isascii() and text.isdigit()):
        raise ValueError(text)
    since = timedelta(seconds=int(text)) if time_format == UNIX else timedelta(milliseconds=int(text))
    return (EPOCH + since).replace(tzinfo=UTC)


def fault_of(formats: Sequence[str]) -> str | None:
    """Return what is wrong with the formats of a mapping, with its remedy, or None.

    Each must read a year. Two that would read one text as different times, such as day first and
    month first, are refused: nobody could tell which was meant.
    """
    written = [each for each in formats if each not in (ISO, UNIX, UNIX_MS)]
    for each in written:
        if not _reads_dates(each):
            return f'"{each}" does not read dates; write a format with day, month and year, {EXAMPLE}'
    if UNIX in formats and UNIX_MS in formats:
        return '"unix" and "unix_ms" read the same number differently; keep the one that your file uses'
    for one, other in permutations(written, 2):
        text = PROBE.strftime(one)
        try:
            differs = _read(text, one) != _read(text, other)
        except ValueError:
            continue
        if differs:
            return f'"{one}" and "{other}" read "{text}" differently; keep the one that your file uses'
    return None


def _reads_dates(time_format: str) -> bool:
    try:
        return _read(PROBE.strftime(time_format), time_format).year == PROBE.year
    except ValueError:
        return False
