"""Handing a file in as the browser does, and letting the scheduler's job import it."""

import io
from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from leaderboard.domain.actors import COMMAND_LINE, Actor
from leaderboard.services import upload_runs, uploads
from leaderboard.services.accounts import add_user
from leaderboard.services.import_reports import read_report
from leaderboard.services.importing import ImportReport
from leaderboard.services.upload_starting import Choice, start_import
from leaderboard.services.upload_streams import refused_parts
from leaderboard.storage.accounts_tables import UserAccount
from tests.services.examples import NOW
from tests.web.door import CHEAP

OURS = Choice(None, "crm", None)


def enzo(session: Session) -> Actor:
    """Return an administrator, who is added if need be."""
    query = select(UserAccount.id).where(UserAccount.email == "enzo@example.com")
    if (user_id := session.execute(query).scalar()) is None:
        how = {"password": "a-long-password-of-enzo", "now": NOW, "by": COMMAND_LINE, "costs": CHEAP}
        add_user(session, email="enzo@example.com", role="admin", **how)
        user_id = session.execute(query).scalar_one()
    session.rollback()
    return Actor("enzo@example.com", user_id)


def arrive(session: Session, content: bytes, name: str = "leads.csv", *, now: datetime = NOW) -> int:
    """Hand a file in, and return its id."""
    return uploads.take_file(session, name, io.BytesIO(content), by=enzo(session), now=now)


def run(
    session: Session,
    upload_id: int,
    choice: Choice = OURS,
    *,
    is_dry_run: bool = False,
    now: datetime = NOW,
    is_stopping: Callable[[], bool] = lambda: False,
) -> ImportReport:
    """Start an import, let the job work, and return the report."""
    start_import(session, upload_id, choice, is_dry_run=is_dry_run, by=enzo(session), now=now)
    list(upload_runs.run_waiting(session, now=now, is_stopping=is_stopping))
    return report_of(session, upload_id)


def report_of(session: Session, upload_id: int) -> ImportReport:
    """Return what is told of a file so far."""
    return read_report(found(session, upload_id).report)


def found(session: Session, upload_id: int) -> Any:
    """Return a file that came in."""
    row = uploads.find_upload(session, upload_id)
    session.rollback()
    return row


def refused_file(session: Session, upload_id: int) -> bytes:
    """Return the file of refused rows."""
    return b"".join(refused_parts(session, upload_id))
