"""Whether anything has fallen due, asked every minute: it only reads, so that a quiet look disturbs nobody."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from leaderboard.domain.agreement import Level
from leaderboard.domain.rules import Rules
from leaderboard.domain.scoring import score_subject
from leaderboard.services.rules import rule_book
from leaderboard.services.scoring import SUBJECTS_A_CHUNK
from leaderboard.storage import attainments, events, jobs, waiting


def has_fallen_due(session: Session, *, now: datetime) -> bool:
    """Tell whether scoring at `now` would find a deadline missed, an event that lay ahead, or a month to decide.

    A deadline may be over and the clock not missed: from closing time to the next opening nobody is late (C3).
    """
    connection = session.connection()
    due = jobs.what_is_due(connection, now)
    if due.wake_ups or due.months:
        return True
    if not due.deadlines:
        return False
    rules, subjects = rule_book(connection).rules, waiting.due_subjects(connection, now)
    parts = (subjects[start : start + SUBJECTS_A_CHUNK] for start in range(0, len(subjects), SUBJECTS_A_CHUNK))
    return any(_is_any_decided(connection, rules, part, now) for part in parts)


def _is_any_decided(connection: Connection, rules: Rules, subjects: Sequence[str], now: datetime) -> bool:
    theirs = events.events_of(connection, subjects)
    pending = {
        each.identity
        for subject in subjects
        for each in score_subject(rules, subject, theirs.get(subject, []), now).attainments
        if each.level is Level.PENDING
    }
    stored = (each for _, each in attainments.attainments_of(connection, subjects) if each.level is Level.PENDING)
    return any(each.identity not in pending for each in stored)
