"""Deciding on bonus awards: approved, declined, paid; each step once, by one person, on record (B4)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from leaderboard.domain.actors import Actor
from leaderboard.domain.bonuses import Status, may_become
from leaderboard.domain.errors import AwardRefused, Refused
from leaderboard.domain.shown import has_controls
from leaderboard.services.announcing import announce_approved
from leaderboard.storage import awards, displays, trail
from leaderboard.storage.database import DOOR_LOCK, all_or_nothing

MOST_AT_ONCE = 1_000
LONGEST_REASON = 1_000
FROM = {Status.APPROVED: Status.PROPOSED, Status.DECLINED: Status.PROPOSED, Status.PAID: Status.APPROVED}


@dataclass(frozen=True)
class Outcome:
    """What became of awards that were decided on together. done: their ids; refused: why the others were not."""

    done: tuple[int, ...]
    refused: tuple[AwardRefused, ...]


def approve(session: Session, award_ids: Collection[int], *, by: Actor, now: datetime) -> Outcome:
    """Approve awards at once, each by itself (B4): what one is refused for does not hold up the others.

    Refused is an award that is decided already, whose question window is not over, or in which `by` shares.
    """
    return _step(session, award_ids, Status.APPROVED, by, now, {"decided_at": now, "decided_by": by.name})


def decline(session: Session, award_ids: Collection[int], *, reason: str, by: Actor, now: datetime) -> Outcome:
    """Decline awards at once, each by itself (B4), for a reason that those who would have shared can read.

    Raises Refused for an empty or too long reason; an award is refused as in approve, but one's own may be declined.
    """
    reason = checked_text(reason, "The reason", LONGEST_REASON)
    values = {"decided_at": now, "decided_by": by.name, "reason": reason}
    return _step(session, award_ids, Status.DECLINED, by, now, values)


def mark_paid(session: Session, award_ids: Collection[int], *, by: Actor, now: datetime) -> Outcome:
    """Note that approved awards were paid, or a prize in kind handed over, each by itself (B4, B5).

    One that is paid so is in no payroll export from then on; those of an export are paid together.
    """
    return _step(session, award_ids, Status.PAID, by, now, {"paid_at": now, "paid_by": by.name})


def refusals(
    session: Session, award_ids: Collection[int], wanted: Status, *, by: Actor, now: datetime
) -> dict[int, AwardRefused]:
    """Return what the awards that cannot go a way would be refused for, by id; nothing is changed (B4)."""
    return _refusals(session.connection(), sorted(set(award_ids)), wanted, by, now)


def _step(
    session: Session, award_ids: Collection[int], wanted: Status, by: Actor, now: datetime, values: dict[str, Any]
) -> Outcome:
    ids = sorted(set(award_ids))
    if len(ids) > MOST_AT_ONCE:
        raise Refused(f"{len(ids):,} awards are too many at once; choose at most {MOST_AT_ONCE:,}.")
    with all_or_nothing(session, DOOR_LOCK):
        connection = session.connection()
        refusals = _refusals(connection, ids, wanted, by, now)
        fit = [each for each in ids if each not in refusals]
        done = awards.change_status(connection, fit, FROM[wanted], wanted, **values) if fit else set()
        if lost := set(fit) - done:  # somebody else was faster
            refusals |= _refusals(connection, sorted(lost), wanted, by, now)
        if done and wanted is Status.APPROVED:  # which displays celebrate
            displays.raise_screens_version(connection)
            announce_approved(connection, done, now=now)
        trail.note_each(
            connection,
            by,
            f"award.{wanted}",
            [f"award {each}" for each in sorted(done)],
            at=now,
            before=FROM[wanted],
            after=wanted,
            why=values.get("reason"),
        )
    return Outcome(tuple(sorted(done)), tuple(refusals[each] for each in sorted(refusals)))


def _refusals(
    connection: Connection, ids: list[int], wanted: Status, by: Actor, now: datetime
) -> dict[int, AwardRefused]:
    """Return why awards cannot go the way that is wanted, by id; those that can are left out."""
    found = awards.find(connection, ids)
    own: set[int] = set()
    if wanted is Status.APPROVED and by.member_id is not None:
        own = awards.shared_by(connection, ids, by.member_id)
    refusals = {}
    for award_id in ids:
        row = found.get(award_id)
        if row is None:
            refusals[award_id] = AwardRefused(award_id, "unknown")
        elif (refusal := _refusal(row, wanted, award_id in own, now)) is not None:
            refusals[award_id] = refusal
    return refusals


def _refusal(row: Any, wanted: Status, is_own: bool, now: datetime) -> AwardRefused | None:
    status = Status(row.status)
    if not may_become(status, wanted):
        if status is Status.PROPOSED:
            return AwardRefused(row.id, "unapproved", status=status)
        is_paid = status is Status.PAID
        by, at = (row.paid_by, row.paid_at) if is_paid else (row.decided_by, row.decided_at)
        return AwardRefused(row.id, "decided", status=status, by=by, at=at)
    if is_own:
        return AwardRefused(row.id, "shares", status=status)
    if status is Status.PROPOSED and now < row.decidable_at:
        return AwardRefused(row.id, "early", status=status, at=row.decidable_at)
    return None


def checked_text(text: str, what: str, longest: int) -> str:
    """Return what somebody wrote without the blanks around it; Refused if nothing is left, or too much.

    what: names the text where it is refused, such as "The reason". Lines may end; other controls may not stand in it.
    """
    text = text.replace("\r\n", "\n").strip()
    if not text:
        raise Refused(f"{what} is empty; write a sentence that says it.")
    if len(text) > longest:
        raise Refused(f"{what} has {len(text):,} characters; write at most {longest:,}.")
    if has_controls(text.replace("\n", " ")):
        raise Refused(f"{what} holds characters that cannot be shown; write it again without them.")
    return text
