"""The award page: managers see what was won and what it rests on, and decide on it, one by one (B1-B5)."""

from collections import Counter
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from leaderboard.domain.bonuses import Status
from leaderboard.domain.errors import PeriodRefused, Refused
from leaderboard.domain.periods import parse_period
from leaderboard.domain.shown import shown
from leaderboard.services import asking, deciding
from leaderboard.services.awards import PAGE_SIZE, Award, AwardQuery, read_award, read_awards, read_chosen_awards
from leaderboard.services.deciding import Outcome
from leaderboard.storage.database import db
from leaderboard.web.award_words import award_name, done, done_together, programme_name, refusal, text_fault, unfit_text
from leaderboard.web.clock import utc_now
from leaderboard.web.fragments import wants_fragment
from leaderboard.web.organisation import organisation_required
from leaderboard.web.paging import LONGEST_ID, is_id, page_number
from leaderboard.web.redirects import HOME, safe_next
from leaderboard.web.rights import actor, manager_required, scope
from leaderboard.web.wording import number

bp = Blueprint("bonuses", __name__, url_prefix="/manage/bonuses")
bp.add_app_template_filter(programme_name)
SHARES_LISTED = 50
STEPS = (Status.APPROVED, Status.DECLINED, Status.PAID)


@bp.get("")
@manager_required
@organisation_required
def index() -> ResponseReturnValue:
    """The awards that the address asks for: the page, or for htmx its list alone."""
    page = read_awards(db.session(), query_of(), within=scope())
    template = "bonuses/_list.html" if wants_fragment() else "bonuses/index.html"
    asked: dict[str, Any] = {"status": page.query.status, "period": page.query.period}
    return render_template(
        template,
        page=page,
        statuses=list(Status),
        address=lambda number: url_for("bonuses.index", **asked, page=number if number > 1 else None),
        back=url_for("bonuses.index", **asked, page=page.query.page if page.query.page > 1 else None),
        **_plain_award(is_listed=True, is_chosen=request.args.get("chosen") == "all"),
    )


@bp.get("/<int:award_id>")
@manager_required
@organisation_required
def show(award_id: int) -> ResponseReturnValue:
    """One award by itself, with all that it rests on."""
    return _rendered("bonuses/award.html", award_or_404(award_id))


@bp.post("/<int:award_id>/approve")
@manager_required
@organisation_required
def approve(award_id: int) -> ResponseReturnValue:
    award_or_404(award_id)
    outcome = deciding.approve(db.session(), [award_id], by=actor(), now=utc_now())
    return _answer(award_id, Status.APPROVED, outcome)


@bp.post("/<int:award_id>/decline")
@manager_required
@organisation_required
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
@organisation_required
def pay(award_id: int) -> ResponseReturnValue:
    award_or_404(award_id)
    outcome = deciding.mark_paid(db.session(), [award_id], by=actor(), now=utc_now())
    return _answer(award_id, Status.PAID, outcome)


@bp.post("/<int:award_id>/questions/<int:question_id>/answer")
@manager_required
@organisation_required
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


@bp.get("/confirm")
@manager_required
@organisation_required
def confirm() -> ResponseReturnValue:
    """Ask whether a step is to be taken with the awards that were selected: which they are, and what they come to."""
    step, chosen = _together(request.args)
    if not chosen:
        flash(_("Select one award or more first."), "wrong")
        return redirect(back_to_list(), 303)
    return _confirmation(step, chosen)


@bp.post("/decide")
@manager_required
@organisation_required
def decide() -> ResponseReturnValue:
    """Take a step with several awards, each by itself: what one is refused for does not hold up the others."""
    step, chosen = _together(request.form)
    reason = request.form.get("reason", "")
    if step is Status.DECLINED and (fault := text_fault(reason, deciding.LONGEST_REASON)):
        return _confirmation(step, chosen, reason, fault), 422
    try:
        outcome = _take(step, chosen, reason)
    except Refused:
        return _confirmation(step, chosen, reason, unfit_text()), 422
    if outcome.done:
        flash(done_together(step, len(outcome.done)), "done")
    _flash_refused(outcome)
    return redirect(back_to_list(), 303)


def _take(step: Status, chosen: list[int], reason: str) -> Outcome:
    session, by, now = db.session(), actor(), utc_now()
    if step is Status.APPROVED:
        return deciding.approve(session, chosen, by=by, now=now)
    if step is Status.DECLINED:
        return deciding.decline(session, chosen, reason=reason, by=by, now=now)
    return deciding.mark_paid(session, chosen, by=by, now=now)


