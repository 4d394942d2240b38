"""What programs send and are told: events row by row, people, agreements, results; strictly, and once."""

import json
import threading

import pytest
from sqlalchemy import select

from leaderboard.domain.errors import KeyUnderWay
from leaderboard.services import idempotency
from leaderboard.services.verifying import verify
from leaderboard.storage.connection_tables import IdempotentAnswer
from leaderboard.storage.tables import AgreementVersion, EventRow, Member
from leaderboard.web import api_operations, api_people
from leaderboard.web.api_agreements import MOST_MISTAKES
from tests.services.examples import SPEED, WINS, agreement, count
from tests.web import worlds
from tests.web.api import Program, token_of
from tests.web.door import add_people
from tests.web.test_api_tokens import kind_of

KEY = "0f8fad5b-d9cb-469f-a165-70867728950e"
EVENT = {
    "event_id": "e1",
    "occurred_at": "2026-11-16T09:00",
    "type": "lead.assigned",
    "subject": "L1",
    "member": "ana@example.com",
}
DONE = EVENT | {"event_id": "e2", "occurred_at": "2026-11-16T09:30", "type": "lead.disposed"}
ZED = {"email": "zed@example.com", "name": "Zed", "team": "North", "side": "sales", "from": "2026-01-01"}


@pytest.fixture(autouse=True)
def moment(monkeypatch):
    monkeypatch.setattr(api_operations, "utc_now", lambda: worlds.NOW)


@pytest.fixture
def enzo(app, session, world):
    return Program(app.test_client(), token_of(session, "enzo"))


def outcomes(answer):
    assert answer.status_code == 200, answer.text
    return [each["outcome"] for each in answer.json["results"]]


@pytest.mark.databases("sqlite", "postgresql")
def test_each_row_of_a_batch_is_answered_in_its_place(enzo, session):
    rows = [
        EVENT,
        DONE | {"note": "x", "amount": None},
        EVENT | {"type": "lead.reopened"},
        EVENT | {"event_id": "e3", "occurred_at": "yesterday"},
        EVENT | {"event_id": "e4", "member": "nobody@example.com"},
        EVENT | {"event_id": ["e5"]},
        EVENT | {"event_id": "e6\0"},
        EVENT | {"event_id": "e7", "subject": "\ud800"},
        EVENT | {"event_id": 8, "type": "opportunity.won", "amount": 12.50},
        {},
    ]
    answer = enzo.post("/events", {"source": "crm-2", "events": rows})
    refused = ["refused"] * 5
    assert outcomes(answer) == ["new", "new", "duplicate", *refused, "new", "refused"]
    told = answer.json["results"]
    assert [each["row"] for each in told] == list(range(1, 11))
    assert told[1]["warnings"] == ["note is not a field of events and is passed over"]
    columns = ["occurred_at", "member", "event_id", "event_id", "subject", "event_id"]
    assert [each["column"] for each in told if each["outcome"] == "refused"] == columns
    assert (told[3]["value"], told[3]["reason"]) == (
        "yesterday",
        "is not a date; expected ISO 8601 such as 2025-02-28T09:10-03:00",
    )
    stored = session.execute(select(EventRow.event_id, EventRow.amount_minor).where(EventRow.source == "crm-2")).all()
    assert sorted(stored, key=str) == [("8", 1250), ("e1", None), ("e2", None)]
    assert {name: answer.json[name] for name in ("new", "duplicate", "refused")} == {
        "new": 3,
        "duplicate": 1,
        "refused": 6,
    }
    assert list(verify(session, now=worlds.NOW)) == []


def test_a_batch_is_an_array_an_object_or_lines_and_says_its_source(enzo, session):
    before = count(session, EventRow)
    session.rollback()
    assert outcomes(enzo.post("/events", [EVENT, DONE])) == ["new", "new"]
    assert outcomes(enzo.post("/events", {"events": [EVENT]})) == ["duplicate"]
    lines = "\r\n".join(map(json.dumps, [EVENT, DONE])) + "\n\n"
    assert outcomes(enzo.post("/events?source=crm", lines, "application/x-ndjson")) == ["new", "new"]
    assert outcomes(enzo.post("/events?source=other", {"events": [EVENT], "source": "crm"})) == ["duplicate"]
    assert count(session, EventRow) == before + 4


