"""Reads tables of TOML key by key; what is wrong is noted as a sentence that knows where it belongs."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any, NamedTuple

from leaderboard.domain.inbound import TYPE
from leaderboard.domain.shown import has_controls, quoted, shown

DURATION_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
KEY = re.compile(r"[a-z0-9]+([-_.][a-z0-9]+)*")
LONGEST_KEY = 80
LONGEST_DURATION = timedelta(days=3653)  # so that what falls due stays within the years that are known
LONGEST_TEXT = 400


class Where(NamedTuple):
    """What a problem is about. part: a table of the file, such as sla; number: which of several; table: one in it."""

    part: str = ""
    number: int = 0
    table: str = ""


NOWHERE = Where()


class Problem(str):
    """What is wrong, in a sentence; and for a form: where, at which key, and in a word why."""

    where = NOWHERE
    field = ""
    why = ""

    @classmethod
    def at(cls, where: Where, field: str, why: str, sentence: str) -> "Problem":
        """Return the sentence with its place."""
        problem = cls(sentence)
        problem.where, problem.field, problem.why = where, field, why
        return problem


def parse_duration(text: object) -> timedelta:
    """Return the duration of a text such as 30s, 15m, 8h, 2d (a d is 24 h); else ValueError."""
    match = re.fullmatch(r"([0-9]{1,7})([smhd])", text) if isinstance(text, str) else None
    if match is None:
        raise ValueError(f'{quoted(text)} is not a duration; write a whole number and s, m, h or d, such as "8h"')
    seconds = int(match[1]) * DURATION_UNITS[match[2]]
    if seconds > LONGEST_DURATION.total_seconds():
        raise ValueError(f"{quoted(text)} is longer than ten years; write a shorter time")
    return timedelta(seconds=seconds)


class Table:
    """One table of the file: takes its keys one by one, notes what is wrong, and what was never taken."""

    def __init__(self, content: object, place: str, problems: list[str], where: Where = NOWHERE) -> None:
        self.place, self.where = place, where
        self.problems = problems
        if not isinstance(content, dict):
            sentence = f"{place} is not a table; write it as [{place}] with keys below it."
            problems.append(Problem.at(where, "", "missing", sentence))
            content = {}
        self.content: dict[str, Any] = dict(content)

    def refuse(self, what: str, field: str, why: str = "unfit") -> None:
        """Note what is wrong. field: the key that it is about; why: a word for it, from which a form tells it."""
        self.problems.append(Problem.at(self.where, field, why, f"{self.place}: {what}"))

    def table(self, key: str) -> "Table":
        """Return the table within it that a key holds."""
        where = self.where._replace(table=key)
        return Table(self.content.pop(key, None), f"{self.place}, {key}", self.problems, where)

    def take(self, key: str, expected: str, fits: Callable[[Any], bool], default: Any = ...) -> Any:
        """Return the value of a key, or its default; a missing or unfit one is noted and gives None."""
        if key not in self.content:
            if default is ...:
                self.refuse(f"{key} is missing; expected {expected}.", key, "missing")
                return None
            return default
        value = self.content.pop(key)
        if not fits(value):
            self.refuse(f"{key} = {quoted(value)}; expected {expected}.", key)
            return None if default is ... else default
        return value

    def text(self, key: str, default: Any = ...) -> Any:
        return self.take(key, f"a text of at most {LONGEST_TEXT} characters on one line", is_text, default)

    def key(self, example: str) -> Any:
        return self.take(
            "key",
            f'lower-case letters, digits and hyphens, such as "{example}"',
            lambda v: isinstance(v, str) and KEY.fullmatch(v) is not None and len(v) <= LONGEST_KEY,
        )

    def choice(self, key: str, choices: tuple[str, ...], default: Any = ...) -> Any:
        expected = " or ".join(f'"{choice}"' for choice in choices)
        return self.take(key, expected, lambda v: isinstance(v, str) and v in choices, default)

    def whole(self, key: str, least: int, most: int, default: Any = ...) -> Any:
        def fits(value: Any) -> bool:
            return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most

        return self.take(key, f"a whole number from {least} to {most}", fits, default)

    def types(self, key: str, default: Any = ...) -> frozenset[str]:
        def fits(value: Any) -> bool:
            return (
                isinstance(value, list) and value != [] and all(isinstance(v, str) and TYPE.fullmatch(v) for v in value)
            )

        return frozenset(
            self.take(key, 'a list of event types, dotted words in lower case such as ["lead.assigned"]', fits, default)
            or ()
        )

    def duration(self, key: str, default: Any = ...) -> Any:
        value = self.take(key, 'a duration such as "8h"', lambda v: isinstance(v, str), default)
        if not isinstance(value, str):
            return value
        try:
            return parse_duration(value)
        except ValueError as error:
            self.refuse(f"{key}: {error}.", key)
            return None

    def done(self) -> None:
        for key in self.content:
            self.refuse(f"{shown(key)} is not a known key; remove it or mend its spelling.", key, "unknown")


def is_text(value: object) -> bool:
    """Tell whether a value is a text on one line that is not blank, nor too long."""
    return isinstance(value, str) and value.strip() != "" and len(value) <= LONGEST_TEXT and not has_controls(value)


def is_texts(value: object) -> bool:
    """Tell whether a value is a list of such texts, one at least."""
    return isinstance(value, list) and value != [] and all(is_text(each) for each in value)
