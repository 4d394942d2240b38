"""Reading tables: bounded memory, right line numbers, each row as it came, and no row takes others with it."""

import io

import pytest

from leaderboard.domain.errors import Refused
from leaderboard.services import lines, reading
from leaderboard.services.lines import BLOCK, LONGEST_LINE, LONGEST_ROW
from leaderboard.services.reading import JsonLines, Table, read_text, refuse_repeated


def table(content, **options):
    return Table(io.BytesIO(content), **options)


def rows(content):
    """Return line, cells or problem, and raw bytes of each row."""
    found = table(content)
    return [(row.line, row.problem or row.cells, found.raw()) for row in found.rows()]


class Endless(io.RawIOBase):
    """A stream of the same bytes, so many of them; remembers how many were asked for."""

    def __init__(self, start, piece, size):
        self.start, self.piece, self.left, self.taken = start, piece, size, 0

    def read(self, size=-1):
        content = (self.start + self.piece * (size // len(self.piece) + 1))[: min(size, self.left)]
        turn = (len(content) - len(self.start)) % len(self.piece)
        self.start, self.piece = b"", self.piece[turn:] + self.piece[:turn]
        self.left -= len(content)
        self.taken += len(content)
        return content


def test_lines_are_numbered_through_quoted_line_ends_and_empty_lines():
    assert rows(b'a,b\n1,"x\ny\r\nz"\n\n\n2,w\r\n3\n') == [
        (2, ["1", "x\ny\r\nz"], b'1,"x\ny\r\nz"\n'),
        (7, ["2", "w"], b"2,w\r\n"),
        (8, "the row has 1 cell, but the header has 2", b"3\n"),
    ]


def test_rows_come_back_byte_for_byte_across_blocks():
    long = b'"' + b"x" * 100_000 + b'\n"'
    content = b"a,b\n" + b"".join(b"%d,%s\n" % (number, long) for number in range(40))
    assert len(content) > 3 * BLOCK
    assert [raw for _, _, raw in rows(content)] == [b"%d,%s\n" % (number, long) for number in range(40)]


def test_a_byte_order_mark_belongs_to_the_header_as_it_came():
    found = table(b"\xef\xbb\xbfa;b\r\n1;2")
    assert (found.header, found.delimiter, found.raw_header) == (["a", "b"], ";", b"\xef\xbb\xbfa;b\r\n")
    assert [(row.cells, found.raw()) for row in found.rows()] == [(["1", "2"], b"1;2\n")]


@pytest.mark.parametrize(
    ("bad", "problem"),
    [
        (b'x,"never closed', "a quotation mark is never closed"),
        (b'x,"closed" too early', "a quotation mark is never closed"),
        (b"x,a\rb", "a cell holds a carriage return"),
        (b"x," + b"y" * 131_073, "a cell is longer than 131,072 characters"),
        (b"x,\x00", "the row holds a NUL byte"),
        (b"x,\xe7", 'byte 0xe7 is not UTF-8; save it as "CSV UTF-8"'),
    ],
)
@pytest.mark.parametrize("rest", [1, 3, 20_000])
def test_a_bad_row_takes_no_other_row_with_it(bad, problem, rest):
    good = [b"%d,y\n" % number for number in range(rest)]
    found = rows(b"a,b\n" + good[0] + bad + b"\n" + b"".join(good))
    assert [line for line, _, _ in found] == list(range(2, rest + 4))
    assert problem in found[1][1]
    assert found[1][2] == bad + b"\n"
    assert [raw for _, _, raw in found[2:]] == good


def test_two_quotation_marks_that_are_never_closed_cost_their_two_rows():
    found = rows(b'a,b\n1,"x\n2,y\n3,"z\n4,y\n')
    assert [(line, isinstance(what, str)) for line, what, _ in found] == [(2, True), (3, False), (4, True), (5, False)]


def test_bytes_that_are_wrong_in_a_line_read_again_are_still_named():
    assert "0xe7" in rows(b'a,b\n1,"x\n2,\xe7\n')[1][1]


def test_reading_again_has_a_limit(monkeypatch):
    monkeypatch.setattr(reading, "MOST_REREAD", 2)
    found = rows(b'a,b\n1,"x\n2,y\n3,y\n4,y\n')
    assert [(line, raw) for line, _, raw in found] == [(2, b'1,"x\n2,y\n3,y\n4,y\n')]


def test_a_line_without_end_is_refused_after_a_few_blocks():
    stream = Endless(b"a,b\n", b"x", 2**31)
    found = Table(stream)
    with pytest.raises(Refused, match=r"line 2 is longer than 1,048,576 bytes; hand in one row a line\."):
        list(found.rows())
    assert stream.taken <= 3 * LONGEST_LINE


def test_a_row_without_end_is_refused_after_a_few_blocks():
    stream = Endless(b"a,b\n1", b',"\n"', 2**31)
    found = Table(stream)
    with pytest.raises(Refused, match="line 2: the row that begins here does not end"):
        list(found.rows())
    assert stream.taken <= LONGEST_ROW + 2 * BLOCK


def test_what_is_kept_of_a_file_does_not_grow():
    found = Table(Endless(b"a,b\n", b"1," + b"2" * 1000 + b"\n", 20 * BLOCK))
    for _ in found.rows():
        pass
    assert sum(len(each.content) for each in found._lines._kept) <= 2 * BLOCK


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"a,b\r1,2\r", "line 1: the lines end in CR alone; save the file with line ends of LF or CRLF."),
        (b"a,b\r" + b"1,2\r" * 600_000, "line 1 is longer than 1,048,576 bytes; save it with line ends of LF or CRLF."),
        (b"PK\x03\x04....", "line 1: this is a workbook or an archive, not a text; save it as"),
        (b"\x00" * 100, "line 1: the row holds a NUL byte; remove it."),
        (b"\xe7,b\n", "line 1: byte 0xe7 is not UTF-8"),
        (b'"a,b\n', "line 1: the row is not CSV: a quotation mark is never closed"),
    ],
)
def test_a_file_of_another_kind_is_refused_with_line_and_remedy(content, reason):
    with pytest.raises(Refused) as refused:
        table(content)
    assert str(refused.value).startswith(reason)


