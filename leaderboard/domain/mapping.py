"""Mappings: how the rows of any other CSV become events (design section 4)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from leaderboard.domain.amount_formats import AUTO, AmountFormat, FoundOut
from leaderboard.domain.errors import Refused
from leaderboard.domain.event_templates import Condition, EventTemplate, Text
from leaderboard.domain.inbound import COLUMNS, Row
from leaderboard.domain.shown import quoted
from leaderboard.domain.time_formats import EITHER, EXAMPLE, ISO, fault_of, settled, with_offset
from leaderboard.domain.toml_text import read_toml

HEAD_KEYS = (
    "time_zone time_format source delimiter encoding sheet empty decimal_mark thousands_mark currency_sign footer "
    "description headings event"
).split()
EVENT_KEYS = (*COLUMNS, "when", "unless", "values", "optional")
ENCODINGS = ("utf-8", "utf-16", "cp1250", "cp1252", "iso-8859-1", "iso-8859-15", "mac-roman")


@dataclass(frozen=True)
class EventMapping:
    """A mapping file. time_formats: see domain/time_formats. empty: texts that stand for nothing.

    delimiter: None finds out. has_footer: rows of one single cell are passed over, as at the end of a report.
    encoding: of a CSV, None finds out. sheet: of a workbook, None for the first. headings: by a column that the events
    name, under which other names files may have it, whatever their case.
    """

    time_zone: ZoneInfo | None
    time_formats: tuple[str, ...]
    source: str | None
    delimiter: str | None
    empty: frozenset[str]
    amounts: AmountFormat | FoundOut | None
    has_footer: bool
    templates: tuple[EventTemplate, ...]
    encoding: str | None = None
    sheet: str | None = None
    headings: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @cached_property
    def columns(self) -> frozenset[str]:
        """The columns that a file must have for the mapping."""
        return frozenset(name for each in self.templates for name in each.columns)

    @cached_property
    def reads(self) -> frozenset[str]:
        """The columns of their file that the mapping reads."""
        return frozenset(name for each in self.templates for name in each.reads)

    def renamed(self, header: Sequence[str]) -> list[str]:
        """Return a header in which columns known under another name have the name that the events use."""
        found, plain = list(header), [_plain(name) for name in header]
        for column, others in self.headings.items():
            if column in found:
                continue
            known = next((each for each in map(_plain, (column, *others)) if each in plain), None)
            if known is not None:
                found = [column if each == known else name for name, each in zip(found, plain, strict=True)]
        return found

    def for_header(self, header: Sequence[str]) -> "EventMapping":
        """Return the mapping for a file with these columns, without the optional events that lack one."""
        names = set(header)
        templates = [each.for_header(names) for each in self.templates]
        return replace(self, templates=tuple(t for t in templates if not t.is_optional or names.issuperset(t.columns)))

    @property
    def all_time_formats(self) -> tuple[str, ...]:
        """How times may be written: ISO 8601 in any case, as the dates of a workbook are read."""
        return self.time_formats if ISO in self.time_formats else (*self.time_formats, ISO)

    @property
    def is_settled(self) -> bool:
        """Whether it says all; else how times or amounts are written shows in the file."""
        return EITHER not in self.time_formats and not isinstance(self.amounts, FoundOut)

    def settled(self, sample: Iterable[Row]) -> "EventMapping":
        """Return the mapping for a file that begins with these rows, under the names of `renamed`.

        Raises Refused where they do not tell whether days or months come first.
        """
        rows = [row for theirs in sample for each in self.templates if (row := each.row(self._emptied(theirs)))]
        try:
            formats = settled(
                self.time_formats, (row.get(name, "") for row in rows for name in ("occurred_at", "due_at"))
            )
        except ValueError as error:
            raise Refused(str(error)) from None
        amounts = self.amounts and self.amounts.settled(row["amount"] for row in rows if row.get("amount"))
        return replace(self, time_formats=formats, amounts=amounts)

    def with_time_format(self, time_format: str) -> "EventMapping":
        """Return the mapping for a file whose times are written so, or in ISO 8601; Refused for what is no format."""
        return replace(self, time_formats=_time_formats([time_format]))

    def rows(self, theirs: Row) -> Iterator[tuple[EventTemplate, dict[str, str]]]:
        """Yield the rows of ours that one row of theirs gives, each with its template.

        Raises RowError for an amount that does not fit.
        """
        theirs = self._emptied(theirs)
        for template in self.templates:
            row = template.row(theirs)
            if row is None:
                continue
            if self.amounts and row.get("amount"):
                row["currency"] = row.get("currency") or self.amounts.currency_of(row["amount"])
                row["amount"] = self.amounts.plain(row["amount"])
            yield template, row

    def _emptied(self, theirs: Row) -> Row:
        if not self.empty:
            return theirs
        return {name: "" if cell.strip() in self.empty else cell for name, cell in theirs.items()}


def _plain(heading: str) -> str:
    return " ".join(heading.split()).casefold()


def parse_mapping(text: str) -> EventMapping:
    """Return the mapping that a TOML text holds; else Refused: what is wrong, where, and the remedy."""
    try:
        document = read_toml(text)
    except ValueError as error:
        raise Refused(f"The mapping is not TOML: {error}.") from error
    for key in document:
        if key not in HEAD_KEYS:
            raise Refused(f"The mapping: {key} is not a known key; known are {', '.join(HEAD_KEYS)}.")
    events = document.get("event")
    if not isinstance(events, list) or not events:
        raise Refused("The mapping has no [[event]]; write one for each event that a row gives.")
    return EventMapping(
        _zone(_text(document, "time_zone", "the mapping")),
        _time_formats(document.get("time_format", ISO)),
        _text(document, "source", "the mapping"),
        _mark(document, "delimiter", ";"),
        frozenset(_texts(document.get("empty", []), "the mapping: empty")),
        _amounts(document),
        _flag(document, "footer", "the mapping"),
        tuple(_template(each, number) for number, each in enumerate(events, 1)),
        _encoding(_text(document, "encoding", "the mapping")),
        _text(document, "sheet", "the mapping"),
        _headings(document.get("headings", {})),
    )


def _encoding(name: str | None) -> str | None:
    if name is not None and name not in ENCODINGS:
        raise Refused(f"The mapping: encoding = {quoted(name)}; expected one of {', '.join(ENCODINGS)}.")
    return name


def _headings(content: Any) -> dict[str, tuple[str, ...]]:
    if not isinstance(content, dict):
        raise Refused('The mapping: headings is no table; write headings."Create Date" = ["Data de criação"].')
    return {name.strip(): _texts(others, f"the mapping: headings, {name}") for name, others in content.items()}


def _template(content: Any, number: int) -> EventTemplate:
    place = f"event number {number} of the mapping"
    if not isinstance(content, dict):
        raise Refused(f"{place} is not a table; write it as [[event]].")
    for key in content:
        if key in HEAD_KEYS:
            raise Refused(f"{place}: {key} is a key of the whole file; write it above the first [[event]].")
        if key not in EVENT_KEYS:
            raise Refused(f"{place}: {key} is not a known key; known are {', '.join(EVENT_KEYS)}.")
    for key in ("type", "event_id", "subject", "occurred_at"):
        if not content.get(key):
            raise Refused(f'{place}: {key} is missing; write a text with columns in braces, such as "{{id}}".')
    texts = {key: _filled(content, key, place) for key in COLUMNS if key in content}
    if not texts["event_id"].columns:
        raise Refused(
            f'{place}: event_id = "{content["event_id"]}" is the same for every row, so all but the first would be '
            'duplicates; name a column in braces, such as "won-{id}".'
        )
    return EventTemplate(
        texts,
        _condition(content, "when", place),
        _condition(content, "unless", place),
        _values(content.get("values", {}), place),
        _flag(content, "optional", place),
    )


def _filled(content: dict[str, Any], key: str, place: str) -> Text:
    text = _text(content, key, place) or ""
    found = Text(text)
    if any(mark in literal for literal in found.literals for mark in "{}") or "" in found.columns:
        raise Refused(f'{place}: {key} = "{text}" has a brace out of place; write each column as {{column}}.')
    return found


def _condition(content: dict[str, Any], key: str, place: str) -> Condition | None:
    value = content.get(key)
    if value is None:
        return None
    if isinstance(value, dict):
        return _comparison(value, key, place)
    if not isinstance(value, str):
        raise Refused(
            f'{place}: {key} = {quoted(value)}; expected {key} = "{{column}}", or to compare '
            f'{key} = {{ column = ["one text", "another"] }}.'
        )
    text = _filled(content, key, place)
    if any(literal.strip() for literal in text.literals) or not text.columns:
        raise Refused(
            f'{place}: {key} = "{value}" is never empty, whatever the row; write {key} = "{{column}}", '
            f'or to compare {key} = {{ column = ["one text", "another"] }}.'
        )
    return Condition(text=text)


def _comparison(table: dict[str, Any], key: str, place: str) -> Condition:
    if not table or [] in table.values():
        raise Refused(f'{place}: {key} names nothing to compare with; write {key} = {{ column = "text" }}.')
    if any(isinstance(each, dict) for each in table.values()):
        raise Refused(
            f"{place}: {key} holds a table in a table; put a name with a dot into quotation marks, "
            f'{key} = {{ "Lead.State" = "text" }}.'
        )
    return Condition(
        wanted={name.strip(): frozenset(_texts(each, f"{place}: {key}, {name}")) for name, each in table.items()}
    )


def _values(content: Any, place: str) -> dict[str, dict[str, str]]:
    for column, table in content.items() if isinstance(content, dict) else [("values", content)]:
        known = column in COLUMNS and isinstance(table, dict)
        if not known or any(not isinstance(text, str) for text in table.values()):
            raise Refused(
                f"{place}: values.{column} is not a table of texts for one of our columns; "
                'write values.type = { "Lost" = "lead.disposed" }.'
            )
    return {column: dict(table) for column, table in content.items()}


def _amounts(document: dict[str, Any]) -> AmountFormat | FoundOut | None:
    sign = _text(document, "currency_sign", "the mapping")
    if document.get("decimal_mark") == AUTO:
        return FoundOut(sign or "")
    decimal, thousands = _mark(document, "decimal_mark", ","), _mark(document, "thousands_mark", ".")
    if decimal is None and thousands is None and sign is None:
        return None
    decimal = decimal or "."
    if decimal == thousands:
        raise Refused(
            f'The mapping: "{decimal}" is both the decimal and the thousands mark; '
            "write decimal_mark and thousands_mark, each its own."
        )
    return AmountFormat(decimal, thousands or "", sign or "")


def _mark(document: dict[str, Any], key: str, example: str) -> str | None:
    mark = _text(document, key, "the mapping")
    if mark is not None and (len(mark) != 1 or mark in '"\r\n\0' or mark.isalnum()):
        raise Refused(
            f'The mapping: {key} = {quoted(mark)}; expected one character such as "{example}", '
            "but no letter, digit or quotation mark."
        )
    return mark


def _time_formats(value: Any) -> tuple[str, ...]:
    formats = tuple(map(with_offset, _texts(value, "the mapping: time_format")))
    fault = fault_of(formats) if formats else f"names no format; write one {EXAMPLE}"
    if fault:
        raise Refused(f"The mapping: time_format {fault}.")
    return formats


def _texts(value: Any, place: str) -> tuple[str, ...]:
    """Return one text or a list of them; whole numbers are taken as they are written."""
    found = value if isinstance(value, list) else [value]
    for each in found:
        if not isinstance(each, str | int) or isinstance(each, bool):
            raise Refused(f'{place} = {quoted(value)}; expected a text or a list of texts such as ["one", "another"].')
    return tuple(str(each).strip() for each in found)


def _text(content: dict[str, Any], key: str, place: str) -> str | None:
    value = content.get(key)
    if value is not None and not isinstance(value, str):
        raise Refused(f"{place}: {key} = {quoted(value)}; expected a text.")
    return value


def _flag(content: dict[str, Any], key: str, place: str) -> bool:
    value = content.get(key, False)
    if not isinstance(value, bool):
        raise Refused(f"{place}: {key} = {quoted(value)}; expected true or false.")
    return value


def _zone(name: str | None) -> ZoneInfo | None:
    try:
        return None if name is None else ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise Refused(
            f'The mapping: time_zone = "{name}" is not a time zone; write a name such as "America/Sao_Paulo".'
        ) from error
