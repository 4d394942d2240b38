"""Bonuses as everybody may see them: who won, own shares, and questions while an award can be asked about (B4)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from leaderboard.domain.bonuses import Status
from leaderboard.domain.errors import AwardRefused, PeriodRefused, Refused
from leaderboard.domain.periods import parse_period
from leaderboard.services import asking
from leaderboard.services.awards import Award, AwardQuery, ShareShown, read_award, read_awards
from leaderboard.storage.database import db
from leaderboard.web.award_words import refusal, text_fault, unfit_text
from leaderboard.web.clock import utc_now
from leaderboard.web.fragments import wants_fragment
from leaderboard.web.organisation import organisation_required
from leaderboard.web.paging import LONGEST_ID, page_number
from leaderboard.web.rights import actor, scope
from leaderboard.web.wording import moment

bp = Blueprint("awards", __name__, url_prefix="/bonuses")


class Seen(NamedTuple):
    """An award as somebody may see it: without amounts and decisions unless it is theirs, with their own questions.

    It is theirs who share in it, and theirs who answer for its team.

    share: the reader's, None if they have none. weights, people: what all shares come to.
    """

    award: Award
    share: ShareShown | None
    weights: int
    people: int
    shows_what: bool
    can_ask: bool


@bp.get("")
@organisation_required
def index() -> ResponseReturnValue:
    """What was won in the period that the address asks for, or in all: the page, or for htmx its list alone."""
    period = _period(request.args.get("period"))
    page = read_awards(db.session(), AwardQuery(None, period, page_number()))
    return render_template(
        "awards/_list.html" if wants_fragment() else "awards/index.html",
        page=page,
        all_seen=list(_all_seen(page.awards, utc_now())),
        address=lambda number: url_for("awards.index", period=period, page=number if number > 1 else None),
        **_nothing_told(),
    )


@bp.get("/<int:award_id>")
@organisation_required
def show(award_id: int) -> ResponseReturnValue:
    """One award by itself."""
    return _rendered("awards/award.html", award_id)


@bp.post("/<int:award_id>/ask")
@organisation_required
def ask(award_id: int) -> ResponseReturnValue:
    """Ask about an award within its question window."""
    seen, text = _seen_or_404(award_id), request.form.get("question", "")
    if current_user.member_id is None:
        abort(403)
    if not seen.can_ask:
        return _refused(award_id, 409, error=_too_late(seen.award), question=text)
    if fault := text_fault(text, asking.LONGEST_TEXT):
        return _refused(award_id, 422, question=text, question_fault=fault)
    try:
        asking.ask(db.session(), award_id, text, by=actor(), now=utc_now())
    except AwardRefused as error:
        return _refused(award_id, 409, error=refusal(error), question=text)
    except Refused:
        return _refused(award_id, 422, question=text, question_fault=unfit_text())
    said = _("Your question is sent: a manager answers it here.")
    if wants_fragment():
        return _rendered("awards/_award.html", award_id, said=said)
    flash(said, "done")
    return redirect(f"{url_for('awards.index')}#award-{award_id}", 303)


def _all_seen(awards: Any, now: datetime) -> Iterator[Seen]:
    return (seen for each in awards if (seen := _seen(each, now)) is not None)


def _seen(award: Award, now: datetime) -> Seen | None:
    """Return what the reader may see of an award; None of one that was declined and was not theirs."""
    share = next((each for each in award.shares if each.member_id == current_user.member_id), None)
    shows_what = share is not None or scope().sees_team(award.team_id)
    if award.status == Status.DECLINED and not shows_what:
        return None
    asked = tuple(each for each in award.questions if each.asked_by == current_user.email)
    is_asked_about = award.status == Status.PROPOSED and now < award.decidable_at
    can_ask = is_asked_about and current_user.member_id is not None
    weights, people = award.weights, len(award.shares)
    shown = replace(award, questions=asked, shares=())
    if not shows_what:
        shown = replace(shown, amount_minor=None, status="", decided_at=None, decided_by=None, paid_at=None)
    return Seen(shown, share, weights, people, shows_what, can_ask)


def _seen_or_404(award_id: int) -> Seen:
    award = read_award(db.session(), award_id) if award_id < 10**LONGEST_ID else None
    seen = None if award is None else _seen(award, utc_now())
    return abort(404) if seen is None else seen


def _too_late(award: Award) -> str:
    return _("It could be asked about until %(when)s. Talk to a manager instead.", when=moment(award.decidable_at))


def _refused(award_id: int, code: int, **told: Any) -> ResponseReturnValue:
    template = "awards/_award.html" if wants_fragment() else "awards/award.html"
    return _rendered(template, award_id, **told), code


def _rendered(template: str, award_id: int, **told: Any) -> str:
    return render_template(template, seen=_seen_or_404(award_id), **{**_nothing_told(), **told})


def _nothing_told() -> dict[str, Any]:
    return {"said": "", "error": None, "question": "", "question_fault": None}


def _period(text: str | None) -> str | None:
    try:
        return parse_period(text).key if text else None
    except PeriodRefused:
        abort(400)
