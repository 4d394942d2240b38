"""What must hold at all times in the life of an organisation, whatever has happened."""

from collections import defaultdict
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from leaderboard.domain.periods import Quarter, parse_period
from leaderboard.services.exporting import export_csv
from leaderboard.services.verifying import verify
from leaderboard.storage.bonus_tables import PayrollExport

Rows = list[tuple[Any, ...]]
FROZEN = {
    "closing": "SELECT * FROM closing ORDER BY period",
    "total": "SELECT total.* FROM total JOIN closing USING (period) ORDER BY scope, participant_id",
    "badge": "SELECT period, badge.* FROM badge JOIN closing USING (period) ORDER BY badge.id",
    "badge_run": "SELECT badge_run.* FROM badge_run JOIN closing USING (period) ORDER BY member_id",
    "award": """SELECT period, id, programme, version_id, place, sharers, scope, participant_id, name, side, points,
        members, amount_minor, currency, prize, proposed_at, decidable_at FROM bonus_award ORDER BY id""",
    "share": """SELECT period, award_share.* FROM award_share JOIN bonus_award ON bonus_award.id = award_id
        ORDER BY award_id, member_id""",
    "ledger": "SELECT period, point_entry.* FROM point_entry JOIN closing ON period = month ORDER BY point_entry.id",
}
"""What a closed period was closed with; the period comes first in each row."""


class Broken(AssertionError):
    """Something that must hold does not."""


def rows(session: Session, query: str) -> Rows:
    """Return the rows of a query."""
    return [tuple(row) for row in session.connection().exec_driver_sql(query)]


class Held:
    """What closed periods and exports held when they were first seen; `check` compares with what they hold now.

    frozen: by period, the rows of each of FROZEN.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self.frozen: dict[str, dict[str, Rows]] = {}
        self.exports: dict[int, bytes] = {}
        self.last_correction = 0

    def must_verify(self, now: datetime, after: str) -> None:
        """Raise Broken if anything differs from what the events say."""
        found = list(verify(self.session, now=now))
        if found:
            raise Broken(f"after {after}:\n" + "\n".join(found))

    def check(self) -> None:
        """Raise Broken if anything does not hold that must hold after each step."""
        self.session.rollback()
        closed_before = set(self.frozen)
        self._check_frozen()
        self._check_order(closed_before)
        self._check_corrections(closed_before)
        self._check_sums()
        self._check_money()

    def _check_frozen(self) -> None:
        """A closed period's figures stay as they are, byte by byte (P5)."""
        found: dict[str, dict[str, Rows]] = {}
        for name, query in FROZEN.items():
            for row in rows(self.session, query):
                found.setdefault(row[0], {}).setdefault(name, []).append(row)
        for period, known in self.frozen.items():
            for name in FROZEN:
                was, now = known.get(name), found.get(period, {}).get(name)
                if was != now:
                    raise Broken(f"{name} of closed {period} was {was}, is {now}")
        self.frozen = found

    def _check_order(self, closed_before: set[str]) -> None:
        """A quarter is closed after its months, and no month while an older open one has standings (M2, M3)."""
        new = self.frozen.keys() - closed_before
        months = [key for (key,) in rows(self.session, "SELECT key FROM period WHERE kind = 'month'")]
        for key in self.frozen:
            period = parse_period(key)
            if isinstance(period, Quarter) and any(month.key not in self.frozen for month in period.months):
                raise Broken(f"{key} is closed before its months")
            if key in new:
                older = [each for each in months if each < period.months[0].key and each not in self.frozen]
                if older:
                    raise Broken(f"{key} is closed while {older} are open")
                as_of, closed_at = self.frozen[key]["closing"][0][4:6]
                if as_of > closed_at:
                    raise Broken(f"{key} is closed as of a later instant")

    def _check_corrections(self, closed_before: set[str]) -> None:
        """Each correction names a closed month, and goes to a later one that was open then (P5)."""
        query = f"SELECT corrects, month, id FROM correction WHERE id > {self.last_correction} ORDER BY id"
        for corrects, month, row_id in rows(self.session, query):
            self.last_correction = row_id
            if corrects not in self.frozen or month in closed_before or month <= corrects:
                raise Broken(f"a correction of {corrects} went to {month}")
        query = "SELECT id, month, corrects FROM point_entry WHERE corrects IS NOT NULL"
        for entry_id, month, corrects in rows(self.session, query):
            closing = self.frozen.get(corrects)
            if closing is None or entry_id <= closing["closing"][0][7] or month <= corrects:
                raise Broken(f"entry {entry_id} in {month} corrects {corrects}")

    def _check_sums(self) -> None:
        """The ledger's sums are the standings, of months and quarters; each attainment's net is its worth (P2, S4)."""
        sums: defaultdict[tuple[str, str, int], int] = defaultdict(int)
        query = "SELECT month, member_id, team_id, SUM(points) FROM point_entry GROUP BY 1, 2, 3"
        for month, member, team, points in rows(self.session, query):
            for period in (month, parse_period(month).quarter.key):
                if member is not None:
                    sums[period, "member", member] += points
                if team is not None:
                    sums[period, "team", team] += points
        query = "SELECT period, scope, participant_id, points FROM total"
        totals = {(period, scope, who): points for period, scope, who, points in rows(self.session, query)}
        for key in sums.keys() | totals.keys():
            if sums.get(key, 0) != totals.get(key, 0):
                raise Broken(f"the ledger gives {key} {sums.get(key)}, the standings {totals.get(key)}")
        query = """SELECT attainment.id, attainment.points, SUM(COALESCE(point_entry.points, 0)) FROM attainment
            LEFT JOIN point_entry ON attainment_id = attainment.id GROUP BY attainment.id, attainment.points"""
        for row_id, points, net in rows(self.session, query):
            if points != net:
                raise Broken(f"attainment {row_id} is worth {points}, its net is {net}")

    def _check_money(self) -> None:
        """Shares add up to their award (B3), no export changes, and nothing is in two (B4)."""
        query = """SELECT bonus_award.id, bonus_award.amount_minor, SUM(award_share.amount_minor),
            COUNT(award_share.member_id) FROM bonus_award LEFT JOIN award_share ON award_id = bonus_award.id
            GROUP BY bonus_award.id, bonus_award.amount_minor"""
        for award_id, amount, shared, sharers in rows(self.session, query):
            if shared != amount or not sharers:
                raise Broken(f"award {award_id} of {amount} is divided into {shared}")
        exported: set[str] = set()
        for number in self.session.execute(select(PayrollExport.id)).scalars().all():
            document = export_csv(self.session, number)
            if self.exports.setdefault(number, document) != document:
                raise Broken(f"export {number} has changed")
            awards = {line.split(",")[5] for line in document.decode().splitlines()[1:-1]}
            if awards & exported:
                raise Broken(f"export {number} has {sorted(awards & exported)} again")
            exported |= awards
        claimed = {
            str(each) for (each,) in rows(self.session, "SELECT id FROM bonus_award WHERE export_id IS NOT NULL")
        }
        if exported != claimed:
            raise Broken(f"exported are {sorted(exported)}, claimed {sorted(claimed)}")
