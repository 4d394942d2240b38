"""Counts, sums and rates: one result per participant and month (K1-K3, K5-K7).

Where the design is silent:
- Monthly rows start with the month, are due at its end and have no stopped_at. Their subject is the month.
- A team is active in a month in which it has a member on at least one day; a member, when in a team of the
  SLA's side on at least one day. Both look at the whole month, also beyond as_of.
- Months in which nothing happened at all (no accepted event, no response-time or completion result decided,
  void ones included) have no counts.
- `sum`: an event without an amount is passed over. The level is that of the final sum; it is decided at
  the first instant at which the running sum (taken after all events of the instant) was at or above its target,
  also when a smaller amount of the same subject brought it below again for a while.
- Proration counts days in the calendar of the team that the member was last in that month; one in no
  team in the month neither joined nor left in it, and has the full target. A month without any working day does
  not prorate.
- The result of a member in no team in the month is credited to the last team before it, as P3 does.
- A rate's fraction is compared exactly and rounded half to even for display.
- `rate` of subjects: per participant, the subject's first `of` event in the month that names it; the `in`
  event may name anybody.
- `rate` of a member SLA for teams counts the clocks that are credited to the team (P3).
- A rate with no cases has no result, whatever `at_least` says.
- An undecided count, sum or rate in the running month is `pending` with its course so far and earns nothing
  yet.
"""

from calendar import monthrange
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from tests.reference.clocks import Attainment, named_participant
from tests.reference.hours import DAY, midnight
from tests.reference.inputs import MINOR_DIGITS, Event, Membership, Organisation, People, Sla


class Month:
    def __init__(self, text: str, organisation: Organisation):
        year, number = int(text[:4]), int(text[5:])
        self.text = text
        self.days = [date(year, number, day) for day in range(1, monthrange(year, number)[1] + 1)]
        self.first, self.next_first = self.days[0], self.days[-1] + DAY
        self.start, self.end = (
            midnight(self.first, organisation.zone),
            midnight(self.next_first, organisation.zone),
        )

    def overlaps(self, m: Membership) -> bool:
        return m.from_on < self.next_first and (m.until_on is None or m.until_on > max(self.first, m.from_on))


def last_team(people: People, member: str, month: Month) -> str | None:
    """K7: the team that the member was last in that month."""
    inside = [m for m in people.members[member].memberships if month.overlaps(m)]
    return max(inside, key=lambda m: m.from_on).team if inside else None


def last_team_until(people: People, member: str, month: Month) -> str | None:
    """K7, P3: the team that the member was last in that month, or else the last one before it."""
    begun = [m for m in people.members[member].memberships if m.from_on < month.next_first]
    return max(begun, key=lambda m: m.from_on).team if begun else None


def active(sla: Sla, month: Month, people: People) -> set[str]:
    found = set()
    for member in people.members.values():
        for m in member.memberships:
            if month.overlaps(m) and people.sides[m.team] == sla.side:
                found.add(m.team if sla.participant == "team" else member.key)
    return found


def share_of_month(member: str, month: Month, organisation: Organisation, people: People) -> Fraction:
    """K5: the share of the month's working days on which the member belonged to a team."""
    team = last_team(people, member, month)
    if team is None:
        return Fraction(1)
    calendar = organisation.calendar_of(team)
    working = [day for day in month.days if calendar.is_working_day(day)]
    mine = [
        day
        for day in working
        if any(
            m.from_on <= day and (m.until_on is None or day < m.until_on) for m in people.members[member].memberships
        )
    ]
    return Fraction(len(mine), len(working)) if working else Fraction(1)


def prorated(target: Decimal, sla: Sla, who: str, month: Month, organisation, people) -> int:
    full = Fraction(target)
    if sla.kind == "sum":
        full *= minor_unit_factor(organisation)
    if sla.participant == "team":
        return ceiling(full)
    return max(1, ceiling(full * share_of_month(who, month, organisation, people)))


def minor_unit_factor(organisation: Organisation) -> int:
    return 10 ** MINOR_DIGITS.get(organisation.currency, 2)


