"""Every table of compliance as a file, with what the address asks for."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from flask import Blueprint, abort, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import pgettext

from leaderboard.domain.agreement import Sum
from leaderboard.domain.bands import band_end
from leaderboard.domain.compliance import Counts
from leaderboard.domain.money import format_amount
from leaderboard.services.compliance import read_compliance
from leaderboard.services.compliance_people import read_people
from leaderboard.services.compliance_sla import SlaPage, read_sla
from leaderboard.services.figures import Asked, Figure
from leaderboard.services.leads import Lead, read_leads
from leaderboard.storage.database import db
from leaderboard.web.clock import utc_now
from leaderboard.web.compliance import level_or_400
from leaderboard.web.compliance_query import asked_or_404, book, member_or_404
from leaderboard.web.downloads import download
from leaderboard.web.organisation import organisation_required
from leaderboard.web.rights import manager_required, scope

bp = Blueprint("compliance_files", __name__, url_prefix="/manage/compliance")
MOST_LEADS = 20_000
Table = tuple[str, Sequence[str], Iterable[Sequence[Any]]]
"""The title of a table, its columns and its rows."""


@bp.get("/tables/<name>.<any(csv, xlsx):kind>")
@manager_required
@organisation_required
def table(name: str, kind: str) -> ResponseReturnValue:
    """One of the tables, whole."""
    asked = asked_or_404()
    if name not in TABLES:
        abort(404)
    title, columns, rows = TABLES[name](asked)
    return download(title, f"{name}-{asked.period}", columns, rows, kind)


@bp.get("/leads.<any(csv, xlsx):kind>")
@manager_required
@organisation_required
def leads(kind: str) -> ResponseReturnValue:
    """What lies behind a figure, MOST_LEADS at most."""
    asked, member_id, level = asked_or_404(), member_or_404(request.args.get("member")), level_or_400()
    page = read_leads(db.session(), asked, scope(), member_id=member_id, level=level, page_size=MOST_LEADS)
    columns = [
        _("Month"), _("Subject"), _("Who"), _("Team"), _("SLA"), _("Level"), _("Value"), _("Unit"),
        _("Of cases"), _("Points"), _("Began"), _("Due"), pgettext("moment", "Done"), pgettext("moment", "Decided"),
    ]  # fmt: skip
    return download(_("Behind the figure"), f"leads-{asked.period}", columns, map(_lead, page.leads), kind)


def _lead(each: Lead) -> list[Any]:
    value, unit = plain_value(each)
    return [
        each.month, each.subject, each.name, each.team, each.sla.title, each.level, value, unit, each.of_cases,
        each.points, each.started_at, each.due_at, each.stopped_at, each.decided_at,
    ]  # fmt: skip


def plain_value(each: Lead) -> tuple[Any, str]:
    """Return what an attainment came to as a number, and in what: seconds, subjects, a currency or cases."""
    kind = each.sla.measure.kind
    currency = book().rules.organisation.currency
    if isinstance(each.sla.measure, Sum):
        return each.value if each.value is None else format_amount(each.value, currency), currency
    units = {"count": "subjects", "rate": "cases"}
    if kind in units:
        return each.value, units[kind]
    return each.value if each.value is None else Fraction(each.value, 1_000_000), "seconds"


def _shortfalls(asked: Asked) -> Table:
    rows = read_compliance(db.session(), asked, scope(), now=utc_now(), is_whole=True).worst
    return (
        _("Where to look first"),
        [_("Person"), _("Team"), _("SLA"), *_columns()],
        ([each.name, each.team, each.title, *_cells(each)] for each in rows),
    )


def _figures(title: Callable[[], str], first: Callable[[], str], of: str) -> Callable[[Asked], Table]:
    """Return what makes a table of the figures that stand in one field of a page of compliance."""

    def made(asked: Asked) -> Table:
        rows = getattr(read_compliance(db.session(), asked, scope(), now=utc_now(), is_whole=True), of)
        return title(), [first(), _("Team"), *_columns()], ([each.name, each.team, *_cells(each)] for each in rows)

    return made


def _columns() -> list[str]:
    return [_("Kept"), _("Missed"), _("Met"), _("Exceeded"), _("Decided"), _("Cost in points")]


def _cells(each: Figure) -> list[Any]:
    counts = each.counts
    return [counts.share, counts.missed, counts.met, counts.exceeded, counts.decided, each.cost]


def _months(asked: Asked) -> Table:
    found = read_compliance(db.session(), asked, scope(), now=utc_now())
    rows = zip(found.months, found.total.course, strict=True)
    columns = [_("Month"), *_columns()[:-1]]
    return (
        _("Kept over twelve months"),
        columns,
        ([month, each.share, each.missed, each.met, each.exceeded, each.decided] for month, each in rows),
    )


def _teams_by_sla(asked: Asked) -> Table:
    found = read_compliance(db.session(), asked, scope(), now=utc_now())
    keys = [each.sla or "" for each in found.slas]
    rows = ([team.name, *(_share(found.heat, (team.team_id, key)) for key in keys)] for team in found.teams)
    return _("Teams by SLA"), [_("Team"), *(each.name for each in found.slas)], rows


def _people_by_sla(asked: Asked) -> Table:
    found = read_people(db.session(), asked, scope(), now=utc_now(), page_size=10**9)
    keys = [key for key, _title in found.slas]
    rows = (
        [each.name, each.team, *(_share(found.cells, (each.member_id, each.team_id or 0, key)) for key in keys)]
        for each in found.people
    )
    return _("People by SLA"), [_("Person"), _("Team"), *(title for _key, title in found.slas)], rows


def _share(cells: Mapping[Any, Counts], key: tuple[Any, ...]) -> Fraction | None:
    return cells[key].share if key in cells else None


def _times(asked: Asked) -> Table:
    found = _sla_page(asked)
    if found.times is None:
        abort(404)
    columns = [_("Seconds up to"), _("Exceeded"), _("Met"), _("Missed")]
    bands = sorted((max(band, 0), counts) for band, counts in found.times.bands.items())
    ends = [(Fraction(band_end(band)).limit_denominator(1000), each) for band, each in bands]
    return _("How long it took"), columns, ([end, each.exceeded, each.met, each.missed] for end, each in ends)


def _results(asked: Asked) -> Table:
    leads = [result.lead for result in _sla_page(asked).results]
    columns = [_("Month"), _("Who"), _("Team"), _("Value"), _("Unit"), _("Of cases"), _("Level"), _("Points")]
    return (
        _("Results by month"),
        columns,
        (
            [each.subject, each.name, each.team, *plain_value(each), each.of_cases, each.level, each.points]
            for each in leads
        ),
    )


def _sla_page(asked: Asked) -> SlaPage:
    return read_sla(db.session(), asked, scope(), now=utc_now(), most_results=MOST_LEADS) if asked.sla else abort(404)


TABLES: dict[str, Callable[[Asked], Table]] = {
    "shortfalls": _shortfalls,
    "slas": _figures(lambda: _("By SLA"), lambda: _("SLA"), "slas"),
    "teams": _figures(lambda: _("By team"), lambda: _("Team"), "teams"),
    "people": _figures(lambda: _("By person"), lambda: _("Person"), "people"),
    "months": _months,
    "teams-by-sla": _teams_by_sla,
    "people-by-sla": _people_by_sla,
    "times": _times,
    "results": _results,
}
