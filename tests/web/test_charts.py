"""Charts: each shape where its value says, and a table behind it that says the same."""

import math
from fractions import Fraction
from xml.etree import ElementTree

import pytest
from flask import Flask, get_template_attribute
from flask_babel import force_locale
from hypothesis import given
from hypothesis import strategies as st

from leaderboard.app import create_app
from leaderboard.web import charts
from leaderboard.web.charts import HEIGHT, Bin, Mark, Plot, Series
from leaderboard.web.wording import share
from tests.conftest import SETTINGS
from tests.domain.examples import properties

MONTHS = ("Sep", "Oct", "Nov")


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    return create_app({**SETTINGS, "DATABASE_URL": f"sqlite:///{tmp_path_factory.mktemp('charts')}/x.db"})


def drawn(app: Flask, chart: Plot) -> ElementTree.Element:
    """Return the figure of a chart, which is well formed."""
    with app.test_request_context():
        return ElementTree.fromstring(str(get_template_attribute("charts/_plot.html", "plot")(chart)))


def texts(element: ElementTree.Element) -> list[list[str]]:
    return [["".join(cell.itertext()) for cell in row] for row in element.iter("tr")]


def test_a_line_stands_at_its_values_and_is_broken_where_there_is_none(app):
    with app.test_request_context(), force_locale("en"):
        chart = charts.trend(
            "kept", "Kept", [*MONTHS, "Dec"], [Series("Share", [1, Fraction(1, 2), None, 0])],
            word=share, top=1, levels=[Mark("Agreed", Fraction(3, 4))], first="Month",
        )  # fmt: skip
    (line,) = chart.lines
    assert line.parts == ("12.5,0 37.5,80", f"87.5,{HEIGHT}")
    assert [dot[2] for dot in line.dots] == ["Sep: 100%", "Oct: 50%", "Dec: 0%"]
    assert chart.levels[0].at == HEIGHT / 4
    assert [tick.text for tick in chart.y_ticks] == ["0%", "25%", "50%", "75%", "100%"]
    figure = drawn(app, chart)
    assert texts(figure) == [["Month", "Share"], ["Sep", "100%"], ["Oct", "50%"], ["Nov", "–"], ["Dec", "0%"]]  # noqa: RUF001
    assert "style" not in {name for each in figure.iter() for name in each.attrib}


def test_bars_of_several_series_stand_on_each_other(app):
    series = [Series("Met", [3, 0], "met"), Series("Missed", [1, 2], "missed")]
    with app.test_request_context(), force_locale("en"):
        chart = charts.columns("levels", "Levels", MONTHS[:2], series)
    met, missed, second = chart.columns
    assert (met.kind, met.y, met.height) == ("met", HEIGHT / 4, HEIGHT * 3 / 4)
    assert (missed.kind, missed.y, missed.height) == ("missed", 0, HEIGHT / 4)
    assert (second.kind, second.y, second.height) == ("missed", HEIGHT / 2, HEIGHT / 2)
    assert [tick.text for tick in chart.y_ticks] == ["0", "1", "2", "3", "4"]
    assert chart.legend == (("met", "Met"), ("missed", "Missed"))


def test_a_distribution_marks_its_targets_where_they_lie_between_doublings(app):
    bins = [Bin(1, 4, (2,)), Bin(4, 16, (6,))]
    with app.test_request_context():
        chart = charts.histogram(
            "times", "Times", [("met", "Met")], bins, word=lambda value: f"{value:g} s", ticks=[1, 2, 4, 8, 100],
            marks=[Mark("Met: 8 s", 8), Mark("Twice", 16)],
        )  # fmt: skip
    assert [(each.x, each.width) for each in chart.columns] == [(0, 50), (50, 50)]
    assert [(mark.at, mark.row, mark.anchor) for mark in chart.marks] == [(75, 0, "middle"), (100, 1, "end")]
    assert [tick.text for tick in chart.x_ticks] == ["1 s", "2 s", "4 s", "8 s"]
    assert chart.rows == (("1 s – 4 s", "2"), ("4 s – 16 s", "6"))  # noqa: RUF001


def test_a_target_beyond_all_values_widens_the_axis(app):
    with app.test_request_context():
        chart = charts.curve(
            "c", "C", [1, 2], [Series("S", [0, 1])], word=share, word_x=str, ticks=[], marks=[Mark("M", 4)]
        )
    assert chart.lines[0].parts == (f"0,{HEIGHT} 50,0",)
    assert chart.marks[0].at == 100


@pytest.mark.parametrize("series", [[], [Series("S", [])], [Series("S", [None])]])
def test_a_chart_of_nothing_says_so(app, series):
    with app.test_request_context():
        chart = charts.trend("none", "None", MONTHS[: len(series[0].values) if series else 0], series)
    figure = drawn(app, chart)
    assert not list(figure.iter("svg"))
    assert "nothing" in "".join(figure.itertext())


@pytest.mark.parametrize(
    ("value", "step"),
    [
        (None, "heat-none"),
        (Fraction(1), "heat-0"),
        (Fraction(95, 100), "heat-0"),  # a bound belongs to the better step
        (Fraction(949, 1000), "heat-1"),
        (Fraction(1, 2), "heat-4"),
        (Fraction(499, 1000), "heat-5"),
        (Fraction(0), "heat-5"),
    ],
)
def test_a_cell_is_coloured_by_its_share(value, step):
    assert charts.heat_step(value) == step


@properties
@given(st.lists(st.integers(0, 10**12), min_size=1, max_size=14), st.sampled_from((charts.trend, charts.columns)))
def test_no_shape_leaves_its_field_and_steps_are_few_and_round(app, values, make):
    with app.test_request_context(), force_locale("en"):
        chart = make("k", "T", [str(each) for each in range(len(values))], [Series("S", values)])
    downs = [float(point.split(",")[1]) for line in chart.lines for part in line.parts for point in part.split()]
    downs += [at for each in chart.columns for at in (each.y, each.y + each.height)]
    assert all(-0.01 <= at <= HEIGHT + 0.01 for at in downs)
    steps = [int(tick.text.replace(",", "")) for tick in chart.y_ticks]
    assert 2 <= len(steps) <= charts.MOST_STEPS + 1
    assert steps[-1] >= max(values)
    assert str(steps[1]).rstrip("0") in {"1", "2", "5"}
    assert sum(tick.is_major for tick in chart.x_ticks) <= charts.FEWEST_BETWEEN
    assert chart.x_ticks[-1].is_major


@properties
@given(st.floats(0, 1))
def test_100_per_cent_is_all_and_0_is_none(app, value):
    with app.test_request_context(), force_locale("en"):
        text = share(value)
    assert (text == "100%") == (value == 1)
    assert (text == "0%") == (value == 0)
    assert math.isclose(int(text.rstrip("%")) / 100, value, abs_tol=0.011)
