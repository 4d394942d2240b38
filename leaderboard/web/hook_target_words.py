"""What pages say of webhooks out: their kinds and forms, what is wrong with one, and what became of a message."""

import json
from typing import Any

from flask_babel import gettext as _

from leaderboard.domain.announcements import (
    BADGE_AWARDED,
    BONUS_APPROVED,
    JSON,
    LEAD_FALLING_DUE,
    PERIOD_CLOSED,
    SLACK,
    TEAMS,
)
from leaderboard.domain.errors import AddressRefused, Refused, TargetRefused
from leaderboard.domain.outside import LONGEST_ADDRESS
from leaderboard.services.announced import GONE, NOT_SHOWN, TOO_LATE
from leaderboard.services.hook_targets import LONGEST_NAME, MOST_TARGETS
from leaderboard.services.outbox import TOLD_GONE
from leaderboard.web.award_words import programme_name
from leaderboard.web.badge_texts import badge_text
from leaderboard.web.user_words import Fault
from leaderboard.web.wording import number, period_name


def kind_words() -> dict[str, tuple[str, str]]:
    """Return what each kind of announcement is called, and when it comes."""
    return {
        PERIOD_CLOSED: (_("A month or quarter is closed"), _("With who was first among the people and the teams.")),
        BADGE_AWARDED: (_("A badge is awarded"), _("One message for each badge, as soon as it is earned.")),
        BONUS_APPROVED: (_("A bonus is approved"), _("With who won it; the amount only where that is chosen below.")),
        LEAD_FALLING_DUE: (_("A lead is about to fall due"), _("As long before as its SLA says.")),
    }


def format_words() -> dict[str, tuple[str, str]]:
    """Return what each form is called, and what receives it."""
    return {
        SLACK: (_("Slack"), _("The address of an incoming webhook, from Slack's page of your app.")),
        TEAMS: (
            _("Microsoft Teams"),
            _("The address of a workflow that posts to a channel when a webhook request is received."),
        ),
        JSON: (_("Our own form (JSON)"), _("For a program of yours. Each message is signed with a secret.")),
    }


def fault_of(error: Refused) -> Fault:
    """Return in words, and at which field, what was refused."""
    if isinstance(error, AddressRefused):
        return Fault("address", _address(error.because))
    problem = error.problem if isinstance(error, TargetRefused) else ""
    words = {
        "name": ("name", _("Enter a name of at most %(most)s characters.", most=LONGEST_NAME)),
        "taken": ("name", _("Another webhook has this name: choose another.")),
        "format": ("format", _("Choose one of the forms.")),
        "kinds": ("kinds", _("Choose at least one.")),
        "language": ("language", _("Choose one of the languages.")),
        "many": ("", _("There are %(most)s webhooks already: remove one that nobody needs.", most=MOST_TARGETS)),
        "paused": ("", _("This webhook is paused: resume it first.")),
        "under-way": ("", _("This message is on its way already, or forgotten: look at the log.")),
    }
    return Fault(*words.get(problem, ("", str(error))))


def _address(because: str) -> str:
    words = {
        "form": _("This is no web address: copy it from the receiver's page. It begins with https://"),
        "scheme": _("The address has to begin with https://"),
        "user": _("Enter the address without a name or password before its host."),
        "long": _("The address is too long: at most %(most)s characters.", most=number(LONGEST_ADDRESS)),
        "unknown": _("There is no server of this name: check the address."),
        "inside": _(
            "This leads into a private network, where webhooks do not go. If that is what you want, whoever runs the "
            "server sets HOOKS_MAY_REACH_INSIDE."
        ),
    }
    return words[because]


def told_words(told: str | None) -> Any:
    """Return why a message did not arrive, or a webhook was paused; what a server said as it is."""
    says = {
        TOO_LATE: _("It fell due before it could be sent."),
        NOT_SHOWN: _("It is about somebody who chose not to be shown."),
        GONE: _("It is about somebody, or a team, who is not there any more."),
        TOLD_GONE: _("The receiver answered that it wants no more messages (410)."),
    }
    return says.get(told or "", told or "")


def told_of(message: Any) -> str:
    """Return what a message of the log is about; whom it names is not told here."""
    facts = json.loads(message.document)
    parts = [facts.get("subject")]
    parts += [badge_text(key).name for key in [facts.get("badge")] if key]
    parts += [programme_name(key) for key in [facts.get("programme")] if key]
    parts += [period_name(key) for key in [facts.get("period")] if key]
    return " · ".join(str(each) for each in parts if each)
