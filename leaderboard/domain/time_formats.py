"""How the times of a file are written: checked once, then read row by row."""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import permutations

from leaderboard.domain.shown import shown

ISO, UNIX, UNIX_MS = "iso", "unix", "unix_ms"
DAY_FIRST, MONTH_FIRST, EITHER = "day_first", "month_first", "day_or_month_first"
EXAMPLES = {DAY_FIRST: "%d/%m/%Y %H:%M", MONTH_FIRST: "%m/%d/%Y %H:%M", EITHER: "%d.%m.%Y %H:%M"}
TOLD = {  # to people who look for what is wrong with a time
    ISO: "ISO 8601 such as 2025-02-28T09:10-03:00",
    DAY_FIRST: "28/2/2025 14:10, day first",
    MONTH_FIRST: "2/28/2025 2:10 PM, month first",
    EITHER: "28/2/2025 14:10, such that day and month are clear",
}
AS_PEOPLE_WRITE = re.compile(
    r"([0-9]{1,2})([/.-])([0-9]{1,2})\2([0-9]{4})"
    r"(?:[ ,T]+([0-9]{1,2})[:.h]([0-9]{2})(?::([0-9]{2})(?:[.,][0-9]{1,6})?)?(?:\s*([ap])\.?\s?m\.?)?)?",
    re.IGNORECASE,
)
EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - only ever taken as UTC, below
PROBE = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)  # day, month, hour and minute differ, and each could be another
LITERAL_Z = re.compile(r"(?<!%)Z$")
LITERAL_UTC = re.compile(r"(?:UTC|GMT)\)?$")
NUMBER = re.compile(r"[0-9]{1,40}(?:\.[0-9]{1,40})?")
MICROSECONDS = {UNIX: 1_000_000, UNIX_MS: 1_000}
EXAMPLE = 'such as "%d/%m/%Y %H:%M", or "iso", "unix", "unix_ms", "day_first" or "month_first"'


def read_time(text: str, formats: Sequence[str]) -> datetime:
    """Return the time that a text says, aware if it has an offset; the first format that fits decides.

    formats: as of strptime, or "iso" (ISO 8601), "unix" or "unix_ms" (seconds or milliseconds since 1970 in
    UTC, with or without a fraction), or one of EXAMPLES (with slashes, dots or hyphens, a clock of 24 hours or of 12).
    UTC or GMT at a format's end says what it means. Raises ValueError if none fits, OverflowError beyond the calendar.
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
    if time_format in EXAMPLES:
        return _as_people_write(text, time_format)
    if time_format not in MICROSECONDS:
        found = datetime.strptime(text, time_format)  # noqa: DTZ007 - the zone follows
        is_utc = found.tzinfo is None and LITERAL_UTC.search(time_format)
        return found.replace(tzinfo=UTC) if is_utc else found
    if not NUMBER.fullmatch(text):
        raise ValueError(text)
    since = timedelta(microseconds=int(Decimal(text) * MICROSECONDS[time_format]))
    return (EPOCH + since).replace(tzinfo=UTC)


def _as_people_write(text: str, time_format: str) -> datetime:
    match = _match(text)
    if match is None:
        raise ValueError(text)
    first, mark, second, year, hour, minute, seconds, half = match.groups(default="")
    if mark == ".":
        time_format = DAY_FIRST  # nobody writes 3.15.2026
    elif time_format == EITHER:
        time_format = order_of(text) or DAY_FIRST
        if time_format == EITHER:
            raise ValueError(text)
    day, month = (second, first) if time_format == MONTH_FIRST else (first, second)
    hours = int(hour or 0)
    if half:
        if not 1 <= hours <= 12:
            raise ValueError(text)
        hours = hours % 12 + (12 if half in "pP" else 0)
    return datetime(int(year), int(month), int(day), hours, int(minute or 0), int(seconds or 0))  # noqa: DTZ001


def _match(text: str) -> re.Match[str] | None:
    return AS_PEOPLE_WRITE.fullmatch(text.replace("\u202f", " ").replace("\u00a0", " "))


def order_of(text: str) -> str | None:
    """Return in which order a text writes day and month: DAY_FIRST, MONTH_FIRST, EITHER; None for no such text.

    Dates with dots say nothing of others: they are day first everywhere.
    """
    match = _match(text)
    if match is None or match[2] == "." or match[1] == match[3]:
        return None
    if int(match[1]) > 12:
        return DAY_FIRST
    return MONTH_FIRST if int(match[3]) > 12 else EITHER


def settled(formats: Sequence[str], texts: Iterable[str]) -> tuple[str, ...]:
    """Return formats in which EITHER has become the order that some texts of a file show.

    Raises ValueError with a sentence where they show none, or both.
    """
    if EITHER not in formats:
        return tuple(formats)
    shown_by: dict[str | None, str] = {}
    for text in texts:
        shown_by.setdefault(order_of(text), text)
    day, month, either = shown_by.get(DAY_FIRST), shown_by.get(MONTH_FIRST), shown_by.get(EITHER)
    if day and month:
        raise ValueError(f'"{day}" is written day first and "{month}" month first; write all dates alike.')
    if either and not day and not month:
        raise ValueError(
            f'"{either}" may be day first or month first, and no row tells; say which: '
            f'time_format = "{DAY_FIRST}" or "{MONTH_FIRST}".'
        )
    order = DAY_FIRST if day else MONTH_FIRST if month else EITHER
    return tuple(order if each == EITHER else each for each in formats)


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
        text = PROBE.strftime(EXAMPLES.get(one, one))
        try:
            differs = _read(text, one) != _read(text, other)
        except ValueError:
            continue
        if differs:
            return f'"{one}" and "{other}" read "{text}" differently; keep the one that your file uses'
    return None


def _fault_of_one(time_format: str) -> str | None:
    """Return why a format reads no dates, or would read wrong hours without a word: strptime does not mind."""
    if time_format in EXAMPLES:
        return None
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
