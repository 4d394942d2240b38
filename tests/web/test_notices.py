"""Notices: what one chooses, the way out of an e-mail, the calendar, and what the page says of what is near."""

import logging
from datetime import timedelta

import pytest
from icalendar import Calendar
from sqlalchemy import func, insert, select, update

from leaderboard.domain.actors import COMMAND_LINE
from leaderboard.services.agreeing import load_agreement
from leaderboard.services.mail_kinds import unsubscribe_token
from leaderboard.storage.accounts_tables import UserAccount
from leaderboard.storage.mail_tables import CalendarFeed, Mail, MailRefusal
from leaderboard.storage.trail_tables import AuditEntry
from leaderboard.web import calendar_feed
from leaderboard.web.calendar_feed import MOST_A_MINUTE, Pace
from tests.services.examples import SPEED, TRAINING, agreement, csv_of, hand_in
from tests.web import worlds
from tests.web.worlds import NOW, sign_in

HOURS = timedelta(hours=1)


@pytest.fixture
def app(app):
    app.config["WTF_CSRF_ENABLED"] = False
    return app


@pytest.fixture
def world(session, monkeypatch):
    """Ana has a lead with half an hour of working time left, at noon, when it is closed; and a course to take."""
    worlds.build(session)
    for name in ("notices", "calendar_feed", "members"):
        monkeypatch.setattr(f"leaderboard.web.{name}.utc_now", lambda: NOW)
    monkeypatch.setattr(calendar_feed, "_pace", Pace(MOST_A_MINUTE))
    text = agreement(SPEED + 'remind = "1h"\n', TRAINING + 'remind = "2d"\n', effective_from="2026-11-01")
    load_agreement(session, text, now=NOW, by=COMMAND_LINE)
    hand_in(
        session,
        csv_of(
            "n1,2026-11-17T13:30,lead.assigned,lead-7,ana@example.com",
            "n2,2026-11-02T09:00,task.assigned,course,ana@example.com,,,,,2026-11-25T18:00",
            "n3,2026-11-17T13:30,lead.assigned,lead-8,bia@example.com",
        ),
        now=NOW,
    )
    return session


def user(session, name="ana"):
    found = session.execute(select(UserAccount.id).where(UserAccount.email == f"{name}@example.com")).scalar_one()
    session.rollback()
    return found


def refused(session):
    found = set(session.execute(select(MailRefusal.kind)).scalars())
    session.rollback()
    return found


def new_calendar(client):
    page = client.post("/me/notices/calendar").text
    return page.partition('<code class="secret">')[2].partition("<")[0]


def test_one_chooses_kinds_that_are_meant_for_one_and_the_trail_says_so(app, world):
    ana = sign_in(app.test_client(), "ana")
    page = ana.get("/me/notices").text
    assert 'value="reminder" aria-describedby="kind-reminder-hint" checked' in page
    assert 'value="week"' not in page
    assert "no mail server is set up" in page
    answer = ana.post("/me/notices", data={"kind": ["day", "week"]})
    assert (answer.status_code, refused(world)) == (303, {"reminder"})
    ana.post("/me/notices", data={"kind": ["day", "reminder"]})
    assert refused(world) == set()
    rows = world.execute(select(AuditEntry.before, AuditEntry.after).where(AuditEntry.action == "mail.refused")).all()
    assert [tuple(row) for row in rows] == [(None, "reminder"), ("reminder", None)]
    told = {"kind": "day", "occasion": "x", "document": "{}", "tries": 1, "created_at": NOW, "next_try_at": NOW}
    world.execute(insert(Mail).values(user_id=user(world), state="failed", told="550 <b>nobody", **told))
    world.commit()
    assert "could not be sent (<bdi>550 &lt;b&gt;nobody</bdi>)" in ana.get("/me/notices").text
    fabio = sign_in(app.test_client(), "fabio").get("/me/notices").text  # he manages, and earns no points
    assert 'value="week"' in fabio
    assert 'value="day"' not in fabio
    assert "webcal" not in fabio


