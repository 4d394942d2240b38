from datetime import UTC, datetime
from itertools import groupby, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderboard.domain.badge_changes import StoredBadge, badge_changes, progress
from leaderboard.domain.badge_standings import MonthScore, exceeded_months, month_of_scores, winners
from leaderboard.domain.badges import (
    IN_A_ROW,
    KEYS,
    LIVE,
    MONTHLY,
    QUARTERLY,
    Badge,
    Decided,
    Run,
    fastest_response,
    month_of_member,
    once,
)
from leaderboard.domain.instants import from_micros, to_micros
from leaderboard.domain.periods import Month, Quarter
from tests.domain.examples import ANA, BIA, CAIO, properties

KINDS = {(1, "speed"): "response_time", (1, "training"): "completion", (1, "wins"): "count"}
NOVEMBER = Month(2026, 11)
START = to_micros(datetime(2026, 11, 1, tzinfo=UTC))
ENDS_AT = datetime(2026, 12, 1, 3, tzinfo=UTC)
HOUR = 3_600_000_000


def decided(
    number: int, level: str = "met", *, sla: str = "speed", value: int | None = HOUR, member: int = ANA
) -> Decided:
    """Return an attainment that is decided so many hours into November, its clock an hour earlier."""
    at = START + number * HOUR
    return Decided(member, at, f"L{number:03}", sla, at - HOUR, level, value, 1)


def keys(rows: list[Decided]) -> list[str]:
    """Return the keys of the badges that a month of Ana's gives."""
    return [badge.key for badge in month_of_member(rows, Run(), KINDS, "2026-11").badges]


def test_g1_every_badge_of_the_standard_set_has_a_key():
    assert len(KEYS) == len(set(KEYS)) == len(LIVE) + len(MONTHLY) + len(QUARTERLY) == 14


def test_g1_the_first_levels_are_the_earliest_that_got_there():
    rows = [decided(1, "missed"), decided(2), decided(3, "exceeded", sla="wins"), decided(4, "exceeded")]
    first, exceeded = month_of_member(rows, Run(), KINDS, "2026-11").badges
    assert (first.key, first.ground["subject"], first.earned_at) == ("first-met", "L002", from_micros(START + 2 * HOUR))
    assert (exceeded.key, exceeded.ground["subject"]) == ("first-exceeded", "L003")
    assert first.occasion == exceeded.occasion == ""


def test_g1_one_that_exceeds_is_also_the_first_that_met():
    assert keys([decided(1, "exceeded")]) == ["first-met", "first-exceeded"]


@pytest.mark.parametrize(("so_far", "earned"), [(8, None), (9, 10), (10, None), (49, 50), (99, 100)])
def test_g1_a_run_earns_each_length_as_it_gets_there(so_far, earned):
    month = month_of_member([decided(1)], Run(so_far, "speed|L0|2026-10-01T00:00:00+00:00"), KINDS, "2026-11")
    assert month.run.length == so_far + 1
    runs = [badge for badge in month.badges if badge.key in IN_A_ROW.values()]
    assert [badge.ground["length"] for badge in runs] == ([earned] if earned else [])
    assert all(badge.occasion == month.run.began for badge in runs)


def test_g1_a_missed_one_ends_a_run_and_the_next_begins_another():
    month = month_of_member([decided(1, "missed"), decided(2), decided(3)], Run(9, "x"), KINDS, "2026-11")
    assert month.run == Run(2, "speed|L002|2026-11-01T01:00:00+00:00")


def test_g1_void_ones_and_other_measures_neither_count_in_a_run_nor_end_it():
    rows = [decided(1, "void"), decided(2, "missed", sla="wins"), decided(3, sla="training", value=0)]
    month = month_of_member(rows, Run(9, "x"), KINDS, "2026-11")
    assert month.run == Run(9, "x")
    assert month.voids == [from_micros(START + HOUR)]


@pytest.mark.parametrize(("value", "level", "is_early"), [(1, "met", True), (0, "met", False), (-1, "missed", False)])
def test_g1_training_is_early_while_any_time_was_left(value, level, is_early):
    found = month_of_member([decided(1, level, sla="training", value=value)], Run(), KINDS, "2026-11").badges
    early = [badge.occasion for badge in found if badge.key == "training-early"]
    assert early == (["training|L001"] if is_early else [])


def bests(*rows: Decided) -> list[int]:
    """Return the members with the fastest response."""
    return [badge.participant for badge in fastest_response(rows, "2026-11")]


