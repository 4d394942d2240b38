"""From draft to agreement: proposing, taking back, and signing for a side."""

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from leaderboard.domain.errors import AgreementRefused, DraftRefused
from leaderboard.services import signing
from leaderboard.storage.database import db
from leaderboard.web.agreement_words import long_day
from leaderboard.web.clock import utc_now
from leaderboard.web.draft_pages import document_page, draft_or_404, draft_page
from leaderboard.web.draft_words import faults_of, refusal_words
from leaderboard.web.organisation import organisation_required
from leaderboard.web.paging import is_id
from leaderboard.web.rights import actor, manager_required

bp = Blueprint("proposals", __name__, url_prefix="/manage/agreements/drafts/<int:draft_id>")


@bp.post("/propose")
@manager_required
@organisation_required
def propose(draft_id: int) -> ResponseReturnValue:
    """Let a draft wait for its signatures."""
    draft, revision = draft_or_404(draft_id), request.form.get("revision", "")
    if not is_id(revision):
        abort(400)
    try:
        signing.propose(db.session(), draft_id, int(revision), by=actor(), now=utc_now())
    except AgreementRefused as error:
        return draft_page(draft, _told(error)), 422
    except DraftRefused as error:
        return draft_page(draft_or_404(draft_id), refusal_words(error)), 409
    flash(_("The draft is proposed: it waits for a signature of each side, and does not change any more."), "done")
    return redirect(url_for("drafts.show", draft_id=draft_id), 303)


@bp.post("/take-back")
@manager_required
@organisation_required
def take_back(draft_id: int) -> ResponseReturnValue:
    """Make a proposal a draft again."""
    draft_or_404(draft_id)
    try:
        signing.take_back(db.session(), draft_id, by=actor(), now=utc_now())
    except DraftRefused as error:
        return draft_page(draft_or_404(draft_id), refusal_words(error)), 409
    flash(_("The proposal is a draft again: change it, then propose it anew."), "done")
    return redirect(url_for("drafts.show", draft_id=draft_id), 303)


@bp.post("/sign")
@manager_required
@organisation_required
def sign(draft_id: int) -> ResponseReturnValue:
    """Sign a proposal for a side; with the second signature it is agreed."""
    draft, side, digest = draft_or_404(draft_id), request.form.get("side", ""), request.form.get("digest", "")
    try:
        agreed = signing.sign(db.session(), draft_id, side, digest, by=actor(), now=utc_now())
    except AgreementRefused as error:
        return draft_page(draft_or_404(draft_id), _told(error)), 422
    except DraftRefused as error:
        return document_page(draft_or_404(draft_id), refusal_words(error)), 409
    if agreed is None:
        flash(
            _("You have signed %(title)s. It takes effect once the other side has signed too.", title=draft.title),
            "done",
        )
        return redirect(url_for("drafts.show", draft_id=draft_id), 303)
    day = long_day(agreed.effective_from)
    flash(_("Both sides have signed: %(title)s takes effect on %(day)s.", title=draft.title, day=day), "done")
    return redirect(url_for("agreements.index"), 303)


def _told(error: AgreementRefused) -> str:
    return " ".join(faults_of(error.problems, "", -1).others)
