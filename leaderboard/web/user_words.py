"""What accounts and the refusals about them are called on a page."""

from typing import Any, NamedTuple

from flask_babel import gettext as _

from leaderboard.domain.errors import AccountRefused, AdjustmentRefused, Refused


class Fault(NamedTuple):
    """What is wrong with what was filled in, and at which field; no field: with all of it."""

    field: str
    words: str


def role_words() -> dict[str, Any]:
    """Return what each role is called, and what it may, in words."""
    return {
        "rep": (_("Rep"), _("Sees the board, and everything about themselves.")),
        "manager": (_("Manager"), _("Sees the results of the teams that they answer for, and decides on bonuses.")),
        "admin": (_("Administrator"), _("Sees everything, and keeps people, accounts, calendars and agreements.")),
    }


def fault_of(error: Refused) -> Fault:
    """Return in words, and at which field, what was refused."""
    if isinstance(error, AdjustmentRefused):
        several = _("Several people have this name: give the e-mail.")
        return Fault("member", several if error.problem == "several" else _("Nobody has this e-mail or name."))
    if not isinstance(error, AccountRefused):
        return Fault("", _("Somebody must be able to administer: make somebody else an administrator first."))
    own = _("This is your own account: ask another administrator to change it.")
    words = {
        "email": ("email", _("This is no e-mail address, or another account has it: choose another.")),
        "gone": ("email", _("Somebody with this e-mail was made anonymous at their request: use another.")),
        "role": ("role", _("Choose one of the roles.")),
        "teams": ("team", _("One of these teams is not there any more: choose again.")),
        "member": ("member", _("Nobody has this e-mail or name.")),
        "taken": ("member", _("This person has an account already: unlink that one first.")),
        "anonymous": ("", _("Nobody is known behind this account any more: add a new one.")),
    }
    return Fault(*words.get(error.problem, ("", own)))
