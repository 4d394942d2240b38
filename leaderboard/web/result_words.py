"""How values and targets of results read: as times, numbers, money or shares, by the kind of their measure."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from babel.numbers import format_percent
from flask import Blueprint
from flask_babel import get_locale, ngettext
from flask_babel import gettext as _

from leaderboard.domain.instants import MICROSECOND
from leaderboard.web.organisation import organisation
from leaderboard.web.wording import duration, money, number


def exact_share(value: Decimal | float) -> str:
    """Return a share of 1 in per cent with the decimals that it has."""
    return format_percent(value, "#,##0.######%", locale=get_locale())


def target(value: Any, kind: str, *, is_working: bool = True) -> str:
    """Return a target of an SLA: a duration, a number of subjects, an amount or a share."""
    if isinstance(value, timedelta):
        return duration(value, has_days=kind == "completion" or not is_working)
    return exact_share(value) if kind == "rate" else amount(value, kind)


def amount(value: int, kind: str) -> str:
    """Return so much of what a monthly SLA counts: money of a sum, else a number."""
    ours = organisation()
    return money(value, ours.currency) if kind == "sum" and ours is not None else number(value)


def value_of(value: int | None, cases: int | None, kind: str, *, is_working: bool = True) -> str:
    """Return what a result came to, in words; empty where it came to nothing yet."""
    if value is None:
        return ""
    if kind == "response_time":
        return duration(value * MICROSECOND, has_days=not is_working)
    if kind == "completion":
        early = value * MICROSECOND
        length = duration(abs(early), has_days=True)
        return _("%(time)s before its date", time=length) if early >= timedelta(0) else _("%(time)s late", time=length)
    if kind == "rate":
        return _("%(done)s of %(of)s", done=number(value), of=number(cases or 0))
    return amount(value, kind)


def missing(count: int, kind: str) -> str:
    """Return how much more a monthly SLA takes, in words."""
    if kind == "sum":
        return _("%(amount)s more", amount=amount(count, kind))
    if kind == "rate":
        return ngettext("%(num)s more in time", "%(num)s more in a row in time", count)
    return ngettext("%(num)s more", "%(num)s more", count)


def init_blueprint(bp: Blueprint) -> None:
    """Give templates these words."""
    for each in (exact_share, target, value_of, amount, missing):
        bp.add_app_template_filter(each)
