"""The look itself: each check of domain/soundness.py answered from the data of the latest months."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any, NamedTuple

from sqlalchemy import Connection

from leaderboard.domain.agreement import SIDES, Agreement
from leaderboard.domain.habits import Bursts, DayEnds, DayEndShare, midnights, open_days_between
from leaderboard.domain.instants import MICROSECOND, from_micros
from leaderboard.domain.rules import Version
from leaderboard.domain.soundness import CHECKS, FEW_CASES, LEAD_RECEIVED, Types, starved, types_of
from leaderboard.domain.working_time import Calendar
from leaderboard.services.rules import RuleBook, rule_book
from leaderboard.storage import soundness
from leaderboard.storage.soundness import Group, Span
from leaderboard.storage.trail import whole_digest

LOOK_BACK = timedelta(days=92)  # a quarter: what was mended since is not held against anybody for long
WIDER = (1, 2, 4, 8, 16, 400)  # times as far, until there are
ENOUGH_EVENTS = 1_000
HISTORY = timedelta(days=7)  # what a source brings in its first days is its history, and so not late
ASSIGNED_WITHIN = timedelta(days=3)  # a lead that came in later may still be given to somebody
LONG_OVERDUE = timedelta(days=14)  # after it was missed
IDLE_FOR = timedelta(days=30)
MOST_DAYS = 9_999
EXAMPLES_EACH = 5  # of each team
MOST_EXAMPLES = 100


class Example(NamedTuple):
    """One of what a check found. kind: of what it is: subject, result, member, type, sla or file; id: its number.

    text: its name; more: what else is to be told of it. teams: whose it is; empty where nobody can tell, None for what
    is of no team at all.
    """

    kind: str
    text: str
    id: int | None = None
    at: datetime | None = None
    more: str | int | None = None
    teams: list[int] | None = None


class Finding(NamedTuple):
    """What a check found: how many, of how many cases, facts to tell it by, and some examples."""

    check: str
    number: int
    of: Fraction | int
    facts: Mapping[str, Any] = {}
    examples: Sequence[Example] = ()


class Sounding(NamedTuple):
    """What a look found. span: the events looked at, None where there are none; events: how many they are."""

    span: Span | None
    events: int
    findings: Sequence[Finding]


def find_all(connection: Connection, *, now: datetime) -> Sounding:
    """Return what each check finds. Refused while there is no organisation."""
    book = rule_book(connection)
    version = book.rules.in_force(book.rules.months.month_of(now)).version
    until = soundness.last_event_at(connection, now)
    span, events = _span(connection, until)
    days = midnights(book.rules.organisation.zone, span.since, span.until) if events else frozenset()
    ground = _Ground(connection, book, version, span, now, list(soundness.groups(connection, span, days)))
    findings = [each for find in _FINDERS for each in find(ground)]
    assert {each.check for each in findings} == set(CHECKS)
    return Sounding(None if until is None else span, events, _with_results(connection, findings))


def _with_results(connection: Connection, findings: Sequence[Finding]) -> list[Finding]:
    """Return findings whose subjects name a result that explains them, where one of the same team is there."""
    subjects = {example.text for each in findings for example in each.examples if example.kind == "subject"}
    results = soundness.results_of(connection, sorted(subjects))

    def explained(example: Example) -> Example:
        known = results.get(example.text, {}) if example.kind == "subject" else {}
        return next((example._replace(id=known[team]) for team in example.teams or () if team in known), example)

    return [each._replace(examples=[explained(example) for example in each.examples]) for each in findings]


def _span(connection: Connection, until: datetime | None) -> tuple[Span, int]:
    """Return the latest quarter that has events, or so much more that there are enough, and how many it has."""
    if until is None:
        return Span(from_micros(1), from_micros(0)), 0
    starts = [max(until - LOOK_BACK * times, from_micros(0)) for times in WIDER[:-1]] + [from_micros(0)]
    counts = soundness.counts_since(connection, starts, until)
    chosen = next((place for place, count in enumerate(counts) if count >= ENOUGH_EVENTS), len(counts) - 1)
    return Span(starts[chosen], until), counts[chosen]


@dataclass
class _Ground:
    """What all checks rest on. groups: the events of the span by type, member and team."""

    connection: Connection
    book: RuleBook
    version: Version | None
    span: Span
    now: datetime
    groups: list[Group]
    types: Types = field(init=False)

    def __post_init__(self) -> None:
        nothing = frozenset[str]()
        self.types = (
            types_of(self.version.agreement) if self.version else Types(nothing, nothing, nothing, nothing, nothing)
        )

    @property
    def agreement(self) -> Agreement | None:
        """The agreement in force, None if there is none."""
        return None if self.version is None else self.version.agreement

    def count(self, types: Iterable[str]) -> int:
        """Return how many events of some types the span has."""
        wanted = frozenset(types)
        return sum(each.number for each in self.groups if each.type in wanted)

    def teams_of(self, member_id: int | None, at: datetime, team_id: int | None = None) -> list[int]:
        """Return the team of an event: that which it names, or else its member's."""
        if team_id is None and member_id is not None:
            team_id = self.book.rules.membership.team_at_or_before(member_id, at)
        return [] if team_id is None else [team_id]


