"""The pages of webhooks out: for administrators alone, addresses and secrets kept, a test, a log, sending again."""

import re
from dataclasses import replace

import pytest
from sqlalchemy import select

from leaderboard.domain.announcements import KINDS, PERIOD_CLOSED
from leaderboard.services.announcing import announce
from leaderboard.services.outbox import send_announcements
from leaderboard.storage.connection_tables import HookMessage, HookTarget
from leaderboard.storage.database import all_or_nothing
from leaderboard.storage.trail_tables import AuditEntry
from tests.services.hook_target_rows import webhook
from tests.services.receivers import is_ours, receiving
from tests.web.worlds import NOW

PATH = "/manage/webhooks"


@pytest.fixture
def receiver(app):
    app.extensions["means"] = replace(app.extensions["means"], may_reach_inside=True)
    with receiving() as receiver:
        yield receiver


def form(receiver, **values):
    known = {
        "name": "Wins",
        "address": receiver.address("/key-4711"),
        "format": "json",
        "kinds": list(KINDS),
        "language": "en",
    }
    return {"kinds": list(KINDS), **known, **values}


def actions(session):
    session.rollback()
    query = select(AuditEntry.action, AuditEntry.about).where(AuditEntry.action.startswith("webhook."))
    return [f"{action} {about}" for action, about in session.execute(query.order_by(AuditEntry.id))]


def trail_text(session):
    return " ".join(map(str, session.execute(select(AuditEntry.before, AuditEntry.after, AuditEntry.about)).all()))


@pytest.mark.parametrize("name", ["ana", "dora"])
def test_only_administrators_come_in(reader, session, name):
    client, target_id = reader(name), webhook(session)
    deeds = ("", "/test", "/secret", "/pause", "/resume", "/remove", "/messages/1/resend")
    assert {client.get(each).status_code for each in (PATH, f"{PATH}/{target_id}", f"{PATH}/999")} == {403}
    assert {client.post(f"{PATH}/{target_id}{deed}").status_code for deed in deeds} == {403}
    assert client.post(PATH).status_code == 403


def test_a_webhook_is_added_tried_changed_paused_and_removed(reader, session, receiver):
    enzo = reader("enzo")
    assert "Add a webhook" in enzo.get(PATH).text
    added = enzo.post(PATH, data=form(receiver))
    secret = re.search(r"<code>([^<]+)</code>", added.text)[1]
    (target_id,) = session.execute(select(HookTarget.id)).scalars()
    page = f"{PATH}/{target_id}"
    pages = [enzo.get(page).text, enzo.get(PATH).text]
    assert all("key-4711" not in text and secret not in text and "http://127.0.0.1" in text for text in pages)
    receiver.says = [(200, {}, b"thanks"), (403, {}, b"<b>no</b> such key")]
    assert "The test arrived: the receiver answered 200." in enzo.post(f"{page}/test").text
    ((path, headers, body),) = receiver.received
    assert (path, headers["X-Leaderboard-Event"]) == ("/key-4711", "test")
    assert is_ours(headers, body, secret)
    refused = enzo.post(f"{page}/test").text
    assert "the receiver answered 403" in refused
    assert "&lt;b&gt;no&lt;/b&gt; such key" in refused
    again = re.search(r"<code>([^<]+)</code>", enzo.post(f"{page}/secret").text)[1]
    enzo.post(f"{page}/test")
    assert is_ours(*receiver.received[-1][1:], again)
    assert not is_ours(*receiver.received[-1][1:], secret)
    changed = enzo.post(page, data=form(receiver, name="Losses", address="", format="teams", has_amounts="1"))
    assert changed.status_code == 303
    shown = enzo.get(page).text
    assert "Losses" in shown
    assert "Another secret" not in shown  # a chat checks none
    assert enzo.post(f"{page}/pause").status_code == 303
    assert "Paused" in enzo.get(page).text
    assert enzo.post(f"{page}/resume").status_code == 303
    assert "Remove Losses?" in enzo.get(f"{page}/remove").text
    assert enzo.post(f"{page}/remove").status_code == 303
    assert enzo.get(page).status_code == enzo.post(f"{page}/test").status_code == 404
    deeds = ("added", "secret-renewed", "changed", "paused", "resumed", "removed")
    names = ("Wins", "Wins", *["Losses"] * 4)
    assert actions(session) == [f"webhook.{deed} webhook {name}" for deed, name in zip(deeds, names, strict=True)]
    assert "key-4711" not in trail_text(session)
    stored = session.execute(select(HookTarget.address, HookTarget.secret)).all()
    assert stored == []


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"name": " "}, "Enter a name of at most 60 characters."),
        ({"name": "x" * 61}, "Enter a name of at most 60 characters."),
        ({"name": "OUR server"}, "Another webhook has this name"),
        ({"format": "xml"}, "Choose one of the forms."),
        ({"kinds": []}, "Choose at least one."),
        ({"kinds": ["period.opened"]}, "Choose at least one."),
        ({"language": "tlh"}, "Choose one of the languages."),
        ({"address": ""}, "This is no web address"),
        ({"address": "javascript:alert(1)"}, "This is no web address"),
        ({"address": "http://hooks.example.com/"}, "The address has to begin with https://"),
        ({"address": "https://me:secret@hooks.example.com/"}, "without a name or password"),
        ({"address": "https://nothing.invalid/"}, "There is no server of this name"),
        ({"address": "https://169.254.169.254/latest/meta-data"}, "into a private network"),
        ({"address": "https://localhost/"}, "into a private network"),
    ],
)
def test_what_cannot_be_is_said_where_it_was_typed_and_nothing_is_stored(reader, session, values, said):
    webhook(session)
    typed = {
        "name": "Mine",
        "address": "https://1.1.1.1/x",
        "format": "slack",
        "kinds": list(KINDS),
        "language": "en",
    } | values
    answer = reader("enzo").post(PATH, data=typed)
    assert (answer.status_code, said in answer.text) == (422, True)
    assert session.execute(select(HookTarget.name)).scalars().all() == ["Our server"]


