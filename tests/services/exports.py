"""Exports of CRMs through the mappings that are part of the product, and what is stored of them then."""

import io
from datetime import UTC, datetime

from sqlalchemy import select

from leaderboard.domain.actors import COMMAND_LINE
from leaderboard.services.mappings import mapping_file, read_mapping, recognise
from leaderboard.services.people import load_people
from leaderboard.services.sheets import open_rows
from leaderboard.storage.tables import EventRow, Member
from tests.services.examples import NOW, hand_in, set_up

PEOPLE = """email,name,team,side,from,until,role,external_id
rui@example.com,Rui Alves,North,sales,2020-01-01,,rep,Rui Alves;44023296;0055f00000AbCdE
eva@example.com,Eva Lima,North,sales,2020-01-01,,rep,Eva Lima;42972304;0055f00000XyZwV
ze@example.com,José Conceição,North,sales,2020-01-01,,rep,José Conceição
"""


def people(session):
    """Return the session with an organisation and the people whom the exports name."""
    set_up(session)
    load_people(session, io.BytesIO(PEOPLE.encode()), now=NOW, by=COMMAND_LINE)
    return session


def take(session, name, content, **options):
    """Import through a built-in mapping; return the report and what is stored, in order of time and id."""
    raw = content if isinstance(content, bytes) else content.encode()
    report = hand_in(session, raw, mapping=read_mapping(mapping_file(name)), **options)
    rows = session.execute(
        select(
            EventRow.subject, EventRow.type, EventRow.occurred_at, Member.name, EventRow.outcome, EventRow.amount_minor
        )
        .outerjoin(Member, Member.id == EventRow.member_id)
        .order_by(EventRow.occurred_at, EventRow.event_id)
    )
    return report, [tuple(row) for row in rows]


def take_as_it_is(session, name, content, **options):
    """As take, for a file that nobody says anything of: it must be recognised, and no row be refused."""
    raw = content if isinstance(content, bytes) else content.encode()
    assert recognise(open_rows(io.BytesIO(raw), "export").header) == name
    report, found = take(session, name, raw, **options)
    assert report.refusals == []
    return report, found


def at(day, clock="00:00"):
    """Return an instant of March 2026 in São Paulo, three hours behind UTC."""
    hour, *rest = map(int, clock.split(":"))
    return datetime(2026, 3, day, hour + 3, *rest, tzinfo=UTC)
