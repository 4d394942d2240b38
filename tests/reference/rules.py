"""The whole evaluation: files and events in, attainments and standings out (C, K, P1, P3, P6, S).

Where the design is silent:
- The version in force for a month or an instant is the latest agreement effective by then; an SLA that this
  agreement lacks is not in force.
- A period's standings list who is in a team on at least one day of it (up to its end, also beyond as_of),
  and whoever has a decided result in it.
- A member's side in standings is that of the last team up to the period's end; one who has not joined yet has
  none. Ranks are taken after the choice of a side.
- A member's figures come from member SLAs only; a team's from its members' results credited to it and its
  own.
- Names are ordered without regard to case, then by key.
- No period is closed, so nothing here is a correction (P5).
"""

from dataclasses import dataclass
from datetime import datetime

from tests.reference.clocks import Attainment, SubjectWalk, completions
from tests.reference.hours import midnight
from tests.reference.inputs import (
    Agreement,
    Event,
    Organisation,
    People,
    Sla,
    read_agreement,
    read_events,
    read_organisation,
    read_people,
)
from tests.reference.monthly import Month, counts_and_sums, months_between, rates


@dataclass
class Standing:
    rank: int
    key: str
    name: str
    side: str | None
    points: int
    met: int
    exceeded: int
    missed: int


@dataclass
class Result:
    organisation: Organisation
    people: People
    as_of: datetime
    attainments: list[Attainment]
    refused: list[str]


def evaluate(
    organisation: str, agreements: list[str], people: list[dict], events: list[dict], as_of: datetime
) -> Result:
    """Evaluate everything from the text of the files, as known at as_of."""
    org = read_organisation(organisation)
    folk = read_people(people, org)
    accepted, refused = read_events(events, org, folk)
    known = [event for event in accepted if event.at <= as_of]
    versions = sorted((read_agreement(text) for text in agreements), key=lambda a: a.effective_from)
    rows = occurrences(org, folk, versions, known, as_of)
    rows += monthlies(org, folk, versions, known, rows, as_of)
    rows.sort(key=lambda r: (r.sla, r.participant or "", r.subject, r.started_at or as_of, r.stopped_at or as_of))
    return Result(org, folk, as_of, rows, refused)


def occurrences(org, folk, versions: list[Agreement], events: list[Event], as_of: datetime) -> list[Attainment]:
    by_subject: dict[str, list[Event]] = {}
    for event in events:
        by_subject.setdefault(event.subject, []).append(event)
    rows = []
    for version, start, end in spans(versions, org):
        for sla in version.slas.values():
            for subject, log in by_subject.items():
                found = occurrences_of(sla, subject, log, as_of, org, folk)
                rows += [row for row in found if start <= row.started_at and (end is None or row.started_at < end)]
    return rows


def occurrences_of(sla: Sla, subject: str, log: list[Event], as_of: datetime, org, folk) -> list[Attainment]:
    if sla.kind == "response_time":
        return SubjectWalk(sla, subject, org, folk).walk(log, as_of)
    if sla.kind == "completion":
        return completions(sla, subject, log, as_of, org, folk)
    return []


def spans(versions: list[Agreement], org: Organisation) -> list[tuple[Agreement, datetime, datetime | None]]:
    starts = [midnight(version.effective_from, org.zone) for version in versions]
    return list(zip(versions, starts, [*starts[1:], None], strict=True))


def monthlies(org, folk, versions, events, decided: list[Attainment], as_of: datetime) -> list[Attainment]:
    if not versions:
        return []
    rows = []
    for month in months_between(versions[0].effective_from, as_of.astimezone(org.zone).date(), org):
        version = [v for v in versions if v.effective_from <= month.first][-1]
        happened = any(month.start <= e.at < month.end for e in events) or any(
            row.decided_at is not None and row.month == month.text for row in decided
        )
        for sla in version.slas.values():
            if sla.kind in ("count", "sum"):
                rows += counts_and_sums(sla, month, events, as_of, org, folk, happened)
            elif sla.kind == "rate":
                rows += rates(sla, month, events, decided, as_of, folk)
    return rows


def months_of(period: str) -> list[str]:
    year, _, rest = period.partition("-")
    if not rest.startswith("Q"):
        return [period]
    return [f"{year}-{number:02d}" for number in range(3 * int(rest[1:]) - 2, 3 * int(rest[1:]) + 1)]


def attainments_in(result: Result, period: str, sla: str | None = None) -> list[Attainment]:
    """Return the period's rows; undecided ones only where the period contains as_of."""
    return [r for r in result.attainments if r.month in months_of(period) and sla in (None, r.sla)]


def standings_in(result: Result, period: str, scope: str, side: str | None = None) -> list[Standing]:
    """Return rank, name and figures of everybody active in the period (S1, S2, S4)."""
    months = [Month(text, result.organisation) for text in months_of(period)]
    folk = result.people
    rows = [r for r in attainments_in(result, period) if r.level in ("met", "exceeded", "missed")]
    if scope == "team":
        inside = {m.team for p in folk.members.values() for m in p.memberships if any(x.overlaps(m) for x in months)}
        names = {team: (team, folk.sides[team]) for team in inside | {r.team for r in rows if r.team}}
        mine = {team: [r for r in rows if r.team == team] for team in names}
    else:
        inside = {p.key for p in folk.members.values() if any(x.overlaps(m) for m in p.memberships for x in months)}
        names = {
            key: (folk.members[key].name, side_of(folk, key, months[-1]))
            for key in inside | {r.participant for r in rows if r.participant in folk.members}
        }
        mine = {key: [r for r in rows if r.participant == key] for key in names}
    chosen = [
        Standing(0, key, name, of_side, sum(r.points for r in mine[key]), *level_counts(mine[key]))
        for key, (name, of_side) in names.items()
        if side in (None, of_side)
    ]
    return ranked(chosen)


def side_of(folk: People, member: str, last_month: Month) -> str | None:
    until_then = [m for m in folk.members[member].memberships if m.from_on < last_month.next_first]
    if not until_then:
        return None
    return folk.sides[max(until_then, key=lambda m: m.from_on).team]


def level_counts(rows: list[Attainment]) -> list[int]:
    return [sum(1 for r in rows if r.level == level) for level in ("met", "exceeded", "missed")]


def ranked(standings: list[Standing]) -> list[Standing]:
    """S1: equal points share a rank, the next rank is skipped; within a tie by name."""
    standings.sort(key=lambda s: (-s.points, s.name.casefold(), s.key))
    for standing in standings:
        standing.rank = 1 + sum(1 for other in standings if other.points > standing.points)
    return standings


def as_json_row(row: Attainment) -> dict:
    """Return the row as `leaderboard attainments --format json` shows it (design §5)."""
    names = ("sla", "participant", "subject", "level", "value")
    instants = ("started_at", "due_at", "stopped_at", "decided_at")
    shown = {name: getattr(row, name) for name in names}
    shown |= {name: instant_text(getattr(row, name)) for name in instants}
    return shown | {"points": row.points}


def instant_text(instant: datetime | None) -> str | None:
    """Return ISO 8601 in UTC with a Z; microseconds only where there are any."""
    if instant is None:
        return None
    whole = instant.microsecond == 0
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ" if whole else "%Y-%m-%dT%H:%M:%S.%fZ")
