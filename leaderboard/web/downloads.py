"""Tables handed out as files: CSV or a workbook, with the columns of the page, and no cell that is a formula.

    return download(_("Corrections"), "corrections", columns, rows, kind)

kind comes from the address: routes take it as `<any(csv, xlsx):kind>`.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from itertools import islice
from typing import Any

from flask import Response

from leaderboard.domain.shown import safe_cell
from leaderboard.services.workbooks import workbook
from leaderboard.web.anonymous import unnamed
from leaderboard.web.clock import utc_now
from leaderboard.web.organisation import time_zone

MOST_ROWS = 50_000
ROWS_A_PART = 200
LONGEST_TITLE = 31  # of a sheet
NOT_IN_TITLES = str.maketrans(dict.fromkeys("[]:*?/\\", " "))
TYPES = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def download(title: str, name: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], kind: str) -> Response:
    """Return a table as a file.

    title: of a workbook's sheet; name: of the file, without its ending; columns: their names, as the page has them.
    rows: of texts, whole numbers, Decimals, Fractions (to six places), instants (in the organisation's time zone) and
    None; MOST_ROWS of them at most. kind: csv or xlsx.
    """
    table = [[safe_cell(each) for each in columns], *([_text(cell) for cell in row] for row in islice(rows, MOST_ROWS))]
    content = csv_parts(table) if kind == "csv" else _xlsx(title, table)
    headers = {"Content-Disposition": f'attachment; filename="{name}.{kind}"'}
    return Response(content, headers=headers, mimetype=TYPES[kind])


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.astimezone(time_zone()).isoformat(timespec="seconds")
    if isinstance(cell, Fraction):
        cell = round(Decimal(cell.numerator) / Decimal(cell.denominator), 6)
    return f"{cell:f}" if isinstance(cell, Decimal) else str(safe_cell(unnamed(cell)))


def csv_parts(rows: Iterable[Iterable[str]]) -> Iterator[str]:
    """Yield a table as RFC 4180 has it, so many rows a part; rows: of safe cells, the first names the columns."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    for number, row in enumerate(rows, 1):
        writer.writerow(row)
        if number % ROWS_A_PART == 0:
            yield text.getvalue()
            text.seek(0)
            text.truncate()
    yield text.getvalue()


def _xlsx(title: str, table: Sequence[Sequence[str]]) -> bytes:
    sheet = title.translate(NOT_IN_TITLES)[:LONGEST_TITLE].strip(" '") or "Table"
    return workbook(sheet, table, None, {}, created_at=utc_now(), has_total=False)
