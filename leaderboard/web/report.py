"""The report of a month for those above: to be read, printed on one page, or saved as a PDF by the browser."""

from typing import Any

from flask import Blueprint, abort, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from leaderboard.domain.errors import PeriodRefused
from leaderboard.domain.periods import Month, parse_period
from leaderboard.services.figures import Asked
from leaderboard.services.monthly_report import Place, Report, monthly_report
from leaderboard.storage.database import db
from leaderboard.web.clock import utc_now
from leaderboard.web.compliance_charts import kept_over_time
from leaderboard.web.compliance_query import book, kept, team_or_404, teams_to_choose
from leaderboard.web.downloads import download
from leaderboard.web.organisation import organisation_required
from leaderboard.web.rights import manager_required, scope
from leaderboard.web.wording import number, period_name, share

bp = Blueprint("report", __name__, url_prefix="/manage/report")


@bp.get("/<month>")
@manager_required
@organisation_required
def show(month: str) -> ResponseReturnValue:
    """The report of a month."""
    found = _report_or_404(month)
    figures = found.figures
    return render_template(
        "report/show.html",
        report=found,
        sentences=list(_sentences(found)),
        trend=kept_over_time(figures.months, figures.total.course),
        teams=teams_to_choose(),
        sla_of=lambda figure: url_for(
            "compliance.sla", key=figure.sla, period=str(figures.asked.period), team=figures.asked.team_id
        ),
    )


@bp.get("/<month>/<any(teams, people):table>.<any(csv, xlsx):kind>")
@manager_required
@organisation_required
def file(month: str, table: str, kind: str) -> ResponseReturnValue:
    """The standings of the report as a file."""
    found = _report_or_404(month)
    columns = [_("Rank"), _("Name"), _("Team"), _("Points"), _("Met"), _("Exceeded"), _("Missed")]
    places, title = (found.teams, _("Teams")) if table == "teams" else (found.best, _("Most points"))
    return download(title, f"report-{month}-{table}", columns, map(_cells, places), kind)


def _cells(place: Place) -> list[Any]:
    return [place.rank, place.name, place.team, place.points, *place.counts]


def _report_or_404(month: str) -> Report:
    try:
        found = parse_period(month)
    except PeriodRefused:
        abort(404)
    if not isinstance(found, Month) or not _has_begun(found):
        abort(404)
    asked = Asked(found, team_id=team_or_404(request.args.get("team")))
    return kept("report", asked, lambda: monthly_report(db.session(), asked, scope(), now=utc_now()))


def _has_begun(month: Month) -> bool:
    return book().rules.months.bounds(month)[0] <= utc_now()


def _sentences(report: Report) -> Any:
    """Yield how the month went, as one would say it."""
    figures, total = report.figures, report.figures.total
    counts = total.counts
    if counts.share is None:
        yield _("Nothing was decided in %(month)s.", month=period_name(figures.state.period))
        return
    yield _(
        "%(decided)s results were decided in %(month)s: "
        "%(share)s were kept (%(met)s met, %(exceeded)s exceeded), %(missed)s were missed.",
        decided=number(counts.decided), month=period_name(figures.state.period), share=share(counts.share),
        met=number(counts.met), exceeded=number(counts.exceeded), missed=number(counts.missed),
    )  # fmt: skip
    yield from _changed(report)
    if figures.slas and figures.slas[0].counts.missed:
        yield _missed_most(report)
    strongest, weakest = report.strongest, report.weakest
    if strongest and weakest and strongest.counts.share != weakest.counts.share:
        yield _(
            "%(best)s kept most (%(best_share)s), %(last)s least (%(last_share)s).",
            best=strongest.name, best_share=share(strongest.counts.share or 0),
            last=weakest.name, last_share=share(weakest.counts.share or 0),
        )  # fmt: skip


def _changed(report: Report) -> Any:
    total, before = report.figures.total, report.figures.asked.period.previous
    if total.change is None:
        return
    points = ngettext("%(num)s percentage point", "%(num)s percentage points", abs(total.change))
    words = {"points": points, "month": period_name(str(before)), "share": share(total.before.share or 0)}
    if total.change > 0:
        yield _("That is %(points)s more than in %(month)s (%(share)s).", **words)
    elif total.change < 0:
        yield _("That is %(points)s less than in %(month)s (%(share)s).", **words)
    else:
        yield _("That is as much as in %(month)s (%(share)s).", **words)


def _missed_most(report: Report) -> str:
    first = report.figures.slas[0]
    return _(
        "Missed most: %(sla)s, %(missed)s of %(decided)s; met, they would have earned %(points)s points.",
        sla=first.name, missed=number(first.counts.missed), decided=number(first.counts.decided),
        points=number(first.cost),
    )  # fmt: skip
