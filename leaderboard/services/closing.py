"""Closing months and quarters: each exactly once, completely or not at all (M1-M3)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from leaderboard.domain.actors import COMMAND_LINE, SCHEDULER, Actor
from leaderboard.domain.closing import closes_at, digest_of, next_to_close, open_after
from leaderboard.domain.errors import PeriodClosed, PeriodNotOver, Refused
from leaderboard.domain.periods import Month, Period, Quarter, parse_period
from leaderboard.services.announcing import announce_close
from leaderboard.services.awarding import propose_awards
from leaderboard.services.badging import award_month_badges, award_quarter_badges
from leaderboard.services.rules import RuleBook, read_rule_book, rule_book
from leaderboard.services.scoring import Scoring, no_garbage_collection, score_what_is_due
from leaderboard.storage import closings, people, trail
from leaderboard.storage.database import all_or_nothing


@dataclass(frozen=True)
class Closed:
    """A period as it was closed. as_of: the instant it was scored at. reps, teams: the names of the winners.

    awards: how many bonuses were proposed.
    """

    period: str
    closed_at: datetime
    closed_by: str
    as_of: datetime
    reps: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    awards: int = 0


def next_closing(session: Session) -> tuple[str, datetime] | None:
    """Return the period that is closed next and the instant from which it is.

    None before anything has happened, and before anything is agreed: what is closed can be promised nothing any more.
    """
    connection = session.connection()
    found = None if people.rules_version(connection) is None else _next(rule_book(connection))
    return None if found is None else (found[0].key, found[1])


def close_next(session: Session, *, now: datetime, by: Actor) -> Closed | None:
    """Close the oldest period whose end and grace time have passed, in one transaction; None if there is none.

    Called again and again it catches up, oldest period first. However many call it at once, each period is closed
    once: they take turns, and whoever comes later finds it closed (M3).
    """
    found = next_closing(session)
    if found is None or found[1] > now:
        return None
    with all_or_nothing(session), no_garbage_collection():
        due = _next(rule_book(session.connection()))
        if due is None or due[1] > now:
            return None
        return _close(session, *due, now=now, by=by)


def close_period(session: Session, period: str, *, now: datetime, by: Actor) -> list[Closed]:
    """Close a period by hand once its end has passed, and before it the older ones that are open; return them in order.

    Each is closed in a transaction of its own. Raises PeriodRefused for what is no period, PeriodClosed,
    PeriodNotOver, and Refused where nothing has happened or nothing is agreed yet.
    """
    wanted = parse_period(period)
    closed: list[Closed] = []
    while not closed or closed[-1].period != wanted.key:
        with all_or_nothing(session), no_garbage_collection():
            book = rule_book(session.connection())
            _check_closable(session, book, wanted, now)
            due = _next(book)
            assert due is not None
            closed.append(_close(session, *due, now=now, by=by))
    return closed


def _next(book: RuleBook) -> tuple[Period, datetime] | None:
    """Return the period that is closed next, and from when on."""
    if book.line is None:
        return None
    organisation = book.rules.organisation
    period = next_to_close(book.line, book.closed)
    return period, closes_at(period, book.rules.months, timedelta(hours=organisation.grace_hours))


def _check_closable(session: Session, book: RuleBook, period: Period, now: datetime) -> None:
    if period.key in book.closed:
        raise PeriodClosed(_closed_already(session.connection(), book, period))
    end = book.rules.months.bounds_of(period)[1]
    if now < end:
        local = end.astimezone(book.rules.organisation.zone)
        raise PeriodNotOver(f"{period} ends on {local:%Y-%m-%d at %H:%M}; it can be closed from then on.")
    if not book.rules.versions:
        raise Refused(f"No agreement is loaded, so {period} would be closed without any promise; load one first.")
    if book.line is None:
        raise Refused(f"Nothing has happened yet, so {period} has no standings to close; import events first.")
    if not book.line.holds(period):
        raise Refused(
            f"Nothing has happened in {period} or been agreed for it, so it has no standings to close; "
            f"the first that are closed without a gap are those of {book.line.first}."
        )


def _closed_already(connection: Connection, book: RuleBook, period: Period) -> str:
    closing = closings.closing_of(connection, period.key)
    local = closing.closed_at.astimezone(book.rules.organisation.zone)
    by = closing.closed_by
    who = f"the {by}" if by in (SCHEDULER.name, COMMAND_LINE.name) else by
    later = open_after(period.months[-1], book.closed)
    closed = f"{period} is already closed ({local:%Y-%m-%d %H:%M}, by {who})"
    return f"{closed}; later differences go to {later} as corrections."


def _close(session: Session, period: Period, due_at: datetime, *, now: datetime, by: Actor) -> Closed:
    """Close a period whose turn it is, within the caller's writing transaction.

    It is closed as of the instant at which it fell due, but of none before which an older one was still open: the
    grace time may have become shorter.
    """
    older = closings.latest_as_of(session.connection(), up_to=period)
    as_of = min(now, due_at if older is None else max(due_at, older[1]))
    if isinstance(period, Quarter):
        return _freeze(session, period, as_of, now=now, by=by)
    voided = _decide(session, period, as_of, now)
    closed = _freeze(session, period, as_of, now=now, by=by)
    if voided:
        forward = Scoring(session, now, has_new_rules=True)
        forward.score(voided)
        forward.finish()
    return closed


def _decide(session: Session, month: Month, as_of: datetime, now: datetime) -> list[str]:
    """Decide and score everything of a month as it stood at `as_of`; return the subjects that stand otherwise by now.

    Once a month is over only one thing changes what counts in it: that points are taken back (C7). What was
    taken back after `as_of` is given again, to be taken from the next open month, where it would have been taken from
    had the month been closed in time (P5).
    """
    scoring = Scoring(session, now)
    scoring.months.keep({month})
    score_what_is_due(scoring)
    voided = closings.subjects_voided(session.connection(), month.key)
    if as_of == now or not voided:
        return []
    restoring = Scoring(session, as_of, has_new_rules=True)
    return voided if restoring.restore(voided, month) else []


def _freeze(session: Session, period: Period, as_of: datetime, *, now: datetime, by: Actor) -> Closed:
    """Name the winners, propose the bonuses and close the period for good."""
    connection = session.connection()
    version = people.rules_version(connection)
    assert version is not None
    book = read_rule_book(connection, version)
    closings.write_members(connection, period.key, book.rules.membership.members_of(period))
    if isinstance(period, Month):
        winners = award_month_badges(connection, book, period, now=now)
    else:
        winners = award_quarter_badges(connection, book, period, now=now)
    proposed = propose_awards(connection, book, period, now=now)
    start, end = book.rules.months.bounds_of(period)
    closings.write_closing(
        connection,
        period=period.key,
        kind=period.kind,
        starts_at=start,
        ends_at=end,
        as_of=as_of,
        closed_at=now,
        closed_by=by.name,
        last_entry_id=closings.last_entry_id(connection),
        digest=digest_of(closings.frozen_parts(connection, period.key)),
    )
    announce_close(connection, period, end, winners.badges, now=now)
    people.raise_rules_version(connection)
    trail.note(connection, by, "period.closed", period.key, at=now, before="open", after="closed")
    return Closed(period.key, now, by.name, as_of, winners.reps, winners.teams, proposed)
