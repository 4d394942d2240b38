"""The organisation for administrators: its name and rules of closing, its calendars, its file."""

from dataclasses import replace
from functools import cache
from typing import Any, NamedTuple
from zoneinfo import available_timezones

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from leaderboard.domain.calendar_preview import weeks_ahead
from leaderboard.domain.errors import (
    CalendarRefused,
    CurrencyRefused,
    OrganisationChanged,
    OrganisationRefused,
    Refused,
)
from leaderboard.domain.holiday_places import regions
from leaderboard.domain.organisation_file import Organisation, parse_organisation
from leaderboard.domain.organisation_text import organisation_text
from leaderboard.domain.rules import Team
from leaderboard.domain.working_time import WEEKDAYS, Calendar
from leaderboard.services import directory, organising
from leaderboard.services.reading import read_text
from leaderboard.storage.database import db
from leaderboard.web.calendar_forms import (
    CalendarFault,
    FilledCalendar,
    calendar_of,
    country_names,
    filled_in,
    filled_of,
)
from leaderboard.web.clock import utc_now
from leaderboard.web.fragments import wants_fragment
from leaderboard.web.languages import OWN_NAMES
from leaderboard.web.organisation_forms import HEAD, head_fault, head_filled, organisation_of, suggested
from leaderboard.web.paging import LONGEST_ID
from leaderboard.web.rights import actor, admin_required
from leaderboard.web.user_words import Fault

bp = Blueprint("settings", __name__, url_prefix="/manage/organisation")
CHANGED = "changed"


class Stored(NamedTuple):
    """The organisation as it is stored, or one to begin with. digest: of what a form is made from."""

    organisation: Organisation
    digest: str
    is_new: bool


@bp.get("")
@admin_required
def index() -> str:
    """The organisation, its calendars and its file."""
    return _index(_stored())


@bp.post("")
@admin_required
def change() -> ResponseReturnValue:
    """Store the head of the organisation: all but its calendars."""
    stored, form = _stored(), request.form
    try:
        changed = organisation_of(form, stored.organisation)
    except OrganisationRefused as error:
        return _index(stored, form, head_fault(error, form)), 422
    return _saved(changed, url_for("settings.index"), lambda fault: _index(stored, form, fault))


@bp.get("/file")
@admin_required
def download() -> Response:
    """The organisation's file, as it was loaded or as these pages wrote it."""
    document = organising.show_organisation(db.session())
    if document is None:
        abort(404)
    headers = {"Content-Disposition": 'attachment; filename="organisation.toml"'}
    return Response(document, headers=headers, mimetype="application/toml")


@bp.post("/file")
@admin_required
def load() -> ResponseReturnValue:
    """Load an organisation's file."""
    stored, sent = _stored(), request.files.get("file")
    if sent is None or not sent.filename:
        return _index(stored, fault=Fault("file", _("Choose a file first."))), 422
    try:
        text = read_text(sent.stream, sent.filename)  # type: ignore[arg-type]
        made_from = request.form.get("digest", "")
        organising.load_organisation(db.session(), text, made_from=made_from, now=utc_now(), by=actor())
    except OrganisationChanged:
        return _index(_stored(), fault=Fault("file", _changed_meanwhile())), 409
    except Refused as error:
        return _index(stored, fault=Fault("file", str(error))), 422
    flash(_("The file is loaded."), "done")
    return redirect(url_for("settings.index"), 303)


@bp.get("/calendar")
@admin_required
def calendar() -> str:
    """The organisation's calendar."""
    stored = _stored()
    return _calendar_page(stored, None, _filled(stored.organisation.calendar))


@bp.post("/calendar")
@admin_required
def change_calendar() -> ResponseReturnValue:
    """Store the organisation's calendar, or show what it comes to."""
    return _calendar_sent(_stored(), None)


@bp.get("/calendars/<int:team_id>")
@admin_required
def team_calendar(team_id: int) -> str:
    """A team's calendar: its own, or the organisation's to begin with."""
    stored = _stored()
    team = _team_or_404(stored, team_id)
    return _calendar_page(stored, team, _filled(stored.organisation.calendar_of(team.name)))


@bp.post("/calendars/<int:team_id>")
@admin_required
def change_team_calendar(team_id: int) -> ResponseReturnValue:
    """Store a team's own calendar, or show what it comes to."""
    stored = _stored()
    return _calendar_sent(stored, _team_or_404(stored, team_id))


@bp.post("/calendars/<int:team_id>/remove")
@admin_required
def remove_team_calendar(team_id: int) -> ResponseReturnValue:
    """Let a team work by the organisation's calendar again."""
    stored = _stored()
    team = _team_or_404(stored, team_id)
    calendars = {name: each for name, each in stored.organisation.team_calendars.items() if name != team.name}
    filled = filled_of(stored.organisation.calendar_of(team.name))
    changed = replace(stored.organisation, team_calendars=calendars)
    return _saved(changed, url_for("settings.index"), lambda fault: _calendar_page(stored, team, filled, fault))


