"""An agreement in sentences that a salesperson understands: who promises, what, measured how, worth what."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any

from babel.dates import format_date
from babel.lists import format_list
from flask_babel import get_locale, ngettext
from flask_babel import gettext as _

from leaderboard.domain.agreement import (
    BonusProgramme,
    Completion,
    Count,
    EventRate,
    Measure,
    ResponseTime,
    Sla,
    SlaRate,
    Sum,
)
from leaderboard.web.event_words import event_words, events_in_order
from leaderboard.web.result_words import exact_share
from leaderboard.web.wording import money, number

UNITS = (86_400, 3_600, 60, 1)
DASH = "\N{EN DASH}"


def long_day(day: date) -> str:
    """Return a date written out."""
    return format_date(day, "long", locale=get_locale())


def day_before(day: date) -> date:
    """Return the day before another: the last one before the next version begins."""
    return day - timedelta(days=1)


def span(duration: timedelta, *, is_working: bool = False) -> str:
    """Return a target's duration exactly, such as 8 hours; working time is told in hours, not in days of 24."""
    seconds, parts = duration // timedelta(seconds=1), []
    for length in UNITS[is_working:]:
        whole, seconds = divmod(seconds, length)
        parts += [_units(whole, length)] if whole else []
    return " ".join(parts) or _units(0, UNITS[-1])


def _units(count: int, seconds: int) -> str:
    words = {"count": number(count)}  # Babel's own lack days in Portuguese
    if seconds == UNITS[0]:
        return ngettext("%(count)s day", "%(count)s days", count, **words)
    if seconds == UNITS[1]:
        return ngettext("%(count)s hour", "%(count)s hours", count, **words)
    if seconds == UNITS[2]:
        return ngettext("%(count)s minute", "%(count)s minutes", count, **words)
    return ngettext("%(count)s second", "%(count)s seconds", count, **words)


def events_words(types: Iterable[str]) -> str:
    """Return what happens in an event of one of some types."""
    return format_list([event_words(each) for each in events_in_order(types)], "or", locale=get_locale())


def side_name(side: str | None) -> str:
    """Return what a side is called."""
    return {"sales": _("Sales"), "marketing": _("Marketing")}.get(side or "", _("Both sides"))


def who(sla: Sla) -> str:
    """Return who promises."""
    if sla.participant == "team":
        return _("Each team in sales") if sla.side == "sales" else _("Each team in marketing")
    return _("Each person in sales") if sla.side == "sales" else _("Each person in marketing")


def promise(sla: Sla, slas: Sequence[Sla], currency: str) -> str:
    """Return in a sentence what is promised. slas: of the same agreement, for a rate's own."""
    measure, target = sla.measure, target_words(sla.measure, sla.levels.met, currency)
    if isinstance(measure, ResponseTime):
        return _response_time(measure, target)
    if isinstance(measure, Count):
        return _(
            "In a month, %(event)s at least %(target)s times; the same one counts once.",
            event=events_words(measure.types),
            target=target,
        )
    if isinstance(measure, Sum):
        return _(
            "In a month, the amounts of all cases in which %(event)s add up to at least %(target)s.",
            event=events_words(measure.types),
            target=target,
        )
    if isinstance(measure, SlaRate):
        return _(
            "In a month, at least %(target)s of the results of “%(title)s” are met or exceeded.",
            target=target,
            title=next((each.title for each in slas if each.key == measure.of_sla), measure.of_sla),
        )
    if isinstance(measure, EventRate):
        return _(
            "Of all cases in which %(first)s in a month, in at least %(target)s %(then)s too by the end of the month.",
            first=events_words(measure.of_types),
            then=events_words(measure.in_types),
            target=target,
        )
    if sla.levels.met:
        return _("Each task that is assigned is completed at least %(target)s before its due date.", target=target)
    return _("Each task that is assigned is completed by its due date.")


def _response_time(measure: ResponseTime, target: str) -> str:
    words = {"start": events_words(measure.from_types), "stop": events_words(measure.to_types), "target": target}
    if measure.is_working:
        return _("From when %(start)s until %(stop)s, at most %(target)s of working time go by.", **words)
    return _("From when %(start)s until %(stop)s, at most %(target)s go by, day and night.", **words)


def notes(sla: Sla) -> list[str]:
    """Return in sentences what else decides: pauses, hand-overs, what takes points back, how few cases are too few."""
    measure = sla.measure
    if isinstance(measure, ResponseTime | Completion):
        told = _clock_notes(sla, measure) if isinstance(measure, ResponseTime) else []
        return told if sla.remind is None else [*told, remind_words(sla, sla.remind)]
    if isinstance(measure, SlaRate | EventRate) and measure.at_least > 1:
        return [_("With fewer than %(number)s cases in a month there is no result.", number=number(measure.at_least))]
    if isinstance(measure, Count | Sum) and sla.participant == "member":
        return [_("Who joined or left within the month is measured against the share of its working days.")]
    return []


