"""Webhooks in: nothing acknowledged is lost, nothing counts twice, and whoever cannot prove it gets nowhere."""

import hashlib
import hmac
import json
import random
from datetime import timedelta

import pytest
from sqlalchemy import select

from leaderboard.domain.errors import DeliveryRefused, HookRefused, Refused
from leaderboard.domain.signatures import Request
from leaderboard.services import hooks, receiving
from leaderboard.services.hook_keys import ROTATES_IN
from leaderboard.services.means import Means
from leaderboard.services.receiving import (
    KEPT,
    MOST_AT_ONCE,
    MOST_REFUSALS,
    MOST_TRIES,
    REFUSALS_WITHIN,
    SOON,
    forget_deliveries,
    receive,
    take_delivery,
    take_waiting,
)
from leaderboard.services.sealing import Seal
from leaderboard.services.verifying import verify
from leaderboard.storage.connection_tables import Hook, HookDelivery, ParkedEvent
from leaderboard.storage.tables import EventRow, PointEntry
from tests.domain.hook_bodies import LEAD, notification, soap
from tests.services.examples import NOW, count, set_up
from tests.services.test_hooks import BY, add

MEANS = Means(seal=Seal(["a key of the tests"]))
MINUTE = timedelta(minutes=1)


@pytest.fixture
def aurora(session):
    set_up(session)
    return session


@pytest.fixture
def secret(aurora):
    """The secret of a webhook that takes events in our own words, at /hooks/crm."""
    return add(aurora, "generic", slug="crm")[1]


def event(number, member="ana@example.com", kind="assigned"):
    at = f"2026-10-{5 + number % 20:02}T{'09:00' if kind == 'assigned' else '09:30'}"
    return {
        "event_id": f"{kind}-{number}",
        "occurred_at": at,
        "type": f"lead.{kind}",
        "subject": f"L{number}",
        "member": member,
    }


def signed(secret, found, now=NOW):
    body = found if isinstance(found, bytes) else json.dumps(found).encode()
    stamp = str(int(now.timestamp()))
    signature = hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    return Request("POST", (), {"x-leaderboard-timestamp": stamp, "x-leaderboard-signature": signature}, body)


def send(session, secret, found, *, now=NOW, slug="crm"):
    return receive(session, slug, signed(secret, found, now), now=now, means=MEANS, address="192.0.2.1")


def refusal(session, request, *, now=NOW, slug="crm"):
    with pytest.raises(DeliveryRefused) as refused:
        receive(session, slug, request, now=now, means=MEANS, address="192.0.2.1")
    return refused.value.status


def deliveries(session):
    session.rollback()
    return session.execute(select(*HookDelivery.__table__.c).order_by(HookDelivery.id)).all()


def test_a_delivery_is_stored_as_it_came_and_its_events_count_once(aurora, secret):
    body = json.dumps({"events": [event(1), event(1, kind="disposed")]}, indent=3).encode()
    assert send(aurora, secret, body) == (False, True)
    (kept,) = deliveries(aurora)
    assert (kept.body, kept.state, kept.new, kept.tries, kept.told) == (body.decode(), "taken", 2, 0, None)
    assert (count(aurora, EventRow), count(aurora, PointEntry)) == (2, 1)
    assert send(aurora, secret, body, now=NOW + MINUTE) == (False, False)  # the same again, signed anew
    assert send(aurora, secret, [event(1), event(2)]) == (False, True)
    assert [(each.new, each.duplicate) for each in deliveries(aurora)] == [(2, 0), (1, 1)]
    assert list(verify(aurora, now=NOW)) == []


def test_who_cannot_prove_it_leaves_nothing_behind_but_a_count(aurora, secret, caplog):
    wrong = signed("another secret", [event(1)])
    assert refusal(aurora, wrong) == 401
    assert refusal(aurora, signed(secret, [event(1)], NOW - timedelta(minutes=6))) == 401
    assert refusal(aurora, signed(secret, [event(1)]), slug="other") == 404
    assert refusal(aurora, signed(secret, b"junk")) == 400
    assert (deliveries(aurora), count(aurora, EventRow)) == ([], 0)
    hook_id = aurora.execute(select(Hook.id)).scalar_one()
    assert hooks.find_hook(aurora, hook_id, seal=MEANS.seal, now=NOW).refused == 2
    assert "hook crm: a delivery from 192.0.2.1 is refused: its proof is wrong" in caplog.text
    assert "its proof is stale" in caplog.text
    assert secret not in caplog.text
    assert wrong.headers["x-leaderboard-signature"] not in caplog.text