def test_g1_the_fastest_response_goes_by_its_clock_then_plain_time_then_the_earliest():
    quick, slow = decided(5, value=60, member=ANA), decided(1, value=61, member=BIA)
    assert bests(quick, slow) == [ANA]
    longer = quick._replace(member=BIA, started_at=quick.started_at - 1)
    assert bests(longer, quick) == [ANA]
    later = quick._replace(member=BIA, decided_at=quick.decided_at + 1, started_at=quick.started_at + 1)
    assert bests(later, quick) == [ANA]
    assert bests(quick, quick._replace(member=BIA)) == [ANA, BIA]
    assert bests() == []


def test_g1_a_members_own_fastest_is_among_those_in_time():
    rows = [decided(1, "missed", value=1), decided(2, value=50), decided(3, value=40), decided(4, "void", value=1)]
    assert month_of_member(rows, Run(), KINDS, "2026-11").fastest == rows[2]


def scored(*scores: MonthScore, before: dict[int, int] | None = None, earlier=None) -> list[tuple[str, int]]:
    """Return key and member of what the scores of November earn."""
    found = month_of_scores(scores, before or {}, earlier or {}, NOVEMBER, ENDS_AT)
    return [(badge.key, badge.participant) for badge in found]


@pytest.mark.parametrize(
    ("met", "exceeded", "missed", "earned"),
    [
        (1, 0, 0, ["every-sla-met"]),
        (0, 1, 0, ["every-sla-met", "exceeded-throughout"]),
        (1, 9, 0, ["every-sla-met"]),
        (9, 9, 1, []),
        (0, 0, 0, []),  # nothing was reached
    ],
)
def test_g1_a_month_of_levels(met, exceeded, missed, earned):
    assert scored(MonthScore(ANA, "Ana", 10, met, exceeded, missed)) == [(key, ANA) for key in earned]


def test_g1_three_months_at_exceeded_in_a_row_take_three_new_ones_the_next_time():
    year: set[tuple[str, str]] = set()
    for number in range(1, 13):
        month = Month(2026, number)
        found = month_of_scores([MonthScore(ANA, "Ana", 1, 0, int(number != 8), 0)], {}, {ANA: year}, month, ENDS_AT)
        year |= {(str(month), badge.key) for badge in found}
    assert [period for period, key in sorted(year) if key == "exceeded-three-months"] == [
        "2026-03",
        "2026-06",
        "2026-11",
    ]
    assert exceeded_months(year, Month(2027, 1)) == 1
    assert exceeded_months(year, Month(2026, 11)) == 2


def test_g1_the_most_improved_rose_most_over_a_month_in_which_they_stood():
    ana, bia, eva = (MonthScore(n, str(n), points, 0, 0, 1) for n, points in ((ANA, 30), (BIA, 40), (CAIO, 500)))
    assert scored(ana, bia, eva, before={ANA: 10, BIA: 25}) == [("most-improved", ANA)]
    assert scored(ana, bia, before={ANA: 10, BIA: 20}) == [("most-improved", ANA), ("most-improved", BIA)]
    assert scored(ana, bia, before={ANA: 30, BIA: 41}) == []
    assert scored(ana, bia, before={}) == []


def test_g1_all_who_tie_for_rank_1_win_and_nobody_wins_with_nothing():
    quarter = Quarter(2026, 4)
    rows = [(9, "North", 1, {}), (9, "South", 2, {}), (8, "East", 3, {})]
    assert [each.participant for each in winners("team-of-the-quarter", "team", quarter, ENDS_AT, rows)] == [1, 2]
    assert winners("team-of-the-quarter", "team", quarter, ENDS_AT, [(0, "North", 1, {}), (-2, "South", 2, {})]) == []


ROWS = st.lists(
    st.tuples(
        st.integers(0, 60),  # hours
        st.sampled_from(["met", "met", "met", "exceeded", "missed", "void"]),
        st.sampled_from(["speed", "speed", "speed", "training"]),
    ),
    max_size=90,
).map(
    lambda rows: [
        decided(hours, level, sla=sla)._replace(subject=f"S{n:02}") for n, (hours, level, sla) in enumerate(rows)
    ]
)


def slowly(rows: list[Decided]) -> set[tuple[str, str]]:
    """Return key and subject of each live badge in one pass over everything, the obvious way."""
    ordered = sorted(rows, key=lambda row: (row.decided_at, row.subject, row.sla))
    reached = [row for row in ordered if row.level in ("met", "exceeded")]
    found = {("first-met", row.subject) for row in reached[:1]}
    found |= {("first-exceeded", row.subject) for row in [row for row in reached if row.level == "exceeded"][:1]}
    found |= {("training-early", row.subject) for row in reached if row.sla == "training"}
    clocks = [row for row in ordered if row.sla == "speed" and row.level != "void"]
    for is_run, group in groupby(clocks, key=lambda row: row.level != "missed"):
        run = list(group)
        found |= {(key, run[length - 1].subject) for length, key in IN_A_ROW.items() if is_run and len(run) >= length}
    return found


