"""People: teams, their members, and who belonged where when. Managers look their own teams up, administrators edit."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any, NamedTuple

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from leaderboard.domain.errors import PersonRefused, Refused
from leaderboard.domain.memberships import MembershipChange
from leaderboard.services import directory, people_editing, teams_editing
from leaderboard.services.directory import STATES, PeopleQuery, Person
from leaderboard.services.people import COLUMNS, load_people
from leaderboard.services.people_editing import Consequences
from leaderboard.services.people_file import people_rows
from leaderboard.storage.database import db
from leaderboard.web.clock import utc_now
from leaderboard.web.downloads import download
from leaderboard.web.fragments import wants_fragment
from leaderboard.web.organisation import organisation_required
from leaderboard.web.paging import LONGEST_ID, is_id, page_number
from leaderboard.web.people_words import fault_of, side_words
from leaderboard.web.rights import actor, admin_required, manager_required, scope
from leaderboard.web.user_words import Fault, role_words

bp = Blueprint("people", __name__, url_prefix="/manage/people")
LONGEST_SEARCH = 200


class Filled(NamedTuple):
    """What somebody filled in, and what is wrong with it."""

    form: Any
    fault: Fault


@bp.get("")
@manager_required
@organisation_required
def index() -> str:
    """The people whom the address asks for: the page, or for htmx its list alone."""
    return _index()


@bp.post("")
@admin_required
@organisation_required
def add() -> ResponseReturnValue:
    """Add a member in a team."""
    form = request.form
    try:
        member_id = people_editing.add_person(
            db.session(),
            name=form.get("name", ""),
            email=form.get("email", ""),
            team_id=_id(form.get("team", "")) or 0,
            starts_on=_day(form.get("from", "")),
            now=utc_now(),
            by=actor(),
        )
    except PersonRefused as error:
        return _index(person=Filled(form, fault_of(error))), 422
    flash(_("Added: their points count from that day on."), "done")
    return redirect(url_for("people.show", member_id=member_id), 303)


@bp.get("/file")
@admin_required
@organisation_required
def file() -> str:
    """The form that takes a file of people."""
    return _file_page()


@bp.post("/file")
@admin_required
@organisation_required
def load() -> ResponseReturnValue:
    """Load a file of people: all of it or, if a row is wrong, nothing."""
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        return _file_page([_("Choose a file first.")]), 422
    try:
        report = load_people(db.session(), sent.stream, now=utc_now(), by=actor())  # type: ignore[arg-type]
    except Refused as error:
        return _file_page(str(error).splitlines()), 422
    people = ngettext("%(num)s person", "%(num)s people", report.members)
    teams = ngettext("%(num)s team", "%(num)s teams", report.teams)
    said = ngettext(
        "%(num)s row is loaded: %(people)s in %(teams)s.",
        "%(num)s rows are loaded: %(people)s in %(teams)s.",
        report.rows,
        people=people,
        teams=teams,
    )
    flash(said, "done")
    return redirect(url_for("people.index"), 303)


@bp.get("/people.<any(csv, xlsx):kind>")
@admin_required
@organisation_required
def export(kind: str) -> Response:
    """All people as the file that `load` takes."""
    return download(_("People"), "people", COLUMNS, people_rows(db.session()), kind)


@bp.post("/teams")
@admin_required
@organisation_required
def add_team() -> ResponseReturnValue:
    """Add a team."""
    form = request.form
    try:
        teams_editing.add_team(db.session(), form.get("name", ""), form.get("side", ""), now=utc_now(), by=actor())
    except PersonRefused as error:
        return _index(team=Filled(form, fault_of(error))), 422
    flash(_("The team is added: put people into it now."), "done")
    return redirect(url_for("people.index"), 303)


@bp.post("/teams/<int:team_id>/rename")
@admin_required
@organisation_required
def rename_team(team_id: int) -> ResponseReturnValue:
    """Give a team another name."""
    try:
        teams_editing.rename_team(db.session(), team_id, request.form.get("name", ""), now=utc_now(), by=actor())
    except PersonRefused as error:
        if error.problem == "missing":
            abort(404)
        return _index(renamed=(team_id, Filled(request.form, fault_of(error)))), 422
    flash(_("Renamed. Files from your CRM must name the team so from now on."), "done")
    return redirect(url_for("people.index"), 303)


@bp.get("/<int:member_id>")
@manager_required
@organisation_required
def show(member_id: int) -> str:
    """One member: who they are, how CRMs know them, where they belonged when."""
    return _person_page(person_or_404(member_id))


@bp.post("/<int:member_id>")
@admin_required
@organisation_required
def change(member_id: int) -> ResponseReturnValue:
    """Give a member the name and e-mail that the form says."""
    form = request.form
    values = {"name": form.get("name", ""), "email": form.get("email", "")}
    said = _("Saved. Boards of closed periods keep the name that they were closed with.")
    return _changed(member_id, said, people_editing.change_person, **values)


@bp.post("/<int:member_id>/ids")
@admin_required
@organisation_required
def add_id(member_id: int) -> ResponseReturnValue:
    """Let a CRM's id name a member."""
    said = _("Added: what names this id from now on is theirs.")
    return _changed(member_id, said, people_editing.add_external_id, external_id=request.form.get("external_id", ""))