def test_a_batch_has_one_to_a_thousand_rows(enzo):
    row = {"event_id": "x"}
    assert len(outcomes(enzo.post("/events", [row] * 1000))) == 1000
    for sent in ([row] * 1001, []):
        assert kind_of(enzo.post("/events", sent)) == (400, "malformed")
    lines = '{"event_id": "x"}\n'
    assert len(outcomes(enzo.post("/events", lines * 1000, "application/x-ndjson"))) == 1000
    assert kind_of(enzo.post("/events", lines * 1001, "application/x-ndjson")) == (400, "malformed")


BODIES = {  # what no program should send; nothing of it is guessed at
    "nothing": b"",
    "no JSON": b"{",
    "not UTF-8": b'[{"event_id": "\xff"}]',
    "UTF-16": '[{"event_id": "x"}]'.encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf[{}]",
    "a name twice": b'[{"event_id": "a", "event_id": "b"}]',
    "beyond a double": b'[{"amount": 1e400}]',
    "far beyond a double": b'[{"amount": 1e99999999999999999999}]',
    "a tiny number": b'[{"amount": 1e-99999999}]',
    "not a number": b'[{"amount": NaN}]',
    "infinite": b'[{"amount": -Infinity}]',
    "thousands of digits": b'[{"amount": ' + b"9" * 5000 + b"}]",
    "deep": b"[" * 10_000 + b"]" * 10_000,
    "deep objects": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    "a text": b'"x"',
    "null": b"null",
    "rows that are none": b"[1]",
    "an unknown field": b'{"events": [{}], "x": 1}',
    "no events": b'{"source": "crm"}',
    "events that are none": b'{"events": {}}',
    "no source": b'{"events": [{}], "source": null}',
    "a source that is none": b'{"events": [{}], "source": "a\\u0000"}',
}


def test_what_is_no_batch_is_refused_whole(enzo, session):
    before = count(session, EventRow)
    session.rollback()
    for what, body in BODIES.items():
        assert kind_of(enzo.post("/events", body)) == (400, "malformed"), what
    assert count(session, EventRow) == before


def test_bodies_have_a_type_and_an_end(enzo):
    for kind in ("text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin-1", None):
        assert kind_of(enzo.post("/events", b"[{}]", kind)) == (415, "wrong-type")
    assert kind_of(enzo.post("/events", b"[{}]", Content_Encoding="gzip")) == (415, "wrong-type")
    most = b'[{"note": "%s"}]'
    room = 2 * 1024 * 1024 - len(most) + 2
    assert enzo.post("/events", most % (b"x" * room)).status_code == 200
    assert kind_of(enzo.post("/events", most % (b"x" * (room + 1)))) == (413, "too-large")


def test_every_error_below_api_is_a_problem(enzo, app, make_app, session, monkeypatch):
    client = app.test_client()
    assert kind_of(client.get("/api/")) == (404, "not-found")
    assert kind_of(client.get("/api/v2/people")) == (404, "not-found")
    assert kind_of(enzo.get("/agreements/99")) == (404, "not-found")
    assert kind_of(enzo.get(f"/agreements/{10**30}")) == (404, "not-found")
    wrong = client.delete("/api/v1/people")
    assert kind_of(wrong) == (405, "wrong-method")
    assert set(wrong.headers["Allow"].split(", ")) == {"GET", "HEAD", "POST"}
    assert kind_of(client.options("/api/v1/people")) == (405, "wrong-method")
    strange = make_app(TRUSTED_HOSTS=["board.example.com"]).test_client()
    assert kind_of(strange.get("/api/v1/people", base_url="http://evil.example")) == (400, "malformed")

    def broken(*_args, **_values):
        raise ZeroDivisionError("secret")

    monkeypatch.setattr(api_people, "list_people", broken)
    failed = enzo.get("/people")
    assert kind_of(failed) == (500, "failed")
    assert "secret" not in failed.text
    assert failed.json["error_id"]


