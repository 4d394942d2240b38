"""What falls due today and what is overdue now, for managers."""

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from flask import Blueprint, abort, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import pgettext

from leaderboard.domain.instants import from_micros, to_micros
from leaderboard.services import due_lists
from leaderboard.services.due_lists import At, DueAsked, Item, Load
from leaderboard.storage.database import db
from leaderboard.web.clock import utc_now
from leaderboard.web.compliance_query import book, member_or_404, team_or_404, teams_to_choose
from leaderboard.web.downloads import download
from leaderboard.web.fragments import wants_fragment
from leaderboard.web.measure_words import is_working, time_words
from leaderboard.web.organisation import organisation_required
from leaderboard.web.rights import manager_required, scope
from leaderboard.web.wording import number

bp = Blueprint("due", __name__, url_prefix="/manage/due")
DAYS = {"1": 1, "7": 7}
AT = re.compile(r"([0-9]{1,16})\.([0-9]{1,18})")
MOST_ROWS = 5_000
READ: dict[str, Callable[..., tuple[tuple[Item, ...], At | None]]] = {
    "waiting": due_lists.read_waiting,
    "overdue": due_lists.read_overdue,
}


@bp.get("")
@manager_required
@organisation_required
def index() -> str:
    """Who has what to do, and the first of it: the page, or for htmx its lists alone."""
    asked = _asked_or_404()
    page = due_lists.read_due(db.session(), asked, scope(), now=utc_now())
    return render_template("due/_lists.html" if wants_fragment() else "due/index.html", page=page, **_parts(asked))


@bp.get("/<any(waiting, overdue):name>")
@manager_required
@organisation_required
def more(name: str) -> str:
    """All of one list, a page at a time."""
    asked = _asked_or_404()
    items, following = READ[name](db.session(), asked, scope(), _at(), now=utc_now())
    return render_template(
        "due/_more.html" if wants_fragment() else "due/more.html",
        name=name,
        items=items,
        following=following and _address("due.more", asked, name=name, at=_written(following)),
        **_parts(asked),
    )


@bp.get("/<any(waiting, overdue):name>.<any(csv, xlsx):kind>")
@manager_required
@organisation_required
def file(name: str, kind: str) -> ResponseReturnValue:
    """One of the lists as a file, MOST_ROWS at most."""
    items, _following = READ[name](db.session(), _asked_or_404(), scope(), None, now=utc_now(), page_size=MOST_ROWS)
    time = _("Seconds left") if name == "waiting" else _("Seconds late")
    columns = [_("Subject"), _("Who"), _("Team"), _("SLA"), _("Began"), _("Due"), time, _("Worth in points")]
    return download(
        pgettext("list", "Due") if name == "waiting" else _("Overdue"), name, columns, map(_cells, items), kind
    )


@bp.get("/<any(teams, people):name>-load.<any(csv, xlsx):kind>")
@manager_required
@organisation_required
def load_file(name: str, kind: str) -> ResponseReturnValue:
    """How much waits for each team or person, as a file."""
    page = due_lists.read_due(db.session(), _asked_or_404(), scope(), now=utc_now(), most_people=None)
    loads = page.teams if name == "teams" else page.people
    rows = ([each.name, each.team, each.due, capped(each)] for each in loads)
    columns = [_("Name"), _("Team"), pgettext("list", "Due"), _("Overdue")]
    return download(_("By team") if name == "teams" else _("By person"), f"due-by-{name}", columns, rows, kind)


def _cells(item: Item) -> Sequence[Any]:
    lead = item.lead
    seconds = int(item.time.total_seconds())
    return (lead.subject, lead.name, lead.team, lead.sla.title, lead.started_at, lead.due_at, seconds, item.worth)


def capped(load: Load) -> str:
    """Return how much is overdue, and where it was not counted to the end that it is more."""
    return _("%(count)s+", count=number(load.most)) if load.overdue > load.most else number(load.overdue)


def _parts(asked: DueAsked) -> dict[str, Any]:
    """Return what the templates of all pages of what is due have."""
    return {
        "asked": asked,
        "now": utc_now(),
        "member": asked.member_id and book().members[asked.member_id][1],
        "teams": teams_to_choose(),
        "capped": capped,
        "address": lambda endpoint="due.index", **changes: _address(endpoint, asked, **changes),
        "time_of": lambda item: time_words(item.time, is_working=is_working(item.lead.sla)),
    }


def _asked_or_404() -> DueAsked:
    """Return what the address asks for, of teams and people whom the reader answers for."""
    days = request.args.get("days") or "1"
    if days not in DAYS:
        abort(400)
    return DueAsked(DAYS[days], team_or_404(request.args.get("team")), member_or_404(request.args.get("member")))


def _address(endpoint: str, asked: DueAsked, **changes: Any) -> str:
    about = {"days": asked.days if asked.days > 1 else None, "team": asked.team_id, "member": asked.member_id}
    return url_for(endpoint, **{**about, **changes})


def _at() -> At | None:
    """Return where the page begins, as the address of the page before it says."""
    text = request.args.get("at")
    if not text:
        return None
    match = AT.fullmatch(text)
    return (from_micros(int(match[1])), int(match[2])) if match else abort(400)


def _written(at: tuple[datetime, int]) -> str:
    return f"{to_micros(at[0])}.{at[1]}"
