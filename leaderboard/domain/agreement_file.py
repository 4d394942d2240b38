"""Reads an agreement from TOML; every mistake is named with its place and remedy."""

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
from leaderboard.domain.instants import is_known_day
from leaderboard.domain.money import LARGEST, parse_amount
from leaderboard.domain.shown import quoted, shown
from leaderboard.domain.toml_table import Problem, Table, Where, is_texts
from leaderboard.domain.toml_text import read_toml
from leaderboard.domain.working_time import ZERO

MAX_POINTS = 1_000_000
LONGEST_REMIND = timedelta(days=31)  # what waits for a reminder is looked for so far ahead


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


class _Reader:
    """Reads one agreement, collecting every mistake before it refuses."""

    def __init__(self, document: dict[str, Any], currency: str) -> None:
        self.document = document
        self.currency = currency
        self.problems: list[str] = []

    def agreement(self) -> Agreement:
        root = Table(self.document, "the file", self.problems)
        head = Table(root.content.pop("agreement", None), "agreement", self.problems, Where("agreement"))
        title = head.text("title")
        effective_from = head.take(
            "effective_from",
            "the first day of a month, such as 2026-10-01 without quotation marks",
            lambda v: is_known_day(v) and v.day == 1,
        )
        review = head.whole("review_every_months", 1, 120, None)
        head.done()
        definitions = root.take("definitions", "a table of texts", lambda v: isinstance(v, dict), {})
        for word, meaning in definitions.items():
            if not isinstance(meaning, str):
                sentence = f"definitions: {shown(word)} = {quoted(meaning)}; expected a text."
                self._refuse(Where("definitions"), word, "unfit", sentence)
        slas = [self._sla(each, number) for number, each in enumerate(self._tables(root, "sla"), 1)]
        if not slas:
            self._refuse(Where("sla"), "", "none", "The file has no [[sla]]; write at least one.")
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

    def _tables(self, root: Table, key: str) -> list[Any]:
        found: list[Any] = root.take(key, f"tables written as [[{key}]]", lambda v: isinstance(v, list), [])
        return found

    def _refuse(self, where: Where, field: str, why: str, sentence: str) -> None:
        self.problems.append(Problem.at(where, field, why, sentence))

    def _refuse_repeated(self, place: str, keys: list[str]) -> None:
        for key in sorted({key for key in keys if keys.count(key) > 1}):
            sentence = f'[[{place}]] key = "{key}" stands twice; each key must be unique.'
            self._refuse(Where(place), "key", "twice", sentence)

    def _check_references(self, slas: list[Sla]) -> None:
        known = {sla.key: sla for sla in slas}
        for number, sla in enumerate(slas, 1):
            if not isinstance(sla.measure, SlaRate):
                continue
            target, where = known.get(sla.measure.of_sla), Where("sla", number, "measure")
            place = f'sla "{sla.key}", measure'
            if target is None or not isinstance(target.measure, ResponseTime):
                names = ", ".join(f'"{k}"' for k, s in known.items() if isinstance(s.measure, ResponseTime)) or "none"
                self._refuse(
                    where,
                    "of_sla",
                    "reference",
                    f'{place}: of_sla = "{shown(sla.measure.of_sla)}" is not a response_time SLA of this agreement; '
                    f"it has {names}.",
                )
            elif target.participant == "team" and sla.participant == "member":
                self._refuse(
                    where,
                    "of_sla",
                    "scope",
                    f'{place}: of_sla = "{target.key}" is measured by team; write participant = "team" here too.',
                )

    def _table(self, content: Any, kind: str, number: int) -> Table:
        """Return one of several tables, named by its key or else by where it stands among them."""
        key = content.get("key") if isinstance(content, dict) else None
        place = f'{kind} "{shown(key)}"' if isinstance(key, str) else f"{kind} number {number}"
        return Table(content, place, self.problems, Where(kind, number))

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
        remind = self._remind(table, measure, levels)
        table.done()
        if len(self.problems) > before or measure is None or levels is None:
            return None
        return Sla(key, title, side, participant, measure, levels, met, exceeded, remind)

    def _measure(self, sla: Table) -> Measure | None:
        table = sla.table("measure")
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

    def _response_time(self, table: Table) -> ResponseTime:
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
                    sentence = f'"{shared}" stands in both {names[0]} and {names[1]}; keep it in one.'
                    table.refuse(sentence, names[1], "shared")
        return measure

    def _rate(self, table: Table) -> SlaRate | EventRate:
        at_least = table.whole("at_least", 1, 1_000_000, 1) or 1
        if "of_sla" in table.content:
            return SlaRate(table.text("of_sla") or "", at_least)
        if "of" not in table.content:
            table.refuse('a rate needs of_sla = "key", or of = [...] and in = [...].', "of", "missing")
            return SlaRate("", at_least)
        return EventRate(table.types("of"), table.types("in"), at_least)

    def _levels(self, sla: Table, measure: Measure | None) -> Levels | None:
        table = sla.table("levels")
        if measure is None:
            return None
        readers: dict[str, Callable[[Table, str], Any]] = {
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
                + ("the shorter time." if measure.kind == "response_time" else "the higher target."),
                "exceeded",
                "easier",
            )
        return Levels(met, exceeded)

    def _duration(self, table: Table, key: str) -> timedelta | None:
        found: timedelta | None = table.duration(key)
        return found

    def _subjects(self, table: Table, key: str) -> int | None:
        found: int | None = table.whole(key, 1, 1_000_000_000)
        return found

    def _amount(self, table: Table, key: str) -> int | None:
        value = table.take(
            key,
            'an amount such as "50000.00"',
            lambda v: isinstance(v, str | Decimal) or (type(v) is int and abs(v) < LARGEST),
        )
        try:
            amount = None if value is None else parse_amount(str(value), self.currency)
        except ValueError as error:
            table.refuse(f"{key}: {error}.", key)
            return None
        if amount is not None and amount < 1:
            table.refuse(f"{key} = {quoted(value)}; expected more than 0.", key)
            return None
        return amount

    def _share(self, table: Table, key: str) -> Decimal | None:
        value = table.take(
            key,
            "a share from 0 to 1, such as 0.95",
            lambda v: isinstance(v, int | Decimal) and not isinstance(v, bool) and v == v and 0 < v <= 1,  # not nan
        )
        return None if value is None else Decimal(value)

    def _points(self, sla: Table, measure: Measure | None, levels: Levels | None) -> tuple[int, int]:
        table = sla.table("points")
        if measure is not None:
            per = "occurrence" if measure.kind in ("response_time", "completion") else "month"
            table.take("per", f'"{per}" for a {measure.kind} measure', lambda v: v == per)
        else:
            table.content.pop("per", None)
        met = table.whole("met", 0, MAX_POINTS)
        exceeded = table.whole("exceeded", 0, MAX_POINTS, met)
        table.done()
        if met is not None and exceeded is not None and exceeded < met:
            sentence = f"exceeded = {exceeded} earns less than met = {met}; give it at least as many."
            table.refuse(sentence, "exceeded", "less")
        if levels is not None and levels.exceeded is not None and met is None:
            return 0, 0
        return met or 0, exceeded or 0

    def _remind(self, sla: Table, measure: Measure | None, levels: Levels | None) -> timedelta | None:
        """Return how long before the deadline to remind: of what has one, and never before its clock began."""
        if "remind" not in sla.content:
            return None
        remind = self._duration(sla, "remind")
        if measure is None or remind is None:
            return None
        if not isinstance(measure, ResponseTime | Completion):
            sentence = f"remind goes with a deadline, and a {measure.kind} measure has none; remove it."
            sla.refuse(sentence, "remind", "no-deadline")
        elif not ZERO < remind <= LONGEST_REMIND:
            sla.refuse('remind is to be more than 0 and at most 31 days; write such as "1h".', "remind")
        elif isinstance(measure, ResponseTime) and levels is not None and remind > levels.met:
            sentence = "remind is longer than met, so that it would be before the beginning; make it shorter."
            sla.refuse(sentence, "remind", "longer")
        return remind

    def _bonus(self, content: Any, number: int) -> BonusProgramme | None:
        before = len(self.problems)
        table = self._table(content, "bonus", number)
        key = table.key("quarter-win")
        period = table.choice("period", ("month", "quarter"))
        participant = table.choice("participant", ("team", "member"))
        amounts = table.take("places", 'a list of amounts such as ["1000.00"]', is_texts, [])
        prizes = table.take("prizes", 'a list of texts such as ["A plaque"]', is_texts, [])
        side = table.choice("side", SIDES, None)
        tie = table.choice("tie", ("split", "full"), "split")
        divide = table.choice("divide", ("equally", "by_points"), "equally")
        table.done()
        if bool(amounts) == bool(prizes) and len(self.problems) == before:
            sentence = 'give either places = ["1000.00"] or prizes = ["A plaque"], one of the two.'
            table.refuse(sentence, "places", "choose")
        places = tuple(self._place(table, amount) for amount in amounts)
        if len(self.problems) > before:
            return None
        return BonusProgramme(key, period, participant, places, tuple(prizes), side, tie, divide)

    def _place(self, table: Table, amount: str) -> int:
        try:
            minor = parse_amount(amount, self.currency)
        except ValueError as error:
            table.refuse(f"places: {error}.", "places")
            return 0
        if minor < 1:
            table.refuse(f'places: "{amount}" is no bonus; expected more than 0.', "places")
        return minor
