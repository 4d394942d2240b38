"""Reminding: who owns what is about to fall due is told once, by e-mail and webhook, and on the page.

What a look costs grows with what falls due soon, not with what is stored: only that is read.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from leaderboard.domain.agreement import Completion, Level, ResponseTime, Sla
from leaderboard.domain.announcements import LEAD_FALLING_DUE
from leaderboard.domain.instants import to_micros
from leaderboard.domain.reminders import Waiting, deadline_of, first_by_day, is_near, remind_at
from leaderboard.domain.rules import Rules
from leaderboard.domain.working_time import ALL_TIME, ZERO, Clockwork
from leaderboard.services.announcing import Occasion, announce_each
from leaderboard.services.mail_kinds import REMINDER, is_mail_set_up, written
from leaderboard.services.means import Means
from leaderboard.services.rules import RuleBook, known_rules, rule_book
from leaderboard.storage import mails, outbox, reminders
from leaderboard.storage.database import DOOR_LOCK, all_or_nothing
from leaderboard.storage.mails import NewMail

ROWS_A_LOOK = 500  # in one transaction
MOST_TOLD = 10  # in one e-mail; more is told as a number
MOST_NEAR = 20


@dataclass(frozen=True)
class Falling:
    """Something that is about to fall due. left: so much of its clock's time; row: the attainment."""

    row: Any
    sla: Sla
    deadline: datetime
    left: timedelta
    zone: ZoneInfo

    @property
    def facts(self) -> dict[str, Any]:
        """What is told of it."""
        return {
            "id": self.row.id,
            "subject": self.row.subject,
            "title": self.sla.title,
            "due_at": self.row.due_at,
            "deadline_at": self.deadline,
            "left_seconds": self.left // timedelta(seconds=1),
            "is_working": isinstance(self.sla.measure, ResponseTime) and self.sla.measure.is_working,
            "worth": self.sla.points_of(Level.MET),
        }


def remind(session: Session, *, now: datetime, means: Means) -> int:
    """Remind of what is about to fall due, each deadline once, and return of how many.

    Nothing is written where nobody is told: where no e-mail is set up, and no webhook wants it.
    """
    book = known_rules(session.connection())
    until = {} if book is None else _horizon(book.rules, now)
    if book is None or not until or not _is_anybody_told(session.connection(), means):
        return 0
    reminded, after = 0, None
    while rows := reminders.unreminded(session.connection(), now, until, after, ROWS_A_LOOK):
        found = [falling for row in rows if (falling := falling_now(book.rules, row, now)) is not None]
        reminded += _tell(session, book, found, now, means) if found else 0
        if len(rows) < ROWS_A_LOOK:
            break
        after = (rows[-1].due_at, rows[-1].id)
    return reminded


def _is_anybody_told(connection: Connection, means: Means) -> bool:
    return is_mail_set_up(means) or bool(outbox.targets_wanting(connection, LEAD_FALLING_DUE))


def _horizon(rules: Rules, now: datetime) -> dict[str, datetime]:
    """Return for each SLA that has reminders up to when it falls due what may need one now, whatever its calendar."""
    until: dict[str, datetime] = {}
    calendars = [rules.organisation.calendar, *rules.organisation.team_calendars.values()]
    for sla in (sla for version in rules.versions for sla in version.agreement.slas if sla.remind is not None):
        is_working = isinstance(sla.measure, ResponseTime) and sla.measure.is_working
        clockworks: Sequence[Clockwork] = [each.working_time for each in calendars] if is_working else [ALL_TIME]
        ahead = (sla.remind or ZERO) + (sla.levels.met if isinstance(sla.measure, Completion) else ZERO)
        ends = [end for each in clockworks if (end := each.due_at(now, ahead)) is not None]
        until[sla.key] = max([*ends, until.get(sla.key, now)])
    return until


def waiting_of(rules: Rules, sla: Sla, row: Any) -> Waiting:
    """Return what a pending attainment waits for. row: with started_at, due_at, participant_id and team_id."""
    is_clock = isinstance(sla.measure, ResponseTime)
    clockwork = rules.clockwork(sla, row.participant_id, row.started_at) if is_clock else ALL_TIME
    zone = ZoneInfo(rules.calendar_of(row.team_id).time_zone)
    return Waiting(row.started_at, deadline_of(sla, row.due_at), clockwork, zone)


