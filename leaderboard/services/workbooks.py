"""Workbooks (XLSX): rows of text and numbers, the same bytes every time, and no text that is a formula."""

import io
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
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
    book = Workbook(write_only=True)
    book.properties.creator = "SLA Leaderboard"
    book.properties.created = book.properties.modified = created_at.astimezone(UTC).replace(tzinfo=None, microsecond=0)
    sheet = book.create_sheet(title)
    sheet.freeze_panes = "A2"
    for column, texts in enumerate(zip(*rows, strict=True), 1):
        sheet.column_dimensions[get_column_letter(column)].width = min(WIDEST, 2 + max(map(len, texts)))
    for number, row in enumerate(rows, 1):
        cells = [
            _cell(sheet, text, name in numbers and number > 1, amounts.get(name))
            for name, text in zip(rows[0], row, strict=True)
        ]
        if number in (1, len(rows)):
            for cell in cells:
                cell.font = Font(bold=True)
        sheet.append(cells)
    return _same_bytes(book, created_at)


def _cell(sheet: Any, text: str, is_number: bool, currency: str | None) -> Any:
    if is_number and text.isdecimal():
        return WriteOnlyCell(sheet, int(text))
    if currency is not None and text.replace(".", "", 1).isdecimal():
        cell = WriteOnlyCell(sheet, Decimal(text))
        digits = minor_digits(currency)
        cell.number_format = "#,##0." + "0" * digits if digits else "#,##0"
        return cell
    cell = WriteOnlyCell(sheet, text.translate(UNFIT))
    cell.data_type = "s"
    return cell


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