def test_a_storm_of_refusals_is_not_even_noted_and_the_right_secret_gets_through(aurora, secret, monkeypatch):
    monkeypatch.setattr(receiving, "MOST_REFUSALS", 3)
    wrong = signed("another secret", [event(1)])
    assert [refusal(aurora, wrong) for _ in range(4)] == [401, 401, 401, 429]
    assert send(aurora, secret, [event(1)]).is_new
    later = NOW + REFUSALS_WITHIN
    assert refusal(aurora, signed("another secret", [event(1)], later), now=later) == 401
    assert MOST_REFUSALS == 100


def test_two_secrets_count_while_one_takes_the_others_place(aurora, secret):
    hook_id = aurora.execute(select(Hook.id)).scalar_one()
    new = hooks.rotate(aurora, hook_id, "", seal=MEANS.seal, now=NOW, by=BY)
    stored = aurora.execute(select(Hook.secrets)).scalar_one()
    assert new not in stored
    last = NOW + ROTATES_IN - timedelta(seconds=1)
    for number, (each, now) in enumerate([(secret, NOW), (new, NOW), (secret, last), (new, last + MINUTE)]):
        assert send(aurora, each, [event(number)], now=now).is_new
    assert refusal(aurora, signed(secret, [], NOW + ROTATES_IN), now=NOW + ROTATES_IN) == 401
    newest = hooks.rotate(aurora, hook_id, "", seal=MEANS.seal, now=NOW, by=BY)
    assert refusal(aurora, signed(secret, [])) == 401
    hooks.end_former_secret(aurora, hook_id, seal=MEANS.seal, now=NOW, by=BY)
    assert refusal(aurora, signed(new, [])) == 401
    assert send(aurora, newest, []) == (False, False)


def test_while_it_is_paused_or_its_secret_is_sealed_with_a_lost_key_senders_come_again_later(aurora, secret):
    hook_id = aurora.execute(select(Hook.id)).scalar_one()
    hooks.set_active(aurora, hook_id, False, now=NOW, by=BY)
    assert refusal(aurora, signed(secret, [event(1)])) == 503
    assert refusal(aurora, signed("another secret", [event(1)])) == 401
    hooks.set_active(aurora, hook_id, True, now=NOW, by=BY)
    with pytest.raises(DeliveryRefused) as refused:
        receive(
            aurora, "crm", signed(secret, []), now=NOW, means=Means(seal=Seal(["another key"])), address="192.0.2.1"
        )
    assert refused.value.status == 503


def test_a_message_of_salesforce_is_of_the_right_organisation_and_keeps_no_session(aurora):
    hook_id, secret = add(aurora, "salesforce", slug="sf")
    hooks.set_organisation(aurora, hook_id, "00Dxx0000001gPL", seal=MEANS.seal, now=NOW, by=BY)
    good = Request("POST", (), {}, soap(notification(1, **{**LEAD, "OwnerId": "sf-1"})), key=secret)
    assert receive(aurora, "sf", good, now=NOW, means=MEANS, address="192.0.2.1") == (True, True)
    (kept,) = deliveries(aurora)
    assert "<SessionId></SessionId>" in kept.body
    assert "session" not in kept.body.replace("SessionId", "")
    assert (kept.state, kept.new) == ("taken", 2)
    other = Request("POST", (), {}, soap(notification(2, **LEAD), organisation="00Dxx0000009gPLEAY"), key=secret)
    assert refusal(aurora, other, slug="sf") == 401


