"""Everything that names a person, handed out as one file: a ZIP of JSON and tables."""

import csv
import io
import json
import zipfile
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from leaderboard.domain.actors import Actor
from leaderboard.domain.errors import Refused
from leaderboard.domain.shown import safe_cell
from leaderboard.services.accounts import token_key
from leaderboard.services.rules import known_rules
from leaderboard.storage import account_lists, mentions, people, people_changes, personal_data, trail
from leaderboard.storage.database import DOOR_LOCK, all_or_nothing, begin_snapshot

JSON_NAME = "personal-data.json"
Sets = dict[str, list[dict[str, Any]]]
"""Rows of plain values by the name of the set that they belong to."""


def hand_out(
    session: Session, *, member_id: int | None = None, user_id: int | None = None, now: datetime, by: Actor
) -> bytes:
    """Return a ZIP of all that names a member and their accounts, or an account alone, and note that it was handed out.

    In it: JSON_NAME with every set, and a CSV for each set that is not empty. Refused if there is no such person.
    """
    begin_snapshot(session)
    found = data_of(session.connection(), member_id=member_id, user_id=user_id)
    with all_or_nothing(session, DOOR_LOCK):  # only now: reading can take seconds, and nobody need wait for it
        connection, after = session.connection(), f"{sum(map(len, found.values()))} rows"
        trail.note(connection, by, "data.exported", _about(connection, member_id, user_id), at=now, after=after)
    return _zipped(found, now)


def data_of(connection: Connection, *, member_id: int | None = None, user_id: int | None = None) -> Sets:
    """Return all that names a person, by sets. member_id: with all their accounts; user_id: of an account alone."""
    found: Sets = {}
    names: list[str] = []
    user_ids = [] if user_id is None else [user_id]
    if member_id is not None:
        for name, rows in personal_data.of_member(connection, member_id):
            found[name] = list(map(_plain, rows))
        names += _known_as(connection, member_id)
        user_ids += [each.id for each in account_lists.accounts_of(connection, [member_id])]
    for each in user_ids:
        email = account_lists.account(connection, each).email
        names.append(email)
        for name, rows in personal_data.of_account(connection, each, token_key(email)):
            found.setdefault(name, []).extend(map(_plain, rows))
    names = list(dict.fromkeys(names))
    found["agreement_drafts"] = list(map(_plain, personal_data.drafts_of(connection, names)))
    found["audit_trail"] = list(map(_plain, personal_data.audit_of(connection, user_ids, names)))
    found["payroll"] = _payroll_lines(connection, set(names))
    found["webhook_deliveries"] = list(map(_plain, mentions.deliveries_naming(connection, names)))
    found["events_that_wait"] = mentions.parked_naming(connection, names)
    return _without_anonymous(connection, found)


def _without_anonymous(connection: Connection, found: Sets) -> Sets:
    """Return rows without the e-mails of others who were made anonymous: who gave points, answered, decided."""
    book = known_rules(connection)
    if book is None or not book.anonymous:
        return found
    return {
        name: [
            {column: book.masked(each) if isinstance(each, str) else each for column, each in row.items()}
            for row in rows
        ]
        for name, rows in found.items()
    }


def _known_as(connection: Connection, member_id: int) -> list[str]:
    row = people.member(connection, member_id)
    if row is None:
        raise Refused("There is no such person; look at the list again.")
    return [row.key, *([row.email] if row.email else []), *people_changes.ids_of(connection, member_id)]


def _about(connection: Connection, member_id: int | None, user_id: int | None) -> str:
    if member_id is not None:
        return f"member {people.member(connection, member_id).key}"
    assert user_id is not None
    return f"user {account_lists.account(connection, user_id).email}"


def _payroll_lines(connection: Connection, names: set[str]) -> list[dict[str, Any]]:
    """Return the lines of the files for payroll that name somebody."""
    found = []
    for number, document in personal_data.payroll_documents(connection):
        for line in csv.DictReader(io.StringIO(document)):
            if names.intersection(str(each) for each in line.values()):
                found.append({"export": number, **{str(name): value for name, value in line.items()}})
    return found


def _plain(row: Any) -> dict[str, Any]:
    return {name: _text(value) for name, value in row._mapping.items()}


def _text(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return value.isoformat() if isinstance(value, date) else value


def _zipped(found: Sets, now: datetime) -> bytes:
    content = io.BytesIO()
    told = {"made_at": _text(now), **found}
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(JSON_NAME, json.dumps(told, ensure_ascii=False, indent=1))
        for name, rows in found.items():
            if rows:
                archive.writestr(f"{name}.csv", _csv(rows))
    return content.getvalue()


def _csv(rows: Sequence[dict[str, Any]]) -> str:
    text = io.StringIO(newline="")
    columns = list(dict.fromkeys(name for row in rows for name in row))
    writer = csv.writer(text)
    writer.writerow(columns)
    for row in rows:
        writer.writerow([safe_cell(row.get(name)) for name in columns])
    return text.getvalue()
