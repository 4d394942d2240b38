"""How what was handed in is shown: one line, short, nothing that a terminal obeys."""

import pytest

from leaderboard.domain.shown import LONGEST_SHOWN, has_controls, quoted, safe_cell, shown, visible


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("Ação 日本 👩‍👧", "Ação 日本 👩‍👧"),  # letters of any script, and what joins an emoji, stay
        ("\x1b[31mred", r"\x1b[31mred"),
        ("\x9b31m", r"\x9b31m"),
        ("a\r\nb\tc", r"a\r\nb\tc"),
        ("\u202egnp.exe", r"\u202egnp.exe"),
        ("\u2028", r"\u2028"),
        ("\ud800", r"\ud800"),
    ],
)
def test_nothing_that_a_terminal_obeys_is_left(text, seen):
    assert visible(text) == seen


def test_a_blank_that_is_no_space_is_seen_in_a_message():
    assert quoted("ana@example.com\xa0") == r'"ana@example.com\xa0"'
    assert visible("1\xa0000") == "1\xa0000"


@pytest.mark.parametrize(
    ("value", "seen"),
    [
        ("x" * LONGEST_SHOWN, "x" * LONGEST_SHOWN),
        ("x" * (LONGEST_SHOWN + 1), "x" * LONGEST_SHOWN + "…"),
        (None, "nothing"),
        (True, "true"),
        (["a", 1, [2]], '["a", 1, …]'),
        ({"met": 1, "exceeded": 2}, "{ met, exceeded }"),
    ],
)
def test_a_value_is_shown_short_and_as_a_file_writes_it(value, seen):
    assert shown(value) == seen


def test_a_number_that_python_does_not_write_out_is_described():
    assert quoted(16**5000) == "a number of thousands of digits"


@pytest.mark.parametrize(("text", "has"), [("Ana", False), ("A\xa0b", False), ("A\nb", True), ("A\x7f", True)])
def test_control_characters_are_found(text, has):
    assert has_controls(text) == has


@pytest.mark.parametrize(
    ("cell", "safe"),
    [
        ("=1+1", "'=1+1"),
        ("  @SUM(A1)", "'  @SUM(A1)"),
        ("\uff1d1", "'\uff1d1"),
        ("\t=1", r"'\t=1"),
        ("Ana;=1+1; @A1;b", "Ana;'=1+1;' @A1;b"),  # one that expects semicolons begins a cell after each
        ("1-1", "1-1"),
        (-5, -5),
        (None, None),
    ],
)
def test_no_spreadsheet_runs_a_cell_as_a_formula(cell, safe):
    assert safe_cell(cell) == safe
