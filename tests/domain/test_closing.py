"""Which period is closed next and when, in any zone; and what a later difference corrects."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderboard.domain.agreement import Level
from leaderboard.domain.closing import (
    Correction,
    Counted,
    closes_at,
    corrections,
    counted_back,
    digest_of,
    line_of,
    next_to_close,
    open_after,
    placed,
)
from leaderboard.domain.periods import Month, Quarter, month_finder, parse_period
from leaderboard.domain.points import Attainment, Credit, Posting

ZONES = ["Pacific/Tongatapu", "Pacific/Pago_Pago", "America/New_York", "America/Sao_Paulo", "Europe/Berlin", "UTC"]
OCTOBER, NOVEMBER = Month(2026, 10), Month(2026, 11)
AT = datetime(2026, 10, 5, 12, tzinfo=UTC)
MET = Attainment(
    "speed", "member", 1, "L1", AT, 7, OCTOBER, Level.MET, 5, 60_000_000, None, AT + timedelta(hours=8), AT, AT, 1
)
months = st.builds(Month, st.integers(1971, 2198), st.integers(1, 12))


@pytest.mark.parametrize(
    ("period", "zone", "instant"),
    [
        ("2026-10", "America/New_York", "2026-11-03T04:00"),  # the clocks go back on 1 November: 48 hours, not two days
        ("2026-02", "America/New_York", "2026-03-03T05:00"),
        ("2026-03", "Europe/Berlin", "2026-04-02T22:00"),  # after the clocks went forward on 29 March
        ("2018-10", "America/Sao_Paulo", "2018-11-03T03:00"),  # whose clocks go forward at midnight of the 4th
        ("2017-09", "America/Asuncion", "2017-10-03T04:00"),  # October began at 01:00: midnight did not exist
        ("2028-02", "UTC", "2028-03-03T00:00"),  # 29 February is a day of it
        ("2026-Q4", "UTC", "2027-01-03T00:00"),
        ("2026-12", "Pacific/Tongatapu", "2027-01-02T11:00"),  # UTC+13
        ("2026-12", "Pacific/Pago_Pago", "2027-01-03T11:00"),  # UTC-11
    ],
)
def test_m1_a_period_closes_48_hours_after_its_own_local_end(period: str, zone: str, instant: str) -> None:
    expected = datetime.fromisoformat(instant).replace(tzinfo=UTC)
    assert closes_at(parse_period(period), month_finder(zone), timedelta(hours=48)) == expected


@given(months, st.sampled_from(ZONES), st.integers(0, 720))
def test_m1_no_period_closes_before_its_last_instant_is_over(month: Month, zone: str, hours: int) -> None:
    for period in (month, month.quarter):
        closes = closes_at(period, month_finder(zone), timedelta(hours=hours))
        day = (closes - timedelta(hours=hours)).astimezone(ZoneInfo(zone)).date()
        assert day == period.next.first_day
        before = (closes - timedelta(hours=hours, microseconds=1)).astimezone(ZoneInfo(zone)).date()
        assert before < period.next.first_day


@given(months)
def test_m2_periods_are_closed_in_order_each_quarter_after_its_months(first: Month) -> None:
    closed: list[str] = []
    for _ in range(9):
        closed.append(next_to_close(line_of({first}, Month(1970, 1)), set(closed)).key)
    begin = first.quarter
    quarters: tuple[Quarter, ...] = (begin, begin.next, begin.next.next)
    expected = [period.key for quarter in quarters for period in (*quarter.months, quarter)]
    assert closed == expected[:9]


def test_m2_what_was_closed_early_is_not_closed_again_and_a_gap_comes_first() -> None:
    closed = {"2026-10", "2026-11", "2026-12", "2026-Q4"}
    agreed = Month(2026, 1)
    assert next_to_close(line_of({OCTOBER}, agreed), closed) == Month(2027, 1)
    assert next_to_close(line_of({Month(2026, 9), OCTOBER}, agreed), closed) == Month(
        2026, 7
    )  # history that came later


def test_m2_before_anything_was_agreed_only_quarters_with_standings_are_closed() -> None:
    """A mistyped year does not close every month since."""
    line = line_of({Month(1987, 5), OCTOBER}, Month(2026, 2))
    assert (line.early, line.first) == ([Quarter(1987, 2)], OCTOBER.quarter)
    mistyped = {"1987-04", "1987-05", "1987-06", "1987-Q2"}
    assert next_to_close(line, set()) == Month(1987, 4)
    assert next_to_close(line, mistyped) == OCTOBER
    held = (Month(1987, 4), OCTOBER, NOVEMBER.quarter)
    assert [line.holds(each) for each in (*held, Month(1990, 1), Month(2026, 3))] == [True] * 3 + [False] * 2
    assert line_of({Month(1987, 5)}, Month(2026, 2)).first == Quarter(2026, 1)


def test_p5_a_later_difference_goes_to_the_earliest_open_month_after_it() -> None:
    assert open_after(OCTOBER, {"2026-10"}) == NOVEMBER
    assert open_after(OCTOBER, {"2026-10", "2026-11", "2026-12", "2026-Q4"}) == Month(2027, 1)
    assert open_after(OCTOBER, {"2026-10", "2026-12"}) == NOVEMBER


def test_p5_a_posting_to_a_closed_month_is_placed_in_the_open_one_and_marked() -> None:
    posting = Posting(MET.credit, -5, "reversed")
    assert placed(posting, frozenset()) == posting
    moved = placed(posting, {"2026-10"})
    assert (moved.credit, moved.points, moved.corrects) == (Credit("member", 1, 7, NOVEMBER), -5, OCTOBER)


VOID = MET._replace(level=Level.VOID, points=0)
WAS = Counted(7, Level.MET, 5, 60_000_000, AT)
NOTHING = Counted(None, Level.NONE, 0, None, None)


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        (MET, MET, []),
        (MET, MET._replace(due_at=AT), []),  # not what it comes to
        (MET, VOID, [(WAS, Counted(7, Level.VOID, 0, 60_000_000, AT))]),
        (None, MET, [(NOTHING, WAS)]),
        (MET, None, [(WAS, NOTHING)]),
        (MET, MET._replace(team_id=8), [(WAS, WAS._replace(team=8))]),
        (MET, MET._replace(month=NOVEMBER), [(WAS, NOTHING)]),  # it leaves for an open month
        (MET._replace(month=NOVEMBER), MET, [(NOTHING, WAS)]),
        (MET._replace(month=NOVEMBER), VOID._replace(month=NOVEMBER), []),  # that one is open
        (MET._replace(level=Level.MISSED), MET._replace(level=Level.MISSED, value=99), []),  # a miss, later still
    ],
)
def test_p5_what_changes_in_a_closed_month_is_noted_with_both_sides(before, after, found) -> None:
    expected = [Correction(OCTOBER, NOVEMBER, old, new) for old, new in found]
    assert corrections(before, after, {"2026-10"}) == expected


def test_p5_undoing_a_correction_gives_back_the_level_counts() -> None:
    assert counted_back(Correction(OCTOBER, NOVEMBER, WAS, WAS._replace(level=Level.MISSED, team=8))) == [
        (7, Level.MET, 1),
        (8, Level.MISSED, -1),
    ]
    assert counted_back(Correction(OCTOBER, NOVEMBER, WAS, NOTHING)) == [(7, Level.MET, 1)]


def test_a_digest_tells_rows_apart_and_their_order() -> None:
    rows = [("member", 1, "Ana", 5), ("team", 1, None, 5)]
    assert len(digest_of(rows)) == 64
    others = [rows[::-1], rows[:1], [("member", 1, "Ana", 6), rows[1]], []]
    assert len({digest_of(rows), *map(digest_of, others)}) == 5
