"""The pages of a draft: the draft itself, its document, its comparison, and its forms."""

from datetime import date
from typing import Any

from flask import abort, flash, redirect, render_template, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from leaderboard.domain.agreement_changes import Comparison, compare
from leaderboard.domain.agreement_edits import keys_of
from leaderboard.domain.agreement_text import Document, document_of
from leaderboard.domain.errors import AgreementRefused
from leaderboard.services.drafting import Draft, choosable_months, event_types, read_draft
from leaderboard.services.signing import signatures_under
from leaderboard.services.versions import agreed_versions, agreement_in_force
from leaderboard.storage.database import db
from leaderboard.web import draft_forms as forms
from leaderboard.web.agreements import document_parts, open_sides
from leaderboard.web.clock import utc_now
from leaderboard.web.draft_words import NO_FAULTS, Faults, entry_changes, head_changes
from leaderboard.web.paging import LONGEST_ID
from leaderboard.web.start_words import start_words


def draft_or_404(draft_id: int) -> Draft:
    """Return a draft; the page's rights are checked already."""
    found = read_draft(db.session(), draft_id) if draft_id < 10**LONGEST_ID else None
    return abort(404) if found is None or not _can_be_read(found) else found


def _can_be_read(draft: Draft) -> bool:
    """Tell whether a draft still is an agreement: of one that was discarded the currency may have changed since."""
    try:
        return draft.state != "withdrawn" or bool(draft.agreement())
    except AgreementRefused:
        return False


def draft_page(draft: Draft, error: str | None = None) -> str:
    """Return the page of a draft."""
    before, after = agreement_in_force(db.session(), now=utc_now()), draft.agreement()
    comparison = None if before is None else compare(before, after)
    return render_template(
        "drafts/show.html",
        draft=draft,
        agreement=after,
        currency=draft.currency,
        comparison=comparison,
        status={(each, entry.key): entry.status for each, entry in _by_part(comparison)},
        signatures=signatures_under(db.session(), draft.digest)[draft.digest],
        starts=start_words(),
        language=str(get_locale()),
        error=error,
    )


def document_page(draft: Draft, error: str | None = None) -> str:
    """Return a draft as a document."""
    signatures = signatures_under(db.session(), draft.digest)[draft.digest]
    return render_template(
        "drafts/document.html",
        draft=draft,
        signatures=signatures,
        signable=open_sides(signatures) if draft.state == "proposed" else [],
        error=error,
        **document_parts(draft.agreement()),
    )


def compare_page(draft: Draft) -> str:
    """Return how a draft differs from the agreement in force."""
    before, after = agreement_in_force(db.session(), now=utc_now()), draft.agreement()
    found = None if before is None else compare(before, after)
    told = {} if before is None or found is None else _told(found, before, after, draft.currency)
    return render_template(
        "drafts/compare.html", draft=draft, before=before, comparison=found, told=told, agreement=after
    )


def tables_of(draft: Draft) -> Document:
    """Return the tables of a draft's file."""
    return document_of(draft.agreement(), draft.currency)


def _by_part(comparison: Comparison | None) -> list[tuple[str, Any]]:
    if comparison is None:
        return []
    parts = {"definitions": comparison.definitions, "sla": comparison.slas, "bonus": comparison.bonuses}
    return [(part, entry) for part, entries in parts.items() for entry in entries]


def _told(found: Comparison, before: Any, after: Any, currency: str) -> dict[Any, Any]:
    told = {entry.key + part: entry_changes(entry, before, after, currency) for part, entry in _by_part(found)}
    return {"head": head_changes(found.head), **told}


def chosen_day(filled: Any) -> date | None:
    """Return the first day that was chosen for an agreement, None for none that may still be chosen."""
    days = [month.first_day for month in choosable_months(db.session(), now=utc_now())]
    return next((day for day in days if day.isoformat() == filled.get("effective_from")), None)


def start_page(filled: Any, problems: list[str] | None = None) -> str:
    """Return the choice of where a draft starts from."""
    now = utc_now()
    months = choosable_months(db.session(), now=now)
    versions = agreed_versions(db.session(), now=now)
    return render_template(
        "drafts/new.html",
        versions=versions[::-1],
        months=months,
        next_month=next((each for each in months if each.first_day > now.date()), months[-1]),
        starts=start_words(),
        language=str(get_locale()),
        filled=filled,
        problems=problems or [],
    )


def head_page(draft: Draft, filled: Any, faults: Faults = NO_FAULTS) -> str:
    """Return the form of a draft's head."""
    months = choosable_months(db.session(), now=utc_now())
    taken = {each.agreement.effective_from for each in agreed_versions(db.session(), now=utc_now())}
    return render_template("drafts/head.html", draft=draft, filled=filled, faults=faults, months=months, taken=taken)


def entry_page(
    draft: Draft, part: str, key: str | None, filled: Any, faults: Faults = NO_FAULTS, *, is_stale: bool = False
) -> str:
    """Return the form of an entry. key: the one that it has, None of a new one; is_stale: the draft was changed."""
    agreement, tables = draft.agreement(), tables_of(draft)
    is_there = key is not None and key in keys_of(tables, part)
    return render_template(
        f"drafts/{part}.html",
        draft=draft,
        was=key if is_there else None,
        filled=filled,
        faults=faults,
        agreement=agreement,
        currency=draft.currency,
        is_stale=is_stale,
        now=_entry_now(agreement, part, key) if is_stale and key is not None else None,
        **(forms.sla_choices(event_types(db.session(), draft), filled) if part == "sla" else {}),
        clock_choices=[(each.key, each.title) for each in agreement.slas if each.measure.kind == "response_time"],
        rows_of=forms.rows_of,
    )


def _entry_now(agreement: Any, part: str, key: str) -> Any:
    if part == "definitions":
        return agreement.definitions.get(key)
    return next((each for each in (agreement.slas if part == "sla" else agreement.bonuses) if each.key == key), None)


def settled(draft: Draft) -> BaseResponse | None:
    """Send who would change what does not change any more back to the draft; None for one that may change."""
    if draft.state == "draft":
        return None
    flash(_("This draft does not change any more: it is proposed, in force or discarded."), "wrong")
    return redirect(url_for("drafts.show", draft_id=draft.id), 303)
