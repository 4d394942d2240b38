"""Why: the explanation of a result and of a row of the ledger, and the questions of whose they are (P8)."""

from typing import Any, NamedTuple

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from leaderboard.domain.errors import QuestionRefused, Refused
from leaderboard.domain.periods import month_of_key
from leaderboard.services import questions
from leaderboard.services.explaining import explain
from leaderboard.services.results import Entry, Result, evidence_of, find_adjustment_of, find_entry, find_result
from leaderboard.services.rules import rule_book
from leaderboard.storage.database import db
from leaderboard.web import result_words
from leaderboard.web.award_words import text_fault, unfit_text
from leaderboard.web.clock import utc_now
from leaderboard.web.organisation import organisation_required
from leaderboard.web.paging import LONGEST_ID, page_number
from leaderboard.web.rights import actor, scope, sees_member
from leaderboard.web.timeline_drawing import drawing_of

bp = Blueprint("points", __name__)
result_words.init_blueprint(bp)


class Seen(NamedTuple):
    """A result or a row of the ledger as the reader may see it.

    is_own: theirs, so that they may ask. is_whole: also the leads behind it, which of a team's month only managers see.
    """

    about: Result | Entry
    is_own: bool
    is_whole: bool


@bp.get("/results/<int:attainment_id>")
@organisation_required
def result(attainment_id: int) -> str:
    """Explain a result, also one that was missed or is still open."""
    return _page(_result_or_404(attainment_id))


@bp.get("/points/<int:entry_id>")
@organisation_required
def entry(entry_id: int) -> str:
    """Explain a row of the ledger by what it was posted for."""
    return _page(_entry_or_404(entry_id))


@bp.post("/results/<int:attainment_id>/question")
@organisation_required
def ask_about_result(attainment_id: int) -> ResponseReturnValue:
    """Ask about a result of one's own."""
    return _ask(_result_or_404(attainment_id))


@bp.post("/points/<int:entry_id>/question")
@organisation_required
def ask_about_entry(entry_id: int) -> ResponseReturnValue:
    """Ask about a row of the ledger of one's own."""
    return _ask(_entry_or_404(entry_id))


def _result_or_404(attainment_id: int) -> Seen:
    found = find_result(db.session(), attainment_id) if attainment_id < 10**LONGEST_ID else None
    seen = None if found is None else _seen_result(found)
    return abort(404) if seen is None else seen


def _entry_or_404(entry_id: int) -> Seen:
    found = find_entry(db.session(), entry_id) if entry_id < 10**LONGEST_ID else None
    if found is None:
        abort(404)
    is_own = found.member_id is not None and found.member_id == current_user.member_id
    if is_own or scope().sees_team(found.team_id) or _sees_month_of(found.member_id, found.month):
        return Seen(found, is_own, is_whole=True)
    of_team = None if found.attainment_id is None else find_result(db.session(), found.attainment_id)
    seen = None if of_team is None or of_team.scope != "team" else _seen_result(of_team)
    return abort(404) if seen is None else seen._replace(about=found)


def _seen_result(found: Result) -> Seen | None:
    """Return how the reader may see a result: their own, one of a team they answer for, or their team's month."""
    is_own = found.scope == "member" and found.participant_id == current_user.member_id
    member_id = found.participant_id if found.scope == "member" else None
    if is_own or scope().sees_team(found.team_id) or _sees_month_of(member_id, found.month):
        return Seen(found, is_own, is_whole=True)
    if found.scope == "team" and found.is_monthly and current_user.member_id is not None:
        membership = rule_book(db.session().connection(), g.rules_version).rules.membership
        theirs = membership.memberships_in(current_user.member_id, month_of_key(found.subject))
        if any(each.team_id == found.participant_id for each in theirs):
            return Seen(found, is_own=False, is_whole=False)
    return None


def _sees_month_of(member_id: int | None, month: str | None) -> bool:
    """Tell whether the reader sees all of a member in a month, also what another team was credited with."""
    return member_id is not None and month is not None and sees_member(member_id, month_of_key(month))


def _ask(seen: Seen) -> ResponseReturnValue:
    text = request.form.get("question", "")
    if not seen.is_own:
        abort(403)
    if fault := text_fault(text, questions.LONGEST_TEXT):
        return _page(seen, question=text, fault=fault), 422
    try:
        questions.ask(db.session(), seen.about, text, by=actor(), now=utc_now())
    except QuestionRefused:
        waits = _("A question about this waits for its answer. Ask the next one after that.")
        return _page(seen, question=text, fault=waits), 409
    except Refused:
        return _page(seen, question=text, fault=unfit_text()), 422
    flash(_("Your question is sent. The answer will stand here."), "done")
    return redirect(f"{_address(seen.about)}#questions", 303)


def _address(about: Result | Entry) -> str:
    if isinstance(about, Entry):
        return url_for("points.entry", entry_id=about.id)
    return url_for("points.result", attainment_id=about.id)


def _page(seen: Seen, question: str = "", fault: str | None = None) -> str:
    session, about = db.session(), seen.about
    told: dict[str, Any] = {
        "seen": seen,
        "address": _address(about),
        "entry": about if isinstance(about, Entry) else None,
        "asked": questions.questions_about(session, about) if seen.is_whole else [],
        "question": question,
        "fault": fault,
        "longest_question": questions.LONGEST_TEXT,
    }
    found = about if isinstance(about, Result) else None
    if isinstance(about, Entry) and about.attainment_id is not None:
        found = find_result(session, about.attainment_id)
    if found is None:
        assert isinstance(about, Entry)
        return render_template("points/by_hand.html", adjustment=find_adjustment_of(session, about), **told)
    return _explained(found, seen, told)


def _explained(found: Result, seen: Seen, told: dict[str, Any]) -> str:
    session = db.session()
    explanation = explain(session, found, now=utc_now())
    page = page_number()
    return render_template(
        "points/show.html",
        why=explanation,
        result=found,
        drawing=None if explanation.timeline is None else drawing_of(explanation.timeline),
        evidence=evidence_of(session, found, page) if found.is_monthly and seen.is_whole else None,
        page=page,
        **told,
    )
