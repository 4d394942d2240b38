from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderboard.domain.standings import average, ranked, ranks_of, sort_key
from tests.domain.examples import properties

scores = st.lists(st.integers(-5, 5), max_size=30)
names = st.sampled_from(["Ana", "ana", "Ângela", "Bia", "Zoë", ""])


def test_s1_equal_points_share_a_rank_and_the_next_is_skipped():
    points = {"Dora": 5, "Ana": 9, "Bia": 5, "Caio": 1}
    assert ranked((score, name, name) for name, score in points.items()) == [
        (1, "Ana"),
        (2, "Bia"),
        (2, "Dora"),
        (4, "Caio"),
    ]


def test_s1_within_a_tie_names_go_as_people_read_them():
    names = ["Zoë", "bia", "Ângela", "Ana", "Érica", "Dora"]
    found = ranked((0, name, name) for name in names)
    assert [name for _, name in found] == ["Ana", "Ângela", "bia", "Dora", "Érica", "Zoë"]


@properties
@given(pairs=st.lists(st.tuples(st.integers(0, 6), names)), data=st.data())
def test_s1_the_order_of_the_input_changes_nothing(pairs, data):
    rows = [(score, name, (score, name)) for score, name in pairs]
    assert ranked(data.draw(st.permutations(rows))) == ranked(rows)


@properties
@given(scores=scores)
def test_s1_a_rank_is_one_more_than_the_number_of_those_with_more(scores):
    found = ranked((score, "", score) for score in scores)
    assert all(rank == 1 + sum(other > score for other in scores) for rank, score in found)


@properties
@given(scores=scores, cut=st.integers(0, 30))
def test_s1_a_page_goes_on_where_the_one_before_ended(scores, cut):
    falling = sorted(scores, reverse=True)
    whole = ranks_of(falling)
    here = falling[cut:]
    if here:
        first = 1 + sum(score > here[0] for score in falling)
        assert ranks_of(here, first=first, position=cut + 1) == whole[cut:]


def test_s1_nobody_has_no_rank():
    assert ranked([]) == ranks_of([]) == []


def test_s1_averages_rank_exactly():
    thirds = [(Fraction(10, 3), "Bia", 0), (average(20, 6), "Ana", 0), (average(10, 4), "Caio", 0)]
    assert [rank for rank, _ in ranked(thirds)] == [1, 1, 3]


@pytest.mark.parametrize(
    ("points", "members", "mean"), [(10, 4, Fraction(5, 2)), (10, 0, Fraction(0)), (0, 3, Fraction(0))]
)
def test_p4_an_average_is_per_member_and_exact(points, members, mean):
    assert average(points, members) == mean


def test_s1_accents_and_case_do_not_separate_names():
    assert sort_key("ÂNGELA") == sort_key("angela")
