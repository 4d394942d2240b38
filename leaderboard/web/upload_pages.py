"""The pages of one file that came in: what it is, how far its import has come, what became of it."""

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any, NamedTuple
from zoneinfo import available_timezones

from flask import g, render_template
from flask_babel import gettext as _

from leaderboard.domain.errors import Refused, UploadRefused
from leaderboard.domain.mapping import parse_mapping
from leaderboard.domain.mapping_text import ours_in_zone, with_order, with_zone
from leaderboard.domain.time_formats import DAY_FIRST, MONTH_FIRST
from leaderboard.services.import_reports import read_report
from leaderboard.services.job_states import scheduler_look
from leaderboard.services.mappings import built_in_mappings
from leaderboard.services.previewing import Preview, preview
from leaderboard.services.rules import rule_book
from leaderboard.services.sheets import JSON_SUFFIXES
from leaderboard.services.upload_looks import Look, built_in_text, look_at
from leaderboard.services.upload_runs import PEOPLE
from leaderboard.services.upload_starting import Choice, can_begin, is_undone
from leaderboard.storage import imports, uploads
from leaderboard.storage.database import db
from leaderboard.storage.uploads import UploadRow
from leaderboard.web.clock import utc_now
from leaderboard.web.organisation import time_zone
from leaderboard.web.paging import is_id
from leaderboard.web.upload_words import order_choices, refusal_words, side_choices, state_words

OURS, OWN, KEPT, BUILT_IN = "ours", "own", "kept:", "built-in:"
LONGEST_FIELD = 400


class Asked(NamedTuple):
    """What the form of a file says: which mapping, time zone and source, who is created, how dates are meant."""

    mapping: str
    zone: str = ""
    source: str = ""
    create: str = ""
    dates: str = ""


def asked_of_form(form: Mapping[str, str]) -> Asked:
    """Return what was filled in."""
    return Asked(*(form.get(name, "").strip()[:LONGEST_FIELD] for name in Asked._fields))


def kept_id_of(asked: Asked) -> int | None:
    """Return the id of the kept mapping that is asked for, None for another mapping."""
    text = asked.mapping.removeprefix(KEPT)
    return int(text) if asked.mapping.startswith(KEPT) and is_id(text) else None


def choice_of(upload: UploadRow, look: Look, asked: Asked) -> Choice:
    """Return how a file is to be imported; UploadRefused `choose` where no mapping is chosen."""
    document = _document(upload, look, asked.mapping)
    if asked.zone and asked.zone != _zone_of(document):
        document = ours_in_zone(look.header, asked.zone) if document is None else with_zone(document, asked.zone)
    if document is not None and asked.dates in (DAY_FIRST, MONTH_FIRST):
        document = with_order(document, asked.dates)
    return Choice(document, asked.source or None, asked.create or None)


def _document(upload: UploadRow, look: Look, key: str) -> str | None:
    """Return the TOML of the mapping with a key, None for our own columns."""
    kept = {f"{KEPT}{each.id}": each.document for each in look.kept}
    found = upload.mapping if key == OWN else kept.get(key)
    if found is None and key.startswith(BUILT_IN):
        found = built_in_text(key.removeprefix(BUILT_IN))
    if found is None and (key != OURS or not look.is_ours):
        raise UploadRefused("choose", "Choose what the file is, or map its columns by hand.")
    return found


def _zone_of(document: str | None) -> str:
    found = None if document is None else parse_mapping(document).time_zone
    return (found or time_zone()).key


def usual(upload: UploadRow, look: Look) -> Asked:
    """Return what the form says at first: what was used last for such columns, or else what was recognised."""
    known = f"{BUILT_IN}{look.known}" if look.known else ""
    kept = f"{KEPT}{look.kept[0].id}" if look.kept else ""
    mapping = OWN if upload.mapping is not None else kept or (OURS if look.is_ours else known)
    return Asked(mapping, "", upload.source or "", upload.create_members or "")


def file_page(
    upload: UploadRow, asked: Asked | None = None, fault: str | None = None, *, is_again: bool = False
) -> str:
    """Return the page of a file in whatever state it is.

    asked: what was filled in, to show what it gives. is_again: something is to be changed after a dry run.
    """
    shows_report = upload.state == uploads.DONE and asked is None and fault is None and not is_again
    if not can_begin(upload) or shows_report:
        return render_template("uploads/show.html", **_state(upload), fault=fault)
    return _ready_page(upload, asked, fault)


def _ready_page(upload: UploadRow, asked: Asked | None, fault: str | None) -> str:
    look, wrong = None, None
    try:
        look = look_at(db.session(), upload)
    except Refused as error:
        wrong = refusal_words(error)
    filled = asked or (usual(upload, look) if look else Asked(""))
    return render_template(
        "uploads/ready.html",
        look=look,
        wrong=wrong,
        fault=fault,
        filled=filled,
        options=_options(upload, look) if look else [],
        sides=side_choices(),
        orders=order_choices(),
        zones=sorted(available_timezones()),
        zone=time_zone().key,
        preview=_preview(upload, look, filled) if look and filled.mapping else None,
        **_state(upload),
    )


def preview_fragment(upload: UploadRow, asked: Asked) -> str:
    """Return what the first rows would become."""
    look = look_at(db.session(), upload)
    return render_template("uploads/_preview.html", preview=_preview(upload, look, asked), **preview_words())


def _preview(upload: UploadRow, look: Look, asked: Asked) -> Preview:
    try:
        choice = choice_of(upload, look, asked)
    except Refused as error:
        return Preview(fault=refusal_words(error))
    return preview(db.session(), upload, choice, now=utc_now())


def preview_words() -> dict[str, Any]:
    """Return what a preview is told with."""
    return {"currency": rule_book(db.session().connection(), g.rules_version).rules.organisation.currency}


def state_fragment(upload: UploadRow) -> str:
    """Return how far a file is."""
    return render_template("uploads/_state.html", **_state(upload))


def _state(upload: UploadRow) -> dict[str, Any]:
    now = utc_now()
    _look, is_alive = scheduler_look(db.session(), now=now)
    return {
        "upload": upload,
        "report": read_report(upload.report),
        "is_alive": is_alive,
        "is_looking": upload.told == PEOPLE,
        "can_begin": can_begin(upload),
        "is_undone": is_undone(db.session(), upload),
        "state_words": state_words(),
        **preview_words(),
    }


def _options(upload: UploadRow, look: Look) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the mappings to choose from, by group."""
    own = [(OWN, _("As chosen before"))] if upload.mapping is not None else []
    own += [(f"{KEPT}{each.id}", each.name) for each in look.kept]
    if look.is_ours:
        own.append((OURS, _("Events with the columns of this program")))
    names = built_in_mappings()
    built_in = [(f"{BUILT_IN}{name}", name) for name in names]
    groups = [(_("For these columns"), own), (_("Exports that are known"), [] if look.is_json else built_in)]
    return [(name, options) for name, options in groups if options]


def undo_page(found: imports.ImportRow, fault: str | None = None) -> str:
    """Return what undoing an import does, before it is done."""
    return render_template("uploads/undo.html", found=found, fault=fault)


def refused_name(file_name: str) -> str:
    """Return the name of the file of refused rows: that of the file that came in, without what a header cannot hold."""
    stem = "".join(each for each in PurePath(file_name).stem if each.isascii() and (each.isalnum() or each in "-_ "))
    is_json = PurePath(file_name).suffix.lower() in JSON_SUFFIXES
    return f"{stem.strip() or 'rows'}-refused.{'jsonl' if is_json else 'csv'}"
