"""Which months have standings: those in which something happened, or that are closed (S2, K1).

It must not matter how events were cut into files: a month that had nothing but an attainment, and lost it to a
late event, has none again. What stays keeps them for good: an event, a correction, an adjustment, the closing.
"""

from collections.abc import Iterable

from leaderboard.domain.cells import zero_cells
from leaderboard.domain.closing import closed_months
from leaderboard.domain.periods import Month, Period, month_of_key
from leaderboard.domain.scoring import SubjectScore
from leaderboard.services.cells import retire_month
from leaderboard.services.posting import Pair, Poster
from leaderboard.services.rules import RuleBook
from leaderboard.storage import attainments, closings, people, periods, totals


class OpenMonths:
    """The months with standings, as one scoring finds and leaves them."""

    def __init__(self, poster: Poster, book: RuleBook) -> None:
        self.poster = poster
        self.open = set(map(month_of_key, book.opened))
        self._eventful_before = set(map(month_of_key, book.eventful))
        self._known_events = self._eventful_before  # those known to have an event
        self._events: set[Month] = set()  # those in which this scoring met one, or that it keeps
        self._counted: set[Month] = set()  # those in which it met an attainment
        self._newly_open: set[Month] = set()
        self._left: set[Month] = set()  # those that lost an attainment
        self._retired: list[Month] = []
        self._bare: set[Month] = set()  # those that lost their last event

    def note(self, score: SubjectScore) -> None:
        """Note where a subject's events fall and its attainments count; open what was not open."""
        months = score.months(self.poster.rules.months)
        if not months <= self._events:
            self._events |= months
            self._open_all(months)
        counted = {each.month for each in score.attainments if each.month is not None}
        if not counted <= self._counted:
            self._counted |= counted
            self._open_all(counted)

    def note_losses(self, pairs: Iterable[Pair]) -> None:
        """Note the months that lose an attainment."""
        for _, before, after in pairs:
            if before is not None and before.month is not None and (after is None or after.month != before.month):
                self._left.add(before.month)

    def lose_events(self, months: set[Month]) -> None:
        """Note months in which no event falls any more; before anything is scored.

        They keep their standings where an attainment counts in them, or something stands in them for good.
        """
        self._bare = (months & self._known_events) - self._standing_apart()
        self._known_events = self._known_events - self._bare
        self._left |= self._bare

    def keep(self, months: set[Month]) -> bool:
        """Note months that have standings for good, whatever events do; tell whether any had none before."""
        has_new = not months <= self.open
        self._events |= months
        self._open_all(months)
        return has_new

    def _standing_apart(self) -> set[Month]:
        """Return the months that have standings though no event may fall in them."""
        apart = closings.months_with_postings_apart(self.poster.connection)
        return closed_months(self.poster.closed) | set(map(month_of_key, apart))

    def welcome(self, since: Month) -> None:
        """Give new members their place where others stand already, from their first month and its quarter on (S2, K1).

        Of that quarter it may be an earlier month alone that is open.
        """
        for month in sorted(self.open):
            if month.quarter >= since.quarter:
                self._give_places(month)

    def retire_left(self) -> None:
        """Take the standings of the months that lost their last attainment and hold nothing that stays."""
        if not self._left:
            return
        self.poster.settle()  # what is to be added to a rate comes before the rate is taken back
        with_events = self._known_events | self._events
        left = self._left - with_events
        counted = attainments.counted_months(self.poster.connection, [month.key for month in left])
        self._retire(month for month in left if month.key not in counted)

    def retire_untouched(self) -> None:
        """Take the standings of the months of which a scoring of everything has met nothing."""
        self._known_events = set()
        self.keep(self._standing_apart())
        self._retire(self.open - self._events - self._counted)

    def write(self) -> None:
        """Store which months have standings now; after the totals are written."""
        found = self._events - self._known_events
        self._store(self._newly_open)
        periods.mark_eventful(self.poster.connection, [month.key for month in found - self._newly_open])
        bare = self._bare - self._events
        periods.mark_eventful(self.poster.connection, [month.key for month in bare], is_eventful=False)
        self._forget()
        if found or self._newly_open or self._retired or bare:
            people.raise_rules_version(self.poster.connection)

    def write_all(self) -> None:
        """As `write`, after a scoring of everything and before the totals are made anew: bounds may have moved too."""
        has_changed = bool(self._newly_open or self._retired or self._events != self._eventful_before)
        self._store(self.open)
        self._forget()
        if has_changed:
            people.raise_rules_version(self.poster.connection)

    def _open_all(self, months: set[Month]) -> None:
        for month in months - self.open:
            self.open.add(month)
            self._newly_open.add(month)
            self._give_places(month)

    def _give_places(self, month: Month) -> None:
        self.poster.totals.open_month(month)
        for cell in zero_cells(self.poster.rules, month):
            self.poster.cells[cell].add(0, 0)

    def _retire(self, months: Iterable[Month]) -> None:
        for month in sorted(months):
            retire_month(self.poster, month)
            self.open.discard(month)
            self._newly_open.discard(month)
            self._retired.append(month)

    def _store(self, months: set[Month]) -> None:
        """Store months, and their quarters: worked out as of now, so those that are over are decided."""
        months_of, now = self.poster.rules.months, self.poster.now
        quarters = {month.quarter for month in months}
        found: set[Period] = {*months, *quarters}
        rows = []
        for period in sorted(found, key=str):
            start, end = months_of.bounds_of(period)
            is_eventful = any(month in self._events or month in self._known_events for month in period.months)
            rows.append((str(period), period.kind, start, end, end <= now, is_eventful))
        periods.write_periods(self.poster.connection, rows)

    def _forget(self) -> None:
        """Take months without standings away, and quarters without any other."""
        quarters = {month.quarter for month in self._retired}
        gone: list[Period] = [*self._retired, *(each for each in quarters if not self.open & set(each.months))]
        keys = [str(period) for period in gone]
        if keys:
            periods.forget(self.poster.connection, keys)
            totals.forget_periods(self.poster.connection, keys)
