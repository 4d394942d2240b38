"""What is celebrated: levels exceeded, badges, new leaders, bonuses approved; each once and only while it is news."""

import io
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from leaderboard.domain.actors import COMMAND_LINE, SCHEDULER
from leaderboard.domain.displays import Settings
from leaderboard.services import celebrating
from leaderboard.services.adjusting import adjust
from leaderboard.services.agreeing import load_agreement
from leaderboard.services.badging import refresh_badges
from leaderboard.services.celebrating import Mark, begin, celebrations_since, shown_to
from leaderboard.services.closing import close_next
from leaderboard.services.deciding import approve, decline, mark_paid
from leaderboard.services.organising import load_organisation
from leaderboard.services.people import load_people
from leaderboard.storage.attainments import begin_scoring
from leaderboard.storage.bonus_tables import BonusAward
from leaderboard.storage.database import begin_write
from leaderboard.storage.display_tables import Screens
from tests.factories import at, crowd, ids_of, opened, people_file
from tests.services.bonus_examples import DORA, bonus
from tests.services.examples import SPEED, WINS, agreement, log, set_up
from tests.services.test_walls import BY_AVERAGE
from tests.services.wall_examples import choose, in_time, reached

REP = bonus("rep-win", 'places = ["7777.77"]', "member", "month")
TEAM = bonus("team-win", 'places = ["7777.77"]', "team", "month")


@pytest.fixture
def aurora(session):
    set_up(session, agreement(SPEED, WINS, REP, TEAM), now=at("08-01 12:00"))
    return session


class Watcher:
    """Looks again and again, as a process does; `seen`: what it found the last time, as kind, name and what for."""

    def __init__(self, session, when):
        self.session = session
        self.mark = begin(session, now=at(when))

    def seen(self, when, kind=None):
        self.found = celebrations_since(self.session, self.mark, now=at(when))
        self.mark = self.found.mark
        shown = [each for each in self.found.celebrations if kind in (None, each.kind)]
        return [(each.kind, each.name, each.sla or each.badge or each.programme or each.board) for each in shown]


def screens_version(session):
    version = session.scalar(select(Screens.version)) or 0
    session.rollback()
    return version


# Levels


def test_an_exceeded_level_is_celebrated_once_and_a_met_one_is_not(aurora):
    watcher = Watcher(aurora, "10-20 09:00")
    in_time(aurora, "ana", "10-20 09:00")
    in_time(aurora, "bia", "10-20 09:00", minutes=120)
    log(aurora, "10-15 09:00 lead.assigned eva subject=late", now=at("10-20 12:00"))
    assert watcher.seen("10-20 12:00") == [("exceeded", "Ana", "speed")]
    (each,) = watcher.found.celebrations
    assert (each.scope, each.participant_id, each.side) == ("member", ids_of(aurora)["ana"], "sales")
    assert (each.at, each.nickname, watcher.found.more) == (at("10-20 10:00"), None, 0)
    assert watcher.seen("10-20 12:01") == []


def test_k6_a_target_that_is_first_met_and_then_exceeded_is_celebrated_when_it_is_exceeded(aurora):
    watcher = Watcher(aurora, "10-20 09:00")
    for n in range(1, 6):
        log(aurora, f"10-20 09:0{n} opportunity.won ana subject=O{n}", now=at("10-20 10:00"))
        assert watcher.seen("10-20 10:00") == ([("exceeded", "Ana", "wins")] if n == 4 else [])


def test_what_was_taken_back_and_given_again_or_is_worth_more_by_new_rules_is_not_celebrated_again(aurora):
    watcher = Watcher(aurora, "10-20 08:00")
    in_time(aurora, "ana", "10-20 09:00")
    assert len(watcher.seen("10-20 10:00")) == 1
    lead = "subject=lead-10-20-ana-30-0900-0"
    log(aurora, f"10-20 11:00 lead.assigned ana {lead}", now=at("10-20 12:00"))
    log(aurora, f"10-20 10:30 lead.reopened ana {lead}", now=at("10-20 12:00"))
    log(aurora, f"10-20 10:15 lead.assigned ana {lead}", now=at("10-20 12:00"))  # C7: before that a new cycle had begun
    assert watcher.seen("10-20 12:00") == []
    dearer = agreement(SPEED.replace("exceeded = 10", "exceeded = 25"), WINS)
    load_agreement(aurora, dearer, now=at("10-20 12:00"), by=COMMAND_LINE)
    assert watcher.seen("10-20 12:00") == []
    adjust(aurora, ids_of(aurora)["ana"], 5, "well done", month="2026-10", by=DORA, now=at("10-20 12:00"))
    assert watcher.seen("10-20 12:00") == []


