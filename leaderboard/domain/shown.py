"""How a text that was handed in is shown: on one line, short, and nothing that a terminal obeys."""

import re
from typing import TypeVar
from unicodedata import category

T = TypeVar("T")
LONGEST_SHOWN = 60
# Controls, lone surrogates, line and paragraph separators.
UNSHOWN = {"Cc", "Cs", "Zl", "Zp"}
# What turns the direction of the text around it.
TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
FORMULA_STARTS = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")  # the last four: full-width = + - @
# Where a spreadsheet begins a cell: one that expects semicolons, as in Brazil, splits a text at them too.
SIGNED = re.compile(r"[-+]?[0-9]+(?:[.,][0-9]+)?")
CELL_STARTS = re.compile(rf"(^|;)( *)(?=[{re.escape(''.join(FORMULA_STARTS))}])")


def has_controls(text: str) -> bool:
    """Tell whether a text holds a control character, such as a line's end or an escape."""
    return not text.isprintable() and any(category(each) in UNSHOWN for each in text)


def visible(text: str) -> str:
    r"""Return a text with what a terminal would obey written out, such as \x1b; letters of any script stay."""
    if text.isprintable():
        return text
    return "".join(_written_out(each) if category(each) in UNSHOWN or each in TURNING else each for each in text)


def safe_cell(value: T) -> T | str:
    """Return a cell of a CSV as no spreadsheet runs it as a formula; what is no text stays as it is."""
    if not isinstance(value, str):
        return value
    return visible(_marked(value))


def inert(text: str) -> str:
    """Return a text of a sheet as no spreadsheet runs it as a formula; numbers with a sign stay."""
    return text if SIGNED.fullmatch(text) else _marked(text)


def _marked(text: str) -> str:
    return CELL_STARTS.sub(r"\1'\2", text)


def shown(value: object, most: int = LONGEST_SHOWN) -> str:
    """Return a value as a sentence quotes it: visible, blanks other than spaces too, and at most so long."""
    text = _plain(value)
    short = text if len(text) <= most else text[:most] + "…"
    return (
        short if short.isprintable() else "".join(each if each.isprintable() else _written_out(each) for each in short)
    )


def quoted(value: object) -> str:
    """Return a value as `shown`, a text in quotation marks."""
    return f'"{shown(value)}"' if isinstance(value, str) else shown(value)


def _plain(value: object) -> str:
    """Return a value as a file would write it; of what is in lists and tables only the beginning."""
    if isinstance(value, list):
        return f"[{', '.join('…' if isinstance(each, list | dict) else quoted(each) for each in value[:5])}]"
    if isinstance(value, dict):
        return f"{{ {', '.join(shown(key) for key in list(value)[:5])} }}"
    if value is None or isinstance(value, bool):
        return {None: "nothing", True: "true", False: "false"}[value]
    try:
        return str(value)
    except ValueError:  # Python writes out no integer of more than 4,300 digits
        return "a number of thousands of digits"


def _written_out(character: str) -> str:
    return character.encode("unicode_escape").decode()
