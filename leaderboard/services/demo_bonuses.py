"""The demo's bonuses: the manager has decided on those of the year, all but the latest, which wait for the reader."""

from collections import defaultdict
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from leaderboard.domain.actors import Actor
from leaderboard.services.asking import ask
from leaderboard.services.deciding import approve, mark_paid
from leaderboard.services.demo_accounts import actor_of
from leaderboard.services.demo_people import MAIL
from leaderboard.services.exporting import create_export, mark_export_paid
from leaderboard.storage import awards, closings

DORA = Actor(f"dora@{MAIL}")
ENZO = Actor(f"enzo@{MAIL}")  # what goes to payroll is of all teams
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
QUESTION = "Does a win count that was signed on the last evening of the quarter, but entered the morning after?"


def decide_on_bonuses(session: Session, *, now: datetime) -> None:
    """Approve, export and pay what was won before the latest month and quarter, each some days after its window."""
    latest = {closing.kind: closing.period for closing in closings.all_closings(session.connection())}
    waiting = defaultdict(list)
    for row in awards.awards(session.connection(), status="proposed"):
        if row.period not in latest.values() and row.decidable_at + 6 * DAY <= now:
            waiting[row.decidable_at].append(row)
    for decidable_at, rows in sorted(waiting.items()):
        approve(session, [row.id for row in rows], by=DORA, now=decidable_at + 4 * HOUR)
        gifts = [row.id for row in rows if row.prize is not None]
        if gifts:
            mark_paid(session, gifts, by=DORA, now=decidable_at + 5 * DAY)
        if len(gifts) < len(rows):
            number = create_export(session, by=ENZO, now=decidable_at + DAY)
            mark_export_paid(session, number, by=ENZO, now=decidable_at + 5 * DAY)


def ask_about_a_bonus(session: Session) -> None:
    """Let Bia ask about a team's award that waits, on the day after it was proposed."""
    found = [row for row in awards.awards(session.connection(), status="proposed") if row.scope == "team"][:1]
    for row in found:
        ask(session, row.id, QUESTION, by=actor_of(session, "bia"), now=row.proposed_at + DAY)