@pytest.mark.parametrize(("now", "number"), [("10-21 09:29:59", 1), ("10-21 09:30", 0)])
def test_what_was_decided_more_than_a_day_ago_is_history(aurora, now, number):
    watcher = Watcher(aurora, "10-20 08:00")
    in_time(aurora, "ana", "10-20 09:00", now=at(now))
    assert len(watcher.seen(now)) == number


def test_p5_a_correction_of_a_closed_month_is_not_celebrated(aurora):
    in_time(aurora, "bia", "10-20 09:00")
    assert close_next(aurora, now=at("11-03 00:00"), by=SCHEDULER).period == "2026-10"
    watcher = Watcher(aurora, "11-03 00:00")
    in_time(aurora, "ana", "10-31 23:00", now=at("10-31 23:59") + timedelta(days=3))
    assert watcher.seen("11-01 08:00") == []


def test_at_most_so_many_are_read_the_latest_and_the_others_counted(aurora, monkeypatch):
    monkeypatch.setattr(celebrating, "MOST_CELEBRATED", 2)
    watcher = Watcher(aurora, "10-20 08:00")
    for n, who in enumerate(("ana", "bia", "eva", "caio")):
        in_time(aurora, who, f"10-20 09:0{n}")
    assert watcher.seen("10-20 12:00", "exceeded") == [("exceeded", "Eva", "speed"), ("exceeded", "Caio", "speed")]
    assert watcher.found.more == 2
    monkeypatch.setattr(celebrating, "MOST_ROWS", 1)
    again = celebrations_since(aurora, Mark(), now=at("10-20 12:00"))
    assert ([each.name for each in again.celebrations], again.more) == (["Caio"], 0)


# Badges


def test_g2_a_badge_is_celebrated_when_it_is_awarded_and_raises_the_version_of_screens(aurora):
    watcher = Watcher(aurora, "10-20 08:00")
    in_time(aurora, "ana", "10-20 09:00")
    before = screens_version(aurora)
    assert refresh_badges(aurora, now=at("10-20 10:01")) == 2
    assert screens_version(aurora) == before + 1
    assert watcher.seen("10-20 10:02", "badge") == [("badge", "Ana", "first-met"), ("badge", "Ana", "first-exceeded")]
    assert {(each.period, each.at) for each in watcher.found.celebrations if each.badge} == {
        ("2026-10", at("10-20 10:01"))
    }
    assert refresh_badges(aurora, now=at("10-20 10:03")) == 0
    assert screens_version(aurora) == before + 1
    assert watcher.seen("10-20 10:04") == []


def test_g2_a_badge_that_is_withdrawn_before_anybody_looked_or_is_of_long_ago_is_not_celebrated(aurora):
    watcher = Watcher(aurora, "10-20 08:00")
    in_time(aurora, "ana", "10-20 09:00")
    refresh_badges(aurora, now=at("10-20 10:01"))
    log(aurora, "10-20 10:02 lead.reopened ana subject=lead-10-20-ana-30-0900-0", now=at("10-20 10:02"))
    refresh_badges(aurora, now=at("10-20 10:03"))
    in_time(aurora, "bia", "10-12 09:00", now=at("10-20 10:03"))
    refresh_badges(aurora, now=at("10-20 10:03"))
    assert watcher.seen("10-20 10:04") == []


def test_m1_m2_what_a_close_gives_is_celebrated_though_its_period_is_over(aurora):
    in_time(aurora, "ana", "09-21 09:00")
    refresh_badges(aurora, now=at("09-21 10:01"))
    watcher = Watcher(aurora, "10-02 23:00")
    while close_next(aurora, now=at("10-03 00:00"), by=SCHEDULER):
        pass
    names = {(name, key) for _, name, key in watcher.seen("10-03 00:00", "badge")}
    assert {("Ana", "rep-of-the-month"), ("Ana", "fastest-response"), ("North", "team-of-the-quarter")} <= names
    assert {each.side for each in watcher.found.celebrations} == {"sales"}
    late = replace(watcher.mark, badge_id=0)
    lasts = timedelta(hours=48) + celebrating.FRESH_AFTER_GRACE
    ends_at = at("10-01 00:00")
    for now, number in ((ends_at + lasts - timedelta(seconds=1), len(names)), (ends_at + lasts, 0)):
        assert len(celebrations_since(aurora, late, now=now).celebrations) == number


