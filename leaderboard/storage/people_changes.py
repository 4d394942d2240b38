"""Queries of single people and teams as they are edited: their ids, names, and where those stand."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update

from leaderboard.domain.anonymous import PREFIX, fingerprint
from leaderboard.domain.standings import sort_key
from leaderboard.storage.tables import ExternalId, Member, OrganisationRow, Team, Total


def not_anonymous() -> ColumnElement[bool]:
    """Return what tells the ids by which CRMs know members from what is kept of those who were made anonymous."""
    return ExternalId.external_id.not_like(f"{PREFIX}%")


def ids_of(connection: Connection, member_id: int) -> list[str]:
    """Return the ids by which CRMs know a member, in order."""
    query = select(ExternalId.external_id).where(ExternalId.member_id == member_id, not_anonymous())
    return list(connection.execute(query.order_by(ExternalId.external_id)).scalars())


def ids_by_member(connection: Connection) -> Sequence[Any]:
    """Return external_id and member_id of all ids, in order."""
    query = select(ExternalId.external_id, ExternalId.member_id).where(not_anonymous())
    return connection.execute(query.order_by(ExternalId.member_id, ExternalId.external_id)).all()


def member_of_id(connection: Connection, external_id: str) -> int | None:
    """Return the member that an id names, or None."""
    return connection.execute(select(ExternalId.member_id).where(ExternalId.external_id == external_id)).scalar()


def was_anonymised(connection: Connection, text: str) -> bool:
    """Tell whether an e-mail or id is that of somebody who was made anonymous."""
    return member_of_id(connection, fingerprint(text)) is not None


def add_id(connection: Connection, external_id: str, member_id: int) -> None:
    """Store an id by which a CRM knows a member."""
    connection.execute(insert(ExternalId).values(external_id=external_id, member_id=member_id))


def forget_id(connection: Connection, external_id: str) -> None:
    """Delete an id."""
    connection.execute(delete(ExternalId).where(ExternalId.external_id == external_id))


def member_known_as(connection: Connection, text: str) -> Any:
    """Return id, key and anonymised_at of the member whose key or e-mail a text is, or None."""
    columns = (Member.id, Member.key, Member.anonymised_at)
    return connection.execute(select(*columns).where((Member.key == text) | (Member.email == text))).first()


def change_member(connection: Connection, member_id: int, **values: Any) -> None:
    """Store values of a member."""
    connection.execute(update(Member).where(Member.id == member_id).values(**values))


def rename(connection: Connection, scope: str, participant: int, name: str, periods: Collection[str]) -> None:
    """Show a member or team under another name on the boards of some periods."""
    whose = (Total.period.in_(periods), Total.scope == scope, Total.participant_id == participant)
    connection.execute(update(Total).where(*whose).values(name=name, sort_key=sort_key(name)))


def rename_team(connection: Connection, team_id: int, name: str) -> None:
    """Store a team's name."""
    connection.execute(update(Team).where(Team.id == team_id).values(name=name))


def write_document(connection: Connection, document: str) -> None:
    """Store the organisation's file where nothing that decides a score has changed."""
    connection.execute(update(OrganisationRow).values(document=document))
