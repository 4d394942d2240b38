"""Tokens: what one may be made for, for how long, and how many requests each has, whichever process takes them."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from leaderboard.domain.actors import COMMAND_LINE
from leaderboard.domain.errors import AccountRefused, TokenRefused
from leaderboard.services import tokens
from leaderboard.services.accounts import add_user
from leaderboard.services.metering import Meter
from leaderboard.services.scopes import Reach
from leaderboard.services.tokens import LONGEST_NAME, MOST_DAYS, READ, SCOPES
from leaderboard.storage.accounts_tables import ApiToken
from leaderboard.storage.connection_tables import ApiUse
from tests.services.examples import NOW
from tests.web.door import CHEAP, PASSWORD

ENZO, ANA = "enzo@example.com", "ana@example.com"


@pytest.fixture
def people(session):
    for email, role in ((ENZO, "admin"), (ANA, "rep")):
        add_user(session, email=email, role=role, password=PASSWORD, now=NOW, by=COMMAND_LINE, costs=CHEAP)
    return session


def issue(session, email=ENZO, **more):
    return tokens.issue_token(session, email=email, now=NOW, by=COMMAND_LINE, **{"name": "crm", **more})


@pytest.mark.parametrize(
    ("problem", "asked"),
    [
        ("name", {"name": " "}),
        ("name", {"name": "a\nb"}),
        ("name", {"name": "x" * (LONGEST_NAME + 1)}),
        ("scopes", {"scopes": ["read", "write"]}),
        ("scopes", {"scopes": []}),
        ("scopes", {"email": ANA, "scopes": ["events:write"]}),
        ("days", {"days": 0}),
        ("days", {"days": MOST_DAYS + 1}),
    ],
)
@pytest.mark.databases("sqlite")
def test_a_token_that_cannot_be_is_refused_at_what_is_wrong(people, problem, asked):
    with pytest.raises(AccountRefused) as refused:
        issue(people, **asked)
    assert refused.value.problem == problem


def test_a_token_is_whose_it_is_until_its_last_moment(people):
    token = issue(people, name="x" * LONGEST_NAME, scopes=SCOPES[::-1], days=1)
    bearer = tokens.bearer_of(people, token, now=NOW + timedelta(days=1, microseconds=-1))
    assert (bearer.email, bearer.scopes, bearer.reach) == (ENZO, frozenset(SCOPES), Reach.ALL)
    assert people.scalar(select(ApiToken.scopes)) == " ".join(SCOPES)
    with pytest.raises(TokenRefused, match="was valid until 2026-12-16 15:00 UTC"):
        tokens.bearer_of(people, token, now=NOW + timedelta(days=1))
    with pytest.raises(TokenRefused, match="not known, was revoked"):
        tokens.bearer_of(people, token[:-1], now=NOW)


def test_processes_share_what_a_token_has(people):
    bearer = tokens.bearer_of(people, issue(people, scopes=[READ]), now=NOW)
    meters = [Meter(50) for _ in range(3)]
    assert meters[0].at_a_time == 5
    taken = [each.take(people, bearer, now=NOW).is_allowed for each in meters * 20]
    assert sum(taken) == 50
    assert people.scalar(select(ApiUse.taken)) >= 50
    late = NOW + timedelta(seconds=59)
    assert meters[0].take(people, bearer, now=late) == (False, 50, 0, 1)
    fresh = meters[0].take(people, bearer, now=late + timedelta(seconds=1))
    assert (fresh.is_allowed, fresh.remaining, fresh.seconds) == (True, 49, 60)


@pytest.mark.databases("sqlite")
def test_the_least_and_the_usual_allowance(people):
    bearer = tokens.bearer_of(people, issue(people), now=NOW)
    one = Meter(1)
    assert [one.take(people, bearer, now=NOW).is_allowed for _ in range(2)] == [True, False]
    assert Meter(600).at_a_time == 20