def remind_words(sla: Sla, remind: timedelta) -> str:
    """Return when one is reminded."""
    if isinstance(sla.measure, ResponseTime) and sla.measure.is_working:
        time = span(remind, is_working=True)
        return _("A reminder comes when %(time)s of working time is left.", time=time)
    return _("A reminder comes when %(time)s is left.", time=span(remind))


def _clock_notes(sla: Sla, measure: ResponseTime) -> list[str]:
    found = []
    if measure.is_working:
        is_own = measure.credit == "owner"
        found.append(
            _("Only working hours count, by the calendar of the team.")
            if is_own
            else _("Only working hours count, by the organisation's calendar.")
        )
    if measure.credit == "closer":
        found.append(_("The clock goes on when the case changes hands; in time, it counts for whoever stops it."))
    elif sla.participant == "member":
        found.append(_("When the case is handed over in time, the clock of its next owner begins anew."))
    if measure.pause_types and measure.resume_types:
        words = {"pause": events_words(measure.pause_types), "resume": events_words(measure.resume_types)}
        found.append(_("The clock rests from when %(pause)s until %(resume)s.", **words))
    elif measure.pause_types:
        found.append(_("The clock rests from when %(pause)s.", pause=events_words(measure.pause_types)))
    if measure.void_types:
        words = {"void": events_words(measure.void_types), "window": span(measure.void_within)}
        found.append(_("If %(void)s within %(window)s afterwards, the points are taken back.", **words))
    return found


def target_words(measure: Measure, target: Any, currency: str) -> str:
    """Return a target in the unit of its measure."""
    if target is None:
        return DASH
    if isinstance(target, timedelta):
        return span(target, is_working=isinstance(measure, ResponseTime) and measure.is_working)
    if isinstance(measure, Sum):
        return money(target, currency)
    return number(target) if isinstance(measure, Count) else exact_share(target)


def level_words(measure: Measure, target: Any, currency: str) -> str:
    """Return what reaches a level."""
    words = target_words(measure, target, currency)
    if target is None:
        return words
    if isinstance(measure, ResponseTime):
        return _("at most %(target)s", target=words)
    if isinstance(measure, Completion):
        return _("%(target)s before the due date", target=words) if target else _("by the due date")
    return _("at least %(target)s", target=words)


def points_words(sla: Sla, points: int) -> str:
    """Return what a level is worth."""
    worth = {"points": number(points)}
    if sla.is_monthly:
        return ngettext("%(points)s point a month", "%(points)s points a month", points, **worth)
    return ngettext("%(points)s point each time", "%(points)s points each time", points, **worth)


def bonus_words(bonus: BonusProgramme, currency: str) -> list[str]:
    """Return in sentences what a bonus is for, what it pays, and how it is divided."""
    found = [_won_by(bonus)]
    places = [place_words(each, currency) for each in bonus.places or bonus.prizes]
    if len(places) == 1:
        found.append(_("The first place gets: %(prize)s.", prize=places[0]))
    else:
        prizes = "; ".join(f"{place}. {prize}" for place, prize in enumerate(places, 1))
        found.append(_("The places get: %(prizes)s.", prizes=prizes))
    if bonus.places:
        found.append(tie_words(bonus.tie))
    if bonus.participant == "team" and bonus.places:
        found.append(divide_words(bonus.divide))
    return found


def place_words(prize: int | str, currency: str) -> str:
    """Return what a place gets: an amount in minor units, or a prize in kind."""
    return money(prize, currency) if isinstance(prize, int) else prize


def _won_by(bonus: BonusProgramme) -> str:
    words = {
        ("month", "member"): _("For the people with the most points in a month."),
        ("month", "team"): _("For the teams with the most points in a month."),
        ("quarter", "member"): _("For the people with the most points in a quarter."),
        ("quarter", "team"): _("For the teams with the most points in a quarter."),
    }
    competing = _("All compete together.") if bonus.side is None else ""
    if bonus.side is not None:
        competing = _("Only sales competes.") if bonus.side == "sales" else _("Only marketing competes.")
    return f"{words[bonus.period, bonus.participant]} {competing}"


def tie_words(tie: str) -> str:
    """Return what becomes of a place that several reach (B2)."""
    if tie == "full":
        return _("In a tie each gets the whole amount of the place.")
    return _("In a tie the amounts of the places are put together and divided.")


def divide_words(divide: str) -> str:
    """Return how a team's bonus is divided among its members (B3)."""
    if divide == "by_points":
        return _("A team's bonus is divided among its members by their points.")
    return _("A team's bonus is divided equally among its members.")


def bonus_title(bonus: BonusProgramme) -> str:
    """Return what a bonus is called: its key, read as words."""
    title = bonus.key.replace("-", " ").replace("_", " ")
    return title[:1].upper() + title[1:]


def review_words(months: int | None) -> str:
    """Return how often the agreement is reviewed."""
    if months is None:
        return _("No review is agreed.")
    return ngettext(
        "It is reviewed a month after it takes effect.",
        "It is reviewed %(num)s months after it takes effect.",
        months,
    )
