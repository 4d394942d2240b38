"""The random life of a small organisation: its steps, drawn from a seed; after each `life_checks` looks at it.

A step is a name, a seed of its own and how far the clock goes on before it, so that any selection of steps is a life
too: `long_lives` finds a small one that still fails.
"""

import io
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from leaderboard.domain.actors import COMMAND_LINE, SCHEDULER
from leaderboard.domain.errors import Refused
from leaderboard.domain.events import Event
from leaderboard.domain.periods import Month
from leaderboard.services.adjusting import adjust, open_months, take_back
from leaderboard.services.agreeing import load_agreement
from leaderboard.services.badging import refresh_badges
from leaderboard.services.closing import close_next, close_period, next_closing
from leaderboard.services.deciding import approve, decline, mark_paid
from leaderboard.services.exporting import create_export, mark_export_paid
from leaderboard.services.importing import ImportOptions, import_events
from leaderboard.services.organising import load_organisation
from leaderboard.services.people import load_people
from leaderboard.services.recording import record_event
from leaderboard.services.scoring import score_due, score_everything
from leaderboard.storage.bonus_tables import BonusAward, PayrollExport
from leaderboard.storage.tables import Member
from leaderboard.storage.trail_tables import AdjustmentRow
from tests.factories import people_file
from tests.services.examples import csv_of
from tests.services.life_checks import Broken, Held, rows
from tests.services.life_files import agreement_of, organisation_of

START = datetime(2026, 1, 20, 12, tzinfo=UTC)
ZONES = ("America/Sao_Paulo", "America/New_York", "Europe/Berlin", "Pacific/Apia", "Pacific/Pago_Pago", "UTC")
TEAMS = {"North": "sales", "South": "sales", "Leads": "marketing"}
PEOPLE = ("ana", "bia", "caio", "dora", "eva")
EVENT_TYPES = (
    *("lead.assigned", "lead.disposed") * 3,
    *("lead.reopened", "lead.paused", "lead.resumed"),
    *("opportunity.won",) * 3,
    *("task.assigned", "task.completed"),
)


class Step(NamedTuple):
    """What happens, drawn from `seed`, so long after the step before it."""

    name: str
    seed: int
    after: timedelta


