"""Reads an agreement from TOML; every mistake is named with its place and remedy."""

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from leaderboard.domain.agreement import (
    SIDES,
    VOID_WINDOW,
    Agreement,
    BonusProgramme,
    Completion,
    Count,
    EventRate,
    Levels,
    Measure,
    ResponseTime,
    Sla,
    SlaRate,
    Sum,
)
from leaderboard.domain.errors import AgreementRefused
from leaderboard.domain.inbound import TYPE
from leaderboard.domain.instants import is_known_day
from leaderboard.domain.money import LARGEST, parse_amount
from leaderboard.domain.shown import has_controls, quoted, shown
from leaderboard.domain.toml_text import read_toml

DURATION_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
KEY = re.compile(r"[a-z0-9]+([-_.][a-z0-9]+)*")
MAX_POINTS = 1_000_000
LONGEST_DURATION = timedelta(days=3653)  # so that what falls due stays within the years that are known
LONGEST_TEXT = 400


def parse_duration(text: object) -> timedelta:
    """Return the duration of a text such as 30s, 15m, 8h, 2d (a d is 24 h); else ValueError."""
    match = re.fullmatch(r"([0-9]{1,7})([smhd])", text) if isinstance(text, str) else None
    if match is None:
        raise ValueError(f'{quoted(text)} is not a duration; write a whole number and s, m, h or d, such as "8h"')
    seconds = int(match[1]) * DURATION_UNITS[match[2]]
    if seconds > LONGEST_DURATION.total_seconds():
        raise ValueError(f"{quoted(text)} is longer than ten years; write a shorter time")
    return timedelta(seconds=seconds)


def parse_agreement(text: str, currency: str) -> Agreement:
    """Return the agreement that a TOML text holds.

    currency: ISO 4217 code of the organisation; amounts are read to its minor unit.
    Raises AgreementRefused with one sentence for each mistake: where it is, and what to write instead.
    """
    try:
        document = read_toml(text, parse_float=Decimal)
    except ValueError as error:
        raise AgreementRefused([f"The agreement is not TOML: {error}."]) from error
    return _Reader(document, currency).agreement()


