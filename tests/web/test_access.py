"""Every address there is, tried by everybody: who comes in where, and that nobody reads what another team has.

What becomes of whom stands in access.py, an entry for each endpoint; the world in access_world.py.
"""

import io
import sys
import zipfile
from itertools import product

import pytest
from sqlalchemy import select

from leaderboard.storage.database import Base
from tests.web import access_world
from tests.web.access import ACCESS, DOOR, IN, KEPT, READERS, REFUSED, UNKNOWN
from tests.web.access_world import NOW, SECRETS
from tests.web.worlds import sign_in

HTMX = {"HX-Request": "true"}
# Whose secrets each reader may meet: a rep's own team shows them more than they may know of their colleagues.
MAY_KNOW = {"enzo": {"North", "South"}, "dora": {"North"}, "fabio": {"South"}}
OWN = {
    "ana": {"kestrel", "678.79", "north reason", "north question", "north answer", "ana@example.com"},
    "caio": {"osprey", "477.23", "south reason", "south question", "south answer", "caio@example.com"},
}
NOT_HELD = {"user_session", "sign_in_attempt", "display_seen", "pairing"}  # they change as somebody only looks


@pytest.fixture
def world(app, session, monkeypatch):
    """What access_world builds; the clocks of all pages stand at its moment."""
    for name, module in list(sys.modules.items()):
        if name.startswith("leaderboard.web.") and hasattr(module, "utc_now"):
            monkeypatch.setattr(module, "utc_now", lambda: NOW)
    app.config["WTF_CSRF_ENABLED"] = False
    return access_world.build(session)


def rules(app, method):
    """Return endpoint and rule of each address that takes a method."""
    return [(rule.endpoint, rule) for rule in app.url_map.iter_rules() if method in rule.methods]


def test_every_endpoint_there_is_has_an_entry_and_no_other_has(app):
    there = {rule.endpoint for rule in app.url_map.iter_rules()}
    missing = sorted(there - set(ACCESS))
    assert missing == [], (
        f"nobody has said who may ask for {', '.join(missing)}: add to ACCESS in tests/web/access.py who comes in "
        "(such as MANAGERS_OF_TEAM), the names of what North has in its address, what is sent, and what it shows"
    )
    assert sorted(set(ACCESS) - there) == [], "these endpoints are gone: take their entries out of tests/web/access.py"


def test_every_page_and_fragment_lets_in_whom_it_may_and_shows_nothing_of_another_team(app, world):
    faults = []
    for reader in READERS:
        client = client_of(app, reader)
        for endpoint, rule in rules(app, "GET"):
            entry = ACCESS[endpoint]
            for asked, who in (("", entry.who), *entry.asks):
                for address, headers in product(addresses_of(app, rule, entry, world, asked), tried_by(reader, rule)):
                    answer = client.get(address, headers=headers, buffered=False)
                    faults += faults_of(reader, f"GET {address} {headers}", answer, who[reader])
                    if reader == "dora" and not asked and not headers:
                        faults += [f"{address} shows no {each}" for each in entry.shows if each not in text_of(answer)]
                    answer.close()
    assert not faults, "\n".join(faults)


def test_whatever_is_sent_by_one_who_may_not_changes_nothing_and_tells_nothing(app, pool, world):
    faults, clients = [], {}
    with pool.connect() as connection:
        held = Held(connection)
        for endpoint, rule in sorted(rules(app, "POST"), key=lambda each: list(ACCESS).index(each[0])):
            entry = ACCESS[endpoint]
            if endpoint.startswith("accounts."):  # they end sessions
                clients = {}
            form = {name: getattr(world, str(value), value) for name, value in entry.form.items()}
            for reader in READERS:
                if reader not in clients:
                    clients[reader] = client_of(app, reader)
                address = addresses_of(app, rule, entry, world)[0]
                before = None if entry.who[reader] == IN else held()
                answer = clients[reader].post(address, data=form, headers=HTMX if reader == "fabio" else {})
                faults += faults_of(reader, f"POST {address}", answer, entry.who[reader])
                if before is not None and held() != before:
                    faults.append(f"POST {address} by {reader} changed something")
    assert not faults, "\n".join(faults)


def test_no_other_method_is_taken(app):
    assert {method for rule in app.url_map.iter_rules() for method in rule.methods} == {
        "GET",
        "HEAD",
        "OPTIONS",
        "POST",
    }


def tried_by(reader, rule):
    """Return with which headers somebody asks: whom nothing is shown of another team also for a page's fragment."""
    return [{}] if reader in ("ana", "dora", "enzo") or "kind" in rule.arguments else [{}, HTMX]


def client_of(app, reader):
    return app.test_client() if reader == "visitor" else sign_in(app.test_client(), reader)


def addresses_of(app, rule, entry, world, asked=""):
    names, tail = sorted(rule.arguments), f"?{asked.format(**vars(world))}" if asked else ""
    tried = [each if isinstance(each, tuple) else (each,) for each in (entry.values[name] for name in names)]
    with app.test_request_context():
        values = ([getattr(world, str(each), each) for each in chosen] for chosen in product(*tried))
        return [rule.build(dict(zip(names, each, strict=True)))[1] + tail for each in values]


def faults_of(reader, what, answer, expected):
    """Return what is wrong with an answer: who came in, and what it tells."""
    faults = []
    if outcome_of(answer) != expected:
        faults.append(f"{what} by {reader}: {answer.status_code} {answer.headers.get('Location', '')}, not {expected}")
    known = MAY_KNOW.get(reader, set())
    secrets = {each for team, theirs in SECRETS.items() if team not in known for each in theirs} - OWN.get(
        reader, set()
    )
    told = text_of(answer)
    return faults + [f"{what} tells {reader} {each}" for each in secrets if each in told]


def outcome_of(answer):
    code, place = answer.status_code, answer.headers.get("Location", "")
    if (code == 303 and place.startswith("/sign-in?next=")) or (code == 401 and "HX-Redirect" in answer.headers):
        return DOOR
    if code in (200, 204, 302, 303, 304):
        return IN
    return {400: KEPT, 401: KEPT, 403: REFUSED, 404: UNKNOWN, 409: KEPT, 422: KEPT, 429: KEPT}.get(
        code, f"wrong: {code}"
    )


def text_of(answer):
    """Return in small letters what an answer tells, also in a workbook; of a stream nothing, since it never ends."""
    if answer.mimetype == "text/event-stream":
        return ""
    data = answer.get_data()
    if data[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(data)) as book:
            data = b"".join(map(book.read, book.namelist()))
    return data.decode("utf-8", "replace").lower()


class Held:
    """Tells what the database holds but for who is signed in, read anew only where another connection has written."""

    def __init__(self, connection):
        self.connection, self.version, self.rows = connection, None, None

    def __call__(self):
        version = self.connection.exec_driver_sql("PRAGMA data_version").scalar_one()
        if version != self.version:
            tables = [table for name, table in Base.metadata.tables.items() if name not in NOT_HELD]
            self.version, self.rows = version, [self.connection.execute(select(table)).all() for table in tables]
        self.connection.rollback()
        return self.rows