class Life:
    """An organisation as it has come to be; `take` lets one step happen and checks what must hold after it."""

    def __init__(self, session: Session, seed: int, tell: Callable[[str], None] = lambda _text: None) -> None:
        random = Random(seed)
        self.session = session
        self.tell = tell
        self.now = START
        self.settings: dict[str, Any] = {
            "zone": random.choice(ZONES),
            "grace": random.choice((0, 6, 48, 48, 240, 1440)),
            "by": random.choice(("total", "average")),
            "days": random.choice((0, 3)),
            "closed": [],
        }
        self.belongs = {who: [[random.choice(list(TEAMS)), date(2025, 6, 1), None]] for who in PEOPLE[:4]}
        self.names = {who: who.capitalize() for who in PEOPLE}
        self.files: list[str] = []  # the lines of events that were handed in
        self.held = Held(session)
        self._load_organisation()
        self._load_people()
        load_agreement(session, agreement_of(random, date(2025, 10, 1)), now=self.now, by=COMMAND_LINE)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.settings["zone"])

    def take(self, step: Step) -> None:
        """Let a step happen, then check."""
        self.now += step.after
        self.tell(f"{self.now:%Y-%m-%d %H:%M:%S} {step.name} {step.seed}")
        try:
            with suppress(Refused):
                getattr(self, f"_{step.name}")(Random(step.seed))
            self.held.check()
        except Exception as error:
            error.add_note(f"step {step.name} {step.seed} at {self.now.isoformat()}")
            raise

    # Steps

    def _hand_in(self, lines: Sequence[str]) -> None:
        for line in lines:
            self.tell(f"    {line}")
        import_events(
            self.session, io.BytesIO(csv_of(*lines)), ImportOptions(source="crm"), now=self.now, by=COMMAND_LINE
        )

    def _events(self, random: Random) -> None:
        lines = [self._line(random) for _ in range(random.randrange(1, 14))]
        self.files += lines
        self._hand_in(lines)

    def _burst(self, random: Random) -> None:
        """Twelve leads of one member in a row."""
        who, first = random.choice(PEOPLE[:4]), self.now - timedelta(hours=random.randrange(1, 90))
        lines = []
        for number in range(12):
            at, key = first + timedelta(minutes=number), f"{random.randrange(10**9)}"
            for step, kind in enumerate(("lead.assigned", "lead.disposed")):
                when = at + timedelta(minutes=5 * step)
                lines.append(f"{key}-{kind},{when.isoformat()},{kind},B{key},{who}@example.com,,,,,")
        self.files += lines
        self._hand_in(lines)

    def _again(self, random: Random) -> None:
        if self.files:
            self._hand_in([random.choice(self.files) for _ in range(5)])

    def _line(self, random: Random) -> str:
        kind = random.choice(EVENT_TYPES)
        subject = f"T{random.randrange(4)}" if kind.startswith("task") else f"L{random.randrange(14)}"
        at = self._instant(random)
        who = random.choice(("", *(f"{each}@example.com" for each in self.belongs)))
        team = random.choice(list(TEAMS)) if random.random() < 0.1 else ""
        amount = f"{random.randrange(20_000) / 10:.2f}" if kind == "opportunity.won" else ""
        due = (at + timedelta(days=random.choice((-3, 1, 9, 40)))).isoformat() if kind == "task.assigned" else ""
        return f"{random.randrange(10**9)},{at.isoformat()},{kind},{subject},{who},{team},,{amount},,{due}"

    def _instant(self, random: Random) -> datetime:
        """Return an instant: lately most of all, else late, to come, or just on the bound of a month."""
        chance = random.random()
        if chance < 0.6:
            return self.now - timedelta(minutes=random.randrange(1, 60 * 24 * 4))
        if chance < 0.8:
            return self.now - timedelta(days=random.randrange(4, 80), seconds=random.randrange(9_999))
        if chance < 0.85:
            return self.now + timedelta(hours=random.randrange(1, 90))
        month = Month(self.now.year, self.now.month).plus(random.choice((-2, -1, 0, 0)))
        bound = month.bounds(self.zone)[0]
        return bound + random.choice((timedelta(0), timedelta(microseconds=-1), timedelta(seconds=1)))

    def _reopen(self, random: Random) -> None:
        """A lead of which something was told is reopened, within the time in which that counts or not (C7)."""
        told = [line.split(",") for line in self.files if ",lead.disposed," in line]
        if told:
            _, at, _, subject, *_ = random.choice(told)
            when = datetime.fromisoformat(at) + timedelta(hours=random.randrange(24 * 20))
            line = f"{random.randrange(10**9)},{min(when, self.now).isoformat()},lead.reopened,{subject}"
            self.files.append(line)
            self._hand_in([line])

    def _single(self, random: Random) -> None:
        """One event by itself, as from a webhook."""
        cells = self._line(random).split(",")
        event_id, at, kind, subject, member = cells[:5]
        ids: dict[str, int] = dict(rows(self.session, "SELECT key, id FROM member"))  # type: ignore[arg-type]
        amount = int(cells[7].replace(".", "")) if cells[7] else None
        due_at = datetime.fromisoformat(cells[9]) if cells[9] else None
        event = Event(
            event_id,
            datetime.fromisoformat(at),
            kind,
            subject,
            ids.get(member),
            amount_minor=amount,
            due_at=due_at,
            source="crm",
        )
        self.tell(f"    {event}")
        record_event(self.session, event, now=self.now)

    def _strangers(self, random: Random) -> None:
        """A file names people whom nobody knows, long ago too; they are created."""
        lines = []
        for _ in range(random.randrange(1, 3)):
            cells = self._line(random).split(",")
            cells[4], cells[5] = f"new{random.randrange(3)}@example.com", random.choice(("", "North", "Guests"))
            lines.append(",".join(cells))
        for line in lines:
            self.tell(f"    {line}")
        options = ImportOptions(source="crm", create_members="sales")
        import_events(self.session, io.BytesIO(csv_of(*lines)), options, now=self.now, by=COMMAND_LINE)

    def _history(self, random: Random) -> None:
        """Events older than anything before."""
        at = self.now - timedelta(days=random.randrange(100, 250))
        who = random.choice(list(self.belongs))
        line = f"{random.randrange(10**9)},{at.isoformat()},opportunity.won,O{random.randrange(9)},{who}@example.com"
        self.files.append(line)
        self._hand_in([line])

    def _wait(self, random: Random) -> None:
        pass

    def _due(self, random: Random) -> None:
        score_due(self.session, now=self.now)

    def _everything(self, random: Random) -> None:
        score_everything(self.session, now=self.now, by=COMMAND_LINE)

    def _earlier(self, random: Random) -> None:
        """Score as of an instant that has passed."""
        as_of = self.now - timedelta(hours=random.randrange(1, 900))
        score_everything(self.session, now=as_of, by=COMMAND_LINE, noted_at=self.now)

    def _badges(self, random: Random) -> None:
        refresh_badges(self.session, now=self.now)

    def _close(self, random: Random) -> None:
        for _ in range(random.choice((1, 1, 2, 20))):
            if close_next(self.session, now=self.now, by=SCHEDULER) is None:
                return

    def _close_all(self, random: Random) -> None:
        while close_next(self.session, now=self.now, by=SCHEDULER) is not None:
            pass

    def _close_in_time(self, random: Random) -> None:
        """The clock goes on to the very instant at which the next period falls due."""
        due = next_closing(self.session)
        if due is not None and self.now < due[1] < self.now + timedelta(days=40):
            self.now = due[1]
            score_due(self.session, now=self.now)
            assert close_next(self.session, now=self.now - timedelta(microseconds=1), by=SCHEDULER) is None
            closed = close_next(self.session, now=self.now, by=SCHEDULER)
            if closed is None or closed.period != due[0]:
                raise Broken(f"{due[0]} fell due, closed is {closed}")

    def _close_by_hand(self, random: Random) -> None:
        month = Month(self.now.year, self.now.month).plus(random.choice((0, -1, -1, -2)))
        period = month.quarter if random.random() < 0.2 else month
        close_period(self.session, period.key, now=self.now, by=COMMAND_LINE)

    def _people(self, random: Random) -> None:
        who = random.choice(PEOPLE)
        day = self.now.date() - timedelta(days=random.choice((-5, 0, 0, 1, 20, 40, 70)))
        team = random.choice(list(TEAMS))
        theirs = self.belongs.get(who)
        kind = random.choice(("move", "move", "leave", "anew", "rename", "always"))
        if theirs is None or kind == "anew":
            self.belongs[who] = [[team, day, None]]
        elif kind == "always":
            self.belongs[who] = [[team, date(2025, 6, 1), None]]
        elif kind == "rename":
            self.names[who] = f"{who.capitalize()} {random.choice('ÁBz😀')}"
        else:
            kept = [row for row in theirs if row[1] < day]
            for row in kept:
                row[2] = day if row[2] is None or row[2] > day else row[2]
            if kind == "move" or not kept:
                kept.append([team, day, None])
            self.belongs[who] = kept
        self._load_people()

    def _organisation(self, random: Random) -> None:
        settings = self.settings
        key = random.choice(("grace", "by", "days", "closed", "closed", "zone"))
        if key == "closed":
            day = self.now.date() - timedelta(days=random.randrange(-3, 60))
            settings[key] = [*settings[key], day]
        else:
            choices = {"grace": (0, 6, 48, 240, 1440), "by": ("total", "average"), "days": (0, 3), "zone": ZONES}
            settings[key] = random.choice(choices[key])
        self._load_organisation()

    def _agreement(self, random: Random) -> None:
        month = Month(self.now.year, self.now.month).plus(random.choice((-1, 0, 0, 1, 1)))
        load_agreement(self.session, agreement_of(random, month.first_day), now=self.now, by=COMMAND_LINE)

    def _adjust(self, random: Random) -> None:
        months = open_months(self.session, now=self.now)
        members = self.session.execute(select(Member.id).order_by(Member.id)).scalars().all()
        points, month = random.randrange(1, 30), random.choice(months)
        adjust(self.session, random.choice(members), points, "Help at the fair", month, by=COMMAND_LINE, now=self.now)

    def _take_back(self, random: Random) -> None:
        given = self.session.execute(select(AdjustmentRow.id).where(AdjustmentRow.points > 0)).scalars().all()
        if given:
            take_back(self.session, random.choice(given), "A mistake", by=COMMAND_LINE, now=self.now)

    def _decide(self, random: Random) -> None:
        ids = self.session.execute(select(BonusAward.id)).scalars().all()
        some = [each for each in ids if random.random() < 0.5]
        what = random.choice(("approve", "approve", "decline", "pay"))
        if what == "approve":
            approve(self.session, some, by=COMMAND_LINE, now=self.now)
        elif what == "decline":
            decline(self.session, some[:1], reason="No", by=COMMAND_LINE, now=self.now)
        else:
            mark_paid(self.session, some, by=COMMAND_LINE, now=self.now)

    def _export(self, random: Random) -> None:
        create_export(self.session, by=COMMAND_LINE, now=self.now)

    def _pay(self, random: Random) -> None:
        for number in self.session.execute(select(PayrollExport.id)).scalars().all():
            mark_export_paid(self.session, number, by=COMMAND_LINE, now=self.now)

    def _verify(self, random: Random) -> None:
        """What was scored is what the events say; nothing is left to post (P2)."""
        score_due(self.session, now=self.now)
        self.held.must_verify(self.now, "what fell due was scored")
        if random.random() < 0.5:
            refresh_badges(self.session, now=self.now)
            self.held.must_verify(self.now, "the badges were refreshed")
        if random.random() < 0.3:
            posted = score_everything(self.session, now=self.now, by=COMMAND_LINE)
            if posted:
                raise Broken(f"scoring everything again posts {posted} rows")
            self.held.must_verify(self.now, "everything was scored again")

    def _load_organisation(self) -> None:
        self.tell("    " + " ".join(f"{key}={value}" for key, value in self.settings.items()))
        load_organisation(self.session, organisation_of(self.settings), now=self.now, by=COMMAND_LINE)

    def _load_people(self) -> None:
        rows = [
            f"{who}@example.com,{self.names[who]},{team},{TEAMS[team]},{start},{until or ''},,"
            for who, theirs in self.belongs.items()
            for team, start, until in theirs
        ]
        for row in rows:
            self.tell(f"    {row}")
        load_people(self.session, io.BytesIO(people_file(rows)), now=self.now, by=COMMAND_LINE)


