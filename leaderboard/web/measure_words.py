"""Targets and values of an SLA in words, as `result_words` has them by the kind of their measure."""

from datetime import timedelta
from fractions import Fraction
from typing import Any

from flask_babel import gettext as _

from leaderboard.domain.agreement import Completion, ResponseTime, Sla
from leaderboard.web import result_words
from leaderboard.web.wording import duration


def target_words(sla: Sla, target: Any) -> str:
    """Return a target of an SLA: a time at most, a number, an amount or a share at least; "" for none."""
    if target is None:
        return ""
    if isinstance(sla.measure, Completion):
        return _("%(time)s before its date", time=duration(target, has_days=True)) if target else _("by its date")
    exact = float(target) if isinstance(target, Fraction) else target
    return result_words.target(exact, sla.measure.kind, is_working=is_working(sla))


def value_words(sla: Sla, value: int | None, of_cases: int | None = None) -> str:
    """Return what an attainment came to; "" for what has no value. value: as attainments store it."""
    return result_words.value_of(value, of_cases, sla.measure.kind, is_working=is_working(sla))


def is_working(sla: Sla) -> bool:
    """Tell whether an SLA's clock counts working time."""
    return isinstance(sla.measure, ResponseTime) and sla.measure.is_working


def time_words(length: timedelta, *, is_working: bool) -> str:
    """Return a time that a clock took; days only where it never stops."""
    return duration(length, has_days=not is_working)
