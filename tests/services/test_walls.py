"""What displays show: each slide, its limits, and who is not on it."""

import io
from dataclasses import replace
from datetime import UTC, timedelta
from fractions import Fraction

import pytest

from leaderboard.domain.actors import COMMAND_LINE, SCHEDULER
from leaderboard.domain.displays import SLIDES, Settings, Slide
from leaderboard.services import pulses, slides, stakes
from leaderboard.services.adjusting import adjust
from leaderboard.services.badging import refresh_badges
from leaderboard.services.closing import close_next
from leaderboard.services.organising import load_organisation
from leaderboard.services.people import load_people
from leaderboard.services.stakes import Leader, Prize
from leaderboard.services.walls import read_wall, with_message
from leaderboard.storage.tables import Team
from tests.factories import at, crowd, ids_of, people_file
from tests.services.bonus_examples import DORA, bonus
from tests.services.examples import ORGANISATION, SPEED, TRAINING, agreement, log, set_up
from tests.services.wall_examples import choose, in_time, reached, slide, wall

TODAY = "10-20 18:00"
BY_AVERAGE = ORGANISATION.replace("[calendar]", 'quarter_winner_by = "average"\n[calendar]')


@pytest.fixture
def aurora(session):
    """Ana and, up to the 14th, Bia in North; from then on Bia, and from the 19th Eva, in South; Caio in Leads."""
    set_up(session, agreement(SPEED, TRAINING), now=at("08-01 12:00"))
    return session


def places(content):
    return [(each.rank, each.name, each.points) for each in content.places]


def kinds(shown):
    return [each.kind for each in shown.slides]


def close_all(session, when):
    while close_next(session, now=at(when), by=SCHEDULER) is not None:
        pass


# The whole


def test_before_an_organisation_or_an_agreement_is_loaded_nothing_is_shown_but_a_message(session):
    bare = wall(session, TODAY, "Hello")
    assert (bare.organisation, str(bare.zone), bare.language, bare.last_data_at) == ("", "UTC", "en", None)
    assert kinds(bare) == ["message"]
    assert wall(session, TODAY).slides == ()
    load_organisation(session, ORGANISATION, now=at(TODAY), by=COMMAND_LINE)
    load_people(session, io.BytesIO(people_file(crowd(2))), now=at(TODAY), by=COMMAND_LINE)
    assert kinds(wall(session, TODAY, "Hello")) == ["message"]
    assert wall(session, TODAY).organisation == "Aurora"


def test_slides_with_nothing_to_show_are_left_out_and_come_when_there_is_something(aurora):
    assert kinds(wall(aurora, TODAY)) == []
    in_time(aurora, "ana", "10-20 09:00")
    assert kinds(wall(aurora, TODAY)) == ["quarter-teams", "month-people", "pulse"]
    assert kinds(wall(aurora, TODAY, "Hello", shows_people=False)) == ["quarter-teams", "pulse", "message"]


def test_slides_stand_in_the_order_and_for_the_seconds_that_the_display_has(aurora):
    in_time(aurora, "ana", "10-20 09:00")
    chosen = (Slide("message", 7), Slide("plaque", 9), Slide("month-people", 30))
    shown = wall(aurora, TODAY, "Hello", slides=chosen)
    assert [(each.kind, each.seconds) for each in shown.slides] == [("message", 7), ("month-people", 30)]
    assert shown.slides[0].content.text == "Hello"


def test_a_wall_tells_how_new_its_data_is(aurora):
    assert wall(aurora, TODAY).last_data_at is None
    in_time(aurora, "ana", "10-20 09:00", now=at("10-20 10:15"))
    assert wall(aurora, TODAY).last_data_at == at("10-20 10:15")
    log(aurora, "10-25 09:00 lead.received -", now=at("10-20 11:00"))  # dated later than it came in
    assert wall(aurora, TODAY).last_data_at == at("10-20 11:00")
    assert wall(aurora, "10-20 10:30").last_data_at == at("10-20 09:30")  # nothing of what comes later counts


# Teams of the quarter


def test_s1_teams_of_the_quarter_stand_by_points_with_what_is_left_of_it(aurora):
    for who, when, number in (("ana", "10-05 09:00", 1), ("caio", "10-05 09:00", 3), ("eva", "10-20 09:00", 2)):
        in_time(aurora, who, when, number)
    found = slide(aurora, "quarter-teams", TODAY)
    assert places(found) == [(1, "Leads", 30), (2, "South", 20), (3, "North", 10)]
    assert (found.period, found.by, found.days_left) == ("2026-Q4", "total", 73)
    assert places(slide(aurora, "quarter-teams", TODAY, side="sales")) == [(1, "South", 20), (2, "North", 10)]


