"""Two periods side by side, for managers."""

from typing import Any

from flask import Blueprint, abort, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from leaderboard.domain.periods import Period
from leaderboard.services.comparing import Comparison, Pair, compare
from leaderboard.storage.database import db
from leaderboard.web.clock import utc_now
from leaderboard.web.compliance_query import asked_or_404, parameters, period_or_400, shared_parts
from leaderboard.web.downloads import download
from leaderboard.web.fragments import wants_fragment
from leaderboard.web.organisation import organisation_required
from leaderboard.web.rights import manager_required, scope
from leaderboard.web.wording import period_name

bp = Blueprint("comparing", __name__, url_prefix="/manage/compliance/compare")
MOST_PEOPLE = 50  # on the page; the file has all


@bp.get("")
@manager_required
@organisation_required
def index() -> str:
    """Two periods side by side: the page, or for htmx its figures alone."""
    found = _found()
    return render_template(
        "comparing/_figures.html" if wants_fragment() else "comparing/index.html",
        page=found,
        address=_address,
        most_people=MOST_PEOPLE,
        **shared_parts(found.asked),
    )


@bp.get("/<any(slas, teams, people):table>.<any(csv, xlsx):kind>")
@manager_required
@organisation_required
def file(table: str, kind: str) -> ResponseReturnValue:
    """One of the tables as a file."""
    found = _found()
    names = {"slas": _("By SLA"), "teams": _("By team"), "people": _("By person")}
    first, second = (period_name(state.period) for state in (found.first, found.second))
    what_of_each = (_("Kept"), _("Missed"), _("Decided"), _("Points"))
    columns = [
        _("Name"), _("Team"),
        *(f"{name}: {what}" for name in (first, second) for what in what_of_each),
        _("Change in percentage points"),
    ]  # fmt: skip
    rows = [_cells(pair) for pair in getattr(found, table)]
    return download(names[table], f"compare-{table}-{found.first.period}-{found.second.period}", columns, rows, kind)


def _cells(pair: Pair) -> list[object]:
    first, second = pair.first, pair.second
    here = [first.share, first.missed, first.decided, pair.first_points]
    there = [second.share, second.missed, second.decided, pair.second_points]
    return [pair.name, pair.team, *here, *there, pair.change]


def _found() -> Comparison:
    """Return what the address asks for: `first` beside `second`, two months or two quarters."""
    second = period_or_400(request.args.get("second") or request.args.get("period"))
    asked = asked_or_404(period=second)
    first = _first(second)
    return compare(db.session(), asked, first, scope(), now=utc_now())


def _first(second: Period) -> Period:
    """Return the period to compare with: the one before where none is named, or one of another kind."""
    text = request.args.get("first")
    found = period_or_400(text) if text else second.previous
    if len(request.args.getlist("first")) > 1:
        abort(400)
    return found if found.kind == second.kind else second.previous


def _address(found: Comparison, endpoint: str = "comparing.index", **more: Any) -> str:
    about = parameters(found.asked, period=None, first=found.first.period, second=found.second.period, **more)
    return url_for(endpoint, **about)
