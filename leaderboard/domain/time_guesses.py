"""Finding out from the times of a file how they are written."""

import re
from collections.abc import Iterator, Sequence
from itertools import product

from leaderboard.domain.amount_formats import AmountFormat
from leaderboard.domain.inbound import RowError
from leaderboard.domain.time_formats import ISO, UNIX, UNIX_MS, read_time

DAYS = ("%d{0}%m{0}%Y", "%m{0}%d{0}%Y", "%Y{0}%m{0}%d", "%d{0}%m{0}%y", "%m{0}%d{0}%y", "%d{0}%b{0}%Y")
MARKS = ("/", ".", "-", " ")
CLOCKS = (
    "",
    " %H:%M",
    " %H:%M:%S",
    " %I:%M %p",
    " %I:%M:%S %p",
    ", %H:%M",
    ", %H:%M:%S",
    ", %I:%M %p",
    ", %I:%M:%S %p",
)
WORDS = ("%b %d, %Y", "%d %B %Y", "%B %d, %Y")
DIRECTIVE = re.compile("%.")
EARLIEST = 1990  # year: a number of twelve digits is an id rather than a moment before it
SOME = 200  # values are looked at


def guess_formats(values: Sequence[str]) -> list[str]:
    """Return the formats (see time_formats) by which all values can be read, the likeliest first.

    Two of them may read the same value as different days, such as 03/04/2026: then somebody has to say which is meant.
    """
    some = [each.strip() for each in values[:SOME] if each.strip()]
    fits = (each for each in _candidates() if some and _has_marks(each, some[0]))
    return [each for each in fits if _reads(each, some)]


def are_ambiguous(formats: Sequence[str], values: Sequence[str]) -> bool:
    """Tell whether two formats read one of the values as different times."""
    return any(len({read_time(value.strip(), [each]) for each in formats}) > 1 for value in values[:SOME])


def guess_amounts(values: Sequence[str]) -> tuple[str, str] | None:
    """Return the decimal and the thousands mark by which all amounts can be read; None if none or no marks fit."""
    some = [each.strip() for each in values[:SOME] if each.strip()]
    for decimal, thousands in ((".", ""), (",", ""), (".", ","), (",", "."), (",", " "), (".", "'")):
        if some and all(_is_amount(each, AmountFormat(decimal, thousands, "")) for each in some):
            return decimal, thousands
    return None


def _candidates() -> Iterator[str]:
    yield from (ISO, UNIX_MS, UNIX)
    for clock, mark, day in product(CLOCKS, MARKS, DAYS):
        yield day.format(mark) + clock
    for clock, words in product(CLOCKS, WORDS):
        yield words + clock


def _has_marks(time_format: str, value: str) -> bool:
    """Tell whether a value has the marks of a format: trying it costs a hundred times as much."""
    marks = DIRECTIVE.sub("", time_format)
    return "%" not in time_format or all(marks.count(each) == value.count(each) for each in "/.-:, ")


def _reads(time_format: str, values: Sequence[str]) -> bool:
    try:
        read = [read_time(each, [time_format]) for each in values]
    except (ValueError, OverflowError):
        return False
    return all(EARLIEST <= each.year < 2100 for each in read)


def _is_amount(text: str, marks: AmountFormat) -> bool:
    try:
        marks.plain(text)
    except RowError:
        return False
    return True
