"""What a member's own page says of badges that are ahead, and its chart of points by month."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from babel.dates import format_skeleton, format_time
from flask_babel import get_locale
from flask_babel import gettext as _

from leaderboard.domain.periods import parse_period
from leaderboard.services.badge_reading import MemberBadges
from leaderboard.web.badges import progress_note
from leaderboard.web.charts import Plot, Series, columns
from leaderboard.web.organisation import time_zone
from leaderboard.web.wording import number, period_name

DAYS_OF_A_WEEK = 7


def soon(instant: datetime, now: datetime) -> str:
    """Return when something is, as one says it who stands in `now`.

    Today by the time alone, in the days beside it with the weekday, and further away the day alone.
    """
    local, here, locale = instant.astimezone(time_zone()), now.astimezone(time_zone()), get_locale()
    days = abs((local.date() - here.date()).days)
    if days >= DAYS_OF_A_WEEK:
        return format_skeleton("MMMEd", local, locale=locale)
    at = format_time(local, "short", locale=locale)
    return f"{format_skeleton('E', local, locale=locale)} {at}" if days else at


class BadgeAhead(NamedTuple):
    """A badge that one can work at. done, of: how far, None where that depends on how the month goes."""

    key: str
    done: int
    of: int | None
    is_on_course: bool | None
    note: Any


def badges_ahead(badges: MemberBadges) -> list[BadgeAhead]:
    """Return the badges that a member is on the way to, those that this month cannot bring any more at the end."""
    found = [
        BadgeAhead(each.key, each.done, each.of, each.is_on_course, progress_note(each)) for each in badges.progress
    ]
    return sorted(found, key=lambda each: each.is_on_course is False)


def history_chart(history: Sequence[tuple[str, int | None]]) -> Plot:
    """Return the chart of a member's points by month."""
    names = [format_skeleton("MMM", parse_period(key).first_day, locale=get_locale()) for key, _points in history]
    best = max((each for each in history if each[1]), key=lambda each: each[1] or 0, default=None)
    summary = ""
    if best is not None:
        summary = _("The most: %(points)s in %(month)s", points=number(best[1] or 0), month=period_name(best[0]))
    return columns(
        "points",
        _("My points by month"),
        names,
        [Series(_("Points"), [points for _key, points in history])],
        summary=summary,
        first=_("Month"),
    )
