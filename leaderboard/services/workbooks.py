"""Workbooks (XLSX): rows of text and numbers, the same bytes every time, and no text that is a formula."""

import io
import re
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
NUMBER = re.compile(
    r"-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,6})?"
)  # as many digits as a spreadsheet keeps, and no code such as 007


def workbook(
    title: str,
    rows: Sequence[Sequence[str]],
    numbers: Sequence[str] | None,
    amounts: Mapping[str, str],
    *,
    created_at: datetime,
    has_total: bool = True,
) -> bytes:
    """Return a workbook of one sheet; texts must be safe cells already.

    rows: the first names the columns. numbers: columns of whole numbers; amounts: columns of decimal amounts,
    each with its currency; what is no number in them stays text. None for numbers: those columns in which all that is
    there is a number. created_at: the only instant in it. has_total: whether the last row is that of a total.
    """
    book = Workbook(write_only=True)
    book.properties.creator = "SLA Leaderboard"
    book.properties.created = book.properties.modified = created_at.astimezone(UTC).replace(tzinfo=None, microsecond=0)
    sheet = book.create_sheet(title)
    sheet.freeze_panes = "A2"
    for column, texts in enumerate(zip(*rows, strict=True), 1):
        sheet.column_dimensions[get_column_letter(column)].width = min(WIDEST, 2 + max(map(len, texts)))
    numeric = [name in numbers for name in rows[0]] if numbers is not None else _numeric(rows)
    for number, row in enumerate(rows, 1):
        cells = [
            _cell(sheet, text, is_number and number > 1, amounts.get(name))
            for name, text, is_number in zip(rows[0], row, numeric, strict=True)
        ]
        if number == 1 or (has_total and number == len(rows)):
            for cell in cells:
                cell.font = Font(bold=True)
        sheet.append(cells)
    return _same_bytes(book, created_at)


def _numeric(rows: Sequence[Sequence[str]]) -> list[bool]:
    """Tell of each column whether all that is in it below its name is a number."""
    return [all(map(NUMBER.fullmatch, filter(None, texts))) for _, *texts in zip(*rows, strict=True)]


def _cell(sheet: Any, text: str, is_number: bool, currency: str | None) -> Any:
    if is_number and NUMBER.fullmatch(text):
        return WriteOnlyCell(sheet, Decimal(text) if "." in text else int(text))
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
