"""Digests for managers: each week who falls short and what waits for them, each close, and the review that comes.

Figures are read once for all of them; each is told of the teams that they answer for.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from leaderboard.domain.compliance import NOTHING, Counts, shortfalls_first
from leaderboard.domain.periods import Month
from leaderboard.domain.reminders import NIGHT_BEGINS, REVIEW_AHEAD, digest_day, next_day
from leaderboard.domain.rules import Team
from leaderboard.domain.working_time import Calendar, local_instant
from leaderboard.services.certificates import KINDS as WINNERS
from leaderboard.services.figures import Figure, Promises
from leaderboard.services.mail_kinds import CLOSE, REVIEW, WEEK, written
from leaderboard.services.rules import RuleBook
from leaderboard.services.scopes import Reach, Scope, reach_of
from leaderboard.storage import awards, badges, compliance, digests, due, mails, questions
from leaderboard.storage.database import DOOR_LOCK, all_or_nothing
from leaderboard.storage.mails import NewMail

MOST_LISTED = 5
CLOSE_IS_NEWS = timedelta(days=3)
PERIOD_IS_NEWS = timedelta(days=40)  # since its end: not of the history that was just imported
Facts = Mapping[str, Any]
Tell = Callable[[Scope], Facts | None]


def make_weeks(session: Session, book: RuleBook, *, now: datetime) -> int:
    """Make the managers' digests on the first working day of the week, and return how many."""
    organisation = book.rules.organisation
    day = digest_day(organisation.zone, now)
    if day is None or not is_first_working_day(organisation.calendar, day):
        return 0
    year, week, _ = day.isocalendar()
    occasion = f"{year}-W{week:02}"
    if mails.rounds_made(session.connection(), WEEK, [occasion]):
        return 0
    month = book.rules.months.month_of(now - timedelta(days=1))
    tell = partial(_of_week, _figures(session.connection(), book, month), month.key)
    return _make(session, book, WEEK, [occasion], tell, now=now, until=_tonight(book, day))


def make_closes(session: Session, book: RuleBook, *, now: datetime) -> int:
    """Make what managers are told of what was closed lately, by day, and return how many e-mails."""
    zone = book.rules.organisation.zone
    found = digests.closed_since(session.connection(), now - CLOSE_IS_NEWS)
    keys = [row.period for row in found if now - row.ends_at <= PERIOD_IS_NEWS]
    made = mails.rounds_made(session.connection(), CLOSE, keys) if keys else set()
    new = [key for key in keys if key not in made]
    if not new or next_day(zone, now) != now:
        return 0
    connection = session.connection()
    named = badges.standing_in(connection, new, WINNERS)
    periods = [{"period": key, "winners": [_winner(each) for each in named if each.period == key]} for key in new]
    waiting = awards.proposed_by_team(connection)

    def tell(scope: Scope) -> Facts:
        return {"periods": periods, "proposed": _count(waiting, scope)}

    return _make(session, book, CLOSE, new, tell, now=now, until=now + CLOSE_IS_NEWS)


def make_reviews(session: Session, book: RuleBook, *, now: datetime) -> int:
    """Make what managers are told 14 days before the agreement is to be reviewed, and return how many e-mails."""
    begun = [each for each in book.rules.versions if each.starts_at <= now]
    day = digest_day(book.rules.organisation.zone, now)
    if day is None or not begun or begun[-1] is not book.rules.versions[-1]:
        return 0  # where another version is to come, there is nothing to review
    agreement = begun[-1].agreement
    due_on = agreement.review_on
    if due_on is None or not due_on - REVIEW_AHEAD <= day < due_on:
        return 0
    occasion = f"{agreement.effective_from} {due_on}"
    if mails.rounds_made(session.connection(), REVIEW, [occasion]):
        return 0
    facts = {"title": agreement.title, "due_on": due_on, "version_id": begun[-1].id}
    return _make(session, book, REVIEW, [occasion], lambda _scope: facts, now=now, until=_tonight(book, due_on))


def is_first_working_day(calendar: Calendar, day: date) -> bool:
    """Tell whether a day is the first of its week, from Monday, that has working hours."""
    monday = day - timedelta(days=day.weekday())
    days = (monday + timedelta(days=each) for each in range(day.weekday() + 1))
    return next((each for each in days if calendar.hours_on(each)), None) == day


def _tonight(book: RuleBook, day: date) -> datetime:
    return local_instant(day, NIGHT_BEGINS.hour * 60, book.rules.organisation.zone)


def _make(
    session: Session,
    book: RuleBook,
    kind: str,
    occasions: Sequence[str],
    tell: Tell,
    *,
    now: datetime,
    until: datetime,
) -> int:
    """Make the e-mails of some occasions, one for each manager, unless somebody else does at this moment."""
    scopes = _scopes(session.connection(), book, kind, now)
    common = {"until_at": until, "zone": book.rules.organisation.time_zone}
    found = [
        NewMail(user_id, kind, occasions[-1], written({**facts, **common}))
        for user_id, scope in scopes.items()
        if (facts := tell(scope)) is not None
    ]
    with all_or_nothing(session, DOOR_LOCK):
        connection = session.connection()
        new = [occasion for occasion in occasions if mails.begin_round(connection, kind, occasion, now)]
        return mails.add_mails(connection, found, now) if len(new) == len(occasions) else 0


