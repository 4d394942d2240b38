"""Readiness: whether the data is sound enough to score by; what to mend first, with examples, and looking again."""

from typing import Any, NamedTuple

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from leaderboard.domain.soundness import Verdict
from leaderboard.services.jobs import READINESS, run_job
from leaderboard.services.sounding import Example
from leaderboard.services.soundness import Judged, is_under_way, read_report
from leaderboard.storage.database import db
from leaderboard.web.clock import utc_now
from leaderboard.web.fragments import wants_fragment
from leaderboard.web.organisation import organisation_required
from leaderboard.web.readiness_words import Words, more_told, words_of
from leaderboard.web.rights import actor, manager_required, scope
from leaderboard.web.sessions import limits

bp = Blueprint("readiness", __name__, url_prefix="/manage/readiness")


class Shown(NamedTuple):
    """A finding in words, with the examples that the reader may see."""

    check: str
    verdict: Verdict
    words: Words
    examples: list["ShownExample"]
    is_more: bool


class ShownExample(NamedTuple):
    """An example: where it leads, None if nowhere, and what is told of it."""

    example: Example
    href: str | None
    more: str


@bp.get("")
@manager_required
@organisation_required
def index() -> str:
    """The latest report: the page, or for htmx the report alone."""
    return _page()


@bp.post("/look")
@manager_required
@organisation_required
def look() -> ResponseReturnValue:
    """Look again now; nobody looks while somebody else does."""
    session, now = db.session(), utc_now()
    if is_under_way(session, now=now):
        return _busy()
    report = run_job(session, READINESS, now=now, by=actor(), limits=limits())
    if report.failure is not None:
        return _answer("wrong", _("That failed, and nothing was changed: %(why)s", why=report.failure), 200)
    if not report.done:
        return _busy()
    return _answer("done", _("All data was looked at again."), 200)


def _busy() -> ResponseReturnValue:
    return _answer("wrong", _("Somebody looks at this moment: load the page again in a minute."), 409)


def _answer(category: str, message: str, code: int) -> ResponseReturnValue:
    """Return the report with a message, or else the page again."""
    if wants_fragment():
        return _page((category, message)), code
    flash(message, category)
    return redirect(url_for("readiness.index"), 303)


def _page(said: tuple[str, str] | None = None) -> str:
    report = read_report(db.session(), within=scope())
    template = "readiness/_report.html" if wants_fragment() else "readiness/index.html"
    judged = [] if report is None else report.judged
    words = words_of(each.finding for each in judged)
    found = [_shown(each, told) for each, told in zip(judged, words, strict=True)]
    return render_template(
        template,
        report=report,
        open=[each for each in found if each.verdict is not Verdict.GOOD],
        good=[each for each in found if each.verdict is Verdict.GOOD],
        said=said,
    )


def _shown(judged: Judged, words: Words) -> Shown:
    finding = judged.finding
    examples = [ShownExample(each, _place_of(each), more_told(finding.check, each)) for each in judged.examples]
    is_more = len(finding.examples) > len(examples) or finding.number > len(examples) > 0
    return Shown(finding.check, judged.verdict, words, examples, is_more)


def _place_of(example: Example) -> str | None:
    """Return the address of the page that explains an example; None where there is none for the reader."""
    places: dict[str, tuple[str, dict[str, Any]]] = {
        "result": ("points.result", {"attainment_id": example.id}),
        "subject": ("points.result", {"attainment_id": example.id}),
        "member": ("members.show", {"member_id": example.id}),
        "sla": ("agreements.in_force", {}),
        "type": ("agreements.in_force", {}),
        "file": ("audit.index", {"about": f"file {example.text}"}),
    }
    endpoint, values = places[example.kind]
    if None in values.values():
        return None
    return None if example.kind == "file" and not current_user.is_admin else url_for(endpoint, **values)
