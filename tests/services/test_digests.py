"""Digests: each morning of a working day for reps, each week, close and review for managers; never twice."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import select

from leaderboard.domain.actors import COMMAND_LINE
from leaderboard.domain.organisation_file import parse_organisation
from leaderboard.services.accounts import add_user
from leaderboard.services.agreeing import load_agreement
from leaderboard.services.closing import close_next
from leaderboard.services.digests import make_mornings
from leaderboard.services.manager_digests import (
    CLOSE_IS_NEWS,
    is_first_working_day,
    make_closes,
    make_reviews,
    make_weeks,
    named,
)
from leaderboard.services.organising import load_organisation
from leaderboard.services.rules import rule_book
from leaderboard.storage import accounts
from leaderboard.storage.accounts_tables import UserAccount
from leaderboard.storage.mail_tables import Mail
from tests.factories import at, ids_of
from tests.services.examples import ORGANISATION, SPEED, agreement, log, set_up
from tests.web.door import CHEAP

BEGUN = at("12-14 09:00")  # a Monday
MINUTE = timedelta(minutes=1)
ROLES = {"ana": "rep", "bia": "rep", "eva": "rep", "caio": "manager", "dora": "manager", "enzo": "admin"}
LEADS = """
    12-14 09:00 lead.assigned ana
    12-14 10:00 lead.assigned ana subject=quick
    12-14 10:30 lead.disposed ana subject=quick
    12-11 09:00 lead.assigned bia subject=late