@bp.post("/<int:member_id>/ids/remove")
@admin_required
@organisation_required
def remove_id(member_id: int) -> ResponseReturnValue:
    """Let a CRM's id name nobody."""
    said = _("Removed: what names this id from now on is refused, until it is somebody's again.")
    return _changed(member_id, said, people_editing.remove_external_id, external_id=request.form.get("external_id", ""))


@bp.post("/<int:member_id>/memberships")
@admin_required
@organisation_required
def move(member_id: int) -> ResponseReturnValue:
    """Say what a change of memberships does, or once that was read, do it."""
    person, form = person_or_404(member_id), request.form
    wanted = _change_of(form)
    try:
        if not form.get("confirmed"):
            told = people_editing.consequences_of(db.session(), member_id, wanted, now=utc_now())
            return _confirm_page(person, told)
        people_editing.change_memberships(
            db.session(), member_id, wanted, digest=form.get("digest", ""), now=utc_now(), by=actor()
        )
    except PersonRefused as error:
        if error.problem == "missing":
            abort(404)
        status = 409 if error.problem in ("stale", "gone") else 422
        return _person_page(person_or_404(member_id), Filled(form, fault_of(error))), status
    flash(_("Saved: the points have moved with it."), "done")
    return redirect(url_for("people.show", member_id=member_id, _anchor="memberships"), 303)


def person_or_404(member_id: int) -> Person:
    """Return a member whom the reader may look up; the page's rights are checked already."""
    found = None
    if member_id < 10**LONGEST_ID:
        found = directory.find_person(db.session(), member_id, scope(), now=utc_now())
    return abort(404) if found is None else found


def _changed(member_id: int, said: str, edit: Callable[..., None], **values: Any) -> ResponseReturnValue:
    """Do a change and say so, or show the member's page with why it cannot be."""
    person = person_or_404(member_id)
    try:
        edit(db.session(), member_id, **values, now=utc_now(), by=actor())
    except PersonRefused as error:
        return _person_page(person, Filled(request.form, fault_of(error))), 409 if error.problem == "gone" else 422
    flash(said, "done")
    return redirect(url_for("people.show", member_id=member_id), 303)


def _change_of(form: Any) -> MembershipChange:
    """Return the change that a form asks for; 400 for what no form of ours sends."""
    of = form.get("of", "")
    stored = _day(of)
    if of and stored is None:
        abort(400)
    if form.get("remove"):
        return MembershipChange(stored or abort(400))
    return MembershipChange(stored, _id(form.get("team", "")) or 0, _day(form.get("from", "")), _until(form))


def _until(form: Any) -> date | None:
    """Return the day after the last one that a form says, None for none; no date is refused as an end too early."""
    text = form.get("last", "").strip()
    day = _day(text)
    if day is None or day == date.max:
        return date.min if text else None
    return day + timedelta(days=1)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None


def _id(text: str) -> int | None:
    return int(text) if is_id(text) else None


def _index(person: Filled | None = None, team: Filled | None = None, renamed: tuple[int, Filled] | None = None) -> str:
    asked, query = _asked_for()
    return render_template(
        "people/_list.html" if wants_fragment() else "people/index.html",
        page=directory.list_people(db.session(), query, scope(), now=utc_now()),
        asked=asked,
        person=person,
        team=team,
        renamed=renamed,
        sides=side_words(),
        roles=role_words(),
        address=lambda number: url_for("people.index", page=number if number > 1 else None, **asked),
    )


def _person_page(person: Person, filled: Filled | None = None) -> str:
    return render_template(
        "people/show.html",
        person=person,
        filled=filled.form if filled else {},
        fault=filled.fault if filled else None,
        teams=_teams(),
        sides=side_words(),
        roles=role_words(),
    )


def _file_page(problems: list[str] | None = None) -> str:
    return render_template("people/file.html", problems=problems or [], columns=COLUMNS)


def _confirm_page(person: Person, told: Consequences) -> str:
    names = {team.id: team.name for team in _teams()}
    form = {name: request.form.get(name, "") for name in ("of", "team", "from", "last", "remove", "digest")}
    return render_template("people/confirm.html", person=person, told=told, names=names, form=form)


def _teams() -> list[Any]:
    return directory.all_teams(db.session())


def _asked_for() -> tuple[dict[str, Any], PeopleQuery]:
    """Return what the address looks for, as it stands there and as a query; 400 for what cannot be looked for."""
    text, state = request.args.get("text", "").strip(), request.args.get("state", "active")
    team = request.args.get("team", "")
    if len(text) > LONGEST_SEARCH or "\0" in text or state not in STATES or (team and not is_id(team)):
        abort(400)
    asked = {"text": text, "team": team, "state": "" if state == "active" else state}
    query = PeopleQuery(text, int(team) if team else None, state, page_number())
    return {name: value for name, value in asked.items() if value}, query
