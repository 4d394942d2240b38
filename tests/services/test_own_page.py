"""A member's own page: standing, neighbours, the course of the month, streak and history (S1-S3, K1-K5)."""

import io

import pytest

from leaderboard.domain.actors import COMMAND_LINE
from leaderboard.domain.periods import Month
from leaderboard.services.organising import load_organisation
from leaderboard.services.own_page import read_now, read_own
from leaderboard.services.people import load_people
from leaderboard.services.rules import rule_book
from leaderboard.services.standing_near import Place, history, neighbours, places
from tests.factories import at, ids_of, people_file
from tests.services.examples import (
    EVENT_RATE,
    NOW,
    ON_TIME,
    ORGANISATION,
    PEOPLE,
    PIPELINE,
    SPEED,
    TRAINING,
    WINS,
    agreement,
    log,
    set_up,
)

AGREED = agreement(SPEED, WINS, PIPELINE, ON_TIME, EVENT_RATE, TRAINING)


@pytest.fixture
def aurora(session):
    set_up(session, AGREED)
    return session


def lead(who, day, name, took="00:30"):
    """Return the lines of a lead that somebody got at nine and disposed of so long after."""
    hours, minutes = took.split(":")
    lines = f"{day} 09:00 lead.assigned {who} subject={name}\n"
    return lines + f"{day} {9 + int(hours):02}:{minutes} lead.disposed {who} subject={name}\n"


def own(session, who="ana", now=NOW):
    return read_own(session, ids_of(session)[who], now=now)


def courses(session, who="ana", now=NOW):
    return {each.key: each for each in own(session, who, now).courses}


def test_s1_s3_the_standing_says_how_far_the_next_rank_is_and_where_one_came_from(aurora):
    log(aurora, lead("ana", "11-10", "n1") + lead("bia", "12-01", "d1") + lead("bia", "12-02", "d2", "04:00"))
    log(aurora, lead("eva", "12-01", "e1", "04:00"))
    found = read_now(aurora, ids_of(aurora)["eva"], now=NOW)
    month, quarter = found.month, found.quarter
    assert (month.rank, month.points, month.movement, month.to_next, month.count) == (2, 5, 0, 10, 4)
    assert [(each.rank, each.name, each.points) for each in found.neighbours] == [
        (1, "Bia", 15),
        (2, "Eva", 5),
        (3, "Ana", 0),
        (3, "Caio", 0),
    ]
    assert (quarter.rank, quarter.points, quarter.to_next, quarter.movement) == (3, 5, 5, None)
    first = read_now(aurora, ids_of(aurora)["bia"], now=NOW).month
    assert (first.rank, first.movement, first.to_next) == (1, 1, None)
    assert read_now(aurora, ids_of(aurora)["ana"], now=NOW).month.movement == -2


def test_s2_before_anything_has_happened_all_who_are_active_share_the_first_rank(aurora):
    found = read_now(aurora, ids_of(aurora)["eva"], now=NOW)
    assert (found.month, found.quarter) == (Place("2026-12", 1, 4), Place("2026-Q4", 1, 4))
    assert found.neighbours == []
    assert read_now(aurora, 999, now=NOW) is None


def test_who_has_left_is_in_no_team_and_measured_by_nothing(aurora):
    left = "ana@example.com,Ana,North,sales,2026-01-01,2026-12-01,rep,"
    load_people(aurora, io.BytesIO(people_file([left])), now=NOW, by=COMMAND_LINE)
    page = own(aurora)
    assert (page.now.team, page.courses) == (None, [])
    assert own(aurora, now=at("11-30 12:00")).now.team == "North"


def test_before_anything_is_agreed_the_page_is_empty_and_whole(session):
    load_organisation(session, ORGANISATION, now=NOW, by=COMMAND_LINE)
    load_people(session, io.BytesIO(PEOPLE.encode()), now=NOW, by=COMMAND_LINE)
    page = own(session)
    assert (page.courses, page.entries, page.history) == ([], [], [("2026-12", None)])
    assert (page.now.to_do.next, page.badges.in_a_row, page.now.team) == ((), 0, "North")


