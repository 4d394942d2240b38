"""Who wins, how an award is divided, and which way it may go: examples, and properties against a slow, obvious way."""

import io
import tokenize
from collections import Counter
from datetime import date
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderboard.domain import bonuses
from leaderboard.domain.agreement import Agreement, BonusProgramme
from leaderboard.domain.bonuses import Contender, Sharer, Status, may_become, programmes_of, shares, winners
from leaderboard.domain.organisation_file import parse_organisation
from leaderboard.domain.people import FAR, Teams
from leaderboard.domain.periods import Month, Quarter, midnight, month_finder
from leaderboard.domain.rules import Rules, Version
from leaderboard.domain.standings import sort_key
from tests.domain.examples import properties

NAMES = ("Ana", "Ângela", "bia", "Bia", "Caio", "Zoë")
QUARTER = Quarter(2026, 4)


def programme(places=(1000,), prizes=(), *, tie="split", divide="equally", period="quarter", key="win"):
    return BonusProgramme(key, period, "team", places, prizes, None, tie, divide)


def won(found):
    return [(win.place, win.sharers, win.winner.name, win.amount_minor or win.prize) for win in found]


def teams(**points):
    return [Contender(number, name, score, 1) for number, (name, score) in enumerate(points.items(), 1)]


def test_b2_each_place_pays_its_amount():
    found = winners(programme((900, 500)), teams(North=7, South=9, East=3))
    assert won(found) == [(1, 1, "South", 900), (2, 1, "North", 500)]


@pytest.mark.parametrize(
    ("tie", "paid"),
    [
        # 900 + 500 among three: 466.67 each, and the two units left go by name
        ("split", [(1, 3, "East", 467), (1, 3, "North", 467), (1, 3, "South", 466)]),
        ("full", [(1, 3, "East", 900), (1, 3, "North", 900), (1, 3, "South", 900)]),
    ],
)
def test_b2_a_tie_for_the_first_place(tie, paid):
    assert won(winners(programme((900, 500), tie=tie), teams(South=9, North=9, East=9))) == paid


@pytest.mark.parametrize(
    ("tie", "paid"),
    [
        ("split", [(1, 1, "North", 900), (2, 2, "East", 250), (2, 2, "South", 250)]),
        ("full", [(1, 1, "North", 900), (2, 2, "East", 500), (2, 2, "South", 500)]),
    ],
)
def test_b2_a_tie_for_the_last_place_takes_no_place_that_is_not_there(tie, paid):
    assert won(winners(programme((900, 500), tie=tie), teams(South=8, North=9, East=8, West=1))) == paid


def test_b2_after_a_tie_the_next_place_is_skipped():
    assert won(winners(programme((900, 500), tie="full"), teams(South=9, North=9, East=8))) == [
        (1, 2, "North", 900),
        (1, 2, "South", 900),
    ]


def test_b2_a_pool_of_less_than_a_unit_each_pays_those_whom_it_reaches():
    assert won(winners(programme((2,)), teams(South=9, North=9, East=9))) == [(1, 3, "East", 1), (1, 3, "North", 1)]


@pytest.mark.parametrize(("tie", "prizes"), [("split", ["A trip; A plaque"] * 2), ("full", ["A trip", "A trip"])])
def test_b5_prizes_in_kind_are_shared_or_given_to_each(tie, prizes):
    found = winners(programme((), ("A trip", "A plaque"), tie=tie), teams(South=9, North=9))
    assert [(win.prize, win.amount_minor, win.sharers) for win in found] == [(prize, None, 2) for prize in prizes]


@pytest.mark.parametrize(("points", "number"), [(1, 1), (0, 0), (-1, 0)])
def test_b2_nobody_wins_without_points(points, number):
    assert len(winners(programme(), teams(North=points))) == number


def test_b2_a_team_without_members_does_not_compete():
    found = winners(programme(), [Contender(1, "Ghosts", 90, 0), Contender(2, "North", 10, 1)])
    assert won(found) == [(1, 1, "North", 1000)]


def test_p4_the_average_decides_exactly_where_it_is_set():
    crowd, pair = Contender(1, "Crowd", 30, 9), Contender(2, "Pair", 10, 3)  # 10/3 each
    assert won(winners(programme(), [crowd, pair], "average")) == [(1, 2, "Crowd", 500), (1, 2, "Pair", 500)]
    assert won(winners(programme(), [crowd, pair])) == [(1, 1, "Crowd", 1000)]


