"""What each badge is called, what it takes and how it looks: in one place, for every page that shows one."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from flask_babel import lazy_gettext as _

from leaderboard.domain.badge_changes import CHANGED, VOID


class BadgeText(NamedTuple):
    """A badge in words. takes: what one does to earn it."""

    name: Any
    takes: Any


TEXTS: Mapping[str, BadgeText] = {
    "first-met": BadgeText(_("First level met"), _("Meet or exceed a service level for the first time.")),
    "first-exceeded": BadgeText(_("First level exceeded"), _("Exceed a service level for the first time.")),
    "training-early": BadgeText(_("Training done early"), _("Finish a task before its date. Each task counts once.")),
    "in-a-row-10": BadgeText(
        _("10 in time in a row"),
        _("Meet or exceed 10 response times in a row, all SLAs together. A missed one starts the count again."),
    ),
    "in-a-row-50": BadgeText(
        _("50 in time in a row"), _("Meet or exceed 50 response times in a row. The end of a month does not matter.")
    ),
    "in-a-row-100": BadgeText(
        _("100 in time in a row"), _("Meet or exceed 100 response times in a row. The end of a month does not matter.")
    ),
    "every-sla-met": BadgeText(_("Every SLA met"), _("Reach at least one level in a month, and miss none.")),
    "exceeded-throughout": BadgeText(
        _("Exceeded throughout"), _("Exceed at least one level in a month, and have no other result in it.")
    ),
    "exceeded-three-months": BadgeText(
        _("Three months exceeded"), _("Exceed throughout in three months in a row. The next takes three new months.")
    ),
    "fastest-response": BadgeText(
        _("Fastest response"), _("Have the shortest response time of all in a month, by the clock of its SLA.")
    ),
    "most-improved": BadgeText(
        _("Most improved"), _("Gain more points than anybody over the month before, in which you took part too.")
    ),
    "rep-of-the-month": BadgeText(_("Rep of the month"), _("Have the most points of all people in a month.")),
    "team-of-the-month": BadgeText(_("Team of the month"), _("Have the most points of all teams in a month.")),
    "team-of-the-quarter": BadgeText(
        _("Team of the quarter"), _("Be the first of all teams in a quarter, by the total or by points per member.")
    ),
}
UNKNOWN = BadgeText(_("Badge"), "")
GROUPS: Sequence[tuple[str, Any, tuple[str, ...]]] = (
    ("first", _("First steps"), ("first-met", "first-exceeded", "training-early")),
    ("row", _("In time, again and again"), ("in-a-row-10", "in-a-row-50", "in-a-row-100")),
    ("month", _("A month well done"), ("every-sla-met", "exceeded-throughout", "exceeded-three-months")),
    (
        "best",
        _("Best of a month or quarter"),
        ("fastest-response", "most-improved", "rep-of-the-month", "team-of-the-month", "team-of-the-quarter"),
    ),
)
WITHDRAWN = {
    VOID: _("Taken back: something that it stood on is void, such as a lead that was reopened."),
    CHANGED: _("Taken back: later events or new rules changed what it stood on."),
}


def badge_text(key: str) -> BadgeText:
    """Return a badge's name and what it takes."""
    return TEXTS.get(key, UNKNOWN)


def badge_picture(key: str) -> str:
    """Return the picture of a badge, as `asset` takes it."""
    return f"img/badges/{key}.svg"


def withdrawn_text(because: str) -> Any:
    """Return why a badge was withdrawn, in a sentence."""
    return WITHDRAWN.get(because, WITHDRAWN[CHANGED])
