"""The award page: managers see what was won and what it rests on, and decide on it, one by one (B1-B5)."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from leaderboard.domain.bonuses import Status
from leaderboard.domain.errors import PeriodRefused, Refused
from leaderboard.domain.periods import parse_period
from leaderboard.services import asking, deciding
from leaderboard.services.awards import Award, AwardQuery, read_award, read_awards
from leaderboard.services.deciding import Outcome
from leaderboard.storage.database import db
from leaderboard.web.award_words import done, programme_name, refusal, text_fault
from leaderboard.web.clock import utc_now
from leaderboard.web.fragments import wants_fragment
from leaderboard.web.redirects import HOME, safe_next
from leaderboard.web.rights import actor, manager_required

bp = Blueprint("bonuses", __name__, url_prefix="/manage/bonuses")
bp.add_app_template_filter(programme_name)
LONGEST_ID = 18  # digits that every database takes
LAST_PAGE = 100_000


@bp.get("")
@manager_required
def index() -> ResponseReturnValue:
    """The awards that the address asks for: the page, or for htmx its list alone."""
    page = read_awards(db.session(), query_of())
    template = "bonuses/_list.html" if wants_fragment() else "bonuses/index.html"
    asked: dict[str, Any] = {"status": page.query.status, "period": page.query.period}
    return render_template(
        template,
        page=page,
        statuses=list(Status),
        address=lambda number: url_for("bonuses.index", **asked, page=number if number > 1 else None),
        back=url_for("bonuses.index", **asked, page=page.query.page if page.query.page > 1 else None),
        **_plain_award(),
    )


@bp.get("/<int:award_id>")
@manager_required
def show(award_id: int) -> ResponseReturnValue:
    """One award by itself, with all that it rests on."""
    return _page(award_or_404(award_id), {})


@bp.post("/<int:award_id>/approve")
@manager_required
def approve(award_id: int) -> ResponseReturnValue:
    award_or_404(award_id)
    outcome = deciding.approve(db.session(), [award_id], by=actor(), now=utc_now())
    return _answer(award_id, Status.APPROVED, outcome)


@bp.post("/<int:award_id>/decline")
@manager_required
def decline(award_id: int) -> ResponseReturnValue:
    award, reason = award_or_404(award_id), request.form.get("reason", "")
    if fault := text_fault(reason, deciding.LONGEST_REASON):
        return _refused(award, 422, reason=reason, reason_fault=fault)
    try:
        outcome = deciding.decline(db.session(), [award_id], reason=reason, by=actor(), now=utc_now())
    except Refused:
        return _refused(award, 422, reason=reason, reason_fault=unfit_text())
    return _answer(award_id, Status.DECLINED, outcome, reason=reason)


@bp.post("/<int:award_id>/pay")
@manager_required
def pay(award_id: int) -> ResponseReturnValue:
    award_or_404(award_id)
    outcome = deciding.mark_paid(db.session(), [award_id], by=actor(), now=utc_now())
    return _answer(award_id, Status.PAID, outcome)


@bp.post("/<int:award_id>/questions/<int:question_id>/answer")
@manager_required
def answer(award_id: int, question_id: int) -> ResponseReturnValue:
    """Answer a question about an award, once."""
    award, text = award_or_404(award_id), request.form.get("answer", "")
    if question_id not in {each.id for each in award.questions}:
        abort(404)
    if fault := text_fault(text, asking.LONGEST_TEXT):
        return _refused(award, 422, answers={question_id: text}, answer_faults={question_id: fault})
    try:
        asking.answer(db.session(), question_id, text, by=actor(), now=utc_now())
    except asking.QuestionRefused:
        error = _("Somebody has answered this question already: the answer stands below.")
        return _refused(award_or_404(award_id), 409, error=error)
    except Refused:
        return _refused(award, 422, answers={question_id: text}, answer_faults={question_id: unfit_text()})
    return _changed(award_or_404(award_id), _("Your answer is stored."))


def award_or_404(award_id: int) -> Award:
    """Return an award; the page's rights are checked already."""
    award = read_award(db.session(), award_id) if award_id < 10**LONGEST_ID else None
    return abort(404) if award is None else award


def query_of() -> AwardQuery:
    """Return which awards an address asks for; 400 for what cannot be asked."""
    status, period = request.args.get("status") or None, request.args.get("period") or None
    page = request.args.get("page", "1")
    if not (page.isascii() and page.isdecimal() and len(page) <= len(str(LAST_PAGE)) and int(page) >= 1):
        abort(400)
    try:
        return AwardQuery(
            Status(status).value if status else None, str(parse_period(period)) if period else None, int(page)
        )
    except (ValueError, PeriodRefused):
        abort(400)


def back_to_list() -> str:
    """Return the address of the list from which a form was sent."""
    back = safe_next(request.values.get("back"))
    return url_for("bonuses.index") if back == HOME else back


def unfit_text() -> str:
    """Return what is wrong with a text that holds control characters."""
    return _("This holds characters that cannot be shown: write it again without them.")


def _answer(award_id: int, step: Status, outcome: Outcome, **typed: Any) -> ResponseReturnValue:
    """Return an award after a step: in its new state, or with why it could not be taken."""
    award = award_or_404(award_id)
    if outcome.refused:
        return _refused(award, 409, error=refusal(outcome.refused[0]), **typed)
    return _changed(award, done(step, award))


def _changed(award: Award, said: str) -> ResponseReturnValue:
    back = back_to_list()
    if wants_fragment():
        return render_template("bonuses/_award.html", award=award, back=back, **_plain_award(said=said))
    flash(said, "done")
    return redirect(f"{back}#award-{award.id}", 303)


def _refused(award: Award, code: int, **told: Any) -> ResponseReturnValue:
    """Return an award with what kept it from changing, and what was typed."""
    if wants_fragment():
        return render_template("bonuses/_award.html", award=award, back=back_to_list(), **_plain_award(**told)), code
    return _page(award, told), code


def _page(award: Award, told: dict[str, Any]) -> str:
    return render_template("bonuses/award.html", award=award, back=back_to_list(), **_plain_award(**told))


def _plain_award(**told: Any) -> dict[str, Any]:
    """Return what bonuses/_award.html needs beside the award, nothing being wrong unless `told` says so."""
    nothing: dict[str, Any] = {"said": "", "error": None, "reason": "", "reason_fault": None}
    return {"now": utc_now(), **nothing, "answers": {}, "answer_faults": {}, **told}