def falling_now(rules: Rules, row: Any, now: datetime) -> Falling | None:
    """Return what is to be reminded of at this very time; None of what is not, not yet, or not by night."""
    sla = rules.sla_in(row.version_id, row.sla)
    if sla is None or sla.remind is None:
        return None
    waiting = waiting_of(rules, sla, row)
    at = remind_at(waiting, sla.remind)
    if at is None or not at <= now < waiting.deadline:
        return None
    if first_by_day(waiting.clockwork, waiting.zone, now) != now:  # nobody looked while it was time
        return None
    return Falling(row, sla, waiting.deadline, waiting.clockwork.elapsed(now, waiting.deadline), waiting.zone)


def is_near_its_end(rules: Rules, sla: Sla, row: Any, now: datetime) -> bool:
    """Tell whether a pending attainment is about to fall due."""
    return sla.remind is not None and row.due_at is not None and is_near(waiting_of(rules, sla, row), sla.remind, now)


def count_near(session: Session, member_id: int, *, now: datetime) -> int:
    """Return how many things of a member are about to fall due, as a page says it; MOST_NEAR stands for more, too."""
    connection = session.connection()
    rules = rule_book(connection).rules
    rows = reminders.waiting_for(connection, [("member", member_id)], MOST_NEAR)
    slas = ((row, rules.sla_in(row.version_id, row.sla)) for row in rows)
    return sum(sla is not None and is_near_its_end(rules, sla, row, now) for row, sla in slas)


def _tell(session: Session, book: RuleBook, found: Sequence[Falling], now: datetime, means: Means) -> int:
    with all_or_nothing(session, DOOR_LOCK):
        connection = session.connection()
        new = reminders.note_reminders(connection, [(each.row.id, each.row.due_at) for each in found])
        told = [each for each in found if each.row.id in new]
        announce_each(connection, LEAD_FALLING_DUE, map(_announcement, told), now=now)
        if is_mail_set_up(means):
            mails.add_mails(connection, _mails(connection, book, told, now), now)
    return len(told)


def _announcement(falling: Falling) -> Occasion:
    row, sla = falling.row, falling.sla
    document = {
        "member": row.participant_id if row.scope == "member" else None,
        "team": row.team_id,
        "subject": row.subject,
        "sla": sla.key,
        "title": sla.title,
        "due_at": falling.deadline.isoformat(),
    }
    return Occasion(f"{LEAD_FALLING_DUE} {row.id} {to_micros(row.due_at)}", document)


def _mails(connection: Connection, book: RuleBook, told: Sequence[Falling], now: datetime) -> list[NewMail]:
    """Return one e-mail for each who owns some of it, whatever falls due for them at this time."""
    of_member = _by_member(book, told, now)
    readers = mails.members_readers(connection, REMINDER, sorted(of_member)) if of_member else ()
    return [_mail(each.id, of_member[each.member_id]) for each in readers]


def _by_member(book: RuleBook, told: Iterable[Falling], now: datetime) -> Mapping[int, list[Falling]]:
    """Return who is to do what: members their own, and all of a team what it owns."""
    of_member: dict[int, list[Falling]] = defaultdict(list)
    of_team: dict[int, list[Falling]] = defaultdict(list)
    for each in told:
        (of_member if each.row.scope == "member" else of_team)[each.row.participant_id].append(each)
    if of_team:
        membership = book.rules.membership
        for member_id in membership.by_member:
            team_id = membership.team_at(member_id, now)
            if team_id in of_team:
                of_member[member_id] += of_team[team_id]
    return of_member


def _mail(user_id: int, theirs: Sequence[Falling]) -> NewMail:
    ordered = sorted(theirs, key=lambda each: (each.deadline, each.row.id))
    first = ordered[0]
    facts = {
        "items": [each.facts for each in ordered[:MOST_TOLD]],
        "more": max(len(ordered) - MOST_TOLD, 0),
        "until_at": ordered[-1].deadline,
        "zone": first.zone.key,
    }
    return NewMail(user_id, REMINDER, f"{first.row.id} {to_micros(first.row.due_at)}", written(facts))
