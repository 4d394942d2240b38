"""Random organisations and CRM logs from a seed, with instants that like to fall on boundaries.

`generate(seed)` returns the texts and rows that a user would hand in, and the instant to evaluate them at.
"""

import csv
import io
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from tests.reference.hours import DAY, WEEKDAYS, due_and_over, midnight
from tests.reference.inputs import Organisation, duration, read_organisation

EVENT_COLUMNS = [
    "event_id", "occurred_at", "type", "subject", "member", "team", "outcome", "amount", "currency", "due_at"
]  # fmt: skip
PEOPLE_COLUMNS = ["email", "name", "team", "side", "from", "until", "role", "external_id"]

# (zone, holidays, currency, first month): each three months around a change of the clocks, both ways
SCENES = [
    ("America/Sao_Paulo", "BR-SP", "BRL", date(2018, 10, 1)),  # midnight of 4 November does not exist
    ("America/Sao_Paulo", "BR", "BRL", date(2018, 1, 1)),
    ("America/New_York", "US-NY", "USD", date(2025, 10, 1)),
    ("America/New_York", "US", "USD", date(2026, 2, 1)),
    ("Europe/Berlin", "DE-BY", "EUR", date(2026, 3, 1)),
    ("Europe/Berlin", None, "EUR", date(2025, 9, 1)),
    ("Asia/Tokyo", "JP", "JPY", date(2025, 12, 1)),
    ("Australia/Lord_Howe", "AU-NSW", "AUD", date(2026, 3, 1)),  # changes by half an hour
]
OTHER_ZONES = ["America/New_York", "Europe/Berlin", "Asia/Kolkata", "America/Sao_Paulo", "Australia/Sydney"]
SHIFTS = [
    ["09:00-12:00", "13:00-18:00"], ["08:30-17:15"], ["22:00-06:00"], ["06:00-14:00", "22:00-03:30"],
    ["00:30-02:30", "10:00-11:00"], ["18:00-02:00"], ["02:30-09:00"], ["10:00-10:45"], ["00:00-24:00"], [],
]  # fmt: skip
TEAMS = [
    ("North", "sales"),
    ("South", "sales"),
    ("New York", "sales"),
    ("Leads", "marketing"),
    ("Brand", "marketing"),
]
TARGETS = ["30m", "1h", "90m", "4h", "8h", "1d", "45s", "20h"]
ID_STARTS = ["e", "E", "z", "10", "9", "_", "-", "é", "a b"]


@dataclass
class Log:
    """What a user hands in, and when it is looked at."""

    seed: int
    organisation: str
    agreements: list[str]
    people: list[dict]
    events: list[dict]
    as_of: datetime

    def people_csv(self) -> str:
        return csv_text(PEOPLE_COLUMNS, self.people)

    def events_csv(self) -> str:
        return csv_text(EVENT_COLUMNS, self.events)


def csv_text(columns: list[str], rows: list[dict]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def generate(seed: int, subjects: int = 60) -> Log:
    """Return the log of that seed; the same seed gives the same log."""
    random = Random(seed)
    zone, holidays, currency, first = SCENES[seed % len(SCENES)]
    organisation = organisation_toml(random, zone, holidays, currency, first)
    read = read_organisation(organisation)
    months = [first, next_month(first), next_month(next_month(first))]
    people = people_rows(random, months)
    agreements = agreement_versions(random, months, currency)
    start, end = midnight(first, read.zone), midnight(next_month(months[-1]), read.zone)
    as_of = random.choice(
        [end + 5 * DAY, end, end - timedelta(days=random.randint(3, 40), minutes=random.randint(0, 1440))]
    )
    maker = EventMaker(random, read, people, start, end)
    for number in range(subjects):
        maker.subject_log(f"L{number}")
    rows = [row for row in maker.rows if datetime.fromisoformat(row["_at"]) <= as_of or random.random() < 0.3]
    return Log(seed, organisation, agreements, people, mixed(random, rows), as_of)


def next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=31)).replace(day=1)


