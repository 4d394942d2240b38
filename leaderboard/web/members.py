"""A member's pages: the person sees all of it, managers who answer for them too, and others what was reached."""

from typing import Any, NamedTuple

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import pgettext
from flask_login import current_user

from leaderboard.domain.displays import LONGEST_NICKNAME
from leaderboard.domain.errors import DisplayRefused, PeriodRefused
from leaderboard.domain.periods import Month, parse_period
from leaderboard.services.boards import today
from leaderboard.services.certificates import has_certificate
from leaderboard.services.choices import Choice, choice_of, choose
from leaderboard.services.members import MemberPage, read_member
from leaderboard.services.own_page import read_now, read_own
from leaderboard.services.questions import questions_of
from leaderboard.services.results import list_entries, list_results
from leaderboard.services.rules import RuleBook, rule_book
from leaderboard.storage.database import db
from leaderboard.web.clock import utc_now
from leaderboard.web.fragments import wants_fragment
from leaderboard.web.organisation import organisation_required
from leaderboard.web.own_words import badges_ahead, history_chart, soon
from leaderboard.web.paging import older_than, page_number
from leaderboard.web.rights import actor, manager_required, sees_member

bp = Blueprint("members", __name__)
bp.add_app_template_filter(soon)
MOST_MEMBERS = 10**18  # more than any database's id
LEVELS = ("exceeded", "met", "missed", "void", "pending")


class MemberHead(NamedTuple):
    """Whose list of which month it is. previous, next: the months beside it, None where there is nothing to see."""

    id: int
    name: str
    month: str
    previous: str | None
    next: str | None


@bp.get("/me")
@organisation_required
def me() -> ResponseReturnValue:
    """The reader's own page, or for htmx what changes on it through the day."""
    if current_user.member_id is None:
        return render_template("members/nobody.html")
    if not wants_fragment():
        return _own_page(_choice_of_reader())
    now = read_now(db.session(), current_user.member_id, now=utc_now())
    return abort(404) if now is None else render_template("members/_now.html", now=now)


@bp.get("/me/questions")
@organisation_required
def my_questions() -> str:
    """What the reader asked about results and points, and the answers."""
    member_id = current_user.member_id
    if member_id is None:
        abort(404)
    found, older = questions_of(db.session(), member_id, before=older_than())
    return render_template(
        "questions/mine.html", questions=found, older=older and url_for("members.my_questions", before=older)
    )


@bp.get("/members/<int:member_id>")
@organisation_required
def show(member_id: int) -> str:
    """Show a member in the month that the address names, or the present one."""
    return _shown(_page_or_404(member_id), choice_of(db.session(), member_id))


@bp.get("/members/<int:member_id>/results")
@organisation_required
def results(member_id: int) -> str:
    """A member's results of a month, each leading to why."""
    book, head, month = _list_or_404(member_id)
    sla, level, page = request.args.get("sla") or None, request.args.get("level") or None, page_number()
    slas = {each.key: each.title for version in book.rules.versions for each in version.agreement.slas}
    if sla not in (None, *slas) or level not in (None, *LEVELS):
        abort(400)
    found, has_more = list_results(db.session(), member_id, month, sla=sla, level=level, page=page)
    return render_template(
        "members/results.html",
        head=head,
        title=_("Results"),
        is_own=member_id == current_user.member_id,
        results=found,
        slas=list(slas.items()),
        levels=list(zip(LEVELS, _level_names(), strict=True)),
        sla=sla,
        level=level,
        page=page,
        has_more=has_more,
        address=lambda number: url_for(
            "members.results",
            member_id=member_id,
            period=month.key,
            sla=sla,
            level=level,
            page=number if number > 1 else None,
        ),
    )


@bp.get("/members/<int:member_id>/entries")
@organisation_required
def entries(member_id: int) -> str:
    """The rows of the ledger that count for a member in a month, each leading to why."""
    _book, head, month = _list_or_404(member_id)
    found, older = list_entries(db.session(), member_id, month, before=older_than())
    return render_template(
        "members/entries.html",
        head=head,
        title=_("Points"),
        is_own=member_id == current_user.member_id,
        entries=found,
        older=older and url_for("members.entries", member_id=member_id, period=month.key, before=older),
    )


