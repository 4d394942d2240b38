"""Points: what an attainment is worth, and the difference to post to the ledger (P1, P2)."""

from datetime import datetime
from typing import NamedTuple

from leaderboard.domain.agreement import Level
from leaderboard.domain.periods import Month

COUNTED = (Level.MET, Level.EXCEEDED, Level.MISSED)


class Attainment(NamedTuple):
    """The level that one participant reached in one SLA for one occurrence or one month.

    participant: a member or, at `scope` team, a team. team_id: credited with it too (P3, K7).
    value: microseconds, subjects, minor units or cases in time; of_cases: all cases of a rate.
    """

    sla: str
    scope: str
    participant: int
    subject: str
    started_at: datetime
    team_id: int | None
    month: Month | None
    level: Level
    points: int
    value: int | None
    of_cases: int | None
    due_at: datetime | None
    stopped_at: datetime | None
    decided_at: datetime | None
    version: int

    @property
    def identity(self) -> "Identity":
        """What it is the attainment of: stays the same however often it is worked out."""
        return Identity(self.subject, self.sla, self.started_at, self.scope, self.participant)

    @property
    def credit(self) -> "Credit":
        """Where its points and its level count."""
        return Credit(self.scope, self.participant, self.team_id, self.month)


class Identity(NamedTuple):
    """Names one attainment among all."""

    subject: str
    sla: str
    started_at: datetime
    scope: str
    participant: int


class Credit(NamedTuple):
    """Who is credited, and in which month."""

    scope: str
    participant: int
    team_id: int | None
    month: Month | None


class Posting(NamedTuple):
    """A row to append to the ledger: points to a member and a team in a month.

    corrects: the closed month of which it is a correction, if it is one (P5).
    """

    credit: Credit
    points: int
    reason: str
    corrects: Month | None = None


def postings(old: Attainment | None, new: Attainment | None) -> list[Posting]:
    """Return what to post so that the ledger's net becomes what the attainment is worth now (P2).

    old: the attainment as the ledger has it; new: as it is now; None where there is none. If member,
    team and month stay, one row has the difference; if not, the old points go back where they were.
    """
    before = 0 if old is None else old.points
    after = 0 if new is None else new.points
    if old is not None and new is not None and old.credit == new.credit:
        return [Posting(new.credit, after - before, _reason(before, new))] if after != before else []
    rows = []
    if old is not None and before:
        rows.append(Posting(old.credit, -before, "reversed"))
    if new is not None and after:
        rows.append(Posting(new.credit, after, str(new.level)))
    return rows


def _reason(before: int, new: Attainment) -> str:
    return "reversed" if new.points == 0 and before else str(new.level)
