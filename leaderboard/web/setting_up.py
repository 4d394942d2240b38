"""What a new installation needs, in order, for whoever sets it up."""

from typing import Any, NamedTuple

from flask import Blueprint, g, url_for
from flask_babel import gettext as _
from flask_login import current_user

from leaderboard.services.import_lists import list_imports
from leaderboard.services.rules import rule_book
from leaderboard.storage.database import db
from leaderboard.web.organisation import organisation

bp = Blueprint("setting_up", __name__)


class Step(NamedTuple):
    """One step. address: where it is done; empty where that is not in the browser, or before the step can be taken."""

    name: Any
    purpose: Any
    address: str
    is_done: bool


@bp.app_template_global("setup_steps")
def steps() -> list[Step]:
    """Return what is to be done before anybody can earn points; nothing once it is, nor for who is no administrator."""
    if not current_user.is_authenticated or not current_user.is_admin:
        return []
    ours = organisation()
    rules = rule_book(db.session().connection(), g.rules_version).rules if ours else None
    done = [rules is not None, bool(rules and rules.membership.by_member), bool(rules and rules.versions)]
    if all(done):
        return []
    return [
        Step(
            _("Organisation"),
            _("Its name, time zone, currency, and working hours."),
            url_for("settings.index"),
            done[0],
        ),
        Step(_("People"), _("The teams of both sides, and who belongs to them."), _once(ours, "people.index"), done[1]),
        Step(
            _("History"),
            _("What happened so far, as exports of the CRM: months that are over are closed once something is agreed."),
            _once(ours, "uploads.index"),
            bool(ours and list_imports(db.session(), a_page=1)[0]),
        ),
        Step(
            _("Agreement"),
            _("Start from a ready-made one, let both sides sign it, or load a file."),
            _once(ours, "agreements.index"),
            done[2],
        ),
        Step(
            _("Accounts"),
            _("For everybody who is to see their own page, under the e-mail that they have as a person."),
            url_for("users.index"),
            False,
        ),
        Step(
            _("Connections"),
            _("Webhooks from your CRM, programs of yours, or a file now and then, so that the board follows."),
            _once(ours, "hook_settings.index"),
            False,
        ),
    ]


def _once(ours: Any, endpoint: str) -> str:
    return url_for(endpoint) if ours else ""