def test_rfc_8058_an_e_mail_has_a_way_out_without_signing_in_and_back(app, world):
    address = f"/unsubscribe/{unsubscribe_token(app.extensions['means'].seal, user(world), 'day')}"
    app.config["WTF_CSRF_ENABLED"] = True
    visitor = app.test_client()
    assert "No more of these e-mails?" in visitor.get(address).text  # who follows links for somebody ends nothing
    assert refused(world) == set()
    answer = visitor.post(address, data={"List-Unsubscribe": "One-Click"})
    assert (answer.status_code, refused(world)) == (200, {"day"})
    assert visitor.post(address).status_code == 200  # twice is once
    assert "You get them again" in visitor.post(address, data={"undo": "1"}).text
    assert refused(world) == set()
    for forged in (address[:-3] + "abc", f"/unsubscribe/{app.extensions['means'].seal.seal('secret 1 day')}"):
        assert visitor.post(forged).status_code == 404
    world.execute(update(UserAccount).values(is_active=0))
    world.commit()
    assert visitor.post(address).status_code == 404


def test_a_calendar_has_what_is_due_with_alarms_and_is_kept_by_its_tag(app, world, query_counter):
    ana, visitor = sign_in(app.test_client(), "ana"), app.test_client()
    address = new_calendar(ana)
    assert address.startswith("http://localhost/calendar/")
    assert "webcal://" not in ana.get("/me/notices").text  # shown once
    path = address.removeprefix("http://localhost")
    visitor.get(path)
    with query_counter() as statements:
        answer = visitor.get(path)
    assert len(statements) <= 3
    assert answer.content_type == "text/calendar; charset=utf-8"
    assert "lead-8" not in answer.text
    lead, course = Calendar.from_ical(answer.data).walk("VEVENT")
    assert (lead["SUMMARY"], str(lead["UID"]).startswith("due-")) == ("Due: lead-7", True)
    assert lead["DTSTART"].dt.isoformat() == "2026-11-18T16:30:00+00:00"
    assert ana.get(lead["URL"].removeprefix("http://localhost")).status_code == 200
    (alarm,) = lead.walk("VALARM")
    assert alarm["TRIGGER"].dt.isoformat() == "2026-11-18T14:30:00+00:00"
    assert course["DTSTART"].dt.isoformat() == "2026-11-25T21:00:00+00:00"
    again = visitor.get(path, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert address.rpartition("/")[2].removesuffix(".ics") not in str(world.execute(select(CalendarFeed.key)).all())
    world.rollback()
    codes = {visitor.get(path).status_code for _ in range(MOST_A_MINUTE - 3)}
    limit = visitor.get(path)
    assert (codes, limit.status_code, limit.headers["Retry-After"]) == ({200}, 429, "60")


def test_a_calendar_ends_with_its_address_or_its_account(app, world):
    ana, visitor = sign_in(app.test_client(), "ana"), app.test_client()
    old, new = new_calendar(ana), new_calendar(ana)
    assert [visitor.get(each).status_code for each in (old, new, "/calendar/guessed.ics")] == [404, 200, 404]
    world.execute(update(UserAccount).where(UserAccount.id == user(world)).values(language="pt_BR"))
    world.commit()
    assert visitor.get(new).status_code == 200
    world.execute(update(UserAccount).where(UserAccount.id == user(world)).values(is_active=0))
    world.commit()
    assert visitor.get(new).status_code == 404
    world.execute(update(UserAccount).values(is_active=1))
    world.commit()
    sign_in(app.test_client(), "ana").post("/me/notices/calendar/end")
    assert visitor.get(new).status_code == 404
    query = select(AuditEntry.action).where(AuditEntry.action.startswith("calendar.")).order_by(AuditEntry.id)
    assert list(world.execute(query).scalars()) == ["calendar.renewed", "calendar.renewed", "calendar.ended"]


def test_no_token_lands_in_the_log(app, world, monkeypatch, caplog):
    monkeypatch.setattr(calendar_feed, "read_calendar", lambda *_args, **_options: 1 / 0)
    with caplog.at_level(logging.INFO):
        assert app.test_client().get("/calendar/a-token-to-hide.ics").status_code == 500
    assert "a-token-to-hide" not in caplog.text
    assert "GET '/calendar/....ics'" in caplog.text


def test_the_head_of_the_page_and_my_page_say_what_is_near(app, world, query_counter):
    ana = sign_in(app.test_client(), "ana")
    page = ana.get("/me").text
    assert 'hx-get="/me/soon"' in page
    assert "about to fall due" in page
    ana.get("/me/soon")
    with query_counter() as statements:
        told = ana.get("/me/soon").text
    assert "1 due soon" in told
    assert len(statements) <= 3
    assert not any(each.startswith(("INSERT", "UPDATE")) for each in statements)
    assert sign_in(app.test_client(), "dora").get("/me/soon").text.strip() == ""
    assert world.execute(select(func.count()).select_from(Mail)).scalar_one() == 0