def test_p4_where_the_average_decides_the_quarter_it_ranks_the_teams(aurora):
    load_organisation(aurora, BY_AVERAGE, now=at("08-01 12:00"), by=COMMAND_LINE)
    in_time(aurora, "ana", "10-05 09:00", 3)
    in_time(aurora, "caio", "10-05 09:00", 2)
    found = slide(aurora, "quarter-teams", TODAY)
    assert [(each.name, each.average, each.members) for each in found.places] == [
        ("Leads", 20, 1), ("North", Fraction(15), 2), ("South", 0, 2)
    ]  # fmt: skip
    assert found.by == "average"


def test_s2_a_display_shows_so_many_teams_and_people_and_no_more(aurora):
    rows = [f"t{n}@example.com,Tess {n},Team {n},sales,2026-01-01,,," for n in range(4)]
    load_people(aurora, io.BytesIO(people_file(rows)), now=at("08-01 12:00"), by=COMMAND_LINE)
    for n in range(4):
        in_time(aurora, f"t{n}", "10-05 09:00", 4 - n)
    assert [each.name for each in slide(aurora, "quarter-teams", TODAY, top=3).places] == ["Team 0", "Team 1", "Team 2"]
    assert [each.name for each in slide(aurora, "month-people", TODAY, top=3).places] == ["Tess 0", "Tess 1", "Tess 2"]
    assert len(slide(aurora, "month-people", TODAY, top=5).places) == 4


# People of the month


def test_s2_only_people_with_points_are_shown(aurora):
    in_time(aurora, "ana", "10-05 09:00")
    in_time(aurora, "bia", "10-05 09:00", minutes=120)
    found = slide(aurora, "month-people", TODAY)
    assert places(found) == [(1, "Ana", 10), (2, "Bia", 5)]
    assert [(each.team, each.side, each.movement) for each in found.places] == [
        ("North", "sales", None), ("South", "sales", None)
    ]  # fmt: skip
    assert found.days_left == 12


def test_a_hidden_member_leaves_a_gap_and_the_ranks_of_the_others_stay(aurora):
    for who, number in (("ana", 3), ("caio", 2), ("bia", 1)):
        in_time(aurora, who, "10-05 09:00", number)
    choose(aurora, caio=None, ana="Speedy")
    assert places(slide(aurora, "month-people", TODAY)) == [(1, "Ana", 30), (3, "Bia", 10)]
    assert places(slide(aurora, "month-people", TODAY, names="nickname")) == [(1, "Speedy", 30), (3, "Bia", 10)]
    choose(aurora, bia=None)
    assert slide(aurora, "month-people", TODAY, side="sales").places[0].name == "Ana"
    assert slide(aurora, "month-people", TODAY, side="marketing") is None
    assert slide(aurora, "month-people", TODAY, shows_people=False) is None


def test_s3_movers_are_those_who_climbed_most_the_most_first(aurora, monkeypatch):
    rows = [f"m{n}@example.com,Mover {n},Movers,marketing,2026-01-01,,," for n in range(8)]
    load_people(aurora, io.BytesIO(people_file(rows)), now=at("08-01 12:00"), by=COMMAND_LINE)
    assert slide(aurora, "movers", TODAY) is None
    for n in range(8):  # September: 0 1 … 7; October: 7 6 … 0
        in_time(aurora, f"m{n}", "09-14 09:00", 8 - n)
        in_time(aurora, f"m{n}", "10-05 09:00", 1 + n)
    found = slide(aurora, "movers", TODAY)
    assert [(each.name, each.movement) for each in found.places] == [
        ("Mover 7", 7), ("Mover 6", 5), ("Mover 5", 3), ("Mover 4", 1)
    ]  # fmt: skip
    assert slide(aurora, "movers", "11-02 12:00") is None  # all are first then, with nothing
    choose(aurora, m7=None)
    assert [each.rank for each in slide(aurora, "movers", TODAY).places] == [2, 3, 4]
    assert slide(aurora, "movers", TODAY, side="sales") is None
    monkeypatch.setattr(slides, "MOST_LOOKED_AT", 3)
    monkeypatch.setattr(slides, "MOST_MOVERS", 1)
    assert [each.name for each in slide(aurora, "movers", TODAY).places] == ["Mover 6"]


# Badges


