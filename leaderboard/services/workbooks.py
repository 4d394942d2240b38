"""Workbooks (XLSX): rows of text and numbers, the same bytes every time, and no text that is a formula."""

import io
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.writer.excel import ExcelWriter

from leaderboard.domain.money import minor_digits

UNFIT = dict.fromkeys((0xFFFE, 0xFFFF), "\N{REPLACEMENT CHARACTER}")  # XML has no place for them
WIDEST = 60


def workbook(
    title: str,
    rows: Sequence[Sequence[str]],
    numbers: Sequence[str],
    amounts: Mapping[str, str],
    *,
    created_at: datetime,
) -> bytes:
    """Return a workbook of one sheet; texts must be safe cells already.

    rows: the first names the columns. numbers: columns of whole numbers; amounts: columns of decimal amounts,
    each with its currency; what is no number in them stays text. created_at: the only instant in it.
    """
    book = Workbook()
    book.properties.creator = "SLA Leaderboard"
    book.properties.created = book.properties.modified = created_at.astimezone(UTC).replace(tzinfo=None, microsecond=0)
    sheet = book.active
    sheet.title = title
    sheet.freeze_panes = "A2"
    names = list(rows[0])
    for number, row in enumerate(rows, 1):
        for column, (name, text) in enumerate(zip(names, row, strict=True), 1):
            _fill(sheet.cell(number, column), text, name in numbers and number > 1, amounts.get(name))
    for cell in (*sheet[1], *sheet[sheet.max_row]):
        cell.font = Font(bold=True)
    for column, texts in zip(sheet.iter_cols(max_row=1), zip(*rows, strict=True), strict=True):
        sheet.column_dimensions[column[0].column_letter].width = min(WIDEST, 2 + max(map(len, texts)))
    return _same_bytes(book, created_at)


def _fill(cell: Any, text: str, is_number: bool, currency: str | None) -> None:
    if is_number and text.isdecimal():
        cell.value = int(text)
    elif currency is not None and text.replace(".", "", 1).isdecimal():
        digits = minor_digits(currency)
        cell.value = Decimal(text)
        cell.number_format = "#,##0." + "0" * digits if digits else "#,##0"
    else:
        cell.value = text.translate(UNFIT)
        cell.data_type = "s"


def _same_bytes(book: Any, created_at: datetime) -> bytes:
    """Write a workbook with one instant for all that is in it, where openpyxl would write that of the clock."""
    written = io.BytesIO()
    ExcelWriter(book, ZipFile(written, "w")).save()
    packed = io.BytesIO()
    moment = created_at.astimezone(UTC).timetuple()[:6]
    with ZipFile(written) as parts, ZipFile(packed, "w") as archive:
        for name in parts.namelist():
            archive.writestr(ZipInfo(name, moment), parts.read(name), ZIP_DEFLATED)
    return packed.getvalue()