"""


@pytest.fixture
def aurora(session):
    """Caio answers for the team of his, Leads, and for North; Dora, who is no member, and Enzo for all."""
    set_up(session, agreement(SPEED), now=BEGUN)
    for name, role in ROLES.items():
        account = {"email": f"{name}@example.com", "role": role, "password": "nine quiet lanterns"}
        add_user(session, **account, now=BEGUN, by=COMMAND_LINE, costs=CHEAP)
    caio = accounts.account_with(session.connection(), "caio@example.com")
    accounts.give_teams(session.connection(), caio.id, "own", [_team(session, "North")])
    session.commit()
    return session


def _team(session, name):
    return next(key for key, team in rule_book(session.connection()).rules.teams.items() if team.name == name)


def made(session, make, moment):
    """Let digests be made, and return what is told whom."""
    known = set(session.execute(select(Mail.id)).scalars())
    session.rollback()
    count = make(session, rule_book(session.connection()), now=at(moment))
    query = select(Mail.id, UserAccount.email, Mail.document).join(UserAccount, UserAccount.id == Mail.user_id)
    rows = session.execute(query.where(Mail.id.not_in(known)).order_by(Mail.id)).all()
    book = rule_book(session.connection())
    session.rollback()
    assert len(rows) == count
    return {row.email.partition("@")[0]: named(json.loads(row.document), book) for row in rows}


def test_a_morning_tells_what_is_due_late_and_new_once_a_day_and_nothing_to_whom_there_is_nothing(aurora):
    log(aurora, LEADS, now=at("12-14 19:00"))
    assert made(aurora, make_mornings, "12-15 07:29:59") == {}
    told = made(aurora, make_mornings, "12-15 07:30")
    assert sorted(told) == ["ana", "bia"]
    assert [each["subject"] for each in told["ana"]["due"]] == []  # it was due on Monday at six, and is not missed yet
    assert (told["ana"]["earned"], told["ana"]["badges"]) == (10, [])
    assert (told["ana"]["points"], told["ana"]["rank"], told["ana"]["month"]) == (10, 1, "2026-12")
    assert (told["bia"]["overdue"], told["bia"]["due"], told["bia"]["earned"]) == (1, [], 0)
    assert told["ana"]["until_at"] == "2026-12-15T23:00:00+00:00"
    assert made(aurora, make_mornings, "12-15 07:31") == {}
    log(aurora, "12-15 10:00 lead.assigned ana subject=next", now=at("12-15 10:00"))
    assert sorted(made(aurora, make_mornings, "12-16 19:59:59")) == ["ana", "bia"]  # nobody looked before that day
    assert made(aurora, make_mornings, "12-17 20:00") == {}  # a day that was missed is not caught up


def test_a_morning_lists_what_falls_due_until_midnight(aurora):
    log(aurora, "12-14 14:00 lead.assigned ana\n12-14 17:00 lead.assigned ana subject=L2", now=at("12-14 17:00"))
    told = made(aurora, make_mornings, "12-15 07:30")
    assert [(each["subject"], each["deadline_at"]) for each in told["ana"]["due"]] == [
        ("L1", "2026-12-15T17:00:00+00:00"),
        ("L2", "2026-12-15T20:00:00+00:00"),
    ]


def test_no_morning_on_a_day_without_working_hours_and_each_team_by_its_own_calendar(aurora):
    text = ORGANISATION.replace("[calendar]", "[calendar]\nclosed = [2026-12-15]")
    text += '[team_calendars."South"]\ntime_zone = "America/New_York"\ntuesday = ["09:00-17:00"]\n'
    load_organisation(aurora, text, now=BEGUN, by=COMMAND_LINE)
    log(aurora, "12-11 09:00 lead.assigned ana\n12-01 09:00 lead.assigned bia subject=late", now=at("12-14 19:00"))
    assert made(aurora, make_mornings, "12-15 09:29:59") == {}  # North has a holiday, and in New York it is 07:29:59
    assert sorted(made(aurora, make_mornings, "12-15 09:30")) == ["bia"]


def test_mornings_cost_as_many_queries_however_many_there_are(aurora, query_counter):
    log(aurora, LEADS, now=at("12-14 19:00"))
    book = rule_book(aurora.connection())
    with query_counter() as statements:
        assert make_mornings(aurora, book, now=at("12-15 07:30")) == 2
    assert len(statements) <= 14
    with query_counter() as statements:
        make_mornings(aurora, book, now=at("12-15 07:31"))
    assert len(statements) <= 2


def test_a_week_tells_each_manager_of_the_teams_they_answer_for(aurora, query_counter):
    log(aurora, LEADS, now=at("12-14 19:00"))
    assert made(aurora, make_weeks, "12-15 08:00") == {}  # a Tuesday
    told = made(aurora, make_weeks, "12-21 07:30")
    assert sorted(told) == ["caio", "dora", "enzo"]
    assert [(each["name"], each["missed"]) for each in told["dora"]["teams"]] == [("South", 1), ("North", 0)]
    assert [(each["name"], each["missed"]) for each in told["caio"]["teams"]] == [("North", 0)]
    assert [each["name"] for each in told["dora"]["people"]] == ["Bia"]
    assert (told["caio"]["people"], told["caio"]["slas"], told["caio"]["overdue"]) == ([], [], 0)
    assert (told["dora"]["overdue"], told["dora"]["total"]) == (1, {"kept": 1, "decided": 2, "missed": 1})
    assert made(aurora, make_weeks, "12-21 07:31") == {}
    book = rule_book(aurora.connection())
    with query_counter() as statements:
        assert make_weeks(aurora, book, now=at("12-28 07:30")) == 3
    assert len(statements) <= 14


def test_the_first_working_day_of_a_week_may_be_another_than_monday():
    calendar = parse_organisation(ORGANISATION.replace("[calendar]", "[calendar]\nclosed = [2026-12-21]")).calendar
    days = [at(f"12-{day} 08:00").date() for day in range(20, 27)]
    assert [day.day for day in days if is_first_working_day(calendar, day)] == [22]


def test_m2_a_close_is_told_once_by_day_with_its_winners(aurora):
    log(aurora, "11-03 09:00 lead.assigned ana\n11-03 09:30 lead.disposed ana", now=BEGUN)
    while close_next(aurora, now=at("12-14 22:00"), by=COMMAND_LINE) is not None:
        pass
    assert made(aurora, make_closes, "12-14 22:01") == {}
    told = made(aurora, make_closes, "12-15 07:00")
    assert sorted(told) == ["caio", "dora", "enzo"]
    (period,) = told["dora"]["periods"]
    assert (period["period"], sorted(each["name"] for each in period["winners"])) == ("2026-11", ["Ana", "North"])
    assert made(aurora, make_closes, "12-15 07:01") == {}


def test_a_close_that_nobody_was_told_of_for_days_is_no_news(aurora):
    log(aurora, "11-03 09:00 lead.assigned ana\n11-03 09:30 lead.disposed ana", now=BEGUN)
    closed_at = at("12-14 12:00")
    while close_next(aurora, now=closed_at, by=COMMAND_LINE) is not None:
        pass
    late = (closed_at + CLOSE_IS_NEWS + MINUTE).strftime("%m-%d %H:%M")
    assert made(aurora, make_closes, late) == {}


@pytest.mark.parametrize(("moment", "told"), [("12-17 08:00", False), ("12-18 07:29", False), ("12-18 07:30", True)])
def test_a_review_is_told_fourteen_days_before_and_once(aurora, moment, told):
    text = agreement(SPEED, effective_from="2026-10-01").replace('title = "A"', 'title = "A"\nreview_every_months = 3')
    load_agreement(aurora, text, now=BEGUN, by=COMMAND_LINE)
    found = made(aurora, make_reviews, moment)
    assert sorted(found) == (["caio", "dora", "enzo"] if told else [])
    if told:
        assert (found["dora"]["due_on"], made(aurora, make_reviews, "12-19 08:00")) == ("2027-01-01", {})


def test_members_are_named_as_they_are_called_now(aurora):
    ana = ids_of(aurora)["ana"]
    book = rule_book(aurora.connection())
    assert named({"people": [{"member_id": ana, "missed": 1}]}, book) == {
        "people": [{"member_id": ana, "missed": 1, "name": "Ana"}]
    }
