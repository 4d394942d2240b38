"""Compliance for managers: how well promises are kept, by team, person and SLA, and the leads behind each figure."""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, abort, g, render_template, request, url_for
from flask_babel import gettext as _

from leaderboard.services.compliance import Compliance, read_compliance
from leaderboard.services.compliance_people import PeoplePage, read_people
from leaderboard.services.compliance_sla import read_sla
from leaderboard.services.figures import Asked, Figure
from leaderboard.services.leads import LEVELS, After, read_leads
from leaderboard.storage.database import db
from leaderboard.web import charts
from leaderboard.web.charts import heat_step, small_line
from leaderboard.web.clock import utc_now
from leaderboard.web.compliance_charts import kept_over_time, times_chart
from leaderboard.web.compliance_query import asked_or_404, book, kept, member_or_404, parameters, shared_parts
from leaderboard.web.fragments import wants_fragment
from leaderboard.web.kept import Kept
from leaderboard.web.measure_words import is_working, target_words, time_words, value_words
from leaderboard.web.organisation import organisation_required
from leaderboard.web.paging import page_number
from leaderboard.web.rights import manager_required, scope
from leaderboard.web.wording import number, share

AFTER = re.compile(r"([0-9]{4}-[0-9]{2})\.(member|team)\.([0-9]{1,18})\.([0-9]{1,18})")
MOST_KEPT = 128
bp = Blueprint("compliance", __name__, url_prefix="/manage/compliance")


bp.record(lambda state: state.app.extensions.update(kept_compliance=Kept(MOST_KEPT)))
bp.add_app_template_global(small_line)
bp.add_app_template_global(parameters)


@bp.app_template_global("leads_of")
def leads_of(asked: Asked, figure: Figure | None = None, level: str | None = None) -> str:
    """Return the address of what lies behind a figure of a page."""
    about = {} if figure is None else {"sla": figure.sla or asked.sla, "member": figure.member_id}
    team = asked.team_id if figure is None or figure.team_id is None else figure.team_id
    return leads_address(parameters(asked, **about, team=team, level=level))


def leads_address(about: Mapping[str, Any]) -> str:
    """Return the address of leads with some parameters: a page has hundreds, and url_for takes ten times as long."""
    if "leads_address" not in g:
        g.leads_address = url_for("compliance.leads")
    return f"{g.leads_address}?{urlencode(about)}"


@bp.get("")
@manager_required
@organisation_required
def index() -> str:
    """How well promises are kept in a period: the page, or for htmx its figures alone."""
    asked = asked_or_404()
    found = kept("figures", asked, lambda: read_compliance(db.session(), asked, scope(), now=utc_now()))
    return render_template(
        "compliance/_figures.html" if wants_fragment() else "compliance/index.html",
        page=found,
        trend=kept_over_time(found.months, found.total.course),
        heat=_heat_of_teams(found),
        sla_of=lambda figure: url_for("compliance.sla", key=figure.sla, **parameters(asked, sla=None)),
        team_of=lambda figure: url_for("compliance.index", **parameters(asked, team=figure.team_id)),
        **shared_parts(asked),
    )


@bp.get("/people")
@manager_required
@organisation_required
def people() -> str:
    """Everybody and how they keep each SLA: the page, or for htmx its list alone."""
    asked = asked_or_404()
    found = read_people(db.session(), asked, scope(), page_number(), now=utc_now())
    return render_template(
        "compliance/_people.html" if wants_fragment() else "compliance/people.html",
        page=found,
        heat=_heat_of_people(found),
        address=lambda page: url_for("compliance.people", **parameters(asked), page=page if page > 1 else None),
        **shared_parts(asked),
    )


@bp.get("/slas/<key>")
@manager_required
@organisation_required
def sla(key: str) -> str:
    """One SLA: the page, or for htmx its figures alone."""
    asked = asked_or_404(sla=key)
    found = kept("sla", asked, lambda: read_sla(db.session(), asked, scope(), now=utc_now()))
    return render_template(
        "compliance/_sla.html" if wants_fragment() else "compliance/sla.html",
        page=found,
        trend=kept_over_time(found.months, found.total.course),
        times=times_chart(found.sla, found.times) if found.times else None,
        value_words=value_words,
        target_words=target_words,
        duration_of=lambda seconds: time_words(timedelta(seconds=seconds), is_working=is_working(found.sla)),
        **shared_parts(asked),
    )


@bp.get("/leads")
@manager_required
@organisation_required
def leads() -> str:
    """The leads behind a figure: the page, or for htmx its list alone."""
    asked, member_id, level = asked_or_404(), member_or_404(request.args.get("member")), level_or_400()
    found = read_leads(db.session(), asked, scope(), member_id=member_id, level=level, after=_after())
    theirs = {"member": member_id, "level": level}
    return render_template(
        "compliance/_leads.html" if wants_fragment() else "compliance/leads.html",
        page=found,
        member=member_id and book().members[member_id][1],
        level=level,
        theirs=theirs,
        more=found.after
        and url_for("compliance.leads", **parameters(asked, **theirs), after=".".join(map(str, found.after))),
        value_words=value_words,
        **shared_parts(asked),
    )


def level_or_400() -> str | None:
    """Return the level that the address asks for, None for all that is decided."""
    level = request.args.get("level") or None
    return level if level is None or level in LEVELS else abort(400)


def _after() -> After | None:
    """Return where the page begins, as the address of the page before it says."""
    text = request.args.get("after")
    if not text:
        return None
    match = AFTER.fullmatch(text)
    return (match[1], match[2], int(match[3]), int(match[4])) if match else abort(400)


def _heat_of_teams(found: Compliance) -> dict[str, Any]:
    columns = [(each.sla, each.title) for each in found.slas if each.counts.decided]
    rows = [
        _heat_row(found.asked, team, columns, lambda sla, team=team: found.heat.get((team.team_id, sla)))
        for team in found.teams
    ]
    return {"names": [title for _, title in columns], "rows": rows}


def _heat_of_people(found: PeoplePage) -> dict[str, Any]:
    rows = [
        _heat_row(
            found.asked, each, found.slas, lambda sla, each=each: found.cells.get((each.member_id, each.team_id, sla))
        )
        for each in found.people
    ]
    return {"names": [title for _, title in found.slas], "rows": rows}


def _heat_row(asked: Asked, figure: Figure, columns: Any, counts_of: Any) -> dict[str, Any]:
    """Return a row of a heat map. columns: key and title of each SLA; counts_of: returns the counts of a key."""
    words = _("%(who)s, %(what)s: %(share)s, %(missed)s missed of %(all)s")  # once for all cells
    cells = []
    for sla, title in columns:
        counts = counts_of(sla)
        if counts is None or counts.share is None:
            cells.append({"text": charts.NONE, "step": heat_step(None), "href": None, "label": ""})
            continue
        text, missed, decided = share(counts.share), number(counts.missed), number(counts.decided)
        label = words % {"who": figure.name, "what": title, "share": text, "missed": missed, "all": decided}
        about = {"sla": sla, "team": figure.team_id or asked.team_id, "member": figure.member_id}
        href = leads_address(parameters(asked, **about))
        cells.append({"text": text, "step": heat_step(counts.share), "label": label, "href": href})
    return {"name": figure.name, "href": leads_of(asked, figure), "cells": cells}
