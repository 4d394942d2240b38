"""Verifying what was done by somebody against the audit trail: both were written at once, and neither changes."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection

from leaderboard.domain.bonuses import Status
from leaderboard.domain.shown import quoted
from leaderboard.services.adjusting import given_in
from leaderboard.services.exporting import told_of
from leaderboard.services.questions import ANSWERED as POINTS_ANSWERED
from leaderboard.services.questions import ASKED as POINTS_ASKED
from leaderboard.services.questions import named
from leaderboard.storage import adjustments, awards, closings, payroll, questions, trail

MADE, TAKEN_BACK = "adjustment.made", "adjustment.taken-back"
DECIDED = {Status.APPROVED: "award.approved", Status.PAID: "award.approved", Status.DECLINED: "award.declined"}
ASKED, ANSWERED = "question.asked", "question.answered"
QUESTIONS = (ASKED, ANSWERED, POINTS_ASKED, POINTS_ANSWERED)
ACTIONS = (*DECIDED.values(), "award.paid", *QUESTIONS, "export.created", "period.closed", MADE, TAKEN_BACK)


class Deed(NamedTuple):
    """What somebody did, as far as both tell. about: empty where it may be called otherwise by now; told: what, why."""

    action: str
    about: str
    actor: str | None
    at: datetime | None
    told: tuple[str | None, ...] = ()


def trail_differences(connection: Connection) -> Iterator[str]:
    """Yield one sentence for each decision, question, export, adjustment and closing that the trail has otherwise.

    Keeps as much in memory as there are of them.
    """
    done, noted = Counter(_done(connection)), Counter(_noted(connection))
    for deed in sorted(done - noted, key=str):
        yield f"{_named(deed)} is stored, but the audit trail has no such entry."
    for deed in sorted(noted - done, key=str):
        yield f"audit trail: it has {_named(deed)}, but that is not what is stored."


def _named(deed: Deed) -> str:
    of = f" of {deed.about}" if deed.about else ""
    at = "no time" if deed.at is None else deed.at.isoformat()
    told = "".join(f", {quoted(each)}" for each in deed.told if each)
    return f"{deed.action}{of} by {deed.actor} at {at}{told}"


def _done(connection: Connection) -> Iterator[Deed]:
    """Yield what the tables say was done."""
    for row in awards.all_decided(connection):
        about = f"award {row.id}"
        yield Deed(DECIDED[Status(row.status)], about, row.decided_by, row.decided_at, (row.reason,))
        if row.status == Status.PAID:
            yield Deed("award.paid", about, row.paid_by, row.paid_at)
    for row in awards.all_questions(connection):
        about = f"award {row.award_id}"
        yield Deed(ASKED, about, row.asked_by, row.asked_at, (row.text,))
        if row.answer is not None:
            yield Deed(ANSWERED, about, row.answered_by, row.answered_at, (row.answer,))
    for row in questions.all_asked(connection):
        about = named(row.attainment_id, row.entry_id)
        yield Deed(POINTS_ASKED, about, row.asked_by, row.asked_at, (row.text,))
        if row.answer is not None:
            yield Deed(POINTS_ANSWERED, about, row.answered_by, row.answered_at, (row.answer,))
    for row, _ in payroll.exports_with_sums(connection):
        told = told_of(row.awards, row.lines, row.total_minor, row.currency, row.digest)
        yield Deed("export.created", f"export {row.id}", row.created_by, row.created_at, (told,))
    for row in closings.all_closings(connection):
        yield Deed("period.closed", row.period, row.closed_by, row.closed_at)
    for row in adjustments.all_made(connection):
        action, given = (MADE, row.points) if row.takes_back is None else (TAKEN_BACK, -row.points)
        yield Deed(action, "", row.made_by, row.made_at, (given_in(row.month, given), row.reason))


def _noted(connection: Connection) -> Iterator[Deed]:
    """Yield what the audit trail says was done."""
    for row in trail.entries_of(connection, ACTIONS):
        if row.action in (MADE, TAKEN_BACK):
            yield Deed(row.action, "", row.actor, row.at, (row.after or row.before, row.why))
        elif row.action in ("export.created", *QUESTIONS):
            yield Deed(row.action, row.about, row.actor, row.at, (row.after,))
        else:
            is_decision = row.action in ("award.approved", "award.declined")
            yield Deed(row.action, row.about, row.actor, row.at, (row.why,) if is_decision else ())
