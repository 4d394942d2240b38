"""Queries of all that names one person, for the person or whoever they ask."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, or_, select, update

from leaderboard.storage.accounts_tables import ApiToken, ManagerTeam, SignInAttempt, UserAccount, UserSession
from leaderboard.storage.agreement_tables import AgreementDraft, AgreementSignature
from leaderboard.storage.bonus_tables import AwardShare, BonusAward, BonusQuestion, PayrollExport
from leaderboard.storage.closing_tables import BadgeRow, BadgeRun, CorrectionRow
from leaderboard.storage.compliance_tables import ReadinessReport
from leaderboard.storage.connection_tables import Hook, HookTarget
from leaderboard.storage.display_tables import DisplayChoice, DisplayRow
from leaderboard.storage.mail_tables import CalendarFeed, Mail, MailRefusal, UserIdentity
from leaderboard.storage.tables import (
    AttainmentRow,
    EventImport,
    EventRow,
    ExternalId,
    Member,
    MembershipRow,
    PointEntry,
    Team,
    Total,
)
from leaderboard.storage.trail_tables import AdjustmentRow, AuditEntry, JobRun, PointQuestion
from leaderboard.storage.upload_tables import KeptMapping, Upload, UploadPart

RENAMED = (
    AgreementDraft.created_by,
    AgreementDraft.changed_by,
    AgreementDraft.proposed_by,
    DisplayRow.paired_by,
    DisplayRow.revoked_by,
    EventImport.imported_by,
    EventImport.undone_by,
    KeptMapping.created_by,
    Hook.created_by,
    HookTarget.created_by,
    JobRun.by,
)
SECRET = {"password_hash", "key", "account", "document", "digest"}  # what proves who somebody is, or is not theirs


def has_unsettled_award(connection: Connection, member_id: int) -> bool:
    """Tell whether a member shares in an award that is proposed or approved, but not paid."""
    query = select(BonusAward.id).join(AwardShare, AwardShare.award_id == BonusAward.id)
    where = (AwardShare.member_id == member_id, BonusAward.status.in_(("proposed", "approved")))
    return connection.execute(query.where(*where).limit(1)).first() is not None


def of_member(connection: Connection, member_id: int) -> Iterator[tuple[str, Sequence[Any]]]:
    """Yield what is stored of a member, as names of sets and their rows; each set in the order it came about."""
    is_theirs: dict[Any, Any] = {"scope": "member", "participant_id": member_id}
    yield "person", _rows(connection, Member, Member.id == member_id, keeping={"key"})
    yield "ids", _rows(connection, ExternalId, ExternalId.member_id == member_id)
    query = select(MembershipRow.starts_on, MembershipRow.until, Team.name.label("team"), Team.side)
    yield "memberships", _all(connection, query.join(Team).where(MembershipRow.member_id == member_id))
    yield "events", _rows(connection, EventRow, EventRow.member_id == member_id)
    yield "results", _rows(connection, AttainmentRow, *_equal(AttainmentRow, is_theirs))
    yield "points", _rows(connection, PointEntry, PointEntry.member_id == member_id)
    yield "standings", _rows(connection, Total, *_equal(Total, is_theirs))
    yield "corrections", _rows(connection, CorrectionRow, *_equal(CorrectionRow, is_theirs))
    yield "badges", _rows(connection, BadgeRow, *_equal(BadgeRow, is_theirs), keeping={"key"})
    yield "rows_in_time", _rows(connection, BadgeRun, BadgeRun.member_id == member_id)
    yield "adjustments", _rows(connection, AdjustmentRow, AdjustmentRow.member_id == member_id)
    yield "questions", _rows(connection, PointQuestion, PointQuestion.member_id == member_id)
    yield "bonuses", _rows(connection, BonusAward, *_equal(BonusAward, is_theirs))
    query = select(BonusAward.period, BonusAward.programme, BonusAward.status, *AwardShare.__table__.c)
    yield "bonus_shares", _all(connection, query.join(BonusAward).where(AwardShare.member_id == member_id))
    yield "display_choices", _rows(connection, DisplayChoice, DisplayChoice.member_id == member_id)


def of_account(connection: Connection, user_id: int, account_key: str) -> Iterator[tuple[str, Sequence[Any]]]:
    """Yield what is stored of an account; no password, no token. account_key: of attempts to sign in to it."""
    yield "account", _rows(connection, UserAccount, UserAccount.id == user_id)
    query = select(Team.name.label("team")).join(ManagerTeam, ManagerTeam.team_id == Team.id)
    yield "account_teams", _all(connection, query.where(ManagerTeam.user_id == user_id))
    yield "sessions", _rows(connection, UserSession, UserSession.user_id == user_id)
    yield "failed_sign_ins", _rows(connection, SignInAttempt, SignInAttempt.account == account_key)
    yield "api_tokens", _rows(connection, ApiToken, ApiToken.user_id == user_id)
    yield "company_accounts", _rows(connection, UserIdentity, UserIdentity.user_id == user_id)
    yield "bonus_questions", _rows(connection, BonusQuestion, BonusQuestion.user_id == user_id)
    yield "questions_asked", _rows(connection, PointQuestion, PointQuestion.user_id == user_id)
    yield "adjustments_made", _rows(connection, AdjustmentRow, AdjustmentRow.user_id == user_id)
    yield "emails", _rows(connection, Mail, Mail.user_id == user_id, keeping={"document"})
    yield "emails_not_wanted", _rows(connection, MailRefusal, MailRefusal.user_id == user_id)
    yield "calendar", _rows(connection, CalendarFeed, CalendarFeed.user_id == user_id)
    files = select(Upload.file_name, Upload.size, Upload.state, Upload.created_at, Upload.changed_at)
    yield "files_handed_in", _all(connection, files.where(Upload.user_id == user_id).order_by(Upload.id))
    yield "signatures", _rows(connection, AgreementSignature, AgreementSignature.user_id == user_id)


def audit_of(connection: Connection, user_ids: Sequence[int], names: Sequence[str]) -> Sequence[Any]:
    """Return the audit entries by some accounts and about somebody. names: e-mails, and keys of members."""
    abouts = [f"{kind} {name}" for name in names for kind in ("user", "member")]
    where = or_(AuditEntry.user_id.in_(user_ids), AuditEntry.actor.in_(names), AuditEntry.about.in_(abouts))
    return _rows(connection, AuditEntry, where)


def drafts_of(connection: Connection, emails: Sequence[str]) -> Sequence[Any]:
    """Return the drafts of agreements that somebody began, changed or proposed."""
    draft = AgreementDraft
    where = or_(*(column.in_(emails) for column in (draft.created_by, draft.changed_by, draft.proposed_by)))
    return _rows(connection, draft, where)


def payroll_documents(connection: Connection) -> Iterator[tuple[int, str]]:
    """Yield number and content of the files for payroll."""
    for row in connection.execute(select(PayrollExport.id, PayrollExport.document).order_by(PayrollExport.id)):
        yield row.id, row.document


def rename_actor(connection: Connection, emails: Sequence[str], name: str) -> None:
    """Write another name for who did something wherever that may change, and forget the reports that may name them.

    What is checked against the audit trail stays as it is there.
    """
    for column in RENAMED:
        connection.execute(update(column.class_).where(column.in_(emails)).values({column.key: name}))
    connection.execute(delete(ReadinessReport))  # its examples; the next look makes it anew
    over = select(Upload.id).where(Upload.state.in_(("done", "failed")))  # rows that were refused name people
    connection.execute(delete(UploadPart).where(UploadPart.upload_id.in_(over)))
    connection.execute(delete(Upload).where(Upload.state.in_(("done", "failed"))))


def rename_in_runs(connection: Connection, member_id: int, name: str) -> None:
    """Write another name into what is told of closes: their runs name reps of the month and quarter."""
    query = select(Total.name).where(Total.scope == "member", Total.participant_id == member_id).distinct()
    known = [re.escape(each) for each in connection.execute(query).scalars()]
    named = re.compile(rf"(?<=[:,] )({'|'.join(known)})(?=[,;]|$)") if known else None
    for row in connection.execute(select(JobRun.id, JobRun.told).where(JobRun.job == "close")).all():
        told = row.told if named is None else named.sub(lambda _: name, row.told)
        if told != row.told:
            connection.execute(update(JobRun).where(JobRun.id == row.id).values(told=told))


def _equal(table: Any, values: dict[str, Any]) -> list[ColumnElement[bool]]:
    return [getattr(table, name) == value for name, value in values.items()]


def _rows(
    connection: Connection, table: Any, *where: ColumnElement[bool], keeping: set[str] | None = None
) -> Sequence[Any]:
    """Return rows of a table without its secrets; keeping: columns that are none here."""
    hidden = SECRET - (keeping or set())
    columns = [column for column in table.__table__.c if column.name not in hidden]
    return _all(connection, select(*columns).where(*where).order_by(*table.__table__.primary_key.columns))


def _all(connection: Connection, query: Any) -> Sequence[Any]:
    return connection.execute(query).all()
