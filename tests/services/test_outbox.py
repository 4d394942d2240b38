"""Webhooks arrive at least once, signed, one look and one slow receiver after another; and go to nobody inside."""

import json
from dataclasses import replace
from datetime import timedelta
from threading import Barrier, Thread

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from leaderboard.domain.actors import COMMAND_LINE
from leaderboard.domain.announcements import BADGE_AWARDED, BONUS_APPROVED, KINDS, LEAD_FALLING_DUE, PERIOD_CLOSED
from leaderboard.domain.errors import TargetRefused
from leaderboard.domain.retrying import MOST_TRIES
from leaderboard.services import hook_targets, outbox, reaching
from leaderboard.services.announcing import Occasion, announce_each
from leaderboard.services.choices import choose
from leaderboard.services.hook_targets import Wanted, add_target, find_target, read_log, resume_target
from leaderboard.services.outbox import AGAIN, DROPPED, FAILED, SENT, is_waiting, send_announcements
from leaderboard.storage.connection_tables import HookMessage
from leaderboard.storage.database import all_or_nothing
from leaderboard.storage.tables import Team
from leaderboard.web.telling import Telling
from tests.factories import at, fresh_engine, ids_of
from tests.services.examples import set_up
from tests.services.receivers import is_ours, receiving

NOW = at("11-03 12:00")
SOON = timedelta(hours=15)  # after every wait


@pytest.fixture
def receiver():
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def means(app):
    wording = Telling(app, "https://board.example.com")
    return replace(app.extensions["means"], may_reach_inside=True, wording=wording)


def target(session, means, address, **wanted):
    """Add a target, and return its id and secret."""
    known = {"name": "Ours", "format": "json", "kinds": KINDS, "language": "en"}
    return add_target(session, means, Wanted(**known | wanted, address=address), now=NOW, by=COMMAND_LINE)


def tell(session, *documents, kind=PERIOD_CLOSED, now=NOW, start=0):
    """Announce documents; of closes that of a month, unless one is given."""
    given = documents or ({"period": "2026-10", "winners": []},)
    occasions = [Occasion(f"{kind} {start + number}", each) for number, each in enumerate(given)]
    with all_or_nothing(session):
        announce_each(session.connection(), kind, occasions, now=now)


def sent(session, means, now=NOW):
    """Look once, and return what that came to, without what it did not come to."""
    return {name: count for name, count in send_announcements(session, means, now=now).items() if count}


def log(session, target_id=1):
    """Return state, tries, status and what is told of each message of a target, newest first."""
    return [(each.state, each.tries, each.status, each.told) for each in read_log(session, target_id).messages]


def test_a_message_is_signed_told_in_our_form_and_sent_once(session, means, receiver):
    _, secret = target(session, means, receiver.address("/hook?key=1"))
    tell(session)
    assert is_waiting(session, now=NOW)
    assert sent(session, means) == {SENT: 1}
    assert sent(session, means, NOW + SOON) == {}
    assert not is_waiting(session, now=NOW + SOON)
    ((path, headers, body),) = receiver.received
    content = json.loads(body)
    assert path == "/hook?key=1"
    assert is_ours(headers, body, secret)
    assert not is_ours(headers, body + b" ", secret)
    assert headers["Host"] == f"127.0.0.1:{receiver.port}"
    assert headers["X-Leaderboard-Event"] == PERIOD_CLOSED
    assert headers["X-Leaderboard-Delivery"] == content["id"]
    assert abs(int(headers["X-Leaderboard-Timestamp"]) - NOW.timestamp()) <= 30
    assert {**content, "id": ""} == {
        "version": 1,
        "id": "",
        "kind": PERIOD_CLOSED,
        "at": "2026-11-03T15:00:00Z",
        "organisation": None,
        "text": "October 2026 is closed",
        "url": "https://board.example.com/?period=2026-10",
        "data": {"period": "2026-10", "winners": []},
    }
    assert log(session) == [("sent", 1, 200, None)]