def _flash_refused(outcome: Outcome) -> None:
    """Say of each award that was refused why; as many as a page shows, with short names, fit into the cookie."""
    names = {
        each.id: shown(award_name(each))
        for each in read_chosen_awards(db.session(), [error.award_id for error in outcome.refused], within=scope())
    }
    for error in outcome.refused:
        flash(f"{names.get(error.award_id, number(error.award_id))}: {refusal(error)}", "wrong")


def _together(values: MultiDict[str, str]) -> tuple[Status, list[int]]:
    """Return the step and the awards that a form names; 400 for what is none, 404 for what the reader may not see."""
    step, texts = values.get("step"), values.getlist("award")
    if step not in STEPS or len(texts) > PAGE_SIZE or not all(map(is_id, texts)):
        abort(400)
    chosen = sorted({int(text) for text in texts})
    if not scope().is_all and len(read_chosen_awards(db.session(), chosen, within=scope())) < len(chosen):
        abort(404)
    return Status(step), chosen


def _confirmation(step: Status, chosen: list[int], reason: str = "", fault: str | None = None) -> str:
    session, now = db.session(), utc_now()
    awards = read_chosen_awards(session, chosen, within=scope())
    refused = deciding.refusals(session, chosen, step, by=actor(), now=now)
    ready = [each for each in awards if each.id not in refused]
    sums: Counter[str] = Counter()
    for each in ready:
        sums[each.currency] += each.amount_minor or 0
    return render_template(
        "bonuses/confirm.html",
        step=step.value,
        ready=ready,
        left=[(each, refusal(refused[each.id])) for each in awards if each.id in refused],
        sums=[(amount, currency) for currency, amount in sorted(sums.items()) if amount],
        prizes=sum(each.amount_minor is None for each in ready),
        people=len({share.member_id for each in ready for share in each.shares}),
        back=back_to_list(),
        reason=reason,
        fault=fault,
    )


def award_or_404(award_id: int) -> Award:
    """Return an award of a team that the reader answers for; that they are a manager is checked already."""
    award = read_award(db.session(), award_id, within=scope()) if award_id < 10**LONGEST_ID else None
    return abort(404) if award is None else award


def query_of() -> AwardQuery:
    """Return which awards an address asks for; 400 for what cannot be asked."""
    status, period = request.args.get("status") or None, request.args.get("period") or None
    try:
        status = Status(status).value if status else None
        return AwardQuery(status, parse_period(period).key if period else None, page_number())
    except (ValueError, PeriodRefused):
        abort(400)


def back_to_list() -> str:
    """Return the address of the list from which a form was sent."""
    back = safe_next(request.values.get("back"))
    return url_for("bonuses.index") if back == HOME else back


def _answer(award_id: int, step: Status, outcome: Outcome, **typed: Any) -> ResponseReturnValue:
    """Return an award after a step: in its new state, or with why it could not be taken."""
    award = award_or_404(award_id)
    if outcome.refused:
        return _refused(award, 409, error=refusal(outcome.refused[0]), **typed)
    return _changed(award, done(step, award))


def _changed(award: Award, said: str) -> ResponseReturnValue:
    if wants_fragment():
        return _rendered("bonuses/_award.html", award, said=said)
    flash(said, "done")
    return redirect(f"{back_to_list()}#award-{award.id}", 303)


def _refused(award: Award, code: int, **told: Any) -> ResponseReturnValue:
    """Return an award with what kept it from changing, and what was typed."""
    if wants_fragment():
        return _rendered("bonuses/_award.html", award, **told), code
    return _rendered("bonuses/award.html", award, is_listed=False, **told), code


def _rendered(template: str, award: Award, **told: Any) -> str:
    return render_template(template, award=award, back=back_to_list(), **_plain_award(**told))


def _plain_award(**told: Any) -> dict[str, Any]:
    """Return what bonuses/_award.html needs beside the award, nothing being wrong unless `told` says so."""
    nothing: dict[str, Any] = {"said": "", "error": None, "reason": "", "reason_fault": None, "is_chosen": False}
    is_listed = bool(request.form.get("is_listed"))  # it stands in a list, and can be selected
    nothing |= {"answers": {}, "answer_faults": {}, "shares_listed": SHARES_LISTED}
    return {"now": utc_now(), "is_listed": is_listed, **nothing, **told}
