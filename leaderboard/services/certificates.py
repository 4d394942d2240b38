"""Certificates: what is printed for the rep and the team of the month, and the team of the quarter."""

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from sqlalchemy.orm import Session

from leaderboard.domain.standings import average
from leaderboard.services.rules import rule_book
from leaderboard.storage import badges, closings
from leaderboard.storage.badges import ShownBadge

KINDS = ("rep-of-the-month", "team-of-the-month", "team-of-the-quarter")
MOST_SHOWN = 6


@dataclass(frozen=True)
class Certificate:
    """What a certificate says. average: points per member, where that decided. named_at: when the period was closed."""

    id: int
    key: str
    scope: str
    name: str
    organisation: str
    period: str
    points: int
    average: Fraction | None
    named_at: datetime


def read_certificate(session: Session, badge_id: int) -> Certificate | None:
    """Return the certificate of a badge; None where there is no such badge, or it is one that has no certificate."""
    connection = session.connection()
    badge = badges.badge_of(connection, badge_id)
    if badge is None or not has_certificate(badge):
        return None
    closing = closings.closing_of(connection, badge.period)
    ground = badge.ground
    return Certificate(
        id=badge.id,
        key=badge.key,
        scope=badge.scope,
        name=badge.name,
        organisation=rule_book(connection).rules.organisation.name,
        period=badge.period,
        points=ground["points"],
        average=average(ground["points"], ground["members"]) if ground.get("by") == "average" else None,
        named_at=badge.earned_at if closing is None else closing.closed_at,
    )


def newest_certificates(session: Session) -> list[ShownBadge]:
    """Return the badges with certificates that were named last, newest first."""
    return badges.newest_of_kinds(session.connection(), KINDS, MOST_SHOWN)


def has_certificate(badge: ShownBadge) -> bool:
    """Tell whether a badge has a certificate: it names a winner, and stands."""
    return badge.key in KINDS and badge.withdrawn_because is None
