"""Explaining: where a result or a row of the ledger comes from, down to its events (P8)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from leaderboard.domain.agreement import Completion, Levels, ResponseTime, Sla
from leaderboard.domain.clock_stories import ClockStory, Part
from leaderboard.domain.events import Event, before
from leaderboard.domain.monthly import TASK_ASSIGNED, TASK_COMPLETED
from leaderboard.domain.periods import month_of_key
from leaderboard.domain.rules import Rules
from leaderboard.domain.timelines import Timeline, timeline_of
from leaderboard.services.corrections import ShownCorrection, corrections_of_result
from leaderboard.services.next_due import story_of
from leaderboard.services.results import Entry, Result, shown_entry
from leaderboard.services.rules import RuleBook, rule_book
from leaderboard.storage import events, member_results

MOST_ENTRIES = 100
MOST_EVENTS = 200


@dataclass(frozen=True)
class Happened:
    """An event and the part that it played. who: the name of the member that it names."""

    event: Event
    part: Part
    who: str | None


@dataclass(frozen=True)
class Explanation:
    """What a result rests on. version: title and first day of the agreement in force.

    targets: those of the SLA, prorated where is_prorated (K5). used: the clock's time so far, timeline: where it lay;
    None of what has no clock. happened: the events that played a part, other_events: how many of the subject did not.
    """

    result: Result
    version: tuple[str, date] | None
    targets: Levels | None
    is_prorated: bool
    is_working: bool
    used: timedelta | None
    is_paused: bool
    timeline: Timeline | None
    happened: tuple[Happened, ...]
    other_events: int
    entries: tuple[Entry, ...]
    corrections: tuple[ShownCorrection, ...]

    @property
    def net(self) -> int:
        """The sum of the ledger's rows."""
        return sum(each.points for each in self.entries)


def explain(session: Session, result: Result, *, now: datetime) -> Explanation:
    """Return what a result rests on, worked out again from its events by the engine; three statements at most."""
    connection = session.connection()
    book = rule_book(connection)
    story, timeline, others = None, None, 0
    happened: tuple[Happened, ...] = ()
    if result.sla is not None and not result.is_monthly:
        known = events.events_of(connection, [result.subject]).get(result.subject, [])
        seen = before(known, now)
        story = _story(book.rules, result, seen, now)
        timeline = None if story is None else _timeline(book.rules, result.sla, result, story, now)
        parts = _parts(result, seen, story)
        happened = tuple(Happened(event, part, _name(book, event.member_id)) for event, part in parts[:MOST_EVENTS])
        others = len(seen) - len({(event.source, event.event_id) for event, _ in parts})
    targets = _targets(book.rules, result)
    rows = member_results.entries_of(connection, result.id, MOST_ENTRIES)
    version = next((each for each in book.rules.versions if each.id == result.version_id), None)
    return Explanation(
        result=result,
        version=None if version is None else (version.agreement.title, version.agreement.effective_from),
        targets=targets,
        is_prorated=result.sla is not None and targets != result.sla.levels,
        is_working=result.sla is not None
        and isinstance(result.sla.measure, ResponseTime)
        and result.sla.measure.is_working,
        used=None if story is None else story.used,
        is_paused=story is not None and story.is_paused,
        timeline=timeline,
        happened=happened,
        other_events=others,
        entries=tuple(shown_entry(book, row) for row in rows),
        corrections=corrections_of_result(
            session, result.scope, result.participant_id, result.id, rules_version=book.version
        )
        if book.closed
        else (),
    )


def _story(rules: Rules, result: Result, seen: Sequence[Event], now: datetime) -> ClockStory | None:
    if result.sla is None or not isinstance(result.sla.measure, ResponseTime):
        return None
    return story_of(rules, result.sla, result, seen, now)


def _timeline(rules: Rules, sla: Sla, result: Result, story: ClockStory, now: datetime) -> Timeline:
    calendar = rules.calendar_of_clock(sla, result.participant_id, result.started_at)
    return timeline_of(story, calendar, rules.organisation.zone, now)


def _parts(result: Result, seen: Sequence[Event], story: ClockStory | None) -> list[tuple[Event, Part]]:
    """Return the events that played a part in a result, in order."""
    if story is not None:
        return list(story.parts)
    if result.sla is None or not isinstance(result.sla.measure, Completion):
        return []
    found: list[tuple[Event, Part]] = []
    for event in seen:
        if event.type == TASK_ASSIGNED and event.member_id == result.participant_id:
            found.append((event, Part.AGAIN if found else Part.FROM))
        elif event.type == TASK_COMPLETED and event.occurred_at == result.stopped_at:
            found.append((event, Part.TO))
    return found


def _targets(rules: Rules, result: Result) -> Levels | None:
    if result.sla is None:
        return None
    if not result.is_monthly:
        return result.sla.levels
    return rules.targets(result.sla, result.participant_id, month_of_key(result.subject))


def _name(book: RuleBook, member_id: int | None) -> str | None:
    return book.members[member_id][1] if member_id in book.members else None
