"""Reading workbooks: what a cell says is what a CSV saved from it would say; whatever is no table is refused."""

import io
import zipfile

import pytest

from leaderboard.domain.errors import Refused
from leaderboard.domain.mapping import parse_mapping
from leaderboard.domain.sheet_values import is_time_format, number_text, place_of, time_text
from leaderboard.services import packages, shared_texts, workbook_rows
from leaderboard.services.sheets import open_rows
from tests.services.workbooks_by_hand import book, cell, package, parts, sheet_of, table

HEAD = "<row>" + "".join(map(cell, ("a", "b", "c"))) + "</row>"


def read(content, mapping=None):
    """Return the rows of a workbook: line, cells or problem."""
    rows = open_rows(io.BytesIO(content), "export.xlsx", mapping)
    return [(row.line, row.problem or row.cells) for row in rows.rows()]


def first(*cells, shared="", **other):
    """Return the cells of one row."""
    return read(book(f"{HEAD}<row>{''.join(cells)}</row>", shared, **other))[0][1]


@pytest.mark.parametrize(
    ("stored", "said"),
    [
        ("1", "1"), ("1.0", "1"), ("1234.5", "1234.5"), ("0.30000000000000004", "0.3"), ("1.5E3", "1500"),
        ("-0.0", "0"), ("1E-7", "0.0000001"), ("12345678901234567890", "12345678901234567890"),
        ("1E400", "1E400"), ("9" * 41 + ".5", "9" * 41 + ".5"), ("n/a", "n/a"),
    ],
)  # fmt: skip
def test_a_number_is_as_it_was_written(stored, said):
    assert number_text(stored) == said


@pytest.mark.parametrize(
    ("days", "is_1904", "said"),
    [
        ("46091", False, "2026-03-10"),
        ("46091.378472222219", False, "2026-03-10 09:05:00"),
        ("46091.378553125", False, "2026-03-10 09:05:06.990"),
        ("44629.378472222219", True, "2026-03-10 09:05:00"),  # the Mac's days begin in 1904
        ("0.375", False, "09:00:00"),
        ("59", False, "1900-02-28"), ("60", False, None), ("61", False, "1900-03-01"),  # no 29 February 1900
        ("2958465", False, "9999-12-31"), ("2958466", False, None), ("-1", False, None), ("soon", False, None),
        ("1E9999", False, None),
    ],
)  # fmt: skip
def test_a_day_is_counted_as_spreadsheets_count_it(days, is_1904, said):
    assert time_text(days, is_1904=is_1904) == said


@pytest.mark.parametrize(
    ("number", "code", "is_time"),
    [
        (14, None, True), (22, None, True), (0, None, False), (4, None, False), (49, None, False),
        (164, "dd/mm/yyyy", True), (164, "General", False), (164, '0.00" days"', False), (164, "[Red]0", False),
        (164, "[h]:mm", False), (164, "yyyy\\-mm\\-dd;@", True), (164, "0;mm", False), (164, "[$-416]d. mmm", True),
    ],
)  # fmt: skip
def test_a_number_format_says_whether_it_is_a_time(number, code, is_time):
    assert is_time_format(number, code) == is_time


def test_a_reference_says_the_column():
    found = [place_of(text) for text in ("A1", "Z9", "AA10", "XFD1048576", "", "12", "a1", "A1B", "ABCD1")]
    assert found == [0, 25, 26, 16383, None, None, None, None, None]


def test_cells_of_all_kinds_are_texts():
    shared = (
        "<si><t>Zoé</t></si><si><r><t>Rui </t></r><r><t>Alves</t></r><rPh><t>x</t></rPh></si><si><t>a_x000A_b</t></si>"
    )
    assert first(cell("0", "s"), cell("1", "s"), cell("2", "s"), shared=shared) == ["Zoé", "Rui Alves", "a\nb"]
    assert first(cell("1", "b"), cell("#N/A", "e"), "<c t='inlineStr'><is><t>x</t></is></c>") == ["TRUE", "#N/A", "x"]
    assert first(cell("46091", "n", 1), cell("46091.5", "n", 2), cell("1.50", "n", 3)) == [
        "2026-03-10", "2026-03-10 12:00:00", "1.5",
    ]  # fmt: skip
    assert first("<c><f>1+1</f><v>2</v></c>", "<c><f>NOW()</f></c>", cell("1.5", "n", 4)) == ["2", "", "1.5"]
    assert first(cell("44629", "n", 1), head='<workbookPr date1904="1"/>') == ["2026-03-10", "", ""]


