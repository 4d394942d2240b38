"""What the cells of a workbook say, as a CSV saved from it would: numbers as written, times as ISO 8601."""

import re
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal
from functools import lru_cache

NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?")
WHOLE = re.compile(r"-?[0-9]+")
LONGEST_NUMBER = 40
FARTHEST = 30  # digits before or after the decimal point that a number written out may have
AS_KEPT = Context(prec=15, rounding=ROUND_HALF_EVEN)  # a spreadsheet keeps and shows 15 digits: no 0.30000000000000004
MS_A_DAY = 86_400_000
FIRST_1900, FIRST_1904 = datetime(1899, 12, 30), datetime(1904, 1, 1)  # noqa: DTZ001 - walls' clocks, as sheets have
LEAP_DAY_THAT_WAS_NONE = 60  # 29 February 1900, which Lotus 1-2-3 believed in
BUILT_IN_TIMES = frozenset((*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)))
NO_TIME = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!h+\]|m+\]|s+\])[^\]]*\]', re.IGNORECASE)
COLUMN = re.compile("[A-Z]{1,3}")
DIGITS = "0123456789"
ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")


def number_text(text: str) -> str:
    """Return a number without the marks of its storage: 1 for 1.0, 0.3 for 0.30000000000000004, 1500 for 1.5E3.

    What is no number, or one that nobody writes out, stays as it stands.
    """
    if WHOLE.fullmatch(text) or len(text) > LONGEST_NUMBER or not NUMBER.fullmatch(text):
        return text
    value = AS_KEPT.create_decimal(text)
    if not value:
        return "0"
    if abs(value.adjusted()) > FARTHEST:
        return text
    written = f"{value:f}"
    return written.rstrip("0").rstrip(".") if "." in written else written


def time_text(text: str, *, is_1904: bool) -> str | None:
    """Return the day, or the day and time, of a number of days; None for what is none.

    is_1904: whether the workbook counts from 1904, as old ones of the Mac do. Times are exact to the millisecond, which
    is what a spreadsheet keeps.
    """
    if len(text) > LONGEST_NUMBER or not NUMBER.fullmatch(text):
        return None
    days = Decimal(text)
    if not 0 <= days < 3_000_000:
        return None
    since = timedelta(milliseconds=int((days * MS_A_DAY).to_integral_value()))
    if days < 1:
        return _clock((FIRST_1904 + since).isoformat().partition("T")[2])
    if is_1904:
        first = FIRST_1904
    elif int(days) == LEAP_DAY_THAT_WAS_NONE:
        return None
    else:
        first = FIRST_1900 + timedelta(days=1 if days < LEAP_DAY_THAT_WAS_NONE else 0)
    try:
        day, _, clock = (first + since).isoformat(" ").partition(" ")
    except OverflowError:
        return None
    return day if clock == "00:00:00" else f"{day} {_clock(clock)}"


def _clock(clock: str) -> str:
    """Return a time of day without the digits that a millisecond does not have."""
    return clock[:-3] if "." in clock else clock


def is_time_format(number: int, code: str | None) -> bool:
    """Tell whether a number format shows days or times. code: of one that the workbook brings itself."""
    if code is None:
        return number in BUILT_IN_TIMES
    bare = NO_TIME.sub("", code.partition(";")[0]).lower()
    return "general" not in bare and any(letter in bare for letter in "dmyhs") and "[" not in bare


def unescaped(text: str) -> str:
    """Return a text of a workbook with its escaped characters, such as _x000D_, as they are meant; NUL is left out."""
    return ESCAPED.sub(_meant, text) if "_x" in text else text


def _meant(match: re.Match[str]) -> str:
    code = int(match[1], 16)
    return match[0] if 0xD800 <= code < 0xE000 else chr(code) if code else ""


def place_of(reference: str) -> int | None:
    """Return the column of a cell such as AB12, counted from 0; None for what is no reference."""
    return _place(reference.rstrip(DIGITS))


@lru_cache(maxsize=20_000)
def _place(letters: str) -> int | None:
    if not COLUMN.fullmatch(letters):
        return None
    place = 0
    for letter in letters:
        place = place * 26 + ord(letter) - 64
    return place - 1
