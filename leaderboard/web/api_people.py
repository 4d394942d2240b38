"""People for programs: listed, and loaded as the people file is."""

import re
from typing import Any

from leaderboard.domain.errors import Refused
from leaderboard.services.listing import list_people
from leaderboard.services.people import COLUMNS, load_people_rows
from leaderboard.services.reading import FileRow
from leaderboard.web.api_answers import People, PeopleLoaded
from leaderboard.web.api_bodies import JSON, json_of, text_of
from leaderboard.web.api_models import PeopleQuery, PeopleSent, PersonRow
from leaderboard.web.api_operations import Answer, Call, operation, read_sent
from leaderboard.web.api_pages import address_of_next, place_of
from leaderboard.web.api_problems import Problem

PLACE = re.compile(r"line (\d+)(?:, column (\w+))?: (.*)")
FIELDS = {"external_id": "external_ids"}


@operation("GET", "/people", tag="people", query=PeopleQuery, answer=People)
def people(call: Call) -> Answer:
    """List people, with their teams and ids.

    An administrator sees all, a manager those of the teams that they answer for, a rep themselves.
    """
    after = place_of(call.query.cursor, (int,), call.filters)
    asked: Any = {"team": call.query.team, "now": call.now, "after": after, "limit": call.query.limit}
    items, following = list_people(call.session, call.scope(), call.bearer.member_id, **asked)
    return People.model_validate({"items": items, "next": address_of_next(following, call.filters, call.query.limit)})


@operation(
    "POST",
    "/people",
    tag="people",
    scope="people:write",
    takes={JSON: PeopleSent},
    answer=PeopleLoaded,
    problems=("under-way", "key-reused"),
    has_key=True,
)
def load_people(call: Call) -> Answer:
    """Add people, or change them: all that is sent or, if a row is wrong, nothing.

    It is what a people file does: the memberships of a member who is named become those that are sent, and members who
    are not named stay as they are. Teams that are not known are added. What rests on it is scored again.
    """
    sent: PeopleSent = read_sent(PeopleSent, json_of(text_of(call.body)))
    rows = [FileRow(number, _cells(row), None) for number, row in enumerate(sent.people, 1)]
    try:
        report = load_people_rows(call.session, rows, now=call.now, by=call.bearer.actor)
    except Refused as error:
        raise _refused(str(error)) from None
    return PeopleLoaded(rows=report.rows, members=report.members, teams=report.teams)


def _cells(row: PersonRow) -> list[str]:
    """Return a person as a row of the file: services.people.COLUMNS."""
    values = row.model_dump(by_alias=True)
    values["external_id"] = ";".join(row.external_ids)
    return [values[name] or "" for name in COLUMNS]


def _refused(sentences: str) -> Problem:
    """Return the problem of rows that cannot be taken, each with its place in the body."""
    errors = []
    for sentence in sentences.split("\n"):
        if place := PLACE.fullmatch(sentence):
            column = place[2] and FIELDS.get(place[2], place[2])
            where = f"/people/{int(place[1]) - 1}" + (f"/{column}" if column else "")
            errors.append({"where": where, "detail": place[3]})
    told = f"{errors[0]['where']}: {errors[0]['detail']}" if errors else sentences
    return Problem("refused", told, errors=errors)
