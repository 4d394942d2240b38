"""Response-time clocks (C1-C10) and completions (K4), one subject at a time, event by event.

Where the design is silent:
- An event whose type stands in several lists of a measure acts in each role, in the order of C8.
- Event ids are ordered as Python orders text (by code point).
- The SLA's side does not choose events: whoever a `from` event names owns the clock.
- A closer-mode clock that nobody is credited with gives no attainment: one is of a participant (design §2).
- A paused pending clock has a due instant only where it was reached before the pause (T5).
- A missed clock whose `to` event came late keeps its level's decision instant; `void` keeps value and
  instants, and its month.
- A pending row has no value and no stopped_at. It is listed in the month in which it started.
- At as_of exactly on the last instant at which elapsed equals the target the clock is still pending.
- Completion: the types are task.assigned and task.completed. The participant's latest assignment until
  the completion decides (start, due date, version), else the first one after it: also a completion before every
  assignment counts. Only the first completion does. One that names nobody completes the task of
  everybody who has it by then. An assignment without due_at is no task. A completion between the last instant
  for `met` and the due date is missed, decided at the due date; until then it is pending.
- At as_of exactly on a task's due date it is still pending.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.reference.hours import Calendar, due_and_over, elapsed
from tests.reference.inputs import Event, Organisation, People, Sla, duration

ROLES = ("from", "pause", "resume", "to", "void_by")  # C8


@dataclass
class Attainment:
    sla: str
    participant: str | None
    subject: str
    level: str
    value: int | float | None = None
    started_at: datetime | None = None
    due_at: datetime | None = None
    stopped_at: datetime | None = None
    decided_at: datetime | None = None
    points: int = 0
    team: str | None = None
    month: str | None = None


@dataclass
class Clock:
    start: datetime
    calendar: Calendar | None
    holders: list[tuple[datetime, str | None]]
    pauses: list = field(default_factory=list)

    def holder_at(self, instant: datetime) -> str | None:
        return [holder for at, holder in self.holders if at <= instant][-1]


def seconds(span: timedelta) -> int | float:
    exact = span / timedelta(seconds=1)
    return int(exact) if exact == int(exact) else exact


def named_participant(event: Event, sla: Sla, people: People) -> str | None:
    """K7, C9: the member, or the event's team, or else its member's team at that instant."""
    if sla.participant == "team":
        return event.team or people.team_at(event.member, event.at)
    return event.member


def acts_of(events: list[Event], measure: dict) -> list[tuple[str, Event]]:
    """Return (role, event) in the order of C8."""
    acts = []
    for event in events:
        for order, role in enumerate(ROLES):
            if event.type in measure.get(role, []):
                acts.append((event.at, order, event.id, role, event))
    return [(role, event) for _, _, _, role, event in sorted(acts, key=lambda act: act[:3])]


class SubjectWalk:
    """One subject's log against one response-time SLA."""

    def __init__(self, sla: Sla, subject: str, organisation: Organisation, people: People):
        self.sla, self.subject, self.organisation, self.people = sla, subject, organisation, people
        self.by_closer = sla.measure.get("credit", "owner") == "closer"
        self.met, self.exceeded = sla.levels["met"], sla.levels.get("exceeded")
        self.paused = False
        self.clock: Clock | None = None
        self.closed: Attainment | None = None  # what the last `to` event closed, while no new cycle has begun
        self.found: list[Attainment] = []

    def walk(self, events: list[Event], as_of: datetime) -> list[Attainment]:
        steps = {
            "from": self.on_from,
            "pause": self.on_pause,
            "resume": self.on_resume,
            "to": self.on_to,
            "void_by": self.on_void,
        }
        for role, event in acts_of(events, self.sla.measure):
            steps[role](event)
        if self.clock is not None:
            self.found.append(self.still_open(self.clock, as_of))
        return [row for row in self.found if row.participant is not None]

    def on_from(self, event: Event) -> None:
        self.closed = None
        owner = named_participant(event, self.sla, self.people)
        if self.by_closer:
            if self.clock is None:
                self.open_clock(event.at, None)
            self.clock.holders.append((event.at, owner))
            return
        if self.clock is not None:
            if owner == self.clock.holders[0][1]:
                return
            if elapsed(self.clock.calendar, self.clock.pauses, self.clock.start, event.at) > self.met:
                self.found.append(self.stopped(self.clock, event.at, None))
            self.clock = None
        if owner is not None:
            self.open_clock(event.at, owner)
            self.clock.holders.append((event.at, owner))

    def open_clock(self, at: datetime, owner: str | None) -> None:
        self.clock = Clock(at, self.calendar_for(owner, at), [])
        if self.paused:
            self.clock.pauses.append((at, None))

    def calendar_for(self, owner: str | None, at: datetime) -> Calendar | None:
        if self.sla.measure.get("clock", "working") == "elapsed":
            return None
        if self.by_closer:
            return self.organisation.calendar
        team = owner if self.sla.participant == "team" else self.people.team_at(owner, at)
        return self.organisation.calendar_of(team)

    def on_pause(self, event: Event) -> None:
        if not self.paused and self.clock is not None:
            self.clock.pauses.append((event.at, None))
        self.paused = True

    def on_resume(self, event: Event) -> None:
        if self.paused and self.clock is not None:
            self.clock.pauses[-1] = (self.clock.pauses[-1][0], event.at)
        self.paused = False

    def on_to(self, event: Event) -> None:
        self.on_resume(event)
        if self.clock is None:
            return
        closer = named_participant(event, self.sla, self.people) if self.by_closer else None
        self.closed = self.stopped(self.clock, event.at, closer)
        self.found.append(self.closed)
        self.clock = None

    def on_void(self, event: Event) -> None:
        window = duration(self.sla.measure.get("window", "14d"))
        if self.closed is not None and event.at - self.closed.stopped_at <= window:
            self.closed.level, self.closed.points = "void", 0

    def stopped(self, clock: Clock, at: datetime, closer: str | None) -> Attainment:
        took = elapsed(clock.calendar, clock.pauses, clock.start, at)
        due, over = due_and_over(clock.calendar, clock.pauses, clock.start, self.met)
        if took > self.met:
            return self.row(clock, "missed", clock.holder_at(over), due, at, over, took)
        level = "exceeded" if self.exceeded is not None and took <= self.exceeded else "met"
        return self.row(clock, level, closer or clock.holders[-1][1], due, at, at, took)

    def still_open(self, clock: Clock, as_of: datetime) -> Attainment:
        due, over = due_and_over(clock.calendar, clock.pauses, clock.start, self.met)
        if elapsed(clock.calendar, clock.pauses, clock.start, as_of) > self.met:
            return self.row(clock, "missed", clock.holder_at(over), due, None, over, None)
        pending = self.row(clock, "pending", clock.holders[-1][1], due, None, None, None)
        pending.month = self.organisation.month_of(clock.start)
        return pending

    def row(self, clock, level, participant, due, stopped_at, decided_at, took) -> Attainment:
        value = None if took is None else seconds(took)
        found = Attainment(self.sla.key, participant, self.subject, level, value, clock.start, due, stopped_at)
        credit(found, self.sla, decided_at, self.organisation, self.people)
        return found