def ceiling(number: Fraction) -> int:
    return -(-number.numerator // number.denominator)


def running_values(sla: Sla, events: list[Event]) -> list[tuple[datetime, int]]:
    """Return the value after each instant at which something happened (K1)."""
    values: list[tuple[datetime, int]] = []
    latest: dict[str, int] = {}
    for event in sorted(events, key=lambda e: (e.at, e.id)):
        if sla.kind == "count":
            latest[event.subject] = 1
        elif event.amount_minor is not None:
            latest[event.subject] = event.amount_minor
        if values and values[-1][0] == event.at:
            values.pop()
        values.append((event.at, sum(latest.values())))
    return values


def reached_at(values: list[tuple[datetime, int]], target: int) -> datetime | None:
    """Return the first instant at which the value was at or above the target, if it is so in the end."""
    if not values or values[-1][1] < target:
        return None
    return min(at for at, value in values if value >= target)


def counts_and_sums(
    sla: Sla, month: Month, events: list[Event], as_of, organisation, people, happened
) -> list[Attainment]:
    named: dict[str, list[Event]] = {}
    for event in events:
        who = named_participant(event, sla, people)
        if event.type in sla.measure["of"] and month.start <= event.at < month.end and who is not None:
            named.setdefault(who, []).append(event)
    everybody = set(named) | (active(sla, month, people) if happened else set())
    rows = []
    for who in sorted(everybody):
        values = running_values(sla, named.get(who, []))
        level, decided_at = ("missed", month.end) if as_of >= month.end else ("pending", None)
        for name in ("met", "exceeded"):
            if name in sla.levels:
                at = reached_at(values, prorated(sla.levels[name], sla, who, month, organisation, people))
                level, decided_at = (name, at) if at is not None else (level, decided_at)
        rows.append(monthly_row(sla, who, month, level, values[-1][1] if values else 0, decided_at, people))
    return rows


def monthly_row(sla: Sla, who: str, month: Month, level: str, value, decided_at, people: People) -> Attainment:
    row = Attainment(sla.key, who, month.text, level, value, decided_at=decided_at, points=sla.earned(level))
    row.team = who if sla.participant == "team" else last_team_until(people, who, month)
    row.month, row.started_at, row.due_at = month.text, month.start, month.end
    return row


def clock_cases(sla: Sla, month: Month, decided: list[Attainment], member_keys) -> dict[str, list[bool]]:
    """K3: the clocks of the other SLA that were decided in the month, each in time or not."""
    cases: dict[str, list[bool]] = {}
    for row in decided:
        if row.sla == sla.measure["of_sla"] and row.month == month.text and row.level in ("met", "exceeded", "missed"):
            who = row.team if sla.participant == "team" else row.participant
            if who is not None and (sla.participant == "team" or who in member_keys):
                cases.setdefault(who, []).append(row.level != "missed")
    return cases


def subject_cases(sla: Sla, month: Month, events: list[Event], people: People) -> dict[str, list[bool]]:
    """K3: subjects whose `of` event fell in the month, each with or without its `in` event."""
    first: dict[tuple[str, str], datetime] = {}
    for event in events:
        who = named_participant(event, sla, people)
        if event.type in sla.measure["of"] and month.start <= event.at < month.end and who is not None:
            key = (who, event.subject)
            first[key] = min(event.at, first.get(key, event.at))
    cases: dict[str, list[bool]] = {}
    for (who, subject), at in first.items():
        cases.setdefault(who, []).append(
            any(e.type in sla.measure["in"] and e.subject == subject and at <= e.at < month.end for e in events)
        )
    return cases


def rates(sla: Sla, month: Month, events: list[Event], decided: list[Attainment], as_of, people) -> list[Attainment]:
    if "of_sla" in sla.measure:
        cases = clock_cases(sla, month, decided, people.members)
    else:
        cases = subject_cases(sla, month, events, people)
    rows = []
    for who, hits in sorted(cases.items()):
        if len(hits) < sla.measure.get("at_least", 1):
            continue
        share = Fraction(sum(hits), len(hits))
        level = "missed"
        for name in ("met", "exceeded"):
            if name in sla.levels and share >= Fraction(sla.levels[name]):
                level = name
        over = as_of >= month.end
        level, decided_at = (level, month.end) if over else ("pending", None)
        rows.append(monthly_row(sla, who, month, level, float(round(share, 6)), decided_at, people))
    return rows


def months_between(first: date, last: date, organisation: Organisation) -> list[Month]:
    found = []
    day = first.replace(day=1)
    while day <= last:
        found.append(Month(f"{day:%Y-%m}", organisation))
        day = (day + timedelta(days=31)).replace(day=1)
    return found
