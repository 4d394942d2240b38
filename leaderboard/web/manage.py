"""The managers' home, and the way between their pages."""

from typing import Any, NamedTuple

from flask import Blueprint, current_app, render_template, request
from flask_babel import lazy_gettext as _

from leaderboard.services.awards import count_proposed
from leaderboard.services.certificates import newest_certificates
from leaderboard.storage.database import db
from leaderboard.web.rights import manager_required

bp = Blueprint("manage", __name__, url_prefix="/manage")


class Place(NamedTuple):
    """A page for managers: its endpoint, its icon, its name, and in a sentence what one does there."""

    endpoint: str
    icon: str
    name: Any
    purpose: Any

    @property
    def is_here(self) -> bool:
        """Whether the page that is shown belongs to it: one blueprint a place."""
        return request.blueprint == self.endpoint.split(".")[0]


PLACES = (
    Place("bonuses.index", "coins", _("Bonuses"), _("Approve what was won, or decline it.")),
    Place("payroll.index", "file", _("Payroll"), _("Export what is approved, each award once, and mark it as paid.")),
    Place("adjustments.index", "add", _("Adjustments"), _("Give points by hand, with a reason, in an open month.")),
    Place(
        "corrections.index", "back", _("Corrections"), _("What changed in closed months, and where the points went.")
    ),
    Place("displays.index", "screen", _("Displays"), _("Pair the screens on the walls, and choose what they show.")),
    Place("jobs.index", "clock", _("Jobs"), _("What ran by itself, what failed and why, and what comes next.")),
    Place("audit.index", "list", _("Audit trail"), _("Who did what and when, from which value to which.")),
)


@bp.app_template_global("manage_places")
def places() -> list[Place]:
    """Return the pages for managers that there are."""
    return [place for place in PLACES if place.endpoint in current_app.view_functions]


@bp.get("/")
@manager_required
def index() -> str:
    """The managers' home: their pages, what waits there, and the winners named last."""
    session = db.session()
    return render_template("manage/index.html", winners=newest_certificates(session), proposed=count_proposed(session))