def test_rows_and_cells_stand_where_they_say_and_empty_ones_are_passed_over():
    rows = f'{HEAD}<row/><row r="7">{cell("x", at="C7")}</row><row><c s="1"/></row><row r="3">{cell("y")}</row>'
    assert read(book(rows)) == [(7, ["", "", "x"]), (3, ["y", "", ""])]


def test_a_row_that_is_wider_than_the_header_is_refused_alone_and_each_row_comes_back_as_csv():
    content = book(f"{HEAD}<row>{''.join(map(cell, 'wxyz'))}</row><row>{cell('1,5')}{cell('2.5', 'n')}</row>")
    rows = open_rows(io.BytesIO(content))
    found = [(row.line, row.problem, rows.raw()) for row in rows.rows()]
    assert found == [(2, "the row has 4 cells, but the header has 3", b"w,x,y,z\n"), (3, None, b'"1,5",2.5,\n')]
    assert (rows.header, rows.raw_header) == (["a", "b", "c"], b"a,b,c\n")


def test_1_2_10_a_text_that_begins_as_a_formula_comes_back_as_a_text():
    rows = open_rows(io.BytesIO(book(f"{HEAD}<row>{cell('=1+1')}{cell('-2.5', 'n')}{cell('@x')}</row>")))
    assert [(row.cells, rows.raw()) for row in rows.rows()] == [(["=1+1", "-2.5", "@x"], b"'=1+1,-2.5,'@x\n")]


EVENT = '[[event]]\ntype = "lead.assigned"\nevent_id = "{a}"\nsubject = "{a}"\noccurred_at = "{b}"\n'


def test_a_mapping_says_which_sheet_and_how_numbers_are_written():
    head = 'sheet = "Two"\ndelimiter = ";"\n'
    assert open_rows(io.BytesIO(table("a")), "", parse_mapping(head + EVENT)).header == ["2"]
    decimals = parse_mapping('decimal_mark = ","\ndelimiter = ";"\n' + EVENT)
    rows = open_rows(io.BytesIO(book(f"{HEAD}<row>{cell('1234.5', 'n')}</row>")), "", decimals)
    assert [(row.cells[0], rows.raw()) for row in rows.rows()] == [("1234,5", b"1234,5;;\n")]
    with pytest.raises(Refused, match=r'The workbook has no sheet "Three"; it has "One", "Two"\.'):
        open_rows(io.BytesIO(table("a")), "", parse_mapping('sheet = "Three"\n' + EVENT))


def refusal(content):
    with pytest.raises(Refused) as refused:
        read(content)
    return str(refused.value)


def with_flag(content):
    """Return a package whose entries say that they are encrypted."""
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = content.find(mark)
        while start >= 0:
            content = content[: start + place] + b"\x01" + content[start + place + 1 :]
            start = content.find(mark, start + 4)
    return content


