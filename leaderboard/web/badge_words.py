"""What badges are called, in the reader's language."""

from typing import Any

from flask_babel import lazy_gettext as _

NAMES: dict[str, Any] = {
    "first-met": _("First level met"),
    "first-exceeded": _("First level exceeded"),
    "in-a-row-10": _("10 in time in a row"),
    "in-a-row-50": _("50 in time in a row"),
    "in-a-row-100": _("100 in time in a row"),
    "training-early": _("Training before its date"),
    "every-sla-met": _("Every promise met in a month"),
    "exceeded-throughout": _("A month at exceeded throughout"),
    "exceeded-three-months": _("Three months at exceeded"),
    "fastest-response": _("Fastest response of the month"),
    "most-improved": _("Most improved"),
    "rep-of-the-month": _("Rep of the month"),
    "team-of-the-month": _("Team of the month"),
    "team-of-the-quarter": _("Team of the quarter"),
}


def badge_name(key: str) -> str:
    """Return what a badge is called."""
    return str(NAMES.get(key, key))