@pytest.mark.parametrize(("size", "names"), [(1, ["m2"]), (3, ["m1", "m2", "m3"]), (5, ["m0", "m1", "m2", "m3", "m4"])])
def test_neighbours_stand_around_one_as_far_as_the_board_goes_on(aurora, size, names):
    rows = [f"m{n}@example.com,m{n},North,sales,2026-01-01,,," for n in range(6)]
    load_people(aurora, io.BytesIO(people_file(rows)), now=NOW, by=COMMAND_LINE)
    log(aurora, "".join(lead(f"m{n}", "12-01", f"m{n}-{k}") for n in range(6) for k in range(6 - n)))
    connection, ids = aurora.connection(), ids_of(aurora)

    def around(who):
        (place,) = places(connection, rule_book(connection), ids[who], [Month(2026, 12)])
        return [each.name for each in neighbours(connection, place, size)]

    assert around("m2") == names
    assert around("m0") == ["m0", "m1", "m2", "m3", "m4"][:size]
    assert len(around("caio")) == size


def test_k1_k5_a_count_says_what_is_missing_to_its_target_for_ones_part_of_the_month(aurora):
    log(aurora, "12-01 09:00 opportunity.won ana subject=o1 amount=400")
    wins = courses(aurora)["wins"]
    assert (wins.value, wins.course.next.missing, wins.is_prorated, wins.scope) == (1, 1, False, "member")
    october = courses(aurora, "eva", at("10-28 12:00"))["wins"]  # there from the 19th on: 10 of 22 working days
    assert (october.targets.met, october.targets.exceeded, october.is_prorated) == (1, 2, True)
    team = courses(aurora)["pipeline"]
    assert (team.scope, team.value, team.course.next.missing) == ("team", 40_000, 60_000)


def test_k3_a_rate_says_how_many_in_a_row_bring_it_and_how_many_cases_it_takes(aurora):
    assert courses(aurora)["on-time"].course.next.missing == 2  # at least two
    log(
        aurora,
        lead("ana", "12-01", "a") + lead("ana", "12-02", "b", "04:00") + "12-03 09:00 lead.assigned ana subject=c",
    )
    found = courses(aurora)
    rate, speed = found["on-time"], found["speed"]
    assert (rate.value, rate.cases, str(rate.course.level), rate.course.next.missing) == (2, 3, "met", None)
    assert (speed.in_time, speed.decided, speed.waiting, speed.points) == (2, 3, 0, 15)
    assert rate.attainment_id is not None


def test_k3_of_a_rate_of_events_those_there_are_have_to_turn_out_well(aurora):
    log(aurora, "\n".join(f"12-01 09:00 lead.accepted ana subject=c{n}" for n in range(4)))
    log(aurora, "12-02 09:00 lead.converted ana subject=c0")
    found = courses(aurora)["conversion"]
    assert (found.value, found.cases, found.course.next.missing, found.is_of_events) == (1, 4, 1, True)


def test_k4_a_task_of_the_other_side_is_on_the_course_of_whoever_has_it(aurora):
    log(aurora, "12-01 09:00 task.assigned caio subject=t due_at=2026-12-20T12:00")
    assert list(courses(aurora, "caio")) == ["training"]
    assert courses(aurora, "caio")["training"].waiting == 1


def test_history_has_a_year_of_months_and_says_where_one_did_not_stand(aurora):
    log(aurora, lead("ana", "10-05", "a") + lead("ana", "12-01", "b"))
    page = own(aurora)
    assert page.history == [("2026-10", 10), ("2026-11", None), ("2026-12", 10)]
    connection = aurora.connection()
    assert history(connection, 999, Month(2026, 12)) == [("2026-12", None)]
    assert (page.badges.in_a_row, len(page.entries), page.questions) == (2, 1, [])


def test_a_page_takes_a_bounded_number_of_statements(aurora, query_counter):
    counts = []
    for size in (2, 12):
        log(aurora, "".join(lead("ana", "12-01", f"x{size}-{n}") for n in range(size)))
        log(aurora, "\n".join(f"12-15 09:00 lead.assigned ana subject=y{size}-{n}" for n in range(size)))
        own(aurora)
        with query_counter() as statements:
            own(aurora)
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 30
