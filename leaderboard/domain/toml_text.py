"""Reads TOML; whatever is in it, the outcome is a table or a sentence."""

import re
import tomllib
from collections.abc import Callable
from typing import Any

from leaderboard.domain.shown import shown

MOST_DOTS = 100  # between words of one line: a key of so many parts takes memory by their square
_dots = re.compile(r"""(?<=[\w"'-])[ \t]*\.[ \t]*(?=[\w"'-])""")


def read_toml(text: str, parse_float: Callable[[str], Any] = float) -> dict[str, Any]:
    """Return the table of a TOML text; ValueError says what is wrong with it and where."""
    for number, line in enumerate(text.split("\n"), 1):
        if line.count(".") > MOST_DOTS and len(_dots.findall(line)) > MOST_DOTS:
            raise ValueError(f"line {number} has more than {MOST_DOTS} points between words")
    try:
        return tomllib.loads(text, parse_float=parse_float)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except (ValueError, ArithmeticError) as error:  # also for numbers that are too long to be read
        if isinstance(error, tomllib.TOMLDecodeError):
            raise ValueError(shown(error, 200)) from None
        raise ValueError("it holds a number that is too large") from None