# Leaders


def test_a_new_leader_is_celebrated_when_alone_where_somebody_else_was_before(aurora):
    watcher = Watcher(aurora, "10-20 08:00")
    in_time(aurora, "ana", "10-05 09:00")  # the first of all takes the lead from nobody
    assert watcher.seen("10-20 08:00") == []
    in_time(aurora, "caio", "10-05 09:00")  # Ana and Caio share it
    assert watcher.seen("10-20 08:00") == []
    in_time(aurora, "ana", "10-05 10:00")  # Ana again
    assert watcher.seen("10-20 08:00") == []
    in_time(aurora, "caio", "10-05 10:00")
    assert watcher.seen("10-20 08:00") == []
    in_time(aurora, "caio", "10-05 11:00")
    assert watcher.seen("10-20 08:00") == [("leader", "Caio", None), ("leader", "Leads", None)]
    people, teams = watcher.found.celebrations
    assert (people.period, teams.period, people.side, teams.side) == ("2026-10", "2026-Q4", "marketing", "marketing")
    assert people.at == at("10-20 08:00")
    in_time(aurora, "bia", "10-05 10:00", 3)  # level with Caio, but before Ana on the board of sales; North has 50
    assert watcher.seen("10-20 08:00") == [("leader", "North", None), ("leader", "Bia", "sales")]


def test_each_board_has_a_leader_of_its_own_and_a_display_shows_that_of_its_board(aurora):
    for who, number in (("caio", 3), ("ana", 1)):
        in_time(aurora, who, "10-05 09:00", number)
    watcher = Watcher(aurora, "10-20 08:00")
    in_time(aurora, "eva", "10-19 09:00", 2, now=at("10-22 08:00"))
    assert watcher.seen("10-22 09:00") == [("leader", "Eva", "sales"), ("leader", "South", "sales")]
    found = watcher.found.celebrations
    assert [each.name for each in shown_to(found, Settings(side="sales"))] == ["Eva", "South"]
    assert shown_to(found, Settings()) == shown_to(found, Settings(side="marketing")) == []
    assert len({each.id for each in found}) == 2


def test_a_new_leader_is_the_same_to_each_process_whenever_it_looks(aurora):
    in_time(aurora, "caio", "10-05 09:00")
    early, late = Watcher(aurora, "10-20 08:00"), Watcher(aurora, "10-20 08:00")
    in_time(aurora, "ana", "10-05 09:00", 2)
    early.seen("10-20 08:00")
    in_time(aurora, "ana", "10-05 10:00")
    late.seen("10-20 08:00")
    assert [each.id for each in early.found.celebrations] == [each.id for each in late.found.celebrations] != []


def test_a_new_month_has_no_leader_to_take_the_lead_from(aurora):
    in_time(aurora, "ana", "10-05 09:00")
    watcher = Watcher(aurora, "10-31 23:00")
    in_time(aurora, "bia", "11-01 09:00", 1, now=at("11-04 09:00"))
    assert watcher.seen("11-04 09:00") == []


def test_p4_the_leader_of_the_quarter_is_by_what_decides_it(aurora):
    load_organisation(aurora, BY_AVERAGE, now=at("08-01 12:00"), by=COMMAND_LINE)
    in_time(aurora, "caio", "10-05 09:00", 2)
    watcher = Watcher(aurora, "10-20 08:00")
    in_time(aurora, "ana", "10-05 09:00", 3)  # 30 for two members
    assert ("leader", "North", None) not in watcher.seen("10-20 08:00")
    in_time(aurora, "ana", "10-05 10:00", 2)  # 50 for two members
    assert ("leader", "North", None) in watcher.seen("10-20 08:00")


# Bonuses


