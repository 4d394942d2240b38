"""Charts drawn on the server: where each shape of an SVG stands, and the table behind it that says the same.

A view makes a chart with `trend`, `columns`, `histogram` or `curve` and hands it to the macro that draws them all:

    chart = trend("points", _("Points by month"), months, [Series(_("Points"), [120, None, 95])], summary=…)
    {% from "charts/_plot.html" import plot %} … {{ plot(chart) }}

The page links css/manage.css (for the table) and css/charts.css. `key` is the chart's id, once on a page. Along
x a shape stands by the share of the width, so that a chart fills any width and its text keeps its size. What is None is
left out, and told as a dash. Colours by `kind` (charts.css): series-0 to series-3, or met, exceeded, missed. For heat
maps see the macros of templates/charts/_heat.html, for bars and small lines in rows those of charts/_small.html.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import groupby
from math import floor, log, log10

from leaderboard.web.wording import number

Value = int | float | Fraction
Word = Callable[[Value], str]
HEIGHT = 160  # pixels of the field in which the shapes stand
LINE = 18  # pixels: a line of text
MOST_STEPS = 4
FEWEST_BETWEEN = 7  # names along x, of which a phone shows the major ones
NONE = "\N{EN DASH}"
HEAT_STEPS = (Fraction(95, 100), Fraction(9, 10), Fraction(8, 10), Fraction(65, 100), Fraction(1, 2))


@dataclass(frozen=True)
class Series:
    """One row of values and its name; kind: its colour, that of its place in the list where it is empty."""

    name: str
    values: Sequence[Value | None]
    kind: str = ""


@dataclass(frozen=True)
class Mark:
    """A value that a line across the chart marks, such as a target, and what is written beside it."""

    name: str
    value: Value


@dataclass(frozen=True)
class Bin:
    """A part of a distribution: from `start`, up to and with `end`, both above 0; counts: one a series."""

    start: float
    end: float
    counts: Sequence[int]


@dataclass(frozen=True)
class Tick:
    """Where a name stands along an axis. at: per cent across, or pixels from the top. is_major: on a phone too."""

    at: float
    text: str
    anchor: str = "middle"
    is_major: bool = True
    row: int = 0


@dataclass(frozen=True)
class Line:
    """A line through points: parts of `x,y` in per cent and pixels, and a dot for each value."""

    kind: str
    parts: tuple[str, ...]
    dots: tuple[tuple[float, float, str], ...]


@dataclass(frozen=True)
class Column:
    """A bar that stands on x: per cent across, pixels down."""

    kind: str
    x: float
    width: float
    y: float
    height: float
    text: str


@dataclass(frozen=True)
class Plot:
    """A chart as the macro draws it. head, rows: the table behind it, as texts. above: pixels for names of marks."""

    key: str
    title: str
    summary: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    x_ticks: tuple[Tick, ...] = ()
    y_ticks: tuple[Tick, ...] = ()
    lines: tuple[Line, ...] = ()
    columns: tuple[Column, ...] = ()
    marks: tuple[Tick, ...] = ()
    levels: tuple[Tick, ...] = ()
    legend: tuple[tuple[str, str], ...] = ()
    height: int = HEIGHT

    @property
    def above(self) -> int:
        """The pixels above the field."""
        return LINE * (1 + max((mark.row for mark in self.marks), default=-1)) or LINE // 2

    @property
    def whole(self) -> int:
        """The pixels from top to bottom, with the names along x."""
        return self.above + self.height + LINE + 4


def trend(
    key: str,
    title: str,
    names: Sequence[str],
    series: Sequence[Series],
    *,
    summary: str = "",
    word: Word = number,
    top: Value | None = None,
    levels: Sequence[Mark] = (),
    first: str = "",
) -> Plot:
    """Return lines over time. names: along x, one a value; levels: values marked across; first: what x is.

    word: how a value reads. top: the highest value of the axis, 1 for shares; by the values where it is None.
    """
    series = _with_kinds(series)
    top, ticks = _axis([*_all(series), *(mark.value for mark in levels)], word, top)
    middles = [_middle(index, len(names)) for index in range(len(names))]
    lines = tuple(_line(each, middles, names, word, top) for each in series)
    return Plot(
        key, title, summary, (first, *_names(series)), _rows(names, series, word), _along(names), ticks, lines,
        levels=tuple(Tick(_down(mark.value, top), mark.name) for mark in levels),
        legend=_legend(series),
    )  # fmt: skip


def columns(
    key: str,
    title: str,
    names: Sequence[str],
    series: Sequence[Series],
    *,
    summary: str = "",
    word: Word = number,
    top: Value | None = None,
    levels: Sequence[Mark] = (),
    first: str = "",
) -> Plot:
    """Return bars that stand beside each other, those of several series on each other; else as trend."""
    series = _with_kinds(series)
    top, ticks = _axis([*_heaps(series), *(mark.value for mark in levels)], word, top)
    width = 100 / max(1, len(names))
    places = [(index * width + width * 0.15, width * 0.7) for index in range(len(names))]
    return Plot(
        key, title, summary, (first, *_names(series)), _rows(names, series, word), _along(names), ticks,
        columns=tuple(_stacked(series, places, names, word, top)),
        levels=tuple(Tick(_down(mark.value, top), mark.name) for mark in levels),
        legend=_legend(series),
    )  # fmt: skip


def histogram(
    key: str,
    title: str,
    series: Sequence[tuple[str, str]],
    bins: Sequence[Bin],
    *,
    summary: str = "",
    word: Word,
    ticks: Sequence[Value],
    marks: Sequence[Mark] = (),
    first: str = "",
) -> Plot:
    """Return a distribution over an axis of doublings. series: kind and name of each of a bin's counts.

    word: how a value along x reads; ticks: values that may be written there; marks: targets.
    """
    low, high = _ends([each.start for each in bins], [each.end for each in bins], marks)
    rows = [Series(name, [each.counts[place] for each in bins], kind) for place, (kind, name) in enumerate(series)]
    top, y_ticks = _axis(_heaps(rows), number, None)
    across = _scale(low, high, is_log=True)
    places = [(across(each.start), across(each.end) - across(each.start)) for each in bins]
    names = [f"{word(each.start)} {NONE} {word(each.end)}" for each in bins]
    return Plot(
        key, title, summary, (first, *_names(rows)), _rows(names, rows, number),
        tuple(_spread(across, ticks, low, high, word)), y_ticks,
        columns=tuple(_stacked(rows, places, names, number, top)),
        marks=_marked(marks, across),
        legend=_legend(rows),
    )  # fmt: skip


def curve(
    key: str,
    title: str,
    at: Sequence[Value],
    series: Sequence[Series],
    *,
    summary: str = "",
    word_x: Word,
    word: Word,
    ticks: Sequence[Value],
    marks: Sequence[Mark] = (),
    top: Value | None = 1,
    is_log: bool = True,
    first: str = "",
) -> Plot:
    """Return lines over targets: at each value along x, the share that would have been reached; marks: today's.

    at: the values along x, rising, above 0 where is_log (an axis of doublings). ticks: those that may be written there.
    """
    series = _with_kinds(series)
    low, high = _ends(at, at, marks)
    across = _scale(low, high, is_log=is_log)
    top, y_ticks = _axis(_all(series), word, top)
    names = [word_x(each) for each in at]
    lines = tuple(_line(each, [across(x) for x in at], names, word, top) for each in series)
    return Plot(
        key, title, summary, (first, *_names(series)), _rows(names, series, word),
        tuple(_spread(across, ticks, low, high, word_x)), y_ticks, tuple(replace(line, dots=()) for line in lines),
        marks=_marked(marks, across),
        legend=_legend(series),
    )  # fmt: skip


def heat_step(share: Fraction | float | None) -> str:
    """Return the class of a cell by its share of what was kept: heat-0 (nearly all) to heat-5 (less than half)."""
    return "heat-none" if share is None else f"heat-{sum(share < step for step in HEAT_STEPS)}"


def small_line(values: Sequence[Value | None], top: Value | None = None) -> tuple[str, ...]:
    """Return the parts of a line without axes, in a field of 100 by 100, for templates/charts/_small.html."""
    highest = max([each for each in values if each is not None], default=0) if top is None else top
    points = [
        None if each is None else (_middle(index, len(values)), 96 - 92 * float(each) / (float(highest) or 1))
        for index, each in enumerate(values)
    ]
    return _parts(points)


def _with_kinds(series: Sequence[Series]) -> list[Series]:
    return [each if each.kind else replace(each, kind=f"series-{place % 4}") for place, each in enumerate(series)]


def _all(series: Iterable[Series]) -> list[Value]:
    return [value for each in series for value in each.values if value is not None]


def _heaps(series: Sequence[Series]) -> list[Value]:
    """Return how high the bars of several series are on each other."""
    return [sum(value or 0 for value in values) for values in zip(*(each.values for each in series), strict=True)]


def _names(series: Iterable[Series]) -> tuple[str, ...]:
    return tuple(each.name for each in series)


def _legend(series: Sequence[Series]) -> tuple[tuple[str, str], ...]:
    return tuple((each.kind, each.name) for each in series) if len(series) > 1 else ()


def _rows(names: Sequence[str], series: Sequence[Series], word: Word) -> tuple[tuple[str, ...], ...]:
    return tuple(
        (name, *(NONE if each.values[index] is None else word(each.values[index]) for each in series))  # type: ignore[arg-type]
        for index, name in enumerate(names)
    )


def _axis(values: Sequence[Value], word: Word, top: Value | None) -> tuple[Value, tuple[Tick, ...]]:
    """Return the end of the axis that goes up, and its ticks: a few round values from 0."""
    highest = float(max(values, default=0)) if top is None else float(top)
    step = (
        _round_step(highest, is_whole=all(isinstance(value, int) for value in values)) if top is None else highest / 4
    )
    count = max(1, -int(-highest // step)) if top is None else 4
    steps = [step * place for place in range(count + 1)]
    end = steps[-1]
    return end, tuple(Tick(_down(value, end), word(_plain(value))) for value in steps)


def _round_step(highest: float, *, is_whole: bool) -> float:
    """Return 1, 2 or 5 times a power of ten, of which at most MOST_STEPS reach the highest value."""
    if highest <= 0:
        return 1
    least = highest / MOST_STEPS
    power = 10 ** floor(log10(least))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= least * 0.999_999)
    return max(1, step) if is_whole else step


def _plain(value: float) -> Value:
    return int(value) if value == int(value) else Fraction(value).limit_denominator(1_000)


def _down(value: Value, top: Value) -> float:
    return round(HEIGHT * (1 - float(value) / (float(top) or 1)), 2)


def _middle(index: int, count: int) -> float:
    return round((index + 0.5) * 100 / count, 3)


def _along(names: Sequence[str]) -> tuple[Tick, ...]:
    """Return the names along x; where they are many a phone shows each second or third, and the last for certain."""
    every = 1 + (len(names) - 1) // FEWEST_BETWEEN if names else 1
    return tuple(
        Tick(_middle(index, len(names)), name, is_major=(len(names) - 1 - index) % every == 0)
        for index, name in enumerate(names)
    )


def _line(series: Series, across: Sequence[float], names: Sequence[str], word: Word, top: Value) -> Line:
    points = [None if value is None else (x, _down(value, top)) for x, value in zip(across, series.values, strict=True)]
    dots = tuple(
        (*point, f"{name}: {word(value)}")
        for point, name, value in zip(points, names, series.values, strict=True)
        if point is not None and value is not None
    )
    return Line(series.kind, _parts(points), dots)


def _parts(points: Iterable[tuple[float, float] | None]) -> tuple[str, ...]:
    """Return the points of each part of a line: it is broken where there is nothing."""
    return tuple(
        " ".join(f"{point[0]:g},{round(point[1], 2):g}" for point in part if point is not None)
        for is_there, part in groupby(points, key=lambda point: point is not None)
        if is_there
    )


def _stacked(
    series: Sequence[Series],
    places: Sequence[tuple[float, float]],
    names: Sequence[str],
    word: Word,
    top: Value,
) -> Iterator[Column]:
    for index, (x, width) in enumerate(places):
        below = 0.0
        for each in series:
            value = each.values[index]
            if value:
                upper, lower = _down(below + float(value), top), _down(below, top)
                text = f"{names[index]}: {word(value)}" + (f" ({each.name})" if len(series) > 1 else "")
                yield Column(each.kind, round(x, 3), round(width, 3), upper, round(lower - upper, 2), text)
                below += float(value)


def _ends(starts: Sequence[Value], ends: Sequence[Value], marks: Sequence[Mark]) -> tuple[float, float]:
    at = [float(mark.value) for mark in marks if mark.value > 0]
    low, high = min([*map(float, starts), *at], default=1), max([*map(float, ends), *at], default=2)
    return low, high if high > low else low + 1


def _scale(low: float, high: float, *, is_log: bool) -> Callable[[Value], float]:
    """Return what tells where a value stands along x, in per cent."""
    if is_log:
        return lambda value: round(100 * log(max(float(value), low) / low) / log(high / low), 3)
    return lambda value: round(100 * (float(value) - low) / (high - low), 3)


def _spread(
    across: Callable[[Value], float], ticks: Sequence[Value], low: float, high: float, word: Word
) -> Iterator[Tick]:
    """Yield those ticks that lie on the axis and not too near to the one before."""
    last, last_major = -100.0, -100.0
    for value in ticks:
        at = across(value) if low <= value <= high else -1
        if 0 <= at <= 100 and at - last >= 7:
            last, is_major = at, at - last_major >= 18
            last_major = at if is_major else last_major
            yield Tick(at, word(value), _anchor(at), is_major)


def _marked(marks: Sequence[Mark], across: Callable[[Value], float]) -> tuple[Tick, ...]:
    """Return the marks, each name in a row of its own so that none lies upon another."""
    return tuple(
        Tick(across(mark.value), mark.name, _anchor(across(mark.value), 25), row=row) for row, mark in enumerate(marks)
    )


def _anchor(at: float, edge: float = 4) -> str:
    return "start" if at < edge else "end" if at > 100 - edge else "middle"
