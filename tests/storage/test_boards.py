"""Queries of boards: the same order on both databases, whatever the names, and pages that join without a seam."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert

from leaderboard.domain.standings import sort_key
from leaderboard.storage import boards
from leaderboard.storage.tables import Total

# No NUL and no lone surrogates: both are refused at the door.
NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=6)
ROWS = st.lists(
    st.tuples(NAMES | st.sampled_from(["Ana", "ana", "Ána", "Zoë", "ß", "SS", "😀", "中"]), st.integers(-3, 3))
)
ONE_SESSION = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


def store(session, rows, period="2026-10", side="sales"):
    values = [
        {
            "period": period, "scope": "member", "participant_id": number, "side": side, "team_id": None, "name": name,
            "sort_key": sort_key(name), "points": points, "met": 0, "exceeded": 0, "missed": 0,
        }
        for number, (name, points) in enumerate(rows, 1)
    ]  # fmt: skip
    if values:
        session.execute(insert(Total), values)


def expected(rows):
    numbered = [(-points, sort_key(name), number) for number, (name, points) in enumerate(rows, 1)]
    return [number for _, _, number in sorted(numbered)]


@settings(max_examples=40, deadline=None, suppress_health_check=ONE_SESSION)
@given(rows=ROWS, size=st.integers(1, 4))
def test_s1_pages_are_in_the_order_of_points_then_name_on_both_databases(session, rows, size):
    store(session, rows)
    connection = session.connection()
    order = expected(rows)
    pages = [
        boards.page_of_totals(connection, "2026-10", "member", None, start, size) for start in range(0, len(rows), size)
    ]
    assert [row.participant_id for page in pages for row in page] == order
    assert boards.count_totals(connection, "2026-10", "member", None) == (
        len(rows), max((points for _, points in rows), default=0)
    )  # fmt: skip
    for place, number in enumerate(order):
        row = boards.total_of(connection, "2026-10", "member", number)
        assert boards.count_ahead(connection, "2026-10", "member", None, row.points, row.sort_key, number) == place
        above = sum(points > row.points for _, points in rows)
        assert boards.count_above(connection, "2026-10", "member", None, row.points) == above
        assert boards.ranks_in(connection, "2026-10", "member", None, [number]) == {number: above + 1}
    session.execute(delete(Total))
    session.rollback()


def test_a_board_has_its_own_period_scope_and_side_alone(session):
    store(session, [("Ana", 5), ("Bia", 7)])
    store(session, [("Caio", 9)], side="marketing", period="2026-11")
    connection = session.connection()

    def names(*board):
        return [row.name for row in boards.page_of_totals(connection, *board, 0, 10)]

    assert names("2026-10", "member", None) == ["Bia", "Ana"]
    assert names("2026-10", "member", "marketing") == []
    assert names("2026-11", "member", "marketing") == ["Caio"]
    assert names("2026-10", "team", None) == []
    assert boards.count_totals(connection, "2026-12", "member", None) == (0, 0)
    assert boards.total_of(connection, "2026-10", "member", 99) is None
    assert boards.ranks_in(connection, "2026-10", "member", None, [99]) == {}


@pytest.mark.parametrize("key", ["a", "Ω", "é", "😀", "\U0010ffff", "~", "\x01"])
def test_texts_that_say_how_rows_are_ordered_compare_by_code_point(session, key):
    """SQLite compares bytes; PostgreSQL does so by the collation of the column."""
    store(session, [(name, 0) for name in sorted(["b", "é", "z", "中", "😀", key])])
    rows = boards.page_of_totals(session.connection(), "2026-10", "member", None, 0, 10)
    keys = [sort_key(row.name) for row in rows]
    assert keys == sorted(keys)
