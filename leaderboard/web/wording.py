"""How periods, numbers and names read on a page, in the reader's language."""

import re
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

from babel import Locale
from babel.dates import format_date, format_skeleton, format_time
from babel.numbers import format_currency, format_decimal, format_percent, get_currency_symbol
from flask_babel import get_locale
from flask_babel import gettext as _

from leaderboard.domain.actors import COMMAND_LINE, SCHEDULER
from leaderboard.domain.money import format_amount, minor_digits
from leaderboard.domain.periods import parse_period
from leaderboard.web.organisation import time_zone

HUES = 8
UNITS = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))


def period_name(key: str) -> str:
    """Return what a period is called: 2026-11 is November 2026, 2026-Q4 is Q4 2026."""
    period = parse_period(key)
    skeleton = "yMMMM" if period.kind == "month" else "yQQQ"
    return format_skeleton(skeleton, period.first_day, locale=get_locale())


def moment(instant: datetime) -> str:
    """Return day and time of an instant in the organisation's time zone."""
    local, locale = instant.astimezone(time_zone()), get_locale()
    return f"{format_date(local, locale=locale)}, {format_time(local, 'short', locale=locale)}"


def day(instant: datetime) -> str:
    """Return the day of an instant in the organisation's time zone, written out."""
    return format_date(instant.astimezone(time_zone()), "long", locale=get_locale())


def date_name(day: date) -> str:
    """Return a calendar date as the language writes it, in short."""
    return format_date(day, "medium", locale=get_locale())


def weekday_name(day: date) -> str:
    """Return how a day of the week is called."""
    return format_date(day, "EEEE", locale=get_locale())


def day_and_month(day: date) -> str:
    """Return a calendar date without its year."""
    return format_skeleton("MMMd", day, locale=get_locale())


def day_before(day: date) -> date:
    """Return the day before another: the last one of what ends where that begins."""
    return day - timedelta(days=1)


def number(value: float | Fraction) -> str:
    """Return a number with the language's separators; what is not an integer to one decimal place."""
    if isinstance(value, int) and 0 <= value < 1_000:
        return str(value)  # alike in all our languages, and most numbers are
    if not isinstance(value, int):
        return format_decimal(round(float(value), 1), "#,##0.0", locale=get_locale())
    return format_decimal(value, locale=get_locale())


def duration(length: timedelta, *, has_days: bool = False) -> str:
    """Return how long something takes in its two largest units: 3 h 20 min; less than a second is none.

    has_days: count 24 hours as a day, as clocks that never stop do; a day of working time has other hours.
    """
    seconds = abs(length) // timedelta(seconds=1)
    parts = []
    for unit, size in UNITS if has_days else UNITS[1:]:
        count, seconds = divmod(seconds, size)
        parts += [f"{number(count)}\xa0{unit}"] if count else []
    sign = "\u2212" if length < timedelta(0) and parts else ""
    return sign + (" ".join(parts[:2]) or "0\xa0s")


def share(value: float | Fraction) -> str:
    """Return a share of 1 in whole per cent; 100 % is all, and 0 % is none."""
    rounded = round(float(value) * 100)
    percent = min(max(rounded, 1), 99) if 0 < value < 1 else rounded
    return _percent(percent, get_locale())


@lru_cache(maxsize=1_024)
def _percent(percent: int, locale: Locale | None) -> str:
    return format_percent(percent / 100, "#,##0%", locale=locale)


def money(amount_minor: int, currency: str) -> str:
    """Return an amount of minor units as the language writes money, exactly, with the currency's decimals (B1)."""
    locale = get_locale() or Locale("en")
    digits = minor_digits(currency)  # Babel's own differ for some currencies, and it would round
    pattern = re.sub(r"\.0+", f".{'0' * digits}" if digits else "", locale.currency_formats["standard"].pattern)
    if get_currency_symbol(currency, locale)[-1].isalpha():  # letters stand apart from the digits
        pattern = re.sub(r"¤(?=[#0])", "¤\xa0", pattern)
    amount = Decimal(format_amount(amount_minor, currency))
    return format_currency(amount, currency, pattern, locale=locale, currency_digits=False)


def actor_name(name: str) -> str:
    """Return who did something: what is not somebody with an account is named in the reader's language."""
    return {SCHEDULER.name: _("the scheduler"), COMMAND_LINE.name: _("the command line")}.get(name, name)


def initials(name: str) -> str:
    """Return one or two letters that stand for a name: of its first and its last word."""
    words = [word for word in name.replace("@", " ").split() if word[0].isalnum()]
    return "".join(word[0] for word in (words if len(words) < 2 else (words[0], words[-1]))).upper() or "?"


def hue(participant: int) -> int:
    """Return the number of the colour in which a participant's initials are shown."""
    return participant % HUES
