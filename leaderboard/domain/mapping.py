"""Mappings: how the rows of any other CSV become events (design section 4)."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from leaderboard.domain.errors import Refused
from leaderboard.domain.inbound import COLUMNS, Row

HEAD_KEYS = ("time_zone", "time_format", "source", "delimiter", "description", "event")
PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True)
class EventTemplate:
    """One event that a row may give. texts: by our column, with {column} of theirs in braces.

    when: the event is skipped if this comes out empty. values: by our column, what to write for what
    their file says, such as {"Lost": "disqualified"}; a text that is not listed stays.
    """

    texts: Mapping[str, str]
    when: str | None
    values: Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class EventMapping:
    """A mapping file. time_format: as of strptime; None for ISO 8601."""

    time_zone: ZoneInfo | None
    time_format: str | None
    source: str | None
    delimiter: str
    templates: tuple[EventTemplate, ...]

    @property
    def columns(self) -> frozenset[str]:
        """The columns of their file that the mapping reads."""
        texts = [text for each in self.templates for text in (*each.texts.values(), each.when or "")]
        return frozenset(name for text in texts for name in PLACEHOLDER.findall(text))

    def rows(self, theirs: Row) -> Iterator[dict[str, str]]:
        """Yield the rows of ours that one row of theirs gives."""
        for template in self.templates:
            if template.when is not None and not fill(template.when, theirs):
                continue
            row = {column: fill(text, theirs) for column, text in template.texts.items()}
            for column, values in template.values.items():
                row[column] = values.get(row.get(column, ""), row.get(column, ""))
            yield row


def fill(text: str, row: Row) -> str:
    """Return a template with its {columns} filled from a row, without white space around."""
    return PLACEHOLDER.sub(lambda match: (row.get(match[1]) or "").strip(), text).strip()


def parse_mapping(text: str) -> EventMapping:
    """Return the mapping that a TOML text holds; else Refused: what is wrong, where, and the remedy."""
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise Refused(f"The mapping is not TOML: {error}.") from error
    for key in document:
        if key not in HEAD_KEYS:
            raise Refused(f"The mapping: {key} is not a known key; known are {', '.join(HEAD_KEYS)}.")
    events = document.get("event")
    if not isinstance(events, list) or not events:
        raise Refused("The mapping has no [[event]]; write one for each event that a row gives.")
    delimiter = _text(document, "delimiter", "the mapping") or ","
    if len(delimiter) != 1:
        raise Refused(f'The mapping: delimiter = "{delimiter}"; expected one character such as ";".')
    return EventMapping(
        _zone(_text(document, "time_zone", "the mapping")),
        _text(document, "time_format", "the mapping"),
        _text(document, "source", "the mapping"),
        delimiter,
        tuple(_template(each, number) for number, each in enumerate(events, 1)),
    )


def _template(content: Any, number: int) -> EventTemplate:
    place = f"event number {number} of the mapping"
    if not isinstance(content, dict):
        raise Refused(f"{place} is not a table; write it as [[event]].")
    for key in content:
        if key not in (*COLUMNS, "when", "values"):
            raise Refused(f"{place}: {key} is not a known key; known are {', '.join(COLUMNS)}, when, values.")
    for key in ("type", "event_id", "subject", "occurred_at"):
        if not content.get(key):
            raise Refused(f'{place}: {key} is missing; write a text with columns in braces, such as "{{id}}".')
    texts = {key: _text(content, key, place) or "" for key in COLUMNS if key in content}
    return EventTemplate(texts, _text(content, "when", place), _values(content.get("values", {}), place))


def _values(content: Any, place: str) -> dict[str, dict[str, str]]:
    for column, table in content.items() if isinstance(content, dict) else [("values", content)]:
        known = column in COLUMNS and isinstance(table, dict)
        if not known or any(not isinstance(text, str) for text in table.values()):
            raise Refused(
                f"{place}: values.{column} is not a table of texts for one of our columns; "
                'write values.type = { "Lost" = "lead.disposed" }.'
            )
    return {column: dict(table) for column, table in content.items()}


def _text(content: dict[str, Any], key: str, place: str) -> str | None:
    value = content.get(key)
    if value is not None and not isinstance(value, str):
        raise Refused(f"{place}: {key} = {value!r}; expected a text.")
    return value


def _zone(name: str | None) -> ZoneInfo | None:
    try:
        return None if name is None else ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise Refused(
            f'The mapping: time_zone = "{name}" is not a time zone; write a name such as "America/Sao_Paulo".'
        ) from error
