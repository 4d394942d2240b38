"""The curve of an SLA: what share would have been met at other targets, with today's targets marked."""

from datetime import timedelta
from fractions import Fraction
from typing import Any

from flask_babel import gettext as _
from flask_babel import pgettext

from leaderboard.domain.agreement import Completion, ResponseTime, Sla, Sum
from leaderboard.services.suggesting import SlaPast
from leaderboard.web import charts
from leaderboard.web.charts import Mark, Plot, Series, Value
from leaderboard.web.compliance_charts import TICKS
from leaderboard.web.measure_words import is_working, target_words, time_words
from leaderboard.web.organisation import organisation
from leaderboard.web.wording import money, number, share

HOUR, DAY = 3_600, 86_400
EARLY_TICKS = (HOUR, 4 * HOUR, *(DAY * each for each in (1, 2, 4, 7, 14, 30, 60)))


def curve_of(found: SlaPast) -> Plot | None:
    """Return the curve; None where there is no history."""
    points = [] if found.past is None else found.past.curve()
    if len(points) < 2:
        return None
    sla, is_time = found.sla, isinstance(found.sla.measure, ResponseTime | Completion)
    at = [_exact(sla, x) for x, _share in points]
    return charts.curve(
        "targets",
        _("At other targets"),
        at,
        [Series(_("Would have been reached"), [reached for _x, reached in points])],
        summary=_summary(found),
        word_x=lambda value: _word(sla, value),
        word=share,
        ticks=_ticks(sla, at),
        marks=_marks(sla),
        is_log=is_time,
        first=_("Target"),
    )


def _exact(sla: Sla, x: float) -> Value:
    return x if isinstance(sla.measure, ResponseTime | Completion) or sla.measure.kind == "rate" else int(x)


def _word(sla: Sla, value: Value) -> str:
    if isinstance(sla.measure, ResponseTime | Completion):
        return time_words(timedelta(seconds=round(float(value))), is_working=is_working(sla))
    if sla.measure.kind == "rate":
        return share(value)
    ours = organisation()
    return money(int(value), ours.currency) if isinstance(sla.measure, Sum) and ours else number(int(value))


def _ticks(sla: Sla, at: list[Value]) -> list[Value]:
    """Return what may be written along the targets."""
    if isinstance(sla.measure, ResponseTime | Completion):
        return [*(EARLY_TICKS if isinstance(sla.measure, Completion) else TICKS)]
    if sla.measure.kind == "rate":
        return [Fraction(each, 10) for each in range(11)]
    step = max(1, (int(at[-1]) - int(at[0])) // 5)
    return [*range(int(at[0]), int(at[-1]) + 1, step)]


def _marks(sla: Sla) -> list[Mark]:
    """Return today's targets; one that stands at no place of the axis, the task's date itself, is left out."""
    targets = ((pgettext("level", "Met"), sla.levels.met), (pgettext("level", "Exceeded"), sla.levels.exceeded))
    return [
        Mark(_("%(level)s: %(target)s", level=level, target=target_words(sla, target)), _place(target))
        for level, target in targets
        if target
    ]


def _place(target: Any) -> Value:
    if isinstance(target, timedelta):
        return target.total_seconds()
    return target if isinstance(target, int) else Fraction(target)


def _summary(found: SlaPast) -> str:
    if found.today is None:
        return ""
    met = _(
        "At today's target, %(target)s, %(share)s would have met or exceeded it.",
        target=target_words(found.sla, found.today.levels.met),
        share=share(found.today.met),
    )
    if found.today.exceeded is None:
        return met
    exceeded = _(
        "At %(target)s, %(share)s would have exceeded it.",
        target=target_words(found.sla, found.today.levels.exceeded),
        share=share(found.today.exceeded),
    )
    return f"{met} {exceeded}"
