"""Editing teams: adding one, and giving one another name."""

from datetime import datetime

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from leaderboard.domain.actors import Actor
from leaderboard.domain.agreement import SIDES
from leaderboard.domain.errors import PersonRefused
from leaderboard.domain.organisation_file import parse_organisation
from leaderboard.domain.organisation_text import organisation_text, with_team_renamed
from leaderboard.domain.shown import quoted
from leaderboard.services.people_editing import checked_name, open_periods
from leaderboard.services.rules import rule_book
from leaderboard.storage import people, people_changes, trail
from leaderboard.storage.database import all_or_nothing


def add_team(session: Session, name: str, side: str, *, now: datetime, by: Actor) -> int:
    """Add a team and return its id; PersonRefused for a name that is taken or none, or what is no side."""
    if side not in SIDES:
        raise PersonRefused("side", f"{quoted(side)} is not a side; expected sales or marketing.")
    name = checked_name(name)
    with all_or_nothing(session):
        connection = session.connection()
        _check_free(connection, name, None)
        team_id = people.add_team(connection, name, side)
        people.raise_rules_version(connection)
        trail.note(connection, by, "team.added", f"team {name}", at=now, after=side)
    return team_id


def rename_team(session: Session, team_id: int, name: str, *, now: datetime, by: Actor) -> None:
    """Give a team another name, its calendar too; boards of closed periods keep the one that they were closed with.

    Files that name the team must use the new name from then on. Raises PersonRefused.
    """
    with all_or_nothing(session):
        connection = session.connection()
        book = rule_book(connection)
        team = book.rules.teams.get(team_id)
        if team is None:
            raise PersonRefused("missing", "There is no such team; look at the list again.")
        name = checked_name(name)
        if name == team.name:
            return
        _check_free(connection, name, team_id)
        people_changes.rename_team(connection, team_id, name)
        people_changes.rename(connection, "team", team_id, name, open_periods(book))
        _rename_calendar(connection, team.name, name)
        people.raise_rules_version(connection)
        trail.note(connection, by, "team.renamed", f"team {name}", at=now, before=team.name, after=name)


def _rename_calendar(connection: Connection, old: str, new: str) -> None:
    """Keep a team's calendar its own: the organisation's file names it by the team's name."""
    document = people.organisation_document(connection)
    assert document is not None
    before = parse_organisation(document)
    after = with_team_renamed(before, old, new)
    if after is not before:
        people_changes.write_document(connection, organisation_text(after))


def _check_free(connection: Connection, name: str, team_id: int | None) -> None:
    others = [each for known_id, each, _ in people.teams(connection) if known_id != team_id]
    if name.casefold() in map(str.casefold, others):
        raise PersonRefused("team-taken", f"There is a team {quoted(name)} already; choose another name.")
