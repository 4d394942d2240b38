"""One SLA for managers: how well it is kept over time, how long it takes, and what each monthly result came to."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from leaderboard.domain.agreement import Levels, ResponseTime, Sla
from leaderboard.domain.bands import NEVER
from leaderboard.domain.compliance import Counts, time_of_share
from leaderboard.domain.periods import month_of_key
from leaderboard.services.compliance import MOST_PEOPLE, by_team, months_up_to, sums_of
from leaderboard.services.compliance_people import first_people
from leaderboard.services.figures import Asked, Figure, PeriodState, Promises, period_state, teams_asked
from leaderboard.services.leads import Lead, lead_of
from leaderboard.services.rules import RuleBook, rule_book
from leaderboard.services.scopes import Scope
from leaderboard.storage import compliance
from leaderboard.storage.database import begin_snapshot

HALF, NINE_IN_TEN = Fraction(1, 2), Fraction(9, 10)
MOST_RESULTS = 60  # on the page; the file has all


@dataclass(frozen=True)
class MonthlyResult:
    """What somebody came to in a month, and the targets that they were measured against (K5)."""

    lead: Lead
    targets: Levels


@dataclass(frozen=True)
class Times:
    """How long something took. bands: counts by band (domain/bands.py); never: how many were not done at all.

    median, nine_in_ten: the seconds within which half and nine in ten were done; None where fewer were.
    """

    bands: Mapping[int, Counts]
    never: int
    median: float | None
    nine_in_ten: float | None


@dataclass(frozen=True)
class SlaPage:
    """A page of one SLA; months: of the course, oldest first. times: of a response time; results: of a monthly one."""

    asked: Asked
    state: PeriodState
    sla: Sla
    months: tuple[str, ...]
    total: Figure
    teams: tuple[Figure, ...]
    people: tuple[Figure, ...]
    people_count: int
    times: Times | None
    results: tuple[MonthlyResult, ...]


def read_sla(
    session: Session, asked: Asked, scope: Scope, *, now: datetime, most_results: int = MOST_RESULTS
) -> SlaPage:
    """Return a page of the SLA that is asked for, which some agreement has; six queries beside those of the rules."""
    begin_snapshot(session)
    connection = session.connection()
    book = rule_book(connection)
    promises, teams = Promises(book.rules), teams_asked(book.rules, scope, asked.side, asked.team_id)
    sla = promises.of(asked.sla or "", str(asked.period.months[-1]))
    assert sla is not None  # the view has looked
    months = months_up_to(asked.period, book.rules.months.month_of(now))
    sums = sums_of(connection, asked, teams, months, promises)
    people = first_people(connection, book, asked, teams, promises, most=MOST_PEOPLE, most_worst=0)
    return SlaPage(
        asked,
        period_state(book, asked.period, now=now),
        sla,
        months,
        sums.figure(sla.title, lambda row: True, sla=sla.key, title=sla.title),
        tuple(by_team(sums, book.rules)),
        people.people,
        people.count,
        _times(connection, asked, teams, sla) if isinstance(sla.measure, ResponseTime) else None,
        _results(connection, book, promises, asked, teams, sla, most_results) if sla.is_monthly else (),
    )


def _times(connection: Connection, asked: Asked, teams: list[int] | None, sla: Sla) -> Times:
    found = compliance.bands(connection, [str(month) for month in asked.period.months], teams, sla.key)
    never = found.pop(NEVER, Counts())
    decided = {band: counts.decided for band, counts in found.items()} | {NEVER: never.decided}
    return Times(found, never.decided, time_of_share(decided, HALF), time_of_share(decided, NINE_IN_TEN))


def _results(
    connection: Connection,
    book: RuleBook,
    promises: Promises,
    asked: Asked,
    teams: list[int] | None,
    sla: Sla,
    most: int,
) -> tuple[MonthlyResult, ...]:
    """Return what people or teams came to, those who fell short first."""
    months = [str(month) for month in asked.period.months]
    rows = compliance.monthly_results(connection, months, teams, sla.key, most)
    leads = [lead for row in rows if (lead := lead_of(book, promises, row)) is not None]
    targets = book.rules.targets
    return tuple(
        MonthlyResult(lead, targets(lead.sla, lead.participant_id, month_of_key(lead.subject))) for lead in leads
    )