ASKED = [
    "/people?limit=0",
    "/people?limit=501",
    "/people?limit=1_0",
    "/people?limit=٣",
    "/people?limit=5.0",
    "/people?limit=1&limit=2",
    "/people?colour=red",
    "/people?cursor=",
    "/people?team=%00",
    "/standings",
    "/standings?period=2026-13",
    "/standings?period=2026-10%0a",
    "/standings?period=1969-12",
    "/standings?period=2026-10&scope=teams",
    "/standings?period=2026-10&side=",
    "/points?month=2026-Q1",
    "/agreements/1?x=1",
]


def test_what_is_asked_wrongly_is_told_and_nothing_is_guessed(enzo):
    for asked in ASKED:
        assert kind_of(enzo.get(asked)) == (400, "malformed"), asked
    for asked in ("/people?limit=1", "/people?limit=500", "/standings?period=1970-01", "/standings?period=2199-Q4"):
        assert enzo.get(asked).status_code == 200, asked


def test_a_cursor_leads_on_in_its_own_list_alone(enzo):
    following = enzo.get("/people?limit=1").json["next"].partition("cursor=")[2]
    assert enzo.get(f"/people?cursor={following}").status_code == 200
    for asked in (f"/people?team=North&cursor={following}", f"/badges?cursor={following}", "/people?cursor=abc"):
        assert kind_of(enzo.get(asked)) == (404, "not-found")
    for what in ("/attainments?period=2026-11&sla=no", "/points?member=nobody", "/attainments/waiting?sla=no"):
        assert kind_of(enzo.get(what)) == (404, "not-found")


def test_people_are_loaded_all_or_none(enzo, session):
    row = ZED | {"external_ids": ["hs-1", "hs-2"], "until": None, "role": "rep"}
    assert enzo.post("/people", {"people": [row]}).json == {"rows": 1, "members": 1, "teams": 1}
    (zed,) = [each for each in enzo.whole("/people", 2) if each["member"] == "zed@example.com"]
    assert zed["external_ids"] == ["hs-1", "hs-2"]
    assert zed["memberships"] == [{"team": "North", "side": "sales", "from": "2026-01-01", "until": None}]
    members = count(session, Member)
    session.rollback()
    wrong = enzo.post("/people", {"people": [ZED | {"email": "new@example.com"}, ZED | {"side": "marketing"}]})
    assert kind_of(wrong) == (409, "refused")
    assert wrong.json["errors"][0]["where"] == "/people/1/side"
    no_administrator = {"people": [ZED | {"role": "admin"}]}  # else the scope people:write would be worth every other
    twisted = {"people": [ZED | {"from": "2026-02-30"}]}
    for sent in ({"people": []}, {"people": [ZED | {"x": 1}]}, twisted, no_administrator, [ZED]):
        assert kind_of(enzo.post("/people", sent)) == (400, "malformed")
    assert count(session, Member) == members


def test_agreements_are_checked_loaded_and_read(enzo, session):
    text = agreement(SPEED, WINS, effective_from="2027-01-01")
    assert enzo.post("/agreements/check", {"document": "x = 1"}).json["is_valid"] is False
    assert enzo.post("/agreements/check", text, "application/toml").json == {"is_valid": True, "mistakes": []}
    assert count(session, AgreementVersion) == 1
    session.rollback()
    many = {"document": "[[sla]]\n" * MOST_MISTAKES}
    assert len(enzo.post("/agreements/check", many).json["mistakes"]) == MOST_MISTAKES
    assert len(enzo.post("/agreements", many).json["errors"]) == MOST_MISTAKES
    wrong = enzo.post("/agreements", {"document": "x = 1"})
    assert kind_of(wrong) == (409, "refused")
    assert len(wrong.json["errors"]) > 1
    loaded = enzo.post("/agreements", text, "application/toml").json
    assert loaded == {"title": "A", "effective_from": "2027-01-01", "slas": ["speed", "wins"]}
    first, second = enzo.whole("/agreements", 1)
    assert (first["until"], first["state"], second["state"]) == ("2027-01-01", "in_force", "to_come")
    assert enzo.get(f"/agreements/{second['id']}").json == second
    document = enzo.get(f"/agreements/{second['id']}/document")
    assert (document.mimetype, document.text) == ("application/toml", text)


