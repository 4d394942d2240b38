"""The demo's agreement: signed by both sides, and a draft for the next month that waits for the reader."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from leaderboard.domain.agreement_edits import entry_of, put
from leaderboard.domain.agreement_text import Document
from leaderboard.services.demo_accounts import actor_of
from leaderboard.services.drafting import change_draft, start_draft
from leaderboard.services.rules import rule_book
from leaderboard.services.signing import sign_version
from leaderboard.services.starting import version_text
from leaderboard.services.versions import agreed_versions

DAY = timedelta(days=1)
AT = timedelta(hours=14, minutes=20)
FOLLOW_UP = {
    "key": "first-follow-up",
    "title": "Every accepted lead is followed up within three working days",
    "side": "sales",
    "participant": "member",
    "measure": {"kind": "response_time", "from": ["lead.accepted"], "to": ["lead.followed_up", "lead.converted"]},
    "levels": {"met": "24h", "exceeded": "8h"},
    "points": {"per": "occurrence", "met": 4, "exceeded": 6},
}
SIGNERS = {"sales": "dora", "marketing": "enzo"}


def sign_agreements(session: Session, *, now: datetime) -> None:
    """Let the manager sign each version for sales and the administrator for marketing, some days before it began."""
    for version in agreed_versions(session, now=now):
        starts_at, _ = rule_book(session.connection()).rules.months.bounds(version.agreement.first_month)
        for days, (side, name) in enumerate(SIGNERS.items(), 4):
            by = actor_of(session, name)
            sign_version(session, version.id, side, version.digest, by=by, now=starts_at - days * DAY + AT)


def draft_the_next(session: Session, *, now: datetime) -> None:
    """Draft a third edition, to take effect next month: faster, with a word and a promise more."""
    rules, dora = rule_book(session.connection()).rules, actor_of(session, "dora")
    text = version_text(session, rules.versions[-1].id, rules.months.month_of(now).next.first_day)
    assert text is not None
    draft_id = start_draft(session, text, by=dora, now=now - 2 * DAY)
    change_draft(session, draft_id, 1, _third_edition, by=dora, now=now - DAY)


def _third_edition(tables: Document) -> None:
    tables["agreement"]["title"] = "Lead management SLA, third edition"
    put(tables, "definitions", None, {"word": "SQL", "meaning": "A SAL with a need, a budget and a decider."})
    speed = entry_of(tables, "sla", "speed-to-lead") or {}
    levels = {"title": "Every lead is disposed of within six working hours", "levels": {"met": "6h", "exceeded": "90m"}}
    put(tables, "sla", "speed-to-lead", {**speed, **levels})
    put(tables, "sla", None, FOLLOW_UP)
