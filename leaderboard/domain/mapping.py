"""Mappings: how the rows of any other CSV become events (design section 4)."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from leaderboard.domain.errors import Refused
from leaderboard.domain.inbound import COLUMNS, Row, RowError
from leaderboard.domain.shown import quoted
from leaderboard.domain.time_formats import EXAMPLE, ISO, fault_of, with_offset
from leaderboard.domain.toml_text import read_toml

HEAD_KEYS = (
    "time_zone time_format source delimiter empty decimal_mark thousands_mark currency_sign footer description event"
).split()
EVENT_KEYS = (*COLUMNS, "when", "unless", "values", "optional")
PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
CUT = re.compile(r"(.+):([1-9][0-9]{0,2})")
ANY = "*"  # any text but the empty one


class Text:
    """A text with {column} of theirs in braces; {column:15} takes the first 15 characters only."""

    def __init__(self, text: str, header: Collection[str] = ()) -> None:
        self.text = text
        pieces = PLACEHOLDER.split(text)  # text, column, text, column, … text
        self.literals = pieces[::2]
        self.holes = [_hole(name.strip(), header) for name in pieces[1::2]]

    @property
    def columns(self) -> list[str]:
        """The columns that it reads."""
        return [name for name, _ in self.holes]

    def fill(self, row: Row) -> str:
        """Return the text with its columns filled from a row, without white space around."""
        if len(self.holes) == 1 and not any(self.literals):
            name, length = self.holes[0]
            return row.get(name, "").strip()[:length].strip()
        text = self.literals[0]
        for (name, length), literal in zip(self.holes, self.literals[1:], strict=True):
            text += row.get(name, "").strip()[:length] + literal
        return text.strip()


def _hole(name: str, header: Collection[str]) -> tuple[str, int | None]:
    """Return a column and how many of its characters are taken; a header may hold a name such as "SLA:30" itself."""
    cut = None if name in header else CUT.fullmatch(name)
    return (cut[1].strip(), int(cut[2])) if cut else (name, None)


@dataclass(frozen=True)
class Condition:
    """What must hold of a row: a text that does not come out empty, or texts wanted by column ("*": any)."""

    text: Text | None = None
    wanted: Mapping[str, frozenset[str]] | None = None

    def holds(self, row: Row) -> bool:
        """Tell whether it holds of a row."""
        if self.text is not None:
            return self.text.fill(row) != ""
        cells = ((row.get(name, "").strip(), wanted) for name, wanted in (self.wanted or {}).items())
        return all(cell in wanted or (ANY in wanted and cell != "") for cell, wanted in cells)

    def for_header(self, header: Collection[str]) -> "Condition":
        """Return the condition for a file with these columns."""
        return self if self.text is None else Condition(text=Text(self.text.text, header))

    @property
    def columns(self) -> list[str]:
        """The columns that it reads."""
        return self.text.columns if self.text else list(self.wanted or ())


@dataclass(frozen=True)
class EventTemplate:
    """One event that a row may give. texts: by our column.

    when, unless: the event is skipped if the first does not hold, or the second does. values: by our
    column, what to write for what their file says, such as {"Lost": "disqualified"}; "*" stands for any other
    text, and without it a text that is not listed stays. is_optional: files that lack its columns give no such event.
    """

    texts: Mapping[str, Text]
    when: Condition | None
    unless: Condition | None
    values: Mapping[str, Mapping[str, str]]
    is_optional: bool = False

    @property
    def columns(self) -> list[str]:
        """The columns that it reads."""
        parts: list[Text | Condition] = [*self.texts.values(), *(each for each in (self.when, self.unless) if each)]
        return [name for part in parts for name in part.columns]

    def for_header(self, header: Collection[str]) -> "EventTemplate":
        """Return the template for a file with these columns."""
        return replace(
            self,
            texts={column: Text(each.text, header) for column, each in self.texts.items()},
            when=self.when and self.when.for_header(header),
            unless=self.unless and self.unless.for_header(header),
        )

    def origin(self, column: str) -> str:
        """Return what the mapping says about one of our columns, for the person who looks for it in their file."""
        return f'{column} = "{self.texts[column].text}"' if column in self.texts else column

    def row(self, theirs: Row) -> dict[str, str] | None:
        """Return the row of ours that a row of theirs gives, or None if the event is skipped."""
        if (self.when and not self.when.holds(theirs)) or (self.unless and self.unless.holds(theirs)):
            return None
        row = {column: text.fill(theirs) for column, text in self.texts.items()}
        for column, values in self.values.items():
            text = row.get(column, "")
            row[column] = values.get(text, values.get(ANY, text) if text else "")
        return row


@dataclass(frozen=True)
class AmountFormat:
    """How amounts are written: 1.234,50 has the decimal mark "," and the thousands mark "."."""

    decimal_mark: str
    thousands_mark: str
    currency_sign: str

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        mark, point = re.escape(self.thousands_mark), re.escape(self.decimal_mark)
        whole = f"[0-9]{{1,3}}(?:{mark}[0-9]{{3}})+|[0-9]+" if mark else "[0-9]+"
        return re.compile(rf"(-?)({whole})(?:{point}([0-9]+))?")

    def plain(self, text: str) -> str:
        """Return an amount with a decimal point and nothing else; RowError for one that is written differently."""
        bare = text.replace("\u2212", "-").replace("\u00a0", " ").replace("\u202f", " ")
        if self.currency_sign:
            bare = bare.replace(self.currency_sign, "", 1)
        match = self._pattern.fullmatch(bare.strip().replace("- ", "-"))
        if match is None:
            example = f"1{self.thousands_mark}234{self.decimal_mark}50"
            raise RowError("amount", text, f"is not written as the mapping says; expected an amount such as {example}")
        whole = match[2].replace(self.thousands_mark, "") if self.thousands_mark else match[2]
        return f"{match[1]}{whole}.{match[3] or ''}".removesuffix(".")


@dataclass(frozen=True)
class EventMapping:
    """A mapping file. time_formats: see domain/time_formats. empty: texts that stand for nothing.

    delimiter: None finds out. has_footer: rows of one single cell are passed over, as at the end of a report.
    """

    time_zone: ZoneInfo | None
    time_formats: tuple[str, ...]
    source: str | None
    delimiter: str | None
    empty: frozenset[str]
    amounts: AmountFormat | None
    has_footer: bool
    templates: tuple[EventTemplate, ...]

    @cached_property
    def columns(self) -> frozenset[str]:
        """The columns of their file that the mapping reads."""
        return frozenset(name for each in self.templates for name in each.columns)

    def for_header(self, header: Sequence[str]) -> "EventMapping":
        """Return the mapping for a file with these columns, without the optional events that lack one."""
        names = set(header)
        templates = [each.for_header(names) for each in self.templates]
        return replace(self, templates=tuple(t for t in templates if not t.is_optional or names.issuperset(t.columns)))

    def rows(self, theirs: Row) -> Iterator[tuple[EventTemplate, dict[str, str]]]:
        """Yield the rows of ours that one row of theirs gives, each with its template.

        Raises RowError for an amount that does not fit.
        """
        if self.empty:
            theirs = {name: "" if cell.strip() in self.empty else cell for name, cell in theirs.items()}
        for template in self.templates:
            row = template.row(theirs)
            if row is None:
                continue
            if self.amounts and row.get("amount"):
                row["amount"] = self.amounts.plain(row["amount"])
            yield template, row


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
    )


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


def _amounts(document: dict[str, Any]) -> AmountFormat | None:
    decimal, thousands = _mark(document, "decimal_mark", ","), _mark(document, "thousands_mark", ".")
    sign = _text(document, "currency_sign", "the mapping")
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
