"""Targets for managers: what others would have meant, which to think about, and taking them into a draft."""

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from leaderboard.domain.agreement import Completion, ResponseTime, Sla
from leaderboard.domain.agreement_text import levels_of
from leaderboard.domain.errors import AgreementRefused, DraftRefused
from leaderboard.services.drafting import list_drafts
from leaderboard.services.rules import rule_book
from leaderboard.services.suggesting import SlaPast, Wish, read_targets
from leaderboard.services.taking import take_targets
from leaderboard.storage.database import db
from leaderboard.web.clock import utc_now
from leaderboard.web.draft_words import faults_of, refusal_words
from leaderboard.web.fragments import wants_fragment
from leaderboard.web.measure_words import target_words
from leaderboard.web.organisation import organisation_required
from leaderboard.web.paging import is_id
from leaderboard.web.rights import actor, manager_required, scope
from leaderboard.web.target_charts import curve_of

MONTHS, MET, EXCEEDED = (3, 6, 12), (70, 80, 90, 95), (10, 20, 30, 50)
LONGEST_TARGET = 40
bp = Blueprint("targets", __name__, url_prefix="/manage/targets")


@bp.get("")
@manager_required
@organisation_required
def index() -> str:
    """All SLAs in force with what they came to, and targets to think about: the page, or for htmx its list alone."""
    found = read_targets(db.session(), scope(), _wish(), now=utc_now())
    return render_template("targets/_list.html" if wants_fragment() else "targets/index.html", found=found, **_shared())


@bp.get("/<key>")
@manager_required
@organisation_required
def show(key: str) -> str:
    """One SLA and its curve: the page, or for htmx its figures alone."""
    return _page(_past_or_404(key))


@bp.post("/<key>/take")
@manager_required
@organisation_required
def take(key: str) -> ResponseReturnValue:
    """Take targets into a draft, and lead to it."""
    found = _past_or_404(key)
    chosen = request.form.get("draft", "")
    if chosen and not is_id(chosen):
        abort(400)
    levels = {name: _target(found.sla, text) for name in ("met", "exceeded") if (text := _text(name))}
    try:
        draft_id = take_targets(db.session(), int(chosen) if chosen else None, key, levels, by=actor(), now=utc_now())
    except AgreementRefused as error:
        faults = faults_of(error.problems, "sla", 0)
        told = " ".join([*faults.by_field.values(), *faults.others]) or str(error)
        return _page(found, told), 422
    except DraftRefused as error:
        return _page(found, refusal_words(error)), 409
    flash(_("The targets of %(title)s are in the draft.", title=found.sla.title), "done")
    return redirect(url_for("drafts.show", draft_id=draft_id) + "#sla", 303)


def _page(found: SlaPast, error: str | None = None) -> str:
    levels = found.suggestion.levels if found.suggestion else found.sla.levels
    currency = rule_book(db.session().connection(), g.rules_version).rules.organisation.currency
    written = {name: str(each) for name, each in levels_of(found.sla.measure, levels, currency).items()}
    asked = {name: _text(name) for name in ("met", "exceeded")} if request.method == "POST" else written
    return render_template(
        "targets/_sla.html" if wants_fragment() else "targets/show.html",
        found=found,
        curve=curve_of(found),
        filled={"met": "", "exceeded": "", **asked},
        hint=_hint(found.sla),
        drafts=list_drafts(db.session(), "draft"),
        error=error,
        **_shared(),
    )


def _hint(sla: Sla) -> str:
    """Return how a target of an SLA is written."""
    if isinstance(sla.measure, ResponseTime | Completion):
        return _("Such as %(examples)s", examples="30m, 8h, 2d")
    if sla.measure.kind == "rate":
        return _("Such as %(examples)s", examples="85% (0.85)")
    return _("Such as %(examples)s", examples="120")


def _past_or_404(key: str) -> SlaPast:
    """Return the past of an SLA in force."""
    return next(iter(read_targets(db.session(), scope(), _wish(), now=utc_now(), key=key)), None) or abort(404)


def _shared() -> dict[str, Any]:
    wish = _wish()
    shown = {"months": wish.months, "met": int(wish.met * 100), "exceeded": int(wish.exceeded * 100)}
    return {"wish": shown, "choices": (MONTHS, MET, EXCEEDED), "target_words": target_words}


def _wish() -> Wish:
    """Return what the address asks for: half a year, 80 % and 30 % unless it says otherwise."""
    months, met, exceeded = _one_of("months", MONTHS, 6), _one_of("met", MET, 80), _one_of("exceeded", EXCEEDED, 30)
    return Wish(months, Fraction(met, 100), Fraction(exceeded, 100))


def _one_of(name: str, values: Sequence[int], usual: int) -> int:
    return next((each for each in values if str(each) == request.args.get(name)), usual)


def _text(name: str) -> str:
    return request.form.get(name, "").strip()[:LONGEST_TARGET]


def _target(sla: Sla, text: str) -> Any:
    """Return a target as the tables of an agreement have it; what it is not, its reader will say."""
    if sla.measure.kind == "count":
        return int(text) if text.isascii() and text.isdecimal() else text
    if sla.measure.kind == "rate":
        try:
            return Decimal(text.rstrip("% ").replace(",", ".")) / (100 if text.endswith("%") else 1)
        except InvalidOperation:
            return text
    return text
