"""Jobs for managers: what ran, when, how long it took, what failed and why, what comes next.

Administrators run one now: it works for everybody.
"""

import logging
from datetime import timedelta
from fractions import Fraction
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import pgettext

from leaderboard.domain.instants import MICROSECOND
from leaderboard.services.job_states import job_overview
from leaderboard.services.jobs import (
    ANNOUNCEMENTS,
    CLEAN_UP,
    CLOSE,
    HOOKS,
    IMPORTS,
    JOBS,
    MAIL,
    READINESS,
    REMINDERS,
    SCORE,
    JobReport,
    run_job,
)
from leaderboard.storage.database import db
from leaderboard.web.clock import utc_now
from leaderboard.web.fragments import wants_fragment
from leaderboard.web.means import means
from leaderboard.web.rights import actor, admin_required, manager_required
from leaderboard.web.sessions import limits
from leaderboard.web.wording import number

bp = Blueprint("jobs", __name__, url_prefix="/manage/jobs")
logger = logging.getLogger(__name__)


@bp.app_template_filter("seconds")
def seconds(took: timedelta) -> str:
    """Return how long something took, in seconds."""
    return _("%(number)s s", number=number(Fraction(took // MICROSECOND, 1_000_000)))


@bp.get("")
@manager_required
def index() -> str:
    """Where the jobs stand: the page, or for htmx what changes on it."""
    return _page("jobs/_overview.html" if wants_fragment() else "jobs/index.html")


@bp.post("/<name>/run")
@admin_required
def run(name: str) -> ResponseReturnValue:
    """Run a job now, whether or not a scheduler is alive."""
    if name not in JOBS:
        abort(404)
    report = run_job(db.session(), name, now=utc_now(), by=actor(), limits=limits(), means=means())
    if report.failure is not None:
        logger.error("%s failed: %s", name, report.failure, exc_info=report.fault)
    category, message = _told(report)
    if wants_fragment():
        return _page("jobs/_overview.html", ran=(name, category, message))
    flash(message, category)
    return redirect(url_for("jobs.index"), 303)


def _page(template: str, ran: tuple[str, str, str] | None = None) -> str:
    now = utc_now()
    return render_template(template, overview=job_overview(db.session(), now=now), now=now, words=_words(), ran=ran)


def _told(report: JobReport) -> tuple[str, str]:
    """Return the kind of message and the message about a job that was run by hand."""
    if report.failure is not None:
        return "wrong", _("That failed, and what it had begun is undone: %(why)s", why=report.failure)
    return "done", (_("Done: %(what)s.", what=report.told) if report.done else _("There was nothing to do."))


def _words() -> dict[str, tuple[Any, Any]]:
    """Return the name of each job, and what it does."""
    return {
        SCORE: (_("Scoring"), _("Decides what has fallen due, and awards badges.")),
        CLOSE: (_("Closing"), _("Closes each month and quarter once its grace time has passed.")),
        CLEAN_UP: (_("Clean-up"), _("Takes away sessions, sign-in attempts and pairings that are over, and old runs.")),
        HOOKS: (_("Webhooks in"), _("Takes what CRMs have sent and what waited for a name.")),
        READINESS: (_("Readiness"), _("Looks whether the data is sound enough to score by.")),
        ANNOUNCEMENTS: (_("Webhooks out"), _("Sends what was announced, and again what did not arrive.")),
        IMPORTS: (_("Imports"), _("Imports the files that were handed in by the browser.")),
        REMINDERS: (_("Reminders"), _("Reminds of what is about to fall due, and makes the digests.")),
        MAIL: (pgettext("job", "E-mail"), _("Sends the e-mails that wait.")),
    }