def test_b4_an_approved_bonus_is_celebrated_once_without_its_amount_and_raises_the_version_of_screens(aurora):
    in_time(aurora, "ana", "10-20 09:00")
    close_next(aurora, now=at("11-03 00:00"), by=SCHEDULER)
    watcher = Watcher(aurora, "11-08 09:00")
    rep, team = aurora.execute(select(BonusAward.id).order_by(BonusAward.programme)).scalars()
    before = screens_version(aurora)
    assert approve(aurora, [rep], by=DORA, now=at("11-08 09:00")).done == (rep,)
    assert screens_version(aurora) == before + 1
    mark_paid(aurora, [rep], by=DORA, now=at("11-08 09:01"))
    approve(aurora, [rep], by=DORA, now=at("11-08 09:01"))
    decline(aurora, [team], reason="no", by=DORA, now=at("11-08 09:01"))
    assert screens_version(aurora) == before + 1
    assert watcher.seen("11-08 09:02") == [("bonus", "Ana", "rep-win")]
    (each,) = watcher.found.celebrations
    assert (each.id, each.place, each.period, each.side) == (f"bonus-{rep}", 1, "2026-10", "sales")
    assert 777_777 not in reached(each)
    assert watcher.seen("11-08 09:03") == []
    assert Watcher(aurora, "11-08 09:04").seen("11-08 09:05") == []  # a process that starts afterwards


# Who is shown


def test_a_display_celebrates_whom_it_may_show_under_the_names_that_it_shows(aurora):
    rows = ["gil.lima@example.com,gil.lima@example.com,North,sales,2026-01-01,,,", *crowd(1)]
    load_people(aurora, io.BytesIO(people_file(rows)), now=at("08-01 12:00"), by=COMMAND_LINE)
    choose(aurora, ana=None, bia="Bee", caio="caio@example.com")
    watcher = Watcher(aurora, "10-20 08:00")
    for who in ("ana", "bia", "caio", "gil.lima", "p00000"):
        in_time(aurora, who, "10-20 09:00", 1)
    refresh_badges(aurora, now=at("10-20 11:00"))
    watcher.seen("10-20 11:00")
    found = watcher.found.celebrations
    assert not {"Ana", ids_of(aurora)["ana"]} & {part for each in found for part in (each.name, each.participant_id)}
    texts = [text for text in reached(found) if isinstance(text, str)]
    assert [text for text in texts if "@" in text or "lead-" in text] == []

    def names(**settings):
        return {each.name for each in shown_to(found, Settings(**settings))}

    assert names() == {"Bia", "Caio", "gil.lima", "Person 00000"}
    assert names(names="nickname") == {"Bee", "caio", "gil.lima", "Person 0."}
    assert names(side="marketing") == {"Caio"}
    assert "Bee" not in reached(shown_to(found, Settings()))
    assert names(shows_people=False) == names(celebrates=False) == set()


def test_a_leader_who_is_hidden_is_not_celebrated_but_led_all_the_same(aurora):
    choose(aurora, ana=None)
    in_time(aurora, "caio", "10-05 09:00")
    watcher = Watcher(aurora, "10-20 08:00")
    in_time(aurora, "ana", "10-05 09:00", 2)
    assert watcher.seen("10-20 08:00") == [("leader", "North", None)]
    in_time(aurora, "caio", "10-05 10:00", 2)
    assert ("leader", "Caio", None) in watcher.seen("10-20 08:00")


# Cost


def test_before_an_organisation_is_loaded_there_is_nothing_to_celebrate(session):
    mark = begin(session, now=at("10-20 08:00"))
    assert mark == Mark()
    assert celebrations_since(session, mark, now=at("10-20 08:00")) == ((), 0, Mark())


def test_a_look_takes_six_queries_however_much_happened(aurora, query_counter):
    watcher = Watcher(aurora, "10-20 08:00")
    for number in (10, 40):
        in_time(aurora, "ana", f"10-20 09:{number}", number)
        refresh_badges(aurora, now=at("10-20 11:00"))
        begin(aurora, now=at("10-20 11:00"))  # reads the rules, which are kept
        with query_counter() as statements:
            assert watcher.seen("10-20 11:00")
        assert len(statements) == 6


@pytest.mark.databases("postgresql")
def test_an_approval_that_displays_celebrate_does_not_wait_for_an_import(aurora, database_url):
    in_time(aurora, "ana", "10-20 09:00")
    close_next(aurora, now=at("11-03 00:00"), by=SCHEDULER)
    award = aurora.execute(select(BonusAward.id)).scalars().first()
    aurora.rollback()
    with opened(database_url) as importing:
        begin_write(importing)
        begin_scoring(importing.connection(), 1)
        aurora.connection().exec_driver_sql("SET lock_timeout = '2s'")
        aurora.commit()
        assert approve(aurora, [award], by=DORA, now=at("11-08 09:00")).done == (award,)
