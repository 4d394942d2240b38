"""A mapping as a form has it: each of our columns takes one of theirs or a text; filled in, it becomes tables."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from leaderboard.domain.event_templates import ANY
from leaderboard.domain.inbound import COLUMNS, KNOWN_TYPES

Filled = Mapping[str, str]
"""What was filled in: texts by the names of fields. Those of the event number 0 begin with `e0_`.

A column's field says `c:` and theirs, `t:` and one of our types, `=` for the text in the field `…_text` beside it, or
`auto` for an event id made of subject, type and time. A condition has a column, how it compares, and texts between `;`.
"""
HEAD_TEXTS = ("time_zone", "source", "description", "decimal_mark", "thousands_mark", "currency_sign", "sheet")
LISTS = ("time_format", "empty")
COLUMN, TYPE, TEXT, AUTO = "c:", "t:", "=", "auto"
CONDITIONS = ("when", "unless")
FILLED, IS, EMPTY = "filled", "is", "empty"  # how a condition compares
TRANSLATED = ("type", "outcome")
MOST_EVENTS, MOST_VALUES = 20, 40
SEPARATOR = ";"


def document_of(filled: Filled) -> dict[str, Any]:
    """Return the tables of a mapping that was filled in; what is missing in them its reader will say."""
    head: dict[str, Any] = {name: filled[name].strip() for name in HEAD_TEXTS if filled.get(name, "").strip(" ")}
    for name in ("decimal_mark", "thousands_mark"):
        if filled.get(name) == " ":
            head[name] = " "
    for name in LISTS:
        if texts := _split(filled.get(name, "")):
            head[name] = texts[0] if len(texts) == 1 else texts
    if filled.get("footer"):
        head["footer"] = True
    return {**head, "event": [_event(filled, number) for number in range(events_in(filled))]}


def events_in(filled: Filled) -> int:
    """Return how many events a row may give."""
    text = filled.get("events", "1")
    return min(int(text), MOST_EVENTS) if text.isascii() and text.isdecimal() and len(text) < 4 else 1


def _event(filled: Filled, number: int) -> dict[str, Any]:
    texts = {name: text for name in COLUMNS if (text := _text(filled, f"e{number}_{name}"))}
    if filled.get(f"e{number}_event_id") == AUTO:
        texts["event_id"] = made_id(texts)
    event: dict[str, Any] = {name: texts[name] for name in ("type", *COLUMNS) if name in texts}
    for name in CONDITIONS:
        if (condition := _condition(filled, f"e{number}_{name}")) is not None:
            event[name] = condition
    values = {name: table for name in TRANSLATED if (table := _values(filled, f"e{number}_values_{name}"))}
    return event | ({"values": values} if values else {})


def made_id(texts: Mapping[str, str]) -> str:
    """Return the event id that is made of subject, type and time: the same thing has the same one each time."""
    return "-".join(filter(None, (texts.get("subject"), texts.get("type"), texts.get("occurred_at"))))


def _text(filled: Filled, field: str) -> str:
    chosen = filled.get(field, "")
    if chosen.startswith(COLUMN):
        return f"{{{chosen.removeprefix(COLUMN)}}}"
    if chosen.startswith(TYPE):
        return chosen.removeprefix(TYPE)
    return filled.get(f"{field}_text", "").strip() if chosen == TEXT else ""


def _condition(filled: Filled, field: str) -> Any:
    column, how = filled.get(field, ""), filled.get(f"{field}_how", FILLED)
    if not column:
        return None
    if how == IS and (texts := _split(filled.get(f"{field}_text", ""))):
        return {column: texts[0] if len(texts) == 1 else texts}
    return {column: "" if how == EMPTY else ANY}


def _values(filled: Filled, field: str) -> dict[str, str]:
    """Return what is written for what their file says."""
    pairs = ((filled.get(f"{field}_{n}_from"), filled.get(f"{field}_{n}_to", "").strip()) for n in range(MOST_VALUES))
    return {theirs: ours for theirs, ours in pairs if theirs is not None and ours}


def _split(text: str) -> list[str]:
    return [each.strip() for each in text.split(SEPARATOR) if each.strip()]


def filled_of(document: Mapping[str, Any], header: Collection[str]) -> dict[str, str] | None:
    """Return what a form shows of a mapping that was read; None if the form has no field for some of it."""
    filled = {name: str(document[name]) for name in HEAD_TEXTS if name in document}
    for name in LISTS:
        texts = document.get(name, [])
        filled[name] = f"{SEPARATOR} ".join(texts if isinstance(texts, list) else [texts])
    if document.get("footer"):
        filled["footer"] = "1"
    events = document.get("event", [])
    filled["events"] = str(len(events))
    for number, event in enumerate(events):
        for name, value in _fields_of(event, header):
            filled[f"e{number}_{name}"] = value
    return filled if document_of(filled) == dict(document) else None


def _fields_of(event: Mapping[str, Any], header: Collection[str]) -> Iterator[tuple[str, str]]:
    for name in COLUMNS:
        text = event.get(name, "")
        chosen = _chosen(name, text, header)
        if name == "event_id" and text == made_id(event):
            chosen = AUTO
        yield name, chosen
        yield f"{name}_text", text if chosen == TEXT else ""
    for name in CONDITIONS:
        if isinstance(event.get(name), dict) and len(event[name]) == 1:
            ((column, wanted),) = event[name].items()
            texts = f"{SEPARATOR} ".join(wanted) if isinstance(wanted, list) else str(wanted)
            yield name, column
            yield f"{name}_how", {ANY: FILLED, "": EMPTY}.get(texts, IS)
            yield f"{name}_text", "" if texts == ANY else texts
    for name, table in event.get("values", {}).items():
        for number, (theirs, ours) in enumerate(table.items()):
            yield f"values_{name}_{number}_from", theirs
            yield f"values_{name}_{number}_to", ours


def _chosen(name: str, text: str, header: Collection[str]) -> str:
    if not text:
        return ""
    if name == "type" and text in KNOWN_TYPES:
        return f"{TYPE}{text}"
    column = text[1:-1]
    return f"{COLUMN}{column}" if text == f"{{{column}}}" and column in header else TEXT
