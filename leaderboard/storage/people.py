"""Queries of the organisation, its agreements, teams, members and memberships."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from leaderboard.domain.people import Membership
from leaderboard.storage.bonus_tables import BonusAward
from leaderboard.storage.display_tables import Screens
from leaderboard.storage.tables import (
    AgreementVersion,
    EventRow,
    ExternalId,
    Member,
    MembershipRow,
    OrganisationRow,
    Team,
)


def organisation_document(connection: Connection) -> str | None:
    """Return the organisation's file as it was loaded, or None."""
    return connection.execute(select(OrganisationRow.document)).scalar()


def organisation_as_loaded(connection: Connection) -> tuple[str | None, datetime | None]:
    """Return the organisation's file and when it was loaded, or nothing of both."""
    row = connection.execute(select(OrganisationRow.document, OrganisationRow.loaded_at)).first()
    return (None, None) if row is None else (row.document, row.loaded_at)


def rules_version(connection: Connection) -> int | None:
    """Return the version of the rules, or None while there is no organisation."""
    return connection.execute(select(OrganisationRow.rules_version)).scalar()


def versions(connection: Connection) -> Any:
    """Return the versions of the scores, the rules and the screens, or None while there is no organisation."""
    screens = func.coalesce(select(Screens.version).scalar_subquery(), 0)
    return connection.execute(select(OrganisationRow.scores_version, OrganisationRow.rules_version, screens)).first()


def raise_rules_version(connection: Connection) -> None:
    """Tell every process that organisation, people, agreements or open months have changed."""
    connection.execute(
        update(OrganisationRow).values(
            rules_version=OrganisationRow.rules_version + 1, scores_version=OrganisationRow.scores_version + 1
        )
    )


def agreement_documents(connection: Connection) -> list[tuple[int, str]]:
    """Return id and file of each agreement version, by the day it takes effect."""
    rows = connection.execute(
        select(AgreementVersion.id, AgreementVersion.document).order_by(AgreementVersion.effective_from)
    )
    return [(row.id, row.document) for row in rows]


def teams(connection: Connection) -> list[tuple[int, str, str]]:
    """Return id, name and side of each team, by name."""
    rows = connection.execute(select(Team.id, Team.name, Team.side).order_by(Team.name))
    return [(row.id, row.name, row.side) for row in rows]


def members(connection: Connection) -> list[tuple[int, str, str | None, str]]:
    """Return id, key, e-mail and name of each member."""
    rows = connection.execute(select(Member.id, Member.key, Member.email, Member.name))
    return [(row.id, row.key, row.email, row.name) for row in rows]


def member(connection: Connection, member_id: int) -> Any:
    """Return id, key, e-mail, name and anonymised_at of a member, or None."""
    columns = (Member.id, Member.key, Member.email, Member.name, Member.anonymised_at)
    return connection.execute(select(*columns).where(Member.id == member_id)).first()


def external_ids(connection: Connection) -> dict[str, int]:
    """Return the member of each external id."""
    rows = connection.execute(select(ExternalId.external_id, ExternalId.member_id))
    return {row.external_id: row.member_id for row in rows}


def memberships(connection: Connection) -> list[Membership]:
    """Return all memberships."""
    rows = connection.execute(
        select(MembershipRow.member_id, MembershipRow.team_id, MembershipRow.starts_on, MembershipRow.until)
    )
    return [Membership(row.member_id, row.team_id, row.starts_on, row.until) for row in rows]


def has_amounts(connection: Connection) -> bool:
    """Tell whether any event carries an amount, or a bonus was proposed."""
    amounts = select(EventRow.id).where(EventRow.amount_minor.is_not(None)).limit(1)
    return any(connection.execute(each).first() is not None for each in (amounts, select(BonusAward.id).limit(1)))


def write_organisation(connection: Connection, name: str, document: str, now: datetime) -> None:
    """Store the organisation's file."""
    changed = connection.execute(update(OrganisationRow).values(name=name, document=document, loaded_at=now)).rowcount
    if changed:
        raise_rules_version(connection)
        return
    connection.execute(
        insert(OrganisationRow).values(
            id=1,
            name=name,
            document=document,
            loaded_at=now,
            rules_version=1,
            scores_version=1,
            next_attainment_id=1,
        )
    )


def write_agreement(connection: Connection, effective_from: date, title: str, document: str, now: datetime) -> None:
    """Store a version of the agreement, over the one that takes effect on the same day."""
    values = {"title": title, "document": document, "loaded_at": now}
    same = AgreementVersion.effective_from == effective_from
    if not connection.execute(update(AgreementVersion).where(same).values(**values)).rowcount:
        connection.execute(insert(AgreementVersion).values(effective_from=effective_from, **values))
    raise_rules_version(connection)


def agreement_versions(connection: Connection) -> list[tuple[date, str, str]]:
    """Return day of effect, title and file of each version, by that day."""
    rows = connection.execute(
        select(AgreementVersion.effective_from, AgreementVersion.title, AgreementVersion.document).order_by(
            AgreementVersion.effective_from
        )
    )
    return [(row.effective_from, row.title, row.document) for row in rows]


def add_team(connection: Connection, name: str, side: str) -> int:
    """Store a team and return its id."""
    return connection.execute(insert(Team).values(name=name, side=side).returning(Team.id)).scalar_one()


def change_side(connection: Connection, team_id: int, side: str) -> None:
    """Put a team on the other side."""
    connection.execute(update(Team).where(Team.id == team_id).values(side=side))


def add_member(connection: Connection, key: str, email: str | None, name: str) -> int:
    """Store a member and return their id."""
    return connection.execute(insert(Member).values(key=key, email=email, name=name).returning(Member.id)).scalar_one()


def change_member(connection: Connection, member_id: int, key: str, email: str, name: str) -> None:
    """Store a member's e-mail and name."""
    connection.execute(update(Member).where(Member.id == member_id).values(key=key, email=email, name=name))


def add_external_ids(connection: Connection, rows: Sequence[tuple[str, int]]) -> None:
    """Store ids by which CRMs know members."""
    if rows:
        connection.execute(
            insert(ExternalId),
            [{"external_id": external_id, "member_id": member_id} for external_id, member_id in rows],
        )


def replace_memberships(connection: Connection, member_ids: Sequence[int], rows: Sequence[Membership]) -> None:
    """Store the memberships of some members in place of those they had."""
    for start in range(0, len(member_ids), 500):
        connection.execute(delete(MembershipRow).where(MembershipRow.member_id.in_(member_ids[start : start + 500])))
    if rows:
        connection.execute(
            insert(MembershipRow),
            [
                {
                    "member_id": each.member_id,
                    "team_id": each.team_id,
                    "starts_on": each.starts_on,
                    "until": each.until,
                }
                for each in rows
            ],
        )
