"""Announcing: what happened is written down for webhooks in the transaction in which it happens, and sent after it.

So nothing is announced that was rolled back, and nothing that happened is forgotten. A document holds ids of members
and teams instead of names: they are named when it is sent, as they are called and as they want to be shown then.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection

from leaderboard.domain.announcements import BADGE_AWARDED, BONUS_APPROVED, KINDS, PERIOD_CLOSED
from leaderboard.domain.badges import Badge
from leaderboard.domain.periods import Period
from leaderboard.storage import awards, outbox

FRESH = timedelta(hours=48)  # a badge by the instant at which it was earned
FRESH_PERIOD = timedelta(days=35)  # a close, and the badges that it gives, by the period's end
KEPT = timedelta(days=90)


class Occasion(NamedTuple):
    """Something to announce, once. occasion: its name among all; document: the facts, as JSON takes them."""

    occasion: str
    document: dict[str, Any]


def announce(connection: Connection, kind: str, occasion: str, document: dict[str, Any], now: datetime) -> None:
    """Announce something that happens now to the targets that want its kind, within the caller's transaction.

    Once per occasion, however often it is called. kind: one of KINDS. occasion: names what happened for good, such as
    "bonus.approved 12". document: `member` and `team` hold ids, or None. Where nobody wants it nothing is written, and
    one small table is read.
    """
    announce_each(connection, kind, [Occasion(occasion, document)], now=now)


def announce_each(connection: Connection, kind: str, occasions: Iterable[Occasion], *, now: datetime) -> None:
    """As announce, for many of a kind: three statements for 400; `occasions` is not asked for if nobody wants it."""
    if kind not in KINDS:
        raise ValueError(f"{kind} is no kind of announcement; the kinds are {', '.join(KINDS)}")
    targets = outbox.targets_wanting(connection, kind)
    rows = [
        {"kind": kind, "occasion": each.occasion, "at": now, "document": json.dumps(each.document, sort_keys=True)}
        for each in (occasions if targets else ())
    ]
    if rows:
        outbox.add_messages(connection, outbox.add_announcements(connection, rows), targets, now)


def announce_close(
    connection: Connection, period: Period, ends_at: datetime, winners: Iterable[Badge], *, now: datetime
) -> None:
    """Announce that a period is closed, with who was first in it; not one that ended long ago."""
    if now - ends_at > FRESH_PERIOD:
        return
    first: list[dict[str, Any]] = [{each.scope: each.participant, "points": each.ground["points"]} for each in winners]
    document = {"period": period.key, "winners": first}
    announce(connection, PERIOD_CLOSED, f"{PERIOD_CLOSED} {period.key}", document, now)


def fresh_since(start: datetime, end: datetime, *, now: datetime) -> datetime:
    """Return since when the badges that a close gives are announced: the period's start unless it ended long ago."""
    return start if now - end <= FRESH_PERIOD else now


def announce_badges(connection: Connection, badges: Sequence[Badge], since: datetime, *, now: datetime) -> None:
    """Announce the badges that were earned since an instant: a year of history that is imported announces nothing."""
    lately = [each for each in badges if each.earned_at >= since]
    if lately:
        announce_each(connection, BADGE_AWARDED, map(_badge, lately), now=now)


def _badge(badge: Badge) -> Occasion:
    named = " ".join(map(str, (badge.key, badge.scope, badge.participant, badge.occasion))).strip()
    document = {"badge": badge.key, badge.scope: badge.participant, "period": badge.period}
    return Occasion(f"{BADGE_AWARDED} {named}", document)


def announce_approved(connection: Connection, award_ids: Iterable[int], *, now: datetime) -> None:
    """Announce bonus awards that were approved just now."""
    announce_each(connection, BONUS_APPROVED, _approved(connection, award_ids), now=now)


def _approved(connection: Connection, award_ids: Iterable[int]) -> Iterable[Occasion]:
    for each in awards.won(connection, sorted(award_ids)):
        document = {
            "award": each.id,
            "period": each.period,
            "programme": each.programme,
            "place": each.place,
            each.scope: each.participant_id,
            "amount_minor": each.amount_minor,
            "currency": each.currency,
            "prize": each.prize,
        }
        yield Occasion(f"{BONUS_APPROVED} {each.id}", document)


def forget_announcements(connection: Connection, now: datetime) -> int:
    """Delete the announcements of more than 90 days ago, with their messages, and return how many."""
    return outbox.forget_announcements(connection, now - KEPT)