def test_g2_the_newest_badges_that_stand_are_shown(aurora, monkeypatch):
    for who, when in (("ana", "10-05 09:00"), ("caio", "10-06 09:00"), ("bia", "10-19 09:00")):
        in_time(aurora, who, when)
    refresh_badges(aurora, now=at(TODAY))
    found = slide(aurora, "badges", TODAY).badges
    assert [(each.name, each.key, each.team) for each in found[:2]] == [
        ("Bia", "first-exceeded", "South"), ("Bia", "first-met", "South")
    ]  # fmt: skip
    assert [each.name for each in found[2:]] == ["Caio", "Caio", "Ana", "Ana"]
    assert {each.name for each in slide(aurora, "badges", TODAY, side="marketing").badges} == {"Caio"}
    assert slide(aurora, "badges", TODAY, shows_people=False) is None
    monkeypatch.setattr(slides, "MOST_BADGES", 3)
    assert [each.name for each in slide(aurora, "badges", TODAY).badges] == ["Bia", "Bia", "Caio"]
    choose(aurora, bia=None)
    assert [each.name for each in slide(aurora, "badges", TODAY).badges] == ["Caio", "Caio", "Ana"]
    log(aurora, "10-16 10:00 lead.reopened ana subject=lead-10-05-ana-30-0900-0", now=at(TODAY))
    refresh_badges(aurora, now=at(TODAY))
    assert {each.name for each in slide(aurora, "badges", TODAY).badges} == {"Caio"}


# The pulse


def test_the_pulse_is_of_today_and_of_the_month_by_name_of_the_team(aurora):
    in_time(aurora, "caio", "10-05 09:00", 3)
    in_time(aurora, "ana", "10-05 09:00")
    in_time(aurora, "ana", "10-20 09:00", 2)
    log(aurora, "10-07 09:00 lead.assigned ana subject=late\n10-20 11:00 lead.received -", now=at("10-20 11:00"))
    found = slide(aurora, "pulse", TODAY)
    assert [(each.name, each.today, each.month) for each in found.teams] == [("Leads", None, 100), ("North", 100, 75)]
    assert [each.name for each in slide(aurora, "pulse", TODAY, side="sales").teams] == ["North"]
    assert slide(aurora, "pulse", "11-01 00:00") is None


def test_a_share_in_time_is_rounded_down_so_that_all_is_said_only_of_all(aurora, monkeypatch):
    in_time(aurora, "ana", "10-05 09:00", 2)
    log(aurora, "10-07 09:00 lead.assigned ana subject=late", now=at(TODAY))
    assert slide(aurora, "pulse", TODAY).teams[0].month == 66


def test_t1_today_begins_at_midnight_of_the_organisation_and_void_and_tasks_do_not_count(aurora):
    in_time(aurora, "ana", "10-19 23:00", minutes=59)
    in_time(aurora, "eva", "10-19 23:30", minutes=30)

    def today(when):
        return [(each.name, each.today, each.month) for each in slide(aurora, "pulse", when).teams]

    assert today("10-19 23:59") == [("North", 100, 100), ("South", 100, 100)]
    assert today("10-20 00:10") == [("North", None, 100), ("South", 100, 100)]
    log(
        aurora,
        "10-20 00:05 lead.reopened eva subject=lead-10-19-eva-30-2330-0\n"
        "10-12 09:00 task.assigned eva subject=T1 due_at=2026-10-20T00:01\n10-20 00:00 task.completed eva subject=T1",
        now=at("10-20 00:10"),
    )
    assert today("10-20 00:10") == [("North", None, 100)]


def test_of_a_month_that_holds_very_much_the_days_before_today_are_counted_once_a_minute(aurora, monkeypatch):
    monkeypatch.setattr(pulses, "KEPT_FROM", 2)

    def month(when, seconds=0):
        found = read_wall(aurora, Settings(), message="", now=at(when) + timedelta(seconds=seconds))
        return {each.kind: each.content for each in found.slides}["pulse"].teams[0].month

    in_time(aurora, "ana", "10-05 09:00")
    assert month("10-20 12:00") == 100
    log(aurora, "10-07 09:00 lead.assigned ana subject=late", now=at("10-20 12:00"))
    assert month("10-20 12:00", 1) == 50  # one was little enough
    in_time(aurora, "ana", "10-06 09:00", now=at("10-20 12:00"))
    assert month("10-20 12:00", 60) == 50
    in_time(aurora, "ana", "10-20 09:00")
    assert month("10-20 12:00", 60) == 66  # today is counted each time
    assert month("10-20 12:00", 61) == 75
    assert month("10-20 11:59") == 75  # a clock that went back keeps nothing