@properties
@given(rows=ROWS, cuts=st.lists(st.integers(0, 61), max_size=3), data=st.data())
def test_g1_months_carried_over_give_what_one_pass_over_everything_gives(rows, cuts, data):
    shuffled = data.draw(st.permutations(rows))
    ordered = sorted(shuffled, key=lambda row: (row.decided_at, row.subject, row.sla))
    run, found = Run(), []
    bounds = [-1, *sorted(cuts), 99]
    for number, (start, end) in enumerate(pairwise(bounds)):
        part = [row for row in ordered if START + start * HOUR <= row.decided_at < START + end * HOUR]
        month = month_of_member(part, run, KINDS, f"2026-{number:02}")
        run = month.run
        found += month.badges
    kept = once(found)
    assert {(badge.key, badge.ground["subject"]) for badge in kept} == slowly(rows)
    assert len(kept) == len(slowly(rows))


def badge(key: str = "first-met", occasion: str = "", at: int = 1, participant: int = ANA, **ground: object) -> Badge:
    """Return a badge of November."""
    return Badge(key, "member", participant, occasion, "2026-11", from_micros(START + at * HOUR), ground)


def test_g2_what_is_stored_and_still_holds_is_left_alone():
    assert badge_changes([StoredBadge(1, badge(), True)], [badge()], {}).total == 0
    assert badge_changes([StoredBadge(1, badge(), False)], [], {}).total == 0


def test_g2_a_badge_is_awarded_withdrawn_and_brought_back():
    assert badge_changes([], [badge()], {}).award == [badge()]
    assert badge_changes([StoredBadge(7, badge(), True)], [], {}).withdraw == [(7, "changed")]
    assert badge_changes([StoredBadge(7, badge(), False)], [badge()], {}).mend == [(7, badge())]
    assert badge_changes([StoredBadge(7, badge(at=1), True)], [badge(at=2)], {}).mend == [(7, badge(at=2))]


@pytest.mark.parametrize(("at", "why"), [(4, "changed"), (5, "void"), (9, "void"), (10, "changed")])
def test_g2_a_withdrawal_says_whether_something_within_its_ground_is_void(at, why):
    since = from_micros(START + 5 * HOUR).isoformat()
    stored = StoredBadge(7, badge("in-a-row-10", "x", at=9, since=since), True)
    voids = {ANA: [from_micros(START + at * HOUR)], BIA: [from_micros(START + 6 * HOUR)]}
    assert badge_changes([stored], [], voids).withdraw == [(7, why)]


def test_g2_a_run_that_begins_earlier_after_all_keeps_its_badge():
    moved = badge("in-a-row-10", "speed|L0|earlier")
    changes = badge_changes([StoredBadge(7, badge("in-a-row-10", "speed|L1|later"), True)], [moved], {})
    assert (changes.award, changes.withdraw, changes.mend) == ([], [], [(7, moved)])
    other = moved._replace(participant=BIA)
    changes = badge_changes([StoredBadge(7, moved, True)], [other], {})
    assert (changes.award, changes.withdraw, changes.mend) == ([other], [(7, "changed")], [])


@properties
@given(
    stored=st.lists(st.tuples(st.sampled_from(KEYS[:4]), st.sampled_from("ab"), st.integers(0, 2), st.booleans())),
    now=st.lists(st.tuples(st.sampled_from(KEYS[:4]), st.sampled_from("ab"), st.integers(0, 2))),
)
def test_g2_what_is_stored_becomes_what_is_now(stored, now):
    unique = {
        badge(key, occasion).identity: StoredBadge(n, badge(key, occasion, at), standing)
        for n, (key, occasion, at, standing) in enumerate(stored)
    }
    wanted = once(badge(*each) for each in now)
    changes = badge_changes(unique.values(), wanted, {})
    after = {each.id: each.badge for each in unique.values() if each.is_standing}
    for row_id, _ in changes.withdraw:
        del after[row_id]
    after.update(changes.mend)
    assert sorted([*after.values(), *changes.award], key=str) == sorted(wanted, key=str)


def test_g1_progress_names_the_next_of_each_kind():
    found = {
        each.key: (each.done, each.of, each.is_on_course) for each in progress(Run(12), ("first-met",), 1, (0, 3, 0))
    }
    assert found == {
        "first-exceeded": (0, 1, None),
        "in-a-row-50": (12, 50, None),
        "every-sla-met": (3, None, True),
        "exceeded-throughout": (3, None, True),
        "exceeded-three-months": (1, 3, True),
    }
    later = {each.key: each.is_on_course for each in progress(Run(100), ("first-met", "first-exceeded"), 0, (1, 3, 0))}
    assert later == {"every-sla-met": True, "exceeded-throughout": False, "exceeded-three-months": False}
