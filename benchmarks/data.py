"""A made-up sales organisation and its leads, the same on every run."""

import csv
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from leaderboard.domain.inbound import COLUMNS

MEMBERS, TEAMS = 200, 10
START, DAYS = datetime(2025, 7, 1, tzinfo=UTC), 365
NOW = datetime(2026, 7, 15, 12, tzinfo=UTC)
SOURCE = "crm"
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
holidays = "BR-SP"
"""
AGREEMENT = """
[agreement]
title = "Lead management SLA"
effective_from = 2025-01-01

[[sla]]
key = "speed-to-lead"
title = "Every new lead is disposed of within one working day"
side = "sales"
participant = "member"
measure = { kind = "response_time", from = ["lead.assigned"], to = ["lead.disposed"], clock = "working" }
levels = { met = "8h", exceeded = "1h" }
points = { per = "occurrence", met = 5, exceeded = 10 }

[[sla]]
key = "on-time-rate"
title = "80 % of leads disposed of in time"
side = "sales"
participant = "member"
measure = { kind = "rate", of_sla = "speed-to-lead", at_least = 10 }
levels = { met = 0.8, exceeded = 0.95 }
points = { per = "month", met = 100, exceeded = 150 }

[[sla]]
key = "leads-disposed"
title = "2,000 leads a month"
side = "sales"
participant = "team"
measure = { kind = "count", of = ["lead.disposed"] }
levels = { met = 2000, exceeded = 4000 }
points = { per = "month", met = 200, exceeded = 300 }
"""


def email(member: int) -> str:
    """Return the address of a member, numbered from 0."""
    return f"rep{member:03d}@example.com"


def people_csv(members: int = MEMBERS) -> str:
    """Return so many members, spread evenly over the teams."""
    rows = [
        f"{email(number)},Rep {number:03d},Team {number % TEAMS},sales,2025-01-01,,rep," for number in range(members)
    ]
    return "\n".join(["email,name,team,side,from,until,role,external_id", *rows, ""])


def lead_events(leads: int) -> Iterator[tuple[str, datetime, str, str, str, str]]:
    """Yield id, instant, type, subject, member and outcome of two events a lead, by instant.

    Most leads are disposed of within hours, some within days: a log-normal spread with a median of three hours.
    """
    chance = Random(2)
    events = []
    for number in range(leads):
        at = START + timedelta(seconds=chance.randrange(DAYS * 86_400))
        member, subject = email(chance.randrange(MEMBERS)), f"lead-{number + 1}"
        done = at + timedelta(seconds=int(chance.lognormvariate(9.3, 1.5)))
        outcome = chance.choice(("qualified", "disqualified", "recycled"))
        events.append((at, "lead.assigned", subject, member, ""))
        events.append((done, "lead.disposed", subject, member, outcome))
    events.sort()
    for number, (at, event_type, subject, member, outcome) in enumerate(events, 1):
        yield f"evt-{number}", at, event_type, subject, member, outcome


def write_lead_events(path: Path, leads: int) -> None:
    """Write the events as a file to import."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for event_id, at, event_type, subject, member, outcome in lead_events(leads):
            writer.writerow([event_id, at.isoformat(), event_type, subject, member, "", outcome, "", "", ""])