def test_b3_equal_shares_and_the_remainder_by_name():
    found = shares(100, [Sharer(1, "Zoë"), Sharer(2, "Ângela"), Sharer(3, "Bia")])
    assert [(each.name, each.weight, each.amount_minor, each.has_remainder) for each in found] == [
        ("Ângela", 1, 34, True),
        ("Bia", 1, 33, False),
        ("Zoë", 1, 33, False),
    ]


def test_b3_shares_by_points_and_the_remainder_by_the_largest():
    # 100 * 1/6 = 16.67, 100 * 2/6 = 33.33, 100 * 3/6 = 50
    found = shares(100, [Sharer(1, "Ana", 2), Sharer(2, "Bia", 3), Sharer(3, "Caio", 1)], "by_points")
    assert [(each.name, each.weight, each.amount_minor, each.has_remainder) for each in found] == [
        ("Ana", 2, 33, False),
        ("Bia", 3, 50, False),
        ("Caio", 1, 17, True),
    ]


@pytest.mark.parametrize(
    ("points", "weights", "amounts"),
    [
        ((5, -5), [5, 0], [100, 0]),  # what is negative counts 0
        ((0, -5), [1, 1], [50, 50]),  # nobody has any: equally
    ],
)
def test_b3_by_points_without_points(points, weights, amounts):
    found = shares(100, [Sharer(1, "Ana", points[0]), Sharer(2, "Bia", points[1])], "by_points")
    assert [each.weight for each in found] == weights
    assert [each.amount_minor for each in found] == amounts


def test_b5_a_prize_in_kind_is_shared_without_amounts():
    found = shares(None, [Sharer(1, "Ana", 2), Sharer(2, "Bia", 3)], "by_points")
    assert [(each.weight, each.amount_minor, each.has_remainder) for each in found] == [
        (2, None, False),
        (3, None, False),
    ]


def test_b4_an_award_goes_from_proposed_to_approved_to_paid_or_to_declined():
    legal = {("proposed", "approved"), ("proposed", "declined"), ("approved", "paid")}
    assert {(str(a), str(b)) for a in Status for b in Status if may_become(a, b)} == legal


def rules(*versions):
    zone = ZoneInfo("America/Sao_Paulo")
    organisation = parse_organisation(
        '[organisation]\nname = "A"\ntime_zone = "America/Sao_Paulo"\ncurrency = "BRL"\n'
        '[calendar]\nmonday = ["09:00-18:00"]\n'
    )
    starts = [midnight(day, zone) for day, _ in versions]
    agreed = [
        Version(number, Agreement(f"A{number}", day, None, {}, (), programmes), start, end)
        for number, ((day, programmes), start, end) in enumerate(
            zip(versions, starts, [*starts[1:], FAR][: len(starts)], strict=True), 1
        )
    ]
    return Rules(organisation, Teams([], zone), {}, agreed, month_finder(organisation.time_zone))


MONTHLY, QUARTERLY, LATER = programme(period="month", key="m"), programme(key="q"), programme(key="later")


@pytest.mark.parametrize(
    ("starts", "period", "version", "keys"),
    [
        ([date(2026, 10, 1)], QUARTER, 1, ["q"]),
        ([date(2026, 10, 1)], Month(2026, 10), 1, ["m"]),
        ([date(2026, 10, 1)], Month(2026, 9), None, []),
        ([date(2026, 11, 1)], QUARTER, 1, ["q"]),  # none at its start: the first within it
        ([date(2026, 10, 1), date(2026, 11, 1)], QUARTER, 1, ["q"]),  # the one at its start decides
        ([date(2026, 10, 1), date(2026, 11, 1)], Month(2026, 11), 2, []),
        ([date(2027, 1, 1)], QUARTER, None, []),
    ],
)
def test_p6_the_programmes_are_those_in_force_when_the_period_began(starts, period, version, keys):
    found, agreed = programmes_of(rules(*zip(starts, [(MONTHLY, QUARTERLY), (LATER,)], strict=False)), period)
    assert (found and found.id, [each.key for each in agreed]) == (version, keys)


contenders = st.lists(
    st.tuples(st.sampled_from(NAMES), st.integers(-2, 5), st.integers(0, 3)), min_size=0, max_size=9
).map(lambda rows: [Contender(number, *row) for number, row in enumerate(rows, 1)])
programmes = st.builds(
    programme,
    st.lists(st.integers(1, 10_001), min_size=1, max_size=4).map(tuple),
    tie=st.sampled_from(("split", "full")),
)
sharers = st.lists(st.tuples(st.sampled_from(NAMES), st.integers(-5, 9)), min_size=1, max_size=9).map(
    lambda rows: [Sharer(number, *row) for number, row in enumerate(rows, 1)]
)


