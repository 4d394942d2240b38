"""Tables handed out as files: the same cells as CSV and as a workbook, and none that is a formula."""

import csv
import io
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction

import pytest
from flask import Flask
from openpyxl import load_workbook

from leaderboard.app import create_app
from leaderboard.web import downloads
from leaderboard.web.downloads import download
from tests.conftest import SETTINGS

COLUMNS = ("Name", "Missed", "Share", "Points", "When", "Code")
ROWS = [
    ("=HYPERLINK(1)", 3, Fraction(2, 3), Decimal("-1.50"), datetime(2026, 11, 2, 12, tzinfo=UTC), "007"),
    ("Ana\ufffe", None, Fraction(1), Decimal("12"), None, "1e5"),
]


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    return create_app({**SETTINGS, "DATABASE_URL": f"sqlite:///{tmp_path_factory.mktemp('files')}/x.db"})


def test_a_csv_has_every_cell_as_it_is_written_and_no_formula(app):
    with app.test_request_context():
        response = download("Who fell short: all", "short", COLUMNS, iter(ROWS), "csv")
        content = response.get_data().decode()
    assert response.headers["Content-Disposition"] == 'attachment; filename="short.csv"'
    assert response.mimetype == "text/csv"
    assert list(csv.reader(io.StringIO(content, newline=""))) == [
        list(COLUMNS),
        ["'=HYPERLINK(1)", "3", "0.666667", "-1.50", "2026-11-02T12:00:00+00:00", "007"],
        ["Ana\ufffe", "", "1.000000", "12", "", "1e5"],
    ]


def test_a_workbook_has_numbers_as_numbers_and_codes_as_text(app):
    with app.test_request_context():
        response = download("Who fell short: all", "short", COLUMNS, ROWS, "xlsx")
    sheet = load_workbook(io.BytesIO(response.data)).active
    assert sheet.title == "Who fell short  all"  # no sheet may have a colon
    first, second = list(sheet.iter_rows(min_row=2, values_only=True))
    assert first == ("'=HYPERLINK(1)", 3, 0.666667, -1.5, "2026-11-02T12:00:00+00:00", "007")
    assert second == ("Ana\ufffd", None, 1, 12, None, "1e5")
    assert sheet["A1"].font.bold
    assert not sheet["A3"].font.bold  # the last row is a row, and no total


def test_a_file_has_an_end(app, monkeypatch):
    monkeypatch.setattr(downloads, "MOST_ROWS", 2)
    with app.test_request_context():
        content = download("T", "t", ("N",), ([number] for number in range(10**9)), "csv").get_data()
    assert content == b"N\r\n0\r\n1\r\n"
