"""Response-time clocks of one subject (C1-C10): a small machine that is fed its events in order."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from leaderboard.domain.agreement import EXCEEDED, MET, MISSED, Level, Levels, ResponseTime
from leaderboard.domain.events import Event
from leaderboard.domain.working_time import ZERO, Clockwork

FROM_THEN_TO = (0, 3)  # as ResponseTime.roles
Owner = int
OwnerOf = Callable[[Event], Owner | None]
ClockworkOf = Callable[[Owner | None, datetime], Clockwork]


class ClockResult(NamedTuple):
    """What one clock came to. value: time counted when it stopped; None while it runs on."""

    owner: Owner | None
    started_at: datetime
    due_at: datetime | None
    stopped_at: datetime | None
    decided_at: datetime | None
    level: Level
    value: timedelta | None


_new = tuple.__new__  # in a third of the time that the class takes with names


class SubjectClocks(NamedTuple):
    """The clocks of one subject in one SLA, and the `to` events that came before every `from` (C6)."""

    results: list[ClockResult]
    anomalies: list[Event]


def level_of(elapsed: timedelta, levels: Levels) -> Level:
    """Return the level that a response-time clock reached (C3, T4).

    elapsed: time between the clock's start and stop, >= 0 (else ValueError).
    levels: durations; `exceeded` is at most `met`; both are inclusive.
    """
    if elapsed < ZERO:
        raise ValueError(f"elapsed is {elapsed}: the clock stops before it starts")
    if levels.exceeded is not None and elapsed <= levels.exceeded:
        return EXCEEDED
    return MET if elapsed <= levels.met else MISSED


class Clock:
    """One running or paused clock. used: time counted up to `runs_from`, or to the pause."""

    __slots__ = ("clockwork", "due_at", "missed_at", "owner", "runs_from", "started_at", "target", "used")

    def __init__(
        self, owner: Owner | None, at: datetime, clockwork: Clockwork, target: timedelta, *, is_paused: bool
    ) -> None:
        self.owner = owner
        self.started_at = at
        self.clockwork = clockwork
        self.target = target
        self.used = ZERO
        self.runs_from: datetime | None = None if is_paused else at
        self.due_at: datetime | None = None  # once reached
        self.missed_at: datetime | None = None

    def pause(self, at: datetime) -> None:
        """Stop counting (C5)."""
        self.count_until(at)
        self.runs_from = None

    def resume(self, at: datetime) -> None:
        """Count on, if paused (C5)."""
        if self.runs_from is None:
            self.runs_from = at

    def count_until(self, at: datetime) -> None:
        """Count the time up to an instant, noting when the target was reached and overrun (C3).

        The clock is missed at the first instant at which it runs with its target used up: the due
        instant, or where that is a closing time or a pause's start, the moment it runs again.
        """
        if self.runs_from is None or at <= self.runs_from:
            return
        elapsed = self.clockwork.elapsed(self.runs_from, at)
        left = self.target - self.used
        if elapsed >= left and self.due_at is None:
            self.due_at = self.clockwork.due_at(self.runs_from, left)
        if elapsed > left and self.missed_at is None:
            assert self.due_at is not None
            self.missed_at = self.clockwork.next_running(max(self.due_at, self.runs_from))
        self.used += elapsed
        self.runs_from = at

    def due(self, at: datetime, *, is_stopped: bool) -> datetime | None:
        """Return when the target is or was used up, as far as is known at an instant.

        None for a clock that is paused and not stopped (a stop ends the pause), or never due.
        """
        if self.due_at is not None:
            return self.due_at
        if self.runs_from is None and not is_stopped:
            return None
        # Counted from where counting stands, so that closing times stay what they are (T5).
        start = self.runs_from if self.runs_from is not None else at
        return self.clockwork.due_at(start, self.target - self.used)


class Machine:
    """The state of one subject in one SLA; domain/clock_stories.py watches the same machine at work."""

    __slots__ = (
        "anomalies",
        "clock",
        "clockwork_of",
        "closed",
        "has_begun",
        "holders",
        "is_closer",
        "is_paused",
        "levels",
        "measure",
        "owner_of",
        "results",
    )
    new_clock: type[Clock] = Clock

    def __init__(self, measure: ResponseTime, levels: Levels, owner_of: OwnerOf, clockwork_of: ClockworkOf) -> None:
        self.measure = measure
        self.levels = levels
        self.owner_of = owner_of
        self.clockwork_of = clockwork_of
        self.is_closer = measure.credit == "closer"
        self.clock: Clock | None = None
        self.holders: list[tuple[datetime, Owner | None]] = []  # closer: who held the subject since when
        self.is_paused = False
        self.has_begun = False
        self.results: list[ClockResult] = []
        self.anomalies: list[Event] = []
        self.closed: tuple[int, datetime] | None = None  # the result that the last `to` closed, and when

    def run(self, events: Sequence[Event], now: datetime) -> None:
        """Take all events of the subject up to now, in the order of C8, and settle what is still open."""
        roles, takes = self.measure.roles, (self.begin, self.pause, self.resume, self.end, self.void)  # as roles
        # By instant, then role; the place among the events stands for their ids.
        steps = [(each.occurred_at, roles[each.type], place) for place, each in enumerate(events) if each.type in roles]
        steps.sort()
        for _, role, place in steps:
            takes[role](events[place])
        self.finish(now)

    def begin(self, event: Event) -> None:
        """Take a `from` event (C1, C2, C4, C10)."""
        self.has_begun = True
        self.closed = None  # a new cycle has begun, also one that nobody owns
        at = event.occurred_at
        owner = self.owner_of(event)
        if self.is_closer:
            self.holders.append((at, owner))
            if self.clock is None:
                self._open(None, at)
            return
        if self.clock is not None:
            if self.clock.owner == owner:
                return
            self._take_away(self.clock, at)
        if owner is not None:
            self._open(owner, at)

    def _open(self, owner: Owner | None, at: datetime) -> None:
        clockwork = self.clockwork_of(owner, at)
        self.clock = self.new_clock(owner, at, clockwork, self.levels.met, is_paused=self.is_paused)

    def _take_away(self, clock: Clock, at: datetime) -> None:
        """Close the earlier owner's clock at a reassignment: dropped, or missed if it was (C2)."""
        clock.count_until(at)
        if clock.missed_at is not None:
            self._note(clock, clock.owner, at, Level.MISSED, clock.missed_at)
        self.clock = None

    def pause(self, event: Event) -> None:
        """Take a `pause` event; a pause belongs to the subject, not to the clock (C5)."""
        self.is_paused = True
        if self.clock is not None:
            self.clock.pause(event.occurred_at)

    def resume(self, event: Event) -> None:
        """Take a `resume` event (C5)."""
        self.is_paused = False
        if self.clock is not None:
            self.clock.resume(event.occurred_at)

    def end(self, event: Event) -> None:
        """Take a `to` event: it decides the open clock; a second one changes nothing (C3, C6)."""
        self.is_paused = False
        if not self.has_begun:
            self.anomalies.append(event)
        clock, at = self.clock, event.occurred_at
        if clock is None:
            return
        clock.count_until(at)
        level = level_of(clock.used, self.levels)
        decided_at = at if clock.missed_at is None else clock.missed_at
        owner = self._credited(event, level, decided_at) if self.is_closer else clock.owner
        self.clock = None
        if owner is not None:
            self._note(clock, owner, at, level, decided_at)
            self.closed = (len(self.results) - 1, at)
        self.holders = []

    def _credited(self, event: Event, level: Level, decided_at: datetime) -> Owner | None:
        if level is Level.MISSED:
            return self._holder_at(decided_at)
        closer = self.owner_of(event)
        return self._holder_at(event.occurred_at) if closer is None else closer

    def _holder_at(self, at: datetime) -> Owner | None:
        """Return the owner of the latest `from` event up to an instant (C10)."""
        return next((owner for since, owner in reversed(self.holders) if since <= at), None)

    def void(self, event: Event) -> None:
        """Take a `void_by` event: within the window it voids what the last `to` closed (C7)."""
        if self.closed is None:
            return
        index, closed_at = self.closed
        if event.occurred_at - closed_at <= self.measure.void_within:
            self.results[index] = self.results[index]._replace(level=Level.VOID)

    def finish(self, now: datetime) -> None:
        """Settle the clock that is still open: missed if it is by now, else pending (C3)."""
        clock = self.clock
        if clock is None:
            return
        clock.count_until(now)
        level = Level.PENDING if clock.missed_at is None else Level.MISSED
        owner = clock.owner
        if self.is_closer:
            owner = self._holder_at(now if clock.missed_at is None else clock.missed_at)
        if owner is not None:
            self._note(clock, owner, None, level, clock.missed_at, seen_at=now)

    def _note(
        self,
        clock: Clock,
        owner: Owner | None,
        stopped_at: datetime | None,
        level: Level,
        decided_at: datetime | None,
        seen_at: datetime | None = None,
    ) -> None:
        at = stopped_at if stopped_at is not None else seen_at
        assert at is not None
        due_at = clock.due(at, is_stopped=stopped_at is not None)
        value = None if stopped_at is None else clock.used
        self.results.append(ClockResult(owner, clock.started_at, due_at, stopped_at, decided_at, level, value))