# Bonuses


TEAMS = bonus("quarter-win", 'places = ["1000.00", "500.00"]\nside = "sales"')
REPS = bonus("rep", 'prizes = ["A trip"]', "member", "month")


@pytest.fixture
def staked(session):
    set_up(session, agreement(SPEED, TEAMS, REPS), now=at("08-01 12:00"))
    return session


def led(content):
    return [(each.programme, [leader.name for leader in each.leaders]) for each in content.stakes]


def test_b1_b5_what_is_at_stake_is_shown_with_who_is_first_so_far_and_the_days_left(staked):
    found = slide(staked, "bonus", TODAY)
    assert led(found) == [("quarter-win", []), ("rep", [])]
    assert [(each.period, each.kind, each.participant, each.side, each.days_left) for each in found.stakes] == [
        ("2026-Q4", "quarter", "team", "sales", 73), ("2026-10", "month", "member", None, 12)
    ]  # fmt: skip
    assert found.stakes[0].prizes == (Prize(1, 100_000, None), Prize(2, 50_000, None))
    assert (found.stakes[1].prizes, found.currency) == ((Prize(1, None, "A trip"),), "BRL")
    in_time(staked, "caio", "10-05 09:00", 2)
    in_time(staked, "ana", "10-05 09:00")
    found = slide(staked, "bonus", TODAY)
    assert [each.leaders for each in found.stakes] == [
        (Leader(ids_of(staked, Team)["North"], "North", 10, None),),
        (Leader(ids_of(staked)["caio"], "Caio", 20, None),),
    ]
    in_time(staked, "eva", "10-19 09:00")
    assert led(slide(staked, "bonus", TODAY))[0] == ("quarter-win", ["North", "South"])


def test_a_leader_who_is_hidden_or_of_another_side_is_not_named(staked):
    in_time(staked, "caio", "10-05 09:00", 2)
    assert led(slide(staked, "bonus", TODAY, side="sales")) == [("quarter-win", []), ("rep", [])]
    assert led(slide(staked, "bonus", TODAY, side="marketing")) == [("rep", ["Caio"])]
    assert led(slide(staked, "bonus", TODAY, shows_people=False)) == [("quarter-win", []), ("rep", [])]
    choose(staked, caio=None)
    assert led(slide(staked, "bonus", TODAY)) == [("quarter-win", []), ("rep", [])]


def test_p4_a_bonus_of_the_quarter_is_led_by_what_decides_it(staked):
    load_organisation(staked, BY_AVERAGE, now=at("08-01 12:00"), by=COMMAND_LINE)
    rows = [f"n{n}@example.com,New {n},North,sales,2026-10-01,,," for n in range(3)]
    load_people(staked, io.BytesIO(people_file(rows)), now=at("08-01 12:00"), by=COMMAND_LINE)
    in_time(staked, "ana", "10-05 09:00", 2)
    in_time(staked, "eva", "10-19 09:00")
    found = slide(staked, "bonus", TODAY).stakes[0].leaders
    assert [(each.name, each.points, each.average) for each in found] == [("South", 10, Fraction(5))]


def test_of_many_who_share_the_first_place_some_are_named(staked, monkeypatch):
    monkeypatch.setattr(stakes, "MOST_LED", 2)
    for who in ("ana", "bia", "caio"):
        in_time(staked, who, "10-05 09:00")
    assert led(slide(staked, "bonus", TODAY))[1] == ("rep", ["Ana", "Bia"])


# The plaque


def test_m1_m2_the_plaque_names_the_first_of_the_last_closed_month_and_quarter(aurora, monkeypatch):
    in_time(aurora, "caio", "09-14 09:00")
    in_time(aurora, "ana", "10-05 09:00", 2)
    in_time(aurora, "bia", "10-20 09:00", 2)
    assert slide(aurora, "plaque", "11-02 23:59") is None
    close_all(aurora, "11-03 00:00")

    def plaque(**settings):
        found = slide(aurora, "plaque", "11-03 09:00", **settings)
        return found and [(each.key[:4], each.period, each.name, each.team, each.points) for each in found.honours]

    reps = [("rep-", "2026-10", "Ana", "North", 20), ("rep-", "2026-10", "Bia", "South", 20)]
    month = [("team", "2026-10", "North", None, 20), ("team", "2026-10", "South", None, 20)]
    quarter = [("team", "2026-Q3", "Leads", None, 10)]
    assert plaque() == reps + month + quarter
    assert plaque(shows_people=False) == month + quarter
    assert plaque(side="marketing") == quarter
    choose(aurora, ana=None)
    assert plaque() == reps[1:] + month + quarter
    monkeypatch.setattr(slides, "MOST_HONOURED", 1)
    assert plaque() == reps[1:] + month[:1] + quarter
    close_all(aurora, "12-03 00:00")
    assert slide(aurora, "plaque", "12-03 09:00").honours[0].period == "2026-Q3"  # nobody was first in November


