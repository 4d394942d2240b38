"""Digests for reps, each morning of a working day: what is due, where they stand, what came of yesterday.

Those of all teams whose morning it is are made together, each team's once a day.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from leaderboard.domain.agreement import Level
from leaderboard.domain.periods import midnight
from leaderboard.domain.reminders import DIGEST_AT, NIGHT_BEGINS, deadline_of, digest_day
from leaderboard.domain.working_time import DAY as ONE_DAY
from leaderboard.domain.working_time import Calendar, local_instant
from leaderboard.services.mail_kinds import DAY, written
from leaderboard.services.rules import RuleBook
from leaderboard.storage import boards, digests, due, mails
from leaderboard.storage.database import DOOR_LOCK, all_or_nothing
from leaderboard.storage.mails import NewMail

MOST_LISTED = 5
MEMBERS_A_QUERY = 500
LONGEST_BREAK = 14  # days without a working day, after which what changed is told of one day


@dataclass
class _Morning:
    """What there is to tell one member."""

    due: list[dict[str, Any]] = field(default_factory=list)
    overdue: int = 0
    earned: int = 0
    badges: list[str] = field(default_factory=list)

    @property
    def is_quiet(self) -> bool:
        return not (self.due or self.overdue or self.earned or self.badges)


@dataclass(frozen=True)
class _Round:
    """The teams whose day begins in the same way. since: when the digest before this one was made."""

    day: date
    zone: ZoneInfo
    since: datetime
    teams: tuple[int, ...]


def make_mornings(session: Session, book: RuleBook, *, now: datetime) -> int:
    """Make the digests of teams whose morning it is and that have none today, and return how many."""
    made = 0
    for each in _rounds(session.connection(), book, now):
        members = _members_of(book, each.teams, now)
        told = _mornings(session.connection(), book, each, members, now) if members else []
        with all_or_nothing(session, DOOR_LOCK):
            connection = session.connection()
            new = {team for team in each.teams if mails.begin_round(connection, DAY, _occasion(each.day, team), now)}
            made += mails.add_mails(connection, [mail for team, mail in told if team in new], now)
    return made


def _rounds(connection: Connection, book: RuleBook, now: datetime) -> list[_Round]:
    """Return the teams that are to have a digest now, together where day, zone and the digest before are the same."""
    wanted: dict[str, tuple[tuple[date, str, datetime], int]] = {}
    for team_id in sorted(book.rules.teams):
        calendar = book.rules.calendar_of(team_id)
        zone = ZoneInfo(calendar.time_zone)
        day = digest_day(zone, now)
        if day is not None and calendar.hours_on(day):
            wanted[_occasion(day, team_id)] = (day, zone.key, _digest_before(calendar, zone, day)), team_id
    made = mails.rounds_made(connection, DAY, wanted) if wanted else set()
    left: dict[tuple[date, str, datetime], list[int]] = defaultdict(list)
    for occasion, (key, team) in wanted.items():
        if occasion not in made:
            left[key].append(team)
    return [_Round(day, ZoneInfo(zone), since, tuple(teams)) for (day, zone, since), teams in left.items()]


def _occasion(day: date, team_id: int) -> str:
    return f"{day} {team_id}"


def _digest_before(calendar: Calendar, zone: ZoneInfo, day: date) -> datetime:
    """Return when the digest of the working day before was due."""
    days = (day - back * ONE_DAY for back in range(1, LONGEST_BREAK + 1))
    before = next((each for each in days if calendar.hours_on(each)), day - ONE_DAY)
    return local_instant(before, DIGEST_AT.hour * 60 + DIGEST_AT.minute, zone)


def _members_of(book: RuleBook, teams: Sequence[int], now: datetime) -> dict[int, int]:
    """Return the team of each member who belongs to one of some teams now."""
    membership, wanted = book.rules.membership, frozenset(teams)
    theirs = ((member_id, membership.team_at(member_id, now)) for member_id in membership.by_member)
    return {member_id: team_id for member_id, team_id in theirs if team_id is not None and team_id in wanted}


def _mornings(
    connection: Connection, book: RuleBook, morning: _Round, members: Mapping[int, int], now: datetime
) -> list[tuple[int, NewMail]]:
    """Return the e-mails of those members who have something to be told, each with the team. Seven queries for 500."""
    found: list[tuple[int, NewMail]] = []
    ids = sorted(members)
    until = local_instant(morning.day, NIGHT_BEGINS.hour * 60, morning.zone)
    for start in range(0, len(ids), MEMBERS_A_QUERY):
        part = ids[start : start + MEMBERS_A_QUERY]
        readers = mails.members_readers(connection, DAY, part)
        wanted = [each.member_id for each in readers]
        mornings = _told(connection, book, morning, wanted, now) if wanted else {}
        standing = _standing(connection, book, [each for each in wanted if not mornings[each].is_quiet], now)
        for reader in readers:
            told = mornings[reader.member_id]
            if not told.is_quiet:
                facts = {**_facts(told), **standing[reader.member_id], "day_on": morning.day, "until_at": until}
                facts["zone"] = morning.zone.key
                mail = NewMail(reader.id, DAY, morning.day.isoformat(), written(facts))
                found.append((members[reader.member_id], mail))
    return found


def _told(
    connection: Connection, book: RuleBook, morning: _Round, members: Sequence[int], now: datetime
) -> dict[int, _Morning]:
    found = {member_id: _Morning() for member_id in members}
    month = book.rules.months.month_of(now)
    tonight = midnight(morning.day + timedelta(days=1), morning.zone)
    for row in digests.due_of(connection, members, now, tonight):
        sla = book.rules.sla_in(row.version_id, row.sla)
        if sla is not None:
            deadline = deadline_of(sla, row.due_at)
            facts = {"subject": row.subject, "title": sla.title, "deadline_at": deadline, "id": row.id}
            found[row.participant_id].due.append({**facts, "worth": sla.points_of(Level.MET)})
    for member_id, number in due.count_overdue_of_members(connection, members, None).items():
        found[member_id].overdue = number
    months = [month.previous.key, month.key]
    for member_id, points in digests.points_since(connection, members, months, morning.since).items():
        found[member_id].earned = points
    for row in digests.badges_since(connection, members, morning.since):
        found[row.participant_id].badges.append(row.key)
    return found


def _standing(
    connection: Connection, book: RuleBook, members: Sequence[int], now: datetime
) -> dict[int, dict[str, Any]]:
    """Return points and rank of some members in the month that runs; no rank for one who does not stand in it."""
    month = book.rules.months.month_of(now).key
    if not members:
        return {}
    points = digests.points_of(connection, members, month)
    ranks = boards.ranks_in(connection, month, "member", None, members)
    return {each: {"month": month, "points": points.get(each, 0), "rank": ranks.get(each)} for each in members}


def _facts(told: _Morning) -> dict[str, Any]:
    return {
        "due": told.due[:MOST_LISTED],
        "more_due": max(len(told.due) - MOST_LISTED, 0),
        "overdue": min(told.overdue, due.MOST_OF_PERSON),
        "overdue_is_more": told.overdue > due.MOST_OF_PERSON,
        "earned": told.earned,
        "badges": list(dict.fromkeys(told.badges)),
    }
