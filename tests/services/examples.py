"""An organisation with people and an agreement, handing files in, and what the database then holds."""

import io
from collections import Counter
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from leaderboard.domain.actors import COMMAND_LINE
from leaderboard.services.agreeing import load_agreement
from leaderboard.services.importing import ImportOptions, ImportReport, import_events
from leaderboard.services.organising import load_organisation
from leaderboard.services.people import load_people
from leaderboard.services.reporting import list_attainments
from leaderboard.storage.tables import AttainmentRow, EventRow, Member, PointEntry, Team, Total

NOW = datetime(2026, 12, 15, 15, tzinfo=UTC)
ORGANISATION = """
[organisation]
name = "Aurora"
time_zone = "America/Sao_Paulo"
currency = "BRL"
[calendar]
monday = ["09:00-12:00", "13:00-18:00"]
tuesday = ["09:00-12:00", "13:00-18:00"]
wednesday = ["09:00-12:00", "13:00-18:00"]
thursday = ["09:00-12:00", "13:00-18:00"]
friday = ["09:00-12:00", "13:00-18:00"]
"""
PEOPLE = """email,name,team,side,from,until,role,external_id
ana@example.com,Ana,North,sales,2026-01-01,,rep,hs-1;sf-1
bia@example.com,Bia,North,sales,2026-01-01,2026-10-15,rep,hs-2
bia@example.com,Bia,South,sales,2026-10-15,,rep,hs-2
caio@example.com,Caio,Leads,marketing,2026-01-01,,manager,
eva@example.com,Eva,South,sales,2026-10-19,,rep,hs-5
"""
HEADER = "event_id,occurred_at,type,subject,member,team,outcome,amount,currency,due_at"


def sla(key: str, measure: str, levels: str, *, participant: str = "member", side: str = "sales", met: int = 5) -> str:
    """Return an [[sla]] that earns `met` points, and twice as many for exceeding."""
    per = "occurrence" if "response_time" in measure or "completion" in measure else "month"
    return f"""
[[sla]]
key = "{key}"
side = "{side}"
participant = "{participant}"
measure = {{ {measure} }}
levels = {{ {levels} }}
points = {{ per = "{per}", met = {met}, exceeded = {2 * met} }}
"""


SPEED = sla(
    "speed",
    'kind = "response_time", from = ["lead.assigned"], to = ["lead.disposed"], void_by = ["lead.reopened"]',
    'met = "8h", exceeded = "1h"',
)
WINS = sla("wins", 'kind = "count", of = ["opportunity.won"]', "met = 2, exceeded = 4", met=100)
PIPELINE = sla("pipeline", 'kind = "sum", of = ["opportunity.won"]', "met = 1000", participant="team", met=200)
ON_TIME = sla("on-time", 'kind = "rate", of_sla = "speed", at_least = 2', "met = 0.5, exceeded = 1.0", met=50)
EVENT_RATE = sla(
    "conversion",
    'kind = "rate", of = ["lead.accepted"], in = ["lead.converted"], at_least = 3',
    "met = 0.5, exceeded = 0.75",
    met=40,
)
TRAINING = sla("training", 'kind = "completion"', 'met = "0s", exceeded = "7d"', met=30)


def agreement(*slas: str, effective_from: str = "2026-01-01") -> str:
    """Return an agreement of these SLAs."""
    return f'[agreement]\ntitle = "A"\neffective_from = {effective_from}\n' + "".join(slas)


def set_up(session: Session, *agreements: str, now: datetime = NOW) -> None:
    """Load the organisation, its people and its agreements."""
    load_organisation(session, ORGANISATION, now=now, by=COMMAND_LINE)
    load_people(session, io.BytesIO(PEOPLE.encode()), now=now, by=COMMAND_LINE)
    for text in agreements or (agreement(SPEED, WINS, PIPELINE, ON_TIME, TRAINING),):
        load_agreement(session, text, now=now, by=COMMAND_LINE)