@pytest.mark.databases("sqlite", "postgresql")
def test_the_same_key_with_the_same_request_is_answered_as_before(enzo, session):
    first = enzo.post("/people", {"people": [ZED]}, Idempotency_Key=KEY)
    again = enzo.post("/people", {"people": [ZED]}, Idempotency_Key=KEY)
    assert (first.status_code, again.status_code, again.text) == (200, 200, first.text)
    assert (first.headers.get("Idempotent-Replayed"), again.headers["Idempotent-Replayed"]) == (None, "true")
    other = enzo.post("/people", {"people": [ZED | {"name": "Zoe"}]}, Idempotency_Key=KEY)
    assert kind_of(other) == (422, "key-reused")
    wrong = [enzo.post("/people", {"people": [ZED | {"from": "3"}]}, Idempotency_Key=f"{KEY}-2") for _ in range(2)]
    assert [kind_of(each) for each in wrong] == [(400, "malformed")] * 2
    assert wrong[0].text == wrong[1].text
    assert kind_of(enzo.post("/people", {"people": [ZED]}, Idempotency_Key="short")) == (400, "malformed")
    assert session.scalar(select(Member.name).where(Member.key == "zed@example.com")) == "Zed"
    session.rollback()
    with session.begin():
        assert idempotency.forget_old_answers(session.connection(), worlds.NOW + idempotency.KEPT) == 2
    assert count(session, IdempotentAnswer) == 0


def test_a_request_that_is_under_way_is_not_begun_again_and_one_that_failed_may_be(enzo, monkeypatch):
    began, go_on, answers = threading.Event(), threading.Event(), []
    load = api_people.load_people_rows

    def slow(*values, **more):
        began.set()
        assert go_on.wait(20)
        return load(*values, **more)

    monkeypatch.setattr(api_people, "load_people_rows", slow)
    sending = Program(enzo.client.application.test_client(), enzo.token)
    first = threading.Thread(
        target=lambda: answers.append(sending.post("/people", {"people": [ZED]}, Idempotency_Key=KEY))
    )
    first.start()
    assert began.wait(20)
    meanwhile = enzo.post("/people", {"people": [ZED]}, Idempotency_Key=KEY)
    assert (kind_of(meanwhile), meanwhile.headers["Retry-After"]) == ((409, "under-way"), "2")
    go_on.set()
    first.join()
    assert answers[0].status_code == 200

    def broken(*_values, **_more):
        raise ZeroDivisionError

    monkeypatch.setattr(api_people, "load_people_rows", broken)
    assert enzo.post("/people", {"people": [ZED]}, Idempotency_Key=f"{KEY}-2").status_code == 500
    monkeypatch.setattr(api_people, "load_people_rows", load)
    assert enzo.post("/people", {"people": [ZED]}, Idempotency_Key=f"{KEY}-2").status_code == 200


def test_a_request_whose_process_is_gone_may_be_begun_again_after_a_while(session, world):
    session.execute(select(Member)).all()
    token_of(session, "enzo")
    assert idempotency.begin(session, 1, KEY, "0" * 64, now=worlds.NOW) is None
    with pytest.raises(KeyUnderWay):
        idempotency.begin(
            session, 1, KEY, "0" * 64, now=worlds.NOW + idempotency.GIVEN_UP - worlds.timedelta(seconds=1)
        )
    assert idempotency.begin(session, 1, KEY, "0" * 64, now=worlds.NOW + idempotency.GIVEN_UP) is None


@pytest.mark.databases("sqlite", "postgresql")
def test_before_an_organisation_is_loaded_every_operation_says_what_to_load(app, session):
    add_people(session, worlds.NOW)
    enzo = Program(app.test_client(), token_of(session, "enzo"))
    asked = (
        "/standings?period=2026-10",
        "/attainments?period=2026-10",
        "/attainments/waiting",
        "/points",
        "/bonuses",
        "/agreements",
    )
    answers = [*map(enzo.get, (*asked, "/people")), enzo.post("/agreements", {"document": "x = 1"})]
    answers += [enzo.post("/events", [EVENT]), enzo.post("/people", {"people": [ZED]})]
    for answer in answers:
        assert kind_of(answer) == (409, "refused")
        assert "No organisation is loaded yet" in answer.json["detail"]
    assert [enzo.get(path).status_code for path in ("/token", "/badges", "/periods", "/health")] == [200] * 4
