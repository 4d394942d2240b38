"""The charts of compliance: how well promises were kept over time, and how long things took beside their targets."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta

from babel.dates import format_skeleton
from flask_babel import get_locale, pgettext
from flask_babel import gettext as _

from leaderboard.domain.agreement import Sla
from leaderboard.domain.bands import A_DOUBLING
from leaderboard.domain.compliance import NOTHING, Counts
from leaderboard.domain.periods import month_of_key
from leaderboard.services.compliance_sla import Times
from leaderboard.web import charts
from leaderboard.web.charts import Bin, Mark, Plot, Series, Value
from leaderboard.web.measure_words import is_working, target_words, time_words
from leaderboard.web.wording import number, share

BANDS_A_BIN = A_DOUBLING // 2
MINUTE, HOUR = 60, 3_600
TICKS = (1, 10, MINUTE, 5 * MINUTE, 15 * MINUTE, *(HOUR * each for each in (1, 2, 4, 8, 24, 48, 100, 200, 500, 1_000)))


def month_names(months: Sequence[str]) -> list[str]:
    """Return months as they stand along an axis: short, with the year where it changes."""
    found = []
    for place, key in enumerate(months):
        month = month_of_key(key)
        name = format_skeleton("MMM", month.first_day, locale=get_locale())
        found.append(f"{name} {month.year}" if place == 0 or month.number == 1 else name)
    return found


def kept_over_time(months: Sequence[str], course: Sequence[Counts], key: str = "trend") -> Plot:
    """Return the share that was kept, and that was exceeded, month by month."""
    return charts.trend(
        key,
        _("Kept over twelve months"),
        month_names(months),
        [
            Series(_("Met or exceeded"), [each.share for each in course]),
            Series(_("Exceeded"), [Counts(0, each.exceeded, each.met + each.missed).share for each in course]),
        ],
        word=share,
        top=1,
        first=_("Month"),
    )


def times_chart(sla: Sla, times: Times) -> Plot:
    """Return how long each took, with the targets marked; what was never done is told below."""

    def word(seconds: Value) -> str:
        return time_words(timedelta(seconds=round(float(seconds))), is_working=is_working(sla))

    targets = ((pgettext("level", "Exceeded"), sla.levels.exceeded), (pgettext("level", "Met"), sla.levels.met))
    told = []
    if times.median is not None:
        told.append(_("Half were done within %(time)s.", time=word(times.median)))
    if times.nine_in_ten is not None:
        told.append(_("Nine in ten were done within %(time)s.", time=word(times.nine_in_ten)))
    if times.never:
        told.append(_("%(count)s were not done at all.", count=number(times.never)))
    return charts.histogram(
        "times",
        _("How long it took"),
        [("exceeded", _("Exceeded")), ("met", _("Met")), ("missed", _("Missed"))],
        _bins(times),
        word=word,
        ticks=TICKS,
        marks=[
            Mark(_("%(level)s: %(target)s", level=level, target=target_words(sla, target)), target.total_seconds())
            for level, target in targets
            if target
        ],
        summary=" ".join(told),
        first=_("Time"),
    )


def _bins(times: Times) -> list[Bin]:
    """Return the bands in groups of half a doubling each, those without any between others too."""
    groups: dict[int, Counts] = defaultdict(Counts)
    for band, counts in times.bands.items():
        group = (max(band, 0) - 1) // BANDS_A_BIN
        groups[group] = groups[group].plus(counts)
    found = []
    for group in range(min(groups, default=0), max(groups, default=-1) + 1):
        each = groups.get(group, NOTHING)
        start, end = (2 ** ((group + past) * BANDS_A_BIN / A_DOUBLING) for past in (0, 1))
        found.append(Bin(start, end, (each.exceeded, each.met, each.missed)))
    return found