def _some(examples: Iterable[Example]) -> tuple[Example, ...]:
    """Return a few examples of each team, so that each manager finds their own among them."""
    found: list[Example] = []
    counts: defaultdict[tuple[int, ...] | None, int] = defaultdict(int)
    for each in examples:
        whose = None if each.teams is None else tuple(each.teams)
        counts[whose] += 1
        if counts[whose] <= EXAMPLES_EACH:
            found.append(each)
            if len(found) == MOST_EXAMPLES:
                break
    return tuple(found)


def _silent(ground: _Ground) -> Iterator[Finding]:
    """Yield on how many working days nothing came; as many as are counted where nothing ever came."""
    days = MOST_DAYS
    if ground.groups:
        calendar = ground.book.rules.organisation.calendar
        days = open_days_between(calendar, ground.span.until, ground.now, MOST_DAYS)
    yield Finding("silent", days, 1, {"has_events": bool(ground.groups)})


def _of_agreement(ground: _Ground) -> Iterator[Finding]:
    """Yield which measures can give nothing, and whether terms are defined and both sides have signed."""
    if ground.version is None:
        yield from (Finding(check, 1, 1, {"is_agreed": False}) for check in ("starved", "undefined"))
        yield Finding("unsigned", 0, 1, {"is_agreed": False})
        return
    agreement, agreed = ground.version.agreement, {"is_agreed": True, "title": ground.version.agreement.title}
    empty = starved(agreement, {each.type for each in ground.groups})
    lacking = [Example("sla", sla.title, more=", ".join(sorted(types))) for sla, types in empty]
    yield Finding("starved", len(empty), len(agreement.slas), agreed, _some(lacking))
    yield Finding("undefined", int(not any(map(str.strip, agreement.definitions.values()))), 1, agreed)
    digest = whole_digest(soundness.document_of(ground.connection, ground.version.id))
    missing = sorted(set(SIDES) - soundness.signed_sides(ground.connection, digest))
    yield Finding("unsigned", len(missing), len(SIDES), {**agreed, "sides": missing})


def _owners(ground: _Ground) -> Iterator[Finding]:
    """Yield how many clocks begin for nobody, and how many leads came in and were never given to anybody."""
    types = ground.types
    count = sum(
        each.number
        for each in ground.groups
        if each.member_id is None
        and (each.type in types.begin_of_members or (each.type in types.begin_of_teams and each.team_id is None))
    )
    rows: Sequence[Any] = ()
    if count:
        sent = (sorted(types.begin_of_members), sorted(types.begin_of_teams), ground.span)
        rows = soundness.unowned(ground.connection, *sent)
    examples = _some(_subject(ground, row) for row in rows)
    yield Finding("unowned", count, ground.count(types.begin), {}, examples)
    came, count = 0, 0
    if LEAD_RECEIVED not in types.begin and ground.count([LEAD_RECEIVED]):
        early = Span(ground.span.since, ground.span.until - ASSIGNED_WITHIN)
        came, count, rows = soundness.unassigned(ground.connection, LEAD_RECEIVED, sorted(types.assign), early)
        examples = _some(_subject(ground, row) for row in rows)
    yield Finding("unassigned", count, came, {"days": ASSIGNED_WITHIN.days}, examples if count else ())