def _stored() -> Stored:
    """Return the organisation, or the one that a form begins with where none is loaded."""
    document = organising.show_organisation(db.session())
    organisation = suggested() if document is None else parse_organisation(document)
    return Stored(organisation, organising.digest_of_organisation(document), document is None)


def _team_or_404(stored: Stored, team_id: int) -> Team:
    """Return a team; the page's rights are checked already."""
    found = None
    if team_id < 10**LONGEST_ID and not stored.is_new:
        found = next((team for team in directory.all_teams(db.session()) if team.id == team_id), None)
    return abort(404) if found is None else found


def _filled(calendar: Calendar) -> FilledCalendar:
    """Return the form of a calendar; of the country that was chosen just now, where htmx asks for its regions."""
    filled = filled_of(calendar)
    return replace(filled, country=request.args.get("country", ""), region="") if wants_fragment() else filled


def _calendar_sent(stored: Stored, team: Team | None) -> ResponseReturnValue:
    filled = filled_in(request.form)
    if request.form.get("regions"):
        return _calendar_page(stored, team, filled)
    try:
        made = calendar_of(filled, stored.organisation.time_zone)
    except CalendarFault as error:
        return _calendar_page(stored, team, filled, error.fault), 422
    if request.form.get("preview"):
        return _calendar_page(stored, team, filled, shown=made)
    if team is None:
        changed = replace(stored.organisation, calendar=made)
    else:
        calendars = {**stored.organisation.team_calendars, team.name: made}
        changed = replace(stored.organisation, team_calendars=calendars)
    return _saved(
        changed, url_for("settings.index"), lambda fault: _calendar_page(stored, team, filled, fault, shown=made)
    )


def _saved(changed: Organisation, address: str, page_of: Any) -> ResponseReturnValue:
    """Store an organisation and go to an address, or show the page with why it cannot be.

    What is stored is what its file would be: one way in for all.
    """
    made_from = request.form.get("digest", "")
    try:
        organising.load_organisation(
            db.session(), organisation_text(changed), made_from=made_from, now=utc_now(), by=actor()
        )
    except OrganisationChanged:
        return page_of(Fault(CHANGED, _changed_meanwhile())), 409
    except CurrencyRefused as error:
        return page_of(head_fault(error, request.form)), 422
    except (OrganisationRefused, CalendarRefused) as error:
        return page_of(Fault("", str(error))), 422
    flash(_("Saved."), "done")
    return redirect(address, 303)


def _changed_meanwhile() -> str:
    return _("Somebody has changed the organisation meanwhile. What you filled in is below: check it, then save again.")


def _digest(stored: Stored, fault: Fault | None) -> str:
    """Return what a form is made from: once somebody was told that it has changed, what it is by now."""
    has_been_told = fault is not None and fault.field == CHANGED
    return stored.digest if request.method == "GET" or has_been_told else request.form.get("digest", "")


def _index(stored: Stored, filled: Any = None, fault: Fault | None = None) -> str:
    teams = [] if stored.is_new else directory.all_teams(db.session())
    return render_template(
        "settings/index.html",
        stored=stored,
        digest=_digest(stored, fault),
        now_stored=head_filled(stored.organisation),
        filled=filled or head_filled(stored.organisation),
        fault=fault,
        zones=_zones(),
        languages=list(OWN_NAMES.items()),
        teams=teams,
        strangers=sorted(stored.organisation.team_calendars.keys() - {team.name for team in teams}),
        seconds=organising.seconds_to_score(db.session()),
        fields=HEAD,
    )


def _calendar_page(
    stored: Stored,
    team: Team | None,
    filled: FilledCalendar,
    fault: Fault | None = None,
    shown: Calendar | None = None,
) -> str:
    """Return the page of a calendar. shown: the one whose weeks it shows, None for that which is stored."""
    organisation = stored.organisation
    is_own = team is None or team.name in organisation.team_calendars
    used = shown or organisation.calendar_of(team and team.name)
    today = utc_now().astimezone(organisation.zone).date()
    return render_template(
        "settings/_region.html" if wants_fragment() else "settings/calendar.html",
        stored=stored,
        digest=_digest(stored, fault),
        team=team,
        is_own=is_own,
        filled=filled.with_spare_rows(),
        fault=fault,
        weekdays=WEEKDAYS,
        zones=_zones(),
        countries=country_names(),
        regions=regions(filled.country),
        weeks=weeks_ahead(used, today),
        is_preview=shown is not None,
        today=today,
        seconds=organising.seconds_to_score(db.session()),
        here=url_for("settings.calendar") if team is None else url_for("settings.team_calendar", team_id=team.id),
    )


@cache
def _zones() -> list[str]:
    places = (each for each in available_timezones() if "/" in each and not each.startswith(("Etc/", "SystemV/")))
    return ["UTC", *sorted(places)]
