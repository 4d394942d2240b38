"""The story of one clock: what part each event played, and which hours counted (P8).

The machine of `clocks` works it out, watched at each step: there is no second one that could say otherwise.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from leaderboard.domain.agreement import Level, Levels, ResponseTime
from leaderboard.domain.clocks import Clock, ClockResult, ClockworkOf, Machine, Owner, OwnerOf
from leaderboard.domain.events import Event
from leaderboard.domain.working_time import Clockwork

Spans = tuple[tuple[datetime, datetime], ...]


class Part(StrEnum):
    """What an event did to a clock. again: it changed nothing, since the clock was so already.

    handed: the subject went to another holder, and the clock ran on (C10); taken: it went to another owner, which ended
    this clock (C2); late: it would have voided the result, but came after the window (C7).
    """

    FROM = "from"
    PAUSE = "pause"
    RESUME = "resume"
    TO = "to"
    VOID_BY = "void_by"
    AGAIN = "again"
    HANDED = "handed"
    TAKEN = "taken"
    LATE = "late"


class ClockStory(NamedTuple):
    """A clock, and how it came to its result.

    parts: the events that touched it, in the order in which they were taken. running: when it ran, closed hours too;
    counted: the open hours of that, which add up to `used`, as far as it has come. clockwork: what it ran on.
    """

    result: ClockResult
    parts: tuple[tuple[Event, Part], ...]
    running: Spans
    counted: Spans
    used: timedelta
    clockwork: Clockwork

    @property
    def is_paused(self) -> bool:
        """Whether it stands still by a pause now (C5); one that has stopped is not paused."""
        turns = [part for _, part in self.parts if part in (Part.PAUSE, Part.RESUME)]
        return self.result.stopped_at is None and turns[-1:] == [Part.PAUSE]


def clock_stories(
    measure: ResponseTime,
    levels: Levels,
    events: Sequence[Event],
    now: datetime,
    owner_of: OwnerOf,
    clockwork_of: ClockworkOf,
) -> list[ClockStory]:
    """Return the story of each clock that run_clocks gives for the same, in the same order."""
    machine = _Watched(measure, levels, owner_of, clockwork_of)
    machine.run(events, now)
    return [_story(clock, result) for clock, result in zip(machine.noted, machine.results, strict=True)]


def _story(clock: "_WatchedClock", result: ClockResult) -> ClockStory:
    counted = tuple(span for run in clock.running for span in clock.clockwork.spans_between(*run))
    return ClockStory(result, tuple(clock.parts), tuple(clock.running), counted, clock.used, clock.clockwork)


class _WatchedClock(Clock):
    """A clock that keeps when it ran, and what happened to it."""

    __slots__ = ("parts", "running")

    def __init__(
        self, owner: Owner | None, at: datetime, clockwork: Clockwork, target: timedelta, *, is_paused: bool
    ) -> None:
        super().__init__(owner, at, clockwork, target, is_paused=is_paused)
        self.parts: list[tuple[Event, Part]] = []
        self.running: list[tuple[datetime, datetime]] = []

    def count_until(self, at: datetime) -> None:
        if self.runs_from is not None and at > self.runs_from:
            self.running.append((self.runs_from, at))
        super().count_until(at)


class _Watched(Machine):
    """The machine, noting what each event did to which clock. noted: the clock of each result."""

    new_clock = _WatchedClock
    clock: _WatchedClock | None

    def __init__(self, measure: ResponseTime, levels: Levels, owner_of: OwnerOf, clockwork_of: ClockworkOf) -> None:
        super().__init__(measure, levels, owner_of, clockwork_of)
        self.noted: list[_WatchedClock] = []
        self._ended: _WatchedClock | None = None  # the one that the last `to` closed
        self._paused_by: Event | None = None

    def begin(self, event: Event) -> None:
        before = self.clock
        super().begin(event)
        after, self._ended = self.clock, None
        if before is not None and before is after:
            is_handed = self.is_closer and len({owner for _, owner in self.holders[-2:]}) > 1
            before.parts.append((event, Part.HANDED if is_handed else Part.AGAIN))
            return
        if before is not None:
            before.parts.append((event, Part.TAKEN))
        if after is not None:
            if self._paused_by is not None:  # the subject was paused before: so is its new clock (C5)
                after.parts.append((self._paused_by, Part.PAUSE))
            after.parts.append((event, Part.FROM))

    def pause(self, event: Event) -> None:
        self._touch(event, Part.AGAIN if self.is_paused else Part.PAUSE)
        self._paused_by = self._paused_by if self.is_paused else event
        super().pause(event)

    def resume(self, event: Event) -> None:
        self._touch(event, Part.RESUME if self.is_paused else Part.AGAIN)
        self._paused_by = None
        super().resume(event)

    def _touch(self, event: Event, part: Part) -> None:
        if self.clock is not None:
            self.clock.parts.append((event, part))

    def end(self, event: Event) -> None:
        self._paused_by = None
        if self.clock is not None:
            self._ended = self.clock
            self.clock.parts.append((event, Part.TO))
        elif self._ended is not None:
            self._ended.parts.append((event, Part.AGAIN))
        super().end(event)

    def void(self, event: Event) -> None:
        if self._ended is not None and self.closed is not None:
            index, closed_at = self.closed
            is_void = self.results[index].level is Level.VOID
            is_late = event.occurred_at - closed_at > self.measure.void_within
            part = Part.AGAIN if is_void else Part.LATE if is_late else Part.VOID_BY
            self._ended.parts.append((event, part))
        super().void(event)

    def _note(
        self,
        clock: Clock,
        owner: Owner | None,
        stopped_at: datetime | None,
        level: Level,
        decided_at: datetime | None,
        seen_at: datetime | None = None,
    ) -> None:
        assert isinstance(clock, _WatchedClock)
        self.noted.append(clock)
        super()._note(clock, owner, stopped_at, level, decided_at, seen_at)
