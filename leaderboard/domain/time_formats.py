"""How the times of a file are written: checked once, then read row by row."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import permutations

from leaderboard.domain.shown import shown

ISO, UNIX, UNIX_MS = "iso", "unix", "unix_ms"
EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - only ever taken as UTC, below
PROBE = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)  # day, month, hour and minute differ, and each could be another
LITERAL_Z = re.compile(r"(?<!%)Z$")
LITERAL_UTC = re.compile(r"(?:UTC|GMT)\)?$")
NUMBER = re.compile(r"[0-9]{1,40}(?:\.[0-9]{1,40})?")
MICROSECONDS = {UNIX: 1_000_000, UNIX_MS: 1_000}
EXAMPLE = 'such as "%d/%m/%Y %H:%M", or "iso", "unix" or "unix_ms"'


def read_time(text: str, formats: Sequence[str]) -> datetime:
    """Return the time that a text says, aware if it has an offset; the first format that fits decides.

    formats: as of strptime, or "iso" (ISO 8601), "unix" or "unix_ms" (seconds or milliseconds since 1970 in
    UTC, with or without a fraction). UTC or GMT at a format's end says what it means. Raises ValueError if none
    fits, OverflowError beyond the calendar.
    """
    for each in formats:
        try:
            return _read(text, each)
        except ValueError:
            continue
    raise ValueError(text)


def read_iso(text: str) -> datetime:
    """Return the time of an ISO 8601 text; else ValueError, also for a number such as of Unix time.

    Python would take the ninth digit for the mark between date and time, and find a day in the year 1721.
    """
    if len(text) > 8 and text.isdigit():
        raise ValueError(text)
    return datetime.fromisoformat(text)


def with_offset(time_format: str) -> str:
    """Return a format in which a Z at the end stands for UTC, as in ISO 8601, and not for a letter."""
    return LITERAL_Z.sub("%z", time_format)


def _read(text: str, time_format: str) -> datetime:
    if time_format == ISO:
        return read_iso(text)
    if time_format not in MICROSECONDS:
        found = datetime.strptime(text, time_format)  # noqa: DTZ007 - the zone follows
        is_utc = found.tzinfo is None and LITERAL_UTC.search(time_format)
        return found.replace(tzinfo=UTC) if is_utc else found
    if not NUMBER.fullmatch(text):
        raise ValueError(text)
    since = timedelta(microseconds=int(Decimal(text) * MICROSECONDS[time_format]))
    return (EPOCH + since).replace(tzinfo=UTC)


def fault_of(formats: Sequence[str]) -> str | None:
    """Return what is wrong with the formats of a mapping, with its remedy, or None.

    Each must read a year, and an hour of 12 with AM or PM only. Two that would read one text as different times,
    such as day first and month first, are refused: nobody could tell which was meant.
    """
    written = [each for each in formats if each != ISO and each not in MICROSECONDS]
    for each in written:
        if fault := _fault_of_one(each):
            return f'"{shown(each)}" {fault}'
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


def _fault_of_one(time_format: str) -> str | None:
    """Return why a format reads no dates, or would read wrong hours without a word: strptime does not mind."""
    bare = time_format.replace("%%", "")
    if not _reads_dates(time_format):
        return f"does not read dates; write a format with day, month and year once each, {EXAMPLE}"
    if "%Z" in bare:
        return 'has %Z, which tells no offset; write %z for one such as -0300, or the letters, such as "%H:%M UTC"'
    if "%p" in bare and "%I" not in bare:
        return "has %p without %I; AM and PM go with %I, the hour of 12, and not with %H"
    if "%I" in bare and "%p" not in bare:
        return "has %I, the hour of 12, without %p; write %H for the hour of 24, or add %p"
    return None


def _reads_dates(time_format: str) -> bool:
    try:
        return _read(PROBE.strftime(time_format), time_format).year == PROBE.year
    except (ValueError, re.error):  # strptime makes a pattern of it, in which "%d%d" names a group twice
        return False
