"""What is due and what is overdue: whose, until when, and how much time is left on the clock that counts it."""

from datetime import UTC, datetime, timedelta

import pytest

from leaderboard.services.due_lists import DueAsked, read_due, read_overdue, read_waiting
from leaderboard.services.scopes import EVERYTHING, Scope
from leaderboard.storage import due
from leaderboard.storage.tables import Team
from tests.factories import ids_of
from tests.services.examples import SPEED, TRAINING, agreement, csv_of, hand_in, log, set_up

NOW = datetime(2026, 11, 18, 15, tzinfo=UTC)  # Wednesday noon, as the morning's hours end


@pytest.fixture
def ours(session):
    """On a Wednesday: Ana's lead of the morning, one of yesterday's afternoon, a task; Bia's and Eva's overdue."""
    set_up(session, agreement(SPEED, TRAINING), now=NOW)
    log(
        session,
        """
        11-17 15:00 lead.assigned ana subject=today
        11-18 11:00 lead.assigned ana subject=tomorrow
        11-16 09:00 lead.assigned eva subject=late-eva
        11-09 09:00 lead.assigned bia subject=late-bia
        10-05 09:00 lead.assigned bia subject=in-north
        11-10 09:00 lead.assigned bia subject=done-too-late
        11-13 09:00 lead.disposed bia subject=done-too-late
        11-02 09:00 task.assigned ana subject=course due_at=2026-11-20T12:00
        """,
        now=NOW,
    )
    return session


def subjects(items):
    return [item.lead.subject for item in items]


def test_what_is_due_today_and_in_seven_days_with_the_working_time_left(ours):
    page = read_due(ours, DueAsked(), EVERYTHING, now=NOW)
    assert subjects(page.waiting) == ["today"]
    (today,) = page.waiting
    assert (today.time, today.worth) == (
        timedelta(hours=2),
        5,
    )  # eight hours after 15:00 of the day before
    week = read_due(ours, DueAsked(days=7), EVERYTHING, now=NOW)
    assert subjects(week.waiting) == ["today", "tomorrow", "course"]
    assert week.waiting[1].time == timedelta(hours=7)
    assert week.waiting[2].time == timedelta(days=2)  # a task's date is plain time (K4)


def test_what_was_missed_and_is_not_done_is_overdue_the_newest_first(ours):
    page = read_due(ours, DueAsked(), EVERYTHING, now=NOW)
    assert subjects(page.overdue) == ["late-eva", "late-bia", "in-north"]  # what was done too late is done
    assert page.overdue[0].time == timedelta(hours=8 + 3)  # due on Monday's close
    log(ours, "11-18 11:30 lead.disposed eva subject=late-eva", now=NOW)
    assert subjects(read_due(ours, DueAsked(), EVERYTHING, now=NOW).overdue) == ["late-bia", "in-north"]


def test_how_much_waits_for_each_team_and_person_the_most_overdue_first(ours):
    page = read_due(ours, DueAsked(), EVERYTHING, now=NOW)
    assert [(each.name, each.due, each.overdue) for each in page.teams] == [("South", 0, 2), ("North", 1, 1)]
    assert [(each.name, each.team, each.due, each.overdue) for each in page.people] == [
        ("Bia", "South", 0, 2),
        ("Eva", "South", 0, 1),
        ("Ana", "North", 1, 0),
    ]
    assert page.people_count == 3


def test_a_manager_sees_what_their_team_was_credited_with_of_one_who_moved_too(ours):
    teams = ids_of(ours, Team)
    for name, waits, late, people in (
        ("North", ["today"], ["in-north"], {"Ana": 0, "Bia": 1}),
        ("South", [], ["late-eva", "late-bia"], {"Bia": 1, "Eva": 1}),
    ):
        scope = Scope(is_all=False, team_ids=frozenset({teams[name]}))
        page = read_due(ours, DueAsked(), scope, now=NOW)
        assert (subjects(page.waiting), subjects(page.overdue)) == (waits, late)
        assert {each.name: each.overdue for each in page.people} == people
        assert [each.name for each in page.teams] == [name]
        bia = DueAsked(member_id=ids_of(ours)["bia"])
        assert subjects(read_due(ours, bia, scope, now=NOW).overdue) == [each for each in late if each != "late-eva"]


def test_lists_go_on_where_the_page_before_ended(ours):
    lines = [
        f"x-{number},2026-11-1{number % 2}T12:00:00Z,lead.assigned,x-{number:02},{name}@example.com"
        for number, name in enumerate(["ana", "bia", "eva"] * 4)
    ]
    hand_in(ours, csv_of(*lines), now=NOW)
    whole, _more = read_overdue(ours, DueAsked(), EVERYTHING, None, now=NOW)
    assert len(whole) == 15
    decided = [(item.lead.decided_at, item.lead.id) for item in whole]
    assert decided == sorted(decided, reverse=True)
    found, at = [], None
    for _page in range(4):
        page, at = read_overdue(ours, DueAsked(), EVERYTHING, at, now=NOW, page_size=4)
        found += page
    assert at is None
    assert subjects(found) == subjects(whole)
    first, at = read_waiting(ours, DueAsked(days=7), EVERYTHING, None, now=NOW, page_size=1)
    rest, end = read_waiting(ours, DueAsked(days=7), EVERYTHING, at, now=NOW, page_size=2)
    assert (subjects(first), subjects(rest), end) == (["today"], ["tomorrow", "course"], None)


def test_nothing_is_counted_further_than_it_is_shown(ours, monkeypatch):
    monkeypatch.setattr(due, "MOST_OF_PERSON", 1)
    monkeypatch.setattr(due, "MOST_OF_TEAM", 1)
    lines = [f"x-{n},2026-11-10T12:00:00Z,lead.assigned,x-{n},eva@example.com" for n in range(4)]
    hand_in(ours, csv_of(*lines), now=NOW)
    page = read_due(ours, DueAsked(), EVERYTHING, now=NOW)
    assert {each.name: each.overdue for each in page.people} == {"Ana": 0, "Bia": 2, "Eva": 2}
    assert {each.name: each.overdue for each in page.teams} == {"North": 1, "South": 2}


def test_where_nothing_waits_there_is_nothing(session):
    set_up(session, agreement(SPEED), now=NOW)
    page = read_due(session, DueAsked(), EVERYTHING, now=NOW)
    assert (page.teams, page.people, page.waiting, page.overdue) == ((), (), (), ())
    nobody = read_due(session, DueAsked(), Scope(is_all=False), now=NOW)
    assert (nobody.waiting, nobody.overdue) == ((), ())