# The organisation's files


def quoted(values: list[str]) -> str:
    return "[" + ", ".join(f'"{value}"' for value in values) + "]"


def calendar_toml(random: Random, table: str, zone: str | None, holidays: str | None, first: date) -> str:
    style = random.choice(["office", "office", "mixed", "nights"])
    lines = [f"[{table}]"] + ([f'time_zone = "{zone}"'] if zone else [])
    for number, day in enumerate(WEEKDAYS):
        office = SHIFTS[0] if number < 5 else []
        hours = office if style == "office" else ["22:00-06:00"] if style == "nights" else random.choice(SHIFTS)
        lines += [f"{day} = {quoted(hours)}"] if hours else []
    if len(lines) < 3:
        lines.append('monday = ["09:00-17:00"]' if "monday" not in " ".join(lines) else 'friday = ["09:00-17:00"]')
    lines += [f'holidays = "{holidays}"'] if holidays else []
    closed = sorted({first + timedelta(days=random.randrange(90)) for _ in range(random.randint(0, 4))})
    lines.append("closed = [" + ", ".join(map(str, closed)) + "]")
    extra = {first + timedelta(days=random.randrange(90)) for _ in range(random.randint(0, 3))} | set(closed[:1])
    for day in sorted(extra):
        lines += [f"[[{table}.open]]", f"date = {day}", f"hours = {quoted(random.choice(SHIFTS[:-1]))}"]
    return "\n".join(lines) + "\n"


def organisation_toml(random: Random, zone: str, holidays: str | None, currency: str, first: date) -> str:
    text = f'[organisation]\nname = "Aurora"\ntime_zone = "{zone}"\ncurrency = "{currency}"\nlanguage = "en"\n'
    text += calendar_toml(random, "calendar", None, holidays, first)
    for team in random.sample(["North", "New York", "Leads", "Brand"], random.randint(1, 3)):
        own_zone = random.choice([None, *OTHER_ZONES])
        own_holidays = random.choice([None, "US-NY", "DE-BY", "BR-SP"])
        text += calendar_toml(random, f'team_calendars."{team}"', own_zone, own_holidays, first)
    return text


def people_rows(random: Random, months: list[date]) -> list[dict]:
    rows = []
    early = months[0] - timedelta(days=40)
    for number in range(10):
        teams = random.sample(TEAMS, 3)
        day = random.choice(
            [early, early, early, months[0], months[1], months[0] + timedelta(days=random.randrange(70))]
        )
        for team, side in teams[: random.choice([1, 1, 1, 2, 3])]:
            until = day + timedelta(days=random.randint(1, 60)) if random.random() < 0.5 else None
            rows.append(person(number, team, side, day, until))
            if until is None:
                break
            day = until + timedelta(days=random.choice([0, 0, 0, 5]))
        else:
            if random.random() < 0.6:
                rows[-1]["until"] = ""
    return rows


def person(number: int, team: str, side: str, day: date, until: date | None) -> dict:
    return {
        "email": f"m{number}@example.org", "name": f"Member {number}", "team": team, "side": side,
        "from": str(day), "until": str(until or ""), "role": "rep", "external_id": f"x{number};crm-{number}",
    }  # fmt: skip


def sla_toml(key: str, side: str, participant: str, measure: str, levels: str, per: str, met: int) -> str:
    return (
        f'[[sla]]\nkey = "{key}"\ntitle = "{key}"\nside = "{side}"\nparticipant = "{participant}"\n'
        f"measure = {{ {measure} }}\nlevels = {{ {levels} }}\n"
        f'points = {{ per = "{per}", met = {met}, exceeded = {2 * met} }}\n'
    )


def clock_levels(random: Random) -> str:
    exceeded, met = sorted(random.sample(TARGETS, 2), key=duration)
    return f'met = "{met}", exceeded = "{exceeded}"'


