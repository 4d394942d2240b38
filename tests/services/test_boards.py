"""Boards: rank with ties, movement, sides, average or total, pages of thousands, and where I stand (S1-S4, P4)."""

import io
from datetime import UTC, date
from fractions import Fraction

import pytest
from sqlalchemy import update

from leaderboard.domain.actors import COMMAND_LINE
from leaderboard.domain.errors import PeriodRefused, Refused
from leaderboard.services import boards
from leaderboard.services.boards import BoardQuery, page_of, read_board, standings, today
from leaderboard.services.organising import load_organisation
from leaderboard.services.people import load_people
from leaderboard.storage.tables import Total
from tests.factories import at, crowd, ids_of, opened, people_file
from tests.services.examples import NOW, ORGANISATION, SPEED, agreement, csv_of, hand_in, log, set_up

OCTOBER = BoardQuery("2026-10", "member")


@pytest.fixture
def aurora(session):
    set_up(session, agreement(SPEED))
    return session


def in_time(session, who, day, leads=1):
    """Dispose of leads within the hour: ten points each."""
    lines = []
    for n in range(leads):
        subject = f"subject={who}-{day}-{n}"
        lines += [f"{day} 09:00 lead.assigned {who} {subject}", f"{day} 09:30 lead.disposed {who} {subject}"]
    log(session, "\n".join(lines))


def shown(board):
    return [(each.rank, each.name, each.points) for each in board.standings]


def board(session, period="2026-10", scope="member", **rest):
    return read_board(session, BoardQuery(period, scope, **rest), now=NOW)


# Rank


def test_s1_equal_points_share_a_rank_and_the_next_is_skipped_in_a_tie_by_name(aurora):
    for who, leads in (("caio", 2), ("bia", 1), ("eva", 1)):
        in_time(aurora, who, "10-20", leads)
    assert shown(board(aurora)) == [(1, "Caio", 20), (2, "Bia", 10), (2, "Eva", 10), (4, "Ana", 0)]
    assert board(aurora).leader_points == 20


def test_s1_names_with_accents_emoji_and_capitals_stand_where_a_reader_looks_for_them(aurora):
    names = ["Zoë", "Álvaro", "alba", "Bruno", "Éva", "eva", "Ångström", "😀 Smile", "中村", "O'Neil", "Özil", "Ωmega"]
    rows = [f"n{n}@example.com,{name},North,sales,2026-01-01,,," for n, name in enumerate(names)]
    load_people(aurora, io.BytesIO(people_file(rows)), now=NOW, by=COMMAND_LINE)
    in_time(aurora, "caio", "10-20")
    found = [each.name for each in board(aurora).standings]
    assert found == [
        "Caio", "alba", "Álvaro", "Ana", "Ångström", "Bia", "Bruno", "Eva", "Éva", "eva",
        "O'Neil", "Özil", "Zoë", "Ωmega", "中村", "😀 Smile",
    ]  # fmt: skip


def test_s2_everybody_active_stands_with_0_points_before_anything_happened(aurora):
    empty = board(aurora, "2026-11")
    assert shown(empty) == [(1, "Ana", 0), (1, "Bia", 0), (1, "Caio", 0), (1, "Eva", 0)]
    assert empty.leader_points == 0
    assert shown(board(aurora, "2026-09")) == [(1, "Ana", 0), (1, "Bia", 0), (1, "Caio", 0)]  # Eva came in October
    assert [each.name for each in board(aurora, "2026-11", "team", side="sales").standings] == ["North", "South"]


def test_s2_the_board_of_a_period_is_the_same_before_and_after_its_first_event(aurora):
    before = shown(board(aurora)), shown(board(aurora, scope="team")), shown(board(aurora, "2026-Q4"))
    log(aurora, "10-05 09:00 lead.received -")
    assert (shown(board(aurora)), shown(board(aurora, scope="team")), shown(board(aurora, "2026-Q4"))) == before


@pytest.mark.parametrize(
    ("bia", "place"),
    [
        (3, (1, 2)),
        (2, (1, 2)),  # beside Ana
        (1, (2, 1)),  # beside Caio
        (0, (3, 0)),
    ],
)
def test_s3_movement_is_in_places_since_the_period_before(aurora, bia, place):
    """September: Caio 20, Ana 10, Bia 0. October: Ana 20, Caio 10, Bia ten for each lead."""
    for who, day, leads in (("caio", "09-14", 2), ("ana", "09-14", 1), ("ana", "10-20", 2), ("caio", "10-20", 1)):
        in_time(aurora, who, day, leads)
    in_time(aurora, "bia", "10-20", bia)
    found = {each.name: (each.rank, each.movement) for each in board(aurora).standings}
    assert found["Bia"] == place
    assert found["Ana"] == ((1, 1) if bia < 3 else (2, 0))
    assert found["Caio"] == ((2, -1) if bia < 2 else (3, -2))
    assert found["Eva"][1] is None  # not ranked in September