class _Table:
    """One table of the file: takes its keys one by one, notes what is wrong, and what was never taken."""

    def __init__(self, content: object, place: str, problems: list[str]) -> None:
        self.place = place
        self.problems = problems
        if not isinstance(content, dict):
            problems.append(f"{place} is not a table; write it as [{place}] with keys below it.")
            content = {}
        self.content: dict[str, Any] = dict(content)

    def refuse(self, what: str) -> None:
        self.problems.append(f"{self.place}: {what}")

    def take(self, key: str, expected: str, fits: Callable[[Any], bool], default: Any = ...) -> Any:
        """Return the value of a key, or its default; a missing or unfit one is noted and gives None."""
        if key not in self.content:
            if default is ...:
                self.refuse(f"{key} is missing; expected {expected}.")
                return None
            return default
        value = self.content.pop(key)
        if not fits(value):
            self.refuse(f"{key} = {quoted(value)}; expected {expected}.")
            return None if default is ... else default
        return value

    def text(self, key: str, default: Any = ...) -> Any:
        return self.take(key, f"a text of at most {LONGEST_TEXT} characters on one line", _is_text, default)

    def key(self, example: str) -> Any:
        return self.take(
            "key",
            f'lower-case letters, digits and hyphens, such as "{example}"',
            lambda v: isinstance(v, str) and KEY.fullmatch(v) is not None and len(v) <= 80,
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
            self.refuse(f"{key}: {error}.")
            return None

    def done(self) -> None:
        for key in self.content:
            self.refuse(f"{shown(key)} is not a known key; remove it or mend its spelling.")


class _Reader:
    """Reads one agreement, collecting every mistake before it refuses."""

    def __init__(self, document: dict[str, Any], currency: str) -> None:
        self.document = document
        self.currency = currency
        self.problems: list[str] = []

    def agreement(self) -> Agreement:
        root = _Table(self.document, "the file", self.problems)
        head = _Table(root.content.pop("agreement", None), "agreement", self.problems)
        title = head.text("title")
        effective_from = head.take(
            "effective_from",
            "the first day of a month, such as 2026-10-01",
            lambda v: is_known_day(v) and v.day == 1,
        )
        review = head.whole("review_every_months", 1, 120, None)
        head.done()
        definitions = root.take("definitions", "a table of texts", lambda v: isinstance(v, dict), {})
        for word, meaning in definitions.items():
            if not isinstance(meaning, str):
                self.problems.append(f"definitions: {shown(word)} = {quoted(meaning)}; expected a text.")
        slas = [self._sla(each, number) for number, each in enumerate(self._tables(root, "sla"), 1)]
        if not slas:
            self.problems.append("The file has no [[sla]]; write at least one.")
        bonuses = [self._bonus(each, number) for number, each in enumerate(self._tables(root, "bonus"), 1)]
        root.done()
        self._refuse_repeated("sla", [sla.key for sla in slas if sla])
        self._refuse_repeated("bonus", [bonus.key for bonus in bonuses if bonus])
        self._check_references([sla for sla in slas if sla])
        if self.problems:
            raise AgreementRefused(self.problems)
        return Agreement(
            title,
            effective_from,
            review,
            definitions,
            tuple(sla for sla in slas if sla),
            tuple(bonus for bonus in bonuses if bonus),
        )

    def _tables(self, root: _Table, key: str) -> list[Any]:
        found: list[Any] = root.take(key, f"tables written as [[{key}]]", lambda v: isinstance(v, list), [])
        return found

    def _refuse_repeated(self, place: str, keys: list[str]) -> None:
        for key in sorted({key for key in keys if keys.count(key) > 1}):
            self.problems.append(f'[[{place}]] key = "{key}" stands twice; each key must be unique.')

    def _check_references(self, slas: list[Sla]) -> None:
        known = {sla.key: sla for sla in slas}
        for sla in slas:
            if not isinstance(sla.measure, SlaRate):
                continue
            target = known.get(sla.measure.of_sla)
            place = f'sla "{sla.key}", measure'
            if target is None or not isinstance(target.measure, ResponseTime):
                names = ", ".join(f'"{k}"' for k, s in known.items() if isinstance(s.measure, ResponseTime)) or "none"
                self.problems.append(
                    f'{place}: of_sla = "{shown(sla.measure.of_sla)}" is not a response_time SLA of this agreement; '
                    f"it has {names}."
                )
            elif target.participant == "team" and sla.participant == "member":
                self.problems.append(
                    f'{place}: of_sla = "{target.key}" is measured by team; write participant = "team" here too.'
                )

    def _table(self, content: Any, kind: str, number: int) -> _Table:
        """Return one of several tables, named by its key or else by where it stands among them."""
        key = content.get("key") if isinstance(content, dict) else None
        place = f'{kind} "{shown(key)}"' if isinstance(key, str) else f"{kind} number {number}"
        return _Table(content, place, self.problems)

    def _sla(self, content: Any, number: int) -> Sla | None:
        before = len(self.problems)
        table = self._table(content, "sla", number)
        key = table.key("speed-to-lead")
        title = table.text("title", key)
        side = table.choice("side", SIDES)
        participant = table.choice("participant", ("member", "team"))
        measure = self._measure(table)
        levels = self._levels(table, measure)
        met, exceeded = self._points(table, measure, levels)
        table.done()
        if len(self.problems) > before or measure is None or levels is None:
            return None
        return Sla(key, title, side, participant, measure, levels, met, exceeded)

    def _measure(self, sla: _Table) -> Measure | None:
        table = _Table(sla.content.pop("measure", None), f"{sla.place}, measure", self.problems)
        kind = table.choice("kind", ("response_time", "count", "sum", "rate", "completion"))
        measure: Measure | None = None
        if kind == "response_time":
            measure = self._response_time(table)
        elif kind == "count":
            measure = Count(table.types("of"))
        elif kind == "sum":
            measure = Sum(table.types("of"))
        elif kind == "rate":
            measure = self._rate(table)
        elif kind == "completion":
            measure = Completion()
        if kind is not None:
            table.done()
        return measure

    def _response_time(self, table: _Table) -> ResponseTime:
        void_within = table.duration("void_within", VOID_WINDOW)
        measure = ResponseTime(
            from_types=table.types("from"),
            to_types=table.types("to"),
            pause_types=table.types("pause", ()),
            resume_types=table.types("resume", ()),
            void_types=table.types("void_by", ()),
            void_within=VOID_WINDOW if void_within is None else void_within,
            is_working=table.choice("clock", ("working", "elapsed"), "working") == "working",
            credit=table.choice("credit", ("owner", "closer"), "owner"),
        )
        roles = ("from_types", "to_types", "pause_types", "resume_types", "void_types")
        for index, role in enumerate(roles):
            for other in roles[index + 1 :]:
                for shared in sorted(getattr(measure, role) & getattr(measure, other)):
                    names = [name.removesuffix("_types").replace("void", "void_by") for name in (role, other)]
                    table.refuse(f'"{shared}" stands in both {names[0]} and {names[1]}; keep it in one.')
        return measure

    def _rate(self, table: _Table) -> SlaRate | EventRate:
        at_least = table.whole("at_least", 1, 1_000_000, 1) or 1
        if "of_sla" in table.content:
            return SlaRate(table.text("of_sla") or "", at_least)
        if "of" not in table.content:
            table.refuse('a rate needs of_sla = "key", or of = [...] and in = [...].')
            return SlaRate("", at_least)
        return EventRate(table.types("of"), table.types("in"), at_least)

    def _levels(self, sla: _Table, measure: Measure | None) -> Levels | None:
        table = _Table(sla.content.pop("levels", None), f"{sla.place}, levels", self.problems)
        if measure is None:
            return None
        readers: dict[str, Callable[[_Table, str], Any]] = {
            "response_time": self._duration,
            "completion": self._duration,
            "count": self._subjects,
            "sum": self._amount,
            "rate": self._share,
        }
        read = readers[measure.kind]
        met = read(table, "met")
        exceeded = read(table, "exceeded") if "exceeded" in table.content else None
        table.done()
        if met is None:
            return None
        if exceeded is not None and (exceeded > met if measure.kind == "response_time" else exceeded < met):
            table.refuse(
                "exceeded is easier to reach than met; exchange the two, or make exceeded "
                + ("the shorter time." if measure.kind == "response_time" else "the higher target.")
            )
        return Levels(met, exceeded)

    def _duration(self, table: _Table, key: str) -> timedelta | None:
        found: timedelta | None = table.duration(key)
        return found

    def _subjects(self, table: _Table, key: str) -> int | None:
        found: int | None = table.whole(key, 1, 1_000_000_000)
        return found

    def _amount(self, table: _Table, key: str) -> int | None:
        value = table.take(
            key,
            'an amount such as "50000.00"',
            lambda v: isinstance(v, str | Decimal) or (type(v) is int and abs(v) < LARGEST),
        )
        try:
            amount = None if value is None else parse_amount(str(value), self.currency)
        except ValueError as error:
            table.refuse(f"{key}: {error}.")
            return None
        if amount is not None and amount < 1:
            table.refuse(f"{key} = {quoted(value)}; expected more than 0.")
            return None
        return amount

    def _share(self, table: _Table, key: str) -> Decimal | None:
        value = table.take(
            key,
            "a share from 0 to 1, such as 0.95",
            lambda v: isinstance(v, int | Decimal) and not isinstance(v, bool) and v == v and 0 < v <= 1,  # not nan
        )
        return None if value is None else Decimal(value)

    def _points(self, sla: _Table, measure: Measure | None, levels: Levels | None) -> tuple[int, int]:
        table = _Table(sla.content.pop("points", None), f"{sla.place}, points", self.problems)
        if measure is not None:
            per = "occurrence" if measure.kind in ("response_time", "completion") else "month"
            table.take("per", f'"{per}" for a {measure.kind} measure', lambda v: v == per)
        else:
            table.content.pop("per", None)
        met = table.whole("met", 0, MAX_POINTS)
        exceeded = table.whole("exceeded", 0, MAX_POINTS, met)
        table.done()
        if met is not None and exceeded is not None and exceeded < met:
            table.refuse(f"exceeded = {exceeded} earns less than met = {met}; give it at least as many.")
        if levels is not None and levels.exceeded is not None and met is None:
            return 0, 0
        return met or 0, exceeded or 0

    def _bonus(self, content: Any, number: int) -> BonusProgramme | None:
        before = len(self.problems)
        table = self._table(content, "bonus", number)
        key = table.key("quarter-win")
        period = table.choice("period", ("month", "quarter"))
        participant = table.choice("participant", ("team", "member"))
        amounts = table.take("places", 'a list of amounts such as ["1000.00"]', _is_texts, [])
        prizes = table.take("prizes", 'a list of texts such as ["A plaque"]', _is_texts, [])
        side = table.choice("side", SIDES, None)
        tie = table.choice("tie", ("split", "full"), "split")
        divide = table.choice("divide", ("equally", "by_points"), "equally")
        table.done()
        if bool(amounts) == bool(prizes) and len(self.problems) == before:
            table.refuse('give either places = ["1000.00"] or prizes = ["A plaque"], one of the two.')
        places = tuple(self._place(table, amount) for amount in amounts)
        if len(self.problems) > before:
            return None
        return BonusProgramme(key, period, participant, places, tuple(prizes), side, tie, divide)

    def _place(self, table: _Table, amount: str) -> int:
        try:
            minor = parse_amount(amount, self.currency)
        except ValueError as error:
            table.refuse(f"places: {error}.")
            return 0
        if minor < 1:
            table.refuse(f'places: "{amount}" is no bonus; expected more than 0.')
        return minor


def _place(kind: str, key: object, number: int) -> str:
    return f"{kind} {quoted(key)}" if isinstance(key, str) else f"{kind} number {number}"


def _is_text(value: object) -> bool:
    return isinstance(value, str) and value.strip() != "" and len(value) <= LONGEST_TEXT and not has_controls(value)


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and value != [] and all(_is_text(each) for each in value)