def clock_measure(random: Random, credit: str) -> str:
    starts = random.choice(['["lead.assigned"]', '["lead.assigned", "lead.accepted"]'])
    clock = random.choice(["working", "working", "elapsed"])
    text = f'kind = "response_time", from = {starts}, to = ["lead.disposed"]'
    text += f', clock = "{clock}", credit = "{credit}"'
    if random.random() < 0.8:
        text += ', pause = ["lead.on_hold"], resume = ["lead.off_hold"]'
    return text + (', void_by = ["lead.reopened"]' if random.random() < 0.8 else "")


def agreement_versions(random: Random, months: list[date], currency: str) -> list[str]:
    texts = []
    for effective in (months[0], random.choice(months[1:])):
        text = f'[agreement]\ntitle = "A"\neffective_from = {effective}\n'
        for participant in ("member", "team"):
            for credit in ("owner", "closer"):
                key = f"{participant}-{credit}"
                measure, levels = clock_measure(random, credit), clock_levels(random)
                text += sla_toml(key, "sales", participant, measure, levels, "occurrence", random.randint(1, 20))
            text += monthly_toml(random, participant, currency)
        texts.append(text)
    return texts


def monthly_toml(random: Random, who: str, currency: str) -> str:
    least = random.randint(1, 4)
    low = random.randint(1, 9)
    amount = random.choice([100, 250, 1000])
    side = random.choice(["sales", "marketing"])
    rate_of_sla = f'kind = "rate", of_sla = "{who}-{random.choice(["owner", "closer"])}", at_least = {least}'
    rate_in = f'kind = "rate", of = ["lead.assigned"], in = ["lead.converted"], at_least = {least}'
    return (
        sla_toml(f"{who}-on-time", "sales", who, rate_of_sla, "met = 0.5, exceeded = 0.9", "month", 50)
        + sla_toml(f"{who}-convert", "sales", who, rate_in, "met = 0.25, exceeded = 0.6", "month", 30)
        + sla_toml(
            f"{who}-count", side, who, 'kind = "count", of = ["lead.converted", "lead.accepted"]',
            f"met = {low}, exceeded = {low + random.randint(1, 5)}", "month", 40,
        )
        + sla_toml(
            f"{who}-sum", side, who, 'kind = "sum", of = ["opportunity.won"]',
            f"met = {amount}, exceeded = {3 * amount}", "month", 60,
        )
        + sla_toml(
            f"{who}-training", side, who, 'kind = "completion"',
            'met = "0s", exceeded = "2d"', "occurrence", 7,
        )
    )  # fmt: skip


# The events