def test_a_column_that_is_read_must_not_stand_twice():
    found = table(b"id,note,,note,\n1,a,b,c,d\n")
    refuse_repeated(found.header, ["id"])
    with pytest.raises(Refused, match='line 1: column "note" stands twice'):
        refuse_repeated(found.header, ["id", "note"])


@pytest.mark.parametrize(
    ("header", "delimiter"),
    [
        (b"a,b;c,d\n", ","),
        (b"a;b\tc;d\n", ";"),
        (b"a\tb\n", "\t"),
        (b'"Amount, net";"Name, first";id\n', ";"),  # commas that are part of names
        (b"a\n", ","),
    ],
)
def test_the_delimiter_is_what_stands_most_often_between_names(header, delimiter):
    assert table(header).delimiter == delimiter


def test_a_header_has_as_many_columns_as_people_make_and_no_more():
    names = [f"c{number}" for number in range(reading.MOST_COLUMNS + 1)]
    assert table(",".join(names[:-1]).encode()).header == names[:-1]
    with pytest.raises(Refused, match=r"line 1: there are more than 2,000 columns; hand in those that are needed\."):
        table(",".join(names).encode())


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("[" * 10_000 + "]" * 10_000, "the line is nested too deeply; write one flat JSON object a line"),
        ('{"a":' * 10_000 + "1" + "}" * 10_000, "the line is nested too deeply"),
        ('{"subject": "a", "subject": "b"}', '"subject" stands twice; write each name once'),
        ('{"amount": NaN}', "the line is not JSON (NaN is no number)"),
        ('{"amount": -Infinity}', "the line is not JSON (-Infinity is no number)"),
        ('{"amount": true}', '"amount" is neither a text nor a number'),
        ('{"amount": [1]}', '"amount" is neither a text nor a number'),
        ('{"amount": {"a": 1}}', '"amount" is neither a text nor a number'),
        ("[1]", "the line is not a JSON object; write one a line"),
        ('{"amount": 1', "the line is not JSON (Expecting ',' delimiter at character 14); write one JSON object"),
        (r'{"subject": "a\u0000"}', "the row holds a NUL character or half a character; remove it"),
        (r'{"subject": "\ud83d"}', "the row holds a NUL character or half a character; remove it"),
    ],
)
def test_a_json_line_that_is_no_event_is_refused_alone(line, problem):
    content = f'{{"event_id": "1"}}\n{line}\n\n{{"event_id": "2"}}'
    found = JsonLines(io.BytesIO(content.encode()))
    read = [(row.line, row.problem, found.raw()) for row in found.rows()]
    assert [number for number, _, _ in read] == [1, 2, 4]
    assert read[1][1].startswith(problem)
    assert read[1][2] == line.encode() + b"\n"
    assert (read[0][1], read[2][1]) == (None, None)


def test_json_numbers_stay_as_they_are_written():
    found = JsonLines(io.BytesIO(b'{"amount": 12.50, "subject": 1e400, "event_id": ' + b"9" * 5_000 + b"}"))
    (row,) = found.rows()
    read = dict(zip(found.header, row.cells, strict=True))
    assert (read["amount"], read["subject"], len(read["event_id"])) == ("12.50", "1e400", 5_000)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("a = 1\n".encode("utf-16"), "f.toml is UTF-16, not UTF-8; save it as UTF-8"),
        ("a = 1\n".encode("utf-16-le"), "f.toml is UTF-16"),
        ("a = 1\n".encode("utf-16-be"), "f.toml is UTF-16"),
        ('a = 1\nb = "ç"\n'.encode("latin-1"), "f.toml, line 2: byte 0xe7 is not UTF-8"),
        (b"a = 1\nb\0", "f.toml, line 2: holds a NUL byte; remove it."),
        (b"x" * (LONGEST_LINE + 1), "f.toml is larger than 1,048,576 bytes; check that it is the right file."),
    ],
)
def test_a_text_that_cannot_be_read_is_refused_with_line_and_remedy(content, reason):
    with pytest.raises(Refused) as refused:
        read_text(io.BytesIO(content), "f.toml")
    assert str(refused.value).startswith(reason)


@pytest.mark.parametrize("content", [b"\xef\xbb\xbfa = 1\nb", b"a = 1\r\nb", b"a = 1\rb"])
def test_marks_and_line_ends_of_a_text_are_made_plain(content):
    assert read_text(io.BytesIO(content), "f.toml") == "a = 1\nb"


def test_a_line_as_long_as_allowed_is_read():
    content = b"a,b\n" + b"x," * 10 + b"y" * 100_000 + b"\n"
    assert len(rows(content)) == 1
    assert lines.LONGEST_LINE == 1_048_576
