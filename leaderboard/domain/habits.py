"""Habits that make times untrue: many entries at once, and at the day's end. Instants are microseconds since 1970."""

from collections import Counter, deque
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from leaderboard.domain.instants import from_micros, to_micros
from leaderboard.domain.working_time import DAY, Calendar, local_instant

BURST_SIZE = 10
BURST_WITHIN = timedelta(minutes=5)  # so many leads are not worked on in so little time
_DAY, _HOUR = 86_400_000_000, 3_600_000_000
_WITHIN = BURST_WITHIN // timedelta(microseconds=1)


class Bursts:
    """Counts what somebody did in bursts: BURST_SIZE or more within BURST_WITHIN, its end included.

    bursts: how many, apart from each other; count: what lies in any of them; first_at: when the first began.
    """

    def __init__(self) -> None:
        self.bursts = self.count = 0
        self.first_at: int | None = None
        self._recent: deque[int] = deque(maxlen=BURST_SIZE)
        self._seen = self._counted = 0  # how many came, and up to which of them all of a burst are counted

    def add(self, at: int) -> None:
        """Take the next thing done, not before the last."""
        self._recent.append(at)
        self._seen += 1
        if len(self._recent) < BURST_SIZE or at - self._recent[0] > _WITHIN:
            return
        first = self._seen - BURST_SIZE  # how many came before the burst
        if first >= self._counted:
            self.bursts += 1
            self.first_at = self._recent[0] if self.first_at is None else self.first_at
        self.count += self._seen - max(first, self._counted)
        self._counted = self._seen


class DayEnds:
    """Tells of instants whether they fall into the last hour of a calendar's working day.

    The day is that on which an interval starts, so a night shift ends on the next one. Its last hour is the last one of
    its open time.
    """

    def __init__(self, calendar: Calendar) -> None:
        self._calendar = calendar
        self._zone = ZoneInfo(calendar.time_zone)
        self._days: dict[int, list[tuple[int, int, int, int]]] = {}

    def place(self, at: int) -> tuple[bool, int] | None:
        """Return whether an instant is in the last hour, and how long that day is open; None for when it is closed."""
        found = self._days.get(at // _DAY)
        if found is None:
            found = self._days[at // _DAY] = self._around(at // _DAY)
        for start, end, last_from, length in found:
            if start <= at < end:
                return at >= last_from, length
        return None

    def _around(self, number: int) -> list[tuple[int, int, int, int]]:
        """Return the intervals that may touch a day in UTC: start, end, start of the last hour, the day's length."""
        day = from_micros(number * _DAY).date()
        return [each for days in (-2, -1, 0, 1) for each in self._of_day(day + days * DAY)]

    def _of_day(self, day: date) -> list[tuple[int, int, int, int]]:
        spans = sorted(
            (to_micros(local_instant(day, opening, self._zone)), to_micros(local_instant(day, closing, self._zone)))
            for opening, closing in self._calendar.hours_on(day)
        )
        length, left, last_from = sum(end - start for start, end in spans), _HOUR, 0
        for start, end in reversed(spans):
            last_from = max(start, end - left)
            left -= end - last_from
            if left <= 0:
                break
        return [(start, end, last_from, length) for start, end in spans if end > start]


class DayEndShare:
    """Adds up how much of what was done falls into the last hour of its day, and how much would on even days."""

    def __init__(self) -> None:
        self.count = self.last = 0
        self._lengths: Counter[int] = Counter()

    def add(self, is_last: bool, length: int) -> None:
        """Take a thing done while its day, of so many microseconds, was open."""
        self.count += 1
        self.last += is_last
        self._lengths[length] += 1

    def join(self, other: "DayEndShare") -> None:
        """Add what another has added up."""
        self.count += other.count
        self.last += other.last
        self._lengths.update(other._lengths)

    @property
    def even(self) -> Fraction:
        """How many would be in the last hour if each day were even."""
        return sum((Fraction(min(_HOUR, length), length) * n for length, n in self._lengths.items()), Fraction(0))


def midnights(zone: ZoneInfo, since: datetime, until: datetime) -> frozenset[int]:
    """Return at which microseconds of the day in UTC a zone's midnights lie between two instants, DST or not."""
    days = range((until - since).days + 2)
    starts = (datetime.combine(since.astimezone(zone).date() + each * DAY, time(), zone) for each in days)
    return frozenset(to_micros(each) % _DAY for each in starts)


def open_days_between(calendar: Calendar, last: datetime, now: datetime, most: int) -> int:
    """Return on how many days a calendar opens after the day of one instant, before that of another; `most` at most."""
    zone = ZoneInfo(calendar.time_zone)
    day, stop, found = last.astimezone(zone).date() + DAY, now.astimezone(zone).date(), 0
    while day < stop and found < most:
        found += bool(calendar.hours_on(day))
        day += DAY
    return found