class EventMaker:
    """Writes one subject's life after another."""

    def __init__(self, random: Random, organisation: Organisation, people: list[dict], start, end):
        self.random, self.organisation, self.people = random, organisation, people
        self.start, self.end = start, end
        self.rows: list[dict] = []
        self.last_from: datetime | None = None

    def subject_log(self, subject: str) -> None:
        at = self.boundary_near(self.start + self.random.random() * (self.end - self.start))
        self.last_from = at
        self.add(
            subject,
            at,
            self.random.choice(["lead.received", "lead.assigned", "lead.assigned", "lead.disposed"]),
        )
        for _ in range(self.random.choice([1, 2, 3, 4, 6, 9, 14])):
            at = self.later(at)
            kind = self.random.choices(
                ["lead.assigned", "lead.accepted", "lead.on_hold", "lead.off_hold", "lead.disposed",
                 "lead.reopened", "lead.converted", "opportunity.won", "task.assigned",
                 "task.completed", "note.written"],
                [6, 2, 3, 3, 6, 2, 2, 2, 1, 1, 1],
            )[0]  # fmt: skip
            self.add(subject, at, kind)
            if kind == "lead.assigned":
                self.last_from = at

    def boundary_near(self, at: datetime) -> datetime:
        """Return often an opening or closing instant near `at`, or a month's first instant."""
        dice = self.random.random()
        if dice < 0.05:
            local = at.astimezone(self.organisation.zone).date()
            return midnight(local.replace(day=1), self.organisation.zone)
        if dice < 0.5:
            calendar = self.random.choice([self.organisation.calendar, *self.organisation.team_calendars.values()])
            edges = [edge for span in calendar.open_between(at, at + 4 * DAY) for edge in span]
            return self.random.choice(edges[:6]) if edges else at
        return self.rounded(at)

    def rounded(self, at: datetime) -> datetime:
        dice = self.random.random()
        if dice < 0.6:
            return at.replace(second=0, microsecond=0)
        return at.replace(microsecond=self.random.choice([0, 1000 * (at.microsecond // 1000), at.microsecond]))

    def later(self, at: datetime) -> datetime:
        dice = self.random.random()
        if dice < 0.15:
            return at
        if dice < 0.3:
            return self.due_like(at)
        if dice < 0.5:
            return max(at, self.boundary_near(at + timedelta(hours=self.random.random() * 30)))
        if dice < 0.55:
            return at + timedelta(days=14, microseconds=self.random.choice([-1, 0, 0, 1]))
        hours = self.random.choice([0.1, 1, 5, 20, 100, 500])
        return self.rounded(at + timedelta(hours=self.random.random() * hours, minutes=1))

    def due_like(self, at: datetime) -> datetime:
        """Return an instant at which a clock started at the last `from` event is due or over, or nearly."""
        calendar = self.random.choice(
            [
                None,
                self.organisation.calendar,
                self.organisation.calendar,
                *self.organisation.team_calendars.values(),
            ]
        )
        due, over = due_and_over(calendar, [], self.last_from or at, duration(self.random.choice(TARGETS)))
        chosen = self.random.choice([due, due, over]) or at
        return max(at, chosen + timedelta(microseconds=self.random.choice([-1, 0, 0, 0, 1, 1000000])))

    def add(self, subject: str, at: datetime, kind: str) -> None:
        number = len(self.rows)
        row = {
            "event_id": f"{self.random.choice(ID_STARTS)}{self.random.randrange(1000)}-{number}",
            "_at": at.isoformat(), "occurred_at": self.written(at), "type": kind, "subject": subject,
            "member": self.member_text(), "team": "",
        }  # fmt: skip
        if self.random.random() < 0.15:
            row["team"] = self.random.choice(sorted({person["team"] for person in self.people}))
        if kind == "opportunity.won":
            digits = "" if self.organisation.currency == "JPY" else f".{self.random.randrange(100):02}"
            row["amount"] = f"{self.random.randrange(400)}{digits}"
            row["currency"] = self.random.choice(["", self.organisation.currency])
        if kind == "task.assigned":
            due = self.boundary_near(at + timedelta(days=self.random.random() * 12))
            row["due_at"] = self.written(due)
        if kind == "lead.disposed":
            row["outcome"] = self.random.choice(["", "qualified", "disqualified", "recycled"])
        self.rows.append(row)

    def member_text(self) -> str:
        if self.random.random() < 0.12:
            return ""
        someone = self.random.choice(self.people)
        return self.random.choice([someone["email"], *someone["external_id"].split(";")])

    def written(self, at: datetime) -> str:
        """Return ISO 8601: in UTC, with some offset, or without one (a repeated hour reads as fold=0)."""
        zone = self.random.choice([UTC, ZoneInfo("Asia/Kolkata"), self.organisation.zone, None])
        if zone is UTC:
            return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
        local = at.astimezone(zone or self.organisation.zone)
        return (local if zone else local.replace(tzinfo=None)).isoformat()


def mixed(random: Random, rows: list[dict]) -> list[dict]:
    """Return the rows shuffled, some twice, and at the end some ids again with other content."""
    rows = [{name: value for name, value in row.items() if name != "_at"} for row in rows]
    rows += random.sample(rows, len(rows) // 10)
    random.shuffle(rows)
    late = [dict(row, occurred_at="2026-01-01T00:00:00Z", member="") for row in random.sample(rows, len(rows) // 20)]
    return rows + late