@bp.post("/me/display")
@organisation_required
def choose_own() -> ResponseReturnValue:
    """Store what the reader chose to show."""
    return _choose(abort(404) if current_user.member_id is None else current_user.member_id)


@bp.post("/members/<int:member_id>/display")
@manager_required
@organisation_required
def choose_for(member_id: int) -> ResponseReturnValue:
    """Store it for a member, as managers may who are asked to and answer for them."""
    return _choose(member_id if _may_choose(member_id) else abort(404))


def _choose(member_id: int) -> ResponseReturnValue:
    page, form, is_own = _page_or_404(member_id), request.form, member_id == current_user.member_id
    chosen = Choice(bool(form.get("hide")), form.get("nickname", ""), bool(form.get("hide_page")))
    hidden = {"is_hidden": chosen.is_hidden, "is_page_hidden": chosen.is_page_hidden}
    try:
        choose(db.session(), member_id, **hidden, nickname=chosen.nickname or "", now=utc_now(), by=actor())
    except DisplayRefused as error:
        fault = _("Somebody else is known by this name: choose another.")
        if error.what == "nickname":
            fault = _("A nickname takes at most %(most)s characters, on one line.", most=LONGEST_NICKNAME)
        return (_own_page(chosen, fault) if is_own else _shown(page, chosen, fault)), 422
    flash(_("Saved: the displays follow at once."), "done")
    return redirect(url_for("members.me") if is_own else url_for("members.show", member_id=member_id), 303)


def _may_choose(member_id: int) -> bool:
    """Tell whether the choice is the reader's, or of somebody whom they answer for today."""
    day = today(db.session(), now=utc_now(), rules_version=g.rules_version)
    return sees_member(member_id, parse_period(f"{day:%Y-%m}"))


def _choice_of_reader() -> Choice:
    return choice_of(db.session(), current_user.member_id)


def _own_page(choice: Choice, fault: str | None = None) -> str:
    """Return the reader's own page. fault: what is wrong with what they chose to show."""
    page = read_own(db.session(), current_user.member_id, now=utc_now())
    if page is None:
        abort(404)
    return render_template(
        "members/me.html",
        page=page,
        now=page.now,
        ahead=badges_ahead(page.badges),
        chart=history_chart(page.history),
        **_choice_form(choice, fault),
    )


def _shown(page: MemberPage, choice: Choice, fault: str | None = None) -> str:
    """Return the page. choice: of whose it is; fault: what is wrong with it."""
    is_own = current_user.member_id == page.id
    sees_all = sees_member(page.id, parse_period(page.quarter.period))
    return render_template(
        "members/show.html",
        page=page,
        is_own=is_own,
        sees_all=sees_all,
        is_hidden=choice.is_page_hidden and not sees_all,
        may_choose=not is_own and _may_choose(page.id),
        has_certificate=has_certificate,
        **_choice_form(choice, fault),
    )


def _choice_form(choice: Choice, fault: str | None) -> dict[str, Any]:
    return {"choice": choice, "fault": fault, "longest_nickname": LONGEST_NICKNAME}


def _level_names() -> tuple[str, ...]:
    reached = (pgettext("level", "Exceeded"), pgettext("level", "Met"), pgettext("level", "Missed"))
    return (*reached, _("Taken back"), _("Open"))


def _list_or_404(member_id: int) -> tuple[RuleBook, MemberHead, Month]:
    """Return the rules, whose list the address asks for, and its month, if the reader may see all of them in it."""
    book = rule_book(db.session().connection(), g.rules_version)
    period, present = _period() or book.rules.months.month_of(utc_now()), book.rules.months.month_of(utc_now())
    if not isinstance(period, Month):
        abort(400)
    if member_id not in book.members or not sees_member(member_id, period):
        abort(404)
    first = min(book.opened, default=present.key)
    previous = period.previous.key if period.key > first else None
    following = period.next.key if period < present else None
    return book, MemberHead(member_id, book.members[member_id][1], period.key, previous, following), period


def _page_or_404(member_id: int) -> MemberPage:
    period = _period()
    page = read_member(db.session(), member_id, period, now=utc_now()) if member_id < MOST_MEMBERS else None
    return abort(404) if page is None else page


def _period() -> Any:
    """Return the period that the address names; None if it names none, 400 for what is none."""
    text = request.args.get("period")
    try:
        return parse_period(text) if text else None
    except PeriodRefused:
        abort(400)