def test_s3_movement_of_a_quarter_is_since_the_quarter_before(aurora):
    in_time(aurora, "caio", "09-14")
    in_time(aurora, "ana", "10-20")
    found = {each.name: each.movement for each in board(aurora, "2026-Q4").standings}
    assert found == {"Ana": 1, "Bia": 0, "Caio": -1, "Eva": None}
    assert {each.movement for each in board(aurora, "2026-Q3").standings} == {None}


def test_s4_a_quarters_points_are_the_sum_of_its_months(aurora):
    for day in ("09-14", "10-20", "11-16", "12-01"):
        in_time(aurora, "ana", day)
    months = [board(aurora, f"2026-{month}").leader_points for month in (10, 11, 12)]
    assert board(aurora, "2026-Q4").leader_points == sum(months) == 30
    assert board(aurora, "2026-Q3").leader_points == 10


# Sides and teams


def test_a_side_ranks_among_itself(aurora):
    for who, leads in (("caio", 2), ("bia", 1)):
        in_time(aurora, who, "10-20", leads)
    assert shown(board(aurora, side="sales")) == [(1, "Bia", 10), (2, "Ana", 0), (2, "Eva", 0)]
    assert shown(board(aurora, side="marketing")) == [(1, "Caio", 20)]
    assert board(aurora, side="sales").count == 3


def test_p4_a_team_has_its_total_and_its_average_and_each_makes_a_board(aurora):
    load_people(
        aurora,
        io.BytesIO(people_file(crowd(3, "North"))),
        now=NOW,
        by=COMMAND_LINE,
    )  # North: Ana, Bia (till the 15th), three more
    in_time(aurora, "ana", "10-05", 3)
    in_time(aurora, "eva", "10-20", 2)
    total = board(aurora, scope="team", side="sales")
    assert [(each.rank, each.name, each.points, each.average, each.members) for each in total.standings] == [
        (1, "North", 30, Fraction(6), 5),
        (2, "South", 20, Fraction(10), 2),
    ]
    average = board(aurora, scope="team", side="sales", by="average")
    assert [(each.rank, each.name) for each in average.standings] == [(1, "South"), (2, "North")]
    assert average.leader_points == 30


def test_p4_equal_averages_share_a_rank(aurora):
    load_people(aurora, io.BytesIO(people_file(crowd(1, "Solo"))), now=NOW, by=COMMAND_LINE)
    in_time(aurora, "p00000", "10-20", 1)
    in_time(aurora, "eva", "10-20", 2)  # South: Bia and Eva
    average = board(aurora, scope="team", side="sales", by="average")
    assert [(each.rank, each.name) for each in average.standings] == [(1, "Solo"), (1, "South"), (3, "North")]


# Periods


def test_periods_of_the_boards_kind_are_listed_newest_first(aurora):
    for day in ("09-14", "10-20", "12-01"):
        in_time(aurora, "ana", day)
    assert board(aurora).periods == ("2026-12", "2026-10", "2026-09")
    assert board(aurora, "2026-Q4").periods == ("2026-Q4", "2026-Q3")


def test_a_board_says_how_long_its_period_is_open(aurora):
    def seen(moment, period="2026-10"):
        found = read_board(aurora, BoardQuery(period, "member"), now=at(moment))
        return found.is_open, found.days_left

    assert seen("09-30 23:59:59") == (False, None)
    assert seen("10-01 00:00") == (True, 31)
    assert seen("10-31 00:00") == (True, 1)
    assert seen("10-31 23:59:59") == (True, 1)
    assert seen("11-01 00:00") == (False, None)
    assert seen("12-31 12:00", "2026-Q4") == (True, 1)


@pytest.mark.parametrize(("moment", "day"), [
    ("09-30 23:59:59.999999", date(2026, 9, 30)),
    ("10-01 00:00", date(2026, 10, 1)),
])  # fmt: skip
def test_t1_the_date_is_the_organisations(aurora, moment, day):
    assert today(aurora, now=at(moment).astimezone(UTC)) == day


