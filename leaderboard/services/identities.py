"""Users who sign in with the company's account: found, linked by their e-mail, made, given the role of their groups."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from leaderboard.domain.actors import COMPANY, Actor
from leaderboard.domain.anonymous import fingerprint
from leaderboard.domain.errors import AccountRefused, CompanyRefused
from leaderboard.domain.passwords import make_password
from leaderboard.services.accounts import Limits, check_free, checked_email, hash_password, start_session
from leaderboard.services.company import Company, Identity
from leaderboard.storage import account_lists, accounts, identities, people_changes, trail
from leaderboard.storage.database import DOOR_LOCK, all_or_nothing, begin_write

HIGHEST_FIRST = ("admin", "manager", "rep")


@dataclass(frozen=True)
class Admitted:
    """A session that began. token: for its cookie. keeps_role: against their groups, as the last administrator."""

    token: str
    user_id: int
    email: str
    keeps_role: bool


def admit(session: Session, identity: Identity, company: Company, *, now: datetime, limits: Limits) -> Admitted:
    """Begin a session of whom the company's sign-in names; their account is found, linked or made.

    A user is known by issuer and subject. The first time they are the account that has their verified e-mail, or else
    get one as `company.creates` says. Where groups give roles, theirs is followed each time: with another role all
    their other sessions end. Raises CompanyRefused: `group`, `email`, `domain`, `unknown`, `taken`, `closed`.
    """
    role = role_of(identity, company)
    if role is None and company.requires_group:
        _turn_out(session, identity)
        raise CompanyRefused("group")
    password_hash = hash_password(make_password(), limits.costs) if _is_new(session, identity, company) else ""
    with all_or_nothing(session, DOOR_LOCK):
        connection = session.connection()
        found = _owner(connection, identity) or _link_or_add(connection, identity, company, role, password_hash, now)
        if not found.is_active:
            raise CompanyRefused("closed", f"account {found.id}")
        keeps_role = not _follow(connection, found, role or "rep", now) if company.roles else False
        token = start_session(session, found.id, now, limits)
    return Admitted(token, found.id, found.email, keeps_role)


def role_of(identity: Identity, company: Company) -> str | None:
    """Return the highest role that groups give; None if none gives one."""
    given = {company.roles[group] for group in identity.groups if group in company.roles}
    return next((role for role in HIGHEST_FIRST if role in given), None)


def unlink(session: Session, user_id: int, *, now: datetime, by: Actor) -> None:
    """Let an account be signed in to by another company account; its sessions end. AccountRefused if there is none."""
    with all_or_nothing(session, DOOR_LOCK):
        connection = session.connection()
        found = accounts.account(connection, user_id)
        if found is None:
            raise AccountRefused("missing", "There is no such account; look at the list again.")
        if not identities.identities_of(connection, user_id):
            return
        identities.forget(connection, user_id)
        accounts.end_sessions(connection, user_id)
        trail.note(connection, by, "identity.unlinked", f"user {found.email}", at=now)


def keep_out(connection: Connection, user_id: int) -> None:
    """Keep of the company accounts of somebody who is made anonymous only by what they are not let in again."""
    for each in identities.identities_of(connection, user_id):
        identities.rename(connection, each.issuer, each.subject, fingerprint(each.subject))


def _owner(connection: Connection, identity: Identity) -> Any:
    return identities.owner(connection, identity.issuer, (identity.subject, fingerprint(identity.subject)))


def _is_new(session: Session, identity: Identity, company: Company) -> bool:
    """Tell whether an account may have to be made; looked at before writing begins, since a hash takes its time."""
    connection = session.connection()
    if _owner(connection, identity):
        return False
    return accounts.account_with(connection, _believed_email(identity, company)) is None


def _turn_out(session: Session, identity: Identity) -> None:
    """End the sessions of one who is let in no more."""
    begin_write(session, DOOR_LOCK)
    connection = session.connection()
    if found := _owner(connection, identity):
        accounts.end_sessions(connection, found.id)
    session.commit()


def _link_or_add(
    connection: Connection, identity: Identity, company: Company, role: str | None, password_hash: str, now: datetime
) -> Any:
    """Return the account with the e-mail, made if need be, that the company's account signs in to from now on."""
    email = _believed_email(identity, company)
    found = accounts.account_with(connection, email)
    if found is None:
        _add(connection, email, company, role, password_hash, now)
        found = accounts.account_with(connection, email)
    elif not found.is_active:
        raise CompanyRefused("closed", f"account {found.id}")
    elif any(each.issuer == identity.issuer for each in identities.identities_of(connection, found.id)):
        raise CompanyRefused("taken", f"account {found.id}")  # an e-mail that went to a new colleague
    identities.add(connection, identity.issuer, identity.subject, found.id, now)
    trail.note(connection, COMPANY, "identity.linked", f"user {email}", at=now, after=identity.issuer)
    return found


def _believed_email(identity: Identity, company: Company) -> str:
    if identity.email is None:
        raise CompanyRefused("email")
    try:
        email = checked_email(identity.email)
    except AccountRefused:
        raise CompanyRefused("email", "it is no e-mail address") from None
    if company.domains and email.rpartition("@")[2] not in company.domains:
        raise CompanyRefused("domain")
    return email


def _add(
    connection: Connection, email: str, company: Company, role: str | None, password_hash: str, now: datetime
) -> None:
    """Make an account; nobody knows its password."""
    try:
        check_free(connection, email)
    except AccountRefused:
        raise CompanyRefused("closed", "made anonymous") from None
    is_known = role is not None or people_changes.member_known_as(connection, email) is not None
    if company.creates == "nobody" or (company.creates == "members" and not is_known) or not password_hash:
        raise CompanyRefused("unknown")
    accounts.add_account(connection, email, role or "rep", password_hash, now)
    trail.note(connection, COMPANY, "user.added", f"user {email}", at=now, after=role or "rep")


def _follow(connection: Connection, found: Any, role: str, now: datetime) -> bool:
    """Give an account the role of its groups, and return whether it has that: the last administrator stays one."""
    if found.role == role:
        return True
    if found.role == "admin" and account_lists.count_administrators(connection) == 1:
        return False
    account_lists.change_account(connection, found.id, role=role)
    accounts.end_sessions(connection, found.id)
    trail.note(connection, COMPANY, "role.changed", f"user {found.email}", at=now, before=found.role, after=role)
    return True