def csv_of(*lines: str, header: str = HEADER) -> bytes:
    """Return a CSV file; a line lacks the commas of its empty last cells."""
    width = header.count(",")
    return "\n".join([header, *(line + "," * (width - line.count(",")) for line in lines), ""]).encode()


def hand_in(session: Session, content: bytes, *, now: datetime = NOW, **options: Any) -> ImportReport:
    """Import a file of events."""
    return import_events(session, io.BytesIO(content), ImportOptions(**options), now=now, by=COMMAND_LINE)


def log(session: Session, text: str, *, now: datetime = NOW, **options: Any) -> ImportReport:
    """Import lines `MM-DD HH:MM type member [cell=value…]` of 2026; subject L1, the id is the line itself."""
    lines = []
    for line in text.strip().splitlines():
        day, clock, event_type, member, *rest = line.split()
        cells = {"subject": "L1", "due_at": "", "amount": "", "team": ""} | dict(pair.split("=") for pair in rest)
        who = "" if member == "-" else f"{member}@example.com"
        lines.append(
            f"{line.strip()},2026-{day}T{clock},{event_type},{cells['subject']},{who},{cells['team']},,"
            f"{cells['amount']},,{cells['due_at']}"
        )
    return hand_in(session, csv_of(*lines), now=now, **options)


def attained(session: Session, period: str, sla: str | None = None) -> list[tuple[Any, ...]]:
    """Return SLA, participant, level and points of each attainment in a period."""
    rows = list_attainments(session, period, sla)
    return sorted((row["sla"], row["participant"], row["level"], row["points"]) for row in rows)


def ledger(session: Session) -> dict[tuple[Any, ...], int]:
    """Return the ledger's net by member, team and month, without what comes to nothing."""
    rows = session.execute(
        select(Member.key, Team.name, PointEntry.month, PointEntry.points)
        .select_from(PointEntry)
        .outerjoin(Member, Member.id == PointEntry.member_id)
        .outerjoin(Team, Team.id == PointEntry.team_id)
    )
    nets: Counter[tuple[Any, ...]] = Counter()
    for *place, points in rows:
        nets[tuple(place)] += points
    return {place: points for place, points in nets.items() if points}


def entries(session: Session) -> list[tuple[str | None, str | None, str, int, str]]:
    """Return member, team, month, points and reason of the ledger's rows, in the order they were posted."""
    rows = session.execute(
        select(Member.key, Team.name, PointEntry.month, PointEntry.points, PointEntry.reason)
        .select_from(PointEntry)
        .outerjoin(Member, Member.id == PointEntry.member_id)
        .outerjoin(Team, Team.id == PointEntry.team_id)
        .order_by(PointEntry.id)
    )
    return [tuple(row) for row in rows]


def state(session: Session) -> dict[str, Any]:
    """Return all that scoring comes to: attainments, the ledger's net for each, and totals."""
    net = select(PointEntry.attainment_id, func.sum(PointEntry.points).label("net")).group_by(PointEntry.attainment_id)
    nets = net.subquery()
    columns = [column for column in AttainmentRow.__table__.columns if column.name != "id"]
    attainments = session.execute(
        select(*columns, func.coalesce(nets.c.net, 0))
        .outerjoin(nets, nets.c.attainment_id == AttainmentRow.id)
        .where(AttainmentRow.level != "none")
    )
    totals = session.execute(
        select(Total.period, Total.scope, Total.participant_id, Total.points, Total.met, Total.exceeded, Total.missed)
    )
    return {
        "attainments": {tuple(int(each) if hasattr(each, "as_tuple") else each for each in row) for row in attainments},
        "ledger": ledger(session),
        "totals": {tuple(row) for row in totals},
    }


def count(session: Session, table: type = EventRow) -> int:
    """Return how many rows a table has."""
    return session.execute(select(func.count()).select_from(table)).scalar_one()