STEPS = {
    "events": 30,
    "reopen": 8,
    "single": 8,
    "strangers": 1,
    "burst": 3,
    "again": 3,
    "history": 1,
    "wait": 4,
    "due": 6,
    "everything": 3,
    "earlier": 2,
    "badges": 8,
    "close": 10,
    "close_in_time": 6,
    "close_by_hand": 5,
    "people": 8,
    "organisation": 4,
    "agreement": 3,
    "adjust": 5,
    "take_back": 3,
    "decide": 5,
    "export": 3,
    "pay": 2,
    "verify": 14,
}


def steps_of(seed: int, number: int) -> list[Step]:
    """Return the steps of a life."""
    random = Random(seed)

    def after() -> timedelta:
        chance = random.random()
        if chance < 0.4:
            return timedelta(minutes=random.randrange(1, 600))
        if chance < 0.9:
            return timedelta(hours=random.randrange(1, 24 * 6))
        return timedelta(days=random.randrange(10, 70))

    names = random.choices(list(STEPS), list(STEPS.values()), k=number)
    found = [Step(name, random.randrange(10**9), after()) for name in names]
    ends = ("close_all", "verify", "decide", "export", "reopen", "people", "pay", "verify")
    return [*found, *(Step(name, random.randrange(10**9), timedelta(days=40)) for name in ends)]


def live(session: Session, seed: int, steps: Sequence[Step], tell: Callable[[str], None] = lambda _text: None) -> Life:
    """Live through steps; Broken, or what the product raised, where something does not hold."""
    life = Life(session, seed, tell)
    for step in steps:
        life.take(step)
    return life
