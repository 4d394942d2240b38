"""Mapping the columns of a file by hand, with what its first rows then give; for administrators."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple
from zoneinfo import available_timezones

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from leaderboard.domain.errors import Refused
from leaderboard.domain.inbound import OUTCOMES
from leaderboard.domain.mapping_forms import MOST_EVENTS, MOST_VALUES, document_of, events_in, filled_of
from leaderboard.domain.mapping_guesses import guess_mapping
from leaderboard.domain.mapping_text import write_mapping
from leaderboard.domain.time_guesses import are_ambiguous, guess_formats
from leaderboard.domain.toml_text import read_toml
from leaderboard.services.kept_mappings import keep_mapping
from leaderboard.services.previewing import preview
from leaderboard.services.upload_looks import MOST_COLUMNS, Look, look_at
from leaderboard.services.upload_starting import Choice, choose
from leaderboard.storage.database import db
from leaderboard.storage.uploads import UploadRow
from leaderboard.web import upload_pages as pages
from leaderboard.web.clock import utc_now
from leaderboard.web.event_words import KNOWN
from leaderboard.web.fragments import wants_fragment
from leaderboard.web.organisation import organisation_required, time_zone
from leaderboard.web.rights import actor, admin_required
from leaderboard.web.upload_words import missing_words, refusal_words
from leaderboard.web.uploads import FILE, upload_or_404

bp = Blueprint("upload_mappings", __name__, url_prefix="/manage/imports")
LONGEST_TOML = 200_000
ADD, REMOVE, AS_TEXT, AS_FORM, USE = "add", "remove-", "text", "form", "use"


class Mapped(NamedTuple):
    """A mapping that is being made. filled: the form's fields, None if only its text can say it; fault: of the text."""

    filled: Mapping[str, str] | None
    text: str
    fault: str | None = None


@bp.route(FILE + "/map", methods=["GET", "POST"])
@admin_required
@organisation_required
def edit(upload_id: int) -> ResponseReturnValue:
    """The form of a mapping with what it gives: begun, changed, looked at, or used for the file."""
    upload, form = upload_or_404(upload_id), request.form
    try:
        look = look_at(db.session(), upload)
        mapped = _begun(upload, look) if request.method == "GET" or "from" in form else _changed(look, form)
    except Refused as error:
        return pages.file_page(upload, fault=refusal_words(error)), 422
    if form.get("do") == USE and mapped.fault is None:
        try:
            return _used(upload, look, mapped)
        except Refused as error:
            return _page(upload, look, mapped._replace(fault=_lacks(mapped) or refusal_words(error))), 422
    return _page(upload, look, mapped)


def _begun(upload: UploadRow, look: Look) -> Mapped:
    """Return what the mapping begins with: the one that was chosen, or else a guess."""
    asked = pages.asked_of_form(request.form)
    text = None
    if asked.mapping not in ("", pages.OURS):
        text = pages.choice_of(upload, look, asked).mapping
    elif request.method == "GET":
        text = upload.mapping
    if text is None:
        columns = {name: [row[place].strip() for row in look.rows] for place, name in enumerate(look.header)}
        text = write_mapping(guess_mapping(look.header, columns))
    return _of_text(text, look)


def _of_text(text: str, look: Look) -> Mapped:
    try:
        return Mapped(filled_of(read_toml(text), look.header), text)
    except ValueError as error:
        return Mapped(None, text, _("This is no TOML: %(why)s.", why=error))


def _changed(look: Look, form: Mapping[str, str]) -> Mapped:
    """Return the mapping that was filled in, with an event more or less where that was asked for."""
    does = form.get("do", "")
    if does == AS_FORM or (form.get("as") == AS_TEXT and does != AS_TEXT):
        text = form.get("toml", "")[:LONGEST_TOML].replace("\r\n", "\n")
        mapped = _of_text(text, look)
        stays = does != AS_FORM
        return mapped._replace(filled=None) if stays or mapped.filled is None else mapped
    filled = {name: value for name, value in form.items() if name != "csrf_token"}
    if does == ADD:
        filled["events"] = str(min(events_in(filled) + 1, MOST_EVENTS))
    if does.startswith(REMOVE):
        filled = _without(filled, does.removeprefix(REMOVE))
    text = write_mapping(document_of(filled))
    return Mapped(None if does == AS_TEXT else filled, text)


