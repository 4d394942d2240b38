"""What sides and the refusals about people are called on a page."""

from typing import Any

from flask_babel import gettext as _

from leaderboard.domain.errors import PersonRefused
from leaderboard.web.user_words import Fault
from leaderboard.web.wording import date_name


def side_words() -> dict[str, Any]:
    """Return what each side is called."""
    return {"sales": _("Sales"), "marketing": _("Marketing")}


def fault_of(error: PersonRefused) -> Fault:
    """Return in words, and at which field, what was refused."""
    day = "" if error.at is None else date_name(error.at)
    words = {
        "name": ("name", _("A name takes 1 to 400 characters, on one line.")),
        "email": ("email", _("This is no e-mail address: write one such as ana@example.com.")),
        "email-taken": ("email", _("This e-mail is somebody else's: choose another.")),
        "was-anonymised": ("email", _("Somebody with this e-mail was made anonymous at their request: use another.")),
        "id": ("external_id", _("An id takes 1 to 400 characters on one line, and no semicolon.")),
        "id-taken": ("external_id", _("This id names somebody already: remove it there first.")),
        "id-anonymised": ("external_id", _("This id was that of somebody who was made anonymous: it names nobody.")),
        "id-key": ("external_id", _("They are known by this id alone: give them an e-mail first.")),
        "side": ("side", _("Choose sales or marketing.")),
        "team": ("team", _("Choose a team from the list.")),
        "team-taken": ("name", _("There is a team of this name already: choose another.")),
        "days": ("from", _("Give the first day, and an end that lies after it or none.")),
        "overlap": ("from", _("That would be two teams on %(day)s: end the earlier membership first.", day=day)),
        "own": ("", _("Nobody makes themselves anonymous: ask another administrator.")),
        "still-there": ("", _("They belong to a team, today or later: end their membership first.")),
        "quarter": ("", _("The quarter in which they last belonged to a team is not closed: wait until it is.")),
        "unpaid": ("", _("A bonus of theirs is neither paid nor declined: settle it first.")),
        "stale": ("", _("Somebody has changed these memberships meanwhile: look at them again.")),
        "gone": ("", _("This is not there any more: look at the list again.")),
        "anonymous": ("", _("They were made anonymous: nothing about them can be changed any more.")),
    }
    return Fault(*words.get(error.problem, ("", str(error))))