def test_what_cannot_be_taken_is_tried_again_ever_later_and_then_given_up_until_somebody_says_so(
    aurora, secret, monkeypatch
):
    def broken(*_args, **_options):
        raise Refused("Something is in the way.")

    monkeypatch.setattr(receiving, "take_within", broken)
    assert send(aurora, secret, [event(1)]).is_new
    found, now = deliveries(aurora)[0], NOW
    assert (found.state, found.tries, found.told) == ("waiting", 1, "Something is in the way.")
    for tries in range(2, MOST_TRIES + 1):
        assert take_waiting(aurora, now=found.next_try_at - timedelta(seconds=1))["waiting"] == 0
        assert found.next_try_at - now == receiving.WAITS[tries - 2]
        now = found.next_try_at
        take_waiting(aurora, now=now)
        found = deliveries(aurora)[0]
        assert found.tries == tries
    assert (found.state, found.next_try_at) == ("failed", None)
    assert hooks.list_hooks(aurora)[0].failed == 1
    monkeypatch.undo()
    assert sum(take_waiting(aurora, now=now + timedelta(days=9)).values()) == 0
    assert hooks.try_again(aurora, found.hook_id, found.id, now=now, by=BY) == "taken"
    assert (deliveries(aurora)[0].new, count(aurora, EventRow)) == (1, 1)
    with pytest.raises(HookRefused):
        hooks.try_again(aurora, found.hook_id + 1, found.id, now=now, by=BY)


def test_what_is_acknowledged_and_not_taken_before_a_crash_is_taken_by_the_job(aurora, secret, monkeypatch):
    with monkeypatch.context() as crash:
        crash.setattr(receiving, "take_delivery", lambda *_args, **_options: None)
        send(aurora, secret, [event(1)])
    large = [event(number) for number in range(2, MOST_AT_ONCE + 3)]
    send(aurora, secret, large)  # more than a sender can wait for
    assert [each.state for each in deliveries(aurora)] == ["waiting", "waiting"]
    assert count(aurora, EventRow) == 0
    assert take_waiting(aurora, now=NOW + SOON - timedelta(seconds=1))["taken"] == 0
    assert take_waiting(aurora, now=NOW + SOON) == {"taken": 2, "waiting": 0, "failed": 0}
    assert count(aurora, EventRow) == len(large) + 1
    assert take_delivery(aurora, deliveries(aurora)[0].id, now=NOW) is None


def test_a_storm_of_deliveries_doubled_and_shuffled_loses_nothing_and_counts_nothing_twice(aurora, secret):
    shuffled = random.Random(7)
    bodies = [[event(number, kind=kind)] for number in range(25) for kind in ("assigned", "disposed")]
    bodies += [[event(number, member="hs-99")] for number in range(100, 105)]
    sent = bodies + shuffled.sample(bodies, 11)
    shuffled.shuffle(sent)
    assert sum(send(aurora, secret, each).is_new for each in sent) == len(bodies)
    assert {each.state for each in deliveries(aurora)} == {"taken"}
    assert (count(aurora, EventRow), count(aurora, ParkedEvent)) == (50, 5)
    assert list(verify(aurora, now=NOW)) == []


def test_what_a_mapping_cannot_read_is_told_with_the_delivery_and_the_rest_is_taken(aurora, secret):
    wrong = [{**event(number), "occurred_at": "yesterday"} for number in range(5)]
    send(aurora, secret, [event(9), *wrong, {**event(8), "amount": "x"}])
    (kept,) = deliveries(aurora)
    assert (kept.state, kept.new, kept.refused) == ("taken", 1, 6)
    assert kept.told.count("\n") == 2
    assert kept.told.startswith('occurred_at: "yesterday" is not a date; expected ISO 8601')


def test_old_deliveries_are_forgotten_but_not_those_that_wait(aurora, secret, monkeypatch):
    send(aurora, secret, [event(1)])
    monkeypatch.setattr(receiving, "take_delivery", lambda *_args, **_options: None)
    send(aurora, secret, [event(2)])
    assert forget_deliveries(aurora.connection(), NOW + KEPT - MINUTE) == 0
    assert forget_deliveries(aurora.connection(), NOW + KEPT) == 1
    assert [each.state for each in aurora.execute(select(HookDelivery.state))] == ["waiting"]


def test_receiving_takes_as_many_statements_however_much_was_received_before(aurora, secret, query_counter):
    costs = []
    for number in range(3):
        with query_counter() as statements:
            send(aurora, secret, [event(number)])
        costs.append(len(statements))
    assert 40 >= costs[0] >= costs[1] >= costs[2], costs
