"""What a member has to do now: what falls due next and what it is worth, and what is overdue and still open."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from leaderboard.domain.agreement import Completion, Level, Levels, ResponseTime, Sla
from leaderboard.domain.clock_stories import ClockStory, clock_stories
from leaderboard.domain.events import Event, before
from leaderboard.domain.rules import Rules
from leaderboard.services.reminding import is_near_its_end
from leaderboard.services.rules import RuleBook
from leaderboard.storage import events, member_results

MOST_WAITING = 10
MOST_OVERDUE = 5


@dataclass(frozen=True)
class Chance:
    """What doing it in time is worth. until: when that ends, None while a pause holds it up; left: the clock's time."""

    level: Level
    points: int
    until: datetime | None
    left: timedelta


@dataclass(frozen=True)
class Task:
    """A lead or task that is open. chances: the best first; empty of what is overdue, or cannot be told.

    is_working: whether its clock counts working time. runs_again_at: when a clock that stands still now, since it is
    closed, runs on; None if it runs or is paused. is_near: no more is left than the agreement wants a reminder for.
    """

    id: int
    subject: str
    sla: str
    title: str
    kind: str
    started_at: datetime
    due_at: datetime | None
    is_working: bool
    is_paused: bool
    is_near: bool
    runs_again_at: datetime | None
    chances: tuple[Chance, ...]


@dataclass(frozen=True)
class ToDo:
    """What a member has to do. waiting: how many there are by SLA; overdue_count: MOST_COUNTED stands for more, too."""

    next: tuple[Task, ...]
    overdue: tuple[Task, ...]
    waiting: Mapping[str, int]
    overdue_count: int


def to_do(connection: Connection, book: RuleBook, member_id: int, *, now: datetime) -> ToDo:
    """Return what a member has to do, what is worth less soonest at the head; six statements."""
    rows = member_results.waiting(connection, member_id, MOST_WAITING)[:MOST_WAITING]
    late = member_results.overdue(connection, member_id, MOST_OVERDUE)
    theirs = events.events_of(connection, sorted({row.subject for row in rows})) if rows else {}
    found = [_waiting(book.rules, row, theirs.get(row.subject, []), now) for row in rows]
    return ToDo(
        tuple(sorted((each for each in found if each is not None), key=_worth_less_at)),
        tuple(each for row in late if (each := _task(book.rules, row, ())) is not None),
        member_results.count_waiting(connection, member_id),
        member_results.count_overdue(connection, member_id) if late else 0,
    )


def _worth_less_at(task: Task) -> tuple[bool, datetime]:
    """Return the order of tasks: by when the time that is shown ends; those without one, such as paused, at the end."""
    ends_at = task.chances[0].until if task.chances else task.due_at
    return ends_at is None, ends_at or task.started_at


def _waiting(rules: Rules, row: Any, known: Sequence[Event], now: datetime) -> Task | None:
    sla = rules.sla_in(row.version_id, row.sla)
    if sla is not None and isinstance(sla.measure, Completion):
        return _task(rules, row, _chances_of_task(sla, row.due_at, now), is_near=is_near_its_end(rules, sla, row, now))
    if sla is None or not isinstance(sla.measure, ResponseTime):
        return None
    story = story_of(rules, sla, row, known, now)
    if story is None:
        return _task(rules, row, ())
    soon = None if sla.levels.exceeded is None else Levels(sla.levels.exceeded)
    quick = None if soon is None else story_of(rules, sla, row, known, now, levels=soon)
    opens_at = None if story.is_paused else story.clockwork.next_running(now)
    return _task(
        rules,
        row,
        tuple(_chances_of_clock(sla, story, quick)),
        is_paused=story.is_paused,
        is_near=is_near_its_end(rules, sla, row, now),
        runs_again_at=None if opens_at == now else opens_at,
    )


def _task(rules: Rules, row: Any, chances: tuple[Chance, ...], **state: Any) -> Task | None:
    sla = rules.sla_in(row.version_id, row.sla)
    if sla is None:
        return None
    return Task(
        row.id,
        row.subject,
        sla.key,
        sla.title,
        sla.measure.kind,
        row.started_at,
        row.due_at,
        isinstance(sla.measure, ResponseTime) and sla.measure.is_working,
        **{"is_paused": False, "is_near": False, "runs_again_at": None, **state},
        chances=chances,
    )


def story_of(
    rules: Rules, sla: Sla, row: Any, known: Sequence[Event], now: datetime, *, levels: Levels | None = None
) -> ClockStory | None:
    """Return the story of the clock that an attainment came from; None if its events no longer give it.

    row: the attainment; known: all events of its subject, in order. levels: others than the SLA's.
    """
    assert isinstance(sla.measure, ResponseTime)
    told = clock_stories(
        sla.measure,
        levels or sla.levels,
        before(known, now),
        now,
        rules.owner_of(sla.participant),
        lambda owner, at: rules.clockwork(sla, owner, at),
    )
    same = [each for each in told if each.result.started_at == row.started_at]
    return next((each for each in same if each.result.owner == row.participant_id), None)


def _chances_of_clock(sla: Sla, story: ClockStory, quick: ClockStory | None) -> list[Chance]:
    found = []
    if quick is not None and quick.result.level is Level.PENDING:
        left = sla.levels.exceeded - story.used
        found.append(Chance(Level.EXCEEDED, sla.points_of(Level.EXCEEDED), quick.result.due_at, left))
    if story.result.level is Level.PENDING:
        left = sla.levels.met - story.used
        found.append(Chance(Level.MET, sla.points_of(Level.MET), story.result.due_at, left))
    return found


def _chances_of_task(sla: Sla, due_at: datetime, now: datetime) -> tuple[Chance, ...]:
    """Return what a task is still worth (K4): each level needs it done so long before its date."""
    early = ((Level.EXCEEDED, sla.levels.exceeded), (Level.MET, sla.levels.met))
    return tuple(
        Chance(level, sla.points_of(level), due_at - ahead, due_at - ahead - now)
        for level, ahead in early
        if ahead is not None and now <= due_at - ahead
    )