def run_clocks(
    measure: ResponseTime,
    levels: Levels,
    events: Sequence[Event],
    now: datetime,
    owner_of: OwnerOf,
    clockwork_of: ClockworkOf,
) -> SubjectClocks:
    """Return what the clocks of one subject came to by `now` (C1-C10).

    events: those of the subject up to now, by instant, then event id.
    owner_of: the member or team that an event names. clockwork_of: how time counts for an owner
    whose clock starts at an instant (C9).
    """
    roles = measure.roles
    if len(events) == 2 and measure.credit == "owner":
        begun, ended = events
        if (roles.get(begun.type), roles.get(ended.type)) == FROM_THEN_TO:
            return _run_plain(levels, begun, ended, owner_of, clockwork_of)
    if roles.keys().isdisjoint(event.type for event in events):
        return SubjectClocks([], [])
    machine = Machine(measure, levels, owner_of, clockwork_of)
    machine.run(events, now)
    return SubjectClocks(machine.results, machine.anomalies)


def _run_plain(
    levels: Levels, begun: Event, ended: Event, owner_of: OwnerOf, clockwork_of: ClockworkOf
) -> SubjectClocks:
    """Return what one `from` and then one `to` come to, as most have: the machine's result in half the time."""
    owner = owner_of(begun)
    if owner is None:
        return SubjectClocks([], [])
    at, stopped_at = begun.occurred_at, ended.occurred_at
    clockwork = clockwork_of(owner, at)
    used, due_at = clockwork.run(at, stopped_at, levels.met)
    level = level_of(used, levels)
    decided_at: datetime | None = stopped_at
    if level is MISSED:
        assert due_at is not None
        decided_at = clockwork.next_running(due_at)
    result = _new(ClockResult, (owner, at, due_at, stopped_at, decided_at, level, used))
    return _new(SubjectClocks, ([result], []))