def test_a_board_shows_one_moment_while_others_bring_in_people(aurora, database_url, monkeypatch):
    in_time(aurora, "caio", "10-20")
    read_rules = boards.rule_book
    newcomer = csv_of("w1,2026-10-05T09:00,opportunity.won,O1,hs-9,North")

    def interrupted(connection, version=None):
        book = read_rules(connection, version)
        monkeypatch.undo()
        with opened(database_url) as other:
            assert hand_in(other, newcomer, create_members="sales").created_members == 1
        return book

    monkeypatch.setattr(boards, "rule_book", interrupted)
    before = [each.key for each in standings(aurora, "2026-10", "member")]
    assert [each.key for each in standings(aurora, "2026-10", "member")] == [*before, "hs-9"]


@pytest.mark.parametrize("period", ["2026-13", "2026-Q5", "october", "", "2026-1", "2026-10-01"])
def test_what_is_no_period_is_refused_with_what_is(aurora, period):
    with pytest.raises(PeriodRefused, match="is not a period; give a month such as 2026-10"):
        board(aurora, period)
    with pytest.raises(PeriodRefused):
        standings(aurora, period, "member")
    with pytest.raises(PeriodRefused):
        page_of(aurora, BoardQuery(period, "member"), member_id=1)


def test_what_is_no_scope_is_refused(aurora):
    with pytest.raises(Refused, match='"side" is not a scope; give team or member'):
        standings(aurora, "2026-10", "side")


# Pages

SIZE = 2_000


@pytest.fixture
def many(session):
    """Two thousand and four people whose points are 0, 10, 20 … 490, forty of each."""
    set_up(session, agreement(SPEED))
    load_people(session, io.BytesIO(people_file(crowd(SIZE))), now=NOW, by=COMMAND_LINE)
    log(session, "10-05 09:00 lead.received -")
    crowded = (Total.scope == "member") & (Total.participant_id > 4)
    session.execute(update(Total).where(crowded).values(points=Total.participant_id % 50 * 10))
    session.commit()
    return session


def test_s1_pages_of_thousands_join_into_the_whole_board_and_everyone_finds_their_page(many):
    for side, size in ((None, SIZE + 4), ("sales", SIZE + 3)):
        whole = standings(many, "2026-10", "member", side)
        points = [each.points for each in whole]
        assert len(whole) == size
        assert [each.rank for each in whole] == [1 + points.index(each) for each in points]
        first = read_board(many, BoardQuery("2026-10", "member", side), now=NOW)
        assert (first.count, first.pages, len(first.standings)) == (size, 41, 50)
        for page in (1, 2, 3, 30, 40, 41):
            found = read_board(many, BoardQuery("2026-10", "member", side, page=page), now=NOW).standings
            assert found == tuple(whole[50 * page - 50 : 50 * page])
        for place in (0, 49, 50, 999, 1_000, size - 1):
            query = BoardQuery("2026-10", "member", side)
            assert page_of(many, query, member_id=whole[place].id) == 1 + place // 50


@pytest.mark.parametrize(("asked", "given"), [(-5, 1), (0, 1), (1, 1), (2, 2), (3, 2), (10**9, 2)])
def test_a_page_that_is_not_there_is_the_nearest_one(aurora, asked, given):
    found = read_board(aurora, BoardQuery("2026-10", "member", page=asked), now=NOW, page_size=3)
    assert (found.query.page, found.pages) == (given, 2)


def test_find_me_among_teams_finds_my_team_and_where_i_am_not_nothing(aurora):
    in_time(aurora, "ana", "10-20")
    ids = ids_of(aurora)
    for by in ("total", "average"):
        query = BoardQuery("2026-10", "team", by=by)
        assert [page_of(aurora, query, member_id=ids[who], page_size=1) for who in ("ana", "caio", "eva")] == [1, 2, 3]
    assert page_of(aurora, BoardQuery("2026-10", "member", "marketing"), member_id=ids["ana"]) is None
    assert page_of(aurora, BoardQuery("2026-09", "member"), member_id=ids["eva"]) is None
    assert page_of(aurora, BoardQuery("2026-11", "member"), member_id=ids["eva"], page_size=2) == 2  # no standings yet
    assert page_of(aurora, OCTOBER, member_id=99) is None


def test_a_board_without_anybody_is_empty(session):
    load_organisation(session, ORGANISATION, now=NOW, by=COMMAND_LINE)
    empty = board(session)
    assert (empty.standings, empty.count, empty.pages, empty.leader_points) == ((), 0, 1, 0)


def test_without_an_organisation_there_is_no_board(session):
    with pytest.raises(Refused, match="No organisation is loaded yet"):
        board(session)