def _subject(ground: _Ground, row: Any) -> Example:
    teams = ground.teams_of(getattr(row, "member_id", None), _instant(row.occurred_at), row.team_id)
    return Example("subject", row.subject, at=_instant(row.occurred_at), teams=teams)


def _instant(value: datetime | int) -> datetime:
    return from_micros(value) if isinstance(value, int) else value


def _undisposed(ground: _Ground) -> Iterator[Finding]:
    """Yield how many clocks are open long after their time."""
    until = min(ground.span.until, ground.now) - LONG_OVERDUE
    count, rows = soundness.undisposed(ground.connection, sorted(ground.types.clocks), ground.span.since, until)
    examples = _some(
        Example("result", row.subject, row.id, row.decided_at, teams=[] if row.team_id is None else [row.team_id])
        for row in rows
    )
    yield Finding("undisposed", count, ground.count(ground.types.begin), {"days": LONG_OVERDUE.days}, examples)


class _Habits(NamedTuple):
    """What somebody made a habit of."""

    bursts: Bursts
    day_ends: DayEndShare


def _habits(ground: _Ground) -> Iterator[Finding]:
    """Yield how much was entered in bursts, and how much in the last hour of the day."""
    end = sorted(ground.types.end)
    of_members = _by_member(ground, soundness.moments_by_member(ground.connection, end, ground.span)) if end else {}
    many = sorted(of_members, key=lambda each: -of_members[each].bursts.count)
    bursts = [_member(ground, each, of_members[each].bursts.count) for each in many if of_members[each].bursts.count]
    count = sum(each.bursts.count for each in of_members.values())
    ends = ground.count(ground.types.end)
    yield Finding("bursts", count, ends, {}, _some(bursts))
    total = DayEndShare()
    for each in of_members.values():
        total.join(each.day_ends)
    late = [each for each in of_members if of_members[each].day_ends.last >= FEW_CASES and _is_late(of_members[each])]
    late.sort(key=lambda each: -of_members[each].day_ends.last)
    examples = _some(_member(ground, each, of_members[each].day_ends.last) for each in late)
    yield Finding("day_end", total.last, total.even, {"entered": total.count}, examples)


def _is_late(habits: _Habits) -> bool:
    return habits.day_ends.last >= CHECKS["day_end"].look * habits.day_ends.even


def _by_member(ground: _Ground, moments: Iterable[tuple[int, int]]) -> dict[int, _Habits]:
    """Return the habits of each member, taken from what they did as it is read."""
    calendars: dict[int, tuple[Calendar, DayEnds]] = {}
    found: dict[int, _Habits] = {}
    team_of: Callable[[int, datetime], int | None] = ground.book.rules.membership.team_at_or_before
    for member_id, at in moments:
        habits = found.get(member_id)
        if habits is None:
            habits = found[member_id] = _Habits(Bursts(), DayEndShare())
        habits.bursts.add(at)
        calendar = ground.book.rules.calendar_of(team_of(member_id, from_micros(at)))
        kept = calendars.get(id(calendar))  # a calendar has no hash; those of the rules stay as long as they do
        if kept is None:
            kept = calendars[id(calendar)] = (calendar, DayEnds(calendar))
        place = kept[1].place(at)
        if place is not None:
            habits.day_ends.add(*place)
    return found


def _member(ground: _Ground, member_id: int, more: int | None = None, at: datetime | None = None) -> Example:
    name = ground.book.members[member_id][1]
    return Example("member", name, member_id, at, more, ground.teams_of(member_id, ground.span.until))


