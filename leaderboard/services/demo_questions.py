"""The demo's questions about points: one was answered with points, one with a reason, and one waits."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from leaderboard.domain.actors import Actor
from leaderboard.domain.agreement import Level
from leaderboard.services.demo_accounts import actor_of
from leaderboard.services.questions import adjust_for_it, ask, explain_it
from leaderboard.services.results import Result, list_results
from leaderboard.services.rules import rule_book

HOUR = timedelta(hours=1)
ASKED = (
    ("bia", "I called them twice within the hour, but the CRM was down until the afternoon."),
    ("ana", "They asked for a call in two weeks. Should the clock not have been paused?"),
    ("caio", "This one was given to me while I was on holiday."),
)
REASON = "The pause has to be entered before the time is over. It was entered a day later."
GOODWILL = "The CRM was down that day, as its log shows."


def ask_about_points(session: Session, *, now: datetime) -> None:
    """Let each ask about what they missed last; Dora has answered the first two."""
    dora = actor_of(session, "dora")
    for place, (key, text) in enumerate(ASKED):
        by = actor_of(session, key)
        missed = _missed_last(session, by, now)
        if missed is None:
            continue
        question = ask(session, missed, text, by=by, now=now - 6 * HOUR + place * HOUR)
        if place == 0:
            month = rule_book(session.connection()).rules.months.month_of(now).key
            adjust_for_it(session, question, 5, GOODWILL, month, by=dora, now=now - HOUR)
        elif place == 1:
            explain_it(session, question, REASON, by=dora, now=now - HOUR)


def _missed_last(session: Session, by: Actor, now: datetime) -> Result | None:
    """Return what somebody missed last in this month or the one before."""
    month = rule_book(session.connection()).rules.months.month_of(now)
    for each in (month, month.previous):
        found, _ = list_results(session, by.member_id or 0, each, sla=None, level=Level.MISSED, page=1)
        leads = [result for result in found if not result.is_monthly]
        if leads:
            return leads[0]
    return None