def obvious_winners(agreed, competing, by):
    """Look at each place in turn: who stands there, and what the places that they take up come to."""

    def score(each):
        return Fraction(each.points, each.members) if by == "average" else Fraction(each.points)

    there = [each for each in competing if each.members]
    found = {}
    for each in there:
        rank = 1 + sum(score(other) > score(each) for other in there)
        tied = sorted(
            (other for other in there if score(other) == score(each)),
            key=lambda other: (sort_key(other.name), other.name, other.id),
        )
        if each.points < 1 or rank > len(agreed.places):
            continue
        if agreed.tie == "full":
            amount = agreed.places[rank - 1]
        else:
            pool = sum(place for number, place in enumerate(agreed.places, 1) if rank <= number < rank + len(tied))
            amount = pool // len(tied) + (tied.index(each) < pool % len(tied))
        if amount:
            found[each.id] = (rank, len(tied), amount)
    return found


@properties
@given(agreed=programmes, competing=contenders, by=st.sampled_from(("total", "average")), data=st.data())
def test_b2_winners_are_those_that_the_obvious_way_finds_in_any_order(agreed, competing, by, data):
    found = winners(agreed, data.draw(st.permutations(competing)), by)
    assert found == winners(agreed, competing, by)
    assert {win.winner.id: (win.place, win.sharers, win.amount_minor) for win in found} == obvious_winners(
        agreed, competing, by
    )
    keys = [(win.place, sort_key(win.winner.name), win.winner.name, win.winner.id) for win in found]
    assert all(one < other for one, other in pairwise(keys))


@properties
@given(agreed=programmes, competing=contenders)
def test_b2_split_pays_the_pooled_places_to_the_unit_and_full_pays_each_the_place(agreed, competing):
    found = winners(agreed, competing)
    paid = Counter()
    for win in found:
        paid[win.place, win.sharers] += win.amount_minor
    for (place, tied), amount in paid.items():
        if agreed.tie == "split":
            assert amount == sum(agreed.places[place - 1 : place - 1 + tied])
        else:
            assert amount == tied * agreed.places[place - 1]


def obvious_shares(amount, theirs, divide):
    """Round everybody down, then hand out unit by unit to whom most is still owed."""
    weights = {each.id: max(0, each.points) if divide == "by_points" else 1 for each in theirs}
    if sum(weights.values()) == 0:
        weights = dict.fromkeys(weights, 1)
    whole = sum(weights.values())
    given_out = {key: amount * weight // whole for key, weight in weights.items()}
    owed = {key: Fraction(amount * weight, whole) - given_out[key] for key, weight in weights.items()}
    while sum(given_out.values()) < amount:
        most = max(owed.values())
        first = min(
            (each for each in theirs if owed[each.id] == most),
            key=lambda each: (sort_key(each.name), each.name, each.id),
        )
        given_out[first.id] += 1
        owed[first.id] -= 1
    return given_out


@properties
@given(amount=st.integers(0, 10**6), theirs=sharers, divide=st.sampled_from(("equally", "by_points")), data=st.data())
def test_b3_shares_are_those_of_the_obvious_way_and_add_up_in_any_order(amount, theirs, divide, data):
    found = shares(amount, data.draw(st.permutations(theirs)), divide)
    assert found == shares(amount, theirs, divide)
    assert {each.member_id: each.amount_minor for each in found} == obvious_shares(amount, theirs, divide)
    assert sum(each.amount_minor for each in found) == amount
    by_weight = {}
    for each in found:
        by_weight.setdefault(each.weight, set()).add(each.amount_minor)
    assert all(max(amounts) - min(amounts) <= 1 for amounts in by_weight.values())
    assert all(each.weight or not each.amount_minor for each in found)


@properties
@given(agreed=programmes, competing=contenders, theirs=sharers, divide=st.sampled_from(("equally", "by_points")))
def test_b3_whatever_the_tie_and_the_rule_each_award_is_paid_out_to_the_unit(agreed, competing, theirs, divide):
    for win in winners(agreed, competing):
        assert sum(each.amount_minor for each in shares(win.amount_minor, theirs, divide)) == win.amount_minor


def test_b1_no_float_touches_money():
    source = Path(bonuses.__file__).read_text(encoding="utf-8")
    words = [token for token in tokenize.generate_tokens(io.StringIO(source).readline) if token.type != tokenize.STRING]
    assert [token.string for token in words if token.string in ("float", "/", "round")] == []
    numbers = [token.string for token in words if token.type == tokenize.NUMBER]
    assert [each for each in numbers if not each.isdecimal()] == []
