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


def test_awards_are_listed_newest_period_first_a_page_at_a_time_by_status_and_period(aurora, query_counter):
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
    read_awards(aurora, AwardQuery())
    with query_counter() as statements:
        first = read_awards(aurora, AwardQuery(page=1), page_size=5)
    with query_counter() as of_one:
        read_awards(aurora, AwardQuery(page=8), page_size=1)
    assert len(statements) == len(of_one) == 7
    last = read_awards(aurora, AwardQuery(page=9), page_size=5)
    assert names(first) + names(last) == whole
    assert (first.pages, last.query.page, first.periods) == (2, 2, ["2026-Q4", "2026-11", "2026-10"])
    approve(aurora, [award_id(aurora, "team-win", "North")], by=DORA, now=DECIDABLE_AT)
    page = read_awards(aurora, AwardQuery(status="approved"))
    assert names(page) == [("2026-Q4", "team-win", "North")]
    assert page.counts == {"proposed": 7, "approved": 1, "paid": 0, "declined": 0}
    assert names(read_awards(aurora, AwardQuery(period="2026-10"))) == [("2026-10", "month-win", "Ana")]
    assert names(read_awards(aurora, AwardQuery(status="paid"))) == []


def test_an_award_shows_its_shares_and_the_standings_that_it_rests_on(aurora):
    award = read_award(aurora, award_id(aurora, "by-points", "South"))
    assert (award.place, award.sharers, award.points, award.by, award.tie, award.divide, award.weights) == (
        2, 1, 300, "total", "split", "by_points", 300,
    )  # fmt: skip
    assert [(each.key, each.weight, each.amount_minor, each.has_remainder) for each in award.shares] == [
        ("bia@example.com", 100, 3_333, False),
        ("eva@example.com", 200, 6_667, True),
    ]
    assert [(each.rank, each.name, each.points, each.members) for each in award.standings] == [
        (1, "North", 400, 2),
        (2, "South", 300, 2),
    ]
    best = read_award(aurora, award_id(aurora, "best-rep", "Ana"))
    assert [(each.rank, each.name, each.points) for each in best.standings] == [
        (1, "Ana", 400), (2, "Eva", 200), (3, "Bia", 100), (4, "Caio", 0),
    ]  # fmt: skip
    assert read_award(aurora, 4_711) is None


def test_an_award_tells_who_may_decide_on_it_and_what_was_asked(aurora):
    north, bia = award_id(aurora, "team-win", "North"), account(aurora, "bia")
    first, _ = (ask(aurora, north, text, by=bia, now=CLOSED_AT) for text in ("Why?", "And why not?"))
    answer(aurora, first, "So.", by=DORA, now=DECIDABLE_AT)
    award = read_award(aurora, north)
    assert [(each.text, each.answer) for each in award.questions] == [("Why?", "So."), ("And why not?", None)]
    assert award.open_questions == 1
    assert (award.is_shared_by(bia.member_id), award.is_shared_by(None)) == (True, False)
    assert (award.can_be_decided(CLOSED_AT), award.can_be_decided(DECIDABLE_AT)) == (False, True)
    approve(aurora, [north], by=DORA, now=DECIDABLE_AT)
    assert not read_award(aurora, north).can_be_decided(DECIDABLE_AT)


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


def test_bonuses_of_a_period_without_any_are_none_and_of_what_is_not_closed_are_refused(session):
    sold(session, bonus("win", period="month"))
    close(session)
    assert list_bonuses(session, "2026-Q4") == []
    with pytest.raises(Refused, match="2026-12 is not closed yet, and bonuses are proposed as it closes"):
        list_bonuses(session, "2026-12")
    with pytest.raises(PeriodRefused, match='"spring" is not a period'):
        list_bonuses(session, "spring")
