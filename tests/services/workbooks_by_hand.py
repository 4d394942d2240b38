"""Workbooks put together by hand: what spreadsheets write, and what they never would."""

import io
import zipfile
from collections.abc import Iterable, Mapping

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATED = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
ROOT = f'<Relationships><Relationship Id="r" Type="{RELATED}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
BOOK = f'<workbook xmlns="{MAIN}" xmlns:r="{RELATED}">{{head}}<sheets>{{sheets}}</sheets></workbook>'
BOOK_RELATED = (
    f'<Relationships><Relationship Id="s1" Type="{RELATED}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="s2" Type="{RELATED}/worksheet" Target="/xl/worksheets/sheet2.xml"/>'
    f'<Relationship Id="styles" Type="{RELATED}/styles" Target="styles.xml"/>'
    f'<Relationship Id="shared" Type="{RELATED}/sharedStrings" Target="sharedStrings.xml"/></Relationships>'
)
STYLES = (
    '<styleSheet><numFmts><numFmt numFmtId="164" formatCode="dd/mm/yyyy\\ hh:mm"/>'
    '<numFmt numFmtId="165" formatCode="[$R$-416]#,##0.00;[Red]&quot;day&quot;0"/>'
    '<numFmt numFmtId="166" formatCode="[h]:mm"/></numFmts><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs>'
    '<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/><xf numFmtId="165"/><xf numFmtId="166"/>'
    "</cellXfs></styleSheet>"
)


def package(files: Mapping[str, str | bytes | Iterable[bytes]]) -> bytes:
    """Return a ZIP of some files, each whole or in pieces."""
    found = io.BytesIO()
    with zipfile.ZipFile(found, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            with archive.open(name, "w", force_zip64=True) as file:
                for piece in [content] if isinstance(content, str | bytes) else content:
                    file.write(piece.encode() if isinstance(piece, str) else piece)
    return found.getvalue()


def parts(sheet: str | Iterable[bytes], shared: str | Iterable[bytes] = "<sst/>", **other: str) -> dict[str, object]:
    """Return the files of a workbook with one sheet's XML."""
    sheets = '<sheet name="One" r:id="s1"/><sheet name="Two" r:id="s2"/>'
    return {
        "_rels/.rels": ROOT,
        "xl/workbook.xml": BOOK.format(head=other.get("head", ""), sheets=sheets),
        "xl/_rels/workbook.xml.rels": BOOK_RELATED,
        "xl/styles.xml": STYLES,
        "xl/sharedStrings.xml": shared,
        "xl/worksheets/sheet1.xml": sheet,
        "xl/worksheets/sheet2.xml": sheet_of("<row><c><v>2</v></c></row>"),
    }


def sheet_of(rows: str) -> str:
    """Return a sheet's XML around its rows."""
    return f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>'


def book(rows: str, shared: str = "", **other: str) -> bytes:
    """Return a workbook with these rows in its first sheet."""
    return package(parts(sheet_of(rows), f"<sst>{shared}</sst>", **other))


def cell(text: str, kind: str = "str", style: int = 0, at: str = "") -> str:
    """Return a cell."""
    where = f' r="{at}"' if at else ""
    return f'<c{where} t="{kind}" s="{style}"><v>{text}</v></c>'


def table(*rows: Iterable[str]) -> bytes:
    """Return a workbook of texts."""
    return book("".join(f"<row>{''.join(map(cell, row))}</row>" for row in rows))
