"""What changed in closed months, for managers: who, which promise, from what to what, why, and where it went (P5)."""

from typing import Any

from flask import Blueprint, abort, render_template, request, url_for

from leaderboard.domain.errors import PeriodRefused
from leaderboard.domain.periods import Period, parse_period
from leaderboard.services.corrections import list_corrections
from leaderboard.storage.database import db
from leaderboard.web.fragments import wants_fragment
from leaderboard.web.organisation import organisation_required
from leaderboard.web.paging import older_than
from leaderboard.web.rights import manager_required, scope

bp = Blueprint("corrections", __name__, url_prefix="/manage/corrections")


@bp.get("")
@manager_required
@organisation_required
def index() -> str:
    """The corrections that a period took, or that were made to one: the page, or for htmx its list alone."""
    asked, periods = asked_for()
    page = list_corrections(db.session(), **periods, older_than=older_than(), within=scope())
    return render_template(
        "corrections/_list.html" if wants_fragment() else "corrections/index.html",
        page=page,
        asked=asked,
        older=page.older_than and url_for("corrections.index", **asked, before=page.older_than),
    )


def asked_for() -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what the address asks for, as it stands there and as periods; 400 for what is none."""
    asked: dict[str, Any] = {name: request.args.get(name) or None for name in ("period", "corrects")}
    return asked, {"into": _period(asked["period"]), "corrects": _period(asked["corrects"])}


def _period(text: str | None) -> Period | None:
    try:
        return parse_period(text) if text else None
    except PeriodRefused:
        abort(400)
