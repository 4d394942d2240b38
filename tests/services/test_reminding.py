"""Reminders: once for each deadline, to those who own it, by day, at a cost that what is stored does not raise."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import func, insert, select

from leaderboard.domain.actors import COMMAND_LINE
from leaderboard.domain.announcements import LEAD_FALLING_DUE
from leaderboard.services.account_admin import deactivate
from leaderboard.services.accounts import add_user
from leaderboard.services.mail_kinds import choose_kinds
from leaderboard.services.means import NO_MEANS
from leaderboard.services.next_due import to_do
from leaderboard.services.reminding import MOST_TOLD, count_near, remind
from leaderboard.services.rules import rule_book
from leaderboard.services.scoring import Scoring, score_what_is_due
from leaderboard.storage.accounts_tables import UserAccount
from leaderboard.storage.connection_tables import Announcement, HookTarget
from leaderboard.storage.database import all_or_nothing
from leaderboard.storage.mail_tables import Mail, Reminder
from tests.factories import at, ids_of
from tests.services.examples import SPEED, TRAINING, agreement, log, set_up
from tests.services.mail_servers import means_of
from tests.web.door import CHEAP

MEANS = means_of()
BEGUN = at("12-15 09:00")  # a Tuesday; eight working hours later it is 18:00
PAUSING = SPEED.replace("void_by", 'pause = ["lead.paused"], resume = ["lead.resumed"], void_by')
TEAM = SPEED.replace('"speed"', '"ours"').replace('"member"', '"team"').replace("lead.", "case.")
ALL = (PAUSING + 'remind = "1h"\n', TRAINING + 'remind = "2d"\n', TEAM + 'remind = "1h"\n')


@pytest.fixture
def aurora(session):
    """Ana and Bia sign in; Eva does not."""
    set_up(session, agreement(*ALL), now=BEGUN)
    for name in ("ana", "bia"):
        account = {"email": f"{name}@example.com", "role": "rep", "password": "nine quiet lanterns"}
        add_user(session, **account, now=BEGUN, by=COMMAND_LINE, costs=CHEAP)
    return session


def look(session, moment, means=MEANS):
    found = remind(session, now=at(moment), means=means)
    session.rollback()
    return found


def mails(session):
    """Return to whom and of what was written."""
    query = select(UserAccount.email, Mail.document).join(UserAccount, UserAccount.id == Mail.user_id)
    rows = session.execute(query.where(Mail.kind == "reminder").order_by(Mail.id)).all()
    session.rollback()
    return [
        (email.partition("@")[0], [each["subject"] for each in json.loads(document)["items"]])
        for email, document in rows
    ]


def test_a_deadline_is_reminded_of_when_so_much_working_time_is_left_and_once(aurora):
    log(aurora, "12-15 09:00 lead.assigned ana\n12-15 09:00 lead.assigned eva subject=nobody-signs-in", now=BEGUN)
    assert look(aurora, "12-15 16:59:59") == 0
    assert look(aurora, "12-15 17:00:00") == 2
    assert mails(aurora) == [("ana", ["L1"])]
    assert [look(aurora, moment) for moment in ("12-15 17:00:00", "12-15 17:01", "12-15 17:59")] == [0, 0, 0]
    assert mails(aurora) == [("ana", ["L1"])]


def test_c5_a_paused_clock_is_not_reminded_of_and_with_another_deadline_it_is_anew(aurora):
    log(aurora, "12-15 09:00 lead.assigned ana", now=BEGUN)
    assert look(aurora, "12-15 17:30") == 1
    log(aurora, "12-15 17:45 lead.paused -", now=at("12-15 17:45"))
    assert look(aurora, "12-15 17:50") == 0
    log(aurora, "12-16 10:00 lead.resumed -", now=at("12-16 10:00"))
    assert [look(aurora, moment) for moment in ("12-16 10:00", "12-16 10:01")] == [1, 0]
    assert mails(aurora) == [("ana", ["L1"])] * 2


def test_none_comes_when_it_is_done_closed_or_too_late(aurora):
    log(aurora, "12-15 09:00 lead.assigned ana", now=BEGUN)
    assert look(aurora, "12-15 18:00") == 0  # the deadline itself; nobody looked before
    log(aurora, "12-14 09:00 lead.assigned bia subject=done\n12-15 08:00 lead.disposed bia subject=done", now=BEGUN)
    assert look(aurora, "12-15 09:30") == 0
    log(aurora, "12-15 14:00 lead.assigned bia subject=over-night", now=at("12-15 14:00"))  # an hour is left at noon
    assert [look(aurora, moment) for moment in ("12-16 12:00", "12-16 12:59", "12-16 13:00")] == [0, 0, 1]


def test_k4_a_task_is_reminded_of_by_day_though_its_time_is_up_at_night(aurora):
    log(aurora, "12-15 09:00 task.assigned ana due_at=2026-12-20T23:30", now=BEGUN)
    assert [look(aurora, moment) for moment in ("12-18 23:45", "12-19 06:59:59", "12-19 07:00")] == [0, 0, 1]


def test_c9_what_a_team_owns_all_who_belong_to_it_are_reminded_of(aurora):
    log(aurora, "12-15 09:00 case.assigned - team=North\n12-15 09:00 case.assigned - team=South subject=L2", now=BEGUN)
    assert look(aurora, "12-15 17:00") == 2
    assert mails(aurora) == [("ana", ["L1"]), ("bia", ["L2"])]


def test_many_at_once_are_one_e_mail(aurora):
    lines = "\n".join(f"12-15 09:00 lead.assigned ana subject=L{number:02}" for number in range(MOST_TOLD + 2))
    log(aurora, lines, now=BEGUN)
    assert look(aurora, "12-15 17:00") == MOST_TOLD + 2
    ((_, told),) = mails(aurora)
    assert told == [f"L{number:02}" for number in range(MOST_TOLD)]
    assert json.loads(aurora.execute(select(Mail.document)).scalar_one())["more"] == 2


def test_who_wants_none_or_has_left_gets_none(aurora):
    log(aurora, "12-15 09:00 lead.assigned ana\n12-15 09:00 lead.assigned bia subject=L2", now=BEGUN)
    ids = dict(aurora.execute(select(UserAccount.email, UserAccount.id)).all())
    choose_kinds(aurora, ids["ana@example.com"], [], ["reminder"], now=BEGUN, by=COMMAND_LINE)
    deactivate(aurora, ids["bia@example.com"], now=BEGUN, by=COMMAND_LINE)
    assert look(aurora, "12-15 17:00") == 2
    assert mails(aurora) == []


def test_where_nobody_is_told_nothing_is_written_and_webhooks_are_told_without_e_mail(aurora):
    log(aurora, "12-15 09:00 lead.assigned ana", now=BEGUN)
    assert look(aurora, "12-15 17:00", NO_MEANS) == 0
    assert aurora.execute(select(func.count()).select_from(Reminder)).scalar_one() == 0
    target = {"name": "x", "format": "json", "address": "x", "secret": "x", "kinds": LEAD_FALLING_DUE, "language": "en"}
    aurora.execute(insert(HookTarget).values(**target, has_amounts=0, is_active=1, created_at=BEGUN, created_by="x"))
    aurora.commit()
    assert [look(aurora, "12-15 17:01", NO_MEANS), look(aurora, "12-15 17:02", NO_MEANS)] == [1, 0]
    (told,) = aurora.execute(select(Announcement.kind, Announcement.document)).all()
    document = json.loads(told.document)
    assert (told.kind, document["subject"], document["member"]) == (LEAD_FALLING_DUE, "L1", ids_of(aurora)["ana"])
    assert document["due_at"] == "2026-12-15T21:00:00+00:00"
    assert mails(aurora) == []


def test_a_look_costs_as_much_however_much_waits_further_away(aurora, query_counter):
    log(aurora, "12-15 09:00 lead.assigned ana", now=BEGUN)
    look(aurora, "12-15 12:00")  # the rules are read
    sent = []
    for name in ("few", "many"):
        with query_counter() as statements:
            look(aurora, "12-15 12:01")
        sent.append(len(statements))
        if name == "few":
            lines = (f"12-15 09:{n % 60:02} lead.assigned bia subject=B{n}" for n in range(80))
            log(aurora, "\n".join(lines), now=at("12-15 11:59"))
            look(aurora, "12-15 12:01")
    assert sent[0] == sent[1] <= 5
    with query_counter() as statements:
        assert look(aurora, "12-15 17:30") == 52
    assert len(statements) <= 12


def test_the_page_says_what_is_near_without_writing(aurora):
    log(aurora, "12-15 09:00 lead.assigned ana\n12-15 12:00 lead.assigned ana subject=later", now=at("12-15 12:00"))
    ana = ids_of(aurora)["ana"]
    near = [count_near(aurora, ana, now=at(f"12-15 {hour}")) for hour in ("16:59:59", "17:00", "18:00")]
    assert near == [0, 1, 1]
    book = rule_book(aurora.connection())
    tasks = to_do(aurora.connection(), book, ana, now=at("12-15 17:00")).next
    assert {each.subject: each.is_near for each in tasks} == {"L1": True, "later": False}


def test_a_deadline_that_was_missed_is_near_no_more(aurora):
    log(aurora, "12-15 09:00 lead.assigned ana", now=BEGUN)
    late = at("12-16 09:00") + timedelta(seconds=1)
    with all_or_nothing(aurora):
        score_what_is_due(Scoring(aurora, late))
    assert count_near(aurora, ids_of(aurora)["ana"], now=late) == 0
