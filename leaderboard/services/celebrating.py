"""Celebrating: what has happened since a moment that displays interrupt themselves for.

One look serves all displays of a process; what each of them may show of it is told by `shown_to`. What lies long back
is never celebrated, so that a year of history that is imported does not fill the walls.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from leaderboard.domain.agreement import SIDES
from leaderboard.domain.badges import LIVE
from leaderboard.domain.displays import Settings, shown_name
from leaderboard.domain.periods import Period
from leaderboard.domain.standings import Score, average
from leaderboard.services.display_names import Choices, read_choices
from leaderboard.services.rules import RuleBook, rule_book
from leaderboard.services.slides import name_in
from leaderboard.storage import awards, walls
from leaderboard.storage.database import begin_snapshot

MOST_CELEBRATED = 50  # of each kind, the latest
MOST_ROWS = 5_000  # of the ledger and of the badges are looked through, however much came at once
MOST_APPROVED = 1_000
FRESH = timedelta(days=1)  # what is earned at once
FRESH_AFTER_GRACE = timedelta(days=7)  # what a close gives, after the month's end and the grace time
APPROVED_LATELY = timedelta(minutes=10)
BOARDS = (None, *SIDES)
BoardKey = tuple[str, str | None]
"""The scope of a board, and its side; None for both sides together."""


@dataclass(frozen=True)
class Lead:
    """Who was last first alone on a board of a period; leader: None before anybody was."""

    period: str
    leader: int | None


@dataclass(frozen=True)
class Mark:
    """How far has been looked: ids of the ledger and of badges, who led, and the awards approved lately."""

    entry_id: int = 0
    badge_id: int = 0
    leads: Mapping[BoardKey, Lead] | None = None
    approved: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Celebration:
    """Something to celebrate. kind: `exceeded`, `badge`, `leader` or `bonus`; id: the same wherever it is met.

    scope, participant_id, side: whose; name: theirs in full, until `shown_to` makes it fit for a display.
    board: of a leader, the side on whose displays they are one; None: on those of both sides.
    sla: of an exceeded level, the title; badge, programme, place and period: of the others, as far as they have them.
    """

    id: str
    kind: str
    scope: str
    participant_id: int
    name: str
    nickname: str | None
    side: str | None
    at: datetime
    board: str | None = None
    sla: str | None = None
    badge: str | None = None
    programme: str | None = None
    place: int | None = None
    period: str | None = None


class Found(NamedTuple):
    """What happened, the oldest first; how much more did beyond what was read; and how far has been looked now."""

    celebrations: tuple[Celebration, ...]
    more: int
    mark: Mark


def begin(session: Session, *, now: datetime) -> Mark:
    """Return the mark from which on things are celebrated; a process begins with it, so that nothing is shown again."""
    begin_snapshot(session)
    connection = session.connection()
    marks = walls.marks(connection)
    if marks is None:
        return Mark()
    book = rule_book(connection, marks.rules_version)
    leads = _leads(connection, book, now)
    approved = walls.approved_since(connection, now - APPROVED_LATELY, MOST_APPROVED)
    return Mark(marks.entry_id, marks.badge_id, leads, frozenset(row.id for row in approved))


def celebrations_since(session: Session, mark: Mark, *, now: datetime) -> Found:
    """Return what happened since a mark; six queries at most, however much that is.

    An exceeded level, once for each attainment and only if decided within a day; a badge; a new leader, alone at the
    top of the people of the month or the teams of the quarter, where somebody else was before; a bonus approved.
    Members who chose not to be shown are left out.
    """
    begin_snapshot(session)
    connection = session.connection()
    marks = walls.marks(connection)
    if marks is None:
        return Found((), 0, Mark())
    look = _Look(connection, rule_book(connection, marks.rules_version), read_choices(connection), mark, marks, now)
    approved, awarded = look.approved()
    leads, leaders = look.leaders()
    found = [*look.exceeded(), *look.badges(), *leaders, *awarded]
    found.sort(key=lambda each: each.at)
    return Found(tuple(found), look.more, Mark(marks.entry_id, marks.badge_id, leads, approved))


class _Look:
    """One look at what happened."""

    def __init__(
        self,
        connection: Connection,
        book: RuleBook,
        choices: Choices,
        mark: Mark,
        marks: walls.Marks,
        now: datetime,
    ) -> None:
        self.connection, self.book, self.choices = connection, book, choices
        self.mark, self.marks, self.now = mark, marks, now
        self.more = 0

    def _whose(self, scope: str, participant: int, name: str | None = None) -> dict[str, Any] | None:
        """Return whose a celebration is, as fields of it; None for a member who is not shown."""
        name = name_in(self.book, scope, participant) if name is None else name
        nickname = None
        if scope == "member":
            if participant in self.choices.hidden:
                return None
            nickname, name = self.choices.nicknames.get(participant), shown_name(name, None, "full")
        return {"scope": scope, "participant_id": participant, "name": name, "nickname": nickname}

    def _side(self, scope: str, participant: int, at: datetime) -> str | None:
        team_id: int | None = participant
        if scope == "member":
            team_id = self.book.rules.membership.team_at_or_before(participant, at)
        return None if team_id is None else self.book.rules.teams[team_id].side

    def exceeded(self) -> Iterator[Celebration]:
        """Yield the levels exceeded."""
        newest = self.marks.entry_id
        after = max(self.mark.entry_id, newest - MOST_ROWS)
        if after >= newest:
            return
        rows, number = walls.exceeded_beyond(self.connection, after, newest, self.now - FRESH, MOST_CELEBRATED)
        self.more += number - len(rows)
        titles = {
            (version.id, sla.key): sla.title for version in self.book.rules.versions for sla in version.agreement.slas
        }
        for row in reversed(rows):
            whose = self._whose(row.scope, row.participant_id)
            if whose is not None:
                team = self.book.rules.teams.get(row.team_id)
                side = team.side if team else self._side(row.scope, row.participant_id, row.posted_at)
                title = titles.get((row.version_id, row.sla), row.sla)
                yield Celebration(f"exceeded-{row.id}", "exceeded", **whose, side=side, at=row.posted_at, sla=title)

    def badges(self) -> Iterator[Celebration]:
        """Yield the badges awarded."""
        newest = self.marks.badge_id
        after = max(self.mark.badge_id, newest - MOST_ROWS)
        if after >= newest:
            return
        rows, number = walls.badges_beyond(
            self.connection, after, LIVE, self.now - FRESH, list(self._periods_that_are_news()), MOST_CELEBRATED
        )
        self.more += number - len(rows)
        for row in reversed(rows):
            whose = self._whose(row.scope, row.participant_id)
            if whose is not None:
                side = self._side(row.scope, row.participant_id, row.earned_at)
                what = {"side": side, "at": row.awarded_at, "badge": row.key, "period": row.period}
                yield Celebration(f"badge-{row.id}", "badge", **whose, **what)

    def _periods_that_are_news(self) -> Iterator[str]:
        """Yield the periods of which a close is news: the present ones and those that ended lately."""
        months = self.book.rules.months
        after = self.now - timedelta(hours=self.book.rules.organisation.grace_hours) - FRESH_AFTER_GRACE
        present = months.month_of(self.now)
        period: Period
        for period in (present, present.quarter):
            while months.bounds_of(period)[1] > after:
                yield period.key
                period = period.previous

    def leaders(self) -> tuple[dict[BoardKey, Lead], list[Celebration]]:
        """Return who leads, and those who took the lead from somebody else."""
        leads = _leads(self.connection, self.book, self.now)
        found = []
        for key, lead in leads.items():
            before = (self.mark.leads or {}).get(key)
            if before is None or before.period != lead.period or before.leader is None:
                continue
            if lead.leader is None:  # several at the top: who was there alone before is remembered
                leads[key] = before
            elif lead.leader != before.leader and (each := self._leader(key, lead, lead.leader)) is not None:
                found.append(each)
        return leads, found

    def _leader(self, key: BoardKey, lead: Lead, leader: int) -> Celebration | None:
        scope, board = key
        whose = self._whose(scope, leader)
        if whose is None:
            return None
        hour = (
            f"{self.now.astimezone(UTC):%dT%H}"  # the same in each process; of a lead that goes to and fro, one an hour
        )
        celebration_id = f"leader-{scope}-{board or 'all'}-{lead.period}-{leader}-{hour}"
        side = self._side(scope, leader, self.now)
        return Celebration(celebration_id, "leader", **whose, side=side, at=self.now, board=board, period=lead.period)

    def approved(self) -> tuple[frozenset[int], list[Celebration]]:
        """Return the awards approved lately, and those of them that are new."""
        rows = walls.approved_since(self.connection, self.now - APPROVED_LATELY, MOST_APPROVED)
        new = [row for row in rows if row.id not in self.mark.approved]
        self.more += max(0, len(new) - MOST_CELEBRATED)
        found = []
        for row in reversed(new[:MOST_CELEBRATED]):
            name = self.book.name_of(row.scope, row.participant_id, row.name)
            whose = self._whose(row.scope, row.participant_id, name)
            if whose is not None:
                what = {"side": row.side, "programme": row.programme, "place": row.place, "period": row.period}
                found.append(Celebration(f"bonus-{row.id}", "bonus", **whose, at=row.decided_at, **what))
        return frozenset(row.id for row in rows), found


def _leads(connection: Connection, book: RuleBook, now: datetime) -> dict[BoardKey, Lead]:
    """Return who is first alone with points, of the people of the month and of the teams of the quarter. One query."""
    month = book.rules.months.month_of(now)
    people = [(month.key, "member", side, 2) for side in BOARDS]
    rows: dict[int, list[Any]] = {}
    for number, row in awards.leaders(connection, [*people, (month.quarter.key, "team", None, awards.MOST_TEAMS)]):
        rows.setdefault(number, []).append(row)
    leads: dict[BoardKey, Lead] = {}
    teams = list(_scores_of_teams(book, month.quarter, rows.get(len(people), ())))
    for number, side in enumerate(BOARDS):
        found = [(row.points, row.participant_id) for row in rows.get(number, ())]
        leads["member", side] = Lead(month.key, _first_alone(found))
        theirs = [(score, team) for score, team in teams if side in (None, book.rules.teams[team].side)]
        leads["team", side] = Lead(month.quarter.key, _first_alone(theirs))
    return leads


def _scores_of_teams(book: RuleBook, quarter: Period, rows: Iterable[Any]) -> Iterator[tuple[Score, int]]:
    """Yield what ranks each team in a quarter (P4)."""
    is_total = book.rules.organisation.quarter_winner_by == "total"
    members = {} if is_total else book.rules.membership.members_of(quarter)
    for row in rows:
        size = len(members.get(row.participant_id, ()))
        yield row.points if is_total else average(row.points, size), row.participant_id


def _first_alone(scores: Sequence[tuple[Score, int]]) -> int | None:
    """Return who has the most, more than 0; None if that is nobody, or several."""
    best = max((score for score, _ in scores), default=0)
    first = [participant for score, participant in scores if score == best]
    return first[0] if best > 0 and len(first) == 1 else None


def shown_to(celebrations: Iterable[Celebration], settings: Settings) -> list[Celebration]:
    """Return what a display celebrates of it, each under the name that it shows."""
    if not settings.celebrates:
        return []
    return [
        replace(each, name=_shown_name(each, settings.names), nickname=None)
        for each in celebrations
        if (settings.shows_people or each.scope == "team") and _is_of_side(each, settings.side)
    ]


def _shown_name(celebration: Celebration, style: str) -> str:
    if celebration.scope == "team":
        return celebration.name
    return shown_name(celebration.name, celebration.nickname, style)


def _is_of_side(celebration: Celebration, side: str | None) -> bool:
    """Tell whether displays of a side, None for both, celebrate something; each board has a leader of its own."""
    if celebration.kind == "leader":
        return celebration.board == side
    return side in (None, celebration.side)
