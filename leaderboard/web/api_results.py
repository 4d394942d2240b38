"""Results for programs: standings, attainments, points, badges, bonuses and periods."""

import hashlib
from typing import Any, NamedTuple

from flask import Response, current_app, request

from leaderboard.domain.errors import Refused
from leaderboard.services import listing
from leaderboard.services.boards import BoardQuery, Standing, standings_after
from leaderboard.services.rules import rule_book
from leaderboard.web.api_answers import Attainments, Badges, Bonuses, Periods, Points, Standings, StandingTold
from leaderboard.web.api_bodies import JSON
from leaderboard.web.api_models import (
    AttainmentsQuery,
    BadgesQuery,
    BonusesQuery,
    PageQuery,
    PointsQuery,
    StandingsQuery,
    WaitingQuery,
)
from leaderboard.web.api_operations import Answer, Call, bp, link_to, operation
from leaderboard.web.api_pages import address_of_next, place_of
from leaderboard.web.api_problems import Problem
from leaderboard.web.kept import Kept

MOST_KEPT = 256
PLACE = (int, int, str, str, int)


class Made(NamedTuple):
    """A page of a board as it is sent. tag: changes with it."""

    body: str
    tag: str
    next: str | None


@bp.record_once
def _keep(state: Any) -> None:
    state.app.extensions["kept_standings"] = Kept[Made](MOST_KEPT)


@operation("GET", "/standings", tag="results", query=StandingsQuery, answer=Standings)
def standings(call: Call) -> Answer:
    """Read the standings of a month or quarter.

    Everybody with a token sees them, as everybody sees the board. The answer has a strong `ETag`: send it back in
    `If-None-Match`, and while nothing has changed the answer is 304, and costs next to nothing.
    """
    versions = (call.bearer.scores_version, call.bearer.rules_version)
    key = (*versions, call.query.cursor, call.query.limit, *call.filters.values())
    made = current_app.extensions["kept_standings"].get(key, lambda: _standings(call))
    headers = {"ETag": f'"{made.tag}"', "Cache-Control": "private, no-cache", **link_to(made.next)}
    if made.tag in request.if_none_match:
        return Response(status=304, headers=headers)
    return Response(made.body, headers=headers, mimetype=JSON)


def _standings(call: Call) -> Made:
    asked = call.query
    after = place_of(asked.cursor, PLACE, call.filters)
    by = asked.by if asked.scope == "team" else "total"
    query = BoardQuery(asked.period, asked.scope, asked.side, by)
    found, following = standings_after(call.session, query, after=after and tuple(after), limit=asked.limit)
    items = list(map(_standing, found))
    told: Any = {"period": asked.period, "scope": asked.scope, "side": asked.side, "by": by}
    page = Standings(
        **told,
        is_closed=asked.period in rule_book(call.session.connection()).closed,
        items=items,
        next=address_of_next(following, call.filters, asked.limit),
    )
    body = page.model_dump_json()
    return Made(body, hashlib.sha256(body.encode()).hexdigest()[:32], page.next)


def _standing(standing: Standing) -> StandingTold:
    same: Any = {name: getattr(standing, name) for name in StandingTold.model_fields if name != "average"}
    return StandingTold(**same, average=None if standing.average is None else round(float(standing.average), 6))


@operation("GET", "/attainments", tag="results", query=AttainmentsQuery, answer=Attainments, problems=("not-found",))
def attainments(call: Call) -> Answer:
    """List the levels reached or missed in a month or quarter.

    A rep's token sees their own, a manager's those of the teams that they answer for, and their own.
    """
    after = place_of(call.query.cursor, (str, str, int, int), call.filters)
    asked: Any = {"sla": call.query.sla, "level": call.query.level, "after": after, "limit": call.query.limit}
    return _page(call, Attainments, listing.list_attainments, call.query.period, call.sight(), **asked)


@operation(
    "GET",
    "/attainments/waiting",
    tag="results",
    query=WaitingQuery,
    answer=Attainments,
    problems=("not-found",),
)
def waiting(call: Call) -> Answer:
    """List what is open now: leads to be disposed of, tasks to be done, each with when it is due."""
    after = place_of(call.query.cursor, (int,), call.filters)
    asked: Any = {"sla": call.query.sla, "after": after, "limit": call.query.limit}
    return _page(call, Attainments, listing.list_waiting, call.sight(), **asked)


@operation("GET", "/points", tag="results", query=PointsQuery, answer=Points, problems=("not-found",))
def points(call: Call) -> Answer:
    """List the rows of the points ledger, oldest first; they never change, and new ones come at the end.

    A rep's token sees their own, a manager's those of the teams that they answer for, and their own.
    """
    after = place_of(call.query.cursor, (int,), call.filters)
    asked: Any = {"month": call.query.month, "member": call.query.member, "after": after, "limit": call.query.limit}
    return _page(call, Points, listing.list_points, call.sight(), **asked)


@operation("GET", "/badges", tag="results", query=BadgesQuery, answer=Badges)
def badges(call: Call) -> Answer:
    """List the badges that were earned, also those that were withdrawn, with why. Everybody with a token sees them."""
    after = place_of(call.query.cursor, (int,), call.filters)
    asked: Any = {"period": call.query.period, "key": call.query.badge, "after": after, "limit": call.query.limit}
    return _page(call, Badges, listing.list_badges, **asked)


@operation("GET", "/bonuses", tag="results", query=BonusesQuery, answer=Bonuses)
def bonuses(call: Call) -> Answer:
    """List the bonuses that were won.

    Who won is seen by everybody; amount, status and reason by those who share in it and by the manager of the team;
    the shares of others by the manager alone. A page may have fewer rows than its limit, and another follow.
    """
    after = place_of(call.query.cursor, (int,), call.filters)
    asked: Any = {"period": call.query.period, "status": call.query.status, "after": after, "limit": call.query.limit}
    return _page(call, Bonuses, listing.list_bonuses, call.scope(), call.bearer.member_id, **asked)


@operation("GET", "/periods", tag="results", query=PageQuery, answer=Periods)
def periods(call: Call) -> Answer:
    """List the months and quarters that have standings, and whether each is closed: then it never changes."""
    after = place_of(call.query.cursor, (str,), call.filters)
    return _page(call, Periods, listing.list_periods, now=call.now, after=after, limit=call.query.limit)


def _page(call: Call, model: Any, read: Any, *values: Any, **asked: Any) -> Answer:
    """Return a page of a list; what it is asked for and is not there is told so."""
    try:
        items, following = read(call.session, *values, **asked)
    except Refused as error:
        raise Problem("not-found" if call.bearer.rules_version else "refused", str(error)) from None
    return model(items=items, next=address_of_next(following, call.filters, call.query.limit))
