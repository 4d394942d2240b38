"""What pages say of bonus awards: why one could not be decided on, what became of them, what a text lacks."""

from flask_babel import gettext as _
from flask_babel import ngettext

from leaderboard.domain.bonuses import Status
from leaderboard.domain.errors import AwardRefused
from leaderboard.services.awards import Award
from leaderboard.web.wording import moment, number


def programme_name(key: str) -> str:
    """Return a programme's key as words: quarter-win is Quarter win."""
    words = key.replace("-", " ").replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def award_name(award: Award) -> str:
    """Return what an award is called where it stands among others."""
    return f"{programme_name(award.programme)} · {award.name}"


def refusal(error: AwardRefused) -> str:
    """Return in the reader's language why an award cannot go the way that was asked for (B4)."""
    if error.because == "decided" and error.at is not None:
        return _decided(Status(str(error.status)), moment(error.at), error.by or "")
    if error.because == "early" and error.at is not None:
        return _("It can be asked about until %(when)s; decide on it after that.", when=moment(error.at))
    says = {
        "shares": _("You share in it: another manager has to approve it."),
        "unapproved": _("It is not approved yet: approve it first."),
    }
    return says.get(error.because, _("It is not there any more: look at the list again."))


def _decided(status: Status, when: str, who: str) -> str:
    says = {
        Status.APPROVED: _("It was approved already: on %(when)s by %(who)s.", when=when, who=who),
        Status.DECLINED: _("It was declined already: on %(when)s by %(who)s.", when=when, who=who),
        Status.PAID: _("It was paid already: on %(when)s by %(who)s.", when=when, who=who),
    }
    return says[status]


def done(step: Status, award: Award) -> str:
    """Return what was done with one award."""
    name = award_name(award)
    if step is Status.PAID and award.amount_minor is None:
        return _("%(award)s is handed over.", award=name)
    says = {
        Status.APPROVED: _("%(award)s is approved.", award=name),
        Status.DECLINED: _("%(award)s is declined.", award=name),
        Status.PAID: _("%(award)s is paid.", award=name),
    }
    return says[step]


def done_together(step: Status, count: int) -> str:
    """Return what was done with several awards at once."""
    much = number(count)
    says = {
        Status.APPROVED: ngettext("%(much)s award is approved.", "%(much)s awards are approved.", count, much=much),
        Status.DECLINED: ngettext("%(much)s award is declined.", "%(much)s awards are declined.", count, much=much),
        Status.PAID: ngettext("%(much)s award is paid.", "%(much)s awards are paid.", count, much=much),
    }
    return says[step]


def text_fault(text: str, longest: int) -> str | None:
    """Return what is wrong with the length of a text that somebody wrote, None if nothing is."""
    if not text.strip():
        return _("Write a sentence.")
    if len(text) > longest:
        return _("This is too long: write at most %(most)s characters.", most=number(longest))
    return None


def unfit_text() -> str:
    """Return what is wrong with a text that holds control characters."""
    return _("This holds characters that cannot be shown: write it again without them.")