def test_the_log_tells_what_became_of_each_message_and_sends_it_again(
    reader, session, receiver, app, query_counter, monkeypatch
):
    monkeypatch.setattr("leaderboard.web.hook_targets.utc_now", lambda: NOW)
    enzo = reader("enzo")
    assert enzo.post(PATH, data=form(receiver, format="slack")).status_code == 303
    (target_id,) = session.execute(select(HookTarget.id)).scalars()
    page, means = f"{PATH}/{target_id}", app.extensions["means"]
    for number in range(32):
        with all_or_nothing(session):
            announce(session.connection(), PERIOD_CLOSED, f"close {number}", {"period": "2026-10"}, NOW)
    receiver.says = [(200, {}, b"")] * 31 + [(500, {}, b"out of <order>")]
    send_announcements(session, means, now=NOW)
    with query_counter() as statements:
        text = enzo.get(page).text
    assert len(statements) <= 9, statements
    assert "500" in text
    assert "out of &lt;order&gt;" in text
    assert "Tried again later" in text
    assert text.count("Send again</button>") == 29  # a page of 30, and one waits
    older = re.search(r'href="([^"]+before=\d+)"', text)[1]
    fragment = enzo.get(older.replace("&amp;", "&"), headers={"HX-Request": "true"}).text
    assert fragment.count("Send again</button>") == 2
    assert "<html" not in fragment
    message_id = session.execute(select(HookMessage.id).where(HookMessage.state == "sent")).scalars().first()
    session.rollback()
    assert enzo.post(f"{page}/messages/{message_id}/resend").status_code == 303
    assert "on its way" in enzo.post(f"{page}/messages/{message_id}/resend").text
    assert enzo.post(f"{page}/messages/{10**18}/resend").status_code == 404
    send_announcements(session, means, now=NOW)
    assert len(receiver.received) == 33
    assert actions(session)[-1] == "webhook.resent webhook Wins"
    assert enzo.get(f"{page}?before=x").status_code == 400


def test_an_address_that_cannot_be_opened_any_more_is_said_and_the_page_is_there(reader, session):
    target_id = webhook(session, told="The server answered 410: it wants no more webhooks.", is_active=0)
    text = reader("enzo").get(f"{PATH}/{target_id}").text
    assert "enter it again" in text
    assert "wants no more messages (410)" in text
    answer = reader("enzo").post(f"{PATH}/{target_id}/test")
    assert (answer.status_code, "SECRET_KEY" in answer.text) == (409, True)