def test_what_does_not_arrive_is_tried_again_later_under_the_same_id(session, means, receiver):
    target(session, means, receiver.address())
    tell(session)
    receiver.says = [
        (500, {}, b"<b>out of\norder</b>"),
        (302, {"Location": receiver.address("/other")}, b""),
        (429, {"Retry-After": "7200"}, b""),
    ]
    assert sent(session, means) == {AGAIN: 1}
    assert log(session) == [("waiting", 1, 500, "<b>out of order</b>")]
    assert sent(session, means, NOW + timedelta(seconds=59)) == {}
    assert sent(session, means, NOW + timedelta(minutes=2)) == {AGAIN: 1}  # a redirect is not followed
    third = NOW + timedelta(minutes=10)
    assert sent(session, means, third) == {AGAIN: 1}
    assert sent(session, means, third + timedelta(seconds=7199)) == {}
    assert sent(session, means, third + timedelta(hours=2, seconds=30)) == {SENT: 1}
    assert log(session) == [("sent", 4, 200, None)]
    assert len({headers["X-Leaderboard-Delivery"] for _, headers, _ in receiver.received}) == 1
    assert len(receiver.bodies()) == len(receiver.received) == 4


def test_after_ten_tries_it_has_failed_until_somebody_sends_it_again(session, means, receiver):
    target_id, _ = target(session, means, receiver.address())
    tell(session)
    receiver.says = [(503, {}, b"")] * MOST_TRIES
    looks = [sent(session, means, NOW + SOON * number) for number in range(MOST_TRIES + 1)]
    assert looks == [{AGAIN: 1}] * (MOST_TRIES - 1) + [{FAILED: 1}, {}]
    assert log(session) == [("failed", MOST_TRIES, 503, "")]
    (message,) = read_log(session, target_id).messages
    later = NOW + SOON * 20
    hook_targets.resend(session, target_id, message.id, now=later, by=COMMAND_LINE)
    with pytest.raises(TargetRefused, match="on its way"):
        hook_targets.resend(session, target_id, message.id, now=later, by=COMMAND_LINE)
    assert sent(session, means, later) == {SENT: 1}
    hook_targets.resend(session, target_id, message.id, now=later, by=COMMAND_LINE)  # also what had arrived
    assert sent(session, means, later) == {SENT: 1}
    assert len({headers["X-Leaderboard-Delivery"] for _, headers, _ in receiver.received}) == 1


def test_410_pauses_a_target_and_what_waits_is_sent_when_it_is_resumed(session, means, receiver):
    target_id, _ = target(session, means, receiver.address())
    tell(session, {"period": "2026-10"}, {"period": "2026-11"})
    receiver.says = [(410, {}, b"")]
    assert sent(session, means) == {FAILED: 1}
    paused = find_target(session, means, target_id)
    assert (paused.is_active, paused.told) == (False, outbox.TOLD_GONE)
    tell(session, {"period": "2026-12"}, start=9)  # while paused it is told nothing new
    assert sent(session, means, NOW + SOON) == {}
    assert not is_waiting(session, now=NOW + SOON)
    resume_target(session, target_id, now=NOW + SOON, by=COMMAND_LINE)
    assert sent(session, means, NOW + SOON) == {SENT: 1}
    assert sorted(state for state, *_ in log(session)) == ["failed", "sent"]


def test_a_receiver_that_is_slow_drips_or_never_ends_holds_nobody_up_for_long(session, means, receiver, monkeypatch):
    monkeypatch.setattr(reaching, "READ_SECONDS", 0.3)
    monkeypatch.setattr(reaching, "WHOLE_SECONDS", 0.8)
    target(session, means, receiver.address())
    tell(session)
    receiver.wait = 1
    assert sent(session, means) == {AGAIN: 1}
    assert log(session) == [("waiting", 1, None, "The server does not answer in time.")]
    receiver.wait, receiver.drips = 0, 0.1  # each byte in time, and all of them never
    assert sent(session, means, NOW + SOON) == {AGAIN: 1}
    assert log(session) == [("waiting", 2, None, "The server does not answer in time.")]
    receiver.drips, receiver.says = 0, [(200, {}, b"x" * 50_000_000)]
    assert sent(session, means, NOW + 2 * SOON) == {SENT: 1}


