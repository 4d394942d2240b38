"""What each slide of a display shows (S2), with nothing that must not stand on a wall.

Members who chose not to be shown are nowhere in it; the ranks of the others stay what they are. Where a display shows
teams only there is no member at all. A display of one side shows what belongs to that side.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from functools import cached_property
from itertools import chain, groupby, islice
from operator import attrgetter

from sqlalchemy import Connection

from leaderboard.domain.displays import Settings
from leaderboard.domain.periods import Month, Period, parse_period
from leaderboard.domain.standings import average, sort_key
from leaderboard.services.boards import Board, BoardQuery, Standing, board_in
from leaderboard.services.certificates import KINDS
from leaderboard.services.display_names import Choices
from leaderboard.services.pulses import Pulse, pulse_of
from leaderboard.services.rules import RuleBook
from leaderboard.services.stakes import Stakes, stakes_of
from leaderboard.storage import badges, walls

MOST_LOOKED_AT = 50  # of the first of the month, for those who have climbed
MOST_MOVERS = 5
MOST_BADGES = 8
BADGES_READ = 200  # a scope, among which are the newest of those who may be shown
MOST_HONOURED = 6  # of those who tie


@dataclass(frozen=True)
class Place:
    """A row of standings. average: points per member, of a team; movement: places up since the period before (S3)."""

    id: int
    rank: int
    name: str
    team: str | None
    side: str | None
    points: int
    average: Fraction | None
    members: int | None
    movement: int | None


@dataclass(frozen=True)
class Standings:
    """The first of a period. by: total or average, what ranks them (P4). days_left: of the period, rounded up."""

    period: str
    by: str
    days_left: int
    places: tuple[Place, ...]


@dataclass(frozen=True)
class Movers:
    """Those who have climbed the most places since the month before, the most first."""

    period: str
    places: tuple[Place, ...]


@dataclass(frozen=True)
class WallBadge:
    """A badge that stands. team: of a member, the one that they were in when they earned it."""

    id: int
    key: str
    scope: str
    name: str
    team: str | None
    period: str
    earned_at: datetime


@dataclass(frozen=True)
class NewestBadges:
    """The newest badges, newest first."""

    badges: tuple[WallBadge, ...]


@dataclass(frozen=True)
class Honour:
    """Somebody who was first. key: a badge's; average: points per member, where that decided."""

    id: int
    key: str
    scope: str
    period: str
    name: str
    team: str | None
    points: int
    average: Fraction | None


@dataclass(frozen=True)
class Plaque:
    """Who was first in the month that was closed last, and in the quarter that was."""

    honours: tuple[Honour, ...]


@dataclass(frozen=True)
class Message:
    """What a manager wrote."""

    text: str


Content = Standings | Movers | NewestBadges | Pulse | Stakes | Plaque | Message


@dataclass(frozen=True)
class View:
    """What slides are made from: one moment of the database, and a display's settings."""

    connection: Connection
    book: RuleBook
    settings: Settings
    choices: Choices
    message: str
    now: datetime

    @cached_property
    def month(self) -> Month:
        """The present month."""
        return self.book.rules.months.month_of(self.now)

    @cached_property
    def people(self) -> Board:
        """The first people of the month; read once for all slides that look at them."""
        kinds = {slide.kind for slide in self.settings.shown}
        size = max(self.settings.top, MOST_LOOKED_AT if "movers" in kinds else 0)
        return self.board(BoardQuery(self.month.key, "member", self.settings.side), size)

    def board(self, query: BoardQuery, size: int) -> Board:
        """Return the first page of a board."""
        return board_in(self.connection, self.book, query, now=self.now, page_size=size)

    def shows_side(self, side: str | None) -> bool:
        """Tell whether something of a side may be shown."""
        return self.settings.side in (None, side)

    def shown(self, scope: str, participant: int, name: str) -> str | None:
        """Return the name under which a participant is shown; None for one who is not."""
        if scope == "team":
            return name
        if not self.settings.shows_people:
            return None
        return self.choices.name_of(participant, name, self.settings.names)

    def team_of(self, scope: str, participant: int, at: datetime) -> tuple[str | None, str | None]:
        """Return side and, of a member, the name of the team of a participant at an instant, or before it."""
        teams = self.book.rules.teams
        if scope == "team":
            return teams[participant].side, None
        team_id = self.book.rules.membership.team_at_or_before(participant, at)
        return (None, None) if team_id is None else (teams[team_id].side, teams[team_id].name)


def _places(view: View, scope: str, standings: Iterable[Standing]) -> Iterator[Place]:
    for each in standings:
        name = view.shown(scope, each.id, each.name)
        if name is not None:
            team = each.team if scope == "member" else None
            yield Place(
                each.id, each.rank, name, team, each.side, each.points, each.average, each.members, each.movement
            )


