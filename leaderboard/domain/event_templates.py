"""What a mapping says of one event: texts with columns of a file in them, and when a row gives it."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from leaderboard.domain.inbound import Row

PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
CUT = re.compile(r"(.+):([1-9][0-9]{0,2})")
ANY = "*"  # any text but the empty one


class Text:
    """A text with {column} of theirs in braces; {column:15} takes the first 15 characters only.

    {column?} is empty in a file that lacks the column. A header may hold a name such as "SLA:30" or "Won?" itself.
    """

    def __init__(self, text: str, header: Collection[str] = ()) -> None:
        self.text = text
        pieces = PLACEHOLDER.split(text)  # text, column, text, column, … text
        self.literals = pieces[::2]
        found = [_hole(name.strip(), header) for name in pieces[1::2]]
        self.holes = [(name, length) for name, length, _ in found]
        self.columns = [name for name, _, is_needed in found if is_needed]

    @property
    def reads(self) -> list[str]:
        """The columns that it reads, with those that a file may lack; `columns` has the others alone."""
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


def _hole(name: str, header: Collection[str]) -> tuple[str, int | None, bool]:
    """Return a column, how many of its characters are taken, and whether a file must have it."""
    name, is_needed = _column(name, header)
    cut = None if name in header else CUT.fullmatch(name)
    if cut is None:
        return name, None, is_needed
    name, is_still_needed = _column(cut[1].strip(), header)
    return name, int(cut[2]), is_needed and is_still_needed


def _column(name: str, header: Collection[str]) -> tuple[str, bool]:
    """Return a column and whether a file must have it, which a question mark at its end denies."""
    may_lack = name.endswith("?") and len(name) > 1 and name not in header
    return (name[:-1].strip(), False) if may_lack else (name, True)


@dataclass(frozen=True)
class Condition:
    """What must hold of a row: a text that does not come out empty, or texts wanted by column ("*": any).

    may_lack: columns that a file need not have; they are empty then.
    """

    text: Text | None = None
    wanted: Mapping[str, frozenset[str]] | None = None
    may_lack: frozenset[str] = frozenset()

    def holds(self, row: Row) -> bool:
        """Tell whether it holds of a row."""
        if self.text is not None:
            return self.text.fill(row) != ""
        cells = ((row.get(name, "").strip(), wanted) for name, wanted in (self.wanted or {}).items())
        return all(cell in wanted or (ANY in wanted and cell != "") for cell, wanted in cells)

    def for_header(self, header: Collection[str]) -> "Condition":
        """Return the condition for a file with these columns."""
        if self.text is not None:
            return Condition(text=Text(self.text.text, header))
        found = {_column(name, header): wanted for name, wanted in (self.wanted or {}).items()}
        lacked = self.may_lack.union(name for name, is_needed in found if not is_needed)
        return Condition(wanted={name: wanted for (name, _), wanted in found.items()}, may_lack=lacked)

    @property
    def columns(self) -> list[str]:
        """The columns that a file must have for it."""
        return self.text.columns if self.text else [name for name in self.reads if name not in self.may_lack]

    @property
    def reads(self) -> list[str]:
        """The columns that it reads."""
        return self.text.reads if self.text else list(self.wanted or ())


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
        """The columns that a file must have for it."""
        return [name for part in self._readers for name in part.columns]

    @property
    def reads(self) -> list[str]:
        """The columns that it reads."""
        return [name for part in self._readers for name in part.reads]

    @property
    def _readers(self) -> list[Text | Condition]:
        return [*self.texts.values(), *(each for each in (self.when, self.unless) if each)]

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
