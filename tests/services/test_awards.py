"""Pages and lists of awards show each with its shares, its questions and the standings it rests on."""

import pytest

from leaderboard.domain.errors import PeriodRefused, Refused
from leaderboard.services.asking import answer, ask
from leaderboard.services.awards import AwardQuery, list_bonuses, read_award, read_awards
from leaderboard.services.deciding import approve, decline
from tests.services.bonus_examples import (
    BEST_REP,
    BY_POINTS,
    CLOSED_AT,
    DECIDABLE_AT,
    DORA,
    MONTHLY,
    TEAM_WIN,
    account,
    award_id,
    bonus,
    close,
    sold,
)


@pytest.fixture
def aurora(session):
    sold(session, TEAM_WIN, BY_POINTS, BEST_REP, MONTHLY)
    for period in ("2026-10", "2026-11", "2026-Q4"):
        close(session, period)
    return session


def names(page):
    return [(each.period, each.programme, each.name) for each in page.awards]


def test_awards_are_listed_newest_period_first_a_page_at_a_time(aurora):
    whole = [
        ("2026-Q4", "team-win", "North"),
        ("2026-Q4", "team-win", "South"),
        ("2026-Q4", "by-points", "North"),
        ("2026-Q4", "by-points", "South"),
        ("2026-Q4", "best-rep", "Ana"),
        ("2026-11", "month-win", "Ana"),
        ("2026-11", "month-win", "Eva"),
        ("2026-10", "month-win", "Ana"),
    ]
    first, last = (read_awards(aurora, AwardQuery(page=page), page_size=5) for page in (1, 9))
    assert names(first) + names(last) == whole
    assert (first.pages, last.query.page, first.periods) == (2, 2, ["2026-Q4", "2026-11", "2026-10"])


def test_awards_are_listed_by_status_and_period(aurora):
    approve(aurora, [award_id(aurora, "team-win", "North")], by=DORA, now=DECIDABLE_AT)
    page = read_awards(aurora, AwardQuery(status="approved"))
    assert names(page) == [("2026-Q4", "team-win", "North")]
    assert page.counts == {"proposed": 7, "approved": 1, "paid": 0, "declined": 0}
    assert names(read_awards(aurora, AwardQuery(period="2026-10"))) == [("2026-10", "month-win", "Ana")]
    assert names(read_awards(aurora, AwardQuery(status="paid"))) == []


def test_an_award_shows_how_each_share_came_about(aurora):
    award = read_award(aurora, award_id(aurora, "by-points", "South"))
    assert (award.place, award.sharers, award.points, award.by, award.tie, award.divide) == (
        2, 1, 300, "total", "split", "by_points",
    )  # fmt: skip
    assert [(each.key, each.weight, each.amount_minor, each.has_remainder) for each in award.shares] == [
        ("bia@example.com", 100, 3_333, False),
        ("eva@example.com", 200, 6_667, True),
    ]
    assert award.weights == 300


def test_an_award_shows_the_standings_that_it_rests_on(aurora):
    award = read_award(aurora, award_id(aurora, "team-win", "North"))
    assert [(each.rank, each.name, each.points, each.members) for each in award.standings] == [
        (1, "North", 400, 2),
        (2, "South", 300, 2),
    ]
    best = read_award(aurora, award_id(aurora, "best-rep", "Ana"))
    assert [(each.rank, each.name, each.points) for each in best.standings] == [
        (1, "Ana", 400), (2, "Eva", 200), (3, "Bia", 100), (4, "Caio", 0),
    ]  # fmt: skip


def test_an_award_tells_who_may_decide_on_it_and_when(aurora):
    bia = account(aurora, "bia")
    award = read_award(aurora, award_id(aurora, "team-win", "North"))
    assert award.is_shared_by(bia.member_id)
    assert not award.is_shared_by(None)
    assert (award.can_be_decided(CLOSED_AT), award.can_be_decided(DECIDABLE_AT)) == (False, True)
    approve(aurora, [award.id], by=DORA, now=DECIDABLE_AT)
    assert not read_award(aurora, award.id).can_be_decided(DECIDABLE_AT)


def test_an_award_shows_its_questions_and_how_many_are_open(aurora):
    north, bia = award_id(aurora, "team-win", "North"), account(aurora, "bia")
    first, _ = (ask(aurora, north, text, by=bia, now=CLOSED_AT) for text in ("Why?", "And why not?"))
    answer(aurora, first, "So.", by=DORA, now=DECIDABLE_AT)
    award = read_award(aurora, north)
    assert [(each.text, each.answer) for each in award.questions] == [("Why?", "So."), ("And why not?", None)]
    assert award.open_questions == 1


def test_an_award_that_is_not_there_is_none(aurora):
    assert read_award(aurora, 4_711) is None


@pytest.mark.parametrize("page_size", [1, 8])
def test_a_page_of_awards_takes_as_many_queries_whatever_stands_on_it(aurora, query_counter, page_size):
    read_awards(aurora, AwardQuery())
    with query_counter() as statements:
        read_awards(aurora, AwardQuery(), page_size=page_size)
    assert len(statements) == 7


def test_bonuses_are_listed_as_plain_rows(aurora):
    approve(aurora, [award_id(aurora, "best-rep", "Ana")], by=DORA, now=DECIDABLE_AT)
    decline(aurora, [award_id(aurora, "team-win", "South")], reason="Paid", by=DORA, now=DECIDABLE_AT)
    first, second, *_, last = list_bonuses(aurora, "2026-Q4")
    assert first == {
        "programme": "team-win", "place": 1, "participant": "North", "team": "North", "amount_minor": 100_000,
        "currency": "BRL", "prize": None, "status": "proposed", "reason": None,
        "shares": [
            {"member": "ana@example.com", "name": "Ana", "amount_minor": 50_000},
            {"member": "bia@example.com", "name": "Bia", "amount_minor": 50_000},
        ],
    }  # fmt: skip
    assert (second["status"], second["reason"]) == ("declined", "Paid")
    assert (last["participant"], last["team"], last["prize"], last["status"]) == (
        "ana@example.com", "North", "A trip", "approved",
    )  # fmt: skip
    assert last["shares"] == [{"member": "ana@example.com", "name": "Ana", "amount_minor": None}]


def test_bonuses_of_a_period_without_any_are_none(session):
    sold(session, bonus("win", period="month"))
    close(session)
    assert list_bonuses(session, "2026-Q4") == []


@pytest.mark.parametrize(
    ("period", "error", "says"),
    [
        (
            "2026-12",
            Refused,
            "2026-12 is not closed yet, and bonuses are proposed as it closes; once it is over",
        ),
        ("spring", PeriodRefused, '"spring" is not a period'),
    ],
)
def test_bonuses_of_what_is_not_closed_are_refused(aurora, period, error, says):
    with pytest.raises(error, match=says):
        list_bonuses(aurora, period)
