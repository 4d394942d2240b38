"""The files of design §4 as plain records: organisation, agreements, people, events.

Only what the rules need is read; what the product must refuse is not checked again here, but for event
rows.
Where the design is silent:
- An event row is refused when it lacks event_id, occurred_at, type or subject, names an unknown member or
  team, has an amount finer than the minor unit, or a currency that is not the organisation's. An empty
  currency is the organisation's.
- E-mails are compared without regard to case, external ids with regard to it.
- Dates of memberships are midnights in the organisation's time zone. A row without a team gives a member
  without a membership.
- An SLA's `exceeded` may be missing (then nothing is exceeded); points of a level that is not named are 0.
- A `sum` target is in the organisation's currency, not in minor units (the file's money is written so in
  `places`).
- `clock` defaults to "working", `at_least` to 1, `window` to 14 days.
- Keys that the design does not name: `pause`, `resume`, `void_by`, `window`, `credit`.
"""

import csv
import io
import tomllib
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from tests.reference.hours import WEEKDAYS, Calendar, midnight

MINOR_DIGITS = {"JPY": 0, "KRW": 0, "CLP": 0, "PYG": 0, "KWD": 3, "BHD": 3, "TND": 3}
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


@dataclass
class Organisation:
    name: str
    zone: ZoneInfo
    currency: str
    calendar: Calendar
    team_calendars: dict[str, Calendar]

    def calendar_of(self, team: str | None) -> Calendar:
        return self.team_calendars.get(team, self.calendar) if team else self.calendar

    def month_of(self, instant: datetime) -> str:
        return f"{instant.astimezone(self.zone):%Y-%m}"


@dataclass
class Sla:
    key: str
    side: str
    participant: str
    kind: str
    measure: dict
    levels: dict
    points: dict

    def earned(self, level: str) -> int:
        return int(self.points.get(level, 0)) if level in ("met", "exceeded") else 0


@dataclass
class Agreement:
    effective_from: date
    slas: dict[str, Sla]


@dataclass
class Membership:
    email: str
    team: str
    from_on: date
    until_on: date | None
    start: datetime
    end: datetime | None


@dataclass
class Member:
    key: str
    name: str
    side: str
    memberships: list[Membership] = field(default_factory=list)


@dataclass
class People:
    members: dict[str, Member]
    ids: dict[str, str]
    sides: dict[str, str]

    def team_at(self, member: str | None, instant: datetime) -> str | None:
        for m in self.members[member].memberships if member else []:
            if m.start <= instant and (m.end is None or instant < m.end):
                return m.team
        return None

    def team_at_or_before(self, member: str, instant: datetime) -> str | None:
        """P3: the team at that instant, or else the last one before it."""
        earlier = [m for m in self.members[member].memberships if m.start <= instant]
        return max(earlier, key=lambda m: m.start).team if earlier else None


@dataclass
class Event:
    id: str
    at: datetime
    type: str
    subject: str
    member: str | None
    team: str | None
    amount_minor: int | None
    due_at: datetime | None


def duration(text: str) -> timedelta:
    return timedelta(seconds=int(text[:-1]) * SECONDS[text[-1]])


def calendar_from(table: dict, zone: ZoneInfo) -> Calendar:
    return Calendar(
        zone=ZoneInfo(table["time_zone"]) if "time_zone" in table else zone,
        hours={day: table[day] for day in WEEKDAYS if day in table},
        holidays=table.get("holidays"),
        closed=table.get("closed", []),
        open_dates={entry["date"]: entry["hours"] for entry in table.get("open", [])},
    )


def read_organisation(text: str) -> Organisation:
    table = tomllib.loads(text)
    zone = ZoneInfo(table["organisation"]["time_zone"])
    return Organisation(
        name=table["organisation"]["name"],
        zone=zone,
        currency=table["organisation"]["currency"],
        calendar=calendar_from(table["calendar"], zone),
        team_calendars={name: calendar_from(own, zone) for name, own in table.get("team_calendars", {}).items()},
    )


def read_agreement(text: str) -> Agreement:
    table = tomllib.loads(text, parse_float=Decimal)
    slas = {}
    for row in table.get("sla", []):
        kind = row["measure"]["kind"]
        levels = {level: level_target(kind, target) for level, target in row["levels"].items()}
        slas[row["key"]] = Sla(row["key"], row["side"], row["participant"], kind, row["measure"], levels, row["points"])
    return Agreement(table["agreement"]["effective_from"], slas)


def level_target(kind: str, target):
    return duration(target) if kind in ("response_time", "completion") else Decimal(str(target))


def read_people(rows: list[dict], organisation: Organisation) -> People:
    people = People({}, {}, {})
    for row in rows:
        key = row["email"].strip()
        people.ids[key.lower()] = key
        for external in row.get("external_id", "").split(";"):
            if external.strip():
                people.ids[external.strip()] = key
        member = people.members.setdefault(key, Member(key, row["name"], row["side"]))
        if row["team"]:
            people.sides[row["team"]] = row["side"]
            from_on = date.fromisoformat(row["from"])
            until_on = date.fromisoformat(row["until"]) if row["until"] else None
            start, end = (
                midnight(from_on, organisation.zone),
                until_on and midnight(until_on, organisation.zone),
            )
            if end is None or start < end:
                member.memberships.append(Membership(key, row["team"], from_on, until_on, start, end))
    return people


def instant_from(text: str, zone: ZoneInfo) -> datetime:
    """ISO 8601; without an offset in the organisation's time zone, fold=0."""
    read = datetime.fromisoformat(text)
    return (read if read.tzinfo else read.replace(tzinfo=zone, fold=0)).astimezone(UTC)


def minor_units(text: str, currency: str) -> int:
    scaled = Decimal(text).scaleb(MINOR_DIGITS.get(currency, 2))
    if scaled != scaled.to_integral_value():
        raise ValueError(f"{text} is finer than the minor unit of {currency}")
    return int(scaled)


def event_from(row: dict, organisation: Organisation, people: People) -> Event:
    for name in ("event_id", "occurred_at", "type", "subject"):
        if not row.get(name):
            raise ValueError(f"{name} is missing")
    if row.get("currency") and row["currency"] != organisation.currency:
        raise ValueError(f"{row['currency']} is not {organisation.currency}")
    if row.get("team") and row["team"] not in people.sides:
        raise ValueError(f"{row['team']} is unknown")
    member = None
    if row.get("member"):
        member = people.ids.get(row["member"]) or people.ids.get(row["member"].lower())
        if member is None:
            raise ValueError(f"{row['member']} is unknown")
    amount = row.get("amount")
    return Event(
        id=row["event_id"],
        at=instant_from(row["occurred_at"], organisation.zone),
        type=row["type"],
        subject=row["subject"],
        member=member,
        team=row.get("team") or None,
        amount_minor=minor_units(amount, organisation.currency) if amount else None,
        due_at=instant_from(row["due_at"], organisation.zone) if row.get("due_at") else None,
    )


def read_events(rows: list[dict], organisation: Organisation, people: People) -> tuple[list[Event], list[str]]:
    """Return the accepted events in the file's order, each id once, and the refusals; those take no id."""
    events: dict[str, Event] = {}
    refused = []
    for row in rows:
        if row.get("event_id") in events:
            continue
        try:
            event = event_from(row, organisation, people)
        except (ValueError, ArithmeticError) as error:
            refused.append(f"{row.get('event_id')}: {error}")
        else:
            events[event.id] = event
    return list(events.values()), refused


def csv_rows(text: str) -> list[dict]:
    return list(csv.DictReader(io.StringIO(text)))
