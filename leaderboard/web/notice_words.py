"""What each kind of e-mail is called, and what it brings."""

from typing import Any, NamedTuple

from flask_babel import gettext as _

from leaderboard.services.mail_kinds import CLOSE, DAY, REMINDER, REVIEW, WEEK


class KindWords(NamedTuple):
    """A kind of e-mail in words."""

    name: Any
    brings: Any


def kind_words() -> dict[str, KindWords]:
    """Return each kind in words."""
    return {
        REMINDER: KindWords(
            _("Reminders"), _("Before something of yours falls due, as the agreement says; never at night.")
        ),
        DAY: KindWords(
            _("The morning's digest"),
            _(
                "On each working day at 7:30: what is due, what is overdue, your points and your rank. None where "
                "there is nothing to say."
            ),
        ),
        WEEK: KindWords(
            _("The week's digest"),
            _("On the first working day of the week: where promises fall short, and what waits for you."),
        ),
        CLOSE: KindWords(
            _("Closed periods"), _("When a month or quarter is closed: its winners, and the bonuses to decide on.")
        ),
        REVIEW: KindWords(_("The agreement's review"), _("Fourteen days before the agreement is to be reviewed.")),
    }
