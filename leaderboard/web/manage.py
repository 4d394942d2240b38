"""The managers' home, and the way between their pages."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from flask import Blueprint, render_template, request, url_for
from flask_babel import lazy_gettext as _
from flask_babel import lazy_pgettext
from flask_login import current_user

from leaderboard.services.awards import count_proposed
from leaderboard.services.certificates import newest_certificates
from leaderboard.services.questions import count_open
from leaderboard.services.soundness import count_to_mend
from leaderboard.storage.database import db
from leaderboard.web.rights import manager_required, scope

bp = Blueprint("manage", __name__, url_prefix="/manage")


class Place(NamedTuple):
    """A page for managers: its endpoint, its icon, its name, and in a sentence what one does there.

    is_for_all_teams: only for those who answer for all teams. also: other blueprints whose pages belong to it.
    """

    endpoint: str
    icon: str
    name: Any
    purpose: Any
    is_for_admins: bool = False
    is_for_all_teams: bool = False
    also: tuple[str, ...] = ()

    @property
    def is_here(self) -> bool:
        """Whether the page that is shown belongs to it: by its blueprint or, below it, by its address."""
        is_own = request.blueprint in (self.endpoint.split(".")[0], *self.also)
        return is_own or request.path.startswith(f"{url_for(self.endpoint)}/")


class Group(NamedTuple):
    """Places that belong together, under a heading."""

    name: Any
    places: Sequence[Place]


GROUPS = (
    Group(
        _("Results"),
        (
            Place(
                "compliance.index",
                "chart",
                _("Compliance"),
                _("How well the promises are kept, and where not; compare months, print the monthly report."),
                also=("comparing", "report"),
            ),
            Place(
                "due.index", "clock", lazy_pgettext("list", "Due"), _("What falls due today, and what is overdue now.")
            ),
            Place("questions.index", "question", _("Questions"), _("Answer those who find a result not right.")),
        ),
    ),
    Group(
        _("Agreement"),
        (
            Place(
                "agreements.index",
                "file",
                _("Agreements"),
                _("Read what was agreed; draft, compare and sign the next."),
            ),
            Place("targets.index", "target", _("Targets"), _("What other targets would have meant, from the history.")),
            Place("readiness.index", "check", _("Readiness"), _("Whether the data is sound enough to score by.")),
        ),
    ),
    Group(
        _("Recognition"),
        (
            Place("bonuses.index", "coins", _("Bonuses"), _("Approve what was won, or decline it.")),
            Place(
                "payroll.index",
                "file",
                _("Payroll"),
                _("Export what is approved, each award once, and mark it as paid."),
                is_for_all_teams=True,
            ),
            Place(
                "adjustments.index", "add", _("Adjustments"), _("Give points by hand, with a reason, in an open month.")
            ),
            Place(
                "corrections.index",
                "back",
                _("Corrections"),
                _("What changed in closed months, and where the points went."),
            ),
        ),
    ),
    Group(
        _("People"),
        (
            Place("people.index", "people", _("People"), _("Teams, their members, and who belonged where when.")),
            Place(
                "users.index",
                "key",
                _("Accounts"),
                _("Who signs in, with which role, and which teams they answer for."),
                is_for_admins=True,
            ),
            Place(
                "settings.index",
                "calendar",
                _("Organisation"),
                _("Time zone, working hours and holidays, for all and for each team."),
                is_for_admins=True,
            ),
        ),
    ),
    Group(
        _("Connections"),
        (
            Place(
                "uploads.index",
                "import",
                _("Imports"),
                _("Hand in files of your CRM, see what came of them, and undo them."),
                is_for_admins=True,
                also=("upload_mappings",),
            ),
            Place(
                "hook_settings.index",
                "inward",
                _("Webhooks in"),
                _("Let your CRM tell at once what happens in it."),
                is_for_admins=True,
                also=("hook_mappings", "unknown_names"),
            ),
            Place(
                "hook_targets.index",
                "outward",
                _("Webhooks out"),
                _("Tell Slack, Microsoft Teams or a program of yours what happens here."),
                is_for_admins=True,
            ),
            Place(
                "tokens.index",
                "key",
                _("API"),
                _("Let your own programs send events and read results; see whose tokens they use."),
                is_for_admins=True,
            ),
        ),
    ),
    Group(
        _("Running"),
        (
            Place(
                "displays.index",
                "screen",
                _("Displays"),
                _("Pair the screens on the walls, and choose what they show."),
            ),
            Place("jobs.index", "clock", _("Jobs"), _("What ran by itself, what failed and why, and what comes next.")),
            Place(
                "audit.index",
                "list",
                _("Audit trail"),
                _("Who did what and when, from which value to which."),
                is_for_admins=True,
            ),
        ),
    ),
)


@bp.app_template_global("manage_groups")
def groups() -> list[Group]:
    """Return the pages for managers that the reader may see, by group."""
    found = [Group(group.name, tuple(place for place in group.places if _is_open(place))) for group in GROUPS]
    return [group for group in found if group.places]


def _is_open(place: Place) -> bool:
    if place.is_for_all_teams and not current_user.sees_all_teams:
        return False
    return current_user.is_admin or not place.is_for_admins


@bp.get("/")
@manager_required
def index() -> str:
    """The managers' home: their pages, what waits there, and the winners named last."""
    session = db.session()
    proposed = count_proposed(session, within=scope())
    return render_template(
        "manage/index.html",
        winners=newest_certificates(session),
        proposed=proposed,
        asked=count_open(session, scope()),
        unsound=count_to_mend(session),
    )
