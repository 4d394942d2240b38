"""Queries of e-mails: who gets some, which are made, and which wait to be sent."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, delete, exists, insert, literal, select, update

from leaderboard.storage.accounts_tables import ManagerTeam, UserAccount
from leaderboard.storage.bulk import insert_rows
from leaderboard.storage.database import to_micros
from leaderboard.storage.mail_tables import CalendarFeed, Mail, MailRefusal, MailRound

COLUMNS = ("user_id", "kind", "occasion", "document", "state", "tries", "created_at", "next_try_at")
WAITING, SENDING, SENT, FAILED, DROPPED = "waiting", "sending", "sent", "failed", "dropped"


class NewMail(NamedTuple):
    """An e-mail to be made."""

    user_id: int
    kind: str
    occasion: str
    document: str


def add_mails(connection: Connection, mails: Sequence[NewMail], now: datetime) -> int:
    """Store e-mails that wait to be sent, and return how many; one that was made before is left as it is."""
    at = to_micros(now)
    rows = [(*each, WAITING, 0, at, at) for each in mails]
    return insert_rows(connection, Mail.__tablename__, COLUMNS, rows, "(user_id, kind, occasion) DO NOTHING")


def begin_round(connection: Connection, kind: str, occasion: str, now: datetime) -> bool:
    """Note that the e-mails of an occasion are made; tell whether nobody has made them before."""
    row = (kind, occasion, to_micros(now))
    return insert_rows(connection, MailRound.__tablename__, ("kind", "occasion", "made_at"), [row], "DO NOTHING") == 1


def rounds_made(connection: Connection, kind: str, occasions: Collection[str]) -> set[str]:
    """Return those of some occasions whose e-mails are made."""
    query = select(MailRound.occasion).where(MailRound.kind == kind, MailRound.occasion.in_(occasions))
    return set(connection.execute(query).scalars())


def _is_refused(kind: ColumnElement[str]) -> ColumnElement[bool]:
    return exists().where(MailRefusal.user_id == UserAccount.id, MailRefusal.kind == kind)


def members_readers(connection: Connection, kind: str, member_ids: Sequence[int]) -> Sequence[Any]:
    """Return id and member_id of the accounts of some members who sign in and want this kind of e-mail."""
    query = select(UserAccount.id, UserAccount.member_id).where(
        UserAccount.is_active == 1, ~_is_refused(literal(kind)), UserAccount.member_id.in_(member_ids)
    )
    return connection.execute(query.order_by(UserAccount.id)).all()


def managers_readers(connection: Connection, kind: str) -> Sequence[Any]:
    """Return id, role, member_id, teams_seen and team_id of managers and administrators who want this kind.

    Each once for each team that was given to them (team_id), or once without one.
    """
    columns = (UserAccount.id, UserAccount.role, UserAccount.member_id, UserAccount.teams_seen, ManagerTeam.team_id)
    query = select(*columns).outerjoin(ManagerTeam, ManagerTeam.user_id == UserAccount.id)
    where = (UserAccount.is_active == 1, UserAccount.role.in_(("manager", "admin")), ~_is_refused(literal(kind)))
    return connection.execute(query.where(*where).order_by(UserAccount.id)).all()


def ready(connection: Connection, now: datetime, limit: int) -> Sequence[Any]:
    """Return e-mails that wait for being sent, the longest first, or whose sending ended in between.

    Each with its reader's email, language and is_active, and whether they want no more of its kind (is_refused).
    """
    state = Mail.state.in_([literal(each, literal_execute=True) for each in (WAITING, SENDING)])
    columns = (UserAccount.email, UserAccount.language, UserAccount.is_active)
    query = select(*Mail.__table__.c, *columns, _is_refused(Mail.kind.expression).label("is_refused"))
    query = query.join(UserAccount, UserAccount.id == Mail.user_id).where(state, Mail.next_try_at <= now)
    return connection.execute(query.order_by(Mail.next_try_at, Mail.id).limit(limit)).all()


def change(connection: Connection, mail_id: int, before: str, **values: Any) -> bool:
    """Store values of an e-mail; tell whether it still was in the state before."""
    query = update(Mail).where(Mail.id == mail_id, Mail.state == before)
    return connection.execute(query.values(**values)).rowcount == 1


def newest_of(connection: Connection, user_id: int, limit: int) -> Sequence[Any]:
    """Return kind, state, told, created_at and sent_at of the e-mails to somebody, the newest first."""
    columns = (Mail.kind, Mail.state, Mail.told, Mail.created_at, Mail.sent_at)
    return connection.execute(
        select(*columns).where(Mail.user_id == user_id).order_by(Mail.created_at.desc(), Mail.id.desc()).limit(limit)
    ).all()


def refused_kinds(connection: Connection, user_id: int) -> set[str]:
    """Return the kinds of e-mail that somebody wants no more."""
    return set(connection.execute(select(MailRefusal.kind).where(MailRefusal.user_id == user_id)).scalars())


def refuse(connection: Connection, user_id: int, kinds: Collection[str], now: datetime) -> None:
    """Note which kinds somebody wants no more, beside those before."""
    rows = [(user_id, kind, to_micros(now)) for kind in sorted(kinds)]
    insert_rows(connection, MailRefusal.__tablename__, ("user_id", "kind", "refused_at"), rows, "DO NOTHING")


def want(connection: Connection, user_id: int, kinds: Collection[str]) -> None:
    """Note which kinds somebody wants again."""
    connection.execute(delete(MailRefusal).where(MailRefusal.user_id == user_id, MailRefusal.kind.in_(kinds)))


def feed_of(connection: Connection, user_id: int) -> datetime | None:
    """Return since when somebody has a calendar, None if they have none."""
    return connection.execute(select(CalendarFeed.created_at).where(CalendarFeed.user_id == user_id)).scalar()


def reader_of_feed(connection: Connection, key: str) -> Any:
    """Return member_id and language of the account whose calendar has a key; None if it is closed."""
    query = select(UserAccount.member_id, UserAccount.language).join(
        CalendarFeed, CalendarFeed.user_id == UserAccount.id
    )
    return connection.execute(query.where(CalendarFeed.key == key, UserAccount.is_active == 1)).first()


def put_feed(connection: Connection, user_id: int, key: str | None, now: datetime) -> bool:
    """Give somebody's calendar a new key, or take it away; tell whether they had one."""
    had = connection.execute(delete(CalendarFeed).where(CalendarFeed.user_id == user_id)).rowcount == 1
    if key is not None:
        connection.execute(insert(CalendarFeed).values(user_id=user_id, key=key, created_at=now))
    return had


def forget_of(connection: Connection, user_id: int) -> None:
    """Delete what is kept of somebody's e-mails, choices and calendar."""
    for table in (Mail, MailRefusal, CalendarFeed):
        connection.execute(delete(table).where(table.user_id == user_id))


def forget_old(connection: Connection, until: datetime) -> int:
    """Delete e-mails and rounds from before an instant; return how many e-mails."""
    connection.execute(delete(MailRound).where(MailRound.made_at < until))
    done = Mail.state.in_((SENT, FAILED, DROPPED))
    return connection.execute(delete(Mail).where(Mail.created_at < until, done)).rowcount


def email_of(connection: Connection, user_id: int) -> str | None:
    """Return the e-mail of an account that signs in; None if there is none."""
    query = select(UserAccount.email).where(UserAccount.id == user_id, UserAccount.is_active == 1)
    return connection.execute(query).scalar()
