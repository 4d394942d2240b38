"""Adjusting: a manager gives points by hand, with a reason, in an open month; and takes them back (P7)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from leaderboard.domain.actors import Actor
from leaderboard.domain.errors import AdjustmentRefused
from leaderboard.domain.periods import Month, month_of_key, parse_period
from leaderboard.domain.points import Credit
from leaderboard.domain.shown import has_controls, quoted
from leaderboard.domain.standings import sort_key
from leaderboard.services.rules import RuleBook, rule_book
from leaderboard.services.scopes import EVERYTHING, Scope
from leaderboard.services.scoring import Scoring
from leaderboard.storage import adjustments, trail
from leaderboard.storage.database import all_or_nothing

MOST_POINTS = 10_000
SHORTEST_REASON, LONGEST_REASON = 3, 500
PAGE_SIZE = 50
MOST_PROPOSED = 500


@dataclass(frozen=True)
class Adjustment:
    """Points given by hand; team_id: credited too. taken_back_*: who took them back, when and why, if anybody did.

    is_open: whether they still can be taken back, since their month is not closed.
    """

    id: int
    member_id: int
    team_id: int | None
    name: str
    month: str
    points: int
    reason: str
    made_at: datetime
    made_by: str
    taken_back_at: datetime | None
    taken_back_by: str | None
    taken_back_because: str | None
    is_open: bool


def given_in(month: Month | str, points: int) -> str:
    """Return what the audit trail says of points that were given by hand in a month."""
    return f"{month}: {points:+}"


def adjust(
    session: Session,
    member_id: int,
    points: int,
    reason: str,
    month: str,
    *,
    by: Actor,
    now: datetime,
    within: Scope = EVERYTHING,
) -> Adjustment:
    """Give a member points in a month, and return the adjustment.

    points: 1 to MOST_POINTS. reason: in words, shown on the member's page. month: one that is open and has begun,
    in which the member belongs to a team; the team they were last in then is credited too (K7). within: whom `by`
    answers for; others are refused as one who is not there.
    Raises AdjustmentRefused, also for the same once more; PeriodRefused for what is no period.
    """
    with all_or_nothing(session):
        return give(session, Scoring(session, now), member_id, points, reason, month, by=by, now=now, within=within)


def give(
    session: Session,
    scoring: Scoring,
    member_id: int,
    points: int,
    reason: str,
    month: str,
    *,
    by: Actor,
    now: datetime,
    within: Scope = EVERYTHING,
) -> Adjustment:
    """As adjust, within a scoring under way in the caller's writing transaction; finishes it."""
    reason = _checked_reason(reason)
    if not 1 <= points <= MOST_POINTS:
        raise AdjustmentRefused("points", f"{points} is not a number of points from 1 to {MOST_POINTS:,}.")
    if by.member_id == member_id:
        raise AdjustmentRefused("self", "Nobody adjusts their own points; ask another manager.")
    wanted = _checked_month(scoring.book, member_id, month, now, within)
    _check_new(session, member_id, points, reason, month)
    team_id = scoring.rules.membership.memberships_in(member_id, wanted)[-1].team_id
    scoring.months.keep({wanted})
    adjustment_id = adjustments.add_adjustment(
        scoring.connection,
        member_id=member_id,
        team_id=team_id,
        month=month,
        points=points,
        reason=reason,
        by=by,
        now=now,
    )
    _finish(scoring, Credit("member", member_id, team_id, wanted), points)
    about, given = f"member {scoring.book.members[member_id][0]}", given_in(month, points)
    trail.note(scoring.connection, by, "adjustment.made", about, at=now, after=given, why=reason)
    return _adjustment(scoring.book, adjustments.given(scoring.connection, adjustment_id))


def take_back(session: Session, adjustment_id: int, reason: str, *, by: Actor, now: datetime) -> Adjustment:
    """Take back what an adjustment gave, once and while its month is open, and return it as it is then.

    Raises AdjustmentRefused.
    """
    reason = _checked_reason(reason)
    with all_or_nothing(session):
        scoring = Scoring(session, now)
        found = adjustments.given(scoring.connection, adjustment_id)
        _check_can_be_taken_back(scoring.book, found)
        adjustments.add_adjustment(
            scoring.connection,
            member_id=found.member_id,
            team_id=found.team_id,
            month=found.month,
            points=-found.points,
            reason=reason,
            by=by,
            now=now,
            takes_back=adjustment_id,
        )
        _finish(scoring, Credit("member", found.member_id, found.team_id, month_of_key(found.month)), -found.points)
        about, given = f"member {scoring.book.members[found.member_id][0]}", given_in(found.month, found.points)
        trail.note(scoring.connection, by, "adjustment.taken-back", about, at=now, before=given, why=reason)
        found = adjustments.given(scoring.connection, adjustment_id)
    return _adjustment(scoring.book, found)


def open_months(session: Session, *, now: datetime) -> list[str]:
    """Return the months in which points can be given, newest first: from the first with standings on."""
    book = rule_book(session.connection())
    month, first = book.rules.months.month_of(now), _first_month(book, now)
    found = []
    while month >= first:
        found += [month.key] if month.key not in book.closed else []
        month = month.previous
    return found


def proposed_members(session: Session, *, now: datetime, within: Scope = EVERYTHING) -> list[tuple[str, str]]:
    """Return key and name of members who are in one of some teams now, by name: MOST_PROPOSED at most."""
    book = rule_book(session.connection())
    active = book.rules.membership.active_in(book.rules.months.month_of(now)).items()
    theirs = (book.members[member_id] for member_id, team_id in active if within.sees_team(team_id))
    found = sorted(theirs, key=lambda each: (sort_key(each[1]), each[0]))
    return found[:MOST_PROPOSED]