def credit(found: Attainment, sla: Sla, decided_at: datetime | None, organisation, people) -> None:
    """Fill in decision, points, month and the team that gets the entry (P1, P3)."""
    found.decided_at = decided_at
    if decided_at is None:
        return
    found.month = organisation.month_of(decided_at)
    if found.participant is None:  # nobody's: dropped in the end
        return
    found.points = sla.earned(found.level)
    is_team = sla.participant == "team"
    found.team = found.participant if is_team else people.team_at_or_before(found.participant, decided_at)


def completions(sla: Sla, subject: str, log: list[Event], as_of: datetime, organisation, people) -> list[Attainment]:
    """K4: one result per task and participant."""
    in_order = sorted(log, key=lambda event: (event.at, event.id))
    done = [(e.at, named_participant(e, sla, people)) for e in in_order if e.type == "task.completed"]
    assigned: dict[str, list[Event]] = {}
    for event in in_order:
        who = named_participant(event, sla, people)
        if event.type == "task.assigned" and event.due_at is not None and who is not None:
            assigned.setdefault(who, []).append(event)
    rows = []
    for who, tasks in assigned.items():
        finished = [at for at, by in done if by == who or (by is None and tasks[0].at <= at)]
        stopped_at = min(finished, default=None)
        open_tasks = [task for task in tasks if stopped_at is None or task.at <= stopped_at]
        task = open_tasks[-1] if open_tasks else tasks[0]
        row = Attainment(sla.key, who, subject, "pending", started_at=task.at, due_at=task.due_at)
        row.stopped_at = stopped_at
        decide_task(row, sla, as_of, organisation, people)
        rows.append(row)
    return rows


def decide_task(row: Attainment, sla: Sla, as_of: datetime, organisation, people) -> None:
    decided_at = None
    if row.stopped_at is not None:
        before = row.due_at - row.stopped_at
        row.value = seconds(before)
        reached = [level for level in ("met", "exceeded") if level in sla.levels and before >= sla.levels[level]]
        row.level, decided_at = (reached[-1], row.stopped_at) if reached else ("pending", None)
    if row.level == "pending" and row.due_at < as_of:
        row.level, decided_at = "missed", row.due_at
    elif row.level == "pending":
        row.month = organisation.month_of(row.started_at)
    credit(row, sla, decided_at, organisation, people)