DAMAGED = "The workbook is damaged; save it anew as .xlsx, or as CSV, and hand that in."
LAUGHS = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><worksheet>&b;</worksheet>'
OUTSIDE = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><worksheet>&a;</worksheet>'


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (table("a")[:300], DAMAGED),
        (table("a").replace(b"PK\x01\x02", b"PK\x01\x03"), DAMAGED),
        (b"PK\x03\x04 and no more", DAMAGED),
        (package({}), "The file is no workbook; save it anew as .xlsx"),
        (package({"a.xlsx": table("a")}), "The file is no workbook"),  # a package in a package
        (package({"mimetype": "application/vnd.oasis.opendocument.spreadsheet"}), "This is an OpenDocument file; save"),
        (package({"xl/workbook.bin": ""}), "This is a binary workbook (.xlsb); save"),
        (package({"word/document.xml": ""}), "This is a text document; save"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512), "This is an old workbook (.xls), or one with a pass"),
        (with_flag(table("a")), "The workbook has a password; save it without one"),
        (package(parts(LAUGHS)), "The workbook declares entities, which no workbook needs; save"),
        (package(parts(OUTSIDE)), "The workbook declares entities"),
        (package(parts(sheet_of(HEAD), LAUGHS)), "The workbook declares entities"),
        (package(parts("<worksheet><row>")), DAMAGED),
        (package(parts("a,b,c")), DAMAGED),
        (book(""), "The sheet is empty; it must begin with a row of column names."),
        (book(f"{HEAD}<row>{cell('7', 's')}</row>"), DAMAGED),
        (book(f"{HEAD}<row>{cell('x', 's')}</row>"), DAMAGED),
        (book(f"{HEAD}<row>{cell('x', at='?')}</row>"), DAMAGED),
        (book(f"<row><c>{cell('x')}</c></row>"), DAMAGED),
        (book("<row><c><v>1<v>2</v></v></c></row>"), DAMAGED),
    ],
)  # fmt: skip
def test_what_is_no_sound_workbook_is_refused_in_a_sentence(content, said):
    assert refusal(content).startswith(said)


def test_limits_hold_at_the_limit_and_not_beyond(monkeypatch):
    def wide(number):
        return f"<row>{cell('x') * number}</row>"

    monkeypatch.setattr(workbook_rows, "MOST_ROWS", 3)
    assert len(read(book(f'{HEAD}<row r="3">{cell("x")}</row>'))) == 1
    assert refusal(book(f'{HEAD}<row r="4">{cell("x")}</row>')).startswith("The sheet has more than 3 rows; hand it in")
    monkeypatch.setattr("leaderboard.services.reading.MOST_COLUMNS", 4)
    assert read(book(wide(4))) == []
    assert refusal(book(wide(5))).startswith("line 1: there are more than 4 columns; hand in those that are needed.")
    assert refusal(book(f"{HEAD}<row>{cell('x', at='A2') * 5}</row>")).startswith(
        "line 2: there are more than 4 columns"
    )
    monkeypatch.setattr(packages, "MOST_ENTRIES", 7)
    assert read(book(HEAD)) == []
    assert refusal(package({**parts(sheet_of(HEAD)), "more": ""})).startswith("The file holds more than 7 files, so it")
    monkeypatch.setattr(workbook_rows, "DEEPEST", 5)
    assert refusal(package(parts(sheet_of("<row><x><y><z/></y></x></row>")))) == DAMAGED
    assert first("<c t='inlineStr'><is><t>x</t></is></c>")[0] == "x"


def test_a_cell_that_is_too_long_costs_its_row_and_its_file_goes_on(monkeypatch):
    monkeypatch.setattr(workbook_rows, "LONGEST_CELL", 10)
    monkeypatch.setattr(shared_texts, "LONGEST_SHARED", 10)
    rows = "".join(f"<row>{each}</row>" for each in (cell("y" * 10), cell("y" * 11), cell("0", "s"), cell("z")))
    found = read(book(HEAD + rows, f"<si><t>{'x' * 11}</t></si>"))
    problem = "a cell is longer than 10 characters; shorten it"
    assert [each if isinstance(each, str) else each[0] for _, each in found] == ["y" * 10, problem, problem, "z"]
    monkeypatch.setattr(workbook_rows, "LONGEST_ROW", 12)
    assert "the row is longer than 12 characters" in first(cell("x" * 6), cell("x" * 7))


def test_a_workbook_from_a_pipe_is_copied_first():
    class Pipe(io.RawIOBase):
        def __init__(self, content):
            self.content = io.BytesIO(content)

        def read(self, size=-1):
            return self.content.read(size)

    assert open_rows(Pipe(table(["a", "b"], ["1", "2"]))).header == ["a", "b"]


def test_prefixes_and_strange_targets_are_as_good_as_others():
    plain = parts(sheet_of(HEAD).replace("<", "<x:").replace("<x:/", "</x:").replace("xmlns=", "xmlns:x="))
    assert open_rows(io.BytesIO(package(plain))).header == ["a", "b", "c"]
    with zipfile.ZipFile(io.BytesIO(package(plain))) as archive:
        assert "xl/worksheets/sheet1.xml" in archive.namelist()
