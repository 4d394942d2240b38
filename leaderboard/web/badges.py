"""The badges: what each takes, and for the reader which they have and how far the next ones are (G1, G2)."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from flask import Blueprint, g, render_template
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from leaderboard.domain.badge_changes import Progress
from leaderboard.services.badge_reading import MemberBadges, progress_of_member
from leaderboard.storage.database import db
from leaderboard.web.badge_texts import GROUPS, badge_picture, badge_text, withdrawn_text
from leaderboard.web.clock import utc_now

bp = Blueprint("badges", __name__)
bp.add_app_template_filter(badge_text)
bp.add_app_template_filter(badge_picture)
bp.add_app_template_filter(withdrawn_text)


class Card(NamedTuple):
    """A badge as the reader sees it. periods: in which they, or their team, earned it, newest first.

    withdrawn: why it was last withdrawn, where they do not have it. note: what it takes yet, in words.
    """

    key: str
    periods: Sequence[str]
    withdrawn: str | None
    progress: Progress | None
    note: Any


@bp.get("/badges")
def index() -> str:
    """All badges, and the reader's own."""
    mine = _of_reader()
    return render_template("badges/index.html", groups=GROUPS, cards=_cards(mine), has_own=mine is not None)


def _of_reader() -> MemberBadges | None:
    if g.rules_version is None or current_user.member_id is None:
        return None
    return progress_of_member(db.session(), current_user.member_id, now=utc_now(), rules_version=g.rules_version)


def _cards(mine: MemberBadges | None) -> dict[str, Card]:
    badges = [] if mine is None else [*mine.badges, *mine.team]
    steps = {} if mine is None else {each.key: each for each in mine.progress}
    cards = {}
    for _id, _title, keys in GROUPS:
        for key in keys:
            theirs = [each for each in badges if each.key == key]
            standing = [each.period for each in theirs if each.withdrawn_because is None]
            lost = [each.withdrawn_because for each in theirs if each.withdrawn_because is not None]
            step = steps.get(key)
            cards[key] = Card(key, standing, None if standing or not lost else lost[0], step, progress_note(step))
    return cards


def progress_note(step: Progress | None) -> Any:
    """Return in words how far one is; None where there is nothing to say."""
    if step is None:
        return None
    if step.is_on_course is False:
        return _("Not this month any more: the next chance comes with the next one.")
    if step.of is not None:
        return None if step.of == 1 else _("%(done)s of %(of)s", done=step.done, of=step.of)
    if step.done == 0:
        return _("Nothing is decided yet this month.")
    return ngettext(
        "On course this month: %(num)s level so far.", "On course this month: %(num)s levels so far.", step.done
    )
