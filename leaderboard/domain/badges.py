"""Badges: what attainments and standings earn (G1), each with the ground that it stands on.

How the rules are read:
- in a row: the decided response times of a member, of all SLAs together, by the instant of their decision (then
  subject, then SLA). Met and exceeded count on, a missed one ends the run; void and pending ones are passed over. A
  run earns each of 10, 50 and 100 once, and goes on over the end of a month.
- first met, first exceeded: the earliest of all of a member's attainments that got there, of any measure.
- every SLA met: at least one level reached in the month and none missed; exceeded throughout: all of them exceeded.
- three months: exceeded throughout in this month and the two before it; the next takes three new ones.
- fastest response: the least time by the SLA's own clock; then the least plain time; then the earliest; then all.
- most improved: the greatest rise of points over the month before, in which the member must have stood; all who tie.
- rep, team of the month, team of the quarter: rank 1 with more than 0 points; all who tie.
- training early: each completion met or exceeded with time left before it was due.

Instants of attainments are microseconds, as they are stored: a month may hold a million of them.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from leaderboard.domain.instants import from_micros

IN_A_ROW = {10: "in-a-row-10", 50: "in-a-row-50", 100: "in-a-row-100"}
LIVE = ("first-met", "first-exceeded", *IN_A_ROW.values(), "training-early")  # earned at once, in an open month too
MONTHLY = (
    "every-sla-met",
    "exceeded-throughout",
    "exceeded-three-months",
    "fastest-response",
    "most-improved",
    "rep-of-the-month",
    "team-of-the-month",
)
QUARTERLY = ("team-of-the-quarter",)
KEYS = (*LIVE, *MONTHLY, *QUARTERLY)

Kinds = Mapping[tuple[int, str], str]
"""The kind of each SLA's measure, by agreement version and SLA."""
Ground = Mapping[str, Any]


class Badge(NamedTuple):
    """A badge earned. scope and participant: a member or a team. period: the key of that in which it was earned.

    occasion: what it is for, once each: empty for what is once ever, else the period, the task or where the run
    began. ground: what it stands on, in words and whole numbers; instants are ISO 8601.
    """

    key: str
    scope: str
    participant: int
    occasion: str
    period: str
    earned_at: datetime
    ground: Ground

    @property
    def identity(self) -> "BadgeIdentity":
        """What there is at most one of (G2)."""
        return BadgeIdentity(self.participant, self.scope, self.key, self.occasion)


class BadgeIdentity(NamedTuple):
    """Names one badge among all."""

    participant: int
    scope: str
    key: str
    occasion: str


class Decided(NamedTuple):
    """An attainment of a member that is met, exceeded, missed or void, as badges see it. value: in microseconds."""

    member: int
    decided_at: int
    subject: str
    sla: str
    started_at: int
    level: str
    value: int | None
    version: int


class Run(NamedTuple):
    """How many in time in a row, and where it began."""

    length: int = 0
    began: str = ""


class Month(NamedTuple):
    """What a member's attainments come to in a month. fastest: the best response time, if there is one.

    voids: when what is void now had been decided: why a badge's ground may be gone.
    """

    badges: list[Badge]
    run: Run
    fastest: Decided | None
    voids: list[datetime]


def month_of_member(rows: Iterable[Decided], run: Run, kinds: Kinds, period: str) -> Month:
    """Return what a member's attainments of one month come to.

    rows: all of them, by decided_at, subject, sla. run: as it was when the month began. Of the firsts ever, these
    are the month's: `once` leaves out what an earlier month gave.
    """
    found = Month([], run, None, [])
    badges = found.badges
    length, began = run
    has_met = has_exceeded = False
    best: Decided | None = None
    for row in rows:
        level = row.level
        if level == "void":
            found.voids.append(from_micros(row.decided_at))
            continue
        kind = kinds.get((row.version, row.sla))
        if level == "missed":
            if kind == "response_time":
                length, began = 0, ""
            continue
        if not has_met:
            has_met = True
            badges.append(_badge("first-met", row, "", period))
        if not has_exceeded and level == "exceeded":
            has_exceeded = True
            badges.append(_badge("first-exceeded", row, "", period))
        if kind == "response_time":
            length += 1
            if length == 1:
                began = _place(row)
            if length in IN_A_ROW:
                badges.append(_in_a_row(row, length, began, period))
            if best is None or (row.value or 0) <= (best.value or 0):
                best = row if best is None else min(best, row, key=_slowness)
        elif kind == "completion" and (row.value or 0) > 0:
            badges.append(_badge("training-early", row, f"{row.sla}|{row.subject}", period, early_micros=row.value))
    return found._replace(run=Run(length, began), fastest=best)


def _in_a_row(row: Decided, length: int, began: str, period: str) -> Badge:
    since = began.rpartition("|")[2]
    return _badge(IN_A_ROW[length], row, began, period, length=length, since=since)


def _badge(key: str, row: Decided, occasion: str, period: str, **more: Any) -> Badge:
    ground = {
        "sla": row.sla,
        "subject": row.subject,
        "level": row.level,
        "started_at": from_micros(row.started_at).isoformat(),
        "decided_at": from_micros(row.decided_at).isoformat(),
        **more,
    }
    return Badge(key, "member", row.member, occasion, period, from_micros(row.decided_at), ground)


def _place(row: Decided) -> str:
    """Return what names an attainment of a member."""
    return f"{row.sla}|{row.subject}|{from_micros(row.started_at).isoformat()}"


def _slowness(row: Decided) -> tuple[int, int, int]:
    return row.value or 0, row.decided_at - row.started_at, row.decided_at


def fastest_response(best: Collection[Decided], period: str) -> list[Badge]:
    """Return the badge of the fastest response of the month; of each that ties.

    best: each member's own (Month.fastest).
    """
    least = min(map(_slowness, best), default=None)
    return [
        _badge("fastest-response", row, period, period, took_micros=row.value)
        for row in best
        if _slowness(row) == least
    ]


def once(badges: Iterable[Badge], taken: Collection[BadgeIdentity] = ()) -> list[Badge]:
    """Return badges without those whose occasion is taken, or that come again: the earliest stays (G2)."""
    seen = set(taken)
    kept = []
    for badge in badges:
        if badge.identity not in seen:
            seen.add(badge.identity)
            kept.append(badge)
    return kept
