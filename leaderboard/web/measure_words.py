"""Targets and values in the units of what is measured, as a page says them."""

from datetime import timedelta
from fractions import Fraction
from typing import Any

from flask_babel import gettext as _

from leaderboard.domain.agreement import Completion, ResponseTime, Sla, Sum
from leaderboard.web.organisation import organisation
from leaderboard.web.wording import duration, money, number, share


def target_words(sla: Sla, target: Any) -> str:
    """Return a target of an SLA: a time at most, a number, an amount or a share at least; "" for none."""
    if target is None:
        return ""
    if isinstance(sla.measure, ResponseTime):
        return time_words(target, is_working=sla.measure.is_working)
    if isinstance(sla.measure, Completion):
        return _("%(time)s before its date", time=duration(target, has_days=True)) if target else _("by its date")
    return value_words(sla, target) if sla.measure.kind != "rate" else share(Fraction(target))


def value_words(sla: Sla, value: int | None, of_cases: int | None = None) -> str:
    """Return what an attainment came to; "" for what has no value. value: as attainments store it."""
    if value is None:
        return ""
    if isinstance(sla.measure, ResponseTime):
        return time_words(timedelta(microseconds=value), is_working=sla.measure.is_working)
    if isinstance(sla.measure, Completion):
        return _date_words(timedelta(microseconds=value))
    if sla.measure.kind == "rate":
        return _("%(part)s of %(all)s", part=number(value), all=number(of_cases or 0))
    ours = organisation()
    return money(value, ours.currency) if isinstance(sla.measure, Sum) and ours else number(value)


def is_working(sla: Sla) -> bool:
    """Tell whether an SLA's clock counts working time."""
    return isinstance(sla.measure, ResponseTime) and sla.measure.is_working


def time_words(length: timedelta, *, is_working: bool) -> str:
    """Return a time that a clock took; days only where it never stops."""
    return duration(length, has_days=not is_working)


def _date_words(early: timedelta) -> str:
    if early < timedelta(0):
        return _("%(time)s after its date", time=duration(-early, has_days=True))
    return _("%(time)s before its date", time=duration(early, has_days=True))