def _timeless(ground: _Ground) -> Iterator[Finding]:
    """Yield how many beginnings and ends have a day and no time."""
    wanted = ground.types.begin | ground.types.end
    counts: defaultdict[str, int] = defaultdict(int)
    for each in ground.groups:
        if each.type in wanted:
            counts[each.type] += each.at_midnight
    examples = [Example("type", name, more=counts[name]) for name in sorted(counts) if counts[name]]
    yield Finding("timeless", sum(counts.values()), ground.count(wanted), {}, _some(examples))


def _order(ground: _Ground) -> Iterator[Finding]:
    """Yield how many clocks were ended before they began (C6)."""
    count, rows = soundness.anomalies(ground.connection, ground.span)
    yield Finding("disorder", count, ground.count(ground.types.end), {}, _some(_subject(ground, row) for row in rows))


def _files(ground: _Ground) -> Iterator[Finding]:
    """Yield how many events files brought after their month was over, and how many rows were refused."""
    files = soundness.imports(ground.connection)
    first: dict[str, datetime] = {}
    for each in files:
        first.setdefault(each.source, each.imported_at)
    ranges = [
        (each.first_event_id, each.last_event_id, _late_before(ground, each.imported_at))
        for each in files
        if each.first_event_id is not None and each.imported_at - first[each.source] >= HISTORY
    ]
    count, too_late, rows = soundness.late(ground.connection, ranges) if ranges else (0, 0, ())
    yield Finding("late", too_late, count, {}, _some(_subject(ground, row) for row in rows))
    latest = [each for each in files if each.imported_at > files[-1].imported_at - LOOK_BACK]
    refused = sorted((each for each in latest if each.refused), key=lambda each: -each.refused)
    examples = [
        Example("file", each.file_name or each.source, each.id, each.imported_at, each.refused) for each in refused
    ]
    counts = sum(each.refused for each in latest), sum(each.read for each in latest)
    yield Finding("refused", *counts, {}, _some(examples))


def _late_before(ground: _Ground, imported_at: datetime) -> datetime:
    """Return the first instant of the earliest month whose grace time was not over; its very end is in time."""
    months, grace = ground.book.rules.months, timedelta(hours=ground.book.rules.organisation.grace_hours)
    return months.bounds(months.month_of(imported_at - grace - MICROSECOND))[0]


def _unknown(ground: _Ground) -> Iterator[Finding]:
    """Yield how many events are of types that no SLA uses."""
    counts: defaultdict[str, int] = defaultdict(int)
    for each in ground.groups:
        if each.type not in ground.types.used:
            counts[each.type] += each.number
    examples = [Example("type", name, more=counts[name]) for name in sorted(counts, key=lambda each: -counts[each])]
    yield Finding("unknown", len(counts), 1, {"events": sum(counts.values())}, _some(examples))


def _people(ground: _Ground) -> Iterator[Finding]:
    """Yield how many members did nothing lately, of those who are measured, and how many are known by an id alone."""
    rules, until = ground.book.rules, ground.span.until
    last: dict[int, datetime] = {}
    for each in ground.groups:
        if each.member_id is not None:
            last[each.member_id] = max(each.last_at, last.get(each.member_id, each.last_at))
    sides = {sla.side for sla in ground.agreement.slas if sla.participant == "member"} if ground.agreement else set()
    measured = [
        member_id
        for member_id in ground.book.members
        if (team_id := rules.membership.team_at(member_id, until)) is not None and rules.teams[team_id].side in sides
    ]
    idle = [each for each in measured if each not in last or last[each] < until - IDLE_FOR] if ground.groups else []
    idle.sort(key=lambda each: (last.get(each, from_micros(0)), each))
    examples = _some(_member(ground, each, at=last.get(each)) for each in idle)
    yield Finding("inactive", len(idle), len(measured), {"days": IDLE_FOR.days}, examples)
    nameless = soundness.without_email(ground.connection)
    known = _some(_member(ground, member_id) for member_id, _name in nameless)
    yield Finding("nameless", len(nameless), len(ground.book.members), {}, known)


_FINDERS: tuple[Callable[[_Ground], Iterator[Finding]], ...] = (
    _silent,
    _of_agreement,
    _owners,
    _undisposed,
    _timeless,
    _habits,
    _order,
    _files,
    _unknown,
    _people,
)
