"""The people file as it would be written by hand: what services/people.py reads, from what is stored."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy.orm import Session

from leaderboard.domain.people import is_email
from leaderboard.services.rules import rule_book
from leaderboard.storage import account_lists, people_changes


def people_rows(session: Session) -> Iterator[list[Any]]:
    """Yield the memberships of all people as services.people.COLUMNS, by name, the oldest first.

    Those who belonged nowhere have no row, and neither have those without an e-mail: the file names people by it, and
    whom it does not name stays as they are.
    """
    connection = session.connection()
    book = rule_book(connection)
    ids: dict[int, list[str]] = {}
    for each in people_changes.ids_by_member(connection):
        ids.setdefault(each.member_id, []).append(each.external_id)
    roles = {each.member_id: each.role for each in account_lists.linked_accounts(connection)}
    for member_id in book.by_name:
        key, name = book.members[member_id]
        if not is_email(key):
            continue
        for each in book.rules.membership.by_member.get(member_id, ()):
            team = book.rules.teams[each.team_id]
            until = each.until and each.until.isoformat()
            external = ";".join(ids.get(member_id, ()))
            yield [
                key,
                name,
                team.name,
                team.side,
                each.starts_on.isoformat(),
                until,
                roles.get(member_id, ""),
                external,
            ]