def quarter_teams(view: View) -> Standings | None:
    """Return the first teams of the quarter, by what decides it (P4); None before any has points."""
    by = view.book.rules.organisation.quarter_winner_by
    query = BoardQuery(view.month.quarter.key, "team", view.settings.side, by)
    board = view.board(query, view.settings.top)
    if board.leader_points <= 0:
        return None
    return Standings(query.period, by, board.days_left or 0, tuple(_places(view, "team", board.standings)))


def month_people(view: View) -> Standings | None:
    """Return the first people of the month, of those with points (S2); None before any has some.

    One who is not shown leaves a gap: nobody from below the first comes up in their place.
    """
    first = [each for each in view.people.standings[: view.settings.top] if each.points > 0]
    places = tuple(_places(view, "member", first))
    return Standings(view.month.key, "total", view.people.days_left or 0, places) if places else None


def movers(view: View) -> Movers | None:
    """Return those of the first of the month who have climbed the most; None where nobody has."""
    looked_at = view.people.standings[:MOST_LOOKED_AT]
    climbed = [each for each in _places(view, "member", looked_at) if each.points > 0 and (each.movement or 0) > 0]
    climbed.sort(key=lambda each: -(each.movement or 0))
    return Movers(view.month.key, tuple(climbed[:MOST_MOVERS])) if climbed else None


def newest_badges(view: View) -> NewestBadges | None:
    """Return the newest badges that stand; None where there are none.

    Only so many of the newest are looked through for those that may be shown.
    """
    scopes = ("member", "team") if view.settings.shows_people else ("team",)
    found: list[WallBadge] = []
    for row in walls.newest_badges(view.connection, scopes, BADGES_READ):
        side, team = view.team_of(row.scope, row.participant_id, row.earned_at)
        name = view.shown(row.scope, row.participant_id, name_in(view.book, row.scope, row.participant_id))
        if name is not None and view.shows_side(side):
            found.append(WallBadge(row.id, row.key, row.scope, name, team, row.period, row.earned_at))
        if len(found) == MOST_BADGES:
            break
    return NewestBadges(tuple(found)) if found else None


def name_in(book: RuleBook, scope: str, participant: int) -> str:
    """Return a participant's name as the rules know it."""
    return book.rules.teams[participant].name if scope == "team" else book.members[participant][1]


def pulse(view: View) -> Pulse | None:
    """Return how the teams are in time, today and this month; None where nothing was decided."""
    return pulse_of(view.connection, view.book, view.month, view.settings.side, now=view.now)


def stakes(view: View) -> Stakes | None:
    """Return what can be won in the present quarter and month; None where that is nothing."""
    return stakes_of(view.connection, view.book, view.month, view.settings.side, view.shown, now=view.now)


def plaque(view: View) -> Plaque | None:
    """Return who was first in the month that was closed last, and in the quarter that was; None before any."""
    closed = _last_closed(view.book)
    rows = badges.standing_in(view.connection, [each.key for each in closed], KINDS) if closed else []
    honours = [honour for row in rows if (honour := _honour(view, row)) is not None]
    honours.sort(key=lambda each: (KINDS.index(each.key), sort_key(each.name), each.name))
    by_key = (islice(theirs, MOST_HONOURED) for _, theirs in groupby(honours, key=attrgetter("key")))
    return Plaque(tuple(chain.from_iterable(by_key))) if honours else None


def _last_closed(book: RuleBook) -> Sequence[Period]:
    closed = [parse_period(key) for key in sorted(book.closed)]
    last = {period.kind: period for period in closed}
    return list(last.values())


def _honour(view: View, badge: badges.ShownBadge) -> Honour | None:
    side, team = view.team_of(badge.scope, badge.participant, badge.earned_at)
    name = view.shown(badge.scope, badge.participant, badge.name)
    if name is None or not view.shows_side(side):
        return None
    points, ground = badge.ground["points"], badge.ground
    mean = average(points, ground["members"]) if ground.get("by") == "average" else None
    return Honour(badge.id, badge.key, badge.scope, badge.period, name, team, points, mean)


def message(view: View) -> Message | None:
    """Return a manager's message; None where there is none."""
    return Message(view.message) if view.message else None


SLIDE_MAKERS: Mapping[str, Callable[[View], Content | None]] = {
    "quarter-teams": quarter_teams,
    "month-people": month_people,
    "movers": movers,
    "badges": newest_badges,
    "pulse": pulse,
    "bonus": stakes,
    "plaque": plaque,
    "message": message,
}
