"""What tests of the web need to get through the door."""

import re
from datetime import UTC, datetime

from leaderboard.services.accounts import HashCosts, add_user

PASSWORD = "vier Dächer aus Zink"
ANA, DORA, ENZO = "ana@example.com", "dora@example.com", "enzo@example.com"
CHEAP = HashCosts(8, 1, 1)
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


def add_people(session, now=None):
    """Add a rep, a manager and an administrator."""
    now = now or datetime.now(UTC)
    for email, role in ((ANA, "rep"), (DORA, "manager"), (ENZO, "admin")):
        add_user(session, email=email, role=role, password=PASSWORD, now=now, costs=CHEAP)


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
