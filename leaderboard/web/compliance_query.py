"""What pages of compliance are asked for, and whether the reader may see it: read at the head of every view."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import abort, current_app, g, request

from leaderboard.domain.agreement import SIDES
from leaderboard.domain.errors import PeriodRefused
from leaderboard.domain.periods import Period, parse_period
from leaderboard.domain.rules import Team
from leaderboard.services.boards import today
from leaderboard.services.figures import Asked, Promises
from leaderboard.services.rules import RuleBook, rule_book
from leaderboard.storage.database import db
from leaderboard.web.clock import utc_now
from leaderboard.web.paging import is_id
from leaderboard.web.rights import scope

Thing = TypeVar("Thing")
ASKED = ("period", "side", "team", "sla")


def book() -> RuleBook:
    """Return the rules in force."""
    return rule_book(db.session().connection(), g.rules_version)


def asked_or_404(**changes: Any) -> Asked:
    """Return what the address asks for; 400 for nonsense, 404 for a team or SLA that there is not for the reader.

    changes: period or sla where something else than their parameter says them.
    """
    args = request.args
    if any(len(args.getlist(name)) > 1 for name in ASKED):
        abort(400)
    side, sla = args.get("side") or None, changes.get("sla", args.get("sla") or None)
    if side not in (None, *SIDES):
        abort(400)
    if sla is not None and sla not in Promises(book().rules).keys:
        abort(404)
    period = changes.get("period") or period_or_400(args.get("period"))
    return Asked(period, side, team_or_404(args.get("team")), sla)


def period_or_400(text: str | None) -> Period:
    """Return the period that a text names, the present month for none."""
    try:
        return parse_period(text) if text else book().rules.months.month_of(utc_now())
    except PeriodRefused:
        abort(400)


def team_or_404(text: str | None) -> int | None:
    """Return the id of a team that the reader answers for, None for none."""
    if not text:
        return None
    if not is_id(text) or int(text) not in book().rules.teams or not scope().sees_team(int(text)):
        abort(404)
    return int(text)


def member_or_404(text: str | None) -> int | None:
    """Return the id of a member who was ever in a team that the reader answers for, None for none.

    What of theirs the reader sees is decided by the teams that were credited.
    """
    if not text:
        return None
    if not is_id(text) or int(text) not in book().members:
        abort(404)
    theirs = book().rules.membership.by_member.get(int(text), ())
    if not scope().is_all and not any(scope().sees_team(each.team_id) for each in theirs):
        abort(404)
    return int(text)


def parameters(asked: Asked, **changes: Any) -> dict[str, Any]:
    """Return what an address says to ask for the same, with some of it changed."""
    found = {"period": str(asked.period), "side": asked.side, "team": asked.team_id, "sla": asked.sla, **changes}
    return {name: value for name, value in found.items() if value is not None}


def teams_to_choose() -> list[Team]:
    """Return the teams that the reader answers for, by name."""
    teams = book().rules.teams
    return sorted((teams[team_id] for team_id in scope().within(teams)), key=lambda team: team.name.casefold())


def shared_parts(asked: Asked) -> dict[str, Any]:
    """Return what the templates of all pages of compliance have: what is asked for, and what can be chosen."""
    promises, month = Promises(book().rules), str(asked.period.months[-1])
    return {
        "asked": asked,
        "teams": teams_to_choose(),
        "slas": [(key, promises.title(key, month)) for key in promises.keys],
    }


def kept(kind: str, asked: Asked, make: Callable[[], Thing]) -> Thing:
    """Return what is read for a page, read now only if something was scored since, the day is another, or who asks.

    It depends on the hour as little as that: which month is the present one, and which are over.
    """
    day = today(db.session(), now=utc_now(), rules_version=g.rules_version)
    key = kind, asked, scope(), g.scores_version, g.rules_version, day
    return current_app.extensions["kept_compliance"].get(key, make)
