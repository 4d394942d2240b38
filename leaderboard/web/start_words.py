"""What the ready-made agreements are called, and what each is for."""

from typing import NamedTuple

from flask_babel import gettext as _

from leaderboard.services.starting import STARTS


class Start(NamedTuple):
    """A ready-made agreement."""

    key: str
    name: str
    purpose: str


def start_words() -> list[Start]:
    """Return the ready-made agreements in the reader's language."""
    texts = {
        "handoff": (
            _("Hand-off from marketing to sales"),
            _("How many leads come, how good they are, and how soon sales accepts and disposes of each. Complete."),
        ),
        "speed-to-lead": (
            _("Speed to lead"),
            _("Who asks is contacted within 30 working minutes, at best within five."),
        ),
        "follow-up": (
            _("Follow-up"),
            _("Accepted leads and new opportunities are followed up within days."),
        ),
        "pipeline": (
            _("Pipeline"),
            _("Opportunities, conversion and deals won, month by month."),
        ),
        "training": (
            _("Training"),
            _("Training that was assigned is done by its date."),
        ),
    }
    return [Start(key, *texts[key]) for key in STARTS]
