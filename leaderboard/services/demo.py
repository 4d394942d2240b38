"""The demo organisation: made through the product's own doors, for a first look."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from leaderboard.domain.actors import SCHEDULER, Actor
from leaderboard.domain.inbound import COLUMNS
from leaderboard.domain.organisation_file import parse_organisation
from leaderboard.domain.periods import month_finder
from leaderboard.resources import resource
from leaderboard.services.agreeing import load_agreement
from leaderboard.services.badging import refresh_badges
from leaderboard.services.closing import close_next, next_closing
from leaderboard.services.demo_accounts import DemoAccount, add_accounts
from leaderboard.services.demo_agreement import draft_the_next, sign_agreements
from leaderboard.services.demo_bonuses import ask_about_a_bonus, decide_on_bonuses
from leaderboard.services.demo_leads import Fact, History
from leaderboard.services.demo_people import MAIL, TEAMS, Colleague, colleagues, people_file
from leaderboard.services.demo_questions import ask_about_points
from leaderboard.services.importing import ImportOptions, ImportReport, import_events
from leaderboard.services.organising import load_organisation
from leaderboard.services.people import load_people
from leaderboard.services.scoring import Progress
from leaderboard.storage import people
from leaderboard.storage.accounts import account_with

LEADS = 3_900
FIRST_DAY = timedelta(days=1)
SOURCE = "demo"
EFFECTIVE_FROM = "2000-01-01"  # stands in the files for the day that is worked out


@dataclass(frozen=True)
class DemoReport:
    """What to tell. is_demo: whether the organisation is the demo; accounts: those made now."""

    text: str
    is_demo: bool
    accounts: tuple[DemoAccount, ...] = ()


def create_demo(
    session: Session, *, now: datetime, by: Actor, progress: Progress | None = None, leads: int = LEADS
) -> DemoReport:
    """Create the demo organisation with a year of history up to `now`, and its accounts.

    leads: about how many come in within the year. The same `now` gives the same history; passwords are
    random. Where there is an organisation already, nothing is changed; but a demo that was interrupted goes on.
    """
    text = demo_file("organisation.toml")
    existing, begun_at = people.organisation_as_loaded(session.connection())
    if existing is not None and (existing != text or account_with(session.connection(), f"ana@{MAIL}")):
        name = parse_organisation(existing).name
        return DemoReport(f"{name} is there already; nothing was changed.", existing == text)
    organisation, now = parse_organisation(text), begun_at or now
    month = month_finder(organisation.time_zone).month_of(now)
    staff = colleagues(month)
    load_organisation(session, text, now=now, by=by)
    load_people(session, io.BytesIO(people_file(staff)), now=now, by=by)
    versions = (("first_agreement.toml", month.plus(-12)), ("agreement.toml", month.quarter.previous.months[0]))
    for name, first in versions:
        load_agreement(session, _agreed(name, first.first_day), now=now, by=by)
    report = _live(session, History(organisation, staff, now, leads).tell(), now, by, progress)
    refresh_badges(session, now=now)
    decide_on_bonuses(session, now=now)
    made = add_accounts(session, now=now, by=by)  # last: they say that all is done
    ask_about_a_bonus(session)
    sign_agreements(session, now=now)
    draft_the_next(session, now=now)
    ask_about_points(session, now=now)
    return DemoReport(_summary(organisation.name, staff, report), True, made)


def demo_file(name: str) -> str:
    """Return the text of one of the demo's files."""
    return resource(f"demo/{name}").read_text(encoding="utf-8")


def _agreed(name: str, effective_from: date) -> str:
    return demo_file(name).replace(EFFECTIVE_FROM, effective_from.isoformat())


def _live(session: Session, facts: Sequence[Fact], now: datetime, by: Actor, progress: Progress | None) -> ImportReport:
    """Let the year happen: events come in, and each period is closed when its time has come.

    The report is that of all events together.
    """
    rows = list(enumerate(facts, 1))
    report = ImportReport()
    until = facts[0].at + FIRST_DAY
    while rows:
        coming = [row for row in rows if row[1].at <= until]
        rows = rows[len(coming) :]
        if coming:  # a quarter is closed at the same instant as its last month
            part = import_events(session, io.BytesIO(events_file(coming)), _options(progress), now=until, by=by)
            report.new += part.new
            report.points_posted += part.points_posted
        close_next(session, now=until, by=SCHEDULER)
        due = next_closing(session)
        until = now if due is None else min(now, due[1])
    return report


def _options(progress: Progress | None) -> ImportOptions:
    """Return options that tell of subjects scored; the file itself is read in a moment."""

    def advance(stage: str, done: int, _total: int) -> None:
        if progress is not None and stage == "score":
            progress(done)

    return ImportOptions(source=SOURCE, file_name="demo.csv", progress=advance)


def events_file(facts: Iterable[tuple[int, Fact]]) -> bytes:
    """Return the events file (design section 4) of numbered facts in order."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for number, fact in facts:
        amount, currency = ("", "") if fact.amount is None else (f"{fact.amount}.00", "BRL")
        due = "" if fact.due_at is None else fact.due_at.isoformat()
        head = (f"crm-{number:06}", fact.at.isoformat(), fact.type, fact.subject, fact.member)
        writer.writerow((*head, "", fact.outcome, amount, currency, due))
    return text.getvalue().encode()


def _summary(name: str, staff: Sequence[Colleague], report: ImportReport) -> str:
    return (
        f"{name} is made: {len(TEAMS)} teams, {len(staff)} people, a year of {report.new:,} events, "
        f"{report.points_posted:,} entries in the ledger."
    )