def _without(filled: dict[str, str], which: str) -> dict[str, str]:
    """Return what was filled in without the event of a number; the later ones move up."""
    count = events_in(filled)
    gone = int(which) if which.isascii() and which.isdecimal() and len(which) < 3 else count
    if gone >= count or count == 1:
        return filled
    kept = {name: value for name, value in filled.items() if not name.startswith("e") or name == "events"}
    for number in range(count):
        if number != gone:
            prefix, place = f"e{number}_", number - (number > gone)
            ours = {name.removeprefix(prefix): value for name, value in filled.items() if name.startswith(prefix)}
            kept |= {f"e{place}_{name}": value for name, value in ours.items()}
    return kept | {"events": str(count - 1)}


def _used(upload: UploadRow, look: Look, mapped: Mapped) -> ResponseReturnValue:
    """Use the mapping for the file, and keep it for the next if that was asked for."""
    session, now = db.session(), utc_now()
    choice = Choice(mapped.text, None, upload.create_members)
    choose(session, upload.id, choice, by=actor(), now=now)
    if request.form.get("keep"):
        keep_mapping(session, request.form.get("name", ""), look.digest, mapped.text, by=actor(), now=now)
        flash(_("The mapping is kept: it is offered for the next file with these columns."), "done")
    return redirect(url_for("uploads.show", upload_id=upload.id), 303)


def _lacks(mapped: Mapped) -> str | None:
    return None if mapped.filled is None else missing_words(mapped.filled)


def _page(upload: UploadRow, look: Look, mapped: Mapped) -> str:
    filled = mapped.filled
    choice = Choice(mapped.text, upload.source, upload.create_members)
    found = None if mapped.fault else preview(db.session(), upload, choice, now=utc_now())
    if found is not None and found.fault:
        found = replace(found, fault=_lacks(mapped) or found.fault)
    return render_template(
        "uploads/_mapping.html" if wants_fragment() else "uploads/map.html",
        upload=upload,
        filled=filled,
        text=mapped.text,
        fault=mapped.fault,
        name=request.form.get("name") or upload.file_name.rpartition(".")[0][:100] or upload.file_name[:100],
        keeps=request.method == "GET" or "keep" in request.form or "from" in request.form,
        preview=found,
        columns=[name for name in look.header[:MOST_COLUMNS] if name and not set("{}") & set(name)],
        types=KNOWN,
        outcomes=OUTCOMES,
        zones=sorted(available_timezones()),
        zone=time_zone().key,
        **({} if filled is None else _asked(look, filled)),
        **pages.preview_words(),
    )


def _asked(look: Look, filled: Mapping[str, str]) -> dict[str, Any]:
    """Return what the form asks about: how many events, which texts to translate, how times are written."""
    count = events_in(filled)
    times = [value for number in range(count) for value in _texts(look, filled, f"e{number}_occurred_at")]
    formats = guess_formats(times)
    return {
        "count": count,
        "formats": formats,
        "first_time": times[0] if times else "",
        "is_ambiguous": bool(formats) and are_ambiguous(formats, times),
        "translations": [
            {name: _pairs(look, filled, f"e{number}", name) for name in ("type", "outcome")} for number in range(count)
        ],
    }


def _texts(look: Look, filled: Mapping[str, str], field: str) -> list[str]:
    """Return the texts of the column that a field takes."""
    column = filled.get(field, "").removeprefix("c:")
    return look.values(column) if filled.get(field, "").startswith("c:") and column in look.header else []


def _pairs(look: Look, filled: Mapping[str, str], event: str, name: str) -> list[tuple[str, str]]:
    """Return the texts that a column has, each with what is written for it."""
    given = {}
    for number in range(MOST_VALUES):
        theirs = filled.get(f"{event}_values_{name}_{number}_from")
        if theirs is not None:
            given[theirs] = filled.get(f"{event}_values_{name}_{number}_to", "")
    found = dict.fromkeys(_texts(look, filled, f"{event}_{name}"), "")
    if not found:
        return []
    known = {theirs: ours for theirs, ours in given.items() if ours}
    return list((found | known).items())[:MOST_VALUES]
