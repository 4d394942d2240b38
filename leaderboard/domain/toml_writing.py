"""Writes keys and values as TOML has them."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
ESCAPES = {"\\": r"\\", '"': r"\"", "\n": r"\n", "\t": r"\t", "\r": r"\r", "\b": r"\b", "\f": r"\f"}


def toml_lines(content: Mapping[str, Any]) -> list[str]:
    """Return the lines of a table: texts, flags, whole and exact numbers, dates, lists and tables of these."""
    return [f"{toml_key(key)} = {toml_value(value)}" for key, value in content.items()]


def toml_key(key: str) -> str:
    """Return a key, in quotation marks if need be."""
    return key if BARE_KEY.fullmatch(key) else toml_text(key)


def toml_value(value: Any) -> str:
    """Return a value on one line; TypeError for what TOML has no way to write."""
    if isinstance(value, str):
        return toml_text(value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | Decimal):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return f"{{ {', '.join(toml_lines(value))} }}"
    if isinstance(value, Sequence):
        return f"[{', '.join(map(toml_value, value))}]"
    raise TypeError(f"{type(value).__name__} stands in no file of ours")


def toml_text(text: str) -> str:
    """Return a text in quotation marks; TOML has no way to write half of a surrogate pair, so a ? stands for it."""
    sound = text.encode("utf-8", "replace").decode()
    return '"' + "".join(ESCAPES.get(each) or _escaped(each) for each in sound) + '"'


def _escaped(character: str) -> str:
    return f"\\u{ord(character):04X}" if character < " " or character == "\x7f" else character
