"""Exports for payroll: each approved award of an amount goes into one, once; the file never changes (B1, B4)."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from leaderboard.domain.actors import Actor
from leaderboard.domain.bonuses import Status
from leaderboard.domain.errors import Refused
from leaderboard.domain.money import format_amount
from leaderboard.domain.shown import safe_cell
from leaderboard.domain.standings import sort_key
from leaderboard.services.workbooks import workbook
from leaderboard.storage import awards, payroll, trail
from leaderboard.storage.database import DOOR_LOCK, all_or_nothing

PAYROLL_COLUMNS = "line export period programme place award member email name team amount currency".split()
NUMBERS = ("line", "export", "place", "award")
TOTAL_LINE = "TOTAL"
PAGE_SIZE = 20
SHOWN_OF_DIGEST = 12


class ExportRefused(Refused):
    """A payroll export that cannot be had.

    because: there is `nothing` to export, it is `unknown`, `changed` since it was handed out, `raced` (made by
    somebody else at the same moment), or `paid` already by `by` at `at`.
    """

    def __init__(self, because: str, sentence: str, *, by: str | None = None, at: datetime | None = None) -> None:
        super().__init__(sentence)
        self.because, self.by, self.at = because, by, at


@dataclass(frozen=True)
class Export:
    """A payroll export as a page lists it; its number is the id.

    total_minor: minor units of `currency`. paid: how many of its awards are paid.
    """

    id: int
    created_at: datetime
    created_by: str
    currency: str
    awards: int
    lines: int
    total_minor: int
    digest: str
    paid: int


@dataclass(frozen=True)
class ExportPage:
    """A page of exports, and what waits for the next: currency, number of awards and sum in minor units."""

    exports: Sequence[Export]
    page: int
    pages: int
    waiting: Sequence[tuple[str, int, int]]


def create_export(session: Session, *, by: Actor, now: datetime) -> int:
    """Put every approved award of an amount that no export has into a new one, and return its number.

    Awards of another currency than the oldest's are left for the next. Raises ExportRefused when none waits.
    """
    with all_or_nothing(session, DOOR_LOCK):
        connection = session.connection()
        waits = payroll.waiting(connection)
        if not waits:
            raise ExportRefused(
                "nothing", "No approved award waits for payroll; approve one first. Prizes in kind are not exported."
            )
        currency, number_of_awards, total = waits[0]
        number = payroll.next_number(connection)
        shares = payroll.waiting_shares(connection, currency)
        document = _document(number, currency, total, shares)
        digest = _digest(document)
        payroll.add_export(
            connection,
            id=number,
            created_at=now,
            created_by=by.name,
            currency=currency,
            awards=number_of_awards,
            lines=len(shares),
            total_minor=total,
            document=document,
            digest=digest,
        )
        if payroll.claim(connection, number, currency) != number_of_awards:
            raise ExportRefused(
                "raced", "Somebody else was exporting at the same moment; look at the exports and try again."
            )
        after = told_of(number_of_awards, len(shares), total, currency, digest)
        trail.note(connection, by, "export.created", f"export {number}", at=now, after=after)
    return number


def told_of(number_of_awards: int, lines: int, total_minor: int, currency: str, digest: str) -> str:
    """Return what the audit trail says of an export; the digest's beginning tells its file from any other."""
    total = format_amount(total_minor, currency)
    return f"awards: {number_of_awards}; lines: {lines}; sum: {total} {currency}; sha256 {digest[:SHOWN_OF_DIGEST]}"


def _document(number: int, currency: str, total_minor: int, shares: Sequence[Any]) -> str:
    """Return the CSV of an export: one line a share, and the control total (RFC 4180)."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(PAYROLL_COLUMNS)
    ordered = sorted(shares, key=lambda row: (row.id, sort_key(row.name), row.name, row.member_id))
    for line, row in enumerate(ordered, 1):
        team = row.winner if row.scope == "team" else row.team
        who = (row.key, row.email or "", row.name, team or "")
        what = (row.period, row.programme, row.place, row.id)
        amount = format_amount(row.amount_minor, currency)
        writer.writerow([safe_cell(each) for each in (line, number, *what, *who)] + [amount, currency])
    lines = f"{len(ordered)} lines"
    writer.writerow(
        [TOTAL_LINE, number, "", "", "", "", "", "", lines, "", format_amount(total_minor, currency), currency]
    )
    return text.getvalue()


def _digest(document: str) -> str:
    return sha256(document.encode()).hexdigest()


def export_csv(session: Session, number: int) -> bytes:
    """Return the CSV of an export, the same bytes every time.

    Raises ExportRefused if there is none of that number, or if it is not what was handed out any more.
    """
    return str(_checked(session.connection(), number).document).encode()


def export_xlsx(session: Session, number: int) -> bytes:
    """Return an export as a workbook with the rows of the CSV, amounts as numbers; else as export_csv."""
    row = _checked(session.connection(), number)
    rows = list(csv.reader(io.StringIO(row.document, newline="")))
    return workbook(f"Payroll {number}", rows, NUMBERS, {"amount": row.currency}, created_at=row.created_at)


def _checked(connection: Connection, number: int) -> Any:
    row = payroll.export(connection, number)
    if row is None:
        raise ExportRefused("unknown", f"There is no export {number}; look at the list of exports again.")
    if _digest(row.document) != row.digest:
        raise ExportRefused(
            "changed", f"Export {number} is not what was handed out any more; restore a backup of the database."
        )
    return row


def read_exports(session: Session, page: int = 1, *, page_size: int = PAGE_SIZE) -> ExportPage:
    """Return one page of exports, newest first; three queries."""
    connection = session.connection()
    pages = max(1, -(-payroll.count_exports(connection) // page_size))
    page = min(max(page, 1), pages)
    rows = payroll.exports(connection, (page - 1) * page_size, page_size)
    exports = tuple(Export(**row._mapping) for row in rows)
    return ExportPage(exports, page, pages, payroll.waiting(connection))


def mark_export_paid(session: Session, number: int, *, by: Actor, now: datetime) -> int:
    """Note that all awards of an export are paid, and return how many were not yet (B4).

    Raises ExportRefused if there is no such export or nothing is left to pay, saying who was faster.
    """
    with all_or_nothing(session, DOOR_LOCK):
        connection = session.connection()
        _checked(connection, number)
        paid = awards.pay_export(connection, number, paid_at=now, paid_by=by.name)
        if not paid:
            last = payroll.last_payment(connection, number)
            raise ExportRefused(
                "paid",
                f"Export {number} was paid already, at {last.paid_at:%Y-%m-%d %H:%M} UTC by {last.paid_by}.",
                by=last.paid_by,
                at=last.paid_at,
            )
        abouts = [f"award {each}" for each in sorted(paid)]
        why = f"export {number}"
        before, after = Status.APPROVED, Status.PAID
        trail.note_each(connection, by, "award.paid", abouts, at=now, before=before, after=after, why=why)
    return len(paid)


def export_differences(connection: Connection) -> Iterator[str]:
    """Yield one sentence for each export that is not what was handed out, or not what its awards come to."""
    for row, sums in payroll.exports_with_sums(connection):
        if _digest(row.document) != row.digest:
            yield f"export {row.id}: its file is not what was handed out."
        if sums != (row.awards, row.lines, row.total_minor):
            yield (
                f"export {row.id}: stored with {row.awards} awards, {row.lines} lines and {row.total_minor} minor "
                f"units, but its awards come to {sums[0]}, {sums[1]} and {sums[2]}."
            )