def member_named(session: Session, text: str) -> int:
    """Return the member with an e-mail, external key or name, in any case; AdjustmentRefused unless it is one."""
    wanted = text.strip().casefold()
    members = rule_book(session.connection()).members
    keyed = [member_id for member_id, (key, _) in members.items() if key.casefold() == wanted]
    found = keyed or [member_id for member_id, (_, name) in members.items() if name.casefold() == wanted]
    if not found:
        raise AdjustmentRefused("member", f"{quoted(text)} is nobody's e-mail or name; choose one that is proposed.")
    if len(found) > 1:
        raise AdjustmentRefused("several", f"Several people are called {quoted(text)}; give the e-mail.")
    return found[0]


def list_adjustments(
    session: Session, *, older_than: int | None = None, within: Scope = EVERYTHING, page_size: int = PAGE_SIZE
) -> tuple[list[Adjustment], int | None]:
    """Return adjustments of some teams, newest first, and the id that the next page begins below; None at the end."""
    connection = session.connection()
    rows = adjustments.newest(connection, page_size + 1, older_than=older_than, teams=within.teams)
    page = _adjustments(rule_book(connection), rows[:page_size])
    return page, page[-1].id if len(rows) > page_size else None


def adjustments_of(
    session: Session, member_id: int, months: Iterable[Month], *, rules_version: int | None = None
) -> list[Adjustment]:
    """Return the adjustments of a member in some months, newest first."""
    connection = session.connection()
    rows = adjustments.given_to(connection, member_id, [month.key for month in months])
    return _adjustments(rule_book(connection, rules_version), rows)


def find_adjustment(session: Session, adjustment_id: int) -> Adjustment | None:
    """Return an adjustment, None if there is none."""
    connection = session.connection()
    found = adjustments.given(connection, adjustment_id)
    return None if found is None else _adjustment(rule_book(connection), found)


def _adjustments(book: RuleBook, rows: Iterable[Any]) -> list[Adjustment]:
    return [_adjustment(book, row) for row in rows]


def _adjustment(book: RuleBook, row: Any) -> Adjustment:
    return Adjustment(
        id=row.id,
        member_id=row.member_id,
        team_id=row.team_id,
        name=book.members[row.member_id][1],
        month=row.month,
        points=row.points,
        reason=row.reason,
        made_at=row.made_at,
        made_by=row.made_by,
        taken_back_at=row.taken_back_at,
        taken_back_by=row.taken_back_by,
        taken_back_because=row.taken_back_because,
        is_open=row.month not in book.closed,
    )


def _finish(scoring: Scoring, credit: Credit, points: int) -> None:
    scoring.poster.totals.add(credit, [points, 0, 0, 0])
    scoring.finish()


def _first_month(book: RuleBook, now: datetime) -> Month:
    """Return the first month with standings from which on all periods are closed, in order."""
    months = map(month_of_key, book.opened)
    on_line = (month for month in months if book.line is None or month.quarter >= book.line.first)
    return min(on_line, default=book.rules.months.month_of(now))


def _checked_reason(reason: str) -> str:
    reason = reason.strip()
    if not SHORTEST_REASON <= len(reason) <= LONGEST_REASON or has_controls(reason):
        raise AdjustmentRefused(
            "reason", f"A reason takes {SHORTEST_REASON} to {LONGEST_REASON} characters on one line; give one."
        )
    return reason


def _checked_month(book: RuleBook, member_id: int, key: str, now: datetime, within: Scope) -> Month:
    """Return the month in which a member may be given points, or say why they may not."""
    month = parse_period(key)
    if not isinstance(month, Month):
        raise AdjustmentRefused("month", f"{key} is not a month; give one such as 2026-10.")
    if key in book.closed:
        raise AdjustmentRefused("closed", f"{key} is closed and never changes; give a month that is open.")
    if month > book.rules.months.month_of(now):
        raise AdjustmentRefused("future", f"{key} has not begun; give a month that has.")
    if month < _first_month(book, now):
        raise AdjustmentRefused("early", f"{key} lies before the first standings, those of {_first_month(book, now)}.")
    if member_id not in book.members or not within.sees_member(book.rules, member_id, month):
        raise AdjustmentRefused(
            "member", "There is no such member in a team that you answer for; choose one that is proposed."
        )
    if not book.rules.membership.is_active("member", member_id, month):
        name = book.members[member_id][1]
        raise AdjustmentRefused("inactive", f"{name} belongs to no team in {key}; give a month in which they do.")
    return month


def _check_new(session: Session, member_id: int, points: int, reason: str, month: str) -> None:
    """Refuse what was given already: a button is easily pressed twice."""
    for each in adjustments.given_to(session.connection(), member_id, [month]):
        if (each.points, each.reason, each.taken_back_at) == (points, reason, None):
            raise AdjustmentRefused(
                "twice",
                f"{points} points were given for the same reason already; if more are meant, say so in the reason.",
            )


def _check_can_be_taken_back(book: RuleBook, found: Any) -> None:
    if found is None:
        raise AdjustmentRefused("missing", "There is no such adjustment; look for it in the list.")
    if found.taken_back_at is not None:
        raise AdjustmentRefused("gone", f"{found.taken_back_by} has taken this back already.")
    if found.month in book.closed:
        raise AdjustmentRefused("closed", f"{found.month} is closed and never changes; give a month that is open.")
