"""The agreement: SLAs, their measures, levels and points; the file is read in `agreement_file`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Any

from leaderboard.domain.periods import Month

VOID_WINDOW = timedelta(days=14)
SIDES = ("sales", "marketing")


class Level(StrEnum):
    """How far an SLA was kept; `none` is a result withdrawn, or one with too few cases to judge (K3)."""

    PENDING = "pending"
    MISSED = "missed"
    MET = "met"
    EXCEEDED = "exceeded"
    VOID = "void"
    NONE = "none"


MISSED, MET, EXCEEDED = Level.MISSED, Level.MET, Level.EXCEEDED  # found four times as fast, where millions are judged


@dataclass(frozen=True)
class ResponseTime:
    """Measure: how long from a `from` event to a `to` event of the same subject (C1-C10)."""

    from_types: frozenset[str]
    to_types: frozenset[str]
    pause_types: frozenset[str] = frozenset()
    resume_types: frozenset[str] = frozenset()
    void_types: frozenset[str] = frozenset()
    void_within: timedelta = VOID_WINDOW
    is_working: bool = True
    credit: str = "owner"

    kind = "response_time"

    @cached_property
    def roles(self) -> Mapping[str, int]:
        """Which part each event type plays, numbered in the order of C8: from, pause, resume, to, void_by."""
        parts = (self.from_types, self.pause_types, self.resume_types, self.to_types, self.void_types)
        return {event_type: role for role, types in enumerate(parts) for event_type in types}


@dataclass(frozen=True)
class Count:
    """Measure: distinct subjects with an event in the month (K1)."""

    types: frozenset[str]

    kind = "count"

    @property
    def counted_types(self) -> frozenset[str]:
        """The event types that put a subject in."""
        return self.types


@dataclass(frozen=True)
class Sum:
    """Measure: the amounts of those subjects, in minor units (K1, K2)."""

    types: frozenset[str]

    kind = "sum"

    @property
    def counted_types(self) -> frozenset[str]:
        """The event types that put a subject in."""
        return self.types


@dataclass(frozen=True)
class SlaRate:
    """Measure: the share of a response-time SLA's clocks decided in the month that were in time (K3)."""

    of_sla: str
    at_least: int = 1

    kind = "rate"


@dataclass(frozen=True)
class EventRate:
    """Measure: the share of subjects with an `of` event in the month that also had the `in` event (K3)."""

    of_types: frozenset[str]
    in_types: frozenset[str]
    at_least: int = 1

    kind = "rate"

    @property
    def counted_types(self) -> frozenset[str]:
        """The event types that put a subject in."""
        return self.of_types


@dataclass(frozen=True)
class Completion:
    """Measure: tasks done before their date (K4)."""

    kind = "completion"


Measure = ResponseTime | Count | Sum | SlaRate | EventRate | Completion


@dataclass(frozen=True)
class Levels:
    """The targets: durations, whole numbers or exact shares, as the measure counts."""

    met: Any
    exceeded: Any = None


@dataclass(frozen=True)
class Sla:
    """One promise. points: what a level earns (P1); levels without points of their own earn 0.

    remind: so long before the deadline, as its clock counts, who owns it is reminded; None: they are not.
    """

    key: str
    title: str
    side: str
    participant: str
    measure: Measure
    levels: Levels
    met_points: int
    exceeded_points: int
    remind: timedelta | None = None

    @property
    def is_monthly(self) -> bool:
        """Whether it gives one result a participant and month, not one an occurrence."""
        return isinstance(self.measure, Count | Sum | SlaRate | EventRate)

    def points_of(self, level: Level) -> int:
        """Return what a level earns (P1): missed, pending and void earn 0."""
        if level is MET:
            return self.met_points
        return self.exceeded_points if level is EXCEEDED else 0


@dataclass(frozen=True)
class BonusProgramme:
    """What a win pays: amounts in minor units or prizes in kind, one a place (B1-B5)."""

    key: str
    period: str
    participant: str
    places: tuple[int, ...]
    prizes: tuple[str, ...]
    side: str | None
    tie: str
    divide: str


@dataclass(frozen=True)
class Agreement:
    """One version of the agreement, in force from the first day of a month."""

    title: str
    effective_from: date
    review_every_months: int | None
    definitions: Mapping[str, str]
    slas: tuple[Sla, ...]
    bonuses: tuple[BonusProgramme, ...] = field(default=())

    @property
    def first_month(self) -> Month:
        """The month with which it takes effect."""
        return Month(self.effective_from.year, self.effective_from.month)

    @property
    def review_on(self) -> date | None:
        """When it is to be reviewed: so many months after it takes effect; None if that is not agreed."""
        return None if self.review_every_months is None else self.first_month.plus(self.review_every_months).first_day
