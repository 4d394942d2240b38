"""Questions about points, for the managers who answer them: with points given by hand, or with a reason (P7, P8)."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from leaderboard.domain.errors import AdjustmentRefused, PeriodRefused, QuestionRefused, Refused
from leaderboard.services import questions
from leaderboard.services.adjusting import LONGEST_REASON, MOST_POINTS, SHORTEST_REASON, open_months
from leaderboard.services.questions import Question
from leaderboard.storage.database import db
from leaderboard.web.award_words import text_fault, unfit_text
from leaderboard.web.clock import utc_now
from leaderboard.web.fragments import wants_fragment
from leaderboard.web.organisation import organisation_required
from leaderboard.web.paging import LONGEST_ID, older_than
from leaderboard.web.rights import actor, manager_required, scope
from leaderboard.web.wording import moment, number

bp = Blueprint("questions", __name__, url_prefix="/manage/questions")
STATES = ("open", "answered")
FIELDS = ("answer", "points", "month")


@bp.get("")
@manager_required
@organisation_required
def index() -> str:
    """The questions that wait, the oldest first, or those that were answered: the page, or for htmx its list alone."""
    return _page()


@bp.post("/<int:question_id>/answer")
@manager_required
@organisation_required
def answer(question_id: int) -> ResponseReturnValue:
    """Answer a question with a reason, or with points given by hand where the form names some."""
    found = _question_or_404(question_id)
    filled = {name: request.form.get(name, "").strip() for name in FIELDS}
    try:
        done = _answered(found, filled)
    except (QuestionRefused, AdjustmentRefused, Refused) as error:
        is_gone = isinstance(error, QuestionRefused)
        return _refused(found, filled, _fault(error, filled)), 409 if is_gone else 422
    if wants_fragment():
        return _one(done)
    flash(_("The question is answered."), "done")
    return redirect(url_for("questions.index"), 303)


def _answered(found: Question, filled: dict[str, str]) -> Question:
    given: dict[str, Any] = {"by": actor(), "now": utc_now()}
    if not filled["points"]:
        return questions.explain_it(db.session(), found.id, filled["answer"], **given)
    points = filled["points"]
    is_number = points.isascii() and points.isdecimal() and len(points) <= len(str(MOST_POINTS))
    return questions.adjust_for_it(
        db.session(),
        found.id,
        int(points) if is_number else 0,
        filled["answer"],
        filled["month"],
        within=scope(),
        **given,
    )


def _question_or_404(question_id: int) -> Question:
    """Return a question of somebody whose team the reader answers for."""
    found = questions.find_question(db.session(), question_id) if question_id < 10**LONGEST_ID else None
    return abort(404) if found is None or not scope().sees_team(found.team_id) else found


def _fault(error: Refused, filled: dict[str, str]) -> str:
    """Return in the reader's language what is wrong."""
    if isinstance(error, QuestionRefused):
        says = {"self": _("Nobody answers their own question: another manager has to.")}
        if error.because == "answered" and error.at is not None:
            return _("It was answered already: on %(when)s by %(who)s.", when=moment(error.at), who=error.by)
        return says.get(error.because, _("There is no such question any more."))
    if isinstance(error, AdjustmentRefused):
        return _adjustment_fault(error.problem)
    if isinstance(error, PeriodRefused):
        return _("Choose a month.")
    return text_fault(filled["answer"], questions.LONGEST_TEXT) or unfit_text()


def _adjustment_fault(problem: str) -> str:
    says = {
        "points": _("Give a whole number from 1 to %(most)s.", most=number(MOST_POINTS)),
        "self": _("Nobody adjusts their own points. Ask another manager."),
        "inactive": _("They belong to no team in this month. Choose one in which they do."),
        "closed": _("This month is closed and never changes."),
        "reason": _(
            "With points, the answer is their reason: write %(least)s to %(most)s characters, on one line.",
            least=number(SHORTEST_REASON),
            most=number(LONGEST_REASON),
        ),
        "twice": _("The same was given for the same reason already. If you mean more, say so in the reason."),
    }
    return says.get(problem, _("Points cannot be given in this month. Choose another."))


def _refused(found: Question, filled: dict[str, str], fault: str) -> str:
    """Return why a question is not answered, with what is so by now."""
    if wants_fragment():
        return _one(_question_or_404(found.id), filled, fault)
    return _page(found.id, filled, fault)


def _one(question: Question, filled: dict[str, str] | None = None, fault: str | None = None) -> str:
    return render_template("questions/_question.html", question=question, **_form(question.id, filled, fault))


def _page(wrong_id: int | None = None, filled: dict[str, str] | None = None, fault: str | None = None) -> str:
    state = request.args.get("state", "open")
    if state not in STATES:
        abort(400)
    session = db.session()
    found, older = questions.list_questions(session, scope(), is_open=state == "open", before=older_than())
    return render_template(
        "questions/_list.html" if wants_fragment() else "questions/index.html",
        questions=found,
        state=state,
        waiting=questions.count_open(session, scope()),
        older=older and url_for("questions.index", state=state, before=older),
        is_away=all(each.id != wrong_id or each.member_id == current_user.member_id for each in found),
        **_form(wrong_id, filled, fault),
    )


def _form(wrong_id: int | None, filled: dict[str, str] | None, fault: str | None) -> dict[str, Any]:
    """Return what the forms need: wrong_id says in whose the reader is told what is wrong."""
    return {
        "wrong_id": wrong_id,
        "filled": filled or dict.fromkeys(FIELDS, ""),
        "fault": fault,
        "months": open_months(db.session(), now=utc_now()),
        "own_member_id": current_user.member_id,
        "longest_answer": questions.LONGEST_TEXT,
    }