def _scopes(connection: Connection, book: RuleBook, kind: str, now: datetime) -> dict[int, Scope]:
    """Return which teams each manager answers for who wants a kind of e-mail, as services/scopes.py says; one query."""
    found: dict[int, Scope] = {}
    for row in mails.managers_readers(connection, kind):
        if reach_of(row.role, row.teams_seen, row.member_id) is Reach.ALL:
            found[row.id] = Scope(is_all=True)
            continue
        own = None if row.member_id is None else book.rules.membership.team_at(row.member_id, now)
        known = found.get(row.id, Scope(is_all=False)).team_ids
        found[row.id] = Scope(is_all=False, team_ids=known | {each for each in (own, row.team_id) if each is not None})
    return found


@dataclass(frozen=True)
class _Figures:
    """What all managers are told from. slas, people: what teams and members were credited with in the month."""

    book: RuleBook
    promises: Promises
    slas: Sequence[compliance.TeamMonth]
    people: Sequence[compliance.MemberSum]
    overdue: Mapping[int, int]
    questions: Mapping[int | None, int]
    proposed: Mapping[int | None, int]


def _figures(connection: Connection, book: RuleBook, month: Month) -> _Figures:
    """Read them; five queries, however many managers there are."""
    return _Figures(
        book,
        Promises(book.rules),
        compliance.team_months(connection, [month.key], None),
        compliance.member_sums(connection, [month.key], None, None),
        due.count_overdue_of_teams(connection, None),
        questions.open_by_team(connection),
        awards.proposed_by_team(connection),
    )


def _of_week(figures: _Figures, month: str, scope: Scope) -> Facts | None:
    """Return what a manager is told of the week, None where there is nothing."""
    rules, members = figures.book.rules, figures.book.members
    rows = [row for row in figures.slas if scope.sees_team(row.team_id or None)]
    people = [row for row in figures.people if scope.sees_team(row.team_id or None) and row.member_id in members]
    facts = {
        "month": month,
        "total": _line(_sum(row.counts for row in rows)),
        "teams": _shortest(rules.teams, rows),
        "slas": _shortest_slas(figures, month, rows),
        "people": [
            {**_line(row.counts), "member_id": row.member_id} for row in people[:MOST_LISTED] if row.counts.missed
        ],
        "overdue": _count(figures.overdue, scope),
        "questions": _count(figures.questions, scope),
        "proposed": _count(figures.proposed, scope),
    }
    return facts if rows or facts["overdue"] or facts["questions"] or facts["proposed"] else None


def _shortest(teams: Mapping[int, Team], rows: Sequence[compliance.TeamMonth]) -> list[Facts]:
    found = [
        Figure(teams[team_id].name, _sum(row.counts for row in rows if row.team_id == team_id), 0, team_id=team_id)
        for team_id in sorted({row.team_id for row in rows if row.team_id in teams})
    ]
    return [{**_line(each.counts), "team_id": each.team_id} for each in shortfalls_first(found)[:MOST_LISTED]]


def _shortest_slas(figures: _Figures, month: str, rows: Sequence[compliance.TeamMonth]) -> list[Facts]:
    by_sla: dict[str, Counts] = {}
    for row in rows:
        by_sla[row.sla] = by_sla.get(row.sla, NOTHING).plus(row.counts)
    found = [Figure(figures.promises.title(key, month), counts, 0, sla=key) for key, counts in by_sla.items()]
    return [
        {**_line(each.counts), "title": each.name, "sla": each.sla}
        for each in shortfalls_first(found)[:MOST_LISTED]
        if each.counts.missed
    ]


def _line(counts: Counts) -> dict[str, Any]:
    return {"kept": counts.kept, "decided": counts.decided, "missed": counts.missed}


def _sum(counts: Iterable[Counts]) -> Counts:
    total = NOTHING
    for each in counts:
        total = total.plus(each)
    return total


def _count(by_team: Mapping[int, int] | Mapping[int | None, int], scope: Scope) -> int:
    return sum(number for team_id, number in by_team.items() if scope.sees_team(team_id))


def _winner(badge: badges.ShownBadge) -> Facts:
    return {"key": badge.key, f"{badge.scope}_id": badge.participant, "points": badge.ground["points"]}


def named(value: Any, book: RuleBook) -> Any:
    """Return facts with the names of the members and teams in them, as they are called now.

    Documents hold ids alone, so that none names somebody who has been made anonymous since.
    """
    if isinstance(value, list):
        return [named(each, book) for each in value]
    if not isinstance(value, dict):
        return value
    found = {key: named(each, book) for key, each in value.items()}
    if "member_id" in found:
        found["name"] = book.members[found["member_id"]][1]
    elif "team_id" in found:
        found["name"] = book.rules.teams[found["team_id"]].name
    return found
