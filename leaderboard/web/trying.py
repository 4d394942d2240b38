"""What if: a draft tried out over closed quarters, with progress shown while it is worked out."""

import json
import logging
from collections.abc import Iterator, Sequence
from typing import Any

from flask import Blueprint, Response, render_template, request, stream_with_context
from flask_babel import gettext as _

from leaderboard.domain.agreement import Agreement
from leaderboard.domain.errors import AgreementRefused
from leaderboard.domain.periods import Quarter
from leaderboard.services.drafting import Draft
from leaderboard.services.scopes import Scope
from leaderboard.services.trial_processes import TrialFailed
from leaderboard.services.trial_results import Compared, Trial
from leaderboard.services.trying import MOST_QUARTERS, TrialRefused, closed_quarters, trial_steps, try_out
from leaderboard.storage.database import db
from leaderboard.web.draft_pages import draft_or_404
from leaderboard.web.organisation import organisation_required
from leaderboard.web.rights import manager_required, scope
from leaderboard.web.wording import period_name

MOST_PEOPLE = 200
STEPS = 100
logger = logging.getLogger(__name__)
bp = Blueprint("trying", __name__, url_prefix="/manage/agreements/drafts")


@bp.get("/<int:draft_id>/try")
@manager_required
@organisation_required
def show(draft_id: int) -> str:
    """The page that asks how far back; with an answer in its address also what it came to, which takes a while."""
    draft = draft_or_404(draft_id)
    quarters = closed_quarters(db.session())[:MOST_QUARTERS]
    count = _count(quarters)
    asked = "quarters" in request.args and bool(quarters)
    return render_template(
        "trying/show.html",
        draft=draft,
        quarters=quarters,
        count=count,
        result=_result(draft, quarters[:count], scope()) if asked else "",
    )


@bp.get("/<int:draft_id>/try/steps")
@manager_required
@organisation_required
def steps(draft_id: int) -> Response:
    """The same as lines of JSON: how far it is, again and again, and at last the fragment of what it came to.

    It is worked out as it is sent: whoever goes away ends it.
    """
    draft, seen = draft_or_404(draft_id), scope()
    quarters = closed_quarters(db.session())[:MOST_QUARTERS]
    lines = _lines(draft, quarters[: _count(quarters)], seen)
    response = Response(stream_with_context(lines), mimetype="application/x-ndjson")
    response.headers["X-Accel-Buffering"] = "no"  # nginx would collect lines before it passes them on
    return response


def _count(quarters: Sequence[Quarter]) -> int:
    """Return how many of the last quarters are asked for: one unless the address says otherwise."""
    text = request.args.get("quarters", "")
    return min(max(int(text), 1), len(quarters)) if text.isdecimal() and len(text) < 3 and quarters else 1


def _lines(draft: Draft, quarters: Sequence[Quarter], seen: Scope) -> Iterator[str]:
    told = -1
    try:
        for step in trial_steps(db.session(), _agreement(draft), quarters):
            if isinstance(step, Trial):
                yield _line(html=_shown(step, seen))
                continue
            place = quarters.index(step.quarter)
            share = (place + step.done / step.total) / len(quarters)
            if int(share * STEPS) > told:
                told = int(share * STEPS)
                yield _line(share=round(share, 3), text=period_name(step.quarter.key))
    except (TrialRefused, TrialFailed) as error:
        yield _line(html=_refused(error))


def _line(**values: Any) -> str:
    return json.dumps(values, ensure_ascii=False) + "\n"


def _result(draft: Draft, quarters: Sequence[Quarter], seen: Scope) -> str:
    """Return the fragment of what a draft comes to."""
    try:
        return _shown(try_out(db.session(), _agreement(draft), quarters), seen)
    except (TrialRefused, TrialFailed) as error:
        return _refused(error)


def _agreement(draft: Draft) -> Agreement:
    try:
        return draft.agreement()
    except AgreementRefused as error:
        raise TrialRefused("draft", str(error)) from error


def _shown(trial: Trial, seen: Scope) -> str:
    return render_template("trying/_result.html", trial=trial, error=None, people_of=lambda each: _people(each, seen))


def _people(quarter: Any, seen: Scope) -> tuple[list[Compared], int]:
    """Return those people of a quarter whom the reader sees, at most MOST_PEOPLE, and how many there are of them.

    A manager sees what the members of their own teams came to; what teams did stands on the board for everybody.
    """
    theirs = [each for each in quarter.members if seen.sees_team(each.team_id)]
    return theirs[:MOST_PEOPLE], len(theirs)


def _refused(error: Exception) -> str:
    if isinstance(error, TrialFailed):
        logger.error("trying a draft out failed: %s", error)
        words = _("It could not be worked out: try again. If it happens again, tell an administrator.")
    else:
        says = {
            "busy": _("Another draft is being tried out at this moment: try again in some seconds."),
            "open": _("No quarter is closed yet: a draft is tried out on quarters that are over and closed."),
        }
        words = says.get(getattr(error, "problem", ""), _("This draft cannot be read any more: mend it first."))
    return render_template("trying/_result.html", trial=None, error=words, people_of=None)
