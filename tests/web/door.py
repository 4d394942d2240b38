"""What tests of the web need to get through the door."""

import re
from datetime import UTC, datetime

from werkzeug.routing import AnyConverter

from leaderboard.domain.actors import COMMAND_LINE
from leaderboard.services.accounts import HashCosts, add_user

PASSWORD = "vier Dächer aus Zink"
ANA, DORA, ENZO = "ana@example.com", "dora@example.com", "enzo@example.com"
CHEAP = HashCosts(8, 1, 1)
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


def add_people(session, now=None):
    """Add a rep, a manager and an administrator."""
    now = now or datetime.now(UTC)
    for email, role in ((ANA, "rep"), (DORA, "manager"), (ENZO, "admin")):
        add_user(session, email=email, role=role, password=PASSWORD, now=now, costs=CHEAP, by=COMMAND_LINE)


def form_token(client, path="/sign-in", **options):
    """Return the CSRF token of a page's first form."""
    return TOKEN.search(client.get(path, **options).text)[1]


def post(client, path, data=None, page="/sign-in", **options):
    """Send a form with the token of a page that shows one."""
    return client.post(path, data={"csrf_token": form_token(client, page), **(data or {})}, **options)


def sign_in(client, email=ANA, password=PASSWORD, next_page="/", **options):
    """Sign in as a browser does."""
    return post(client, "/sign-in", {"email": email, "password": password, "next": next_page}, **options)


def signed_in(app, email=ANA):
    """Return a client that is signed in."""
    client = app.test_client()
    assert sign_in(client, email).status_code == 303
    return client


class Https:
    """A client that asks over https, with the Referer that browsers send within a site."""

    def __init__(self, client):
        self.client = client

    def __getattr__(self, method):
        def ask(path, headers=None, **options):
            headers = {"Referer": "https://localhost/", **(headers or {})}
            return getattr(self.client, method)(path, base_url="https://localhost", headers=headers, **options)

        return ask


def sign_in_over_https(client):
    answer = sign_in(Https(client))
    assert answer.status_code == 303
    return answer


def routes(app, method):
    """Return endpoint and address of each route that takes a method."""
    with app.test_request_context():
        for rule in app.url_map.iter_rules():
            if method in rule.methods:
                yield rule.endpoint, rule.build({name: _value(each) for name, each in rule._converters.items()})[1]


def _value(converter):
    """Return what may stand in an address, and is nothing that there is, unless the route knows each word."""
    return min(converter.items) if isinstance(converter, AnyConverter) else 404
