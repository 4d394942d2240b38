"""Signing: a draft is proposed, one person of each side signs it, and with the second signature it is agreed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from leaderboard.domain.actors import Actor
from leaderboard.domain.agreement import SIDES, Agreement
from leaderboard.domain.errors import AgreementRefused, DraftRefused
from leaderboard.services.agreeing import check_not_closed, put_in_force
from leaderboard.services.drafting import Draft, about, in_short, read_draft, to_change
from leaderboard.services.rules import rule_book
from leaderboard.services.scopes import Reach, reach_of
from leaderboard.storage import accounts, agreements, trail
from leaderboard.storage.database import DOOR_LOCK, all_or_nothing


@dataclass(frozen=True)
class Signature:
    """That somebody signed a document for a side."""

    side: str
    user_id: int
    name: str
    signed_at: datetime


def sides_of(session: Session, user_id: int, *, now: datetime) -> frozenset[str]:
    """Return the sides for which a user may sign today: those of the team they belong to and the teams given to them.

    A manager of all teams may sign for either, and so may an administrator who belongs to neither; a rep for none.
    """
    connection = session.connection()
    rows = accounts.teams_answered_for(connection, user_id)
    if not rows or rows[0].role == "rep" or not rows[0].is_active:
        return frozenset()
    rules = rule_book(connection).rules
    team_ids = {row.team_id for row in rows}
    if rows[0].member_id is not None:
        team_ids.add(rules.membership.team_at(rows[0].member_id, now))
    sides = frozenset(rules.teams[team_id].side for team_id in team_ids if team_id in rules.teams)
    reach = reach_of(rows[0].role, rows[0].teams_seen, rows[0].member_id)
    is_free = reach is Reach.ALL if rows[0].role == "manager" else not sides
    return frozenset(SIDES) if is_free else sides


def signatures_under(session: Session, *digests: str) -> dict[str, dict[str, Signature]]:
    """Return the signatures under some documents: by digest, then by side."""
    found: dict[str, dict[str, Signature]] = {digest: {} for digest in digests}
    for row in agreements.signatures(session.connection(), digests):
        found[row.digest][row.side] = Signature(row.side, row.user_id, row.name, row.signed_at)
    return found


def propose(session: Session, draft_id: int, revision: int, *, by: Actor, now: datetime) -> None:
    """Let a draft wait for its signatures: it does not change any more.

    Raises DraftRefused as change_draft does, or with `same`; AgreementRefused when its month has been closed.
    """
    with all_or_nothing(session, DOOR_LOCK):
        connection = session.connection()
        draft = to_change(session, draft_id, revision)
        others = [each.document for each in agreements.drafts(connection, ["proposed"], 100)]
        if draft.document in (*others, *(each.document for each in agreements.versions(connection))):
            raise DraftRefused("same")
        check_not_closed(session, draft.agreement())
        values: dict[str, Any] = {"state": "proposed", "proposed_at": now, "proposed_by": by.name}
        if not agreements.change_draft(connection, draft_id, ["draft"], by.name, now, revision=revision, **values):
            raise DraftRefused("stale")
        after = in_short(draft.title, draft.document)
        trail.note(connection, by, "draft.proposed", about(draft_id), at=now, after=after)


def take_back(session: Session, draft_id: int, *, by: Actor, now: datetime, why: str | None = None) -> None:
    """Make a proposal a draft again, which may be changed; whoever has signed it signs the next one anew.

    why: the reason, for the audit trail. Raises DraftRefused: `gone` or `waiting`.
    """
    with all_or_nothing(session, DOOR_LOCK):
        connection = session.connection()
        draft = _proposed(session, draft_id)
        values: dict[str, Any] = {"state": "draft", "proposed_at": None, "proposed_by": None}
        if not agreements.change_draft(connection, draft_id, ["proposed"], by.name, now, **values):
            raise DraftRefused("waiting")
        if draft.document not in (each.document for each in agreements.versions(connection)):
            agreements.remove_signatures(connection, draft.digest)
        before = in_short(draft.title, draft.document)
        trail.note(connection, by, "draft.taken-back", about(draft_id), at=now, before=before, why=why)


def sign(session: Session, draft_id: int, side: str, digest: str, *, by: Actor, now: datetime) -> Agreement | None:
    """Sign a proposal for a side; return the agreement if both sides have signed: then it is loaded, all in one.

    digest: of the document that the signer has read. Raises DraftRefused, and then nothing is signed; AgreementRefused
    when it cannot take effect any more: then it is a draft again, so that its month can be changed.
    """
    try:
        with all_or_nothing(session):
            return _sign(session, draft_id, side, digest, by, now)
    except AgreementRefused as error:
        take_back(session, draft_id, by=by, now=now, why=str(error))
        raise


def sign_version(session: Session, version_id: int, side: str, digest: str, *, by: Actor, now: datetime) -> None:
    """Sign a version that was loaded as a file, for a side. Raises DraftRefused as sign does."""
    with all_or_nothing(session, DOOR_LOCK):
        connection = session.connection()
        found = next((each for each in agreements.versions(connection) if each.id == version_id), None)
        if found is None:
            raise DraftRefused("gone")
        if trail.whole_digest(found.document) != digest:
            raise DraftRefused("stale")
        _add_signature(session, side, digest, by, now)
        named = f"agreement {found.effective_from}"
        trail.note(connection, by, "agreement.signed", named, at=now, after=_signed(side, found.title, found.document))


def _sign(session: Session, draft_id: int, side: str, digest: str, by: Actor, now: datetime) -> Agreement | None:
    connection = session.connection()
    draft = _proposed(session, draft_id)
    if draft.digest != digest:
        raise DraftRefused("stale")
    if not agreements.change_draft(connection, draft_id, ["proposed"], by.name, now):
        raise DraftRefused("waiting")
    signed = _add_signature(session, side, digest, by, now)
    after = _signed(side, draft.title, draft.document)
    trail.note(connection, by, "agreement.signed", about(draft_id), at=now, after=after)
    if signed != set(SIDES):
        return None
    agreement = put_in_force(session, draft.document, now=now, by=by)
    version_id = _version_of(connection, agreement)
    agreements.change_draft(connection, draft_id, ["proposed"], by.name, now, state="in_force", version_id=version_id)
    return agreement


def _add_signature(session: Session, side: str, digest: str, by: Actor, now: datetime) -> set[str]:
    """Store a signature and return the sides that have signed by then."""
    assert by.user_id is not None
    given = signatures_under(session, digest)[digest]
    if side in given:
        raise DraftRefused("signed")
    if side not in sides_of(session, by.user_id, now=now):
        raise DraftRefused("side")
    if any(each.user_id == by.user_id for each in given.values()):
        raise DraftRefused("twice")
    connection = session.connection()
    known = rule_book(connection).members.get(by.member_id or 0)
    agreements.add_signature(connection, digest, side, by.user_id, known[1] if known else by.name, now)
    return {side, *given}


def _proposed(session: Session, draft_id: int) -> Draft:
    draft = read_draft(session, draft_id)
    if draft is None:
        raise DraftRefused("gone")
    if draft.state != "proposed":
        raise DraftRefused("waiting")
    return draft


def _version_of(connection: Connection, agreement: Agreement) -> int:
    return next(
        int(each.id) for each in agreements.versions(connection) if each.effective_from == agreement.effective_from
    )


def _signed(side: str, title: str, document: str) -> str:
    return f"{side}; {in_short(title, document)}"
