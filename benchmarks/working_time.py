"""Working time of many pairs of instants against the package businesstimedelta."""

from datetime import UTC, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

import businesstimedelta
import pytz  # comes with businesstimedelta, which takes no other zones

from benchmarks.data import DAYS, START
from benchmarks.measuring import Result, in_words, interleaved, seconds
from leaderboard.domain.working_time import Calendar

ZONE = "America/Sao_Paulo"
WEEKDAYS = range(5)
OPEN = ((9, 12), (13, 18))
HOURS = tuple((first * 60, last * 60) for first, last in OPEN)
CALENDAR = Calendar(ZONE, tuple(HOURS if day in WEEKDAYS else () for day in range(7)))
Pair = tuple[datetime, datetime]


def pairs_of_instants(number: int) -> list[Pair]:
    """Return pairs up to ten days apart, on any second of a year."""
    chance = Random(1)
    starts = [START + timedelta(seconds=chance.randrange(DAYS * 86_400)) for _ in range(number)]
    return [(start, start + timedelta(seconds=chance.randrange(10 * 86_400))) for start in starts]


def their_rules() -> businesstimedelta.Rules:
    """Return the same hours for businesstimedelta."""
    hours = [
        businesstimedelta.WorkDayRule(time(first), time(last), working_days=list(WEEKDAYS), tz=pytz.timezone(ZONE))
        for first, last in OPEN
    ]
    return businesstimedelta.Rules(hours)


def slowly(start: datetime, end: datetime) -> timedelta:
    """Return the working time of a pair day by day, written as differently as it can be."""
    zone, total = ZoneInfo(ZONE), timedelta(0)
    day = start.astimezone(zone).date() - timedelta(days=1)
    while day <= end.astimezone(zone).date():
        for first, last in OPEN if day.weekday() in WEEKDAYS else ():
            opening, closing = (datetime.combine(day, time(hour), zone).astimezone(UTC) for hour in (first, last))
            total += max(min(end, closing) - max(start, opening), timedelta(0))
        day += timedelta(days=1)
    return total


def measure(pairs: int, theirs: int, rounds: int) -> list[Result]:
    """Compare time per pair; theirs: how many pairs the slow one is given a round."""
    instants = pairs_of_instants(pairs)
    elapsed, rules = CALENDAR.working_time.elapsed, their_rules()
    some = instants[:theirs]
    for start, end in some:
        found = elapsed(start, end)
        if not found == slowly(start, end) == rules.difference(start, end).timedelta:
            raise AssertionError(f"{start} to {end}: {found}, expected {slowly(start, end)}")

    def ours() -> float:
        return seconds(lambda: [elapsed(start, end) for start, end in instants]) / pairs

    def business() -> float:
        return seconds(lambda: [rules.difference(start, end) for start, end in some]) / theirs

    ratio, their_time, our_time = interleaved(business, ours, rounds)
    note = f"{in_words(our_time)} a pair against {in_words(their_time)}; {theirs:,} results equal to a slow reference"
    what = f"working time of {pairs:,} pairs against businesstimedelta"
    return [Result(what, 200, ratio, is_at_least=True, note=note)]
