"""Writes a mapping as the TOML that `mapping` reads, and changes the time zone or order of dates of one."""

import re
from collections.abc import Collection, Mapping
from typing import Any

from leaderboard.domain.inbound import COLUMNS
from leaderboard.domain.time_formats import EITHER
from leaderboard.domain.toml_writing import toml_lines, toml_text

ZONE_LINE = re.compile(r"^[ \t]*time_zone[ \t]*=.*\n?", re.MULTILINE)
FIRST_TABLE = re.compile(r"^[ \t]*\[", re.MULTILINE)


def write_mapping(document: Mapping[str, Any]) -> str:
    """Return the tables of a mapping as TOML: the keys of the file, then each event; what is empty is left out."""
    head = {key: value for key, value in document.items() if key != "event" and value not in ("", [], {}, None)}
    parts = ["\n".join(toml_lines(head))] if head else []
    parts += ["\n".join(["[[event]]", *toml_lines(each)]) for each in document.get("event", ())]
    return "\n\n".join(parts) + "\n"


def with_zone(text: str, zone: str) -> str:
    """Return a mapping's TOML with another time zone; remarks and the rest stay as they are."""
    head, events = _parted(text)
    return f"time_zone = {toml_text(zone)}\n{ZONE_LINE.sub('', head, count=1)}{events}"


def with_order(text: str, order: str) -> str:
    """Return a mapping's TOML in which dates that may be day or month first are in one order.

    order: a format of time_formats. A mapping that leaves nothing open stays as it is.
    """
    head, events = _parted(text)
    return head.replace(toml_text(EITHER), toml_text(order)) + events


def _parted(text: str) -> tuple[str, str]:
    """Return the keys of the whole file, and what follows from its first table on."""
    table = FIRST_TABLE.search(text)
    cut = table.start() if table else len(text)
    return text[:cut], text[cut:]


def ours_in_zone(header: Collection[str], zone: str) -> str:
    """Return the TOML of a mapping that reads our own columns in a time zone."""
    event = {name: f"{{{name}}}" for name in COLUMNS if name in header}
    return write_mapping({"time_zone": zone, "event": [event]})
