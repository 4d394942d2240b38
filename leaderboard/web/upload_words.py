"""What pages say of files that came in, and why one is not taken."""

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import pgettext

from leaderboard.domain.errors import Refused, UploadRefused
from leaderboard.domain.mapping_forms import document_of
from leaderboard.domain.time_formats import DAY_FIRST, MONTH_FIRST
from leaderboard.services.uploads import MOST_BYTES, MOST_HELD
from leaderboard.storage import uploads


def refusal_words(error: Refused) -> str:
    """Return why something is refused; of a file's content in the words of the file formats."""
    says = {
        "large": _("The file is larger than %(most)s MB: split it, or export less.", most=MOST_BYTES // 1024**2),
        "empty": _("The file is empty: choose the one that your CRM exported."),
        "many": _("%(count)s files lie there unused: import or discard some of them first.", count=MOST_HELD),
        "gone": _("This file does not arrive any more: begin again."),
        "piece": _("The file did not come whole: begin again."),
        "busy": _("That is no longer possible: see below how far it is."),
        "side": _("Choose the side on which unknown people are created."),
        "name": _("Give the mapping a name of at most 100 characters."),
        "taken": _("Another mapping has this name: choose another."),
        "choose": _("Choose what the file is, or map its columns by hand."),
    }
    return says.get(error.problem, str(error)) if isinstance(error, UploadRefused) else str(error)


def missing_words(filled: Mapping[str, str]) -> str | None:
    """Return what an event of the form lacks, None if all have what they need."""
    needed = {
        "type": _("What happened"),
        "occurred_at": _("When"),
        "subject": _("About which lead, deal or task"),
        "event_id": _("Id of the event"),
    }
    for number, event in enumerate(document_of(filled)["event"], 1):
        for key, words in needed.items():
            if not event.get(key):
                return _("Event %(number)s of a row: fill in “%(field)s”.", number=number, field=words)
    return None


def state_words() -> dict[str, tuple[str, str]]:
    """Return for each state of a file its name, and the kind of chip that it has."""
    return {
        uploads.ARRIVING: (_("Arriving"), "wait"),
        uploads.READY: (_("Waits for you"), "wait"),
        uploads.WAITING: (_("Waits for its turn"), "wait"),
        uploads.RUNNING: (pgettext("import", "At work"), "wait"),
        uploads.DONE: (_("Done"), "good"),
        uploads.FAILED: (pgettext("import", "Stopped"), "wrong"),
    }


def side_choices() -> list[tuple[str, Any]]:
    """Return what can become of people whom nobody knows."""
    return [
        ("", _("Refuse their rows")),
        ("sales", _("Create them in sales")),
        ("marketing", _("Create them in marketing")),
    ]


def order_choices() -> list[tuple[str, Any]]:
    """Return how dates such as 03/04/2026 can be meant."""
    return [
        ("", _("As the rows show")),
        (DAY_FIRST, _("3 April: the day first")),
        (MONTH_FIRST, _("March 4: the month first")),
    ]