def test_a_slow_target_does_not_hold_up_the_others_which_take_turns(session, means, receiver):
    with receiving() as slow:
        slow.wait = 0.4
        arrived = []
        slow.then = receiver.then = arrived.append
        target(session, means, slow.address("/slow"), name="A slow one")
        target(session, means, receiver.address("/fast"), name="Fast")
        tell(session, *({"period": f"2026-{month:02}"} for month in range(1, 4)))
        assert sent(session, means) == {SENT: 6}
    assert arrived[:4].count("/fast") == 3


def test_what_is_begun_in_a_look_is_bounded(session, means, receiver, monkeypatch):
    target(session, means, receiver.address())
    tell(session, *({"period": f"2026-{month:02}"} for month in range(1, 4)))
    monkeypatch.setattr(outbox, "MOST_EACH", 2)
    assert sent(session, means) == {SENT: 2}
    monkeypatch.setattr(outbox, "LOOK_SECONDS", 0)
    assert sent(session, means) == {}
    assert is_waiting(session, now=NOW)


def test_two_senders_at_once_send_each_message_once(session, means, receiver, database_url):
    target(session, means, receiver.address())
    target(session, means, receiver.address("/other"), name="Other")
    tell(session, *({"period": f"2026-{month:02}"} for month in range(1, 9)))
    engine, together, came = fresh_engine(database_url), Barrier(2), []

    def send():
        with Session(engine, expire_on_commit=False) as own:
            together.wait()
            came.append(send_announcements(own, means, now=NOW)[SENT])

    threads = [Thread(target=send) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    engine.dispose()
    assert sum(came) == 16
    assert len(set(receiver.bodies())) == len(receiver.bodies()) == 8


def test_nothing_is_locked_while_the_network_is_spoken_to(session, means, receiver, database_url):
    target(session, means, receiver.address())
    tell(session)
    engine, states = fresh_engine(database_url), []

    def write(_path):
        states.append(session.in_transaction())
        with Session(engine) as other, all_or_nothing(other, is_patient=False):
            states.append(other.execute(select(HookMessage.tries)).scalar_one())

    receiver.then = write
    assert sent(session, means) == {SENT: 1}
    engine.dispose()
    assert states == [False, 1]


def test_a_sender_that_died_leaves_the_message_to_the_next_look(session, means, receiver, monkeypatch):
    target(session, means, receiver.address())
    tell(session)

    def die(*_args, **_named):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(outbox, "post", die)
        with pytest.raises(KeyboardInterrupt):
            send_announcements(session, means, now=NOW)
    session.rollback()
    assert sent(session, means, NOW + outbox.CLAIMED - timedelta(seconds=1)) == {}
    assert sent(session, means, NOW + outbox.CLAIMED + timedelta(seconds=1)) == {SENT: 1}


def test_one_message_that_cannot_be_put_into_words_stops_no_other(session, means, receiver, caplog):
    target(session, means, receiver.address())
    tell(session, {"wrong": 1}, {"period": "2026-10"})
    assert sent(session, means) == {SENT: 1, AGAIN: 1}
    assert sorted(state for state, *_ in log(session)) == ["sent", "waiting"]
    assert "cannot be put into words" in caplog.text


# What people are called there


@pytest.fixture
def aurora(session):
    set_up(session)
    return session


def test_names_are_those_that_people_want_to_be_shown_by_and_in_full_for_programs(aurora, means, receiver):
    ids, now = ids_of(aurora), NOW
    choose(aurora, ids["ana"], is_hidden=True, nickname="", now=now, by=COMMAND_LINE)
    choose(aurora, ids["bia"], is_hidden=False, nickname="Bibi", now=now, by=COMMAND_LINE)
    target(aurora, means, receiver.address("/json"), name="Programs")
    target(aurora, means, receiver.address("/slack"), name="Slack", format="slack", language="pt_BR")
    target(aurora, means, receiver.address("/teams"), name="Teams", format="teams")
    for number, name in enumerate(("ana", "bia", "eva")):
        tell(aurora, {"badge": "first-met", "member": ids[name], "period": "2026-10"}, kind=BADGE_AWARDED, start=number)
    assert sent(aurora, means) == {SENT: 7, DROPPED: 2}
    in_full = [json.loads(body)["data"]["member"] for body in receiver.bodies("/json")]
    assert in_full == [{"key": f"{key}@example.com", "name": key.title()} for key in ("ana", "bia", "eva")]
    slack = [json.loads(body)["text"].split()[0] for body in receiver.bodies("/slack")]
    teams = [json.loads(body)["attachments"][0]["content"]["body"][0] for body in receiver.bodies("/teams")]
    assert slack == [each["inlines"][0]["text"].split()[0] for each in teams] == ["Bibi", "Eva"]


def test_hidden_people_are_left_out_of_winners_and_leads_are_told_without_them(aurora, means, receiver):
    ids = ids_of(aurora)
    choose(aurora, ids["ana"], is_hidden=True, nickname="", now=NOW, by=COMMAND_LINE)
    target(aurora, means, receiver.address(), format="slack")
    winners = [{"member": ids["ana"], "points": 12}, {"member": ids["eva"], "points": 1}]
    winners.append({"team": ids_of(aurora, Team)["North"], "points": 1_234})
    tell(aurora, {"period": "2026-10", "winners": winners})
    due_at = "2026-11-03T15:30:00+00:00"
    tell(aurora, {"subject": "L1", "title": "Speed", "member": ids["ana"], "due_at": due_at}, kind=LEAD_FALLING_DUE)
    assert sent(aurora, means) == {SENT: 2}
    close, lead = (json.loads(body) for body in receiver.bodies())
    assert close["blocks"][1]["text"]["text"].splitlines() == [
        "Rep of the month: Eva (1 point)",
        "Team of the month: North (1,234 points)",
    ]
    assert lead["blocks"][1]["text"]["text"].splitlines() == ["Due: Nov 3, 2026, 12:30\u202fPM", "Speed"]


def test_a_lead_that_has_fallen_due_meanwhile_is_not_told_of_any_more(aurora, means, receiver):
    target(aurora, means, receiver.address())
    due_at = "2026-11-03T15:30:00+00:00"  # half past twelve
    tell(aurora, {"subject": "L1", "due_at": due_at}, {"subject": "L2", "due_at": due_at}, kind=LEAD_FALLING_DUE)
    receiver.says = [(500, {}, b"")]
    assert sent(aurora, means, at("11-03 12:29:50")) == {AGAIN: 1}
    assert sent(aurora, means, at("11-03 12:31:30")) == {DROPPED: 2}


@pytest.mark.parametrize("has_amounts", [False, True])
def test_b1_amounts_go_only_to_targets_that_are_to_be_told_them_in_minor_units(aurora, means, receiver, has_amounts):
    north = ids_of(aurora, Team)["North"]
    for form in ("json", "teams"):
        target(aurora, means, receiver.address(f"/{form}"), name=form, format=form, has_amounts=has_amounts)
    won = {"period": "2026-Q4", "programme": "quarter-win", "place": 1, "team": north, "prize": None}
    tell(aurora, {**won, "amount_minor": 123_450, "currency": "BRL"}, kind=BONUS_APPROVED)
    assert sent(aurora, means) == {SENT: 2}
    data = json.loads(receiver.bodies("/json")[0])["data"]
    assert data["team"] == {"name": "North", "side": "sales"}
    assert (data.get("amount_minor"), data.get("amount")) == ((123_450, "1234.50") if has_amounts else (None, None))
    assert ("R$1,234.50" in receiver.bodies("/teams")[0].decode()) is has_amounts
    assert b"Quarter win" in receiver.bodies("/teams")[0]