# Privacy


SECRETS = ("SECRET", "hush", "@", "Hidden", "example")


@pytest.fixture
def full(session):
    """An organisation in which every slide has something, much of it nothing for a wall."""
    set_up(session, agreement(SPEED, TRAINING, TEAMS, REPS), now=at("08-01 12:00"))
    rows = [
        "gil.hush@example.com,Gil Hidden,North,sales,2026-01-01,,,",
        "nameless.one@example.com,nameless.one@example.com,South,sales,2026-01-01,,,",
    ]
    load_people(session, io.BytesIO(people_file(rows)), now=at("08-01 12:00"), by=COMMAND_LINE)
    choose(session, **{"gil.hush": None, "ana": "ana@example.com"})
    for who, when, number in (
        ("caio", "09-14 09:00", 3), ("gil.hush", "09-14 09:00", 4), ("gil.hush", "10-05 09:00", 5),
        ("ana", "10-06 09:00", 4), ("nameless.one", "10-20 09:00", 4), ("bia", "10-20 10:00", 1),
    ):  # fmt: skip
        in_time(session, who, when, number)
    close_all(session, "10-03 00:00")
    log(session, "10-20 09:00 opportunity.won ana subject=SECRET amount=777777", now=at(TODAY))
    refresh_badges(session, now=at(TODAY))
    adjust(session, ids_of(session)["eva"], 12, "SECRET reason", month="2026-10", by=DORA, now=at(TODAY))
    return session


@pytest.mark.parametrize("names", ["full", "initial", "nickname"])
def test_nothing_private_can_be_reached_in_a_wall(full, names):
    shown = wall(full, TODAY, "Hello", names=names)
    assert kinds(shown) == list(SLIDES)
    for without in (shown, replace(shown, slides=tuple(each for each in shown.slides if each.kind != "bonus"))):
        found = list(reached(without))
        texts = [each for each in found if isinstance(each, str)]
        assert [text for text in texts if any(secret in text for secret in SECRETS)] == []
        assert 777_777 not in found
        assert (100_000 in found) == (without is shown)  # amounts are on the slide of bonuses alone
        assert ("BRL" in found) == (without is shown)
    assert {"nameless.one", "Bia"} <= set(texts)


def test_s2_no_member_can_be_reached_in_a_wall_of_teams_only(full):
    texts = {each for each in reached(wall(full, TODAY, "Hello", shows_people=False)) if isinstance(each, str)}
    assert {"North", "South", "Leads"} <= texts
    assert {"Ana", "Bia", "Caio", "Eva", "ana", "nameless.one"} & texts == set()


# Cost


def test_a_wall_takes_17_queries_however_many_people_badges_and_teams_there_are(full, query_counter):
    def queries():
        wall(full, TODAY, "Hello")
        with query_counter() as statements:
            wall(full, TODAY, "Hello")
        return len(statements)

    few = queries()
    rows = [f"c{n}@example.com,Crowd {n:03},Team {n % 30},sales,2026-01-01,,," for n in range(120)]
    load_people(full, io.BytesIO(people_file(rows)), now=at(TODAY), by=COMMAND_LINE)
    for n in range(0, 120, 10):
        in_time(full, f"c{n}", "10-12 09:00", now=at(TODAY))
    refresh_badges(full, now=at(TODAY))
    assert queries() == few == 17


@pytest.mark.parametrize("chosen", [SLIDES, ("message", "plaque", "month-people"), ("pulse",)])
def test_a_message_comes_to_a_wall_that_was_read_without_it_as_if_it_had_been_read_with_it(aurora, chosen):
    settings = Settings(slides=tuple(Slide(kind, 7) for kind in chosen))
    now = at(TODAY).astimezone(UTC)
    without, found = (read_wall(aurora, settings, message=each, now=now) for each in ("", "Hello"))
    assert with_message(without, settings, "Hello") == found
    assert with_message(without, settings, "") == without
