"""The form of the organisation's head: all but its calendars."""

from dataclasses import replace
from typing import Any

from flask_babel import gettext as _

from leaderboard.domain.errors import CurrencyRefused, OrganisationRefused
from leaderboard.domain.organisation_file import Organisation, parse_organisation
from leaderboard.domain.organisation_text import organisation_text
from leaderboard.web.user_words import Fault

HEAD = ("name", "time_zone", "currency", "language", "grace_hours", "quarter_winner_by", "question_days")
NUMBERS = ("grace_hours", "question_days")
TO_BEGIN_WITH = """
[organisation]
name = "Our company"
time_zone = "UTC"
currency = "EUR"
[calendar]
monday = ["09:00-18:00"]
tuesday = ["09:00-18:00"]
wednesday = ["09:00-18:00"]
thursday = ["09:00-18:00"]
friday = ["09:00-18:00"]
"""


def suggested() -> Organisation:
    """Return what the form begins with where no organisation is loaded."""
    return parse_organisation(TO_BEGIN_WITH)


def head_filled(organisation: Organisation) -> dict[str, str]:
    """Return the form of an organisation's head."""
    return {name: str(getattr(organisation, name)) for name in HEAD}


def organisation_of(form: Any, before: Organisation) -> Organisation:
    """Return the organisation with the head that a form says and the calendars that it has; OrganisationRefused.

    A calendar that follows the organisation's time zone follows the new one.
    """
    values: dict[str, Any] = {name: form.get(name, "").strip() for name in HEAD}
    for name in NUMBERS:
        text = values[name]
        values[name] = int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else -1
    values["currency"] = values["currency"].upper()
    zone = values["time_zone"]
    changed = replace(before, **values)
    if zone != before.time_zone:
        calendars = {name: _in_zone(each, before, zone) for name, each in before.team_calendars.items()}
        changed = replace(changed, calendar=_in_zone(before.calendar, before, zone), team_calendars=calendars)
    return parse_organisation(organisation_text(changed))


def _in_zone(calendar: Any, before: Organisation, zone: str) -> Any:
    return replace(calendar, time_zone=zone) if calendar.time_zone == before.time_zone else calendar


def head_fault(error: OrganisationRefused, form: Any) -> Fault:
    """Return in words, and at which field, what was refused."""
    if isinstance(error, CurrencyRefused):
        words = _("There are amounts in the currency that was: they would mean something else. It stays as it is.")
        return Fault("currency", words)
    words = {
        "name": _("A name takes 1 to 200 characters, on one line."),
        "time_zone": _("Choose a time zone from the list, such as America/Sao_Paulo."),
        "currency": _("Write the three letters of a currency, such as BRL."),
        "language": _("Choose a language."),
        "grace_hours": _("Write a whole number of hours from 0 to 1440."),
        "quarter_winner_by": _("Choose how a quarter is won."),
        "question_days": _("Write a whole number of days from 0 to 60."),
    }
    found = next((name for name in HEAD if f" {name} = " in str(error)), "")
    return Fault(found, words.get(found, str(error)))
